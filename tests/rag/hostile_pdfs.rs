//! Hostile PDF files, parsed by the real binary within its limits.

use std::fmt::Write as _;
use std::io::Write as _;

use chatbot::rag::parse::MediaType;
use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::hostile_formats::check;

/// A file with these objects after its catalog, its tree and its page: object 4 is the content.
fn pdf(page: &str, objects: &[(String, Vec<u8>)]) -> Vec<u8> {
    let tree = "<</Type/Pages/Kids[3 0 R]/Count 1>>";
    let page = format!(
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<<{page}>>>>"
    );
    let fixed = ["<</Type/Catalog/Pages 2 0 R>>", tree, &page];
    let fixed = fixed.into_iter().map(|object| object.as_bytes().to_vec());
    let streams = objects.iter().map(|(entries, data)| {
        let mut object = format!("<</Length {}{entries}>>stream\n", data.len()).into_bytes();
        object.extend_from_slice(data);
        object.extend_from_slice(b"\nendstream");
        object
    });
    file(fixed.chain(streams))
}

/// A file with these objects, numbered from one.
fn file(objects: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut out = b"%PDF-1.5\n".to_vec();
    let mut places = Vec::new();
    for object in objects {
        places.push(out.len());
        out.extend_from_slice(format!("{} 0 obj\n", places.len()).as_bytes());
        out.extend_from_slice(&object);
        out.extend_from_slice(b"\nendobj\n");
    }
    let start = out.len();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1);
    for place in &places {
        writeln!(table, "{place:010} 00000 n ").unwrap();
    }
    let size = places.len() + 1;
    write!(
        table,
        "trailer<</Size {size}/Root 1 0 R/Prev {start}>>\nstartxref\n{start}\n%%EOF"
    )
    .unwrap();
    out.extend_from_slice(table.as_bytes());
    out
}

/// Deflates a part this many times over.
fn deflated(part: &[u8], times: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..times {
        encoder.write_all(part).unwrap();
    }
    encoder.finish().unwrap()
}

const FLATE: &str = "/Filter/FlateDecode";
const FONT: &str = "/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>";
const MILLION: usize = 1_000_000;

#[test]
fn bombs_stay_within_the_limits() {
    let spaces = deflated(&vec![b' '; MILLION], 700);
    let twice = deflated(&spaces, 1);
    let text = deflated(
        b"BT /F1 9 Tf 1 0 0 1 9 9 Tm (Take 5 mg a day.) Tj ET\n",
        MILLION / 10,
    );
    let image = "/Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8\
                 /ColorSpace/DeviceRGB/Filter/FlateDecode";
    let map = b"1 begincodespacerange <00000000> <FFFFFFFF> endcodespacerange\n\
                1 beginbfrange <00000000> <FFFFFFFF> <0020> endbfrange";
    let composite = "/Font<</F1<</Type/Font/Subtype/Type0/BaseFont/A/Encoding/Identity-H\
                     /ToUnicode 5 0 R/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/A\
                     /W[0 999999999 500]>>]>>>>";
    let show = b"BT /F1 9 Tf <00410042> Tj ET".to_vec();
    for document in [
        pdf("", &[(FLATE.to_owned(), spaces)]),
        pdf(
            "",
            &[("/Filter[/FlateDecode/FlateDecode]".to_owned(), twice)],
        ),
        pdf(FONT, &[(FLATE.to_owned(), text)]),
        pdf(
            "/XObject<</X 5 0 R>>",
            &[
                (String::new(), b"/X Do".to_vec()),
                (image.to_owned(), deflated(&vec![0; MILLION], 600)),
            ],
        ),
        pdf(
            composite,
            &[(String::new(), show), (String::new(), map.to_vec())],
        ),
    ] {
        check(MediaType::Pdf, document);
    }
}

#[test]
fn loops_and_deep_nesting_stay_within_the_limits() {
    let nested = |open: &str, close: &str| {
        let object = format!("{}{}", open.repeat(MILLION), close.repeat(MILLION));
        let catalog = format!("<</Type/Catalog/Pages 2 0 R/X {object}>>");
        let tree = "<</Type/Pages/Kids[2 0 R 2 0 R]/Count 99999999>>";
        file(
            [catalog, tree.to_owned()]
                .into_iter()
                .map(String::into_bytes),
        )
    };
    let form = "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>";
    let own_form = pdf(
        "/XObject<</X 5 0 R>>",
        &[
            (String::new(), b"/X Do".to_vec()),
            (form.to_owned(), b"/X Do /X Do".to_vec()),
        ],
    );
    let kids = "3 0 R ".repeat(100_000);
    let many = file(
        [
            "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
            format!("<</Type/Pages/Kids[{kids}]/Count 100000>>"),
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>".to_owned(),
        ]
        .into_iter()
        .map(String::into_bytes),
    );
    let saved = pdf(
        FONT,
        &[(FLATE.to_owned(), deflated(b"q BT /F1 9 Tf ", MILLION))],
    );
    let length = pdf("", &[("/Length 4 0 R".to_owned(), b"q".to_vec())]);
    for document in [
        nested("[", "]"),
        nested("<</X", ">>"),
        own_form,
        many,
        saved,
        length,
    ] {
        check(MediaType::Pdf, document);
    }
}
