//! A disk that is full, and a limit on the size of files: what was there stays, a person is told, and with room again the same
//! command does the work.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{assert_same, contents, data, export, finish, index, refused, train, weights};

/// The command, unable to write a file of more than so many KiB. Writing then fails as on a full disk, where the system's
/// signal about it is ignored.
fn limited(command: &Command, kib: usize) -> Command {
    let mut limited = Command::new("bash");
    limited
        .args(["-c", &format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\"")])
        .arg(command.get_program())
        .args(command.get_args())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    limited
}

#[track_caller]
fn assert_explained(text: &str) {
    assert!(text.contains("cannot be written") && text.contains("larger than this system"), "{text}");
}

#[test]
fn a_checkpoint_that_does_not_fit_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let (whole, run) = (folder.path().join("whole"), folder.path().join("run"));
    finish(train(&data, &whole, false));
    let size = fs::metadata(whole.join("last.checkpoint")).unwrap().len() as usize;

    // Not even the first checkpoint, and then, from the middle of a run, not the next one.
    let text = refused(limited(&train(&data, &run, false), size / 2048));
    assert_explained(&text);
    assert!(!run.join("last.checkpoint").exists());
    let mut child = train(&data, &run, false).spawn().unwrap();
    while !run.join("last.checkpoint").exists() {
        assert!(child.try_wait().unwrap().is_none(), "training ended without a checkpoint");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let old = fs::read(run.join("last.checkpoint")).unwrap();
    let text = refused(limited(&train(&data, &run, true), size / 2048));
    assert_explained(&text);
    assert!(text.contains("what was there before is untouched"), "{text}");
    assert!(fs::read(run.join("last.checkpoint")).unwrap() == old);
    finish(train(&data, &run, true));
    assert_eq!(weights(&run), weights(&whole));
}

#[test]
fn an_export_and_a_catalogue_that_do_not_fit_leave_the_old_ones() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let path = |name: &str| folder.path().join(name);
    let (run, model, catalogue) = (path("run"), path("model"), path("catalogue"));
    finish(train(&data, &run, false));
    finish(export(&run, &model, &[]));
    let old = contents(&model);
    let emphasis = ["--emphasis", "2"];
    assert_explained(&refused(limited(&export(&run, &model, &emphasis), 1)));
    assert!(contents(&model) == old, "the old model is not what it was");

    finish(index(&data, 0..8, &model, &catalogue));
    let old = contents(&catalogue);
    assert_explained(&refused(limited(&index(&data, 4..20, &model, &catalogue), 4)));
    let now = contents(&catalogue);
    assert!(
        old.iter().all(|(name, bytes)| now.get(name) == Some(bytes)),
        "the old catalogue is not what it was"
    );
    finish(index(&data, 4..20, &model, &catalogue));
    finish(index(&data, 4..20, &model, &path("fresh")));
    assert_same(&catalogue, &path("fresh"));

    finish(export(&run, &model, &emphasis));
    finish(export(&run, &path("other"), &emphasis));
    assert_same(&model, &path("other"));
}

/// A disk of its own, where this user may have one.
struct Disk(PathBuf);

impl Disk {
    fn of(kib: usize, folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={kib}k"), "tmpfs"]).arg(folder);
        let is_there = mount.output().is_ok_and(|output| output.status.success());
        if !is_there {
            println!("skipped: this user may not make a small disk");
        }
        is_there.then(|| Self(folder.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_named_and_the_old_artefacts_stay() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let (run, model) = (folder.path().join("run"), folder.path().join("model"));
    finish(train(&data, &run, false));
    finish(export(&run, &model, &[]));
    let Some(disk) = Disk::of(256, &folder.path().join("disk")) else { return };
    let catalogue = disk.0.join("catalogue");
    let exported = disk.0.join("model");
    finish(index(&data, 0..6, &model, &catalogue));
    finish(export(&run, &exported, &[]));
    let (old_catalogue, old_model) = (contents(&catalogue), contents(&exported));

    // Another program fills what is left, but for a page.
    let filler = disk.0.join("filler");
    let room = String::from_utf8(
        Command::new("df").args(["--output=avail", "-k"]).arg(&disk.0).output().unwrap().stdout,
    )
    .unwrap();
    let kib: usize = room.lines().nth(1).unwrap().trim().parse().unwrap();
    fs::write(&filler, vec![1; kib.saturating_sub(4) * 1024]).unwrap();
    for command in [index(&data, 0..20, &model, &catalogue), export(&run, &exported, &["--emphasis", "2"])] {
        let text = refused(command);
        assert!(text.contains("The disk is full: free some space and run the same command again"), "{text}");
    }
    let text = refused(train(&data, &disk.0.join("run"), false));
    assert!(text.contains("The disk is full"), "{text}");
    let now = contents(&catalogue);
    assert!(
        old_catalogue.iter().all(|(name, bytes)| now.get(name) == Some(bytes)),
        "the catalogue has changed"
    );
    assert!(contents(&exported) == old_model, "the model has changed");

    fs::remove_file(filler).unwrap();
    finish(index(&data, 0..20, &model, &catalogue));
    finish(index(&data, 0..20, &model, &folder.path().join("fresh")));
    assert_same(&catalogue, &folder.path().join("fresh"));
}
