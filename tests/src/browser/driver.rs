//! The driver of a browser: a program that listens on a port of this machine.

use std::{
    io::{BufRead, BufReader},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use super::kind::{Kind, xvfb};

/// Longest that a driver may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a driver is started that ends at once.
const ATTEMPTS: u32 = 3;

/// A running driver, with the screen that its browser paints on where it needs one; both end when dropped.
#[derive(Debug)]
pub(super) struct Driver {
    port: u16,
    /// The driver first: it ends before its screen goes.
    _processes: Vec<Process>,
}

impl Driver {
    /// Starts the driver of `kind` with `scratch` as its folder for temporary files.
    pub(super) fn start(kind: Kind, scratch: &Path) -> Result<Self> {
        let program = kind.driver()?;
        let mut command = Command::new(&program);
        command.env("TMPDIR", scratch).stdin(Stdio::null()).stderr(Stdio::null());
        match kind {
            Kind::Chromium => {
                let (process, port) = listening(command.arg("--port=0"), "started successfully on port ")?;
                Ok(Self { port, _processes: vec![process] })
            }
            Kind::Firefox => {
                command.env("HOME", scratch);
                command.args(["--host", "127.0.0.1", "--port", "0", "--websocket-port", "0"]);
                let (process, port) = listening(&mut command, "Listening on 127.0.0.1:")?;
                Ok(Self { port, _processes: vec![process] })
            }
            Kind::WebKit => {
                let (screen, number) = screen()?;
                let port = free_port()?;
                command.env("HOME", scratch);
                command.arg(format!("--port={port}")).env("DISPLAY", format!(":{number}"));
                // It speaks to a session's services where there is a session; here there is none.
                command.env("DBUS_SESSION_BUS_ADDRESS", "disabled:").env("NO_AT_BRIDGE", "1");
                // Painted by the processor: there is no graphics card whose memory could be shared.
                command.env("WEBKIT_DISABLE_DMABUF_RENDERER", "1").env("LIBGL_ALWAYS_SOFTWARE", "1");
                let process = Process::start(command.stdout(Stdio::null()))?;
                wait_for(port)?;
                Ok(Self { port, _processes: vec![process, screen] })
            }
        }
    }

    /// Where it listens.
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

#[derive(Debug)]
struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        command.spawn().map(Self).with_context(|| format!("{program} could not be started"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not be.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts a program that says on which port it listens: the number after `words`.
///
/// A port may be taken between its choice and its use: then a driver ends, and the next one chooses another.
fn listening(command: &mut Command, words: &str) -> Result<(Process, u16)> {
    for _ in 0..ATTEMPTS {
        let mut process = Process::start(command.stdout(Stdio::piped()))?;
        let output = process.0.stdout.take().context("the driver has no output")?;
        let mut lines = BufReader::new(output).lines();
        while let Some(Ok(line)) = lines.next() {
            let Some((_, rest)) = line.split_once(words) else { continue };
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let port = digits.parse().context("the driver named no port")?;
            // Its output is drained so that it never waits for a reader.
            thread::spawn(move || lines.for_each(drop));
            return Ok((process, port));
        }
    }
    bail!("the driver ended before it listened, {ATTEMPTS} times")
}

/// A screen in memory, with its number.
fn screen() -> Result<(Process, u32)> {
    let mut command = Command::new(xvfb()?);
    command.args(["-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp"]);
    let mut process =
        Process::start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()))?;
    let output = process.0.stdout.take().context("Xvfb has no output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    ensure!(!line.is_empty(), "Xvfb ended before it had a screen");
    Ok((process, line.trim().parse().context("Xvfb named no screen")?))
}

/// For a driver that cannot choose one itself: nobody listens there now.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn wait_for(port: u16) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        ensure!(Instant::now() < deadline, "the driver does not listen");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
