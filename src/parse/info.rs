//! The info string of a fence: `language role=id`, and everything that is nearly that.

use crate::diagnostic::syntax::{BAD_ID, LANGUAGE, MALFORMED_INFO, UNKNOWN_ROLE};
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::id::StepId;
use crate::model::step::{Interpreter, Role};
use crate::source::{Span, Spanned};

/// What a fence is.
#[derive(Debug, PartialEq)]
pub(super) enum Info {
    /// Something to read.
    Prose,
    /// Meant to be run, but it cannot be told how. It has been reported. With what it was meant to be.
    Unusable(Option<Meant>),
    /// A block to run.
    Block { role: Role, language: Language, id: Spanned<StepId> },
}

/// The role and the id that an info string seems to mean.
pub(super) type Meant = (Option<Role>, String);

/// How a block is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Language {
    Yaml,
    Script(Interpreter),
}

/// The languages that can run.
pub const LANGUAGES: [&str; 4] = ["yaml", "bash", "sh", "python"];

fn language(word: &str) -> Option<Language> {
    Some(match word {
        "yaml" => Language::Yaml,
        "bash" => Language::Script(Interpreter::Bash),
        "sh" => Language::Script(Interpreter::Sh),
        "python" => Language::Script(Interpreter::Python),
        _ => return None,
    })
}

fn role(word: &str) -> Option<Role> {
    Role::ALL.into_iter().find(|role| role.word() == word)
}

/// The role that was meant, when no more than a slip or two lie between. `height=` is no `health=`.
fn nearest_role(word: &str) -> Option<&'static str> {
    let word = word.trim_start_matches('{').to_lowercase();
    let slips = |role: &str| strsim::osa_distance(&word, role);
    Role::ALL.map(Role::word).into_iter().find(|role| slips(role) <= role.len().div_ceil(4))
}

