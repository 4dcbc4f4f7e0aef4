//! The tokens of RTF: groups, control words, and bytes of text.

/// A token of an RTF file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    /// A control word or symbol, and its number.
    Control(&'a str, Option<i32>),
    /// A byte of text in the encoding of its font.
    Byte(u8),
}

/// Iterates over the tokens of a file.
pub(super) struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn control(&mut self) -> Option<Token<'a>> {
        let letters = self
            .rest
            .iter()
            .take_while(|b| b.is_ascii_alphabetic())
            .count();
        if letters == 0 {
            return self.symbol();
        }
        let word = std::str::from_utf8(self.take(letters)).unwrap_or_default();
        let sign = usize::from(self.rest.first() == Some(&b'-'));
        let digits = self
            .rest
            .iter()
            .skip(sign)
            .take_while(|b| b.is_ascii_digit())
            .count();
        let number = if digits > 0 {
            let digits = self.take(sign + digits);
            std::str::from_utf8(digits)
                .ok()
                .and_then(|n| n.parse().ok())
        } else {
            None
        };
        if self.rest.first() == Some(&b' ') {
            self.take(1);
        }
        if word == "bin" {
            // So many bytes of a picture follow, whatever they look like.
            self.take(
                number
                    .and_then(|n: i32| usize::try_from(n).ok())
                    .unwrap_or(0),
            );
        }
        Some(Token::Control(word, number))
    }

    fn symbol(&mut self) -> Option<Token<'a>> {
        match self.take(1).first()? {
            b'\'' => {
                let code = std::str::from_utf8(self.take(2)).ok();
                let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
                Some(Token::Byte(byte.unwrap_or(b'?')))
            }
            byte @ (b'\\' | b'{' | b'}') => Some(Token::Byte(*byte)),
            b'\r' | b'\n' => Some(Token::Control("par", None)),
            b'\t' => Some(Token::Control("tab", None)),
            b'~' => Some(Token::Control("~", None)),
            b'_' => Some(Token::Control("_", None)),
            b'*' => Some(Token::Control("*", None)),
            _ => Some(Token::Control("-", None)),
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            return match self.take(1).first()? {
                b'{' => Some(Token::Open),
                b'}' => Some(Token::Close),
                b'\\' => self.control(),
                b'\r' | b'\n' | 0 => continue,
                byte => Some(Token::Byte(*byte)),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_apart() {
        let tokens: Vec<Token<'_>> =
            Tokens::of(b"{\\b0 a\\'e9\\u-3913?\\bin3 }}}\\{\\*\n}").collect();
        assert_eq!(
            tokens,
            [
                Token::Open,
                Token::Control("b", Some(0)),
                Token::Byte(b'a'),
                Token::Byte(0xE9),
                Token::Control("u", Some(-3_913)),
                Token::Byte(b'?'),
                Token::Control("bin", Some(3)),
                Token::Byte(b'{'),
                Token::Control("*", None),
                Token::Close,
            ]
        );
        assert_eq!(Tokens::of(b"\\").count(), 0);
        assert_eq!(Tokens::of(b"\\'").count(), 1);
    }
}
