//! Archives, sheets, letters and mail that are broken or malicious.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::render_books::{book, email, epub, rtf};
use super::render_office::{
    body_shape, odf, odp, ods, odt, pptx, presentation, slide, workbook, xlsx,
};
use super::*;

/// Every format that is an archive, as a leaflet.
fn archives() -> [(MediaType, Vec<u8>); 7] {
    [
        (MediaType::Docx, render::docx(&leaflet())),
        (MediaType::Pptx, pptx(&leaflet())),
        (MediaType::Xlsx, xlsx(&leaflet())),
        (MediaType::Odt, odt(&leaflet())),
        (MediaType::Ods, ods(&leaflet())),
        (MediaType::Odp, odp(&leaflet())),
        (MediaType::Epub, epub(&leaflet())),
    ]
}

#[test]
fn an_archive_of_another_kind_is_named() {
    let names = [
        "a Word document",
        "a PowerPoint presentation",
        "an Excel workbook",
        "an OpenDocument text",
        "an OpenDocument spreadsheet",
        "an OpenDocument presentation",
        "an EPUB book",
    ];
    let archives = archives();
    for ((made, bytes), name) in archives.iter().zip(names) {
        for (declared, _) in archives.iter().filter(|(declared, _)| declared != made) {
            let found = parsed(*declared, bytes);
            let Err(ParseError::Mismatch { found, .. }) = found else {
                panic!("{made} as {declared}: {found:?}");
            };
            assert_eq!(found, name, "{made} as {declared}");
        }
    }
    let typed = render::archive(&[(
        "[Content_Types].xml",
        "<Types><Override ContentType=\"application/vnd.openxmlformats-officedocument.\
         presentationml.presentation.main+xml\"/></Types>",
    )]);
    let Err(ParseError::Mismatch { found, .. }) = parsed(MediaType::Docx, &typed) else {
        panic!("no mismatch");
    };
    assert_eq!(found, "a PowerPoint presentation");
    for (media, bytes) in [
        (MediaType::Rtf, email(&leaflet())),
        (MediaType::Email, rtf(&leaflet())),
    ] {
        assert!(matches!(
            parsed(media, &bytes),
            Err(ParseError::Mismatch { .. })
        ));
    }
}

#[test]
fn locked_archives_are_named() {
    let mut old = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1....".to_vec();
    old.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    for media in [MediaType::Pptx, MediaType::Xlsx, MediaType::Docx] {
        assert_eq!(parsed(media, &old), Err(ParseError::Encrypted), "{media}");
    }
    let odf = render::archive(&[
        ("mimetype", MediaType::Odt.as_mime()),
        ("content.xml", "\u{1}\u{2}"),
        (
            "META-INF/manifest.xml",
            "<m:file-entry><m:encryption-data/></m:file-entry>",
        ),
    ]);
    assert_eq!(parsed(MediaType::Odt, &odf), Err(ParseError::Encrypted));
    let bought = render::archive(&[
        (
            "META-INF/container.xml",
            "<c><rootfile full-path=\"b.opf\"/></c>",
        ),
        (
            "b.opf",
            "<p><item id=\"a\" href=\"a.xhtml\" media-type=\"text/html\"/><itemref idref=\"a\"/></p>",
        ),
        ("a.xhtml", "\u{1}"),
        (
            "META-INF/encryption.xml",
            "<e><CipherReference URI=\"a.xhtml\"/></e>",
        ),
    ]);
    assert_eq!(parsed(MediaType::Epub, &bought), Err(ParseError::Encrypted));
}

#[test]
fn truncated_archives_are_damaged() {
    for (media, bytes) in archives() {
        for share in [2, 6, 9] {
            let cut = &bytes[..bytes.len() * share / 10];
            assert_eq!(parsed(media, cut), Err(ParseError::Damaged), "{media}");
        }
    }
    let rtf = rtf(&leaflet());
    assert_eq!(
        parsed(MediaType::Rtf, &rtf[..rtf.len() / 2]),
        Err(ParseError::Damaged)
    );
    let unclosed = "<office:document-content><office:body><office:text><text:p>half";
    let odt = render::archive(&[
        ("mimetype", MediaType::Odt.as_mime()),
        ("content.xml", unclosed),
    ]);
    assert_eq!(parsed(MediaType::Odt, &odt), Err(ParseError::Damaged));
}

