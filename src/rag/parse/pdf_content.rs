//! Reduces content streams to the operations that show text.
//!
//! The extractor panics on colour spaces, on images drawn as forms and on operators with too few
//! operands, and it ignores the operators `'` and `"`. Text needs none of the former, so pages and
//! forms are rewritten before the extractor reads them.

use pdf_extract::content::{Content, Operation};
use pdf_extract::{Dictionary, Document, Object, ObjectId, Stream};

/// Rewrites the content of the pages and of every form.
pub(super) fn simplify(document: &mut Document, pages: impl Iterator<Item = ObjectId>) {
    for page in pages {
        let Ok(content) = document.get_page_content(page) else {
            continue;
        };
        let drawable = forms_of_page(document, page);
        if let Some(content) = rewrite(&content, &drawable) {
            let stream = document.add_object(Stream::new(Dictionary::new(), content));
            if let Ok(page) = document.get_object_mut(page).and_then(Object::as_dict_mut) {
                page.set("Contents", stream);
                // A missing box makes the extractor panic; any box will do, because only relative
                // positions matter.
                let page_box: Vec<Object> = [0, 0, 612, 792].map(Object::from).into();
                page.set("MediaBox", page_box);
                page.remove(b"ArtBox");
            }
        }
    }
    simplify_forms(document);
}

fn simplify_forms(document: &mut Document) {
    let forms: Vec<ObjectId> = document
        .objects
        .iter()
        .filter(|(_, object)| object.as_stream().is_ok_and(is_form))
        .map(|(id, _)| *id)
        .collect();
    for id in forms {
        let Ok(form) = document.get_object(id).and_then(Object::as_stream) else {
            continue;
        };
        let content = form
            .decompressed_content()
            .unwrap_or_else(|_| form.content.clone());
        let drawable = form
            .dict
            .get(b"Resources")
            .ok()
            .and_then(|r| dictionary(document, r))
            .map(|r| forms_of(document, r, id))
            .unwrap_or_default();
        let content = rewrite(&content, &drawable).unwrap_or_default();
        if let Ok(form) = document.get_object_mut(id).and_then(Object::as_stream_mut) {
            form.dict.remove(b"Filter");
            form.dict.remove(b"DecodeParms");
            form.set_content(content);
        }
    }
}

fn is_form(stream: &Stream) -> bool {
    matches!(stream.dict.get(b"Subtype"), Ok(Object::Name(name)) if name == b"Form")
}

fn dictionary<'a>(document: &'a Document, object: &'a Object) -> Option<&'a Dictionary> {
    document.dereference(object).ok()?.1.as_dict().ok()
}

/// Returns the names of the forms among a page's drawable objects.
fn forms_of_page(document: &Document, page: ObjectId) -> Vec<Vec<u8>> {
    let Ok((own, inherited)) = document.get_page_resources(page) else {
        return Vec::new();
    };
    let inherited = inherited
        .iter()
        .filter_map(|id| document.get_dictionary(*id).ok());
    own.into_iter()
        .chain(inherited)
        .flat_map(|resources| forms_of(document, resources, page))
        .collect()
}

/// Returns the forms except `owner`, which may not draw itself.
fn forms_of(document: &Document, resources: &Dictionary, owner: ObjectId) -> Vec<Vec<u8>> {
    let Some(objects) = resources
        .get(b"XObject")
        .ok()
        .and_then(|o| dictionary(document, o))
    else {
        return Vec::new();
    };
    objects
        .iter()
        .filter(|(_, object)| {
            !matches!(object, Object::Reference(id) if *id == owner)
                && document
                    .dereference(object)
                    .is_ok_and(|(_, o)| o.as_stream().is_ok_and(is_form))
        })
        .map(|(name, _)| name.clone())
        .collect()
}

fn rewrite(content: &[u8], forms: &[Vec<u8>]) -> Option<Vec<u8>> {
    let decoded = Content::decode(content).ok()?;
    let mut kept = Vec::new();
    let mut has_font = false;
    for operation in decoded.operations {
        has_font |= operation.operator == "Tf";
        keep(operation, forms, has_font, &mut kept);
    }
    Content { operations: kept }.encode().ok()
}

fn keep(operation: Operation, forms: &[Vec<u8>], has_font: bool, kept: &mut Vec<Operation>) {
    let operands = operation.operands.as_slice();
    let fits = match operation.operator.as_str() {
        "q" | "Q" | "BT" | "ET" | "T*" => operands.is_empty(),
        "Tc" | "Tw" | "Tz" | "TL" | "Ts" => are_numbers(operands, 1),
        "Td" | "TD" => are_numbers(operands, 2),
        "cm" | "Tm" => are_numbers(operands, 6),
        "Tf" => matches!(operands, [Object::Name(_), size] if is_number(size)),
        "Tj" => has_font && matches!(operands, [Object::String(..)]),
        "TJ" => has_font && matches!(operands, [Object::Array(_)]),
        "Do" => matches!(operands, [Object::Name(name)] if forms.contains(name)),
        "'" | "\"" if has_font => {
            keep_next_line_and_show(operation, kept);
            return;
        }
        _ => false,
    };
    if fits {
        kept.push(operation);
    }
}

/// Rewrites `'`, which moves to the next line and shows text, and `"`, which first sets word and
/// character spacing.
fn keep_next_line_and_show(mut operation: Operation, kept: &mut Vec<Operation>) {
    let Some(shown @ Object::String(..)) = operation.operands.pop() else {
        return;
    };
    if let [word, character] = operation.operands.as_slice()
        && are_numbers(&operation.operands, 2)
    {
        kept.push(Operation::new("Tw", vec![word.clone()]));
        kept.push(Operation::new("Tc", vec![character.clone()]));
    }
    kept.push(Operation::new("T*", Vec::new()));
    kept.push(Operation::new("Tj", vec![shown]));
}

fn are_numbers(operands: &[Object], count: usize) -> bool {
    operands.len() == count && operands.iter().all(is_number)
}

fn is_number(object: &Object) -> bool {
    matches!(object, Object::Integer(_) | Object::Real(_))
}
