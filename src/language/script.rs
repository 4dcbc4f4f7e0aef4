//! The scripts of a text, as far as they tell its language.

/// A script; kana stands for Japanese, which mixes it with ideographs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    Latin,
    Han,
    Kana,
    Devanagari,
    Arabic,
}

impl Script {
    /// The script of a letter, if it is one of these.
    pub fn of(letter: char) -> Option<Self> {
        match letter {
            '\u{3041}'..='\u{3096}'
            | '\u{309d}'..='\u{309f}'
            | '\u{30a1}'..='\u{30fa}'
            | '\u{30fc}'..='\u{30ff}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{ff66}'..='\u{ff9f}' => Some(Self::Kana),
            '\u{3005}'
            | '\u{3400}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}' => Some(Self::Han),
            '\u{900}'..='\u{97f}' => Some(Self::Devanagari),
            '\u{600}'..='\u{6ff}'
            | '\u{750}'..='\u{77f}'
            | '\u{8a0}'..='\u{8ff}'
            | '\u{fb50}'..='\u{fdff}'
            | '\u{fe70}'..='\u{feff}' => letter.is_alphabetic().then_some(Self::Arabic),
            _ if letter.is_alphabetic() && letter < '\u{250}' => Some(Self::Latin),
            _ => None,
        }
    }

    /// Whether a letter is a kana or an ideograph, between which no spaces are written.
    pub fn is_dense(letter: char) -> bool {
        matches!(Self::of(letter), Some(Self::Han | Self::Kana))
    }
}

/// The number of letters of each script.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    latin: usize,
    han: usize,
    kana: usize,
    devanagari: usize,
    arabic: usize,
}

/// A letter of Latin script says this much less than an ideograph: "MRI检查" is Chinese.
const LATIN_PER_IDEOGRAPH: usize = 4;
/// Japanese has at least one kana to so many ideographs; a few decorate Chinese names.
const HAN_PER_KANA: usize = 8;

impl Counts {
    pub fn of(text: &str) -> Self {
        let mut counts = Self::default();
        for script in text.chars().filter_map(Script::of) {
            *match script {
                Script::Latin => &mut counts.latin,
                Script::Han => &mut counts.han,
                Script::Kana => &mut counts.kana,
                Script::Devanagari => &mut counts.devanagari,
                Script::Arabic => &mut counts.arabic,
            } += 1;
        }
        counts
    }

    /// The number of letters.
    pub fn total(&self) -> usize {
        self.latin + self.han + self.kana + self.devanagari + self.arabic
    }

    /// The script that tells the language; none without a letter.
    pub fn main(&self) -> Option<Script> {
        let dense = LATIN_PER_IDEOGRAPH * (self.han + self.kana);
        let ideographs = if self.kana * HAN_PER_KANA >= self.han.max(1) {
            Script::Kana
        } else {
            Script::Han
        };
        let all = [
            (self.latin, Script::Latin),
            (dense, ideographs),
            (2 * self.devanagari, Script::Devanagari),
            (2 * self.arabic, Script::Arabic),
        ];
        let most = all.into_iter().max_by_key(|(count, _)| *count);
        most.filter(|(count, _)| *count > 0)
            .map(|(_, script)| script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_script_is_told_in_spite_of_names_and_units() {
        for (text, script) in [
            ("MRI检查要多久", Some(Script::Han)),
            ("Wi-Fiはありますか", Some(Script::Kana)),
            ("क्या wifi है?", Some(Script::Devanagari)),
            ("هل يوجد wifi؟", Some(Script::Arabic)),
            ("Dose of Zolvitan (佐)", Some(Script::Latin)),
            ("12 - ?", None),
        ] {
            assert_eq!(Counts::of(text).main(), script, "{text}");
        }
    }
}
