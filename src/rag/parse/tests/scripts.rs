//! Tests of PDF fonts of other scripts.

use super::pages::{document, read, stream};

#[test]
fn fonts_that_are_not_embedded_are_read_by_their_encoding() {
    let composite = |base: &str, encoding: &str, ordering: &str| {
        format!(
            "<</Type/Font/Subtype/Type0/BaseFont/{base}/Encoding/{encoding}/DescendantFonts[<</Type/Font\
             /Subtype/CIDFontType0/BaseFont/{base}/CIDSystemInfo<</Registry(Adobe)/Ordering({ordering})\
             /Supplement 2>>/FontDescriptor<</Type/FontDescriptor/FontName/{base}/Flags 4>>>>]>>"
        )
    };
    for (encoding, ordering, codes, text) in [
        ("90ms-RKSJ-H", "Japan1", "968893FA93F189F1", "毎日二回"),
        ("GBK-EUC-H", "GB1", "C3BFCCECC1BDC6AC", "每天两片"),
        ("ETen-B5-H", "CNS1", "A843A4D1", "每天"),
        ("UniKS-UCS2-H", "Korea1", "D558B8E8C138BC88", "하루세번"),
    ] {
        let font = composite("Sheet", encoding, ordering);
        let content = format!("BT /F2 12 Tf 72 700 Td <{codes}> Tj ET");
        let doc = read(&document(&[&content], "", &font, &[]));
        assert_eq!(doc.text, text, "{encoding}");
    }
}

#[test]
fn a_code_of_one_byte_names_a_glyph_of_a_composite_font() {
    let map = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /One def \
               1 begincodespacerange <00> <FF> endcodespacerange \
               1 begincidrange <00> <FF> 0 endcidrange endcmap end end";
    let names = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Names def \
                 1 begincodespacerange <00> <FF> endcodespacerange \
                 1 beginbfrange <20> <7E> <0020> endbfrange endcmap end end";
    let font = "<</Type/Font/Subtype/Type0/BaseFont/Sheet/Encoding 7 0 R/ToUnicode 8 0 R/DescendantFonts[<<\
                /Type/Font/Subtype/CIDFontType2/BaseFont/Sheet/DW 500/CIDSystemInfo<</Registry(Adobe)\
                /Ordering(Identity)/Supplement 0>>/FontDescriptor<</Type/FontDescriptor/FontName/Sheet\
                /Flags 4>>>>]>>";
    for text in ["Shake for 10 seconds.", "Use 2 drops.", "Twice a day"] {
        let content = format!("BT /F2 12 Tf 72 700 Td ({text}) Tj ET");
        let doc = read(&document(
            &[&content],
            "",
            font,
            &[stream(map), stream(names)],
        ));
        assert_eq!(doc.text, text);
    }
}

#[test]
fn lines_from_right_to_left_are_stored_as_they_are_read() {
    let names = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Names def \
                 1 begincodespacerange <0000> <FFFF> endcodespacerange \
                 1 beginbfrange <0000> <FFFF> <0000> endbfrange endcmap end end";
    let font = "<</Type/Font/Subtype/Type0/BaseFont/Sheet/Encoding/Identity-H/ToUnicode 7 0 R/DescendantFonts[<<\
                /Type/Font/Subtype/CIDFontType2/BaseFont/Sheet/DW 500/CIDSystemInfo<</Registry(Adobe)\
                /Ordering(Identity)/Supplement 0>>/FontDescriptor<</Type/FontDescriptor/FontName/Sheet\
                /Flags 4>>>>]>>";
    for (shown, text) in [
        ("םוי לכ םימ ותש", "שתו מים כל יום"),
        ("ק\"ג 12.5 לקשמ", "משקל 12.5 ג\"ק"),
        ("ءام برشا", "اشرب ماء"),
    ] {
        let codes: Vec<_> = shown
            .encode_utf16()
            .map(|unit| format!("{unit:04X}"))
            .collect();
        let codes = codes.concat();
        let content = format!("BT /F2 12 Tf 72 700 Td <{codes}> Tj ET");
        let doc = read(&document(&[&content], "", font, &[stream(names)]));
        assert_eq!(doc.text, text);
    }
}
