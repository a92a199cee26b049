//! Lines for people and programs, under the names of the standard macros: those panic where nobody reads on (`| head`, a `tee` that
//! has died), which would end a run of hours for the sake of a line.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};

/// Writes a line. What nobody reads may be lost; anything else that keeps it from being written (a full disk) ends the program, as an
/// answer that was asked for is not whole.
pub(crate) fn line(stream: &mut impl Write, text: Arguments) {
    if let Err(error) = stream.write_all(format!("{text}\n").as_bytes())
        && error.kind() != ErrorKind::BrokenPipe
    {
        panic!("A line cannot be written: {error}");
    }
}

// The test harness catches what the standard ones print.
#[cfg(not(test))]
macro_rules! println {
    ($($text:tt)*) => { $crate::say::line(&mut std::io::stdout(), format_args!($($text)*)) };
}

#[cfg(not(test))]
macro_rules! eprintln {
    ($($text:tt)*) => { $crate::say::line(&mut std::io::stderr(), format_args!($($text)*)) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    /// A stream that fails.
    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_has_to_read_on() {
        let mut written = Vec::new();
        line(&mut written, format_args!("{} of {}", 1, 2));
        assert_eq!(written, b"1 of 2\n");
        line(&mut Failing(ErrorKind::BrokenPipe), format_args!("lost"));
    }

    #[test]
    #[should_panic(expected = "A line cannot be written")]
    fn a_full_disk_is_no_reader_that_left() {
        line(&mut Failing(ErrorKind::StorageFull), format_args!("lost"));
    }
}
