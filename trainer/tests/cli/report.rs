//! `evaluate --report`: a page that holds everything that it shows.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use crate::Place;

/// Fails where the page would ask anything of anybody.
fn assert_refers_to_nothing_outside(html: &str) {
    for (attribute, inside) in [("src=\"", "data:image/webp;base64,"), ("href=\"", "#")] {
        let values = html.split(attribute).skip(1);
        assert!(values.clone().count() > 0, "the page has no {attribute}");
        for value in values {
            assert!(value.starts_with(inside), "{attribute}{}", value.chars().take(60).collect::<String>());
        }
    }
    for word in ["http:", "https:", "url(", "@import", "<script", "<link", "<iframe", "srcset"] {
        assert!(!html.contains(word), "the page contains {word}");
    }
}

#[test]
fn a_page_holds_figures_pictures_and_nothing_from_outside() {
    let place = Place::new();
    place.write_network("model");
    place.draw("data", 12, 1);
    let hostile = ["<img src=http://x>", "a & \"b\"", "dress"];
    let mut csv = "image_path,category\n".to_owned();
    for number in 0..12 {
        let category = hostile[number % 3].replace('"', "\"\"");
        writeln!(csv, "data/images/{number:06}.jpg,\"{category}\"").expect("text");
    }
    fs::write(place.path("all.csv"), csv).expect("a file");
    fs::create_dir(place.path("run")).expect("a folder");
    fs::write(place.path("run/log.csv"), "step,loss\n50,2\n100,1.25\n").expect("a file");
    fs::write(place.path("run/recipe.toml"), "seed = 1 # </pre><b>").expect("a file");
    let evaluate = |report: &str| {
        place.succeed(&[
            "evaluate",
            "--weights",
            "model",
            "--gallery",
            "all.csv",
            "--queries",
            "all.csv",
            "--report",
            report,
            "--run",
            "run",
            "--json",
        ])
    };
    let figures: Value = serde_json::from_str(&evaluate("report.html")).expect("JSON");
    let html = fs::read_to_string(place.path("report.html")).expect("a page");

    for name in ["top1", "macro_f1", "map_at_r"] {
        let value = figures[name].as_f64().unwrap_or_else(|| panic!("{name} is missing in {figures}"));
        let [low, high] = [0, 1].map(|end| figures["intervals"][name][end].as_f64().expect("a number"));
        let row = html.split(&format!("<code>{name}</code>")).nth(1).unwrap_or_else(|| panic!("{name}"));
        let row = row.split("</tr>").next().unwrap_or_default();
        assert!(row.contains(&format!(">{value:.3}<")), "{name} is {value}, but: {row}");
        assert!(row.contains(&format!("{low:.3} to {high:.3}")), "{low} to {high}, but: {row}");
    }
    // Twelve queries with five results each, the learning curve's end, and what was written by others as text.
    assert_eq!(html.matches("<img ").count(), 12 * 6);
    assert!(html.contains("<b>1.25</b>") && html.contains("seed = 1 # &lt;/pre&gt;&lt;b&gt;"));
    assert!(
        html.contains("a &amp; &quot;b&quot; taken for") || html.contains("taken for a &amp; &quot;b&quot;")
    );
    assert_refers_to_nothing_outside(&html.replace("&lt;img src=http://x&gt;", ""));

    evaluate("again.html");
    assert!(fs::read_to_string(place.path("again.html")).expect("a page") == html, "the page has changed");
}

#[test]
fn a_run_is_for_a_report_and_has_a_log() {
    let place = Place::new();
    place.write_network("model");
    place.draw("data", 6, 1);
    let labels = "data/labels.csv";
    let evaluate =
        ["evaluate", "--weights", "model", "--gallery", labels, "--queries", labels, "--run", "data"];
    assert!(place.fail(&evaluate).contains("--report"));
    let complaint = place.fail(&[&evaluate[..], &["--report", "report.html"]].concat());
    assert!(complaint.contains("log.csv") && complaint.contains("--run takes"), "{complaint}");
    assert!(!place.path("report.html").exists());
}
