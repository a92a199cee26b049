//! Fetches files over HTTP and HTTPS: as much of HTTP/1.1 as a download needs, and no more.
//!
//! It is written here because every client on crates.io with TLS either turns on features of crates that Burn is built
//! of, so that all of Burn would be compiled anew, or brings a large library in C. TLS itself is `rustls`, with the
//! certificates that the system trusts. A server's answer is bounded everywhere: the head, every line, and the body.

mod address;
mod answer;

use std::io::{BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use address::Address;
use answer::Head;

/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(15);
/// How long a server may be silent.
const SILENCE: Duration = Duration::from_secs(30);
/// How often an answer may point elsewhere.
const MAX_HOPS: usize = 5;

/// Why there is no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A sentence for a person, without a full stop.
    pub reason: String,
    /// Whether it may work later.
    pub may_pass: bool,
    /// How long the server asks to be left alone.
    pub wait: Option<Duration>,
}

impl Failure {
    fn passing(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), may_pass: true, wait: None }
    }

    fn lasting(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), may_pass: false, wait: None }
    }
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// An open connection and where it leads to.
struct Connection {
    origin: String,
    stream: BufReader<Box<dyn Stream>>,
}

/// Fetches one file after the other, over one connection as long as the server keeps it open.
pub struct Client {
    tls: Arc<ClientConfig>,
    connection: Option<Connection>,
}

impl Client {
    /// A client that makes connections as `tls` says.
    #[must_use]
    pub fn new(tls: Arc<ClientConfig>) -> Self {
        Self { tls, connection: None }
    }

    /// The whole file at `url`, of `max_bytes` at most.
    ///
    /// Fails when there is none, the server cannot be reached, or what it sends is longer, torn, or not HTTP.
    pub fn get(&mut self, url: &str, max_bytes: u64) -> Result<Vec<u8>, Failure> {
        let mut address = Address::parse(url)?;
        for _ in 0..=MAX_HOPS {
            let (head, body) = self.ask(&address, max_bytes)?;
            match head.status {
                200 => return Ok(body),
                301 | 302 | 303 | 307 | 308 => address = address.follow(head.location.as_deref())?,
                status => return Err(refusal(status, &head, &address)),
            }
        }
        Err(Failure::lasting(format!("{url} points to one place after the other")))
    }

    fn ask(&mut self, address: &Address, max_bytes: u64) -> Result<(Head, Vec<u8>), Failure> {
        let host = &address.host;
        let torn = |error: std::io::Error| Failure {
            reason: format!("the connection to {host} broke: {error}"),
            // Another attempt changes nothing about a certificate, or an answer that is no file.
            may_pass: error.kind() != std::io::ErrorKind::InvalidData,
            wait: None,
        };
        let mut connection = match self.connection.take() {
            Some(open) if open.origin == address.origin() => open,
            _ => self.connect(address)?,
        };
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: twill-trainer/{}\r\nAccept: */*\r\n\r\n",
            address.path,
            address.authority(),
            env!("CARGO_PKG_VERSION")
        );
        let stream = connection.stream.get_mut();
        stream.write_all(request.as_bytes()).and_then(|()| stream.flush()).map_err(torn)?;
        let head = Head::read(&mut connection.stream).map_err(torn)?;
        // What an answer says beside a file matters to nobody, but has to be read to keep the connection.
        let body = head.body(&mut connection.stream, max_bytes).map_err(torn)?;
        if head.keeps_open() {
            self.connection = Some(connection);
        }
        Ok((head, body))
    }

    fn connect(&self, address: &Address) -> Result<Connection, Failure> {
        let Address { host, port, .. } = address;
        let unreachable =
            |error: std::io::Error| Failure::passing(format!("{host} cannot be reached: {error}"));
        let mut last = std::io::Error::other("it has no address");
        let mut found = None;
        for place in (host.as_str(), *port).to_socket_addrs().map_err(unreachable)? {
            match TcpStream::connect_timeout(&place, CONNECT) {
                Ok(stream) => {
                    found = Some(stream);
                    break;
                }
                Err(error) => last = error,
            }
        }
        let Some(tcp) = found else { return Err(unreachable(last)) };
        tcp.set_read_timeout(Some(SILENCE))
            .and_then(|()| tcp.set_write_timeout(Some(SILENCE)))
            .map_err(unreachable)?;
        let stream: Box<dyn Stream> = if address.is_secure {
            let name = ServerName::try_from(host.clone())
                .map_err(|_| Failure::lasting(format!("{host} is not the name of a server")))?;
            let session = ClientConnection::new(Arc::clone(&self.tls), name)
                .map_err(|error| Failure::lasting(format!("{host} cannot be spoken to safely: {error}")))?;
            Box::new(StreamOwned::new(session, tcp))
        } else {
            Box::new(tcp)
        };
        Ok(Connection { origin: address.origin(), stream: BufReader::new(stream) })
    }
}

/// How connections are secured: by the certificates that the system trusts. Fails where this machine offers no
/// protocol that is safe.
pub fn system_tls() -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    // One that cannot be read is not trusted; with none at all, every https address fails and says why.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn refusal(status: u16, head: &Head, address: &Address) -> Failure {
    let reason = format!("{}{} answers with status {status}", address.origin(), address.path);
    // Too many requests, a server that is busy or broken, or a time that ran out.
    let may_pass = matches!(status, 408 | 425 | 429 | 500..=599);
    Failure { reason, may_pass, wait: head.retry_after }
}
