//! Books, RTF and mail, as people read them.

use super::render_books::{book, rtf_text};
use super::*;

fn read(media: MediaType, bytes: &[u8]) -> ParsedDocument {
    parsed(media, bytes).unwrap()
}

fn text_of(media: MediaType, bytes: &[u8]) -> String {
    read(media, bytes).text
}

#[test]
fn a_book_is_read_in_the_order_of_its_spine() {
    let page = |body: &str| {
        format!("<?xml version=\"1.0\"?><html><head><title/></head><body>{body}</body></html>")
    };
    let pages = [
        page("<h1>Second</h1><p>Later.</p>"),
        page("<h1>First</h1><script src=\"a.js\"/><p>Begin &#233; here.</p><pre> a\n  b</pre>"),
        page("<img src=\"cover.png\"/>"),
        page("<p>Not in the spine.</p>"),
    ];
    // The second chapter again, which a reader would see once.
    let doc = read(MediaType::Epub, &book("Asthma", &pages, &[2, 1, 0, 1]));
    assert_eq!(
        doc.text,
        "First\n\nBegin é here.\n\n a\n  b\n\nSecond\n\nLater."
    );
    assert_eq!(doc.title.as_deref(), Some("Asthma"));
    let nothing = parsed(MediaType::Epub, &book("x", &pages, &[2]));
    assert_eq!(nothing, Err(ParseError::Empty));
}

#[test]
fn a_book_with_tables_lists_and_its_own_encoding() {
    let table = "<html><body><table><tr><th>Age</th><th>Dose</th></tr><tr><td>Adult</td><td>5 mg</td></tr>\
                 </table><ul><li>one</li><li>two</li></ul></body></html>";
    let doc = read(MediaType::Epub, &book("x", &[table.to_owned()], &[0]));
    assert_eq!(doc.text, "Age | Dose\nAdult | 5 mg\n\n- one\n- two");
    let locked = book("x", &[table.to_owned()], &[0]);
    assert!(parsed(MediaType::Epub, &locked).is_ok());
}

fn rtf(body: &str) -> Vec<u8> {
    format!(
        "{{\\rtf1\\ansi\\ansicpg1252\\deff0{{\\fonttbl{{\\f0 Arial;}}{{\\f1\\fcharset204 Arial;}}\
         {{\\f2\\fcharset128 MS Mincho;}}{{\\f3\\fcharset2 Symbol;}}{{\\f4\\fcharset2 Wingdings;}}}}{body}}}"
    )
    .into_bytes()
}

#[test]
fn rtf_decodes_the_bytes_of_each_font() {
    for (body, text) in [
        ("Fi\\'e8vre \\u8211?39 \\'b0C", "Fièvre –39 °C"),
        ("{\\f1 \\'d7\\'e0\\'f1\\'fb}\\~14:00", "Часы 14:00"),
        // The second byte of a character may be an ASCII letter.
        (
            "{\\f2 \\'83A\\'83X\\'83s\\'83\\'8a\\'83\\'93}",
            "アスピリン",
        ),
        (
            "5 {\\f3 m}g, {\\f3\\'b3} 2 x {\\f3 \\u-3988?}",
            "5 μg, ≥ 2 x λ",
        ),
        ("\\uc2\\u8364\\'3f\\'3f5 \\u-10179??\\u-9078??!", "€5 💊!"),
        ("\\uc0\\u233 t\\u233", "été"),
        ("a\\line b\\tab c\\emdash\\lquote d\\rquote", "a\nb c—‘d’"),
    ] {
        assert_eq!(text_of(MediaType::Rtf, &rtf(body)), text, "{body}");
    }
    let doc = read(
        MediaType::Rtf,
        &rtf(&format!("{} {{\\f4\\'fc}}", "word ".repeat(20))),
    );
    assert_eq!(doc.notes, [Note::Damaged { characters: 1 }]);
}

#[test]
fn rtf_leaves_out_what_is_not_text() {
    let body = "{\\info{\\title Care at home}{\\author A}}{\\stylesheet{\\s1 heading 1;}{\\*\\cs9 Strong;}}\
        {\\header Page 1}{\\*\\unknown{\\x junk}}{\\pict\\bin4 }}}}89504e47}\
        \\pard\\s1 At home\\par\\pard {\\v secret }Rest{\\deleted  not} well.{\\footnote Or try.}\\par\
        {\\field{\\*\\fldinst{HYPERLINK \"x\"}}{\\fldrslt Read more}}\\par";
    let doc = read(MediaType::Rtf, &rtf(body));
    assert_eq!(doc.text, "At home\n\nRest well.\n\nRead more\n\nOr try.");
    assert_eq!(doc.title.as_deref(), Some("Care at home"));
    assert_eq!(doc.blocks[0].kind, BlockKind::Heading(1));
    assert!(doc.remarks()[0].starts_with("1 hidden word is left out"));
}

