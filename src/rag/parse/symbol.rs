//! The font Symbol, whose letters and signs stand in the places of others.

/// The characters of the font Symbol from space on: "m" is a µ there, and "mg" a microgram.
const SYMBOL: &str = " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_\u{203E}αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼";
/// Those from 0xA0 on.
const SYMBOL_HIGH: &str = "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪\u{FFFD}〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭";

/// Returns the character of a byte in the font Symbol.
pub(super) fn symbol(byte: u8) -> char {
    let found = match byte {
        0x20..=0x7E => SYMBOL.chars().nth(usize::from(byte - 0x20)),
        0xA0..=0xFE => SYMBOL_HIGH.chars().nth(usize::from(byte - 0xA0)),
        _ => None,
    };
    found.unwrap_or('\u{FFFD}')
}
