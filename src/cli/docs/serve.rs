//! `runbook docs serve`: the site on a loopback address while its runbooks are written. It is made in memory, made anew
//! on every change, and the page that is open shows the new one.

use crate::cli::Global;
use crate::cli::check::signal;
use crate::cli::console::{self, Out};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::project::{Home, shown};
use crate::site::Files;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tiny_http::{Header, Method, Request, Response, Server};
use tokio::sync::mpsc;

/// How long it must be quiet before a change counts. Editors write a file in several steps, and a run writes often.
const QUIET: Duration = Duration::from_millis(200);

/// What asks whether there is a newer site. Only a served page has it.
const LIVE: &str = "(function(){var seen=null;setInterval(function(){fetch('/_live').then(function(a){return a.text()}).then(function(now){if(seen!==null&&now!==seen)location.reload();seen=now}).catch(function(){})},700)})();\n";

/// The site as it is now, and how often it was made.
#[derive(Default)]
struct Current {
    version: u64,
    files: Files,
}

/// Serves until a signal comes.
pub(super) fn serve(global: &Global, port: u16) -> Result<Exit, CliError> {
    let home = Home::find(global)?.sound()?;
    let current = Arc::new(RwLock::new(Current { version: 1, files: super::files(&home)? }));
    let server = Server::http(("127.0.0.1", port)).map_err(|error| {
        CliError::usage(format!("cannot listen on 127.0.0.1:{port}: {error}"))
            .hint("Another program listens there. `--port 0` takes a free one.")
    })?;
    let address = server.server_addr();
    Out::new().line(format!("http://{address}/"))?;
    console::tell("serving this machine only; Ctrl-C ends it");
    let served = Arc::clone(&current);
    std::thread::spawn(move || {
        for request in server.incoming_requests() {
            let response = answer(&request, &served.read().unwrap_or_else(PoisonError::into_inner));
            // A reader that has gone does not matter.
            let _ = request.respond(response);
        }
    });
    let runtime = crate::cli::world::runtime()?;
    runtime.block_on(watch(global, &home, &current))
}

async fn watch(global: &Global, home: &Home, current: &RwLock<Current>) -> Result<Exit, CliError> {
    let failed = |error: notify::Error| {
        CliError::usage(format!("cannot watch {}: {error}", shown(&home.root)))
            .hint("On Linux, `fs.inotify.max_user_watches` may be too small.")
    };
    let (to, mut changes) = mpsc::unbounded_channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // Reading a file is an event as well, and making the site reads them.
        if event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_))) {
            // When nobody listens any more, the program is about to end.
            let _ = to.send(());
        }
    })
    .map_err(failed)?;
    let mut ended = Box::pin(signal()?);
    begin(&mut watcher, home).map_err(failed)?;
    loop {
        tokio::select! {
            () = &mut ended => return Ok(Exit::Done),
            _ = changes.recv() => {}
        }
        while let Ok(Some(())) = tokio::time::timeout(QUIET, changes.recv()).await {}
        let _ = begin(&mut watcher, home);
        again(global, current);
    }
}

/// The folders that a site is made from, as far as they are there.
fn begin(watcher: &mut RecommendedWatcher, home: &Home) -> notify::Result<()> {
    watcher.watch(&home.root, RecursiveMode::NonRecursive)?;
    let below = ["runbooks", "drills", "templates"].map(|name| home.root.join(name));
    for folder in below.iter().chain([&home.state.join("runs")]).filter(|folder| folder.is_dir()) {
        watcher.watch(folder, RecursiveMode::Recursive)?;
    }
    Ok(())
}

/// Makes the site anew. What is wrong is told, and the last good one stays.
fn again(global: &Global, current: &RwLock<Current>) {
    let made = Home::find(global).and_then(Home::sound).and_then(|home| super::files(&home));
    match made {
        Ok(files) => {
            let mut current = current.write().unwrap_or_else(PoisonError::into_inner);
            if current.files != files {
                current.version += 1;
                current.files = files;
                console::tell("made anew");
            }
        }
        Err(error) => console::show(&error),
    }
}

type Answer = Response<std::io::Cursor<Vec<u8>>>;

fn answer(request: &Request, current: &Current) -> Answer {
    let host = request.headers().iter().find(|header| header.field.equiv("Host"));
    // A page of somebody else whose name leads to this machine must not read the site.
    if !host.is_some_and(|host| is_this_machine(host.value.as_str())) {
        return with("text/plain", b"This server answers to this machine only.\n".to_vec())
            .with_status_code(403);
    }
    if !matches!(request.method(), Method::Get | Method::Head) {
        return with("text/plain", Vec::new()).with_status_code(405);
    }
    let path = request.url().split(['?', '#']).next().unwrap_or_default();
    match path {
        "/_live" => with("text/plain", current.version.to_string().into_bytes()),
        "/_live.js" => with("text/javascript", LIVE.as_bytes().to_vec()),
        path => {
            let name = crate::site::decoded(path.trim_start_matches('/'));
            let name = if name.is_empty() { "index.html".to_owned() } else { name };
            match current.files.get(&name) {
                Some(bytes) if name.ends_with(".html") => with("text/html", live(bytes)),
                Some(bytes) => with(kind(Path::new(&name)), bytes.clone()),
                None => {
                    with("text/plain", b"There is no such page.\n".to_vec()).with_status_code(404)
                }
            }
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    ["127.0.0.1", "localhost", "[::1]"].contains(&name)
}

/// A page that asks for newer ones. Its policy lets it ask this server, and nobody else.
fn live(page: &[u8]) -> Vec<u8> {
    let page = String::from_utf8_lossy(page);
    page.replacen("default-src 'none';", "default-src 'none'; connect-src 'self';", 1)
        .replacen("</head>", "<script src=\"/_live.js\"></script>\n</head>", 1)
        .into_bytes()
}

fn with(kind: &str, bytes: Vec<u8>) -> Answer {
    let mut response = Response::from_data(bytes);
    let kind =
        if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind.to_owned() };
    for (name, value) in [
        ("Content-Type", kind.as_str()),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ] {
        if let Ok(header) = Header::from_bytes(name, value) {
            response.add_header(header);
        }
    }
    response
}

fn kind(path: &Path) -> &'static str {
    match path.extension().and_then(|end| end.to_str()).unwrap_or_default() {
        "css" => "text/css",
        "js" => "text/javascript",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "json" => "application/json",
        "pdf" => "application/pdf",
        // What a file of the project holds is shown, never run.
        _ => "text/plain",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_answered() {
        for own in ["127.0.0.1:8080", "localhost:1", "localhost", "[::1]:80"] {
            assert!(is_this_machine(own), "{own}");
        }
        for other in ["evil.example", "127.0.0.1.evil.example:80", ""] {
            assert!(!is_this_machine(other), "{other}");
        }
    }

    #[test]
    fn a_served_page_may_ask_for_newer_ones_and_nothing_else() {
        let page = live(b"<head><meta content=\"default-src 'none'; style-src 'self'\"></head>");
        let page = String::from_utf8(page).unwrap();
        assert!(
            page.contains("default-src 'none'; connect-src 'self'; style-src 'self'"),
            "{page}"
        );
        assert!(page.contains("<script src=\"/_live.js\"></script>\n</head>"), "{page}");
    }
}
