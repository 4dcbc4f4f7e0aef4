//! PDF files whose numbers do not read as they look.

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Object, Stream};

use super::*;

fn name(name: &str) -> Object {
    Object::Name(name.as_bytes().to_vec())
}

fn dictionary(entries: Vec<(&str, Object)>) -> Dictionary {
    let mut dictionary = Dictionary::new();
    for (key, value) in entries {
        dictionary.set(key, value);
    }
    dictionary
}

/// A document with one page per list of operations, all in the font F1.
fn pdf(mut font: Dictionary, pages: &[Vec<Operation>]) -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    if let Ok(map) = font.get(b"ToUnicode").cloned() {
        font.set("ToUnicode", document.add_object(map));
    }
    let font = document.add_object(font);
    let fonts = dictionary(vec![("F1", font.into())]);
    let resources = dictionary(vec![("Font", fonts.into())]);
    let root = document.new_object_id();
    let kids = pages.iter().map(|operations| {
        let content = Content {
            operations: operations.clone(),
        };
        let content = Stream::new(Dictionary::new(), content.encode().unwrap());
        let content = document.add_object(content);
        let page = dictionary(vec![
            ("Type", name("Page")),
            ("Parent", root.into()),
            ("Contents", content.into()),
            ("Resources", resources.clone().into()),
        ]);
        Object::from(document.add_object(page))
    });
    let kids: Vec<Object> = kids.collect();
    let tree = dictionary(vec![
        ("Type", name("Pages")),
        ("Count", i64::try_from(kids.len()).unwrap().into()),
        ("Kids", kids.into()),
    ]);
    document.objects.insert(root, tree.into());
    let catalog = dictionary(vec![("Type", name("Catalog")), ("Pages", root.into())]);
    let catalog = document.add_object(catalog);
    document.trailer.set("Root", catalog);
    let mut out = Vec::new();
    document.save_to(&mut out).unwrap();
    out
}

fn at(x: f32, y: f32) -> Vec<Operation> {
    vec![
        Operation::new("Tf", vec![name("F1"), 12.into()]),
        Operation::new(
            "Tm",
            vec![1.into(), 0.into(), 0.into(), 1.into(), x.into(), y.into()],
        ),
    ]
}

fn show(bytes: &[u8]) -> Operation {
    Operation::new("Tj", vec![Object::string_literal(bytes)])
}

/// Lines of one paragraph.
fn lines(lines: &[&[u8]]) -> Vec<Operation> {
    spaced(lines, 14.0)
}

/// Lines of text at this distance, each shown by one operation.
fn spaced(lines: &[&[u8]], distance: f32) -> Vec<Operation> {
    let mut operations = vec![Operation::new("BT", vec![])];
    let mut y = 700.0;
    for line in lines {
        operations.extend(at(72.0, y));
        operations.push(show(line));
        y -= distance;
    }
    operations.push(Operation::new("ET", vec![]));
    operations
}

/// One line whose glyphs are placed one by one, each as wide as the one before it.
fn glyph_by_glyph(codes: &[u16], bytes: usize, width: impl Fn(u16) -> f32) -> Vec<Operation> {
    let mut x = 72.0;
    let mut operations = vec![Operation::new("BT", vec![])];
    for code in codes {
        operations.extend(at(x, 700.0));
        operations.push(show(&code.to_be_bytes()[2 - bytes..]));
        x += width(*code) * 0.012;
    }
    operations.push(Operation::new("ET", vec![]));
    operations
}

/// A simple font with names for some of its codes.
fn font_with_names(first: i64, names: &[&str]) -> Dictionary {
    let mut differences = vec![Object::Integer(first)];
    differences.extend(names.iter().map(|n| name(n)));
    let encoding = dictionary(vec![
        ("Type", name("Encoding")),
        ("BaseEncoding", name("WinAnsiEncoding")),
        ("Differences", differences.into()),
    ]);
    dictionary(vec![
        ("Type", name("Font")),
        ("Subtype", name("Type1")),
        ("BaseFont", name("ABCDEF+Leaflet")),
        ("Encoding", encoding.into()),
    ])
}

/// A composite font for the printable ASCII characters, whose glyph numbers equal the characters.
fn composite(widths: Vec<Object>, with_map: bool) -> Dictionary {
    let inner = dictionary(vec![
        ("Type", name("Font")),
        ("Subtype", name("CIDFontType2")),
        ("BaseFont", name("Leaflet")),
        ("W", widths.into()),
    ]);
    let mut font = dictionary(vec![
        ("Type", name("Font")),
        ("Subtype", name("Type0")),
        ("BaseFont", name("Leaflet")),
        ("Encoding", name("Identity-H")),
        ("DescendantFonts", vec![inner.into()].into()),
    ]);
    if with_map {
        let map = b"/CIDInit /ProcSet findresource begin 1 beginbfrange\n<0020> <007E> <0020>\n\
                    endbfrange end";
        font.set("ToUnicode", Stream::new(Dictionary::new(), map.to_vec()));
    }
    font
}

