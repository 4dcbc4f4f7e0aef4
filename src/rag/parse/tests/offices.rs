//! Presentations, spreadsheets and OpenDocument files, as people read them.

use super::render_office::{body_shape, odf, presentation, slide, title_shape, workbook};
use super::*;

fn read(media: MediaType, bytes: &[u8]) -> ParsedDocument {
    parsed(media, bytes).unwrap()
}

fn text_of(media: MediaType, bytes: &[u8]) -> String {
    read(media, bytes).text
}

#[test]
fn slides_are_sections_with_their_notes() {
    let notes = slide(&body_shape(&[
        "Say that food is allowed until six hours before.",
    ]));
    let bytes = presentation(
        "Before surgery",
        &[
            (slide(&title_shape("Before surgery")), None),
            // The order of the file is not that of the reader: the title comes last.
            (
                slide(&(body_shape(&["Drink water", "Bring your card"]) + &title_shape("The day"))),
                Some(notes),
            ),
            (
                slide(&title_shape("Secret")).replace("<p:sld>", "<p:sld show=\"0\">"),
                None,
            ),
            (slide(&body_shape(&["One line only."])), None),
        ],
    );
    let doc = read(MediaType::Pptx, &bytes);
    assert_eq!(
        doc.text,
        "Before surgery\n\nThe day\n\n- Drink water\n- Bring your card\n\nSay that food is allowed \
         until six hours before.\n\nSlide 4\n\nOne line only."
    );
    assert_eq!(doc.title.as_deref(), Some("Before surgery"));
    assert_eq!(doc.pages.len(), 4);
    assert_eq!(doc.remarks(), ["Left out because hidden: 1 slide."]);
    assert_eq!(kinds(&doc)[1], (BlockKind::Heading(2), "The day"));
}

#[test]
fn a_table_on_a_slide_keeps_its_spans() {
    let cell = |attributes: &str, text: &str| {
        format!(
            "<a:tc {attributes}><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>"
        )
    };
    let table = format!(
        "<p:graphicFrame><a:tbl><a:tblPr firstRow=\"1\"/><a:tr>{}{}</a:tr><a:tr>{}{}</a:tr>\
         <a:tr>{}{}</a:tr></a:tbl></p:graphicFrame>",
        cell("", "Operation"),
        cell("", "Aspirin"),
        cell("rowSpan=\"2\"", "Hernia"),
        cell("", "not given"),
        cell("vMerge=\"1\"", ""),
        cell("", "given on day 2"),
    );
    let bytes = presentation("", &[(slide(&(title_shape("Drugs") + &table)), None)]);
    assert_eq!(
        text_of(MediaType::Pptx, &bytes),
        "Drugs\n\nOperation | Aspirin\nHernia | not given\nHernia | given on day 2"
    );
}

#[test]
fn fields_hidden_shapes_and_footers_of_slides_are_left_out() {
    let hidden = body_shape(&["Hidden"]).replace("name=\"x\"", "name=\"x\" hidden=\"1\"");
    let footer = body_shape(&["Hospital 2026"]).replace("idx=\"1\"", "type=\"ftr\" idx=\"1\"");
    let number = "<p:sp><p:txBody><a:p><a:fld type=\"slidenum\"><a:t>7</a:t></a:fld></a:p></p:txBody></p:sp>";
    let shapes = [&title_shape("Rest &amp; food"), &hidden, &footer, number];
    let bytes = presentation("", &[(slide(&shapes.concat()), None)]);
    assert_eq!(text_of(MediaType::Pptx, &bytes), "Rest & food");
}

const STYLES: &str = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"0.0&quot; mg&quot;\"/>\
    </numFmts><fonts><font/><font><b/></font></fonts><cellStyleXfs><xf numFmtId=\"9\"/></cellStyleXfs>\
    <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"9\"/><xf numFmtId=\"164\"/>\
    <xf numFmtId=\"0\" fontId=\"1\"/></cellXfs></styleSheet>";

