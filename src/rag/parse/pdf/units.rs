//! Units of measurement.

/// Units whose numbers must not come apart.
const UNITS: [&str; 40] = [
    "mg",
    "mcg",
    "µg",
    "μg",
    "ug",
    "ng",
    "g",
    "kg",
    "ml",
    "l",
    "dl",
    "cl",
    "mmol",
    "mol",
    "iu",
    "ie",
    "u",
    "unit",
    "units",
    "mm",
    "cm",
    "m",
    "mmhg",
    "litre",
    "litres",
    "liter",
    "liters",
    "kcal",
    "kj",
    "%",
    "‰",
    "°",
    "°c",
    "°f",
    "gram",
    "grams",
    "milligram",
    "milligrams",
    "microgram",
    "micrograms",
];

/// Whether a word is a unit of measurement.
pub(super) fn is_unit(word: &str) -> bool {
    let word = word.trim_matches(|c: char| matches!(c, '.' | ',' | ';' | ':' | ')' | '('));
    let first = word.split(['/', '.']).next().unwrap_or_default();
    UNITS.contains(&first.to_lowercase().as_str())
}