#[test]
fn rtf_tables_keep_merged_cells() {
    let row = |cells: &str, texts: [&str; 2]| {
        let texts: Vec<String> = texts.iter().map(|t| format!("{t}\\cell ")).collect();
        format!("\\trowd{cells}\\pard\\intbl {}\\row ", texts.concat())
    };
    let body = row("\\trhdr\\cellx2000\\cellx4000", ["Operation", "Aspirin"])
        + &row(
            "\\clvmgf\\cellx2000\\cellx4010",
            ["Hernia", "not given\\par ever"],
        )
        + &row("\\clvmrg\\cellx2000\\cellx4000", ["", "given"])
        + "\\pard After.\\par";
    assert_eq!(
        text_of(MediaType::Rtf, &rtf(&body)),
        "Operation | Aspirin\nHernia | not given ever\nHernia | given\n\nAfter."
    );
    // A wide cell covers the columns up to its right edge.
    let body = "\\trowd\\cellx1000\\cellx2000\\cellx3000\\pard\\intbl Day\\cell Dose\\cell Limit\\cell\\row\
        \\trowd\\cellx1000\\cellx3000\\pard\\intbl Monday\\cell none\\cell\\row\\pard x\\par";
    assert_eq!(
        text_of(MediaType::Rtf, &rtf(body)),
        "Day | Dose | Limit\nMonday | none | none\n\nx"
    );
    assert_eq!(rtf_text("é"), "\\u233?");
}

fn mail(content_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "From: =?utf-8?q?Dr_M=C3=BCller?= <m@clinic.test>\r\nTo: Ward <w@clinic.test>, x@y.test\r\n\
         Subject: =?iso-8859-1?q?Bes=FCche?=\r\nDate: Mon, 2 Feb 2026 09:30:00 +0100\r\n\
         MIME-Version: 1.0\r\nContent-Type: {content_type}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

const MAIL_HEAD: &str =
    "Besüche\n\nFrom: Dr Müller\nTo: Ward, x@y.test\nDate: 2026-02-02 09:30\n\n";

#[test]
fn an_email_shows_its_subject_and_who_wrote_when() {
    for (content_type, body) in [
        (
            "text/plain; charset=utf-8",
            "Visits start at 14:00, täglich.",
        ),
        (
            "text/html; charset=utf-8",
            "<p>Visits start at <b>14:00</b>, t&auml;glich.",
        ),
        (
            "multipart/alternative; boundary=b",
            "--b\r\nContent-Type: text/plain\r\n\r\nno\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>Visits start at 14:00, t=C3=A4glich.\r\n--b--",
        ),
    ] {
        let doc = read(MediaType::Email, &mail(content_type, body.as_bytes()));
        assert_eq!(
            doc.text,
            format!("{MAIL_HEAD}Visits start at 14:00, täglich.")
        );
        assert_eq!(doc.title.as_deref(), Some("Besüche"));
        assert_eq!(doc.notes, []);
    }
    let undeclared = mail(
        "text/plain",
        b"Die Besuchszeiten sind t\xE4glich von 14:00 an.",
    );
    let doc = read(MediaType::Email, &undeclared);
    assert!(doc.text.contains("täglich"), "{}", doc.text);
    assert_eq!(doc.notes.len(), 1);
    let wrong = mail(
        "text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable",
        b"Die Besuchszeiten sind t=E4glich von 14:00 an.",
    );
    let doc = read(MediaType::Email, &wrong);
    assert!(doc.text.contains("täglich"), "{}", doc.text);
    assert!(matches!(&doc.notes[..], [Note::Contradicted { .. }]));
}

#[test]
fn attachments_of_an_email_are_named() {
    let part = |head: &str| format!("--b\r\n{head}\r\n\r\nx\r\n");
    let body = part("Content-Type: text/plain")
        + &part(
            "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"re\u{202e}sult.pdf\"",
        )
        + &part("Content-Type: image/png; name=scan.png")
        + "--b--";
    let doc = read(
        MediaType::Email,
        &mail("multipart/mixed; boundary=b", body.as_bytes()),
    );
    assert_eq!(doc.text, format!("{MAIL_HEAD}x"));
    assert_eq!(
        doc.remarks(),
        ["Left out, because an attachment is a document of its own: result.pdf, scan.png."]
    );
}

#[test]
fn encrypted_mail_and_no_mail_are_refused() {
    let sealed = mail("application/pkcs7-mime; smime-type=enveloped-data", b"MIAG");
    assert_eq!(
        parsed(MediaType::Email, &sealed),
        Err(ParseError::Encrypted)
    );
    let sealed = mail("multipart/encrypted; boundary=b", b"--b\r\n\r\nx\r\n--b--");
    assert_eq!(
        parsed(MediaType::Email, &sealed),
        Err(ParseError::Encrypted)
    );
    let none = parsed(MediaType::Email, b"Just a letter.\nNothing else.");
    assert!(matches!(none, Err(ParseError::Mismatch { .. })), "{none:?}");
    let picture = mail("image/png", b"x");
    assert_eq!(parsed(MediaType::Email, &picture), Err(ParseError::Empty));
}
