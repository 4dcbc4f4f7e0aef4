//! Dates as people write them.

use chrono::{Days, Months, NaiveDate};

use super::reader::Reader;
use super::words::MONTHS;

/// A date in a text: its end there, and the day after it if that is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    pub end: usize,
    /// The first day after the date: of "March 2027", 1 April 2027. Absent if day and month may be
    /// the other way round and this decides.
    pub after: Option<NaiveDate>,
}

/// Reads a date that begins at the reader's place.
pub fn read(reader: Reader<'_>) -> Option<Written> {
    let forms: [fn(Reader<'_>) -> Option<Written>; 5] =
        [year_first, figures, day_first, month_first, month_and_year];
    forms.iter().find_map(|form| form(reader))
}

fn years(year: u32) -> bool {
    (1980..=2100).contains(&year)
}

/// The day after a day, or after the whole month.
fn written(end: usize, year: u32, month: u32, day: Option<u32>) -> Option<Written> {
    let first = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day.unwrap_or(1))?;
    let after = match day {
        Some(_) => first.checked_add_days(Days::new(1)),
        None => first.checked_add_months(Months::new(1)),
    };
    Some(Written { end, after })
}

/// 2026-02-02, 2026/2, 2026年2月2日.
fn year_first(mut reader: Reader<'_>) -> Option<Written> {
    let year = reader.number(4..=4).filter(|year| years(*year))?;
    let mark = reader.one_of("-/.年")?;
    let month = reader.number(1..=2)?;
    if mark == '年' {
        reader.one_of("月")?;
        let mut on = reader;
        if let Some(day) = on.number(1..=2).filter(|_| on.one_of("日号").is_some()) {
            return written(on.at(), year, month, Some(day));
        }
        return written(reader.at(), year, month, None);
    }
    let mut on = reader;
    if on.one_of("-/.") == Some(mark)
        && let Some(day) = on.number(1..=2)
    {
        return written(on.at(), year, month, Some(day));
    }
    (mark != '.').then(|| written(reader.at(), year, month, None))?
}

/// 12/05/2025, 02.02.2026, 31-12-26, 05/2026.
fn figures(mut reader: Reader<'_>) -> Option<Written> {
    let one = reader.number(1..=2)?;
    let mark = reader.one_of("/.-")?;
    let mut on = reader;
    if let Some(year) = on.number(4..=4).filter(|year| years(*year)) {
        return written(on.at(), year, one, None);
    }
    reader.blanks();
    let other = reader.number(1..=2)?;
    reader.one_of(&String::from(mark))?;
    reader.blanks();
    let mut on = reader;
    let year = on.number(4..=4).filter(|year| years(*year));
    let year = year.or_else(|| {
        on = reader;
        on.number(2..=2).map(|year| 2_000 + year)
    })?;
    let (day_first, month_first) = (
        written(on.at(), year, other, Some(one)),
        written(on.at(), year, one, Some(other)),
    );
    match (day_first, month_first) {
        // Points are written where the day stands first.
        (Some(date), _) if mark == '.' => Some(date),
        (Some(date), None) | (None, Some(date)) => Some(date),
        (Some(date), Some(other)) if date == other => Some(date),
        (Some(date), Some(_)) => Some(Written {
            after: None,
            ..date
        }),
        (None, None) => None,
    }
}

/// 2 February 2026, 2nd of Feb. 2026, 2. Februar 2026, 2 de febrero de 2026.
fn day_first(mut reader: Reader<'_>) -> Option<Written> {
    let day = reader.number(1..=2)?;
    for suffix in ["st", "nd", "rd", "th", "er", "º", "ª", "."] {
        if reader.eat(suffix) {
            break;
        }
    }
    reader.blanks();
    let date = month_and_year_of(&mut reader, true)?;
    written(reader.at(), date.1, date.0, Some(day))
}

/// February 2, 2026.
fn month_first(mut reader: Reader<'_>) -> Option<Written> {
    let month = month(&mut reader)?;
    reader.blanks();
    let day = reader.number(1..=2)?;
    for suffix in ["st", "nd", "rd", "th"] {
        if reader.eat(suffix) {
            break;
        }
    }
    let _ = reader.one_of(",،");
    reader.blanks();
    let year = reader.number(4..=4).filter(|year| years(*year))?;
    written(reader.at(), year, month, Some(day))
}

/// February 2026, febrero de 2026.
fn month_and_year(mut reader: Reader<'_>) -> Option<Written> {
    let (month, year) = month_and_year_of(&mut reader, false)?;
    written(reader.at(), year, month, None)
}

fn month_and_year_of(reader: &mut Reader<'_>, of: bool) -> Option<(u32, u32)> {
    if of {
        reader.eat_word(&["of", "de", "do"]);
    }
    let month = month(reader)?;
    let _ = reader.one_of(".,،-");
    reader.blanks();
    reader.eat_word(&["of", "de", "do"]);
    let year = reader.number(4..=4).filter(|year| years(*year))?;
    Some((month, year))
}

fn month(reader: &mut Reader<'_>) -> Option<u32> {
    let word = reader.word()?;
    let place = MONTHS
        .iter()
        .position(|names| names.contains(&word.as_str()))?;
    u32::try_from(place + 1).ok()
}
