//! Texts in every encoding, declared and not.

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, ISO_8859_2, ISO_8859_5, ISO_8859_7, KOI8_R, SHIFT_JIS,
    WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254,
    WINDOWS_1255, WINDOWS_1256,
};

use super::*;

const FRENCH: &str = "Prenez 1 comprimé à midi, après le déjeuner. Ne dépassez pas 3 µg par jour.";
const SAMPLES: [(&str, &Encoding, &str); 15] = [
    ("fr", WINDOWS_1252, FRENCH),
    (
        "de",
        WINDOWS_1252,
        "Die Besuchszeiten sind täglich von 14:00 bis 18:30 Uhr – außer für Säuglinge.",
    ),
    (
        "pl",
        ISO_8859_2,
        "Proszę przyjmować jedną tabletkę dziennie po śniadaniu i popijać dużą ilością wody.",
    ),
    (
        "cs",
        WINDOWS_1250,
        "Užívejte jednu tabletu denně po snídani. Při horečce volejte lékaře – žádné příště.",
    ),
    (
        "ru",
        WINDOWS_1251,
        "Принимайте по одной таблетке 2 раза в день после еды, запивая водой.",
    ),
    (
        "ru",
        KOI8_R,
        "Часы посещений: ежедневно с 14:00 до 18:30, кроме воскресенья.",
    ),
    (
        "ru",
        ISO_8859_5,
        "Не принимайте лекарство, если у вас повышенная температура.",
    ),
    (
        "el",
        WINDOWS_1253,
        "Πάρτε ένα δισκίο κάθε πρωί μετά το φαγητό με ένα ποτήρι νερό.",
    ),
    (
        "el",
        ISO_8859_7,
        "Μην παίρνετε το φάρμακο αν έχετε πυρετό πάνω από 38 βαθμούς.",
    ),
    (
        "tr",
        WINDOWS_1254,
        "Günde bir tablet alınız; yüksek ateşiniz varsa doktorunuza başvurunuz.",
    ),
    (
        "he",
        WINDOWS_1255,
        "יש ליטול טבליה אחת ביום לאחר הארוחה עם כוס מים.",
    ),
    (
        "ar",
        WINDOWS_1256,
        "تناول قرصا واحدا كل يوم بعد الأكل مع كوب من الماء.",
    ),
    (
        "th",
        WINDOWS_874,
        "รับประทานยาวันละหนึ่งเม็ดหลังอาหารเช้าพร้อมน้ำหนึ่งแก้ว",
    ),
    (
        "ja",
        SHIFT_JIS,
        "この薬は毎日朝食の後に一錠ずつ飲んでください。熱が三日続くときは医師に相談してください。",
    ),
    (
        "ko",
        EUC_KR,
        "이 약은 매일 아침 식사 후에 한 알씩 물과 함께 복용하십시오.",
    ),
];
/// Encodings of several bytes a character, which short texts show as well.
const WIDE: [(&Encoding, &str); 3] = [
    (
        GB18030,
        "每天早晚各服一片，饭后用温水送服。如有发热请立即联系医生。",
    ),
    (
        BIG5,
        "每天早晚各服一片，飯後用溫水送服。如有發燒請立即聯絡醫生。",
    ),
    (
        EUC_JP,
        "面会時間は毎日午後二時から六時半までです。マスクをつけてください。",
    ),
];

fn declared(mime: &str, bytes: &[u8]) -> Result<ParsedDocument, ParseError> {
    let content = ContentType::from_mime(mime).unwrap();
    parse(content, bytes, &ParseLimits::default())
}

fn encoded(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    let (bytes, _, lost) = encoding.encode(text);
    assert!(!lost, "{} has no such character", encoding.name());
    bytes.into_owned()
}

fn utf16(text: &str, to: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to).collect()
}

fn utf32(text: &str, to: fn(u32) -> [u8; 4]) -> Vec<u8> {
    text.chars().map(u32::from).flat_map(to).collect()
}

fn every_sample() -> impl Iterator<Item = (&'static Encoding, &'static str)> {
    let singles = SAMPLES.iter().map(|(_, encoding, text)| (*encoding, *text));
    singles.chain(WIDE)
}

