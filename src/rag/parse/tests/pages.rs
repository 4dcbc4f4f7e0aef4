//! Tests of PDF pages: turned text, columns, tables, fields, hidden text and damage.

use std::fmt::Write as _;

use super::*;

/// Writes a PDF file from the bodies of its objects, the first of which is number 1.
fn file(objects: &[String]) -> Vec<u8> {
    let mut out = String::from("%PDF-1.7\n");
    let mut offsets = Vec::new();
    for (at, body) in objects.iter().enumerate() {
        offsets.push(out.len());
        write!(out, "{} 0 obj\n{body}\nendobj\n", at + 1).unwrap();
    }
    let start = out.len();
    write!(out, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).unwrap();
    for offset in offsets {
        writeln!(out, "{offset:010} 00000 n ").unwrap();
    }
    write!(
        out,
        "trailer<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF",
        objects.len() + 1
    )
    .unwrap();
    out.into_bytes()
}

pub(super) fn stream(content: &str) -> String {
    format!("<</Length {}>>stream\n{content}\nendstream", content.len())
}

/// A file with one page for each content. The pages have the fonts F1 (regular) and F2, the font
/// that `other` describes.
pub(super) fn document(contents: &[&str], extra: &str, other: &str, more: &[String]) -> Vec<u8> {
    let kids: Vec<String> = (0..contents.len())
        .map(|at| format!("{} 0 R", 5 + 2 * at))
        .collect();
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        format!(
            "<</Type/Pages/Kids[{}]/Count {}>>",
            kids.join(" "),
            kids.len()
        ),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_owned(),
        other.to_owned(),
    ];
    for (at, content) in contents.iter().enumerate() {
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents {} 0 R\
             /Resources<</Font<</F1 3 0 R/F2 4 0 R>>>>{extra}>>",
            6 + 2 * at
        ));
        objects.push(stream(content));
    }
    objects.extend_from_slice(more);
    file(&objects)
}

fn plain(contents: &[&str]) -> Vec<u8> {
    document(contents, "", "<<>>", &[])
}

/// Shows texts at positions, in this order.
fn at(texts: &[(f64, f64, &str)]) -> String {
    let mut content = String::from("BT /F1 10 Tf\n");
    for (x, y, text) in texts {
        writeln!(content, "1 0 0 1 {x} {y} Tm ({text}) Tj").unwrap();
    }
    content.push_str("ET");
    content
}

fn lines_of(doc: &ParsedDocument) -> Vec<&str> {
    doc.text.lines().filter(|line| !line.is_empty()).collect()
}

pub(super) fn read(bytes: &[u8]) -> ParsedDocument {
    parsed(MediaType::Pdf, bytes).unwrap()
}

#[test]
fn turned_text_is_read_along_its_lines() {
    let turned = |matrix: &str, step: &str| {
        format!(
            "BT /F1 10 Tf {matrix} Tm (Weight 40 kg: 250 ml per hour.) Tj {step} Td \
             (Weight 60 kg: 350 ml per hour.) Tj ET"
        )
    };
    let expected = [
        "Weight 40 kg: 250 ml per hour.",
        "Weight 60 kg: 350 ml per hour.",
    ];
    for matrix in ["0 1 -1 0 300 100", "0 -1 1 0 300 700", "-1 0 0 -1 500 300"] {
        let doc = read(&plain(&[&turned(matrix, "0 -14")]));
        let text = doc.text.replace('\n', " ");
        assert_eq!(
            text.split_whitespace().collect::<Vec<_>>().join(" "),
            expected.join(" "),
            "{matrix}"
        );
    }
    // The page itself is turned.
    for rotate in [90, 180, 270] {
        let content = at(&[
            (72.0, 700.0, "Keep the arm still."),
            (72.0, 686.0, "Ring 555 0142."),
        ]);
        let doc = read(&document(
            &[&content],
            &format!("/Rotate {rotate}"),
            "<<>>",
            &[],
        ));
        assert_eq!(
            doc.text.replace('\n', " "),
            "Keep the arm still. Ring 555 0142.",
            "{rotate}"
        );
    }
}

#[test]
fn columns_are_read_one_after_the_other() {
    let left = [
        "Drink two litres of water",
        "every day, so that the stone",
        "can pass. Rest if you are",
        "tired, and keep warm.",
    ];
    let right = [
        "Call us if you shiver or",
        "have a fever of more than",
        "38.5 degrees, or if you",
        "cannot pass any water.",
    ];
    let row_by_row: Vec<(f64, f64, &str)> = left
        .iter()
        .zip(right)
        .zip(0_u8..)
        .flat_map(|((l, r), row)| {
            let y = 700.0 - 13.0 * f64::from(row);
            [(60.0, y, *l), (320.0, y, r)]
        })
        .collect();
    let mut by_column = row_by_row.clone();
    by_column.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut upwards = row_by_row.clone();
    upwards.reverse();
    for texts in [row_by_row, by_column, upwards] {
        let doc = read(&plain(&[&at(&texts)]));
        let text = doc.text.replace('\n', " ");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(text, format!("{} {}", left.join(" "), right.join(" ")));
    }
}

