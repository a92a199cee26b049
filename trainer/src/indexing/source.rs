//! Where the pictures of a catalogue come from: a folder, or a list that knows more about them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::value::RawValue;
use serde_json::{Number, Value};

use crate::dataset::csv;
use crate::{dataset, files, pictures};

/// What every item has of its own, whatever the list calls so.
const RESERVED: [&str; 3] = ["image", "width", "height"];
/// Fields that are shown as they are written, or tell an item from others.
const SHOWN: [&str; 4] = ["id", "title", "price", "link"];

/// A picture to be indexed, and what is known of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Source {
    /// Where the picture lies.
    pub path: PathBuf,
    /// Its category; empty where unknown.
    pub category: String,
    /// What the list calls it.
    pub id: Option<String>,
    /// Dominant colour, `#rrggbb`.
    pub colour: Option<String>,
    /// What the shop calls it.
    pub title: Option<String>,
    /// As the shop writes it, with its currency.
    pub price: Option<String>,
    /// Page of the item.
    pub link: Option<String>,
    /// Whatever else is known, by name.
    pub extra: BTreeMap<String, Value>,
}

impl Source {
    /// A picture with what a list says of it. Fails, naming the field, when one is not text that has to be, or has a
    /// name that the catalogue needs itself.
    fn new(path: PathBuf, category: String, mut fields: BTreeMap<String, Value>) -> Result<Self> {
        if let Some(name) = RESERVED.iter().find(|name| fields.contains_key(**name)) {
            bail!("The name {name:?} is taken by the catalogue itself; give this field another one");
        }
        let mut text = |name: &str| take_text(&mut fields, name);
        let [id, colour, title] = [text("id")?, text("colour")?, text("title")?];
        let [price, link] = [text("price")?, text("link")?];
        let hex = colour.as_deref().and_then(hex_colour);
        if let Some(word) = colour.filter(|_| hex.is_none()) {
            // A name of a colour: the pixels say which it is.
            fields.entry("colour_name".to_owned()).or_insert(Value::String(word));
        }
        let colour = hex;
        Ok(Self { path, category, id, colour, title, price, link, extra: fields })
    }
}

/// `#rgb` and `#rrggbb` in lower case as `#rrggbb`; nothing for any other text.
fn hex_colour(text: &str) -> Option<String> {
    let digits =
        text.trim().strip_prefix('#').filter(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()))?;
    let digits = match digits.len() {
        3 => digits.chars().flat_map(|c| [c, c]).collect(),
        6 => digits.to_owned(),
        _ => return None,
    };
    Some(format!("#{}", digits.to_ascii_lowercase()))
}

/// Every picture below a folder, by path, with those of formats that are not read, to be named as such. Fails when there is
/// none.
pub fn from_folder(folder: &Path) -> Result<Vec<Source>> {
    ensure!(folder.is_dir(), "--images takes a folder; {} is none", folder.display());
    let found = pictures::find_all(folder)?;
    ensure!(!found.is_empty(), "There is no picture in {}", folder.display());
    Ok(found.into_iter().map(|path| Source { path, ..Source::default() }).collect())
}

/// Every item of a list, in its order: a JSON array of objects where the file is named `.json`, otherwise a CSV. Each
/// has an `image_path`, relative to the list's folder or else to `images`.
///
/// Fails, naming the line or item, when the list cannot be understood.
pub fn from_metadata(list: &Path, images: Option<&Path>) -> Result<Vec<Source>> {
    let is_json = list.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let mut sources = if is_json { from_json(list)? } else { from_csv(list)? };
    ensure!(!sources.is_empty(), "{} lists nothing", list.display());
    let Some(images) = images else { return Ok(sources) };
    let folder = list.parent().unwrap_or(Path::new(""));
    for source in &mut sources {
        let below_images = source.path.strip_prefix(folder).map(|path| images.join(path));
        if let Ok(other) = below_images
            && !source.path.is_file()
            && other.is_file()
        {
            source.path = other;
        }
    }
    Ok(sources)
}

