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
fn an_item_s_columns_are_kept_whatever_they_are_called() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("items.csv");
    image::RgbImage::new(20, 20).save(folder.path().join("a.png")).unwrap();
    for (text, kept) in [
        ("image_path,x1,y1,x2,y2\na.png,0,0,23,20\n", "x1=0 x2=23 y1=0 y2=20"),
        ("image_path,x1\na.png,extra large\n", "x1=extra large"),
        ("image_path,x1,y1,x2,y2\na.png,0,,1,1\n", "x1=0 x2=1 y2=1"),
        ("image_path,x2_modified,price\na.png,1.5,7\n", "price=7 x2_modified=1.5"),
    ] {
        std::fs::write(&path, text).unwrap();
        let data = read_items(&path).unwrap();
        let [item] = data.samples.as_slice() else { panic!("one item") };
        let fields: Vec<String> = item.extra.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!((fields.join(" ").as_str(), item.bbox), (kept, None));
    }
}

#[test]
fn a_box_that_does_not_fit_its_picture_is_left_out_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    image::RgbImage::new(200, 100).save(folder.path().join("a.png")).unwrap();
    let rows = [
        "a.png,hat,50,0,203,50",
        "a.png,hat,50,0,200,50",
        "a.png,hat,90,9,80,50",
        "gone.png,hat,50,0,203,50",
    ];
    std::fs::write(&path, format!("image_path,category,x1,y1,x2,y2\n{}\n", rows.join("\n"))).unwrap();
    let (data, notes) = read_with_notes(&path).unwrap();
    let boxes: Vec<bool> = data.samples.iter().map(|sample| sample.bbox.is_some()).collect();
    assert_eq!(boxes, [false, true, false, false]);
    let [note] = notes.as_slice() else { panic!("one note: {notes:?}") };
    assert!(note.starts_with("2 boxes do not fit their pictures"), "{note}");
    assert!(note.contains("labels.csv, line 2: The box from (50, 0) to (203, 50)"), "{note}");
    assert!(note.contains("in a picture of 200 x 100"), "{note}");
    assert_eq!(read(&path).unwrap(), data);
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
