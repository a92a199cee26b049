//! Where everything goes that a browser would send to another machine: nowhere, and it is noted. That covers workers and
//! beacons, too. This machine's own servers are reached without it.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use anyhow::Result;

/// The flag's name.
pub const FLAG: &str = "--proxy-server";

/// Where Chromium itself calls for the time, its updates and its start page, whatever page is shown, and though it is told
/// not to.
const THE_BROWSERS_OWN: [&str; 4] = ["google.com", "googleapis.com", "gvt1.com", "duckduckgo.com"];

/// Whether the browser asks for itself, by the first line of a request to the proxy.
fn is_the_browsers_own(line: &str) -> bool {
    let target = line.split(' ').nth(1).unwrap_or("");
    let target = target.strip_prefix("http://").unwrap_or(target);
    let host = target.split([':', '/']).next().unwrap_or("");
    THE_BROWSERS_OWN
        .iter()
        .any(|own| host.strip_suffix(own).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

/// Notes the first line of every request, and hangs up.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Listens on a free port of this machine.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut start = [0; 512];
                let count = stream.read(&mut start).unwrap_or(0);
                let text = String::from_utf8_lossy(&start[..count]).into_owned();
                if let Some(line) = text.lines().next() {
                    kept.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
                }
                drop(stream.write_all(
                    b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                ));
            }
        });
        Ok(Self { port, lines })
    }

    /// The flag with which Chromium sends everything here that is for another machine.
    #[must_use]
    pub fn flag(&self) -> String {
        format!("{FLAG}=http://127.0.0.1:{}", self.port)
    }

    /// What pages asked for, without what the browser asks for itself.
    #[must_use]
    pub fn seen_of_pages(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter(|line| !is_the_browsers_own(line)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::is_the_browsers_own;

    #[test]
    fn the_browsers_own_calls_are_told_from_a_pages() {
        for own in [
            "CONNECT accounts.google.com:443 HTTP/1.1",
            "GET http://clients2.google.com/time/1/current HTTP/1.1",
            "CONNECT duckduckgo.com:443 HTTP/1.1",
        ] {
            assert!(is_the_browsers_own(own), "{own}");
        }
        for other in [
            "GET http://garments.example/?google.com HTTP/1.1",
            "CONNECT notgoogle.com:443 HTTP/1.1",
            "CONNECT google-analytics.com:443 HTTP/1.1",
            "",
        ] {
            assert!(!is_the_browsers_own(other), "{other}");
        }
    }
}
