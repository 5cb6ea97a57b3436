//! What the numbers of a domain or a collection mean, and which relief comes first. Pure.

/// The numbers, as far as they could be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Numbers {
    /// `green`, `yellow` or `red`.
    pub(super) status: Option<String>,
    /// Whether a change of its configuration is under way.
    pub(super) changing: bool,
    pub(super) shards: Option<u64>,
    pub(super) shard_limit: Option<u64>,
    pub(super) unassigned: Option<u64>,
    /// The fullest heap of any node, in percent.
    pub(super) heap: Option<f64>,
    /// The least free storage of any node, in MiB.
    pub(super) free_mib: Option<f64>,
    /// The storage of each node, in MiB.
    pub(super) volume_mib: Option<f64>,
    /// Whether writes are blocked now.
    pub(super) blocked: Option<bool>,
    /// Capacity units in use and allowed: for searching and for indexing.
    pub(super) ocu: Vec<(&'static str, f64, f64)>,
}

impl Numbers {
    /// How many more shards there is room for.
    pub(super) fn shards_left(&self) -> Option<u64> {
        Some(self.shard_limit?.saturating_sub(self.shards?))
    }
}

/// What can be done about a limit, in the order in which it is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Relief {
    /// Heavy queries and fielddata go first: a full heap makes everything else fail.
    Heap,
    /// Shards that no node holds.
    Unassigned,
    /// Roll over, shrink, delete or close indices.
    Shards,
    /// Delete what is not needed, or let more go to cheaper storage.
    Storage,
    /// More nodes, larger nodes, more units. Always last.
    Capacity,
}

impl Relief {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Heap => "heap",
            Self::Unassigned => "unassigned",
            Self::Shards => "shards",
            Self::Storage => "storage",
            Self::Capacity => "capacity",
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Ok,
    Relief,
    Stop,
    Unknown,
}

impl Level {
    pub(super) const ALL: [Self; 4] = [Self::Ok, Self::Relief, Self::Stop, Self::Unknown];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Relief => "relief",
            Self::Stop => "stop",
            Self::Unknown => "unknown",
        }
    }
}

/// The judgment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Judgment {
    pub(super) level: Level,
    pub(super) reliefs: Vec<Relief>,
    /// Whether the configuration may be changed now.
    pub(super) may_reconfigure: bool,
    pub(super) diagnosis: Vec<String>,
}

/// From here on garbage collection cannot keep up. At 92 % for half an hour writes are blocked.
const HEAP_HIGH: f64 = 80.0;
const HEAP_BLOCKS: f64 = 92.0;
/// A tenth is left for what is created while somebody thinks.
const SHARDS_HIGH: f64 = 0.9;
/// Writes fail below the smaller of a fifth of a node's storage and 20 GiB.
const FREE_SHARE: f64 = 0.2;
const FREE_MIB: f64 = 20.0 * 1024.0;
/// From here on there is not much time.
const FREE_WARNING: f64 = 1.5;

/// The free storage below which writes fail, in MiB.
pub(super) fn storage_floor(volume_mib: f64) -> f64 {
    (volume_mib * FREE_SHARE).min(FREE_MIB)
}

/// How many shards one data node may hold. Nothing when its version has no limit that is known here.
pub(super) fn shards_of_a_node(version: &str, heap_gib: Option<f64>, standby: bool) -> Option<u64> {
    let (engine, number) = version.split_once('_')?;
    let mut parts = number.split('.').map(|part| part.parse::<u32>().ok());
    let (major, minor) = (parts.next()??, parts.next().flatten().unwrap_or(0));
    match engine {
        "Elasticsearch" if major < 7 => None,
        "OpenSearch" if (major, minor) >= (2, 17) && !standby => {
            // A thousand for each 16 GiB of heap that it has, and a thousand at least.
            let sixteens = [(64.0, 4), (48.0, 3), (32.0, 2)];
            let heap = heap_gib?;
            let found = sixteens.into_iter().find(|(gib, _)| heap >= *gib);
            Some(1_000 * found.map_or(1, |(_, times)| times))
        }
        _ => Some(1_000),
    }
}

