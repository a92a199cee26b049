//! What is read, and what is said of what cannot be.

use super::*;

fn read_text(text: &str) -> Result<Dataset> {
    let folder = tempfile::tempdir()?;
    image::RgbImage::new(200, 100).save(folder.path().join("a.png"))?;
    let path = folder.path().join("labels.csv");
    std::fs::write(&path, text)?;
    let mut data = read(&path)?;
    for sample in &mut data.samples {
        sample.path = sample.path.strip_prefix(folder.path())?.to_owned();
    }
    Ok(data)
}

fn error(text: &str) -> String {
    format!("{:#}", read_text(text).expect_err("this must be refused"))
}

#[test]
fn fractions_pixels_and_missing_boxes() {
    let data = read_text("category,image_path,x1,y1,x2,y2,price\nhat,a.png,0.25,0,1,0.5,7\nhat,b.png,,,,,\n")
        .unwrap();
    let [first, second] = data.samples.as_slice() else { panic!("two rows") };
    assert_eq!(first.bbox, Some(CropBox { x1: 0.25, y1: 0.0, x2: 1.0, y2: 0.5 }));
    assert_eq!((first.path.as_path(), first.category.as_str()), (Path::new("a.png"), "hat"));
    assert_eq!(first.extra.get("price").map(String::as_str), Some("7"));
    assert_eq!((first.line, second.line), (2, 3));
    assert_eq!(second.bbox, None);
    assert!(second.extra.is_empty());

    let data = read_text("image_path,category,x1,y1,x2,y2\na.png,hat,50,0,200,50\n").unwrap();
    assert_eq!(data.samples[0].bbox, Some(CropBox { x1: 0.25, y1: 0.0, x2: 1.0, y2: 0.5 }));
}

#[test]
fn items_need_no_category() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("items.csv");
    std::fs::write(&path, "image_path,price\na.png,7\n").unwrap();
    assert!(read(&path).is_err());
    let data = read_items(&path).unwrap();
    assert_eq!((data.samples[0].category.as_str(), data.samples[0].extra["price"].as_str()), ("", "7"));
}

#[test]
fn a_byte_order_mark_and_spaces_do_not_matter() {
    let data = read_text("\u{feff}image_path, category\n a.png , long sleeve \n").unwrap();
    assert_eq!(data.samples[0].category, "long sleeve");
}

#[test]
fn errors_name_file_line_and_fault() {
    let endless = format!("image_path,category\na.png,\"{}", "hat,\n".repeat(20_000));
    for (text, line, fault) in [
        ("path,category\na.png,hat\n", "line 1", "no column \"image_path\"; it names: path, category"),
        ("image_path,category,x1\na.png,hat,0\n", "line 1", "only some of the box columns"),
        ("image_path,category\na.png,hat\nb.png,\n", "line 3", "empty category"),
        ("image_path,category\n,hat\n", "line 2", "empty image_path"),
        ("image_path,category,x1,y1,x2,y2\na.png,hat,0,,1,1\n", "line 2", "has no y1"),
        (
            "image_path,category,x1,y1,x2,y2\na.png,hat,0,left,1,1\n",
            "line 2",
            "\"left\", which is not a number",
        ),
        ("image_path,category,x1,y1,x2,y2\na.png,hat,0,NaN,1,1\n", "line 2", "not a number"),
        ("image_path,category,x1,y1,x2,y2\na.png,hat,9,9,900,90\n", "line 2", "in a picture of 200 x 100"),
        ("image_path,category,x1,y1,x2,y2\na.png,hat,9,9,1e9,90\n", "line 2", "out of range"),
        ("image_path,category\na.png\n", "line", "labels.csv"),
        ("image_path,category\nimg/../../a.png,hat\n", "line 2", "outside the folder of the CSV"),
        ("image_path,category\na.png,\"hat\nb.png,hat\n", "line 2", "quotation mark is not closed"),
        (&endless, "line 2", "longer than 65536 bytes"),
        (
            "image_path,category,x1_modified\na.png,hat,0\n",
            "line 1",
            "only some of the box columns x1_modified",
        ),
        (
            "image_path,category,x1_modified,y1_modified,x2_modified,y2_modified\na.png,hat,0,0,1.5,1\n",
            "line 2",
            "x2_modified is 1.5; it must be a fraction",
        ),
    ] {
        let message = error(text);
        assert!(message.contains("labels.csv"), "{message}");
        assert!(message.contains(line), "{message}");
        assert!(message.contains(fault), "{message}");
    }
    assert!(error("image_path,category,x1,y1,x2,y2\na.png,hat,0.5,0,0.2,1\n").contains("line 2"));
}

#[test]
fn the_article_s_fractions_win_over_its_pixels() {
    let data = read_text(
        "image_path,category,x1,y1,x2,y2,x1_modified,y1_modified,x2_modified,y2_modified\n\
         a.png,10,50,0,201,50,0.25,0,1.005,0.5\n",
    )
    .unwrap();
    assert_eq!(data.samples[0].bbox, Some(CropBox { x1: 0.25, y1: 0.0, x2: 1.0, y2: 0.5 }));
    assert_eq!(data.samples[0].category, "10");
    assert!(data.samples[0].extra.is_empty());
}

#[test]
fn a_picture_without_a_size_is_left_to_whoever_decodes_it() {
    let data = read_text("image_path,category,x1,y1,x2,y2\ngone.png,hat,10,10,20,20\n").unwrap();
    assert_eq!((data.samples.len(), data.samples[0].bbox), (1, None));
}
