use super::*;

#[test]
fn numbers_are_read_in_words() {
    for (text, figures) in [
        ("take two tablets.", "take 2 tablets."),
        ("twenty-four hours", "24 hours"),
        ("thirty five, six", "35, 6"),
        ("half a tablet", "0.5 tablet"),
        ("a quarter of a tablet", "a 0.25 tablet"),
        (
            "once daily or twice a week",
            "1 time a day or 2 times a week",
        ),
        (
            "only once, at once, once you ate",
            "only 1 time, at once, once you ate",
        ),
        (
            "every day, per week, every ward",
            "a day, a week, every ward",
        ),
        ("one side; no one; one of us", "1 side; no one; one of us"),
        ("one of the tablets", "1 of the tablets"),
        ("the one; this one", "the one; this one"),
        ("no change: 2.5 mg", "no change: 2.5 mg"),
    ] {
        assert_eq!(in_figures(text), figures, "{text}");
    }
}

#[test]
fn a_word_may_part_a_form_from_its_number() {
    let has = |text: &str, number: &str, unit: Option<&str>| {
        numbers(text).contains(&(number.to_owned(), unit.map(str::to_owned)))
    };
    assert!(has("2 paracetamol tablets", "2", Some("tablet")));
    for text in [
        "2 of the tablets",
        "2 of these tablets",
        "2 500 mg tablets",
        "2 500mg paracetamol tablets",
        "2 x 500 mg tablets",
        "2 × 500 mg tablets",
    ] {
        assert!(has(text, "2", Some("tablet")), "{text}");
    }
    assert!(has("2 500 mg tablets", "500", Some("mg")));
    assert!(has("room 2, 500 mg tablets", "2", None));
    assert!(has("2 people a day", "2", None));
    assert!(has("2, then tablets", "2", None));
    assert!(has("3 working days", "3", None));
}