/// Judges the numbers.
pub(super) fn judge(numbers: &Numbers) -> Judgment {
    let mut found = Found::default();
    found.status(numbers);
    found.heap(numbers);
    found.shards(numbers);
    found.storage(numbers);
    found.ocu(numbers);
    if numbers.blocked == Some(true) {
        found.says("writes are blocked now".to_owned());
    }
    let status = numbers.status.as_deref();
    let mut reliefs = found.reliefs;
    reliefs.sort_unstable();
    reliefs.dedup();
    let level = match status {
        None => Level::Unknown,
        Some("red") => Level::Stop,
        Some("green") if reliefs.is_empty() && numbers.blocked != Some(true) => Level::Ok,
        Some(_) => Level::Relief,
    };
    let may_reconfigure = matches!(status, Some("green" | "yellow")) && !numbers.changing;
    if level == Level::Ok {
        found.diagnosis.push("nothing is near a limit that could be read".to_owned());
    }
    Judgment { level, reliefs, may_reconfigure, diagnosis: found.diagnosis }
}

#[derive(Default)]
struct Found {
    reliefs: Vec<Relief>,
    diagnosis: Vec<String>,
}

impl Found {
    fn says(&mut self, text: String) {
        self.diagnosis.push(text);
    }

    fn needs(&mut self, relief: Relief, text: String) {
        self.reliefs.push(relief);
        self.diagnosis.push(text);
    }

    fn status(&mut self, numbers: &Numbers) {
        match numbers.status.as_deref() {
            None => self.says("its health could not be read: change nothing until it can".to_owned()),
            Some("red") => self.says(
                "red: at least one primary shard is on no node, so data is missing. Do not reconfigure it: a blue/green deployment of a red domain does not end. Mend the shard or restore its index; automated snapshots stop while it is red and are gone after 14 days".to_owned(),
            ),
            Some("yellow") if numbers.unassigned == Some(0) => {
                self.says("yellow: not everything is where it belongs yet".to_owned());
            }
            _ => {}
        }
        if numbers.changing {
            self.says("a change of its configuration is under way: wait for its end".to_owned());
        }
        if let Some(count) = numbers.unassigned.filter(|count| *count > 0) {
            let why = "replicas that find no node, a full node, or a node that is gone";
            self.needs(Relief::Unassigned, format!("{count} shards are on no node: {why}"));
        }
    }

    fn heap(&mut self, numbers: &Numbers) {
        let Some(heap) = numbers.heap else { return };
        if heap >= HEAP_BLOCKS {
            let then = "half an hour of that blocks writes";
            self.needs(Relief::Heap, format!("the heap is {heap:.0} % full: {then}"));
        } else if heap >= HEAP_HIGH {
            self.needs(Relief::Heap, format!("the heap is {heap:.0} % full"));
        }
    }

    fn shards(&mut self, numbers: &Numbers) {
        let (Some(shards), Some(limit)) = (numbers.shards, numbers.shard_limit) else { return };
        #[expect(clippy::cast_precision_loss, reason = "no cluster has 2^52 shards")]
        let share = shards as f64 / limit.max(1) as f64;
        if share >= 1.0 {
            let then = "no index can be created. Raising max_shards_per_node moves the failure to the heap";
            self.needs(Relief::Shards, format!("{shards} shards, and {limit} are allowed: {then}"));
        } else if share >= SHARDS_HIGH {
            self.needs(Relief::Shards, format!("{shards} of {limit} shards are in use"));
        }
    }

    fn storage(&mut self, numbers: &Numbers) {
        let (Some(free), Some(volume)) = (numbers.free_mib, numbers.volume_mib) else { return };
        let floor = storage_floor(volume);
        if free < floor {
            let text =
                format!("{free:.0} MiB are free on a node, and writes fail below {floor:.0}");
            self.needs(Relief::Storage, text);
        } else if free < floor * FREE_WARNING {
            let text = format!("{free:.0} MiB are free on a node; writes fail below {floor:.0}");
            self.needs(Relief::Storage, text);
        }
    }

