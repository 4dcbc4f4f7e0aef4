//! The digits of the scripts that people write.

/// Returns the ASCII digit of a decimal digit: Western, Arabic, Persian or Devanagari.
pub fn ascii_digit(letter: char) -> Option<char> {
    const ZEROS: [u32; 4] = [0x30, 0x660, 0x6F0, 0x966];
    let code = u32::from(letter);
    let value = ZEROS
        .iter()
        .find_map(|zero| code.checked_sub(*zero).filter(|value| *value < 10));
    value.and_then(|value| char::from_digit(value, 10))
}