#[test]
fn a_byte_order_mark_decides() {
    for text in [
        "Besuchszeit: täglich 14:00",
        "每天 2 片",
        "Dose: ½ 💊 daily",
    ] {
        for (mark, body) in [
            (&b"\xEF\xBB\xBF"[..], text.as_bytes().to_vec()),
            (b"\xFF\xFE", utf16(text, u16::to_le_bytes)),
            (b"\xFE\xFF", utf16(text, u16::to_be_bytes)),
            (b"\xFF\xFE\0\0", utf32(text, u32::to_le_bytes)),
            (b"\0\0\xFE\xFF", utf32(text, u32::to_be_bytes)),
        ] {
            let bytes = [mark, &body].concat();
            for mime in ["text/plain", "text/markdown", "text/html; charset=koi8-r"] {
                let doc = declared(mime, &bytes).unwrap();
                assert_eq!(doc.text, text, "{mark:?}");
                assert_eq!(doc.notes, [], "{mark:?}");
            }
        }
    }
}

#[test]
fn the_charset_of_the_upload_is_used() {
    for (encoding, text) in every_sample() {
        let bytes = encoded(encoding, text);
        for media in ["text/plain", "text/markdown", "text/html"] {
            let mime = format!("{media}; charset=\"{}\"", encoding.name());
            let doc = declared(&mime, &bytes).unwrap();
            assert_eq!(doc.text, text, "{mime}");
            assert_eq!(doc.notes, [], "{mime}");
        }
    }
    let doc = declared(
        "text/plain; charset=utf-16be",
        &utf16("täglich", u16::to_be_bytes),
    );
    assert_eq!(doc.unwrap().text, "täglich");
    let doc = declared(
        "text/plain; charset=UTF-32LE",
        &utf32("täglich", u32::to_le_bytes),
    );
    assert_eq!(doc.unwrap().text, "täglich");
}

#[test]
fn a_page_declares_its_own_charset() {
    for (encoding, text) in every_sample() {
        let name = encoding.name();
        for head in [
            format!("<meta charset={name}>"),
            format!("<META content='text/html; charset={name}' http-equiv=Content-Type>"),
            format!("<?xml version=\"1.0\" encoding='{name}'?><html>"),
            format!(
                "<!-- <meta charset=utf-16> --><title><meta charset=x></title><meta charset={name}>"
            ),
        ] {
            let page = [head.as_bytes(), b"<p>", &encoded(encoding, text)].concat();
            let doc = declared("text/html", &page).unwrap();
            assert!(doc.text.ends_with(text), "{head}: {}", doc.text);
            assert_eq!(doc.notes, [], "{head}");
        }
    }
}

#[test]
fn the_charset_of_the_upload_comes_before_that_of_the_page() {
    let page = [
        b"<meta charset=iso-8859-2><p>".as_slice(),
        &encoded(KOI8_R, "Часы посещений"),
    ]
    .concat();
    let doc = declared("text/html; charset=koi8-r", &page).unwrap();
    assert_eq!(doc.text, "Часы посещений");
}

#[test]
fn text_without_a_declaration_is_guessed_and_says_so() {
    for (encoding, text) in every_sample() {
        let doc = declared("text/plain", &encoded(encoding, text)).unwrap();
        assert_eq!(doc.text, text, "{}", encoding.name());
        let [Note::Guessed { encoding: guess }] = doc.notes.as_slice() else {
            panic!("{}: {:?}", encoding.name(), doc.notes);
        };
        let remark = doc.remarks().concat();
        assert!(remark.contains(&format!("read as {guess}, which was guessed")));
        let page = [b"<p>".as_slice(), &encoded(encoding, text)].concat();
        assert_eq!(declared("text/html", &page).unwrap().text, text);
    }
    let doc = declared("text/html", b"<p>The caf\xE9 closes at 19:30").unwrap();
    assert_eq!(doc.text, "The café closes at 19:30");
    assert_eq!(doc.notes.len(), 1);
    let doc = declared(
        "text/plain",
        &utf16("Visiting hours: täglich", u16::to_le_bytes),
    )
    .unwrap();
    assert_eq!(doc.text, "Visiting hours: täglich");
    assert_eq!(doc.notes.len(), 1);
    let doc = declared("text/plain", b"\x1B$B$3$NLt\x1B(B 1").unwrap();
    assert_eq!(doc.text, "この薬 1");
}

