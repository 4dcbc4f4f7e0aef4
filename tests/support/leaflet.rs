//! The leaflet that most questions of the tests are about.

pub const NAME: &str = "visiting.md";
pub const TEXT: &str = "# Visiting\n\nVisiting hours are from 2 pm to 8 pm every day. \
    Children may visit with an adult. Please do not visit with a fever.\n";
/// Its one sentence where that is enough.
pub const HOURS: &str = "Visiting hours are from 2 pm to 8 pm every day.\n";
pub const QUESTION: &str = "When are visiting hours?";
/// An answer that its passage supports.
pub const SENTENCES: [&str; 3] = [
    "Visiting hours are from 2 pm to 8 pm every day [1]. ",
    "Children may visit with an adult [1]. ",
    "Please do not visit with a fever [1].\n",
];
/// No leaflet says.
pub const UNKNOWN: &str = "What is the capital of Mongolia?";
