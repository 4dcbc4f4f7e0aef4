//! Risk and coverage, as a table and as a drawing.
//!
//! The coverage is the share of answerable questions that are answered; the risk is the share of
//! answers that cite nothing adequate, those to unanswerable questions included.

use std::collections::BTreeMap;
use std::fmt::Write;

/// How one question came out.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub group: String,
    pub answerable: bool,
    /// The support of the answer; none if there is nothing to say at any threshold.
    pub support: Option<f32>,
    pub right: bool,
}

/// The counts at one threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    pub least: f32,
    pub answered: usize,
    pub answered_answerable: usize,
    pub wrong: usize,
    answerable: usize,
}

impl Point {
    fn at(outcomes: &[Outcome], least: f32) -> Self {
        let mut point = Self {
            least,
            ..Self::default()
        };
        for outcome in outcomes {
            point.answerable += usize::from(outcome.answerable);
            if outcome.support.is_some_and(|support| support >= least) {
                point.answered += 1;
                point.answered_answerable += usize::from(outcome.answerable);
                point.wrong += usize::from(!outcome.right);
            }
        }
        point
    }

    pub fn coverage(&self) -> f32 {
        ratio(self.answered_answerable, self.answerable)
    }

    pub fn risk(&self) -> f32 {
        ratio(self.wrong, self.answered)
    }
}

fn ratio(part: usize, whole: usize) -> f32 {
    let float = |n: usize| f32::from(u16::try_from(n).unwrap_or(u16::MAX));
    float(part) / float(whole.max(1))
}

/// Returns a point for each support, the highest first.
fn points(outcomes: &[Outcome]) -> Vec<Point> {
    let mut supports: Vec<f32> = outcomes.iter().filter_map(|one| one.support).collect();
    supports.sort_by(|a, b| b.total_cmp(a));
    supports.dedup();
    supports
        .into_iter()
        .map(|least| Point::at(outcomes, least))
        .collect()
}

/// Returns the table of one form as Markdown, with the operating point below it.
pub(super) fn table(name: &str, outcomes: &[Outcome], least: f32) -> String {
    let answerable = outcomes.iter().filter(|one| one.answerable).count();
    let mut text = format!(
        "\n{name}: {} questions, {answerable} of them answerable\n\n\
         | coverage | threshold | answered | wrong | risk |\n| --- | --- | --- | --- | --- |\n",
        outcomes.len()
    );
    let all = points(outcomes);
    for tenth in 2..=10_u8 {
        let wanted = f32::from(tenth) / 10.0;
        let Some(point) = all.iter().find(|point| point.coverage() >= wanted - 1e-4) else {
            break;
        };
        let _ = writeln!(text, "{}", row(point));
    }
    let point = Point::at(outcomes, least);
    let _ = writeln!(
        text,
        "\noperating point (`min_support`):\n\n{}",
        row(&point)
    );
    for (group, (answered, all)) in groups(outcomes, least) {
        let _ = writeln!(text, "\n{group}: {answered} of {all} answered");
    }
    text
}

fn row(point: &Point) -> String {
    format!(
        "| {:.2} | {:.2} | {} | {} | {:.3} |",
        point.coverage(),
        point.least,
        point.answered,
        point.wrong,
        point.risk()
    )
}

fn groups(outcomes: &[Outcome], least: f32) -> BTreeMap<&str, (usize, usize)> {
    let mut found: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for outcome in outcomes.iter().filter(|one| !one.group.is_empty()) {
        let (answered, all) = found.entry(&outcome.group).or_default();
        *all += 1;
        *answered += usize::from(outcome.support.is_some_and(|support| support >= least));
    }
    found
}

const WIDTH: f32 = 560.0;
const HEIGHT: f32 = 360.0;
const MARGIN: f32 = 50.0;
/// The highest risk that the drawing shows.
const MOST: f32 = 0.5;
const COLOURS: [&str; 3] = ["#0b5cad", "#b3541e", "#3b7a2a"];

/// Draws the curves of all forms, with a dot at the operating point of each.
pub(super) fn svg(forms: &[(&str, Vec<Outcome>)], least: f32) -> String {
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n\
         <title>Risk and coverage of answers</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    axes(&mut text);
    for (nth, ((name, outcomes), colour)) in (1_u8..).zip(forms.iter().zip(COLOURS)) {
        let path: Vec<String> = points(outcomes)
            .iter()
            .map(|point| {
                let (x, y) = place(point);
                format!("{x:.1},{y:.1}")
            })
            .collect();
        let _ = writeln!(
            text,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{}\"/>",
            path.join(" ")
        );
        let (x, y) = place(&Point::at(outcomes, least));
        let at = MARGIN + f32::from(nth) * 16.0;
        let _ = writeln!(
            text,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"{colour}\"/>\n\
             <text x=\"{}\" y=\"{at}\" fill=\"{colour}\">{name}</text>",
            MARGIN + 12.0
        );
    }
    text.push_str("</svg>\n");
    text
}

fn place(point: &Point) -> (f32, f32) {
    let right = WIDTH - 2.0 * MARGIN;
    let up = HEIGHT - 2.0 * MARGIN;
    (
        MARGIN + right * point.coverage(),
        HEIGHT - MARGIN - up * point.risk().min(MOST) / MOST,
    )
}

fn axes(text: &mut String) {
    for step in 0..=5_u8 {
        let share = f32::from(step) / 5.0;
        let x = MARGIN + (WIDTH - 2.0 * MARGIN) * share;
        let y = HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * share;
        let right = WIDTH - MARGIN;
        let foot = HEIGHT - MARGIN + 18.0;
        let _ = writeln!(
            text,
            "<line x1=\"{MARGIN}\" y1=\"{y}\" x2=\"{right}\" y2=\"{y}\" stroke=\"#ddd\"/>\n\
             <text x=\"{x}\" y=\"{foot}\" text-anchor=\"middle\">{:.0} %</text>\n\
             <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{:.0} %</text>",
            share * 100.0,
            MARGIN - 6.0,
            y + 4.0,
            share * MOST * 100.0
        );
    }
    let _ = writeln!(
        text,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">answerable questions answered</text>\n\
         <text x=\"{MARGIN}\" y=\"{}\">answers that cite nothing adequate</text>",
        WIDTH / 2.0,
        HEIGHT - 12.0,
        MARGIN - 18.0
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(support: f32, answerable: bool, right: bool) -> Outcome {
        Outcome {
            group: "all".to_owned(),
            answerable,
            support: Some(support),
            right,
        }
    }

    #[test]
    fn a_lower_threshold_covers_more_and_risks_more() {
        let outcomes = [
            outcome(0.9, true, true),
            outcome(0.5, false, false),
            outcome(0.4, true, true),
        ];
        let counts: Vec<(usize, usize)> = points(&outcomes)
            .iter()
            .map(|point| (point.answered, point.wrong))
            .collect();
        assert_eq!(counts, [(1, 0), (2, 1), (3, 1)]);
        let text = table("text", &outcomes, 0.5);
        assert!(text.contains("| 0.50 | 0.50 | 2 | 1 | 0.500 |"), "{text}");
        assert!(text.contains("all: 2 of 3 answered"));
        let drawn = svg(&[("text", outcomes.to_vec())], 0.5);
        assert!(drawn.contains("<polyline") && drawn.ends_with("</svg>\n"));
    }
}
