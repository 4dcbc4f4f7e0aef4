//! Recognises the tables among parts of a page that a gutter divides.

use std::collections::BTreeSet;

use super::grid::Grid;
use super::gutter::{Gutter, same_line};
use super::segments::Segment;
use super::sheet::Rule;

/// A column of running text fills at least this share of its width with most of its lines.
const FULL_LINE: f64 = 0.75;
const PROSE_WORDS: usize = 4;
/// Rows further apart than this many times the usual distance are separate.
const ROW_GAP: f64 = 1.2;
/// The share of lines that gaps must separate if they separate rows.
const GAPS: f64 = 0.3;
const MOST_COLUMNS: usize = 40;

/// Reads segments that ascend by y as a table, if they are one. The second part is the text after
/// it.
pub(super) fn read(
    segments: &[Segment],
    gutter: &Gutter,
    rules: &[Rule],
) -> Option<(Grid, Vec<Segment>)> {
    let candidate = Candidate::of(segments, gutter, rules)?;
    let is_table = if gutter.is_drawn_by_column(segments) {
        candidate.is_ruled()
    } else {
        candidate.is_table()
    };
    is_table.then(|| candidate.grid())
}

/// The y of the rules that cross most of the table, ascending.
fn borders(rules: &[Rule], left: f64, right: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut covered: Vec<(f64, f64)> = rules
        .iter()
        .filter(|rule| (rule.from.y - rule.to.y).abs() < 1.0)
        .filter(|rule| rule.from.y > top - 3.0 && rule.from.y < bottom)
        .map(|rule| {
            let from = rule.from.x.min(rule.to.x).max(left);
            let to = rule.from.x.max(rule.to.x).min(right);
            (rule.from.y, (to - from).max(0.0))
        })
        .collect();
    covered.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for (y, length) in covered {
        match merged.last_mut() {
            Some(last) if y - last.0 < 3.0 => last.1 += length,
            _ => merged.push((y, length)),
        }
    }
    let long = |length: f64| length > (right - left) * 0.6;
    merged
        .into_iter()
        .filter(|(_, length)| long(*length))
        .map(|(y, _)| y)
        .collect()
}

/// Returns where each column begins, ascending. Text of one line in ten may cross the gaps between
/// them.
fn columns(segments: &[Segment], gutter: &Gutter, lines: usize) -> Vec<f64> {
    let mut edges: Vec<(f64, i32)> = segments
        .iter()
        .flat_map(|s| [(s.left, 1), (s.right, -1)])
        .collect();
    edges.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let tolerated = i32::try_from(lines / 10).unwrap_or(0);
    let size = segments.first().map_or(1.0, |s| s.size);
    let mut starts = vec![f64::MIN];
    let mut open = 0;
    let mut since: Option<f64> = None;
    for (x, step) in edges {
        if let (Some(from), 1) = (since, step)
            && (x - from >= size * 0.5 || (from <= gutter.left + 0.1 && x >= gutter.right - 0.1))
        {
            starts.push(f64::midpoint(from, x));
        }
        open += step;
        since = (open <= tolerated).then(|| since.filter(|_| step < 0).unwrap_or(x));
    }
    starts
}

/// Groups segments by line.
fn baselines(segments: &[Segment]) -> Vec<Vec<&Segment>> {
    let mut lines: Vec<Vec<&Segment>> = Vec::new();
    for segment in segments {
        match lines.last_mut() {
            Some(line) if line.first().is_some_and(|s| same_line(s, segment)) => {
                line.push(segment);
            }
            _ => lines.push(vec![segment]),
        }
    }
    lines
}

struct Candidate<'a> {
    columns: Vec<f64>,
    baselines: Vec<Vec<&'a Segment>>,
    borders: Vec<f64>,
}

impl<'a> Candidate<'a> {
    fn of(segments: &'a [Segment], gutter: &Gutter, rules: &[Rule]) -> Option<Self> {
        let (first, last) = (segments.first()?, segments.last()?);
        let left = segments.iter().map(|s| s.left).fold(f64::MAX, f64::min);
        let right = segments.iter().map(|s| s.right).fold(f64::MIN, f64::max);
        let baselines = baselines(segments);
        let columns = columns(segments, gutter, baselines.len());
        (2..=MOST_COLUMNS).contains(&columns.len()).then(|| Self {
            columns,
            baselines,
            borders: borders(rules, left, right, first.y - first.size, last.y),
        })
    }

    /// Whether rules separate the rows.
    fn is_ruled(&self) -> bool {
        self.borders.len() >= 3
    }