    fn ocu(&mut self, numbers: &Numbers) {
        for (what, used, allowed) in &numbers.ocu {
            if used >= allowed {
                let text = format!(
                    "{used} of {allowed} capacity units for {what} are in use. The cap is the account's in this Region, for all collections together"
                );
                self.needs(Relief::Capacity, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn green() -> Numbers {
        Numbers {
            status: Some("green".to_owned()),
            shards: Some(10),
            shard_limit: Some(1_000),
            unassigned: Some(0),
            heap: Some(40.0),
            free_mib: Some(90_000.0),
            volume_mib: Some(102_400.0),
            blocked: Some(false),
            ..Numbers::default()
        }
    }

    #[test]
    fn a_healthy_domain_needs_nothing() {
        let judged = judge(&green());
        assert_eq!((judged.level, judged.may_reconfigure), (Level::Ok, true));
        assert!(judged.reliefs.is_empty());
        assert_eq!(green().shards_left(), Some(990));
        assert_eq!(Numbers { shards: Some(1_001), ..green() }.shards_left(), Some(0));
        assert_eq!(Numbers { shard_limit: None, ..green() }.shards_left(), None);
    }

    #[test]
    fn a_red_or_unknown_or_changing_domain_is_not_reconfigured() {
        let red = judge(&Numbers { status: Some("red".to_owned()), ..green() });
        assert_eq!((red.level, red.may_reconfigure), (Level::Stop, false));
        let unknown = judge(&Numbers { status: None, ..green() });
        assert_eq!((unknown.level, unknown.may_reconfigure), (Level::Unknown, false));
        assert!(!judge(&Numbers { changing: true, ..green() }).may_reconfigure);
    }

    #[test]
    fn relief_comes_in_the_safe_order() {
        let all = judge(&Numbers {
            status: Some("yellow".to_owned()),
            shards: Some(1_000),
            unassigned: Some(3),
            heap: Some(93.0),
            free_mib: Some(1.0),
            ocu: vec![("searching", 10.0, 10.0)],
            ..green()
        });
        assert_eq!(
            all.reliefs.iter().map(|relief| relief.word()).collect::<Vec<_>>(),
            ["heap", "unassigned", "shards", "storage", "capacity"]
        );
        assert_eq!(all.level, Level::Relief);
    }

    #[test]
    fn a_node_holds_as_many_shards_as_its_version_and_heap_allow() {
        assert_eq!(shards_of_a_node("OpenSearch_2.17", Some(8.0), false), Some(1_000));
        assert_eq!(shards_of_a_node("OpenSearch_2.17", Some(32.0), false), Some(2_000));
        assert_eq!(shards_of_a_node("OpenSearch_3.5", Some(128.0), false), Some(4_000));
        assert_eq!(shards_of_a_node("OpenSearch_2.19", Some(32.0), true), Some(1_000));
        assert_eq!(shards_of_a_node("OpenSearch_2.15", Some(32.0), false), Some(1_000));
        assert_eq!(shards_of_a_node("Elasticsearch_7.10", None, false), Some(1_000));
        // What is not known is not made up.
        assert_eq!(shards_of_a_node("OpenSearch_2.17", None, false), None);
        assert_eq!(shards_of_a_node("Elasticsearch_6.8", Some(8.0), false), None);
    }

    #[test]
    fn writes_fail_below_a_fifth_or_twenty_gibibytes() {
        assert!((storage_floor(10.0 * 1024.0) - 2048.0).abs() < f64::EPSILON);
        assert!((storage_floor(1_000.0 * 1024.0) - 20_480.0).abs() < f64::EPSILON);
        let low = judge(&Numbers { free_mib: Some(20_000.0), ..green() });
        assert_eq!(low.reliefs, [Relief::Storage]);
        let warned = judge(&Numbers { free_mib: Some(25_000.0), ..green() });
        assert!(warned.diagnosis[0].contains("writes fail below 20480"), "{warned:?}");
    }

    #[test]
    fn a_domain_that_blocks_writes_is_not_ok() {
        assert_eq!(judge(&Numbers { blocked: Some(true), ..green() }).level, Level::Relief);
    }
}
