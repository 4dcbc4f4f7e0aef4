//! The document model of the tests in the formats of offices.

use std::fmt::Write as _;

use super::render::{Element, Model, archive};

const MANIFEST: &str = "<manifest:manifest/>";

/// Adds the page of each part to the elements.
pub(super) fn joined(model: &Model, render: impl Fn(&mut String, &Element)) -> String {
    let mut out = String::new();
    for element in model.pages.iter().flatten() {
        render(&mut out, element);
    }
    out
}

pub(crate) fn core(title: &str) -> String {
    format!("<cp:coreProperties><dc:title>{title}</dc:title></cp:coreProperties>")
}

fn drawing_paragraph(properties: &str, text: &str) -> String {
    format!("<a:p><a:pPr {properties}<a:r><a:t>{text}</a:t></a:r></a:p>")
}

fn shape(placeholder: &str, paragraphs: &str) -> String {
    format!(
        "<p:sp><p:nvSpPr><p:cNvPr id=\"2\" name=\"x\"/><p:nvPr>{placeholder}</p:nvPr></p:nvSpPr>\
         <p:txBody>{paragraphs}</p:txBody></p:sp>"
    )
}

/// Wraps shapes as a slide.
pub(crate) fn slide(shapes: &str) -> String {
    format!("<p:sld><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>")
}

pub(crate) fn title_shape(text: &str) -> String {
    shape("<p:ph type=\"title\"/>", &drawing_paragraph("/>", text))
}

pub(crate) fn body_shape(lines: &[&str]) -> String {
    let lines: Vec<String> = lines.iter().map(|l| drawing_paragraph("/>", l)).collect();
    shape("<p:ph idx=\"1\"/>", &lines.concat())
}

fn slide_element(out: &mut String, element: &Element) {
    match element {
        Element::Heading(_, text) => out.push_str(&title_shape(text)),
        Element::Paragraph(parts) => {
            out.push_str(&shape("", &drawing_paragraph("/>", &parts.join(" "))));
        }
        Element::List(ordered, items) => {
            let bullet = if *ordered {
                "><a:buAutoNum type=\"arabicPeriod\"/></a:pPr>"
            } else {
                "><a:buChar char=\"•\"/></a:pPr>"
            };
            let items: Vec<String> = items.iter().map(|i| drawing_paragraph(bullet, i)).collect();
            out.push_str(&shape("<p:ph idx=\"1\"/>", &items.concat()));
        }
        Element::Table(rows) => {
            out.push_str("<p:graphicFrame><a:tbl><a:tblPr firstRow=\"1\"/>");
            for row in rows {
                out.push_str("<a:tr>");
                for cell in row {
                    let paragraph = drawing_paragraph("/>", cell);
                    write!(out, "<a:tc><a:txBody>{paragraph}</a:txBody></a:tc>").unwrap();
                }
                out.push_str("</a:tr>");
            }
            out.push_str("</a:tbl></p:graphicFrame>");
        }
    }
}

/// Renders a presentation of slides, each with its notes.
pub(crate) fn presentation(title: &str, slides: &[(String, Option<String>)]) -> Vec<u8> {
    let mut ids = String::new();
    let mut relations = String::new();
    let mut parts = Vec::new();
    for (at, (xml, notes)) in slides.iter().enumerate() {
        write!(ids, "<p:sldId id=\"{}\" r:id=\"rId{at}\"/>", 256 + at).unwrap();
        write!(
            relations,
            "<Relationship Id=\"rId{at}\" Type=\"http://x/slide\" Target=\"slides/slide{at}.xml\"/>"
        )
        .unwrap();
        parts.push((format!("ppt/slides/slide{at}.xml"), xml.clone()));
        if let Some(notes) = notes {
            parts.push((
                format!("ppt/slides/_rels/slide{at}.xml.rels"),
                format!(
                    "<Relationships><Relationship Id=\"rId1\" Type=\"http://x/notesSlide\" \
                     Target=\"../notesSlides/n{at}.xml\"/></Relationships>"
                ),
            ));
            parts.push((format!("ppt/notesSlides/n{at}.xml"), notes.clone()));
        }
    }
    parts.push(("docProps/core.xml".to_owned(), core(title)));
    parts.push((
        "ppt/presentation.xml".to_owned(),
        format!("<p:presentation><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"),
    ));
    parts.push((
        "ppt/_rels/presentation.xml.rels".to_owned(),
        format!("<Relationships>{relations}</Relationships>"),
    ));
    archive(&parts)
}

pub(crate) fn pptx(model: &Model) -> Vec<u8> {
    let slides: Vec<(String, Option<String>)> = model
        .pages
        .iter()
        .map(|page| {
            let mut shapes = String::new();
            for (at, element) in page.iter().enumerate() {
                match element {
                    Element::Heading(_, text) if at > 0 => {
                        shapes.push_str(&shape("", &drawing_paragraph("/>", text)));
                    }
                    element => slide_element(&mut shapes, element),
                }
            }
            (slide(&shapes), None)
        })
        .collect();
    presentation(&model.title, &slides)
}