    fn column_of(&self, segment: &Segment) -> usize {
        let begun = self.columns.partition_point(|start| *start <= segment.left);
        begun.saturating_sub(1)
    }

    /// The lines of each column, from top to bottom.
    fn by_column(&self) -> Vec<Vec<&'a Segment>> {
        let mut columns = vec![Vec::new(); self.columns.len()];
        for segment in self.baselines.iter().flatten().copied() {
            if let Some(column) = columns.get_mut(self.column_of(segment)) {
                column.push(segment);
            }
        }
        columns
    }

    fn is_table(&self) -> bool {
        if self.is_ruled() {
            return true;
        }
        let columns = self.by_column();
        let prose = columns.iter().filter(|column| is_prose(column)).count();
        if prose == columns.len() {
            return rows_begin_together(&columns);
        }
        self.is_aligned(&columns)
    }

    /// Whether most lines of the later columns stand beside a line of another column.
    fn is_aligned(&self, columns: &[Vec<&Segment>]) -> bool {
        let paired = |segment: &&&Segment| {
            columns.iter().enumerate().any(|(at, column)| {
                at != self.column_of(segment)
                    && column.iter().any(|other| same_line(other, segment))
            })
        };
        // The column with fewest lines names the rows.
        let shortest = columns
            .iter()
            .filter(|column| !column.is_empty())
            .min_by_key(|column| column.len());
        shortest.is_some_and(|column| column.iter().filter(paired).count() * 10 >= column.len() * 7)
    }

    fn grid(&self) -> (Grid, Vec<Segment>) {
        let groups = self.groups();
        let mut rows = Vec::with_capacity(groups.len());
        let mut doubtful = BTreeSet::new();
        for (at, lines) in groups.iter().enumerate() {
            let mut cells: Vec<Vec<String>> = vec![Vec::new(); self.columns.len()];
            for segment in lines.iter().flat_map(|line| line.iter()) {
                if segment.doubtful {
                    doubtful.insert(at);
                }
                if let Some(cell) = cells.get_mut(self.column_of(segment)) {
                    cell.push(segment.text.clone());
                }
            }
            rows.push(cells);
        }
        // Text under a table that stands only in its first column is a paragraph.
        let mut after = Vec::new();
        while let (Some(row), Some(lines)) = (rows.last(), groups.get(rows.len().saturating_sub(1)))
            && rows.len() > 2
            && self.borders.len() < 2
            && row.iter().skip(1).all(Vec::is_empty)
        {
            after.extend(
                lines
                    .iter()
                    .flat_map(|line| line.iter())
                    .map(|s| (*s).clone()),
            );
            rows.pop();
        }
        let has_header = self.has_header(&groups, &rows);
        let grid = Grid {
            rows,
            has_header,
            columns: self.lefts(),
            doubtful,
        };
        (grid, after)
    }

    /// The left edge of the text of each column.
    fn lefts(&self) -> Vec<f64> {
        let left = |column: &Vec<&Segment>| column.iter().map(|s| s.left).fold(f64::MAX, f64::min);
        self.by_column().iter().map(left).collect()
    }

    /// Whether the first row differs from the others as the names of columns do: it alone is bold,
    /// or it alone has no number in a column of numbers, or it is short.
    fn has_header(&self, groups: &[Vec<&[&Segment]>], rows: &[Vec<Vec<String>>]) -> bool {
        let bold =
            |group: &Vec<&[&Segment]>| group.iter().flat_map(|l| l.iter()).all(|s| s.is_bold);
        let (Some((first, rest)), Some((group, others))) =
            (rows.split_first(), groups.split_first())
        else {
            return false;
        };
        if bold(group) {
            return !others.iter().all(bold);
        }
        let has_digit = |cell: &Vec<String>| {
            let mut chars = cell.iter().flat_map(|line| line.chars());
            chars.any(|c| c.is_ascii_digit())
        };
        let in_numbers = (0..self.columns.len()).any(|column| {
            let of = |row: &Vec<Vec<String>>| row.get(column).is_some_and(has_digit);
            !first.get(column).is_some_and(has_digit)
                && rest.iter().filter(|row| of(row)).count() * 2 > rest.len()
        });
        let is_name = |cell: &Vec<String>| {
            let last = cell.last().map_or("", String::as_str);
            !has_digit(cell) && !last.ends_with(['.', ';', ','])
        };
        first.iter().all(is_name)
            && (in_numbers
                || (self.columns.len() > 2 && first.iter().skip(1).all(|c| !c.is_empty())))
    }

    /// Groups the lines by row.
    fn groups(&self) -> Vec<Vec<&[&'a Segment]>> {
        let distances: Vec<f64> = self
            .baselines
            .iter()
            .zip(self.baselines.iter().skip(1))
            .map(|(a, b)| top_of(b) - top_of(a))
            .collect();
        let usual = distances
            .iter()
            .copied()
            .filter(|d| *d > 1.0)
            .fold(f64::MAX, f64::min);
        let wide = distances.iter().filter(|d| **d > usual * ROW_GAP).count();
        #[expect(clippy::cast_precision_loss, reason = "a page has few lines")]
        let gaps_separate = wide as f64 >= distances.len() as f64 * GAPS;
        let ruled = self.is_ruled();
        let mut groups: Vec<Vec<&[&Segment]>> = Vec::new();
        for (at, line) in self.baselines.iter().enumerate() {
            let distance = at.checked_sub(1).and_then(|before| distances.get(before));
            let before = at.checked_sub(1).and_then(|b| self.baselines.get(b));
            let begins = match (distance, before) {
                (Some(_), Some(before)) if ruled => self.is_border_between(before, line),
                (Some(distance), Some(before)) => {
                    *distance > usual * ROW_GAP || (!gaps_separate && self.begins_row(before, line))
                }
                _ => true,
            };
            match groups.last_mut() {
                Some(group) if !begins => group.push(line),
                _ => groups.push(vec![line]),
            }
        }
        groups
    }

    fn is_border_between(&self, before: &[&Segment], line: &[&Segment]) -> bool {
        let (above, below) = (top_of(before), top_of(line));
        self.borders.iter().any(|y| *y > above - 1.0 && *y < below)
    }

    /// Whether a line without a gap above begins a row: its first cell is filled, and is no
    /// continuation.
    fn begins_row(&self, before: &[&Segment], line: &[&Segment]) -> bool {
        let Some(own) = line.iter().find(|segment| self.column_of(segment) == 0) else {
            return false;
        };
        let continues = own.text.starts_with(char::is_lowercase)
            && before.iter().any(|segment| self.column_of(segment) == 0)
            && line.len() < self.columns.len();
        !continues
    }
}