/// Whether a word is an attribute of another tool: in braces, or with a value that nobody means as an id.
fn is_foreign(attribute: &str) -> bool {
    let value = attribute.split_once('=').map_or("", |(_, value)| value);
    attribute.starts_with('{')
        || value.contains(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')))
}

/// Whether a line of text looks like the info string of an executable block.
pub(super) fn looks_executable(info: &str) -> bool {
    let mut words = info.split_whitespace();
    let (Some(_), Some(second)) = (words.next(), words.next()) else { return false };
    second.split_once('=').is_some_and(|(word, _)| role(word).is_some())
}

/// What an info string seems to mean, however badly it is written.
pub(super) fn meant(info: &str) -> Option<Meant> {
    let mut at = 0;
    while let Some(sign) = info[at..].find(['=', ':']).map(|offset| at + offset) {
        let before = info[..sign].trim_end();
        let start = before
            .rfind(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(0, |other| other + before[other..].chars().next().map_or(0, char::len_utf8));
        let word = &before[start..];
        let known = role(word).or_else(|| nearest_role(word).and_then(role));
        let after = info[sign + 1..].trim_start().trim_start_matches(['"', '\'']);
        let id: String =
            after.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-')).collect();
        if known.is_some() && !id.is_empty() {
            return Some((known, repaired(&id)));
        }
        at = sign + 1;
    }
    None
}

fn unusable(info: &str) -> Info {
    Info::Unusable(meant(info))
}

/// Reads the info string, which was written at `start`.
pub(super) fn read(info: &str, start: usize, found: &mut Vec<Diagnostic>) -> Info {
    let text = info.trim();
    let start = start + (info.len() - info.trim_start().len());
    let span = Span::new(start, start + text.len());
    let Some((first, rest)) = text.split_once(char::is_whitespace) else {
        return alone(text, span, found);
    };
    let second = rest.split_whitespace().next().unwrap_or_default();
    let word_start = start + text.len() - rest.trim_start().len();
    let Some((word, id)) = second.split_once('=') else {
        return without_equals(first, rest, Span::new(word_start, span.end), found);
    };
    let word_span = Span::new(word_start, word_start + word.len());
    let Some(role) = role(word) else {
        return unknown(first, rest.trim_start(), word_span, found);
    };
    let behind = Span::new(word_start + second.len(), span.end);
    if behind.start < behind.end {
        let gap = rest.trim_start()[second.len()..].len()
            - rest.trim_start()[second.len()..].trim_start().len();
        let place = Span::new(behind.start + gap, behind.end);
        found.push(malformed(place, "nothing may stand behind the role and the id"));
        if id.is_empty() {
            return unusable(text);
        }
    } else if &text[first.len()..word_start - start] != " " {
        let message = "there must be exactly one space between the language and the role";
        found.push(malformed(Span::new(start + first.len(), word_start), message));
    }
    let id_span = Span::new(word_span.end + 1, word_span.end + 1 + id.len());
    let Some(language) = language(first) else {
        if first.starts_with('{') {
            found.push(malformed(span, "this is not quite `language role=id`"));
        } else {
            found.push(cannot_run(first, Span::new(start, start + first.len())));
        }
        return unusable(text);
    };
    if id.is_empty() {
        let place = Span::new(word_start, id_span.end);
        found.push(malformed(place, "the id is missing after `=`"));
        return unusable(text);
    }
    match read_id(id, id_span, found) {
        Some(id) => Info::Block { role, language, id: Spanned::new(id, id_span) },
        None => unusable(text),
    }
}

fn malformed(span: Span, message: &str) -> Diagnostic {
    MALFORMED_INFO
        .error(span, message)
        .help("write a language, one space, and `role=id`, such as `bash step=copy_data`")
}

fn cannot_run(word: &str, span: Span) -> Diagnostic {
    let near = nearest(&word.to_lowercase(), LANGUAGES);
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "a block with a role is in yaml, bash, sh or python; without a role it is prose"
            .to_owned(),
    };
    LANGUAGE.error(span, format!("`{word}` cannot be run")).help(help).instead(near)
}

/// One word: a language, or a role that lacks its language.
fn alone(text: &str, span: Span, found: &mut Vec<Diagnostic>) -> Info {
    let lacks_language = text.split_once('=').is_some_and(|(word, _)| role(word).is_some());
    if lacks_language || braced_role(text) {
        found.push(malformed(span, "the language is missing"));
        return unusable(text);
    }
    Info::Prose
}

/// Attributes in braces, as other tools have them, that name a role.
fn braced_role(text: &str) -> bool {
    text.contains('{')
        && Role::ALL.into_iter().any(|role| {
            text.match_indices(role.word()).any(|(at, word)| {
                text[at + word.len()..].trim_start().starts_with(['=', ':'])
                    && !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
            })
        })
}

/// `bash step`, `bash step = x`, `bash step:x` and the like.
fn without_equals(first: &str, rest: &str, span: Span, found: &mut Vec<Diagnostic>) -> Info {
    let rest = rest.trim_start();
    let word = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let after = rest[word.len()..].trim_start();
    let separated = after.is_empty() || after.starts_with(['=', ':']);
    let runs = language(first).is_some();
    if braced_role(rest) || role(word).is_some() && (separated || runs) {
        found.push(malformed(span, "this is not quite `language role=id`"));
        return unusable(rest);
    }
    Info::Prose
}

fn unknown(first: &str, rest: &str, span: Span, found: &mut Vec<Diagnostic>) -> Info {
    let word = &rest[..span.end - span.start];
    if rest.contains('{') && braced_role(rest) {
        let whole = Span::new(span.start, span.start + rest.len());
        found.push(malformed(whole, "this is not quite `language role=id`"));
        return unusable(rest);
    }
    let near = nearest_role(word);
    // Other tools give attributes to the code they show. Only what could have run is worth a stop.
    let (runs, foreign) = (language(first).is_some(), is_foreign(rest.trim_start()));
    if near.is_none() && (!runs || foreign) || !runs && foreign {
        return Info::Prose;
    }
    let help = match near {
        Some(near) => format!("did you mean `{near}=`?"),
        None => "the roles are step, observe, undo and health; leave it out if this block is prose"
            .to_owned(),
    };
    found.push(
        UNKNOWN_ROLE.error(span, format!("there is no role `{word}`")).help(help).instead(near),
    );
    let id = rest[word.len()..].trim_start_matches('=').split_whitespace().next();
    Info::Unusable(meant(rest).or_else(|| Some((None, repaired(id?)))))
}

/// The id that was probably meant.
fn repaired(id: &str) -> String {
    id.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
        .collect()
}

/// Reads an id. One that is nearly right is put right, so that references to it are still understood.
fn read_id(id: &str, span: Span, found: &mut Vec<Diagnostic>) -> Option<StepId> {
    StepId::new(id).map_or_else(
        |bad| {
            let repaired = StepId::new(repaired(id)).ok();
            let diagnostic = BAD_ID.error(span, bad.to_string());
            found.push(match &repaired {
                Some(id) => diagnostic.help(format!("write `{id}`")).instead(Some(id.as_str())),
                None => diagnostic,
            });
            repaired
        },
        Some,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(info: &str) -> (Info, Vec<&'static str>) {
        let mut found = Vec::new();
        let info = read(info, 0, &mut found);
        (info, found.into_iter().map(|d| d.code).collect())
    }

    #[test]
    fn prose_stays_prose() {
        for info in [
            "",
            "bash",
            "rust,ignore",
            "text title=\"x\"",
            "js {1,3}",
            "bash the next step",
            "console $ x=1",
            "yaml  ",
            "mermaid steps",
            // Attributes of other tools.
            "yaml file=cert-manager/issuer.yaml",
            "bash title=\"deploy.sh\"",
            "yaml {class=disable-copy}",
            "python {linenos=table,hl_lines=[3]}",
            "mermaid height=300",
            "js header=\"x\"",
            "csv sep=;",
        ] {
            assert_eq!(codes(info), (Info::Prose, vec![]), "{info}");
        }
    }

    #[test]
    fn a_block() {
        let (info, found) = codes("bash step=copy_data");
        assert!(found.is_empty());
        let Info::Block { role, language, id } = info else { panic!("no block") };
        assert_eq!((role, language), (Role::Step, Language::Script(Interpreter::Bash)));
        assert_eq!((id.value.as_str(), id.span), ("copy_data", Span::new(10, 19)));
    }

    #[test]
    fn near_misses_are_errors() {
        for (info, code) in [
            ("bash stpe=x", "RB0003"),
            ("bash Step=x", "RB0003"),
            ("yaml title=x", "RB0003"),
            ("ruby stpe=x", "RB0003"),
            ("bash task=x", "RB0003"),
            ("bash stpe=\"x\"", "RB0003"),
            ("bash {stpe=x}", "RB0003"),
            ("ruby helath=x", "RB0003"),
            ("ruby obsreve=x", "RB0003"),
            ("ruby step=x", "RB0004"),
            ("Bash step=x", "RB0004"),
            ("bash step=", "RB0002"),
            ("bash step", "RB0002"),
            ("bash step = x", "RB0002"),
            ("bash step:x", "RB0002"),
            ("bash  step=x", "RB0002"),
            ("bash\tstep=x", "RB0002"),
            ("bash step=x timeout=3m", "RB0002"),
            ("step=x", "RB0002"),
            ("bash {step=x}", "RB0002"),
            ("{.bash step=x}", "RB0002"),
            ("bash step=My-Id", "RB0005"),
            ("bash step=9x", "RB0005"),
        ] {
            assert_eq!(codes(info).1, [code], "{info}");
        }
    }

    #[test]
    fn a_near_miss_says_what_it_was_meant_to_be_and_where_it_went_wrong() {
        for (info, place, role, id) in [
            ("bash stpe=copy", "stpe", Some(Role::Step), "copy"),
            ("ruby undo=copy", "ruby", Some(Role::Undo), "copy"),
            ("bash step = copy", "step = copy", Some(Role::Step), "copy"),
            ("bash {step=copy}", "{step=copy}", Some(Role::Step), "copy"),
            ("yaml titel=copy", "titel", None, "copy"),
        ] {
            let mut found = Vec::new();
            let Info::Unusable(meant) = read(info, 0, &mut found) else { panic!("{info}") };
            assert_eq!(&info[found[0].span.range()], place, "{info}");
            assert_eq!(meant, Some((role, id.to_owned())), "{info}");
        }
        for (info, place) in [
            ("bash step=x timeout=3m", "timeout=3m"),
            ("bash  step=x", "  "),
            ("bash step=", "step="),
        ] {
            let mut found = Vec::new();
            read(info, 0, &mut found);
            assert_eq!(&info[found[0].span.range()], place, "{info}");
        }
    }

    #[test]
    fn a_bad_id_is_still_understood() {
        let (Info::Block { id, .. }, _) = codes("bash step=Copy-Data") else { panic!("no block") };
        assert_eq!(id.value.as_str(), "copy_data");
    }
}