fn from_csv(list: &Path) -> Result<Vec<Source>> {
    let samples = csv::read_items(list)?.samples;
    samples
        .into_iter()
        .map(|sample| {
            // The boxes of a data set, of which a catalogue has no use and its list would be a fifth longer.
            let own = sample.extra.into_iter().filter(|(name, _)| !csv::is_of_boxes(name));
            let fields = own.map(|(name, value)| (name, Value::String(value))).collect();
            Source::new(sample.path, sample.category, fields)
                .with_context(|| format!("{}, line {}", list.display(), sample.line))
        })
        .collect()
}

fn from_json(list: &Path) -> Result<Vec<Source>> {
    let rows: Vec<BTreeMap<String, Box<RawValue>>> =
        files::read_json(list).context("--metadata takes a JSON array of objects")?;
    let folder = list.parent().unwrap_or(Path::new(""));
    rows.into_iter()
        .enumerate()
        .map(|(index, row)| {
            json_item(row, folder).with_context(|| format!("{}, item {}", list.display(), index + 1))
        })
        .collect()
}

fn json_item(row: BTreeMap<String, Box<RawValue>>, folder: &Path) -> Result<Source> {
    let mut fields = BTreeMap::new();
    for (name, raw) in row {
        let value = value(&name, raw.get())?;
        if !value.is_null() {
            fields.insert(name, value);
        }
    }
    let path = take_text(&mut fields, "image_path")?.context("The item has no image_path")?;
    ensure!(
        dataset::stays_below(Path::new(&path)),
        "The picture {path} is outside the folder of the list; if that is meant, write its absolute path"
    );
    let category = take_text(&mut fields, "category")?.unwrap_or_default();
    Source::new(folder.join(path), category, fields)
}

/// A field of a JSON list. A number that is shown as text stays as it was written (19.90), and so does one with more digits than a
/// number of a program holds, such as that of an article.
fn value(name: &str, raw: &str) -> Result<Value> {
    let value: Value = serde_json::from_str(raw)?;
    let is_cut = |number: &Number| {
        number.is_f64() && raw.bytes().filter(u8::is_ascii_digit).count() > f64::DIGITS as usize
    };
    Ok(match &value {
        Value::Number(number) if SHOWN.contains(&name) || is_cut(number) => Value::String(raw.to_owned()),
        _ => value,
    })
}

