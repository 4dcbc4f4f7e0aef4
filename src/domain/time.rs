//! The wall clock, which is read here only, and the form of times that people write.

use chrono::{DateTime, Utc};

/// The current time, UTC. Deadlines that decide ownership use the database clock instead.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the wall clock"
)]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// The form of a time, in words for people.
pub const FORM: &str = "Write a time as in RFC 3339, with its zone: 2027-06-30T00:00:00Z, or \
    2027-06-30T00:00:00+02:00 with the `+` as `%2B` in a URL.";

/// Parses a time as in RFC 3339; [`FORM`] says how it looks. A `+` that a URL has turned into a space
/// is read as a `+`.
pub fn parse(given: &str) -> Option<DateTime<Utc>> {
    let zone = given.len().checked_sub("+00:00".len())?;
    let given = match given.split_at_checked(zone) {
        Some((time, zone)) if zone.starts_with(' ') => format!("{time}+{}", zone.trim_start()),
        _ => given.to_owned(),
    };
    let instant = DateTime::parse_from_rfc3339(&given).ok()?;
    Some(instant.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_date_and_a_zone() {
        let noon = "2027-06-30T12:00:00+00:00";
        for given in [
            "2027-06-30T12:00:00Z",
            "2027-06-30T14:00:00+02:00",
            "2027-06-30T14:00:00 02:00",
            "2027-06-30T06:30:00-05:30",
        ] {
            assert_eq!(parse(given).unwrap().to_rfc3339(), noon, "{given}");
        }
        for given in [
            "",
            "01/02/2027",
            "2027-06-30",
            "2027-06-30T12:00:00",
            "30 June 2027",
            "tomorrow",
            "2027-13-01T00:00:00Z",
            "2027-02-30T00:00:00Z",
            "薬薬薬",
        ] {
            assert_eq!(parse(given), None, "{given}");
        }
    }
}