fn text_cell(text: &str) -> String {
    format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

/// Renders a workbook of sheets: the name, the attributes, and the XML of each.
pub(crate) fn workbook(sheets: &[(&str, &str, String)], extra: &[(&str, &str)]) -> Vec<u8> {
    let mut list = String::new();
    let mut relations = String::new();
    let mut parts = Vec::new();
    for (at, (name, attributes, xml)) in sheets.iter().enumerate() {
        write!(
            list,
            "<sheet name=\"{name}\" sheetId=\"{at}\" r:id=\"rId{at}\" {attributes}/>"
        )
        .unwrap();
        write!(
            relations,
            "<Relationship Id=\"rId{at}\" Type=\"http://x/worksheet\" Target=\"/xl/worksheets/s{at}.xml\"/>"
        )
        .unwrap();
        parts.push((format!("xl/worksheets/s{at}.xml"), xml.clone()));
    }
    for (at, (name, xml)) in extra.iter().enumerate() {
        write!(
            relations,
            "<Relationship Id=\"x{at}\" Type=\"http://x/{name}\" Target=\"{name}.xml\"/>"
        )
        .unwrap();
        parts.push((format!("xl/{name}.xml"), (*xml).to_owned()));
    }
    parts.push((
        "xl/workbook.xml".to_owned(),
        format!("<workbook><sheets>{list}</sheets></workbook>"),
    ));
    parts.push((
        "xl/_rels/workbook.xml.rels".to_owned(),
        format!("<Relationships>{relations}</Relationships>"),
    ));
    archive(&parts)
}

/// Lays the model out on one sheet, with an empty row between elements.
pub(crate) fn xlsx(model: &Model) -> Vec<u8> {
    let mut rows = String::new();
    let mut number = 0;
    let mut row = |cells: &[String]| {
        number += 1;
        let cells: Vec<String> = cells.iter().map(|c| text_cell(c)).collect();
        write!(rows, "<row r=\"{number}\">{}</row>", cells.concat()).unwrap();
    };
    for element in model.pages.iter().flatten() {
        row(&[]);
        match element {
            Element::Heading(_, text) => row(std::slice::from_ref(text)),
            Element::Paragraph(parts) => row(&[parts.join(" ")]),
            Element::List(_, items) => items.iter().for_each(|i| row(std::slice::from_ref(i))),
            Element::Table(table) => table.iter().for_each(|cells| row(cells)),
        }
    }
    let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    let book = workbook(&[("Sheet", "", sheet)], &[]);
    drop(core(&model.title));
    book
}

fn odf_element(out: &mut String, element: &Element) {
    match element {
        Element::Heading(level, text) => {
            write!(
                out,
                "<text:h text:outline-level=\"{level}\">{text}</text:h>"
            )
            .unwrap();
        }
        Element::Paragraph(parts) => write!(out, "<text:p>{}</text:p>", parts.join(" ")).unwrap(),
        Element::List(ordered, items) => {
            let style = if *ordered { "N" } else { "B" };
            write!(out, "<text:list text:style-name=\"{style}\">").unwrap();
            for item in items {
                write!(
                    out,
                    "<text:list-item><text:p>{item}</text:p></text:list-item>"
                )
                .unwrap();
            }
            out.push_str("</text:list>");
        }
        Element::Table(rows) => {
            out.push_str("<table:table>");
            for row in rows {
                out.push_str("<table:table-row>");
                for cell in row {
                    write!(
                        out,
                        "<table:table-cell><text:p>{cell}</text:p></table:table-cell>"
                    )
                    .unwrap();
                }
                out.push_str("</table:table-row>");
            }
            out.push_str("</table:table>");
        }
    }
}

/// Wraps content as an OpenDocument file.
pub(crate) fn odf(kind: &str, title: &str, styles: &str, body: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content><office:automatic-styles>{styles}</office:automatic-styles>\
         <office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    );
    archive(&[
        (
            "mimetype",
            format!("application/vnd.oasis.opendocument.{kind}").as_str(),
        ),
        ("content.xml", &content),
        ("META-INF/manifest.xml", MANIFEST),
        (
            "meta.xml",
            &format!("<office:meta><dc:title>{title}</dc:title></office:meta>"),
        ),
    ])
}

pub(crate) fn odt(model: &Model) -> Vec<u8> {
    let styles = "<text:list-style style:name=\"N\"><text:list-level-style-number text:level=\"1\" \
                  style:num-format=\"1\"/></text:list-style>";
    odf("text", &model.title, styles, &joined(model, odf_element))
}

pub(crate) fn ods(model: &Model) -> Vec<u8> {
    let mut rows = String::new();
    let mut row = |cells: &[String]| {
        rows.push_str("<table:table-row>");
        for cell in cells {
            write!(
                rows,
                "<table:table-cell><text:p>{cell}</text:p></table:table-cell>"
            )
            .unwrap();
        }
        rows.push_str(
            "<table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>",
        );
    };
    for element in model.pages.iter().flatten() {
        row(&[]);
        match element {
            Element::Heading(_, text) => row(std::slice::from_ref(text)),
            Element::Paragraph(parts) => row(&[parts.join(" ")]),
            Element::List(_, items) => items.iter().for_each(|i| row(std::slice::from_ref(i))),
            Element::Table(table) => table.iter().for_each(|cells| row(cells)),
        }
    }
    let body = format!("<table:table table:name=\"Sheet\">{rows}</table:table>");
    odf("spreadsheet", &model.title, "", &body)
}

pub(crate) fn odp(model: &Model) -> Vec<u8> {
    let mut body = String::new();
    for page in &model.pages {
        body.push_str("<draw:page>");
        for (at, element) in page.iter().enumerate() {
            let class = match element {
                Element::Heading(..) if at == 0 => "presentation:class=\"title\"",
                _ => "",
            };
            write!(body, "<draw:frame {class}><draw:text-box>").unwrap();
            match element {
                Element::Heading(_, text) => write!(body, "<text:p>{text}</text:p>").unwrap(),
                element => odf_element(&mut body, element),
            }
            body.push_str("</draw:text-box></draw:frame>");
        }
        body.push_str("</draw:page>");
    }
    odf("presentation", &model.title, "", &body)
}