/// Takes a field that is shown as text, which a number can be; none where it is missing or empty.
fn take_text(fields: &mut BTreeMap<String, Value>, name: &str) -> Result<Option<String>> {
    match fields.remove(name) {
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => bail!("The field {name:?} must be text"),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn read(name: &str, text: &str) -> Result<Vec<Source>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let mut sources = from_metadata(&path, None)?;
        for source in &mut sources {
            source.path = source.path.strip_prefix(folder.path()).unwrap().to_owned();
        }
        Ok(sources)
    }

    #[test]
    fn csv_and_json_say_the_same() {
        let csv = "image_path,category,id,title,price,link,fabric\n\
            a/1.jpg,hat,7,Red hat,19.90,https://shop/7,felt\nb.jpg,,,,,,\n";
        let json = r#"[
            {"image_path": "a/1.jpg", "category": "hat", "id": 7, "title": "Red hat", "price": "19.90",
             "link": "https://shop/7", "fabric": "felt"},
            {"image_path": "b.jpg", "title": null, "price": ""}]"#;
        let sources = read("a.csv", csv).unwrap();
        assert_eq!(sources, read("a.JSON", json).unwrap());
        assert_eq!((sources[0].id.as_deref(), sources[0].extra.len()), (Some("7"), 1));
        assert_eq!(sources[1], Source { path: "b.jpg".into(), ..Source::default() });
    }

    #[test]
    fn boxes_of_a_data_set_are_no_fields_of_items_whatever_they_are() {
        for rest in ["x1,y1,x2,y2,fit\na.jpg,9,9,900,90,slim\n", "x1,fit\na.jpg,large,slim\n"] {
            let sources = read("a.csv", &format!("image_path,{rest}")).unwrap();
            assert_eq!(sources[0].extra, BTreeMap::from([("fit".to_owned(), serde_json::json!("slim"))]));
        }
    }

    #[test]
    fn pictures_of_formats_that_are_not_read_are_among_a_folder_s() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["1.jfif", "2.heic", "3.jpg", "3.heic", "4.txt"] {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        let sources = from_folder(folder.path()).unwrap();
        let names: Vec<_> = sources.iter().filter_map(|source| source.path.file_name()?.to_str()).collect();
        assert_eq!(names, ["1.jfif", "2.heic", "3.jpg"]);
    }

    #[test]
    fn whatever_else_json_holds_is_kept() {
        let sources =
            read("a.json", r#"[{"image_path": "a.jpg", "sizes": ["S", "M"], "stock": 3}]"#).unwrap();
        assert_eq!(sources[0].extra["sizes"], serde_json::json!(["S", "M"]));
        assert_eq!(sources[0].extra["stock"], 3);
    }

    #[test]
    fn numbers_of_json_are_kept_as_they_are_written() {
        let text = r#"[{"image_path": "a.jpg", "id": 7, "price": 19.90, "ean": 12345678901234567890123, "stock": 3, "weight": 0.5}]"#;
        let sources = read("a.json", &format!("\u{feff}{text}")).unwrap();
        assert_eq!((sources[0].id.as_deref(), sources[0].price.as_deref()), (Some("7"), Some("19.90")));
        let extra = ["ean", "stock", "weight"].map(|name| sources[0].extra[name].clone());
        assert_eq!(extra, [serde_json::json!("12345678901234567890123"), 3.into(), 0.5.into()]);
    }

    #[test]
    fn a_colour_that_is_a_word_is_measured_and_the_word_kept() {
        let list = "image_path,colour\na.jpg,red\nb.jpg,#FA0\nc.jpg,#FFAA00\nd.jpg,#12345\n";
        let sources = read("a.csv", list).unwrap();
        let colours: Vec<_> = sources.iter().map(|source| source.colour.as_deref()).collect();
        assert_eq!(colours, [None, Some("#ffaa00"), Some("#ffaa00"), None]);
        assert_eq!(sources[0].extra["colour_name"], "red");
        assert_eq!(sources[3].extra["colour_name"], "#12345");
        // The list's own name of it wins.
        let sources = read("a.csv", "image_path,colour,colour_name\na.jpg,red,scarlet\n").unwrap();
        assert_eq!(sources[0].extra["colour_name"], "scarlet");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let message = |name, text| format!("{:#}", read(name, text).unwrap_err());
        for (text, parts) in [
            ("{}", ["JSON array of objects", "a.json"]),
            ("[1]", ["JSON array of objects", "a.json"]),
            ("[]", ["lists nothing", "a.json"]),
            (r#"[{"image_path":"a.jpg"},{}]"#, ["item 2", "no image_path"]),
            (r#"[{"image_path":"../a.jpg"}]"#, ["item 1", "outside the folder"]),
            (r#"[{"image_path":"a.jpg","price":[1]}]"#, ["item 1", "\"price\" must be text"]),
            (r#"[{"image_path":"a.jpg","width":9}]"#, ["item 1", "\"width\" is taken"]),
        ] {
            let message = message("a.json", text);
            assert!(parts.iter().all(|part| message.contains(part)), "{message}");
        }
        let message = message("a.csv", "image_path,image\na.jpg,b\n");
        assert!(message.contains("line 2") && message.contains("\"image\" is taken"), "{message}");
    }
}