#[test]
fn a_declaration_that_the_bytes_contradict_is_not_used() {
    let french = encoded(WINDOWS_1252, FRENCH);
    for (mime, bytes, encoding) in [
        (
            "text/plain; charset=utf-8",
            french.as_slice(),
            "windows-1252",
        ),
        ("text/plain; charset=shift_jis", FRENCH.as_bytes(), "UTF-8"),
        (
            "text/markdown; charset=iso-8859-1",
            FRENCH.as_bytes(),
            "UTF-8",
        ),
        ("text/html; charset=utf-16", FRENCH.as_bytes(), "UTF-8"),
        (
            "text/plain; charset=windows-1252",
            "每天早晚各一片".as_bytes(),
            "UTF-8",
        ),
    ] {
        let doc = declared(mime, bytes).unwrap();
        assert!(
            matches!(&doc.notes[0], Note::Contradicted { encoding: read, .. } if read == encoding),
            "{mime}: {:?}",
            doc.notes
        );
        assert!(
            !doc.text.contains('\u{FFFD}') && !doc.text.contains('Ã'),
            "{mime}"
        );
        assert!(doc.remarks()[0].contains("declared to be"));
    }
    let page = [b"<meta charset=utf-8><p>".as_slice(), &french].concat();
    let doc = declared("text/html", &page).unwrap();
    assert_eq!(doc.text, FRENCH);
    assert_eq!(doc.notes.len(), 1);
    // An unknown name says nothing.
    let doc = declared("text/plain; charset=klingon", FRENCH.as_bytes()).unwrap();
    assert_eq!((doc.text.as_str(), doc.notes.len()), (FRENCH, 0));
}

#[test]
fn damaged_text_is_reported_and_never_reread_in_another_encoding() {
    let mut bytes = FRENCH.as_bytes().to_vec();
    bytes.extend(b" Fin \xE9.");
    let doc = declared("text/plain", &bytes).unwrap();
    assert_eq!(doc.text, format!("{FRENCH} Fin \u{FFFD}."));
    assert_eq!(doc.notes, [Note::Damaged { characters: 1 }]);
    let lost = format!("{FRENCH} D\u{FFFD}jeuner \u{FFFD} midi.");
    let doc = declared(
        "text/plain",
        format!("{lost} {}", FRENCH.repeat(3)).as_bytes(),
    );
    assert_eq!(doc.unwrap().notes, [Note::Damaged { characters: 2 }]);
    let worse = "d\u{FFFD}j\u{FFFD} vu ".repeat(9);
    assert_eq!(
        declared("text/plain", worse.as_bytes()),
        Err(ParseError::NotUtf8)
    );
}

#[test]
fn binary_data_is_no_text() {
    let picture: Vec<u8> = (0..=255_u8)
        .cycle()
        .map(|b| b.wrapping_mul(37))
        .take(4_000)
        .collect();
    let counters: Vec<u8> = (0..2_000_u32)
        .flat_map(|n| (n * 7_919).to_le_bytes())
        .collect();
    let holes = [encoded(WINDOWS_1252, FRENCH).as_slice(), b"\0\0\0"].concat();
    let controls = b"\x01\x02ab\x03\x04cd\x05\x06".repeat(20);
    for bytes in [picture, counters, holes, controls] {
        for media in ["text/plain", "text/markdown", "text/html"] {
            assert_eq!(declared(media, &bytes), Err(ParseError::Binary), "{media}");
        }
    }
}

#[test]
fn a_content_type_keeps_its_charset() {
    for (given, kept) in [
        ("text/plain", "text/plain"),
        (
            "Text/HTML; Charset=\"Windows-1251\"",
            "text/html; charset=windows-1251",
        ),
        (
            "text/plain; format=flowed; charset=latin1",
            "text/plain; charset=windows-1252",
        ),
        ("text/plain; charset=klingon", "text/plain"),
        ("application/pdf; charset=utf-16", "application/pdf"),
        (
            "text/markdown; charset=utf-32be",
            "text/markdown; charset=utf-32be",
        ),
    ] {
        let content = ContentType::from_mime(given).unwrap();
        assert_eq!(content.to_string(), kept);
        assert_eq!(kept.parse::<ContentType>().unwrap(), content);
    }
    let utf8 = ContentType::from_mime("text/plain; charset=utf-8").unwrap();
    assert_eq!(utf8.settled("é".as_bytes()).to_string(), "text/plain");
    assert_eq!(
        utf8.settled(b"\xE9").to_string(),
        "text/plain; charset=utf-8"
    );
}
