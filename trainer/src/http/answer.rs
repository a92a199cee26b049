//! A server's answer: its head, and the body as the head announces it.

use std::io::{self, BufRead, Read};
use std::time::Duration;

/// Bytes of a whole head.
const MAX_HEAD: u64 = 64 << 10;
/// Bytes of a line between chunks.
const MAX_LINE: u64 = 1 << 10;
/// The longest that a server's wish to be left alone is followed.
const MAX_WAIT: Duration = Duration::from_mins(2);

/// What the head says that matters here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    length: Option<u64>,
    is_chunked: bool,
    closes: bool,
    pub(super) location: Option<String>,
    pub(super) retry_after: Option<Duration>,
}

impl Head {
    /// Reads up to the empty line. Fails when that is not the head of an HTTP answer.
    pub(super) fn read(stream: &mut impl BufRead) -> io::Result<Self> {
        let mut left = MAX_HEAD;
        let first = line(stream, &mut left)?;
        let (version, rest) = first.split_once(' ').unwrap_or((&first, ""));
        if !version.starts_with("HTTP/1.") {
            return Err(invalid("the answer is not HTTP"));
        }
        let status = rest.split(' ').next().unwrap_or_default();
        let status = status.parse().map_err(|_| invalid("the answer has no status"))?;
        let mut head = Self { status, closes: version == "HTTP/1.0", ..Self::default() };
        loop {
            let field = line(stream, &mut left)?;
            if field.is_empty() {
                return Ok(head);
            }
            if let Some((name, value)) = field.split_once(':') {
                head.add(&name.to_ascii_lowercase(), value.trim())?;
            }
        }
    }

    fn add(&mut self, name: &str, value: &str) -> io::Result<()> {
        match name {
            "content-length" => {
                self.length = Some(value.parse().map_err(|_| invalid("the answer has no clear length"))?);
            }
            "transfer-encoding" if value.eq_ignore_ascii_case("chunked") => self.is_chunked = true,
            "transfer-encoding" => return Err(invalid("the answer is sent in an unknown way")),
            "connection" => self.closes |= value.eq_ignore_ascii_case("close"),
            "location" => self.location = Some(value.to_owned()),
            "retry-after" => {
                self.retry_after =
                    value.parse().ok().map(|seconds| Duration::from_secs(seconds).min(MAX_WAIT));
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the connection can be used again once the body is read.
    pub(super) fn keeps_open(&self) -> bool {
        !self.closes && (self.is_chunked || self.length.is_some() || self.has_no_body())
    }

    fn has_no_body(&self) -> bool {
        matches!(self.status, 204 | 304)
    }

    /// Reads the body. Fails when it is longer than `max_bytes` or ends early.
    pub(super) fn body(&self, stream: &mut impl BufRead, max_bytes: u64) -> io::Result<Vec<u8>> {
        if self.has_no_body() {
            return Ok(Vec::new());
        }
        let mut body = Vec::new();
        if self.is_chunked {
            chunks(stream, max_bytes, &mut body)?;
        } else if let Some(length) = self.length {
            if length > max_bytes {
                return Err(too_long(max_bytes));
            }
            exactly(stream, length, &mut body)?;
        } else {
            stream.by_ref().take(max_bytes + 1).read_to_end(&mut body)?;
            if body.len() as u64 > max_bytes {
                return Err(too_long(max_bytes));
            }
        }
        Ok(body)
    }
}

fn chunks(stream: &mut impl BufRead, max_bytes: u64, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut left = MAX_LINE;
        let size = line(stream, &mut left)?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size =
            u64::from_str_radix(size, 16).map_err(|_| invalid("a part of the answer has no clear length"))?;
        if size == 0 {
            // Fields may follow; they say nothing that is needed.
            let mut left = MAX_HEAD;
            while !line(stream, &mut left)?.is_empty() {}
            return Ok(());
        }
        if size > max_bytes - body.len() as u64 {
            return Err(too_long(max_bytes));
        }
        exactly(stream, size, body)?;
        let mut left = MAX_LINE;
        if !line(stream, &mut left)?.is_empty() {
            return Err(invalid("a part of the answer is longer than it says"));
        }
    }
}

/// Adds so many bytes. Memory grows with what arrives, not with what is promised.
fn exactly(stream: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    let read = stream.by_ref().take(length).read_to_end(body)?;
    if (read as u64) < length {
        return Err(ended("file"));
    }
    Ok(())
}

/// A line without its end, of `left` bytes at most; takes its length off `left`.
fn line(stream: &mut impl BufRead, left: &mut u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    let read = stream.by_ref().take(*left).read_until(b'\n', &mut bytes)? as u64;
    *left -= read;
    if bytes.pop() != Some(b'\n') {
        return Err(if *left > 0 { ended("answer") } else { invalid("the head of the answer is too long") });
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    String::from_utf8(bytes).map_err(|_| invalid("the head of the answer is not text"))
}

fn ended(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, format!("it ended in the middle of the {what}"))
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

fn too_long(max_bytes: u64) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the answer is longer than {max_bytes} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &str, max_bytes: u64) -> io::Result<(Head, Vec<u8>)> {
        let mut stream = answer.as_bytes();
        let head = Head::read(&mut stream)?;
        let body = head.body(&mut stream, max_bytes)?;
        Ok((head, body))
    }

    #[test]
    fn bodies_of_known_length_in_chunks_and_to_the_end() {
        let (head, body) = read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd", 9).unwrap();
        assert_eq!((head.status, body.as_slice(), head.keeps_open()), (200, &b"abc"[..], true));
        let chunked =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n1\r\nc\r\n0\r\nX: y\r\n\r\n";
        let (head, body) = read(chunked, 3).unwrap();
        assert_eq!((body.as_slice(), head.keeps_open()), (&b"abc"[..], true));
        let (head, body) = read("HTTP/1.1 200 OK\n\nabc", 3).unwrap();
        assert_eq!((body.as_slice(), head.keeps_open()), (&b"abc"[..], false));
    }

    #[test]
    fn what_matters_beside_the_body() {
        let head =
            "HTTP/1.1 429 Slow down\r\nretry-after: 7\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n";
        let (head, _) = read(head, 0).unwrap();
        assert_eq!((head.status, head.retry_after), (429, Some(Duration::from_secs(7))));
        assert!(!head.keeps_open());
        let (head, _) = read("HTTP/1.1 302 Found\r\nLocation: /b\r\nRetry-After: 999999\r\n\r\n", 0).unwrap();
        assert_eq!((head.location.as_deref(), head.retry_after), (Some("/b"), Some(MAX_WAIT)));
    }

    #[test]
    fn whatever_is_too_long_torn_or_no_http_is_an_error() {
        for (answer, part) in [
            ("", "middle of the answer"),
            ("HELLO\r\n\r\n", "not HTTP"),
            ("HTTP/1.1 x\r\n\r\n", "no status"),
            ("HTTP/1.1 200 OK\r\nContent-Le", "middle of the answer"),
            ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "no clear length"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n", "longer than 3 bytes"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "middle of the file"),
            ("HTTP/1.1 200 OK\r\n\r\nabcd", "longer than 3 bytes"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "unknown way"),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
                "longer than 3 bytes",
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", "longer than it says"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "middle of the answer"),
        ] {
            let error = read(answer, 3).unwrap_err().to_string();
            assert!(error.contains(part), "{answer:?}: {error}");
        }
        let endless = format!("HTTP/1.1 200 OK\r\n{}", "X: y\r\n".repeat(20_000));
        assert!(read(&endless, 3).unwrap_err().to_string().contains("too long"));
    }
}
