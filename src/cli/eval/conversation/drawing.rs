//! The outcomes as bars.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::report::Group;

const WIDTH: f64 = 560.0;
const LEFT: f64 = 130.0;
const BAR: f64 = 26.0;
const ROW: f64 = 40.0;
const TOP: f64 = 60.0;
/// The kinds of endings with their colours.
const ENDINGS: [(&str, &str); 4] = [
    ("answered", "#0b5cad"),
    ("abstained", "#8a8a8a"),
    ("asked back", "#b3541e"),
    ("other", "#3b7a2a"),
];

/// Draws a bar for each answerability, divided by how its questions ended.
pub(super) fn svg(groups: &BTreeMap<String, Group>) -> String {
    let rows = u32::try_from(groups.len()).unwrap_or_default();
    let height = TOP + ROW * f64::from(rows);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n\
         <title>How questions ended, by whether the documents answer them</title>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    for ((name, colour), at) in ENDINGS.iter().zip(0_u8..) {
        let x = LEFT + f64::from(at) * 100.0;
        let _ = writeln!(
            text,
            "<rect x=\"{x}\" y=\"20\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\n\
             <text x=\"{}\" y=\"30\">{name}</text>",
            x + 18.0
        );
    }
    for ((name, group), row) in groups.iter().zip(0_u32..) {
        let y = TOP + ROW * f64::from(row);
        bar(&mut text, name, group, y);
    }
    text.push_str("</svg>\n");
    text
}

fn bar(text: &mut String, name: &str, group: &Group, y: f64) {
    let _ = writeln!(
        text,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{} ({})</text>",
        LEFT - 10.0,
        y + 17.0,
        name.replace('&', "&amp;").replace('<', "&lt;"),
        group.questions
    );
    let parts = [
        group.answered,
        group.abstained,
        group.asked_back,
        group.other,
    ];
    let mut x = LEFT;
    for (part, (_, colour)) in parts.into_iter().zip(ENDINGS) {
        let share = f64::from(part) / f64::from(group.questions.max(1));
        let width = (WIDTH - LEFT - 20.0) * share;
        let _ = writeln!(
            text,
            "<rect x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\" \
             fill=\"{colour}\"/>"
        );
        x += width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bar_is_divided_by_endings() {
        let group = Group {
            questions: 4,
            answered: 3,
            asked_back: 1,
            ..Group::default()
        };
        let drawn = svg(&[("partial".to_owned(), group)].into());
        assert!(drawn.contains("partial (4)") && drawn.ends_with("</svg>\n"));
        assert!(drawn.contains("width=\"307.5\"") && drawn.contains("width=\"102.5\""));
    }
}
