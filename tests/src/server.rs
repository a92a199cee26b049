//! A static file server as plain as the hosts that the page is made for, on a free port of this machine.
//!
//! It can stand under a sub-path, replace or withhold single files or hand them out badly, allow other origins, and it remembers
//! every request, so that a journey can say what the page asked for.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};

use crate::packed::gzip;

/// How long a connection that breaks off is silent before it ends.
const SILENCE: Duration = Duration::from_millis(500);

/// What a served file is replaced by.
#[derive(Clone, Debug)]
pub enum Stand {
    /// Nothing: 404.
    Missing,
    /// These bytes.
    Bytes(Vec<u8>),
    /// A page in HTML, with status 200: what many hosts answer for whatever they do not have.
    Page,
    /// This status, and a few words.
    Status(u16),
    /// The file, but after this share of it nothing comes, and the connection ends a moment later.
    Cut(f64),
    /// The file, in so many pieces with a tenth of a second before each.
    Slow(u32),
    /// The file, but after this share of it nothing comes, in whatever parts it is asked for, for as long as this stands; then the rest.
    Held(f64),
    /// The file; of a part that is asked for, another part.
    WrongRange,
    /// The file, all of it, whatever part is asked for.
    Whole,
    /// The file, all of it and compressed, in so many pieces with a tenth of a second before each: no length says how much comes out.
    Packed(u32),
    /// The other stand for so many requests, then the file as it is.
    First(u32, Box<Stand>),
}

/// One request as the server saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// Path without query, as sent.
    pub path: String,
    /// When it came.
    pub at: SystemTime,
    /// The first byte that is asked for; 0 where all of it is.
    pub from: usize,
    /// Bytes of the answer's body.
    pub bytes: usize,
    /// Bytes of its body, by its header.
    pub body_bytes: u64,
    /// Status of the answer.
    pub status: u16,
}

/// What is served, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder of the files.
    pub root: PathBuf,
    /// Path that the site stands under, with slashes at both ends: `/` or `/shop/try/`.
    pub prefix: String,
    /// Whether pages of other origins may read the files.
    pub allow_other_origins: bool,
}

impl Settings {
    /// `root` at the top of the server.
    #[must_use]
    pub fn at_top(root: &Path) -> Self {
        Self { root: root.to_owned(), prefix: "/".to_owned(), allow_other_origins: false }
    }
}

#[derive(Debug)]
struct Shared {
    settings: Settings,
    /// Folder of the files; at first that of the settings.
    root: Mutex<PathBuf>,
    stands: Mutex<HashMap<String, Stand>>,
    log: Mutex<Vec<Request>>,
    closing: AtomicBool,
}

/// A running server; it stops when dropped.
#[derive(Debug)]
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
}

impl Server {
    /// Serves `settings.root` on a free port.
    pub fn start(settings: Settings) -> Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port to serve the page on")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            root: Mutex::new(settings.root.clone()),
            settings,
            stands: Mutex::default(),
            log: Mutex::default(),
            closing: AtomicBool::new(false),
        });
        let for_thread = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &for_thread));
        Ok(Self { shared, address })
    }

    /// Address of the site, ending in a slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{}", self.origin(), self.shared.settings.prefix)
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers requests for `path` (relative to the site) with `stand` from now on.
    pub fn replace(&self, path: &str, stand: Stand) {
        lock(&self.shared.stands).insert(path.to_owned(), stand);
    }

    /// Serves every file as it is again.
    pub fn restore(&self) {
        lock(&self.shared.stands).clear();
    }

    /// Serves the files of another folder from now on, as a host does that was given a new version of a site.
    pub fn move_to(&self, root: &Path) {
        root.clone_into(&mut lock(&self.shared.root));
    }

    /// Ends: whoever connects from now on finds nobody.
    pub fn stop(&self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        drop(TcpStream::connect_timeout(&self.address, Duration::from_secs(1)));
    }

    /// Every request so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.log).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The log and the stands hold plain values: one left by a panicking thread is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.closing.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            // A browser may hang up whenever it likes; that concerns this connection alone.
            if let Err(error) = answer(stream, &shared) {
                eprintln!("server: a connection ended early: {error}");
            }
        });
    }
}

/// The request line and the headers that matter here.
struct Head {
    method: String,
    target: String,
    body_bytes: u64,
    /// First byte of a range, and the last one where it is named.
    range: Option<(usize, Option<usize>)>,
}

fn read_head(reader: &mut impl BufRead) -> Result<Option<Head>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let mut head = Head { method: method.to_owned(), target: target.to_owned(), body_bytes: 0, range: None };
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            return Ok(Some(head));
        }
        let Some((name, value)) = header.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            head.body_bytes = value.trim().parse().unwrap_or(0);
        }
        if name.eq_ignore_ascii_case("range") {
            let range = value.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-'));
            head.range = range.and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok())));
        }
    }
}

