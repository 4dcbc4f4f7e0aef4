//! Tests of how tables are laid out and written.

use super::super::{BlockKind, ParseLimits, ParsedDocument};
use super::*;
use BlockKind::{TableHeader, TableRow};

/// A cell written as "2x3 text": two rows, three columns, `!` for a header, `^` for a part of the
/// cell above.
fn cell(code: &str) -> Cell {
    let (spans, text) = match code.split_once(' ') {
        Some((spans, text)) if spans.len() > 2 && spans.contains('x') => (spans, text),
        _ => ("1x1", code),
    };
    let (rows, columns) = spans.split_once('x').unwrap();
    let header = text.strip_prefix('!');
    Cell {
        rows: rows.parse().unwrap(),
        columns: columns.parse().unwrap(),
        is_header: header.is_some(),
        continues: text == "^",
        ..Cell::of(header.unwrap_or(text))
    }
}

fn table(rows: &[&[&str]]) -> Table {
    let rows: Vec<Row> = rows
        .iter()
        .map(|row| {
            let cells: Vec<Cell> = row.iter().map(|code| cell(code)).collect();
            Row {
                is_header: cells.iter().all(|cell| cell.is_header),
                cells,
            }
        })
        .collect();
    Table {
        headers_known: rows
            .iter()
            .any(|row| row.cells.iter().any(|cell| cell.is_header)),
        rows,
        ..Table::default()
    }
}

fn written(table: Table) -> ParsedDocument {
    let mut builder = Builder::new(&ParseLimits::default());
    table.write(&mut builder).unwrap();
    builder.finish(None).unwrap()
}

fn text(rows: &[&[&str]]) -> String {
    written(table(rows)).text
}

fn kinds(rows: &[&[&str]]) -> Vec<BlockKind> {
    written(table(rows)).blocks.iter().map(|b| b.kind).collect()
}

#[test]
fn a_cell_that_spans_rows_stands_in_each_of_them() {
    assert_eq!(
        text(&[
            &["!Joint", "!Weight", "!Dose"],
            &["2x1 Hip", "under 80 kg", "1 g"],
            &["80 kg and over", "2 g"],
            &["Knee", "any", "1 g"],
        ]),
        "Joint | Weight | Dose\nHip | under 80 kg | 1 g\nHip | 80 kg and over | 2 g\nKnee | any | 1 g"
    );
    // In the middle, and to the end of the table.
    assert_eq!(
        text(&[
            &["!Day", "!Drug", "!Note"],
            &["1", "0x1 Zyx", "rest"],
            &["2", "walk"],
            &["3", "swim"],
        ]),
        "Day | Drug | Note\n1 | Zyx | rest\n2 | Zyx | walk\n3 | Zyx | swim"
    );
    // As in a word processor, where the parts say that they continue the cell above.
    assert_eq!(
        text(&[
            &["!Ward", "!Bed", "!Visits"],
            &["North", "1", "11:00"],
            &["^", "2", "12:00"],
            &["^", "3", "13:00"],
        ]),
        "Ward | Bed | Visits\nNorth | 1 | 11:00\nNorth | 2 | 12:00\nNorth | 3 | 13:00"
    );
}

#[test]
fn a_cell_that_spans_columns_stands_in_each_of_them() {
    let rows: &[&[&str]] = &[
        &["2x1 !Activity", "1x2 !Earliest"],
        &["!Keyhole", "!Open"],
        &["Shower", "1x2 after 48 hours"],
        &["Driving", "1 week", "2 weeks"],
    ];
    assert_eq!(
        text(rows),
        "Activity | Earliest: Keyhole | Earliest: Open\n\
         Shower | after 48 hours | after 48 hours\nDriving | 1 week | 2 weeks"
    );
    assert_eq!(
        kinds(rows),
        [
            BlockKind::TableHeader,
            BlockKind::TableRow,
            BlockKind::TableRow
        ]
    );
    // Without marked headers the spans of the first row tell how many rows hold names.
    assert_eq!(
        text(&[
            &["2x1 Age", "1x2 Dose"],
            &["morning", "night"],
            &["1 year", "1 ml", "2 ml"],
        ]),
        "Age | Dose: morning | Dose: night\n1 year | 1 ml | 2 ml"
    );
    // Columns that no row tells apart count once.
    assert_eq!(
        text(&[&["!Who", "1x900 !Dose"], &["Adults", "1x900 5 mg"]]),
        "Who | Dose\nAdults | 5 mg"
    );
}

#[test]
fn empty_cells_keep_their_columns() {
    assert_eq!(
        text(&[
            &["", "!Keyhole", "!Open"],
            &["Driving", "", "2 weeks"],
            &["Work", "1 week"]
        ]),
        "| Keyhole | Open\nDriving | | 2 weeks\nWork | 1 week"
    );
    assert_eq!(
        text(&[&["!Drug", "!Dose"], &["Zyx", ""]]),
        "Drug | Dose\nZyx |"
    );
}