#[test]
fn rows_of_a_table_stay_together() {
    let cells = [
        (60.0, 700.0, "Food"),
        (220.0, 700.0, "Advice"),
        (420.0, 700.0, "Why"),
        (60.0, 676.0, "Kale"),
        (220.0, 676.0, "Eat the same amount"),
        (220.0, 664.0, "every week"),
        (420.0, 676.0, "It holds vitamin K"),
        (60.0, 640.0, "Beer"),
        (220.0, 640.0, "No more than 2 glasses"),
        (420.0, 640.0, "It raises the risk"),
        (420.0, 628.0, "of bleeding"),
    ];
    let rows = [
        "Food | Advice | Why",
        "Kale | Eat the same amount every week | It holds vitamin K",
        "Beer | No more than 2 glasses | It raises the risk of bleeding",
    ];
    assert_eq!(lines_of(&read(&plain(&[&at(&cells)]))), rows);
    // Programs also draw a table column by column, with rules between its rows.
    let mut by_column = cells;
    by_column.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let rules = [712.0, 690.0, 654.0, 618.0]
        .map(|y| format!("55 {y} m 560 {y} l S\n"))
        .concat();
    assert_eq!(lines_of(&read(&plain(&[&(rules + &at(&by_column))]))), rows);
}

#[test]
fn a_table_goes_on_over_a_page() {
    let first = at(&[
        (60.0, 700.0, "Medicine"),
        (220.0, 700.0, "Dose"),
        (420.0, 700.0, "Store"),
        (60.0, 680.0, "Amlor"),
        (220.0, 680.0, "5 mg"),
        (420.0, 680.0, "cupboard"),
        (60.0, 660.0, "Bisor"),
        (220.0, 660.0, "10 mg"),
        (420.0, 660.0, "fridge"),
        (60.0, 30.0, "Page 1 of 2"),
    ]);
    let second = at(&[
        (60.0, 700.0, "Cardor"),
        (220.0, 700.0, "15 mg"),
        (420.0, 700.0, "fridge"),
        (60.0, 680.0, "Dilor"),
        (220.0, 680.0, "20 mg"),
        (420.0, 680.0, "cupboard"),
        (60.0, 30.0, "Page 2 of 2"),
    ]);
    let doc = read(&plain(&[&first, &second]));
    let rows: Vec<_> = kinds(&doc)
        .into_iter()
        .filter(|(kind, _)| *kind == BlockKind::TableRow)
        .collect();
    assert_eq!(rows.len(), 4, "{}", doc.text);
    let headers: Vec<_> = kinds(&doc)
        .into_iter()
        .filter(|(kind, _)| *kind == BlockKind::TableHeader)
        .collect();
    assert_eq!(
        headers,
        [(BlockKind::TableHeader, "Medicine | Dose | Store")]
    );
    assert_eq!(doc.pages.len(), 2);
    // A sentence goes on behind the footer.
    let first = at(&[
        (60.0, 100.0, "Do not stop the tablets before"),
        (60.0, 30.0, "Ward 7 - page 1"),
    ]);
    let second = at(&[
        (60.0, 700.0, "you have asked a doctor."),
        (60.0, 30.0, "Ward 7 - page 2"),
    ]);
    let doc = read(&plain(&[&first, &second]));
    assert!(
        doc.text
            .contains("Do not stop the tablets before you have asked a doctor."),
        "{}",
        doc.text
    );
    assert!(doc.text.contains("Ward 7 - page 2"), "{}", doc.text);
}

#[test]
fn values_of_fields_stand_beside_their_labels() {
    let content = at(&[
        (60.0, 700.0, "Morning dose"),
        (60.0, 660.0, "Evening dose"),
        (60.0, 620.0, "Fasting"),
        (60.0, 580.0, "Clinic"),
    ]);
    let field =
        |rect: &str, rest: &str| format!("<</Type/Annot/Subtype/Widget/Rect[{rect}]{rest}>>");
    let annotations = format!(
        "/Annots[{}{}{}{}{}]",
        field("220 690 400 712", "/FT/Tx/T(a)/V(14 units)"),
        field(
            "220 650 400 672",
            "/FT/Tx/T(b)/V<FEFF003900200075006E006900740073>"
        ),
        field("220 610 240 632", "/FT/Btn/T(c)/V/Yes/AS/Yes"),
        field("220 570 400 592", "/FT/Ch/T(d)/V(Diabetes)"),
        "<</Type/Annot/Subtype/FreeText/Rect[60 500 400 520]/Contents(Bring this sheet.)>>",
    );
    let doc = read(&document(&[&content], &annotations, "<<>>", &[]));
    for line in [
        "Morning dose | 14 units",
        "Fasting | ☒",
        "Clinic | Diabetes",
        "Bring this sheet.",
    ] {
        assert!(doc.text.contains(line), "{line}: {}", doc.text);
    }
}