fn read(font: Dictionary, pages: &[Vec<Operation>]) -> Result<ParsedDocument, ParseError> {
    parsed(MediaType::Pdf, &pdf(font, pages))
}

fn codes(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

#[test]
fn digits_of_another_cut_are_read() {
    let cuts: [[&str; 3]; 4] = [
        ["two.tf", "five.onum", "zero.slash"],
        ["twooldstyle", "fiveoldstyle", "zerooldstyle"],
        ["uni0032", "u0035", "uni0030.lf"],
        ["two.alt.os", "five", "zero"],
    ];
    for names in cuts {
        let page = lines(&[b"Give \x80\x81\x82 mg of it."]);
        let doc = read(font_with_names(128, &names), &[page]).unwrap();
        assert_eq!(doc.text, "Give 250 mg of it.", "{names:?}");
        assert_eq!(doc.warnings, []);
    }
    // Ten to the sixth is not 106.
    let mut page = lines(&[b"Up to 10"]);
    page.insert(
        page.len() - 1,
        Operation::new("Tf", vec![name("F1"), 7.into()]),
    );
    page.insert(page.len() - 1, Operation::new("Ts", vec![5.into()]));
    page.insert(page.len() - 1, show(b"6"));
    let doc = read(font_with_names(128, &["six"]), &[page]).unwrap();
    assert_eq!(doc.text, "Up to 10⁶");
}

#[test]
fn a_font_with_unknown_digits_fails_the_document() {
    let unreadable = [
        read(
            font_with_names(48, &["g17", "g18", "g19", "g20", "g21", "g22"]),
            &[lines(&[b"Give 250 mg of it."])],
        ),
        read(
            font_with_names(128, &["c101", "twelve"]),
            &[lines(&[b"Give \x80 mg of it."])],
        ),
        // There is no map from glyphs to characters.
        read(
            composite(vec![], false),
            &[glyph_by_glyph(&codes("Give 250 mg"), 2, |_| 1_000.0)],
        ),
        // A code without a character ends up as a control character.
        read(
            font_with_names(128, &["one"]),
            &[lines(&[b"Give \x815 mg of it."])],
        ),
    ];
    for outcome in unreadable {
        assert_eq!(outcome, Err(ParseError::Unreadable));
    }
    let text = ParseError::Unreadable.to_string();
    assert!(text.contains("OCR"), "{text}");
}

#[test]
fn an_unreliable_page_is_left_out_and_named() {
    let font = || font_with_names(128, &["g1", "g2"]);
    let pages = [
        lines(&[b"Drink enough water.", b"Do not take it"]),
        lines(&[
            b"Take \x80\x81 mg a day.",
            b"Do not take more if:",
            b"- you are dizzy",
        ]),
        lines(&[
            b"- you are pregnant",
            b"- you drive",
            b"Ask us if you are not sure.",
        ]),
    ];
    let doc = read(font(), &pages).unwrap();
    assert_eq!(
        doc.text,
        "Drink enough water.\n\nAsk us if you are not sure."
    );
    let warning = Warning::Pages {
        doubt: Doubt::Glyphs(4),
        pages: vec![2],
    };
    assert_eq!(doc.warnings, [warning]);
    assert_eq!(doc.pages.len(), 3);
    let pages = [
        lines(&[b"Rest for a day."]),
        lines(&[b"Then take 1 2 5 mg of it."]),
    ];
    let doc = read(font(), &pages).unwrap();
    assert_eq!(doc.text, "Rest for a day.");
    let warning = Warning::Pages {
        doubt: Doubt::Numbers,
        pages: vec![2],
    };
    assert_eq!(doc.warnings, [warning]);
}

#[test]
fn a_doubtful_passage_is_left_out_with_what_stands_under_it() {
    let font = || font_with_names(128, &["g1", "g2"]);
    let rest = "Rest for a day after the visit.\nDrink a glass of water every hour.\nKeep the dressing dry \
                for two days.\nWash your hands before you touch it.\nCall us if the wound opens \
                again.\nCome back after ten days for a check.\nBring this leaflet with you.";
    let rest: Vec<&str> = rest.lines().collect();
    for (passage, kept) in [
        (&[&b"Take \x80\x81 mg a day."[..]][..], None),
        (&[b"Take 1 2 5 mg of it."], None),
        (&[b"Do \x80\x81t take it if:", b"- you are pregnant"], None),
        (
            &[b"- take \x80 mg at night", b"- take one in the morning"],
            Some("- take one in the morning"),
        ),
    ] {
        let whole = rest.iter().map(|line| line.as_bytes());
        let page: Vec<&[u8]> = passage.iter().copied().chain(whole).collect();
        let doc = read(font(), &[spaced(&page, 40.0)]).unwrap();
        let expected: Vec<&str> = kept.into_iter().chain(rest.iter().copied()).collect();
        assert_eq!(doc.text.replace("\n\n", "\n"), expected.join("\n"));
        assert!(
            matches!(&doc.warnings[..], [Warning::Passages { pages, .. }] if pages == &[1]),
            "{:?}",
            doc.warnings
        );
    }
}

#[test]
fn the_mark_of_a_list_is_no_number() {
    let map = b"2 beginbfchar <80> <F0B7> <81> <F0FC> endbfchar";
    let mut font = font_with_names(128, &["g1", "g2"]);
    font.set("ToUnicode", Stream::new(Dictionary::new(), map.to_vec()));
    let page = lines(&[b"\x80 Take 250 mg.", b"\x81 Drink water."]);
    let doc = read(font, &[page]).unwrap();
    assert_eq!(doc.text, "• Take 250 mg.\n• Drink water.");
    assert_eq!(kinds(&doc)[0].0, BlockKind::ListItem);
}

#[test]
fn glyphs_placed_one_by_one_form_numbers() {
    let text = "Take 375 mg, ring 020 7946";
    // Digits are 600 wide, the rest 480: as a range, as ranges and lists, and one by one.
    let width = |code: u16| {
        if (48..58).contains(&code) {
            600.0
        } else {
            480.0
        }
    };
    let numbers = |numbers: &[i64]| {
        numbers
            .iter()
            .map(|n| Object::Integer(*n))
            .collect::<Vec<_>>()
    };
    let mut mixed = numbers(&[32, 47, 480, 48, 52, 600, 53]);
    mixed.push(numbers(&[600; 5]).into());
    mixed.extend(numbers(&[58, 126, 480]));
    let mut each = Vec::new();
    for code in 32..127_u16 {
        each.push(Object::Integer(code.into()));
        each.push(vec![Object::Real(width(code))].into());
    }
    for widths in [
        numbers(&[32, 47, 480, 48, 57, 600, 58, 126, 480]),
        mixed,
        each,
    ] {
        let page = glyph_by_glyph(&codes(text), 2, width);
        let doc = read(composite(widths, true), &[page]).unwrap();
        assert_eq!(doc.text, text);
    }
}

#[test]
fn widths_that_a_font_does_not_state_make_no_spaces() {
    let text = "Inject 1250 units";
    // A font without widths, as wide as most fonts.
    let font = dictionary(vec![
        ("Type", name("Font")),
        ("Subtype", name("TrueType")),
        ("BaseFont", name("Leaflet-Sans")),
        ("Encoding", name("WinAnsiEncoding")),
    ]);
    let helvetica = |code: u16| match code {
        48..58 | 101 | 110 | 117 => 556.0,
        32 | 116 | 73 => 278.0,
        105 | 106 => 222.0,
        _ => 500.0,
    };
    let page = glyph_by_glyph(&codes(text), 1, helvetica);
    assert_eq!(read(font, &[page]).unwrap().text, text);
    // Glyphs are drawn as pictures, in a unit of their own.
    let mut font = font_with_names(48, &["zero", "one", "two"]);
    font.set("Subtype", name("Type3"));
    font.set(
        "FontMatrix",
        vec![
            Object::Real(0.01),
            0.into(),
            0.into(),
            Object::Real(0.01),
            0.into(),
            0.into(),
        ],
    );
    font.set("FirstChar", 32);
    font.set("LastChar", 126);
    font.set("Widths", vec![Object::Integer(60); 95]);
    let page = glyph_by_glyph(&codes("2102 ml"), 1, |_| 600.0);
    assert_eq!(read(font, &[page]).unwrap().text, "2102 ml");
}

#[test]
fn digits_pushed_apart_are_no_evidence() {
    let all = || {
        vec![
            Object::Integer(32),
            Object::Integer(126),
            Object::Integer(500),
        ]
    };
    // The digits stand a little apart, so nobody can tell whether they are one number.
    for spread in [1.28, 1.32] {
        let width = |code: u16| {
            let is_digit = (48..58).contains(&code);
            if is_digit { 500.0 * spread } else { 500.0 }
        };
        let page = glyph_by_glyph(&codes("Take 375 mg"), 2, width);
        let outcome = read(composite(all(), true), &[page]);
        assert_eq!(outcome, Err(ParseError::Unreadable), "{spread}");
    }
}

#[test]
fn symbols_are_not_letters() {
    let font = dictionary(vec![
        ("Type", name("Font")),
        ("Subtype", name("Type1")),
        ("BaseFont", name("ABCDEF+Symbol")),
        ("FirstChar", 32.into()),
        ("LastChar", 126.into()),
        ("Widths", vec![Object::Integer(500); 95].into()),
    ]);
    let doc = read(font, &[lines(&[b"m"])]).unwrap();
    assert_eq!(doc.text, "µ");
}
