//! Lists as they come, and lists with faults.

use super::*;
use crate::dataset::testing::Tree;

fn all(table: Result<Table>) -> Result<Vec<(usize, String)>> {
    let mut table = table?;
    let mut rows = Vec::new();
    while let Some(row) = table.next_row()? {
        rows.push((row.line, row.fields().join(" ")));
    }
    Ok(rows)
}

#[test]
fn rows_with_runs_of_spaces_and_other_line_ends() {
    let tree = Tree::new();
    let path = tree.write("a.txt", "2\r\nimage_name   status\r\na.jpg      train\r\nb.jpg  val  \r\n\r\n");
    let rows = all(Table::named(&path)).unwrap();
    assert_eq!(rows, [(3, "a.jpg train".to_owned()), (4, "b.jpg val".to_owned())]);
    assert_eq!(Table::named(&path).unwrap().column("status").unwrap(), 1);
    let path = tree.write("b.txt", "x 1\ny 2");
    assert_eq!(all(Table::maybe_named(&path)).unwrap().len(), 2);
}

#[test]
fn counts_that_lie_long_lines_and_gaps_are_named() {
    let tree = Tree::new();
    let long = format!("1\nname\n{}\n", "x".repeat(MAX_LINE + 5));
    for (text, parts) in [
        ("3\nname\na\nb\n", ["line 1", "says that there are 3 rows, but there are 2"]),
        ("18446744073709551615\nname\na\n", ["line 1", "but there are 1"]),
        ("1\nname\na\nb\n", ["line 4", "one more"]),
        ("many\nname\n", ["line 1", "must be the number of rows, but it is \"many\""]),
        ("3", ["line 2", "cut off"]),
        ("2\nname\na\n\nb\n", ["line 4", "empty, but rows follow"]),
        (&long, ["line 3", "longer than 65536 bytes"]),
    ] {
        let path = tree.write("list.txt", text);
        let message = format!("{:#}", all(Table::named(&path)).unwrap_err());
        assert!(message.contains("list.txt"), "{message}");
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }
    let path = tree.write_bytes("list.txt", b"1\nname\n\xff\xfe\n");
    assert!(format!("{:#}", all(Table::named(&path)).unwrap_err()).contains("line 3: it is no text"));
}

#[test]
fn names_have_spaces_and_the_type_comes_last() {
    let tree = Tree::new();
    let text = "2\nattribute_name  attribute_type\na-line           3\nabstract chevron print   1\n";
    assert_eq!(names(&tree.write("a.txt", text)).unwrap(), ["a-line", "abstract chevron print"]);
    assert_eq!(names(&tree.write("b.txt", "floral 1\nround neck 4\n")).unwrap(), ["floral", "round neck"]);
    for (text, fault) in
        [("x 1\nx 1\n", "line 2: \"x\" is named twice"), ("x\n", "line 1"), ("x y\n", "\"y\", which is not")]
    {
        let message = format!("{:#}", names(&tree.write("c.txt", text)).unwrap_err());
        assert!(message.contains(fault), "{message}");
    }
}

#[test]
fn the_number_of_categories_may_lie() {
    let tree = Tree::new();
    for (count, says) in [(1, "says that there are 1 rows, but there are 2"), (3, "are 3 rows"), (2, "")] {
        let path = tree.write("a.txt", &format!("{count}\ncategory_name category_type\nCoat 3\nDress 3\n"));
        let mut notes = Vec::new();
        assert_eq!(category_names(&path, &mut notes).unwrap(), ["Coat", "Dress"]);
        assert_eq!(notes.len(), usize::from(!says.is_empty()));
        assert!(notes.iter().all(|note| note.contains(says) && note.contains("a.txt, line 1")), "{notes:?}");
        assert_eq!(names(&path).is_err(), count != 2);
    }
}
