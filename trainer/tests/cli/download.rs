//! `dataset download` from a server on this machine that misbehaves.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use crate::Place;

/// What is wrong with the answer to a request.
#[derive(Clone, Copy)]
enum Fault {
    /// Status 500.
    Busy,
    /// The connection ends in the middle of the file.
    Cut,
    /// A byte is another one.
    Wrong,
}

/// Serves files; the first requests for some of them fail. Remembers what was asked for.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `faults` are used up one a request for their path.
    fn start(files: HashMap<String, Vec<u8>>, faults: HashMap<String, Vec<Fault>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}/set", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (files, faults, log) = (Arc::new(files), Arc::new(Mutex::new(faults)), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (files, faults, log) = (Arc::clone(&files), Arc::clone(&faults), Arc::clone(&log));
                // The trainer hangs up when it has what it wants.
                thread::spawn(move || while answer(&stream, &files, &faults, &log).is_some() {});
            }
        });
        Self { url, asked }
    }

    /// The paths asked for since the last time, sorted.
    fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.sort();
        asked
    }
}

/// Answers one request; `None` where the connection is over.
fn answer(
    stream: &TcpStream,
    files: &HashMap<String, Vec<u8>>,
    faults: &Mutex<HashMap<String, Vec<Fault>>>,
    log: &Mutex<Vec<String>>,
) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next()?.ok()?;
    while !lines.next()?.ok()?.is_empty() {}
    let path = request.split(' ').nth(1)?.strip_prefix("/set/")?.to_owned();
    log.lock().unwrap().push(path.clone());
    let fault = faults.lock().unwrap().get_mut(&path).and_then(Vec::pop);
    let mut stream = stream;
    let (status, mut body) = match (files.get(&path), fault) {
        (_, Some(Fault::Busy)) => ("500 Busy", b"Later, please.".to_vec()),
        (Some(body), _) => ("200 OK", body.clone()),
        (None, _) => ("404 Not Found", Vec::new()),
    };
    if let Some(Fault::Wrong) = fault {
        body[0] ^= 1;
    }
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len()).ok()?;
    if let Some(Fault::Cut) = fault {
        stream.write_all(&body[..body.len() / 2]).ok()?;
        stream.shutdown(std::net::Shutdown::Both).ok()?;
        return None;
    }
    stream.write_all(&body).ok()
}

/// A data set of four drawn pictures, of which the last has no label, as the server has it: files by path.
fn data_set(place: &Place) -> HashMap<String, Vec<u8>> {
    place.draw("drawn", 4, 1);
    let mut files = HashMap::new();
    let mut table = vec!["image,sender_id,label,kids".to_owned()];
    for (number, label) in ["T-Shirt", "Dress", "Hat", "Not sure"].into_iter().enumerate() {
        let picture = fs::read(place.path(&format!("drawn/images/{number:06}.jpg"))).unwrap();
        files.insert(format!("images/p{number}.jpg"), picture);
        table.push(format!("p{number},{},{label},False", 7 + number));
    }
    table.push("lost,9,Hat,True".to_owned());
    files.insert("images.csv".to_owned(), table.join("\n").into_bytes());
    let tree: Vec<Value> = files.iter().map(|(path, bytes)| listed(path, bytes)).collect();
    files.insert("tree.json".to_owned(), json!({"tree": tree, "truncated": false}).to_string().into_bytes());
    files
}

fn listed(path: &str, bytes: &[u8]) -> Value {
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", bytes.len()));
    hash.update(bytes);
    let sha = model::hash::to_hex(&hash.finalize());
    json!({"path": path, "type": "blob", "sha": sha, "size": bytes.len()})
}

fn download(from: &str) -> [&str; 7] {
    ["dataset", "download", "clothing", "--out", "clothing", "--from", from]
}

