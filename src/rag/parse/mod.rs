//! Turns the bytes of an uploaded document into text with structure.
//!
//! Every offset counts Unicode scalar values of [`ParsedDocument::text`], which is final: white
//! space, control characters and line joins are normalised before offsets are taken. The same bytes
//! always give the same text.

mod builder;
mod charset;
mod content_type;
mod css;
mod css_colors;
mod css_media;
mod css_property;
mod css_values;
mod document;
mod docx;
mod docx_look;
mod docx_styles;
mod email;
mod encoding;
mod epub;
mod error;
mod flow;
mod guess;
mod html;
mod html_main;
mod html_tree;
mod html_visibility;
mod in_process;
mod limits;
mod markdown;
mod media_type;
mod note;
mod number_format;
mod odf;
mod odf_styles;
mod ods;
mod package;
mod pdf;
mod plain;
mod pptx;
mod pptx_slide;
mod rtf;
mod rtf_fonts;
mod rtf_table;
mod rtf_tokens;
mod rtf_words;
pub mod sandbox;
mod sheet;
mod shift;
mod sniff;
mod symbol;
mod table;
#[cfg(test)]
mod tests;
mod warning;
mod worker;
mod xlsx;
mod xlsx_styles;
mod xml;

pub use charset::{Charset, charset_parameter};
pub use content_type::ContentType;
pub use document::{Block, BlockKind, ParsedDocument};
pub use error::ParseError;
pub use in_process::parse;
pub use limits::ParseLimits;
pub use media_type::MediaType;
pub use note::Note;
use warning::Extent;
pub use warning::{Doubt, Warning};
pub use worker::{WorkerLimits, run_worker};
