//! Text from outside, read with a limit: a file without line ends must not fill the memory.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Bytes that a line, or a record of a CSV file, may have.
pub(super) const MAX_LINE: usize = 64 << 10;

/// Bytes read since the last record was complete; shared by the reader and whoever takes records out of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter(Rc<Cell<usize>>);

impl Meter {
    /// A record is complete.
    pub(super) fn reset(&self) {
        self.0.set(0);
    }
}

/// A reader that fails once more than [`MAX_LINE`] bytes went by without a record being completed.
#[derive(Debug)]
pub(super) struct Limited<R> {
    inner: R,
    meter: Meter,
}

impl<R: Read> Limited<R> {
    pub(super) fn new(inner: R) -> (Self, Meter) {
        let meter = Meter::default();
        (Self { inner, meter: meter.clone() }, meter)
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.meter.0.get() > MAX_LINE {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("a row is longer than {MAX_LINE} bytes; perhaps a quotation mark is not closed"),
            ));
        }
        let read = self.inner.read(buffer)?;
        self.meter.0.set(self.meter.0.get() + read);
        Ok(read)
    }
}