#[test]
fn text_that_nobody_sees_is_left_out_and_counted() {
    let seen = "BT /F1 10 Tf 72 700 Td (Take 5 mg.) Tj ET ";
    for hidden in [
        "1 g BT /F1 10 Tf 72 600 Td (Take 500 mg.) Tj ET",
        "BT /F1 0.5 Tf 72 600 Td (Take 500 mg.) Tj ET",
        "BT 3 Tr /F1 10 Tf 72 600 Td (Take 500 mg.) Tj ET",
        "BT /F1 10 Tf 72 -300 Td (Take 500 mg.) Tj ET",
    ] {
        let doc = read(&plain(&[&format!("{seen}{hidden}")]));
        assert_eq!(doc.text, "Take 5 mg.", "{hidden}");
        assert_eq!(doc.warnings, [Warning::Hidden { words: 3 }], "{hidden}");
    }
    // White text on a dark box is seen.
    let doc = read(&plain(&[
        "0 g 60 590 300 30 re f 1 g BT /F1 10 Tf 72 600 Td (Do not drive.) Tj ET",
    ]));
    assert_eq!(doc.text, "Do not drive.");
    assert_eq!(doc.warnings, []);
}

#[test]
fn a_damaged_file_is_read_as_far_as_it_goes() {
    let first = at(&[(72.0, 700.0, "The ward is on level 4.")]);
    let last = at(&[(72.0, 700.0, "Dialysis begins at 07:15.")]);
    let whole = plain(&[&first, &first, &last]);
    // The table of objects is shifted, cut off or names no object.
    let mut shifted = b"\n\n\n\n\n\n\n".to_vec();
    shifted.extend_from_slice(&whole);
    let text = String::from_utf8(whole.clone()).unwrap();
    let start = text.rfind("xref\n0").unwrap();
    let cut = text[..start].to_owned() + "trailer<</Root 1 0 R>>";
    let astray = text.replace("startxref\n", "startxref\n9");
    for bytes in [shifted, cut.into_bytes(), astray.into_bytes()] {
        let doc = read(&bytes);
        assert!(
            doc.text.contains("level 4.") && doc.text.contains("07:15."),
            "{}",
            doc.text
        );
    }
    // One page is no page, or its content cannot be unpacked.
    let no_page = text.replacen("7 0 obj\n<</Type/Page/", "7 0 obj\n[/Type/Page/", 1);
    let packed = format!("<</Length {0}/Filter/FlateDecode>>stream\n", first.len());
    let no_content = text.replacen(
        &format!("8 0 obj\n{}", stream(&first)),
        &format!("8 0 obj\n{packed}{}\nendstream", "~".repeat(first.len())),
        1,
    );
    assert_ne!(no_content, text);
    for bytes in [no_page, no_content] {
        let doc = read(bytes.as_bytes());
        let damage = Warning::Pages {
            doubt: Doubt::Damage,
            pages: vec![2],
        };
        assert_eq!(doc.warnings, [damage]);
        assert!(
            doc.text.contains("level 4.") && doc.text.contains("07:15."),
            "{}",
            doc.text
        );
    }
}

#[test]
fn the_mark_of_a_note_is_no_digit_of_the_number_before_it() {
    for (row, expected) in [
        (["Dose", "250"], "250¹"),
        (["Volume", "0.5"], "0.5¹"),
        (["Beds", "1,200"], "1,200¹"),
    ] {
        let cells = at(&[(72.0, 700.0, row[0]), (172.0, 700.0, row[1])]);
        // A digit of this font is about half as wide as its size.
        let end = 172.0 + 5.0 * f64::from(u8::try_from(row[1].len()).unwrap());
        let mark = format!("BT /F1 6 Tf 1 0 0 1 {end} 703.8 Tm (1) Tj ET");
        for content in [format!("{cells}\n{mark}"), format!("{mark}\n{cells}")] {
            let doc = read(&plain(&[&content]));
            assert!(doc.text.contains(expected), "{}", doc.text);
        }
    }
}

#[test]
fn a_page_that_is_a_picture_is_named() {
    let text = at(&[(72.0, 700.0, "Keep this leaflet.")]);
    let picture = "q 600 0 0 800 0 0 cm BI /W 1 /H 1 /BPC 8 /CS /G ID x EI Q";
    let stamped = format!("{picture} {}", at(&[(300.0, 20.0, "2 / 3")]));
    for page in [picture, &stamped] {
        let doc = read(&plain(&[&text, page]));
        assert_eq!(doc.text, "Keep this leaflet.");
        let warning = Warning::Pages {
            doubt: Doubt::Picture,
            pages: vec![2],
        };
        assert_eq!(doc.warnings, [warning]);
    }
    assert_eq!(
        parsed(MediaType::Pdf, &plain(&[picture])),
        Err(ParseError::Empty)
    );
    // Invisible text over a scan was recognised from it.
    let recognised = format!("{picture} BT 3 Tr /F1 10 Tf 72 700 Td (Rest for two days.) Tj ET");
    assert_eq!(read(&plain(&[&recognised])).text, "Rest for two days.");
}