fn answer(mut stream: TcpStream, shared: &Shared) -> Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let Some(head) = read_head(&mut reader)? else { return Ok(()) };
    std::io::copy(&mut reader.take(head.body_bytes), &mut std::io::sink())?;
    let path = head.target.split(['?', '#']).next().unwrap_or_default().to_owned();
    let mut reply = find(&head.method, &path, shared);
    let total = reply.body.len();
    let from = head.range.map_or(0, |(from, _)| from);
    let mut start = 0;
    if let Some((_, last)) = head.range
        && reply.status == 200
        && !reply.is_whole
        && from < total
    {
        start = match from {
            _ if !reply.is_range_wrong => from,
            0 => 1,
            _ => from / 2,
        };
        let end = last.map_or(total, |last| (last + 1).min(total)).max(start);
        reply.range = format!("Content-Range: bytes {start}-{}/{total}\r\n", end.saturating_sub(1));
        reply.status = 206;
        reply.body.truncate(end);
        reply.body.drain(..start);
    }
    let Reply { status, kind, body, share, pieces, hold, range, is_packed, .. } = reply;
    lock(&shared.log).push(Request {
        method: head.method.clone(),
        path,
        at: SystemTime::now(),
        from,
        bytes: body.len(),
        body_bytes: head.body_bytes,
        status,
    });
    let reason = if status < 300 { "OK" } else { "Not Good" };
    let origins = if shared.settings.allow_other_origins { "Access-Control-Allow-Origin: *\r\n" } else { "" };
    let packed = if is_packed { "Content-Encoding: gzip\r\n" } else { "" };
    write!(
        stream,
        "HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{range}{packed}{origins}Connection: close\r\n\r\n",
        body.len()
    )?;
    if head.method != "HEAD" {
        let mut body = &body[..(body.len() as f64 * share) as usize];
        if let Some(path) = hold {
            // Another share may be let through meanwhile.
            let held = || match lock(&shared.stands).get(&path) {
                Some(Stand::Held(share)) => {
                    Some(((total as f64 * share) as usize).saturating_sub(start).min(body.len()))
                }
                _ => None,
            };
            let mut sent = 0;
            while let Some(end) = held().filter(|_| !shared.closing.load(Ordering::SeqCst)) {
                stream.write_all(&body[sent..end.max(sent)])?;
                stream.flush()?;
                sent = end.max(sent);
                thread::sleep(Duration::from_millis(20));
            }
            body = &body[sent..];
        }
        for piece in body.chunks(body.len().div_ceil(pieces.max(1) as usize).max(1)) {
            if pieces > 0 {
                thread::sleep(Duration::from_millis(100));
            }
            stream.write_all(piece)?;
            stream.flush()?;
        }
        if share < 1.0 {
            // A network is silent for a while before it is given up. A browser that is told of the end at once may throw away what it
            // has received and not handed to the page.
            thread::sleep(SILENCE);
        }
    }
    stream.flush()?;
    Ok(())
}

/// What is answered, and how badly.
struct Reply {
    status: u16,
    kind: &'static str,
    body: Vec<u8>,
    /// How much of the body is sent.
    share: f64,
    /// In how many slow pieces; 0 for at once.
    pieces: u32,
    is_range_wrong: bool,
    is_whole: bool,
    is_packed: bool,
    /// Path of the stand that says how much of the body is sent.
    hold: Option<String>,
    /// A header that says which part this is.
    range: String,
}

impl Reply {
    fn new(status: u16, kind: &'static str, body: Vec<u8>) -> Self {
        let range = String::new();
        Self {
            status,
            kind,
            body,
            share: 1.0,
            pieces: 0,
            is_range_wrong: false,
            is_whole: false,
            is_packed: false,
            hold: None,
            range,
        }
    }
}

