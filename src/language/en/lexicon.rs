//! English words and expressions of one meaning.

use super::super::lexicon::Lexicon;
use super::super::lists::Words;
use super::super::words::Vocabulary;

const DETERMINERS: &str = "a an the your my his her its our their this that these those any some";

const DENIALS: &str = "not no never without cannot nothing nobody less fewer";

/// Words without a meaning of their own within an expression.
const EMPTY: &str = "a about all and any are as at be been being by came come comes coming did do does done for from gave get gets getting give given gives giving go goes going got had has have having her his if into is it its let made make makes making may my not of once or our part put putting same so some take taken takes taking than that the their them there these they this those to was way were what when where which who will with you your";

pub(super) fn lexicon(words: &Vocabulary) -> Lexicon {
    Lexicon::of(
        concat!(
            include_str!("words/paraphrases/time.txt"),
            include_str!("words/paraphrases/care.txt"),
            include_str!("words/paraphrases/body.txt"),
            include_str!("words/paraphrases/duty.txt"),
            include_str!("words/paraphrases/verbs.txt"),
            include_str!("words/paraphrases/things.txt"),
            include_str!("words/paraphrases/qualities.txt"),
            include_str!("words/paraphrases/leaflets.txt"),
            include_str!("words/paraphrases/conditions.txt"),
        ),
        include_str!("words/irregular.txt"),
        [DETERMINERS, EMPTY, DENIALS].map(|words| Words::of(&[words])),
        words,
    )
}
