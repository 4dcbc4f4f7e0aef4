use chrono::NaiveDate;

use super::*;

/// Version, date and review, `-` where none is stated.
fn read_of(text: &str) -> [String; 3] {
    let stated = stated(text);
    [stated.version, stated.date, stated.review].map(|part| part.unwrap_or_else(|| "-".into()))
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn what_a_document_states_is_read_as_it_is_written() {
    for (text, version, date, review) in [
        (
            "Version 2.0, 2 February 2026",
            "2.0",
            "2 February 2026",
            "-",
        ),
        (
            "Leaflet\n\nVersion: 3\nReview date: March 2027",
            "3",
            "-",
            "March 2027",
        ),
        (
            "Version 1.4 (May 2025). Next review due May 2028.",
            "1.4",
            "May 2025",
            "May 2028",
        ),
        ("Last reviewed 12/05/2025", "-", "12/05/2025", "-"),
        (
            "Last reviewed: 12 May 2025 | Next review: 12 May 2028",
            "-",
            "12 May 2025",
            "12 May 2028",
        ),
        (
            "Document control\nVersion | v4.2 | Date | 2025-11-03",
            "v4.2",
            "2025-11-03",
            "-",
        ),
        (
            "Ward guide v2.1 – to be reviewed by 31.12.2027",
            "v2.1",
            "-",
            "31.12.2027",
        ),
        (
            "Date of issue: 3rd of March 2026. Date for review: March 3, 2029",
            "-",
            "3rd of March 2026",
            "March 3, 2029",
        ),
        (
            "Version 2, Stand: 2. Februar 2026. Nächste Überprüfung: 02/2028",
            "2",
            "2. Februar 2026",
            "02/2028",
        ),
        (
            "Fassung vom 14. März 2025\nGültig bis: 31.03.2027",
            "-",
            "14. März 2025",
            "31.03.2027",
        ),
        (
            "Version 1.2 du 5 janvier 2026. Prochaine révision : janvier 2029",
            "1.2",
            "5 janvier 2026",
            "janvier 2029",
        ),
        (
            "Versión 3, 2 de febrero de 2026. Próxima revisión: febrero de 2028",
            "3",
            "2 de febrero de 2026",
            "febrero de 2028",
        ),
        (
            "Versão 2.1. Atualizado em 1º de março de 2026. Próxima revisão: 03/2028",
            "2.1",
            "1º de março de 2026",
            "03/2028",
        ),
        (
            "版本 2.0\n更新日期：2026年2月2日\n下次审核：2028年2月",
            "2.0",
            "2026年2月2日",
            "2028年2月",
        ),
        (
            "الإصدار 2.0\nآخر تحديث: 2 فبراير 2026\nتاريخ المراجعة: مارس 2027",
            "2.0",
            "2 فبراير 2026",
            "مارس 2027",
        ),
        (
            "संस्करण 2.0\nप्रकाशन तिथि: 2 फरवरी 2026\nअगली समीक्षा: मार्च 2027",
            "2.0",
            "2 फरवरी 2026",
            "मार्च 2027",
        ),
    ] {
        assert_eq!(read_of(text), [version, date, review], "{text}");
    }
}

#[test]
fn other_numbers_state_nothing() {
    for text in [
        "Take 2 tablets in May 2026.",
        "The revised scale has 12 points.",
        "Version for patients. 20 mg twice a day.",
        "Ask for the short version 2000 times.",
        "The update of 3 wards was planned.",
        "Reviewed by 3 doctors.",
        "V600E mutation, v2 antibodies",
        "The review found 12 cases in 30 days.",
        "Reversion 3 and subversion 4",
        "Update 3/4 of the dose",
        "",
    ] {
        assert_eq!(stated(text), Stated::default(), "{text}");
    }
}

#[test]
fn a_review_is_over_after_its_last_day_if_that_is_certain() {
    for (text, after) in [
        ("Review date: March 2027", Some((2027, 4, 1))),
        ("Review date: 31 December 2026", Some((2027, 1, 1))),
        ("Review date: 31/12/2026", Some((2027, 1, 1))),
        ("Review date: 12/31/2026", Some((2027, 1, 1))),
        ("Review date: 05.06.2026", Some((2026, 6, 6))),
        ("Review date: 05/06/2026", None),
        ("Review date: 05/05/2026", Some((2026, 5, 6))),
        ("Review date: 31/02/2026", None),
    ] {
        let expected = after.and_then(|(y, m, d)| NaiveDate::from_ymd_opt(y, m, d));
        assert_eq!(stated(text).review_over, expected, "{text}");
    }
}

#[test]
fn beginning_and_end_are_read_and_nothing_between() {
    let filler = "A sentence about something else. ".repeat(200);
    let end = format!("Title\n\n{filler}\n\nVersion 5. Review date: May 2028");
    assert_eq!(read_of(&end), ["5", "-", "May 2028"]);
    let middle = format!("Title\n\n{filler}Version 5. Review date: May 2028 {filler}");
    assert_eq!(read_of(&middle), ["-", "-", "-"]);
    let both = format!("Version 5\n{filler}\nVersion 6, May 2028");
    assert_eq!(read_of(&both)[0], "5");
}
