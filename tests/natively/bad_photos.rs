//! Every bad photo through the native path that the page shares: decoded, and searched with where it opens.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::bad_photos::{self, Outcome, Photo};
use e2e::fuzz::{forget_peak, memory_bytes};
use e2e::photos::{drawn_shirt, jpeg};
use e2e::site::{Shipped, repository};
use model::Error;
use model::image::{DecodeLimits, decode};

/// What a person waits at most.
const LONGEST: Duration = Duration::from_secs(2);
/// What the whole process may take at most, bytes.
const LARGEST: u64 = 600_000_000;

#[test]
fn every_bad_photo_is_refused_or_opens_in_time_and_room() -> Result<()> {
    let shipped = Shipped::open_in(&repository().join("public"))?;
    let good = jpeg(&drawn_shirt([40, 90, 160]))?;
    let expected = shipped.recommend(&good, 5)?;
    let (mut failures, mut messages) = (Vec::new(), BTreeMap::<String, usize>::new());
    let (mut slowest, mut largest) = ((Duration::ZERO, String::new()), (0, String::new()));
    let photos = bad_photos::all()?;
    for photo in &photos {
        let mut took = Duration::MAX;
        // Others use this machine, too: what is quick once is quick.
        for _ in 0..3 {
            forget_peak();
            let began = Instant::now();
            match catch_unwind(AssertUnwindSafe(|| look(&shipped, photo))) {
                Ok(Ok(message)) => *messages.entry(message).or_default() += 1,
                Ok(Err(error)) => failures.push(format!("{}: {error:#}", photo.name)),
                Err(_) => failures.push(format!("{}: it panics", photo.name)),
            }
            took = took.min(began.elapsed());
            if took < LONGEST {
                break;
            }
        }
        if took >= LONGEST {
            failures.push(format!("{}: it takes {} ms", photo.name, took.as_millis()));
        }
        if took > slowest.0 {
            slowest = (took, photo.name.clone());
        }
        let peak = memory_bytes().unwrap_or(0);
        if peak > largest.0 {
            largest = (peak, photo.name.clone());
        }
        if peak > LARGEST {
            failures.push(format!("{}: it takes {} MB", photo.name, peak / 1_000_000));
        }
    }
    println!(
        "{} photos; the slowest, {}, took {} ms; at {} the process had {} MB",
        photos.len(),
        slowest.1,
        slowest.0.as_millis(),
        largest.1,
        largest.0 / 1_000_000
    );
    for (message, count) in &messages {
        println!("{count} times: {message}");
    }
    ensure!(failures.is_empty(), "{} of {} photos:\n{}", failures.len(), photos.len(), failures.join("\n"));
    // The next good photo finds what it found before.
    let again = shipped.recommend(&good, 5)?;
    ensure!(again.hits == expected.hits, "a good photo finds something else after the bad ones");
    Ok(())
}

/// Decodes a photo and searches with it. Says in what words it was refused, if it was; fails where that is not how it
/// should be.
fn look(shipped: &Shipped, photo: &Photo) -> Result<String> {
    let error = match decode(&photo.bytes, &DecodeLimits::default()) {
        Ok(picture) => {
            ensure!(photo.outcome != Outcome::Refused, "it opens as {:?}", picture.dimensions());
            let answer = shipped.recommend_picture(&picture, 5)?;
            let vector = &answer.embedding.vector;
            let length: f32 = vector.iter().map(|value| value * value).sum();
            ensure!((length - 1.0).abs() < 1e-3, "its vector has a length of {length}");
            ensure!(answer.hits.len() == 5, "it finds {} items", answer.hits.len());
            return Ok("It opens.".to_owned());
        }
        Err(error) => error,
    };
    ensure!(photo.outcome != Outcome::Opens, "it does not open: {error}");
    let is_of_a_photo = matches!(
        error,
        Error::EmptyPhoto
            | Error::PhotoTooLarge { .. }
            | Error::TooManyPixels { .. }
            | Error::NotAPicture
            | Error::TruncatedPhoto { .. }
            | Error::DamagedPhoto { .. }
            | Error::NoPixels
    );
    ensure!(is_of_a_photo, "the error is none of a photo: {error}");
    Ok(match error {
        // Every size has words of its own.
        Error::TooManyPixels { .. } => {
            "This picture claims more pixels than can be opened safely.".to_owned()
        }
        other => other.to_string(),
    })
}