#[test]
fn a_workbook_shows_dates_percents_and_units_as_people_see_them() {
    let strings = "<sst><si><t>Drug</t></si><si><r><t>Ibu</t></r><r><t>profen</t></r><rPh><t>x</t></rPh></si></sst>";
    let sheet = "<worksheet><sheetData>\
        <row r=\"1\"><c r=\"A1\" t=\"s\" s=\"4\"><v>0</v></c><c r=\"B1\" t=\"inlineStr\"><is><t>Dose</t></is></c>\
        <c r=\"C1\" t=\"str\"><f>x</f><v>Share</v></c><c r=\"D1\" t=\"inlineStr\"><is><t>From</t></is></c></row>\
        <row r=\"2\"><c r=\"A2\" t=\"s\"><v>1</v></c><c r=\"B2\" s=\"3\"><v>2.5</v></c>\
        <c r=\"C2\" s=\"2\"><v>0.25</v></c><c r=\"D2\" s=\"1\"><v>46055</v></c></row>\
        <row r=\"3\"><c r=\"A3\" t=\"b\"><v>1</v></c><c r=\"B3\"><v>0.30000000000000004</v></c>\
        <c r=\"C3\" t=\"e\"><v>#N/A</v></c><c r=\"D3\"><f>1+1</f></c></row>\
        </sheetData></worksheet>";
    let bytes = workbook(
        &[("Doses", "", sheet.to_owned())],
        &[("styles", STYLES), ("sharedStrings", strings)],
    );
    let doc = read(MediaType::Xlsx, &bytes);
    assert_eq!(
        doc.text,
        "Doses\n\nDrug | Dose | Share | From\nIbuprofen | 2.5 mg | 25% | 2026-02-02\nTRUE | 0.3 | #N/A |"
    );
    assert_eq!(kinds(&doc)[1].0, BlockKind::TableHeader);
    assert!(
        doc.remarks()[0].contains("1 formula"),
        "{:?}",
        doc.remarks()
    );
}

