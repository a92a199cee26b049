//! Addresses of files.

use super::Failure;

/// Scheme, host, port and path of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) is_secure: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// With its query, from the first slash on.
    pub(super) path: String,
}

impl Address {
    /// Fails for anything but `http://HOST[:PORT]/PATH` and the same with `https`.
    pub(super) fn parse(url: &str) -> Result<Self, Failure> {
        let wrong = || Failure::lasting(format!("{url:?} is not an address such as https://host/path"));
        // What has no place in a URL must not get into the head of a request.
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong());
        }
        let (is_secure, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(wrong()),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| wrong())?),
            None => (authority, if is_secure { 443 } else { 80 }),
        };
        let is_name = !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if !is_name {
            return Err(wrong());
        }
        Ok(Self { is_secure, host: host.to_owned(), port, path })
    }

    /// Host and port as a request names them.
    pub(super) fn authority(&self) -> String {
        let usual = if self.is_secure { 443 } else { 80 };
        if self.port == usual { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// All but the path.
    pub(super) fn origin(&self) -> String {
        format!("{}://{}", if self.is_secure { "https" } else { "http" }, self.authority())
    }

    /// Where an answer points to. Fails when that is nowhere, or would give up a safe connection.
    pub(super) fn follow(&self, location: Option<&str>) -> Result<Self, Failure> {
        let nowhere = || Failure::lasting(format!("{}{} points nowhere", self.origin(), self.path));
        let location = location.ok_or_else(nowhere)?;
        let next = if location.starts_with('/') && !location.starts_with("//") {
            Self::parse(&format!("{}{location}", self.origin()))?
        } else {
            Self::parse(location)?
        };
        if self.is_secure && !next.is_secure {
            return Err(Failure::lasting(format!("{} points to a place that is not secured", self.origin())));
        }
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(is_secure: bool, host: &str, port: u16, path: &str) -> Address {
        Address { is_secure, host: host.to_owned(), port, path: path.to_owned() }
    }

    #[test]
    fn addresses() {
        assert_eq!(
            Address::parse("https://a.example/b/c?d#e"),
            Ok(address(true, "a.example", 443, "/b/c?d"))
        );
        assert_eq!(Address::parse("http://127.0.0.1:81"), Ok(address(false, "127.0.0.1", 81, "/")));
        assert_eq!(Address::parse("http://a?b"), Ok(address(false, "a", 80, "/?b")));
        for bad in [
            "",
            "ftp://a/b",
            "https://",
            "http://a:99999/",
            "http://u:p@a/",
            "http://a/b c",
            "http://a/\r\nX: y",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn pointers_are_followed_but_not_out_of_safety() {
        let from = address(true, "a", 443, "/b");
        assert_eq!(from.follow(Some("/c")), Ok(address(true, "a", 443, "/c")));
        assert_eq!(from.follow(Some("https://d/e")), Ok(address(true, "d", 443, "/e")));
        for bad in [None, Some("http://a/b"), Some("c"), Some("//d/e")] {
            assert!(from.follow(bad).is_err(), "{bad:?}");
        }
    }
}
