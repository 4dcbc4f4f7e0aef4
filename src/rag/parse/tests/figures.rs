//! Raised and lowered figures, and signs of symbol fonts, in formats that state them.

use super::*;

#[test]
fn a_power_is_not_another_number() {
    let docx = |base: &str, shift: &str, figure: &str| {
        let run = |properties: &str, text: &str| {
            format!("<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>")
        };
        let shift = format!("<w:vertAlign w:val=\"{shift}\"/>");
        let body = format!("<w:p>{}{}</w:p>", run("", base), run(&shift, figure));
        let document = format!("<w:document><w:body>{body}</w:body></w:document>");
        let bytes = render::archive(&[("word/document.xml", &document)]);
        parsed(MediaType::Docx, &bytes).unwrap().text
    };
    for (base, shift, element, figure, expected) in [
        ("fewer than 10", "superscript", "sup", "9", "fewer than 10⁹"),
        ("per mm", "superscript", "sup", "3", "per mm³"),
        ("5 x 10", "superscript", "sup", "-6", "5 x 10⁻⁶"),
        (
            "every 12 hours",
            "superscript",
            "sup",
            "2, 3",
            "every 12 hours², ³",
        ),
        ("vitamin B", "subscript", "sub", "12", "vitamin B₁₂"),
        ("the 1", "superscript", "sup", "st", "the 1st"),
    ] {
        assert_eq!(docx(base, shift, figure), expected);
        let html = format!("<body><p>{base}<{element}>{figure}</{element}></p></body>");
        let html = parsed(MediaType::Html, html.as_bytes()).unwrap();
        assert_eq!(html.text, expected);
        let control = element.replace("sup", "super");
        let rtf = format!("{{\\rtf1\\ansi {base}{{\\{control} {figure}}}\\par}}");
        let rtf = parsed(MediaType::Rtf, rtf.as_bytes()).unwrap();
        assert_eq!(rtf.text, expected);
    }
}

#[test]
fn signs_of_the_symbol_font_are_characters() {
    for (sign, expected) in [
        ("F0B3", "Give 5 ≥ mg"),
        ("00A3", "Give 5 ≤ mg"),
        ("F06D", "Give 5 μ mg"),
    ] {
        let body = format!(
            "<w:p><w:r><w:t>Give 5 </w:t><w:sym w:font=\"Symbol\" w:char=\"{sign}\"/>\
             <w:t> mg</w:t></w:r></w:p>"
        );
        let document = format!("<w:document><w:body>{body}</w:body></w:document>");
        let bytes = render::archive(&[("word/document.xml", &document)]);
        assert_eq!(parsed(MediaType::Docx, &bytes).unwrap().text, expected);
    }
}
