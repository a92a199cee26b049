use std::collections::BTreeMap;

use super::*;

/// Any message by its fields' numbers, decoded without a line of the code above.
fn fields(mut data: &[u8]) -> BTreeMap<u64, Vec<Vec<u8>>> {
    fn number(data: &mut &[u8]) -> u64 {
        let end = data.iter().position(|byte| *byte < 128).unwrap();
        let (digits, rest) = data.split_at(end + 1);
        *data = rest;
        digits.iter().rev().fold(0, |sum, byte| sum * 128 + u64::from(byte % 128))
    }
    let mut found = BTreeMap::<u64, Vec<Vec<u8>>>::new();
    while !data.is_empty() {
        let key = number(&mut data);
        let length = match key % 8 {
            0 => {
                let value = number(&mut data);
                found.entry(key / 8).or_default().push(value.to_le_bytes().to_vec());
                continue;
            }
            1 => 8,
            2 => number(&mut data) as usize,
            5 => 4,
            other => panic!("no such encoding: {other}"),
        };
        found.entry(key / 8).or_default().push(data[..length].to_vec());
        data = &data[length..];
    }
    found
}

/// Steps and what they say: tags with values, or a word for the rest.
fn read(path: &Path) -> Vec<(u64, String)> {
    let bytes = fs::read(path).unwrap();
    let mut at = 0;
    let mut found = Vec::new();
    while at < bytes.len() {
        let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
        let event = fields(&bytes[at + 12..at + 12 + length]);
        at += 16 + length;
        let time = f64::from_le_bytes(event[&1][0][..].try_into().unwrap());
        assert!((1.7e9..1e11).contains(&time), "{time} are no seconds since 1970");
        let step = u64::from_le_bytes(event[&2][0][..].try_into().unwrap());
        let what = if let Some(version) = event.get(&3) {
            String::from_utf8(version[0].clone()).unwrap()
        } else if let Some(session) = event.get(&7) {
            format!("session {:?}", fields(&session[0])[&1][0][0])
        } else {
            let summary = fields(&event[&5][0]);
            let values = summary[&1].iter().map(|value| {
                let value = fields(value);
                let tag = String::from_utf8(value[&1][0].clone()).unwrap();
                format!("{tag}={}", f32::from_le_bytes(value[&2][0][..].try_into().unwrap()))
            });
            values.collect::<Vec<_>>().join(" ")
        };
        found.push((step, what));
    }
    found
}

fn all(folder: &Path) -> Vec<Vec<(u64, String)>> {
    let mut paths = earlier(folder).unwrap();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn said(events: &[(u64, &str)]) -> Vec<(u64, String)> {
    events.iter().map(|&(step, what)| (step, what.to_owned())).collect()
}

#[test]
fn checksums_are_those_of_the_format() {
    // The check value of CRC-32C, and RFC 3720's example of 32 zeros.
    assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
    // The length of every `brain.Event:2` record of 24 bytes opens with these twelve bytes.
    let header = [0x18, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22];
    assert_eq!(record(&[0; 24])[..12], header);
}

#[test]
fn figures_are_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = Events::open(folder.path(), 0).unwrap();
    events.scalars(50, [("loss", 1.5), ("rate", 0.25)]).unwrap();
    events.scalars(100_000, [("loss", 0.5)]).unwrap();
    events.scalars(100_000, []).unwrap();
    let expected = said(&[(0, "brain.Event:2"), (50, "loss=1.5 rate=0.25"), (100_000, "loss=0.5")]);
    assert_eq!(all(folder.path()), [expected]);
}

#[test]
fn a_resumed_run_has_no_step_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = Events::open(folder.path(), 0).unwrap();
    for step in [50, 100, 150] {
        events.scalars(step, [("loss", 1.0)]).unwrap();
    }
    // Killed in the middle of a record.
    events.file.write_all(&record(b"whatever")[..9]).unwrap();
    let mut events = Events::open(folder.path(), 100).unwrap();
    events.scalars(150, [("loss", 2.0)]).unwrap();
    let first = said(&[(0, "brain.Event:2"), (50, "loss=1"), (100, "loss=1")]);
    let second = |value| said(&[(0, "brain.Event:2"), (101, "session 1"), (150, value)]);
    assert_eq!(all(folder.path()), [first.clone(), second("loss=2")]);

    // Killed before its next checkpoint: nothing of the second start is left.
    let mut events = Events::open(folder.path(), 100).unwrap();
    events.scalars(150, [("loss", 3.0)]).unwrap();
    assert_eq!(all(folder.path()), [first, second("loss=3")]);

    // A run that begins anew leaves nothing, but does not touch what others wrote.
    fs::write(folder.path().join("events.out.tfevents.1.elsewhere"), b"not ours").unwrap();
    Events::open(folder.path(), 0).unwrap();
    assert_eq!(all(folder.path()), [said(&[(0, "brain.Event:2")])]);
    assert!(folder.path().join("events.out.tfevents.1.elsewhere").exists());
}

#[test]
fn damaged_files_are_cut_and_never_believed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.out.tfevents.0000000001.00.twill");
    let good = record(&event(7, &[]));
    let mut torn = good.clone();
    torn[14] ^= 1;
    let endless = [&u64::MAX.to_le_bytes()[..], &checksum(&u64::MAX.to_le_bytes())].concat();
    for rest in [&b"x"[..], &torn, &endless, &record(b""), &record(&[0xff; 40])] {
        fs::write(&path, [&good, rest].concat()).unwrap();
        cut(&path, 7).unwrap();
        assert_eq!(fs::read(&path).unwrap(), good);
    }
}
