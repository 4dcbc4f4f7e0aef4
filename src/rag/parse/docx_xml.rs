//! The attributes of elements in the parts of a DOCX file.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;

/// Returns an attribute's value by local name.
pub(super) fn attribute(e: &BytesStart<'_>, name: &str) -> Option<String> {
    e.attributes()
        .flatten()
        .find(|a| a.key.local_name().into_inner() == name)
        .and_then(|a| {
            a.normalized_value(XmlVersion::Implicit1_0)
                .ok()
                .map(Cow::into_owned)
        })
}

/// Whether a switch element is on, which it is unless its value says otherwise.
pub(super) fn is_on(e: &BytesStart<'_>) -> bool {
    !matches!(attribute(e, "val").as_deref(), Some("0" | "false" | "off"))
}

/// Returns a non-negative number by local name.
pub(super) fn number(e: &BytesStart<'_>, name: &str) -> Option<u32> {
    attribute(e, name)?.trim().parse().ok()
}
