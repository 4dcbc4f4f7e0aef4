//! Rewrites fonts so that the extractor reads them correctly.
//!
//! The extractor guesses the character of a glyph if the font does not state it, drops the names of
//! variants (`three.os`), uses the first number of a range of widths as the width, and panics on
//! much else. So each font gets the characters of all its codes and the widths of its glyphs in the
//! plainest form; a code with an unknown character becomes [`UNKNOWN`](super::pdf_glyphs::UNKNOWN).

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pdf_extract::{Dictionary, Document, Object, ObjectId, Stream};

use super::pdf_glyphs::{Table, UNKNOWN, symbol_table, table_of, text_of};
use super::pdf_widths;

/// How deep in an object fonts are searched.
const MAX_DEPTH: usize = 12;

/// Rewrites every font.
pub(super) fn simplify(document: &mut Document) {
    let ids: Vec<ObjectId> = document.objects.keys().copied().collect();
    for id in ids {
        let changed = document
            .objects
            .get(&id)
            .and_then(|object| rewritten(document, object, MAX_DEPTH));
        if let Some(changed) = changed {
            document.objects.insert(id, changed);
        }
    }
}

/// Returns the object with its fonts rewritten; `None` if it contains no font.
fn rewritten(document: &Document, object: &Object, depth: usize) -> Option<Object> {
    let depth = depth.checked_sub(1)?;
    match object {
        Object::Dictionary(dictionary) => {
            dictionary_rewritten(document, dictionary, depth).map(Object::Dictionary)
        }
        Object::Stream(stream) => {
            let dict = dictionary_rewritten(document, &stream.dict, depth)?;
            let mut stream = stream.clone();
            stream.dict = dict;
            Some(Object::Stream(stream))
        }
        Object::Array(items) => {
            let changed: Vec<_> = items
                .iter()
                .map(|item| rewritten(document, item, depth))
                .collect();
            changed.iter().any(Option::is_some).then(|| {
                let pairs = changed.into_iter().zip(items);
                Object::Array(
                    pairs
                        .map(|(new, old)| new.unwrap_or_else(|| old.clone()))
                        .collect(),
                )
            })
        }
        _ => None,
    }
}

fn dictionary_rewritten(
    document: &Document,
    dictionary: &Dictionary,
    depth: usize,
) -> Option<Dictionary> {
    let is_font = dictionary.get(b"Type").is_err() || dictionary.has_type(b"Font");
    match dictionary.get(b"Subtype").and_then(Object::as_name) {
        Ok(b"Type1" | b"MMType1" | b"TrueType" | b"Type3") if is_font => {
            return simple(document, dictionary);
        }
        Ok(b"Type0") if is_font => return composite(document, dictionary),
        Ok(b"CIDFontType0" | b"CIDFontType2") if is_font => {
            return Some(descendant(document, dictionary));
        }
        _ => {}
    }
    let mut changed: Option<Dictionary> = None;
    for (key, value) in dictionary {
        if let Some(new) = rewritten(document, value, depth) {
            changed
                .get_or_insert_with(|| dictionary.clone())
                .set(key.clone(), new);
        }
    }
    changed
}

/// Rewrites a font with one byte per glyph.
fn simple(document: &Document, font: &Dictionary) -> Option<Dictionary> {
    let name = base_name(font);
    let has_encoding = font.get(b"Encoding").is_ok();
    // The extractor has the glyphs of this font built in.
    if name == "ZapfDingbats" && !has_encoding {
        return None;
    }
    let table = characters(document, font, &name);
    let mut plain = Dictionary::new();
    plain.set("Type", "Font");
    plain.set("Subtype", "Type1");
    plain.set("ToUnicode", to_unicode(document, font, &table));
    pdf_widths::set(document, font, &name, &mut plain);
    Some(plain)
}

/// The font's name without the tag of a subset.
fn base_name(font: &Dictionary) -> String {
    let name = font.get(b"BaseFont").and_then(Object::as_name);
    let name = String::from_utf8_lossy(name.unwrap_or_default()).into_owned();
    match name.split_once('+') {
        Some((tag, rest)) if tag.len() == 6 => rest.to_owned(),
        _ => name,
    }
}