fn cells(row: usize, attributes: &str, texts: &[&str]) -> String {
    let cells: Vec<String> = texts
        .iter()
        .zip('A'..)
        .filter(|(text, _)| !text.is_empty())
        .map(|(text, column)| {
            format!("<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
        })
        .collect();
    format!("<row r=\"{row}\" {attributes}>{}</row>", cells.concat())
}

#[test]
fn what_a_workbook_hides_is_left_out_and_counted() {
    let visible = format!(
        "<worksheet><cols><col min=\"2\" max=\"2\" hidden=\"1\"/></cols><sheetData>{}{}{}</sheetData></worksheet>",
        cells(1, "", &["Ward", "Code", "Beds"]),
        cells(2, "hidden=\"1\"", &["Old", "x", "9"]),
        cells(3, "", &["North", "secret", "12"]),
    );
    let hidden = format!(
        "<worksheet><sheetData>{}</sheetData></worksheet>",
        cells(1, "", &["Pay"])
    );
    for state in ["hidden", "veryHidden"] {
        let state = format!("state=\"{state}\"");
        let bytes = workbook(
            &[
                ("Wards", "", visible.clone()),
                ("Pay", &state, hidden.clone()),
            ],
            &[],
        );
        let doc = read(MediaType::Xlsx, &bytes);
        assert_eq!(doc.text, "Wards\n\nWard | Beds\nNorth | 12");
        assert_eq!(
            doc.remarks(),
            ["Left out because hidden: 1 sheet, 1 row, 1 column."]
        );
    }
}

#[test]
fn tables_of_a_sheet_keep_titles_merged_cells_and_gaps() {
    let sheet = format!(
        "<worksheet><sheetData>{}{}{}{}{}{}{}</sheetData><mergeCells><mergeCell ref=\"A4:A5\"/>\
         </mergeCells></worksheet>",
        cells(1, "", &["Visiting hours"]),
        cells(3, "", &["Ward", "Day", "Hours"]),
        cells(4, "", &["North", "Monday", "2 pm"]),
        cells(5, "", &["", "Sunday", "closed"]),
        cells(7, "", &["South", "Monday", "3 pm"]),
        cells(9, "", &["Call before you come."]),
        cells(1_048_576, "", &["The end"]),
    );
    let doc = read(MediaType::Xlsx, &workbook(&[("Plan", "", sheet)], &[]));
    assert_eq!(
        doc.text,
        "Plan\n\nVisiting hours\n\nWard | Day | Hours\nNorth | Monday | 2 pm\nNorth | Sunday | closed\n\
         South | Monday | 3 pm\n\nCall before you come.\n\nThe end"
    );
}

#[test]
fn an_opendocument_text_leaves_out_deleted_and_hidden_text() {
    let styles = "<style:style style:name=\"H\"><style:text-properties text:display=\"none\"/></style:style>\
        <style:style style:name=\"T1\" style:parent-style-name=\"Title\"/>\
        <text:list-style style:name=\"L\"><text:list-level-style-number text:level=\"1\" style:num-format=\"1\" \
        text:start-value=\"3\"/><text:list-level-style-bullet text:level=\"2\"/></text:list-style>";
    let body = "<text:tracked-changes><text:changed-region><text:deletion><text:p>old</text:p></text:deletion>\
        </text:changed-region></text:tracked-changes><text:p text:style-name=\"T1\">Wound care</text:p>\
        <text:h text:outline-level=\"2\">At<text:s text:c=\"2\"/>home</text:h>\
        <text:p>Wash<text:span text:style-name=\"H\">secret</text:span><text:tab/>daily.<text:note>\
        <text:note-citation>1</text:note-citation><text:note-body><text:p>With soap.</text:p></text:note-body>\
        </text:note></text:p><text:list text:style-name=\"L\"><text:list-item><text:p>Dry it</text:p>\
        <text:list><text:list-item><text:p>gently</text:p></text:list-item></text:list></text:list-item>\
        <text:list-item><text:p>Cover it</text:p></text:list-item></text:list>\
        <office:annotation><text:p>comment</text:p></office:annotation>";
    let doc = read(MediaType::Odt, &odf("text", "", styles, body));
    assert_eq!(
        doc.text,
        "Wound care\n\nAt home\n\nWith soap.\n\nWash daily.\n\n3. Dry it\n- gently\n4. Cover it"
    );
    assert_eq!(doc.title.as_deref(), Some("Wound care"));
    assert!(doc.remarks()[0].starts_with("1 hidden word is left out"));
    let depths: Vec<u8> = doc.blocks.iter().map(|block| block.depth).collect();
    assert_eq!(depths[4..], [1, 2, 1]);
}

#[test]
fn an_opendocument_table_keeps_its_spans_and_header() {
    let cell = |attributes: &str, text: &str| {
        format!("<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>")
    };
    let body = format!(
        "<table:table><table:table-header-rows><table:table-row>{}{}</table:table-row></table:table-header-rows>\
         <table:table-row>{}{}</table:table-row><table:table-row><table:covered-table-cell/>{}</table:table-row>\
         <table:table-row>{}</table:table-row></table:table>",
        cell("", "Age"),
        cell("", "Dose"),
        cell("table:number-rows-spanned=\"2\"", "Adult"),
        cell("", "5 mg"),
        cell("", "10 mg"),
        cell("table:number-columns-repeated=\"2\"", "none"),
    );
    assert_eq!(
        text_of(MediaType::Odt, &odf("text", "", "", &body)),
        "Age | Dose\nAdult | 5 mg\nAdult | 10 mg\nnone | none"
    );
}

#[test]
fn an_opendocument_sheet_shows_its_text() {
    let styles = "<style:style style:name=\"off\"><style:table-properties table:display=\"false\"/></style:style>";
    let body = "<table:table table:name=\"Rates\"><table:table-column/><table:table-column \
        table:visibility=\"collapse\"/><table:table-column table:number-columns-repeated=\"16382\"/>\
        <table:table-row><table:table-cell><text:p>Drug</text:p></table:table-cell><table:table-cell>\
        <text:p>Id</text:p></table:table-cell><table:table-cell><text:p>Share</text:p></table:table-cell>\
        <table:table-cell table:number-columns-repeated=\"16381\"/></table:table-row>\
        <table:table-row table:number-rows-repeated=\"2\"><table:table-cell><text:p>A</text:p></table:table-cell>\
        <table:table-cell><text:p>7</text:p></table:table-cell><table:table-cell office:value-type=\"percentage\" \
        office:value=\"0.5\"><office:annotation><text:p>no</text:p></office:annotation><text:p>50%</text:p>\
        </table:table-cell></table:table-row>\
        <table:table-row table:number-rows-repeated=\"1048573\"><table:table-cell \
        table:number-columns-repeated=\"16384\"/></table:table-row></table:table>\
        <table:table table:name=\"No\" table:style-name=\"off\"><table:table-row><table:table-cell>\
        <text:p>hidden</text:p></table:table-cell></table:table-row></table:table>";
    let doc = read(MediaType::Ods, &odf("spreadsheet", "Prices", styles, body));
    assert_eq!(doc.text, "Rates\n\nDrug | Share\nA | 50%\nA | 50%");
    assert_eq!(doc.title.as_deref(), Some("Prices"));
    assert_eq!(
        doc.remarks(),
        ["Left out because hidden: 1 sheet, 1 column."]
    );
}

#[test]
fn a_sheet_that_ends_inside_a_reading_aid_ends() {
    let row = "<row r=\"1\"><c t=\"inlineStr\"><is><t>Drug</t></is></c></row>";
    let sheet = format!("<worksheet><sheetData>{row}<rPh><t>cut");
    let bytes = workbook(&[("Plan", "", sheet)], &[]);
    assert_eq!(text_of(MediaType::Xlsx, &bytes), "Plan\n\nDrug");
    let strings = [("sharedStrings", "<sst><si><t>Drug</t><rPh><t>cut")];
    let sheet =
        "<worksheet><sheetData><row r=\"1\"><c t=\"s\"><v>0</v></c></row></sheetData></worksheet>";
    let bytes = workbook(&[("Plan", "", sheet.to_owned())], &strings);
    assert!(text_of(MediaType::Xlsx, &bytes).contains("Drug"));
}