/// Whether every group of lines begins beside a group of the other columns, apart from the line
/// above.
fn rows_begin_together(columns: &[Vec<&Segment>]) -> bool {
    let starts: Vec<Vec<f64>> = columns.iter().map(|column| group_starts(column)).collect();
    let fewest = starts.iter().map(Vec::len).min().unwrap_or(0);
    let most = starts.iter().map(Vec::len).max().unwrap_or(0);
    let Some(first) = starts.first().filter(|_| fewest >= 2 && most <= fewest + 1) else {
        return false;
    };
    starts.iter().all(|column| {
        let beside = |y: &&f64| first.iter().any(|other| (other - **y).abs() < 4.0);
        column.iter().filter(beside).count() * 10 >= column.len() * 8
    })
}

fn top_of(line: &[&Segment]) -> f64 {
    line.first().map_or(0.0, |segment| segment.y)
}

/// Whether a column holds running text: most of its lines are full, and go on in the next one.
fn is_prose(column: &[&Segment]) -> bool {
    let left = column.iter().map(|s| s.left).fold(f64::MAX, f64::min);
    let right = column.iter().map(|s| s.right).fold(f64::MIN, f64::max);
    let width = (right - left).max(1.0);
    let full = column
        .iter()
        .filter(|s| (s.right - s.left) / width >= FULL_LINE)
        .count();
    let words: usize = column
        .iter()
        .map(|s| {
            s.text
                .split_whitespace()
                .count()
                .max(s.text.chars().count() / 12)
        })
        .sum();
    let goes_on = column
        .iter()
        .filter(|s| !s.text.ends_with(['.', '!', '?', ':', ';', '。']))
        .count();
    column.len() >= 2
        && full * 2 >= column.len()
        && words >= PROSE_WORDS * column.len()
        && goes_on * 2 >= column.len()
}

/// The y of the first line of each group of lines that a wider gap separates.
fn group_starts(column: &[&Segment]) -> Vec<f64> {
    let distances = || {
        column
            .iter()
            .zip(column.iter().skip(1))
            .map(|(a, b)| b.y - a.y)
    };
    let usual = distances().filter(|d| *d > 1.0).fold(f64::MAX, f64::min);
    let mut starts: Vec<f64> = column.first().map(|s| s.y).into_iter().collect();
    for (distance, segment) in distances().zip(column.iter().skip(1)) {
        if distance > usual * ROW_GAP {
            starts.push(segment.y);
        }
    }
    starts
}
