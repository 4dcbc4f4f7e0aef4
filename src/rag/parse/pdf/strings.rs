//! Text strings of PDF objects.

/// Decodes a text string: UTF-16 or UTF-8 with a byte order mark, otherwise similar to Latin-1.
pub(super) fn text_string(bytes: &[u8]) -> Option<String> {
    let utf16 = |pairs: &[u8], read: fn([u8; 2]) -> u16| {
        let units = pairs.as_chunks::<2>().0.iter().map(|pair| read(*pair));
        char::decode_utf16(units)
            .collect::<Result<String, _>>()
            .ok()
    };
    if let Some(pairs) = bytes.strip_prefix(b"\xFE\xFF") {
        return utf16(pairs, u16::from_be_bytes);
    }
    if let Some(pairs) = bytes.strip_prefix(b"\xFF\xFE") {
        return utf16(pairs, u16::from_le_bytes);
    }
    let utf8 = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(utf8) {
        Ok(text) => Some(text.to_owned()),
        Err(_) => Some(bytes.iter().map(|byte| latin(*byte)).collect()),
    }
}

/// The characters by which `PDFDocEncoding` differs from Latin-1 and that people write.
fn latin(byte: u8) -> char {
    const FROM_80: [char; 33] = [
        '•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚',
        '™', 'ﬁ', 'ﬂ', 'Ł', 'Œ', 'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž', '\u{FFFD}', '€',
    ];
    let listed = usize::from(byte).checked_sub(0x80);
    listed
        .and_then(|at| FROM_80.get(at).copied())
        .unwrap_or(char::from(byte))
}
