//! Formats of spreadsheets.

use super::*;

#[test]
fn numbers_are_shown_as_people_see_them() {
    for (value, code, shown) in [
        (0.1 + 0.2, "General", "0.3"),
        (1_234_567.0, "General", "1234567"),
        (0.00005, "General", "0.00005"),
        (-2.5, "General", "-2.5"),
        (0.125, "0%", "13%"),
        (0.125, "0.0%", "12.5%"),
        (1_234.5, "#,##0.00", "1,234.50"),
        (-1_234.5, "#,##0.00;(#,##0.00)", "(1,234.50)"),
        (5.0, "0 \"mg\"", "5 mg"),
        (0.5, "#.##", "0.5"),
        (2.0, "0.##", "2"),
        (1.005, "0.00", "1.01"),
        (7.0, "000", "007"),
        (0.0, "0;-0;\"none\"", "none"),
        (12.0, "[$€-407] #,##0.00", "€ 12.00"),
        (1_500_000.0, "0.0,,\" M\"", "1.5 M"),
        (3.0, "_-* #,##0_-", "3"),
        (4.0, "@", "4"),
        (-0.001, "0.0", "0.0"),
    ] {
        assert_eq!(show(value, code, false), shown, "{value} {code}");
    }
}

#[test]
fn dates_are_shown_without_doubt() {
    for (value, code, shown) in [
        (46_055.0, "dd/mm/yyyy", "2026-02-02"),
        (46_055.0, "[$-409]mmmm d, yyyy;@", "2026-02-02"),
        (46_055.75, "m/d/yy h:mm", "2026-02-02 18:00"),
        (0.604_166_666_666_667, "h:mm AM/PM", "14:30"),
        (0.999_999, "h:mm", "00:00"),
        (1.5, "[h]:mm", "36:00"),
        (46_055.0, "mmm-yy", "February 2026"),
        (59.0, "yyyy-mm-dd", "1900-02-28"),
        (61.0, "yyyy-mm-dd", "1900-03-01"),
        (-1.0, "yyyy-mm-dd", "-1"),
    ] {
        assert_eq!(show(value, code, false), shown, "{value} {code}");
    }
    assert_eq!(show(44_593.0, "yyyy-mm-dd", true), "2026-02-02");
    assert_eq!(built_in(14), "yyyy-mm-dd");
}
