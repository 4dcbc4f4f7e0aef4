//! Word documents with text that nobody sees.

use super::*;

fn docx(body: &str, styles: &str) -> ParsedDocument {
    let document = format!("<w:document><w:body>{body}</w:body></w:document>");
    let styles = format!("<w:styles>{styles}</w:styles>");
    let bytes = render::archive(&[
        ("word/document.xml", &document),
        ("word/styles.xml", &styles),
    ]);
    parsed(MediaType::Docx, &bytes).unwrap()
}

fn run(properties: &str, text: &str) -> String {
    format!("<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>")
}

#[test]
fn text_of_a_word_document_that_nobody_sees_is_left_out_and_counted() {
    let styles = "<w:style w:styleId='Ghost'><w:rPr><w:color w:val='FFFFFF'/></w:rPr></w:style>\
        <w:style w:styleId='Gone'><w:basedOn w:val='Base'/></w:style>\
        <w:style w:styleId='Base'><w:rPr><w:vanish/></w:rPr></w:style>\
        <w:style w:styleId='Dark'><w:pPr><w:shd w:val='clear' w:fill='1F3864'/></w:pPr></w:style>\
        <w:style w:styleId='Grid' w:type='table'><w:tblStylePr><w:tcPr><w:shd w:val='clear' w:fill='4472C4'/>\
        </w:tcPr></w:tblStylePr><w:tblStylePr><w:tcPr><w:shd w:val='clear' w:fill='FFFFFF'/></w:tcPr></w:tblStylePr></w:style>";
    let page = |inner: &str| format!("<w:p>{inner}</w:p><w:p><w:r><w:t>Shown</w:t></w:r></w:p>");
    for properties in [
        "<w:vanish/>",
        "<w:color w:val='FFFFFF'/>",
        "<w:color w:val='fefefe'/>",
        "<w:sz w:val='2'/>",
        "<w:rStyle w:val='Ghost'/>",
        "<w:rStyle w:val='Gone'/>",
    ] {
        let doc = docx(&page(&run(properties, "six drops an hour")), styles);
        assert_eq!(doc.text, "Shown", "{properties}");
        let told = doc.warnings[0].to_string();
        assert!(told.starts_with("4 hidden words are left out: "), "{told}");
    }
    let by_style = "<w:pPr><w:pStyle w:val='Ghost'/></w:pPr><w:r><w:t>Old</w:t></w:r>";
    assert_eq!(docx(&page(by_style), styles).text, "Shown");
    let white = run("<w:color w:val='FFFFFF'/>", "Wash");
    let cell = |properties: &str, table: &str| {
        format!(
            "<w:tbl><w:tblPr>{table}</w:tblPr><w:tr><w:tc><w:tcPr>{properties}</w:tcPr><w:p>{white}</w:p></w:tc></w:tr></w:tbl>"
        )
    };
    for seen in [
        run("<w:vanish w:val='0'/>", "Wash"),
        run("<w:sz w:val='16'/>", "Wash"),
        run(
            "<w:color w:val='FFFFFF'/><w:shd w:val='clear' w:fill='000000'/>",
            "Wash",
        ),
        run(
            "<w:color w:val='FFFFFF'/><w:highlight w:val='blue'/>",
            "Wash",
        ),
        format!("<w:pPr><w:shd w:val='clear' w:fill='1F3864'/></w:pPr>{white}"),
        format!("<w:pPr><w:pStyle w:val='Dark'/></w:pPr>{white}"),
        "<w:pPr><w:rPr><w:color w:val='FFFFFF'/><w:vanish/></w:rPr></w:pPr><w:r><w:t>Wash</w:t></w:r>".to_owned(),
        format!("<w:r><w:txbxContent><w:p>{white}</w:p></w:txbxContent></w:r>"),
    ] {
        let doc = docx(&page(&seen), styles);
        assert!(doc.text.contains("Wash"), "{seen}");
        assert!(doc.warnings.is_empty());
    }
    let shaded = cell("<w:shd w:val='clear' w:fill='1F3864'/>", "");
    assert_eq!(docx(&shaded, styles).text, "Wash");
    assert_eq!(
        docx(&cell("", "<w:tblStyle w:val='Grid'/>"), styles).text,
        "Wash"
    );
    let plain = format!("{}<w:p><w:r><w:t>Shown</w:t></w:r></w:p>", cell("", ""));
    assert_eq!(docx(&plain, styles).text, "Shown");
}