#[test]
fn a_row_of_one_cell_is_a_title_or_names_the_rows_below_it() {
    let rows: &[&[&str]] = &[
        &["1x2 Doses by mouth"],
        &["!Age", "!Dose"],
        &["1x2 Children"],
        &["under 6 years", "5 ml"],
        &["6 years and over", "10 ml"],
        &["1x2 Adults"],
        &["all", "20 ml"],
        &["1x2 Give no more than four doses a day."],
    ];
    assert_eq!(
        text(rows),
        "Doses by mouth\nAge | Dose\nChildren: under 6 years | 5 ml\n\
         Children: 6 years and over | 10 ml\nAdults: all | 20 ml\n\
         Give no more than four doses a day. |"
    );
    assert_eq!(
        kinds(rows)[..2],
        [BlockKind::Caption, BlockKind::TableHeader]
    );
    // The first of several names is no title.
    assert_eq!(
        text(&[
            &["1x2 Children"],
            &["all", "5 ml"],
            &["1x2 Adults"],
            &["all", "9 ml"]
        ]),
        "Children: all | 5 ml\nAdults: all | 9 ml"
    );
}

#[test]
fn row_headers_are_no_column_names() {
    assert_eq!(
        kinds(&[&["!Dose", "10 mg"], &["!Kept", "fridge"]]),
        [BlockKind::TableRow, BlockKind::TableRow]
    );
    // Unmarked, the first row is taken for the names.
    assert_eq!(
        kinds(&[&["Drug", "Dose"], &["Zyx", "5 mg"]]),
        [BlockKind::TableHeader, BlockKind::TableRow]
    );
    assert_eq!(
        kinds(&[&["2x1 Hip", "under 80 kg"], &["over 80 kg"]]),
        [BlockKind::TableRow, BlockKind::TableRow]
    );
}

#[test]
fn later_column_names_hold_for_the_rows_below_them() {
    let rows: &[&[&str]] = &[
        &["!Day", "!Drink"],
        &["1", "water"],
        &["!Night", "!Food"],
        &["2", "soup"],
    ];
    assert_eq!(kinds(rows), [TableHeader, TableRow, TableHeader, TableRow]);
    assert_eq!(
        kinds(&[&["!a", "!b"], &["!c", "!d"], &["!e", "!f"]]),
        [TableHeader, TableRow, TableRow]
    );
}

#[test]
fn tables_without_a_second_row_or_column_are_prose() {
    assert_eq!(
        text(&[&["Telephone", "01234 567890"]]),
        "Telephone: 01234 567890"
    );
    assert_eq!(
        text(&[&["Read this."], &["Then that."]]),
        "Read this.\n\nThen that."
    );
    assert_eq!(
        text(&[&["!Do not take with"], &["warfarin"], &["aspirin"]]),
        "Do not take with\n- warfarin\n- aspirin"
    );
    let layout = Table {
        is_layout: true,
        ..table(&[&["Left", "Right"], &["Down", "Up"]])
    };
    assert_eq!(written(layout).text, "Left\n\nRight\n\nDown\n\nUp");
}

#[test]
fn cells_are_one_line_and_bars_in_them_are_no_borders() {
    let mut list = Cell::of("Rest:");
    list.add(BlockKind::ListItem, 1, "- eat".to_owned());
    list.add(BlockKind::ListItem, 1, "- 12\n30 drink".to_owned());
    let nested = Cell {
        content: vec![Piece::Table(table(&[&["a", "1"], &["b", "2"]]))],
        ..Cell::default()
    };
    let mut whole = table(&[&["!Do", "!Dose"], &["x | y", "z"]]);
    whole.rows.push(Row {
        cells: vec![list, nested],
        is_header: false,
    });
    assert_eq!(
        written(whole).text,
        "Do | Dose\nx / y | z\nRest: - eat - 12; 30 drink | a, 1; b, 2"
    );
}

#[test]
fn spans_in_the_millions_cost_nothing() {
    let mut hostile = Table::default();
    for _ in 0..4_000 {
        let cells = (0..3).map(|_| Cell {
            rows: 1_000_000,
            columns: 1_000_000,
            ..Cell::of("wash your hands ".repeat(10))
        });
        hostile.rows.push(Row {
            cells: cells.collect(),
            is_header: false,
        });
    }
    let own: usize = hostile.lines().map(|line| line.len()).sum();
    let began = std::time::Instant::now();
    let doc = written(hostile);
    assert!(doc.text.len() < 5 * own, "{} of {own}", doc.text.len());
    assert!(began.elapsed().as_secs() < 30);
}
