//! Measures the checker on the pairs on which its list of meanings was fitted.

use super::held_out::assert_shares;

/// Per cent of false sentences that may be cited, and of free paraphrases that must be.
const MOST_WRONG: usize = 2;
const LEAST_RIGHT: usize = 27;

#[test]
fn paraphrases_are_cited_and_near_twins_are_not() {
    let sheet = include_str!("../../../../../tests/answers/grounding_pairs.toml");
    assert_shares(sheet, MOST_WRONG, LEAST_RIGHT);
}