fn find(method: &str, path: &str, shared: &Shared) -> Reply {
    let missing = || Reply::new(404, "text/plain", b"There is no such file.".to_vec());
    let Some(relative) = path.strip_prefix(&shared.settings.prefix) else { return missing() };
    if !matches!(method, "GET" | "HEAD") || relative.split('/').any(|part| part == "..") {
        return missing();
    }
    let relative = if relative.is_empty() { "index.html" } else { relative };
    let file = || match fs::read(lock(&shared.root).join(relative)) {
        Ok(bytes) => Reply::new(200, content_type(relative), bytes),
        Err(_) => missing(),
    };
    match take_stand(relative, shared) {
        Some(Stand::Missing) => missing(),
        Some(Stand::Bytes(bytes)) => Reply::new(200, content_type(relative), bytes),
        Some(Stand::Page) => {
            Reply::new(200, "text/html; charset=utf-8", b"<!doctype html><title>Welcome</title>".to_vec())
        }
        Some(Stand::Status(status)) => Reply::new(status, "text/plain", b"Not now.".to_vec()),
        Some(Stand::Cut(share)) => Reply { share, ..file() },
        Some(Stand::Slow(pieces)) => Reply { pieces, ..file() },
        Some(Stand::Held(_)) => Reply { hold: Some(relative.to_owned()), ..file() },
        Some(Stand::WrongRange) => Reply { is_range_wrong: true, ..file() },
        Some(Stand::Whole) => Reply { is_whole: true, ..file() },
        Some(Stand::Packed(pieces)) => {
            let whole = file();
            Reply { body: gzip(&whole.body), is_whole: true, is_packed: true, pieces, ..whole }
        }
        Some(Stand::First(..)) | None => file(),
    }
}

/// What stands for a file at this request; one for the first requests only counts down.
fn take_stand(relative: &str, shared: &Shared) -> Option<Stand> {
    match lock(&shared.stands).get_mut(relative)? {
        Stand::First(0, _) => None,
        Stand::First(left, stand) => {
            *left -= 1;
            Some((**stand).clone())
        }
        stand => Some(stand.clone()),
    }
}

fn content_type(path: &str) -> &'static str {
    match Path::new(path).extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript",
        Some("css") => "text/css",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("wasm") => "application/wasm",
        Some("webp") => "image/webp",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(server: &Server, path: &str) -> String {
        let mut stream = TcpStream::connect(server.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: here\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn serves_replaces_and_restores_under_a_sub_path() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("index.html"), "hello").unwrap();
        fs::write(folder.path().join("a.json"), "{}").unwrap();
        let settings = Settings { prefix: "/shop/".to_owned(), ..Settings::at_top(folder.path()) };
        let server = Server::start(settings).unwrap();
        assert!(get(&server, "/shop/").ends_with("hello"));
        assert!(get(&server, "/").starts_with("HTTP/1.1 404"));
        assert!(get(&server, "/shop/../secret").starts_with("HTTP/1.1 404"));
        server.replace("a.json", Stand::Bytes(b"[]".to_vec()));
        assert!(get(&server, "/shop/a.json?x=1").ends_with("[]"));
        server.replace("a.json", Stand::Missing);
        assert!(get(&server, "/shop/a.json").starts_with("HTTP/1.1 404"));
        server.restore();
        assert!(get(&server, "/shop/a.json").ends_with("{}"));
        assert_eq!(server.requests().len(), 6);
        assert_eq!(server.requests()[3].path, "/shop/a.json");
    }

    #[test]
    fn hands_out_files_badly_on_request() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.json"), "0123456789").unwrap();
        let server = Server::start(Settings::at_top(folder.path())).unwrap();
        let ask = |range: &str| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            write!(stream, "GET /a.json HTTP/1.1\r\nHost: here\r\n{range}\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        assert!(ask("Range: bytes=4-\r\n").contains("Content-Range: bytes 4-9/10\r\n"));
        let part = ask("Range: bytes=0-3\r\n");
        assert!(
            part.contains("206 OK") && part.contains("bytes 0-3/10\r\n") && part.ends_with("\r\n\r\n0123")
        );
        server.replace("a.json", Stand::WrongRange);
        assert!(ask("Range: bytes=4-\r\n").ends_with("\r\n\r\n23456789"));
        assert!(ask("Range: bytes=0-4\r\n").ends_with("\r\n\r\n1234"));
        server.replace("a.json", Stand::First(1, Box::new(Stand::Status(503))));
        assert!(ask("").starts_with("HTTP/1.1 503"));
        assert!(ask("").ends_with("0123456789"));
        server.replace("a.json", Stand::Cut(0.5));
        let cut = ask("");
        assert!(cut.contains("Content-Length: 10\r\n") && cut.ends_with("\r\n\r\n01234"));
        server.replace("a.json", Stand::Page);
        assert!(ask("").contains("text/html"));
        server.replace("a.json", Stand::Slow(3));
        assert!(ask("").ends_with("0123456789"));
        server.replace("a.json", Stand::Held(0.4));
        let mut stream = TcpStream::connect(server.address).unwrap();
        write!(stream, "GET /a.json HTTP/1.1\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"0123") {
            let mut piece = [0; 100];
            let length = stream.read(&mut piece).unwrap();
            assert!(length > 0, "it ends after {answer:?}");
            answer.extend(&piece[..length]);
        }
        server.restore();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.ends_with(b"\r\n\r\n0123456789"));
        assert_eq!(server.requests()[0].from, 4);
    }
}
