//! Runs of glyphs that follow each other in the file, and the lines that they form on the page.

use super::direction;
use super::sheet::Glyph;

/// Shares of the type size. A gap this wide may separate columns.
pub(super) const COLUMN_GAP: f64 = 0.9;
/// A glyph that begins this far before the end of the one before it begins a run of its own.
const BACKWARD_GAP: f64 = -0.6;
/// Baselines this near belong to one line.
const SAME_LINE: f64 = 0.35;
/// Baselines this near belong to one line if the smaller type touches the larger one.
const SAME_LINE_RAISED: f64 = 0.6;
/// Type this much smaller than its neighbour's may be raised or lowered.
pub(super) const RAISED_SIZE: f64 = 0.85;
/// The lines below a raised figure that may be its own.
const LINES_BELOW: usize = 4;

/// Neighbouring glyphs in the order of the file.
pub(super) struct Run<'a> {
    pub(super) glyphs: Vec<&'a Glyph>,
    pub(super) left: f64,
    right: f64,
    y: f64,
    pub(super) size: f64,
}

impl<'a> Run<'a> {
    fn new(glyph: &'a Glyph) -> Self {
        Self {
            glyphs: vec![glyph],
            left: glyph.origin.x,
            right: glyph.origin.x + glyph.advance,
            y: glyph.origin.y,
            size: glyph.size,
        }
    }

    /// Whether a run stands above the end of a larger one, as the mark of a note or a power does.
    fn is_raised_over(&self, base: &Self) -> bool {
        let is_figure = |g: &&Glyph| g.text.trim().bytes().all(|b| b.is_ascii_digit());
        let unit = base.size.max(1.0);
        let gap = (self.left - base.right) / unit;
        let step = (base.y - self.y) / unit;
        self.glyphs.iter().all(is_figure)
            && self.size < base.size * RAISED_SIZE
            && gap.abs() < 0.25
            && (0.0..SAME_LINE_RAISED).contains(&step)
    }

    fn takes(&self, glyph: &Glyph) -> bool {
        let unit = self.size.max(1.0);
        let gap = (glyph.origin.x - self.right) / unit;
        (glyph.origin.y - self.y).abs() < unit * 0.05
            && (glyph.size - self.size).abs() < unit * 0.1
            && gap < COLUMN_GAP
            && gap > BACKWARD_GAP
            && !direction::is_right_to_left(&glyph.text)
    }
}

/// Joins glyphs in the order of the file; returns the runs from top to bottom.
fn runs(glyphs: &[Glyph]) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    for glyph in glyphs {
        match runs.last_mut() {
            Some(run) if run.takes(glyph) => {
                run.right = run.right.max(glyph.origin.x + glyph.advance);
                run.glyphs.push(glyph);
            }
            _ => runs.push(Run::new(glyph)),
        }
    }
    let seen = |run: &Run<'_>| run.glyphs.iter().any(|g| !g.text.trim().is_empty());
    runs.retain(seen);
    runs.sort_by(|a, b| a.y.total_cmp(&b.y).then(a.left.total_cmp(&b.left)));
    runs
}

/// Returns the lines of a page, each from left to right.
pub(super) fn lines(glyphs: &[Glyph]) -> Vec<Vec<Run<'_>>> {
    let mut lines = grouped(runs(glyphs));
    join_raised(&mut lines);
    for line in &mut lines {
        line.sort_by(|a, b| a.left.total_cmp(&b.left));
    }
    lines
}

/// Moves raised figures into the line whose words they touch. The first run of that line may be too far
/// away from them to show it.
fn join_raised(lines: &mut [Vec<Run<'_>>]) {
    for at in 0..lines.len() {
        let Some((above, below)) = lines.split_at_mut_checked(at + 1) else {
            return;
        };
        let Some(line) = above.last_mut() else {
            return;
        };
        for base in below.iter_mut().take(LINES_BELOW) {
            let is_raised = |run: &mut Run<'_>| base.iter().any(|other| run.is_raised_over(other));
            let raised: Vec<Run<'_>> = line.extract_if(.., is_raised).collect();
            base.extend(raised);
        }
    }
}

/// Groups runs, which ascend by y, into lines.
fn grouped(runs: Vec<Run<'_>>) -> Vec<Vec<Run<'_>>> {
    let mut done: Vec<Vec<Run<'_>>> = Vec::new();
    // The lines that the next run may still belong to, with their baseline, type size and number.
    let mut open: Vec<(f64, f64, usize)> = Vec::new();
    for run in runs {
        open.retain(|(y, size, _)| run.y - y < size.max(run.size) * 1.2);
        let distance = |(y, size, at): &(f64, f64, usize)| {
            let unit = size.max(run.size);
            let touches = done.get(*at).is_some_and(|line| {
                line.iter().any(|other| {
                    run.left - other.right < unit * 0.5 && other.left - run.right < unit * 0.5
                })
            });
            let small = run.size < size * RAISED_SIZE || *size < run.size * RAISED_SIZE;
            let reach = if small && touches {
                SAME_LINE_RAISED
            } else {
                SAME_LINE
            };
            let distance = (run.y - y).abs() / unit;
            (distance < reach).then_some((distance, *at))
        };
        let nearest = open
            .iter()
            .filter_map(distance)
            .min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, at)) = nearest {
            if let Some(entry) = open.iter_mut().find(|entry| entry.2 == at)
                && run.size > entry.1
            {
                *entry = (run.y, run.size, at);
            }
            if let Some(line) = done.get_mut(at) {
                line.push(run);
            }
        } else {
            open.push((run.y, run.size, done.len()));
            done.push(vec![run]);
        }
    }
    done
}