/// The characters of the codes: those of the base encoding, replaced by the names that differ.
fn characters(document: &Document, font: &Dictionary, name: &str) -> Table {
    let encoding = font.get_deref(b"Encoding", document).ok();
    let base = match encoding {
        Some(Object::Name(name)) => table_of(name),
        Some(Object::Dictionary(encoding)) => encoding
            .get_deref(b"BaseEncoding", document)
            .and_then(Object::as_name)
            .ok()
            .and_then(table_of),
        _ => None,
    };
    let mut table = base.unwrap_or_else(|| built_in(document, font, name, encoding.is_some()));
    let differences = encoding
        .and_then(|encoding| encoding.as_dict().ok())
        .and_then(|encoding| encoding.get_deref(b"Differences", document).ok())
        .and_then(|differences| differences.as_array().ok());
    let mut code = 0_i64;
    for entry in differences.into_iter().flatten() {
        match document.dereference(entry).map(|(_, entry)| entry) {
            Ok(Object::Integer(next)) => code = *next,
            Ok(Object::Name(name)) => {
                if let Ok(code) = u8::try_from(code) {
                    insert(&mut table, code, name);
                }
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
    table
}

/// An unreadable name removes the base's character, because the base may be wrong.
fn insert(table: &mut Table, code: u8, name: &[u8]) {
    match text_of(name) {
        Some(text) => table.insert(code, text),
        None if matches!(code, 32 | 160) => table.insert(code, " ".to_owned()),
        None => table.insert(code, UNKNOWN.to_string()),
    };
}

/// The font's own encoding, which applies when none is named.
fn built_in(document: &Document, font: &Dictionary, name: &str, has_names: bool) -> Table {
    let lower = name.to_lowercase();
    if lower.starts_with("symbol") {
        return symbol_table();
    }
    let pictures = ["dingbat", "wingding", "webding", "awesome", "icon"];
    if pictures.iter().any(|part| lower.contains(part)) {
        return Table::new();
    }
    let descriptor = font
        .get_deref(b"FontDescriptor", document)
        .and_then(Object::as_dict)
        .ok();
    let program = |key: &[u8]| -> Option<Vec<u8>> {
        let stream = descriptor?
            .get_deref(key, document)
            .ok()?
            .as_stream()
            .ok()?;
        Some(
            stream
                .decompressed_content()
                .unwrap_or_else(|_| stream.content.clone()),
        )
    };
    let names = program(b"FontFile")
        .and_then(|program| names_of_type1(&program))
        .or_else(|| program(b"FontFile3").and_then(|program| names_of_cff(&program)));
    if let Some(names) = names.filter(|names| !names.is_empty()) {
        let mut table = Table::new();
        for (code, name) in names {
            insert(&mut table, code, &name);
        }
        return table;
    }
    let flags = descriptor.and_then(|d| d.get_deref(b"Flags", document).ok()?.as_i64().ok());
    let is_symbolic = flags.is_some_and(|flags| flags & 4 != 0 && flags & 32 == 0);
    let is_true_type = pdf_widths::is_of_type(font, b"TrueType");
    let is_type3 = pdf_widths::is_of_type(font, b"Type3");
    // The codes of a subset font are arbitrary numbers.
    let own_codes = is_true_type && is_symbolic && !has_names && program(b"FontFile2").is_some();
    if own_codes || is_type3 {
        return Table::new();
    }
    let standard: &[u8] = if is_true_type {
        b"WinAnsiEncoding"
    } else {
        b"StandardEncoding"
    };
    table_of(standard).unwrap_or_default()
}

fn names_of_type1(program: &[u8]) -> Option<Vec<(u8, Vec<u8>)>> {
    // The parser panics on font programs that it does not understand.
    let names = catch_unwind(AssertUnwindSafe(|| {
        type1_encoding_parser::get_encoding_map(program).ok()
    }));
    let names = names.ok().flatten()?.into_iter();
    Some(
        names
            .filter_map(|(code, name)| Some((u8::try_from(code).ok()?, name)))
            .collect(),
    )
}

fn names_of_cff(program: &[u8]) -> Option<Vec<(u8, Vec<u8>)>> {
    let names = catch_unwind(AssertUnwindSafe(|| {
        let font = cff_parser::Table::parse(program)?;
        let codes = font.encoding.get_code_to_sid_table(&font.charset);
        let named = codes.into_iter().filter_map(|(code, id)| {
            let name = cff_parser::string_by_id(&font, id)?;
            (name != ".notdef").then(|| (code, name.as_bytes().to_vec()))
        });
        Some(named.collect())
    }));
    names.ok().flatten()
}

/// Returns the characters of all codes in the form that the extractor reads. The font's own map
/// follows this one and so overrides it.
fn to_unicode(document: &Document, font: &Dictionary, table: &Table) -> Object {
    let mut map = String::from("256 beginbfchar\n");
    for code in 0..=u8::MAX {
        let unknown = UNKNOWN.to_string();
        let text = table.get(&code).unwrap_or(&unknown);
        let units = text.encode_utf16().fold(String::new(), |mut hex, unit| {
            let _ = write!(hex, "{unit:04X}");
            hex
        });
        let _ = writeln!(map, "<{code:02X}> <{units}>");
    }
    map.push_str("endbfchar\n");
    let mut map = map.into_bytes();
    if let Ok(Object::Stream(own)) = font.get_deref(b"ToUnicode", document) {
        let own = own
            .decompressed_content()
            .unwrap_or_else(|_| own.content.clone());
        map.extend(own);
    }
    Object::Stream(Stream::new(Dictionary::new(), map))
}

/// Rewrites a font with several bytes per glyph.
fn composite(document: &Document, font: &Dictionary) -> Option<Dictionary> {
    let Ok(Object::Stream(map)) = font.get_deref(b"Encoding", document) else {
        return with_descendant(document, font);
    };
    // Drops maps of codes to glyphs, which the extractor misreads; it finds the characters by code.
    let map = map
        .decompressed_content()
        .unwrap_or_else(|_| map.content.clone());
    match code_bytes(&map) {
        Some(1) => {
            let mut plain = Dictionary::new();
            plain.set("Type", "Font");
            plain.set("Subtype", "Type1");
            plain.set("ToUnicode", to_unicode(document, font, &Table::new()));
            pdf_widths::set_of_one_byte(document, font, &mut plain);
            Some(plain)
        }
        length => {
            let mut changed = with_descendant(document, font).unwrap_or_else(|| font.clone());
            changed.set("Encoding", Object::Name(b"Identity-H".to_vec()));
            if length != Some(2) {
                changed.remove(b"ToUnicode");
            }
            Some(changed)
        }
    }
}

/// The number of bytes per code, if it is the same for all codes.
fn code_bytes(map: &[u8]) -> Option<usize> {
    let map = String::from_utf8_lossy(map);
    let (_, ranges) = map.split_once("begincodespacerange")?;
    let (ranges, _) = ranges.split_once("endcodespacerange")?;
    let mut lengths = ranges
        .split('<')
        .skip(1)
        .filter_map(|range| range.split_once('>'))
        .map(|(digits, _)| digits.chars().filter(char::is_ascii_hexdigit).count() / 2);
    let first = lengths.next()?;
    lengths.all(|length| length == first).then_some(first)
}

/// Rewrites a descendant that stands in the font itself; a separate one is an object like any
/// other.
fn with_descendant(document: &Document, font: &Dictionary) -> Option<Dictionary> {
    let fonts = font.get_deref(b"DescendantFonts", document).ok()?;
    let Some(Object::Dictionary(inner)) = fonts.as_array().ok()?.first() else {
        return None;
    };
    let inner = Object::Dictionary(descendant(document, inner));
    let mut changed = font.clone();
    changed.set("DescendantFonts", vec![inner]);
    Some(changed)
}

fn descendant(document: &Document, font: &Dictionary) -> Dictionary {
    let mut changed = font.clone();
    if let Some(widths) = pdf_widths::by_glyph(document, font) {
        changed.set("W", widths);
    }
    if !matches!(changed.get(b"DW"), Err(_) | Ok(Object::Integer(_))) {
        changed.remove(b"DW");
    }
    // The extractor requires a descriptor but reads nothing from it.
    changed.set("FontDescriptor", Dictionary::new());
    changed
}