fn assert_whole(place: &Place, files: &HashMap<String, Vec<u8>>) {
    for path in ["images/p0.jpg", "images/p1.jpg", "images/p2.jpg"] {
        assert!(fs::read(place.path("clothing").join(path)).unwrap() == files[path], "{path}");
    }
    let labels = fs::read_to_string(place.path("clothing/labels.csv")).unwrap();
    let expected = "image_path,category,sender_id,kids\nimages/p0.jpg,t-shirt,7,false\n\
        images/p1.jpg,dress,8,false\nimages/p2.jpg,hat,9,false\n";
    assert_eq!(labels, expected);
}

#[test]
fn a_data_set_arrives_whole_from_a_server_that_fails_now_and_then() {
    let place = Place::new();
    let files = data_set(&place);
    let faults = [
        ("tree.json", vec![Fault::Busy]),
        ("images.csv", vec![Fault::Wrong]),
        ("images/p0.jpg", vec![Fault::Cut]),
        ("images/p1.jpg", vec![Fault::Wrong, Fault::Busy]),
    ];
    let faults = faults.map(|(path, faults)| (path.to_owned(), faults)).into_iter().collect();
    let server = Server::start(files.clone(), faults);
    let said = place.succeed(&download(&server.url));
    assert!(said.contains("3 photos") && said.contains("1 without a label and 1 without a file"), "{said}");
    assert_whole(&place, &files);
    let times = |asked: &[String], path: &str| asked.iter().filter(|asked| *asked == path).count();
    let asked = server.asked();
    for (path, count) in [
        ("tree.json", 2),
        ("images.csv", 2),
        ("images/p0.jpg", 2),
        ("images/p1.jpg", 3),
        ("images/p2.jpg", 1),
    ] {
        assert_eq!(times(&asked, path), count, "{path} in {asked:?}");
    }

    // What is there is not fetched again; what is missing or damaged is.
    place.succeed(&download(&server.url));
    assert_eq!(server.asked(), [""; 0]);
    fs::remove_file(place.path("clothing/images/p0.jpg")).unwrap();
    let mut damaged = files["images/p2.jpg"].clone();
    damaged[9] ^= 1;
    fs::write(place.path("clothing/images/p2.jpg"), damaged).unwrap();
    place.succeed(&download(&server.url));
    assert_eq!(server.asked(), ["images/p0.jpg", "images/p2.jpg"]);
    assert_whole(&place, &files);

    // Other commands read it as it is.
    place.write_network("model");
    let index =
        ["index", "--metadata", "clothing/labels.csv", "--weights", "model", "--out", "catalogue", "--json"];
    let summary: Value = serde_json::from_str(&place.succeed(&index)).unwrap();
    assert_eq!((summary["indexed"].as_u64(), summary["skipped"].as_u64()), (Some(3), Some(0)));
}

#[test]
fn a_file_that_never_comes_right_is_named_and_the_rest_stays() {
    let place = Place::new();
    let mut files = data_set(&place);
    files.remove("images/p2.jpg");
    let server = Server::start(files, HashMap::new());
    let complaint = place.fail(&download(&server.url));
    for part in
        ["stopped with", "of 3 files", "run it again", "images/p2.jpg could not be fetched", "status 404"]
    {
        assert!(complaint.contains(part), "{part:?} is not in: {complaint}");
    }
    assert!(!place.path("clothing/labels.csv").exists());
    let unfinished = |folder: &Path| {
        fs::read_dir(folder)
            .unwrap()
            .any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with('.'))
    };
    assert!(!unfinished(&place.path("clothing")) && !unfinished(&place.path("clothing/images")));
}

#[test]
fn without_a_server_there_is_a_sentence() {
    let place = Place::new();
    // A port that was free a moment ago.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let complaint = place.fail(&download(&format!("http://127.0.0.1:{port}")));
    assert!(
        complaint.contains("could not be fetched") && complaint.contains("cannot be reached"),
        "{complaint}"
    );
    let complaint = place.fail(&download("ftp://example.org/"));
    assert!(complaint.contains("is not an address such as"), "{complaint}");
}