#[test]
fn bombs_of_every_archive_stop_at_the_budget() {
    let limits = ParseLimits {
        max_expanded_bytes: 1 << 20,
        ..ParseLimits::default()
    };
    let big = "<x> </x>".repeat(1 << 18);
    let sheet = format!("<worksheet>{big}</worksheet>");
    for (media, bomb) in [
        (MediaType::Pptx, presentation("", &[(slide(&big), None)])),
        (MediaType::Xlsx, workbook(&[("a", "", sheet)], &[])),
        (
            MediaType::Xlsx,
            workbook(&[("a", "", String::new())], &[("sharedStrings", &big)]),
        ),
        (MediaType::Odt, odf("text", "", "", &big)),
        (MediaType::Ods, odf("spreadsheet", "", "", &big)),
        (MediaType::Epub, book("", std::slice::from_ref(&big), &[0])),
    ] {
        assert!(bomb.len() < 50_000);
        assert_eq!(
            parse(media, &bomb, &limits),
            Err(ParseError::TooLarge),
            "{media}"
        );
    }
    // A part that is read again and again spends the budget each time.
    let ids = "<p:sldId r:id=\"a\"/>".repeat(4_000);
    let again = render::archive(&[
        ("ppt/presentation.xml", format!("<p>{ids}</p>").as_str()),
        (
            "ppt/_rels/presentation.xml.rels",
            "<r><Relationship Id=\"a\" Type=\"slide\" Target=\"s.xml\"/></r>",
        ),
        ("ppt/s.xml", &slide(&" ".repeat(1 << 16))),
    ]);
    assert_eq!(
        parse(MediaType::Pptx, &again, &limits),
        Err(ParseError::TooLarge)
    );
    let many: Vec<String> = (0..5_000).map(|at| format!("part{at}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "")).collect();
    let many = render::archive(&many);
    for (media, _) in archives() {
        assert_eq!(parsed(media, &many), Err(ParseError::TooLarge), "{media}");
    }
    // An archive in an archive is not opened.
    let inner = String::from_utf8_lossy(&many).into_owned();
    let outer = render::archive(&[("a.zip", &inner)]);
    assert!(matches!(
        parsed(MediaType::Epub, &outer),
        Err(ParseError::Mismatch { .. })
    ));
}

#[test]
fn entities_of_an_archive_do_not_expand() {
    let entities = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">\
                    <!ENTITY f SYSTEM \"file:///etc/passwd\">]>";
    let with = |xml: String| format!("{entities}{xml}");
    let sheet = "<worksheet><sheetData><row><c t=\"inlineStr\"><is><t>ok &b;&f;</t></is></c></row></sheetData></worksheet>";
    let page = "<html><body><p>ok &b;&f;</p></body></html>";
    let content = "<office:document-content><office:body><text:p>ok &b;&f;</text:p></office:body></office:document-content>";
    for (media, bytes) in [
        (
            MediaType::Pptx,
            presentation("", &[(with(slide(&body_shape(&["ok &b;&f;"]))), None)]),
        ),
        (
            MediaType::Xlsx,
            workbook(&[("a", "", with(sheet.to_owned()))], &[]),
        ),
        (MediaType::Epub, book("", &[with(page.to_owned())], &[0])),
        (
            MediaType::Odt,
            render::archive(&[
                ("mimetype", MediaType::Odt.as_mime()),
                ("content.xml", &with(content.to_owned())),
            ]),
        ),
    ] {
        let text = parsed(media, &bytes).unwrap().text;
        assert!(
            text.contains("ok") && !text.contains("aaaa") && !text.contains("root"),
            "{text}"
        );
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of formats")]
fn nested_markup_of_every_format_does_not_overflow_the_stack() {
    let depth = 100_000;
    let begin = Instant::now();
    let deep = |open: &str, close: &str| open.repeat(depth) + "deep" + &close.repeat(depth);
    let groups = format!("{{\\rtf1 {}}}", deep("{", "}"));
    assert_eq!(
        parsed(MediaType::Rtf, groups.as_bytes()),
        Err(ParseError::TooDeep { most: 4_096 })
    );
    let open = format!("{{\\rtf1 {}", "{\\b ".repeat(1_000_000));
    assert_eq!(
        parsed(MediaType::Rtf, open.as_bytes()),
        Err(ParseError::TooDeep { most: 4_096 })
    );
    let page = format!("<html><body>{}</body></html>", deep("<div>", "</div>"));
    assert_eq!(
        parsed(MediaType::Epub, &book("", &[page], &[0])),
        Err(ParseError::TooDeep { most: 512 })
    );
    for (open, close) in [
        ("<text:p>", "</text:p>"),
        (
            "<text:list><text:list-item>",
            "</text:list-item></text:list>",
        ),
        (
            "<table:table><table:table-row><table:table-cell>",
            "</table:table-cell></table:table-row></table:table>",
        ),
    ] {
        for kind in ["text", "spreadsheet", "presentation"] {
            let media = MediaType::from_mime(&format!("application/vnd.oasis.opendocument.{kind}"));
            let outcome = parsed(media.unwrap(), &odf(kind, "", "", &deep(open, close)));
            assert!(
                outcome.is_ok() || outcome == Err(ParseError::Empty),
                "{kind} {open}"
            );
        }
    }
    let shapes =
        deep("<p:grpSp>", "</p:grpSp>") + &deep("<a:tbl><a:tr><a:tc>", "</a:tc></a:tr></a:tbl>");
    let deck = parsed(
        MediaType::Pptx,
        &presentation("", &[(slide(&shapes), None)]),
    );
    assert!(deck.is_ok() || deck == Err(ParseError::Empty));
    let mut mail = "From: a@b.test\r\nSubject: deep\r\n".to_owned();
    for at in 0..20_000 {
        write!(
            mail,
            "Content-Type: multipart/mixed; boundary=b{at}\r\n\r\n--b{at}\r\n"
        )
        .unwrap();
    }
    mail.push_str("\r\ntext");
    let _ = parsed(MediaType::Email, mail.as_bytes());
    let forwarded =
        "From: a@b.test\r\nSubject: x\r\nContent-Type: message/rfc822\r\n\r\n".repeat(20_000);
    let _ = parsed(MediaType::Email, forwarded.as_bytes());
    assert!(
        begin.elapsed() < Duration::from_mins(1),
        "{:?}",
        begin.elapsed()
    );
}

#[test]
fn sizes_that_a_sheet_declares_cost_nothing() {
    let begin = Instant::now();
    let cell = |attributes: &str| {
        format!("<table:table-cell {attributes}><text:p>x</text:p></table:table-cell>")
    };
    let table = |row: &str, cell: &str| {
        let body = format!(
            "<table:table table:name=\"a\"><table:table-row {row}>{cell}</table:table-row></table:table>"
        );
        parsed(MediaType::Ods, &odf("spreadsheet", "", "", &body))
    };
    let repeated = cell("table:number-columns-repeated=\"16384\"");
    let rows = "table:number-rows-repeated=\"1048576\"";
    assert_eq!(table(rows, &repeated), Err(ParseError::TooLarge));
    assert_eq!(
        table("", &cell("table:number-columns-repeated=\"4000000000\"")),
        Err(ParseError::TooLarge)
    );
    let spans =
        "table:number-columns-spanned=\"4000000000\" table:number-rows-spanned=\"4000000000\"";
    assert!(table("", &cell(spans)).unwrap().text.ends_with('x'));
    assert!(table("table:number-rows-repeated=\"4000000000\"", "").is_err());
    let text = format!(
        "<table:table><table:table-row>{}{}</table:table-row></table:table><text:p>a\
         <text:s text:c=\"4000000000\"/>b</text:p>",
        cell("table:number-columns-repeated=\"4000000000\""),
        cell(spans)
    );
    let doc = parsed(MediaType::Odt, &odf("text", "", "", &text)).unwrap();
    assert!(doc.text.ends_with("a b") && doc.text.len() < 100_000);
    let far = |merge: &str| {
        format!(
            "<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"XFD1\"><v>2</v></c></row>\
             <row r=\"1048576\"><c r=\"XFD1048576\"><v>3</v></c></row></sheetData>\
             <mergeCells><mergeCell ref=\"{merge}\"/></mergeCells></worksheet>"
        )
    };
    for merge in ["A1:XFD1048576", "A1:ZZZZZZ99999999999", "B2:A1", "x"] {
        let doc = parsed(MediaType::Xlsx, &workbook(&[("a", "", far(merge))], &[])).unwrap();
        assert!(doc.text.len() < 1_000, "{merge}");
    }
    let beyond =
        "<worksheet><sheetData><row r=\"4000000000\"><c><v>1</v></c></row></sheetData></worksheet>";
    let beyond = workbook(&[("a", "", beyond.to_owned())], &[]);
    assert_eq!(parsed(MediaType::Xlsx, &beyond), Err(ParseError::Damaged));
    // One long text that every cell shares.
    let strings = format!("<sst><si><t>{}</t></si></sst>", "long ".repeat(200_000));
    let cells = "<c t=\"s\"><v>0</v></c>".repeat(16_000);
    let sheet = format!("<worksheet><sheetData><row>{cells}</row></sheetData></worksheet>");
    let shared = workbook(&[("a", "", sheet)], &[("sharedStrings", &strings)]);
    assert_eq!(parsed(MediaType::Xlsx, &shared), Err(ParseError::TooLarge));
    assert!(
        begin.elapsed() < Duration::from_mins(1),
        "{:?}",
        begin.elapsed()
    );
}

#[test]
fn references_that_leave_the_archive_or_run_in_circles_end() {
    let outside = "../../../../etc/passwd";
    let deck = render::archive(&[
        ("ppt/presentation.xml", "<p><p:sldId r:id=\"a\"/></p>"),
        (
            "ppt/_rels/presentation.xml.rels",
            &format!("<r><Relationship Id=\"a\" Type=\"slide\" Target=\"{outside}\"/></r>"),
        ),
    ]);
    assert_eq!(parsed(MediaType::Pptx, &deck), Err(ParseError::Damaged));
    let circle = render::archive(&[
        (
            "META-INF/container.xml",
            "<c><rootfile full-path=\"META-INF/container.xml\"/></c>",
        ),
        ("../../evil", "x"),
    ]);
    assert_eq!(parsed(MediaType::Epub, &circle), Err(ParseError::Empty));
    let pages = ["<html><body><p>once</p></body></html>".to_owned()];
    let spine = vec![0; 50_000];
    assert_eq!(
        parsed(MediaType::Epub, &book("", &pages, &spine))
            .unwrap()
            .text,
        "once"
    );
    let styles: Vec<_> = ["ab", "bc", "ca"]
        .iter()
        .map(|pair| {
            let (name, parent) = pair.split_at(1);
            format!("<style:style style:name=\"{name}\" style:parent-style-name=\"{parent}\"/>")
        })
        .collect::<Vec<_>>();
    let odt = odf(
        "text",
        "",
        &styles.concat(),
        "<text:p text:style-name=\"a\">ok</text:p>",
    );
    assert_eq!(parsed(MediaType::Odt, &odt).unwrap().text, "ok");
}

#[test]
fn many_small_pieces_are_refused() {
    let rtf = format!("{{\\rtf1 {}}}", "a\\par ".repeat(200_001));
    assert_eq!(
        parsed(MediaType::Rtf, rtf.as_bytes()),
        Err(ParseError::TooLarge)
    );
    let odt = odf("text", "", "", &"<text:p>a</text:p>".repeat(200_001));
    assert_eq!(parsed(MediaType::Odt, &odt), Err(ParseError::TooLarge));
    let slides = "<p:sldId r:id=\"a\"/>".repeat(5_001);
    let deck = render::archive(&[("ppt/presentation.xml", &format!("<p>{slides}</p>"))]);
    assert_eq!(parsed(MediaType::Pptx, &deck), Err(ParseError::TooLarge));
    let parts = "--b\r\n\r\nx\r\n".repeat(5_000);
    let mail = format!(
        "From: a@b.test\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--"
    );
    assert_eq!(
        parsed(MediaType::Email, mail.as_bytes()),
        Err(ParseError::TooLarge)
    );
}
