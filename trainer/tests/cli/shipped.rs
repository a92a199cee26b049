//! What ships in `public/`: its files belong together, and `make catalogue` would write them again.

use std::fs;
use std::path::PathBuf;

use model::recommender::Recommender;

use super::Place;

/// Places in the catalogue, spread over its length, that are drawn again.
const AGAIN: [usize; 3] = [0, 1234, 2999];

fn public(folder: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../public")).join(folder)
}

/// Whether anything ships; says so where nothing does.
fn ships() -> bool {
    let all = ["model/model.json", "catalogue/catalogue.json"].map(|file| public(file).exists());
    if !all.contains(&false) {
        return true;
    }
    println!("skipped: there is no network or no catalogue in public/");
    false
}

#[test]
fn network_and_catalogue_belong_together() {
    if !ships() {
        return;
    }
    let embedder = trainer::trained::load(&public("model")).expect("the shipped network");
    let catalogue = trainer::catalogue::open(&public("catalogue")).expect("the shipped catalogue");
    let recommender = Recommender::new(embedder, catalogue).expect("one made with the other");
    let items = recommender.catalogue().items();
    assert!(items.len() >= 3000, "{} items", items.len());
    let mut bytes = 0;
    for item in items {
        let picture = public("catalogue").join(&item.image);
        bytes +=
            fs::metadata(&picture).unwrap_or_else(|error| panic!("{}: {error}", picture.display())).len();
    }
    assert!(bytes <= 10_000_000, "the pictures have {bytes} bytes");
}

/// What the shipped network does to 240 drawn pictures that it was not trained on: less than here is the work of something broken, not of
/// chance.
#[test]
fn the_network_knows_drawn_garments() {
    if !ships() {
        return;
    }
    let place = Place::new();
    place.succeed(&[
        "dataset",
        "synth",
        "--out",
        "drawn",
        "--count",
        "240",
        "--seed",
        "13",
        "--scenes",
        "2",
        "--categories",
        "all",
    ]);
    let weights = public("model").display().to_string();
    let labels = "drawn/labels.csv";
    let json = place.succeed(&[
        "evaluate",
        "--weights",
        &weights,
        "--gallery",
        labels,
        "--queries",
        labels,
        "--json",
    ]);
    let report: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    for (name, least) in
        [("item_recall_at_1", 0.97), ("top1", 0.98), ("category_top1", 0.95), ("box_iou", 0.85)]
    {
        let value = report[name].as_f64().expect("a figure");
        assert!(value >= least, "{name} is {value}");
    }
    for (name, value) in report["attributes"].as_object().expect("attributes") {
        assert!(value.as_f64() >= Some(0.88), "{name} is {value}");
    }
}

#[test]
fn items_are_drawn_and_embedded_again_as_they_ship() {
    if !ships() {
        return;
    }
    let place = Place::new();
    let shipped = trainer::catalogue::open(&public("catalogue")).expect("the shipped catalogue");
    let weights = public("model").display().to_string();
    for row in AGAIN {
        let (drawn, out) = (format!("drawn-{row}"), format!("catalogue-{row}"));
        // The flags of `make catalogue`.
        place.succeed(&[
            "dataset",
            "synth",
            "--out",
            &drawn,
            "--count",
            "1",
            "--start",
            &row.to_string(),
            "--seed",
            "7",
            "--categories",
            "all",
            "--setting",
            "studio",
        ]);
        let labels = format!("{drawn}/labels.csv");
        place.succeed(&[
            "index",
            "--images",
            &drawn,
            "--metadata",
            &labels,
            "--weights",
            &weights,
            "--out",
            &out,
        ]);
        let again = trainer::catalogue::open(&place.path(&out)).expect("the new catalogue");
        let (new, old) = (&again.items()[0], &shipped.items()[row]);
        assert_eq!(new, old);
        let [new_picture, old_picture] =
            [place.path(&out).join(&new.image), public("catalogue").join(&old.image)]
                .map(|path| fs::read(path).expect("a picture"));
        assert!(new_picture == old_picture, "the picture of item {row} is another one");
        // Another kind of processor adds up in another order. The lengths are divided out: stored in half precision, a
        // unit vector's is off by up to 1e-4.
        let (new, old) = again.features().vector(0).zip(shipped.features().vector(row)).expect("two vectors");
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let cosine = dot(&new, &old) / (dot(&new, &new) * dot(&old, &old)).sqrt();
        assert!(cosine > 0.999_99, "the vector of item {row} is another one: {cosine}");
    }
}
