//! The frame of a page: head, style, title, contents, sections.

use std::fmt::Write as _;

const STYLE: &str = include_str!("style.css");
/// Tells the browser what the page keeps to by itself: nothing from outside, no script.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/// A page in the making.
pub(super) struct Page {
    title: String,
    lead: Vec<String>,
    sections: Vec<Section>,
}

struct Section {
    heading: &'static str,
    note: String,
    body: String,
}

impl Page {
    /// A page with a title, as text.
    pub(super) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), lead: Vec::new(), sections: Vec::new() }
    }

    /// Adds a line, as text, under the title.
    pub(super) fn lead(&mut self, line: &str) {
        self.lead.push(line.to_owned());
    }

    /// Adds a section: `note` says, as text, how to read it; `body` is HTML.
    pub(super) fn section(&mut self, heading: &'static str, note: &str, body: String) {
        self.sections.push(Section { heading, note: note.to_owned(), body });
    }

    /// The page as HTML.
    pub(super) fn finish(self) -> String {
        let title = escape(&self.title);
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
             <header>\n<p class=\"brand\">Twill</p>\n<h1>{title}</h1>\n"
        );
        for line in &self.lead {
            let _ = writeln!(out, "<p class=\"lead\">{}</p>", escape(line));
        }
        out.push_str("<nav>\n");
        for (number, section) in self.sections.iter().enumerate() {
            let _ = writeln!(out, "<a href=\"#part-{number}\">{}</a>", escape(section.heading));
        }
        out.push_str("</nav>\n</header>\n<main>\n");
        for (number, Section { heading, note, body }) in self.sections.iter().enumerate() {
            let _ = writeln!(out, "<section id=\"part-{number}\">\n<h2>{}</h2>", escape(heading));
            if !note.is_empty() {
                let _ = writeln!(out, "<p class=\"note\">{}</p>", escape(note));
            }
            let _ = writeln!(out, "{body}\n</section>");
        }
        out.push_str("</main>\n</body>\n</html>\n");
        out
    }
}

/// Text as it may stand in HTML and in an attribute's value.
#[must_use]
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// At most `letters` letters of a text, with an ellipsis where some are left out.
#[must_use]
pub(super) fn shorten(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    text.chars().take(letters.saturating_sub(1)).chain(['…']).collect()
}

/// A count with commas between thousands.
#[must_use]
pub(super) fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escape("<a href='x'>\"&\""), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;");
        let mut page = Page::new("</title><script>");
        page.lead("<img src=x>");
        page.section("Figures", "a < b", "<p>body</p>".to_owned());
        let html = page.finish();
        assert!(!html.contains("<script>") && !html.contains("<img"), "{html}");
        assert!(html.contains("a &lt; b") && html.contains("<p>body</p>"), "{html}");
    }

    #[test]
    fn counts_and_short_texts() {
        assert_eq!(["0", "999", "1,000", "12,345,678"], [0, 999, 1000, 12_345_678].map(count));
        assert_eq!((shorten("dress", 5), shorten("dresses", 5)), ("dress".to_owned(), "dres…".to_owned()));
    }
}
