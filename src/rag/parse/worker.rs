//! The child process that parses one document and then ends.

use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

use super::{ContentType, ParseError, ParseLimits, ParsedDocument, parse};

/// Lets deep recursion in a parser use far more than the default few megabytes of stack.
const STACK_BYTES: usize = 64 << 20;
/// The address space beyond the data: the program, its libraries, stacks and allocator arenas.
const ADDRESS_SPACE_MARGIN: u64 = 1 << 30;

/// The resources that a child may use. Its text form is JSON, for the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerLimits {
    pub parse: ParseLimits,
    /// Bytes of private writable memory.
    pub memory_bytes: u64,
    pub cpu_seconds: u64,
}

impl FromStr for WorkerLimits {
    type Err = String;

    fn from_str(json: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }
}

/// The first line of the child's answer, in JSON. The document's text follows as raw bytes: inside
/// the JSON it would be in memory twice, and longer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ReplyHead {
    Document(ParsedDocument),
    Error(ParseError),
}

/// The bytes of a block, of a page and of a warned page in the head, and of the rest of the head.
const BLOCK_BYTES: u64 = 72;
const PAGE_BYTES: u64 = 24;
const HEAD_BYTES: u64 = 65_536;

/// The longest answer of a child within its limits.
pub(super) fn max_reply_bytes(limits: &ParseLimits) -> u64 {
    limits.max_text_bytes as u64
        + limits.max_blocks as u64 * BLOCK_BYTES
        + limits.max_pages as u64 * PAGE_BYTES
        + HEAD_BYTES
}

fn write_reply(
    out: &mut impl Write,
    outcome: Result<ParsedDocument, ParseError>,
) -> io::Result<()> {
    let (head, text) = match outcome {
        Ok(mut document) => {
            let text = std::mem::take(&mut document.text);
            (ReplyHead::Document(document), text)
        }
        Err(error) => (ReplyHead::Error(error), String::new()),
    };
    serde_json::to_writer(&mut *out, &head)?;
    out.write_all(b"\n")?;
    out.write_all(text.as_bytes())
}

/// Parses the child's answer; returns `None` if it is malformed.
pub(super) fn read_reply(mut reply: Vec<u8>) -> Option<Result<ParsedDocument, ParseError>> {
    let line = reply.iter().position(|byte| *byte == b'\n')?;
    let head = serde_json::from_slice(reply.get(..line)?).ok()?;
    reply.drain(..=line);
    match head {
        ReplyHead::Document(mut document) => {
            document.text = String::from_utf8(reply).ok()?;
            Some(Ok(document))
        }
        ReplyHead::Error(error) => Some(Err(error)),
    }
}

/// Reads the document's bytes from `stdin`, parses them under resource limits of this process, and
/// writes `{"document": …}` and its text, or `{"error": …}`.
///
/// Only the hidden subcommand `parse-worker` may call this: it permanently lowers the limits of the
/// whole process and silences panic messages, which could contain document text. Call it before
/// anything starts threads or telemetry.
pub fn run_worker(
    content: ContentType,
    mut stdin: impl Read,
    mut stdout: impl Write,
    limits: &WorkerLimits,
) -> io::Result<()> {
    std::panic::set_hook(Box::new(|_| {}));
    lower_limits(limits)?;
    let mut bytes = Vec::new();
    let most = limits.parse.max_input_bytes as u64 + 1;
    let outcome = match stdin.by_ref().take(most).read_to_end(&mut bytes) {
        Ok(_) => parse_on_big_stack(content, &bytes, &limits.parse)?,
        Err(error) if error.kind() == io::ErrorKind::OutOfMemory => Err(ParseError::OutOfMemory),
        Err(error) => return Err(error),
    };
    let mut out = io::BufWriter::new(&mut stdout);
    write_reply(&mut out, outcome)?;
    out.flush()
}

fn parse_on_big_stack(
    content: ContentType,
    bytes: &[u8],
    limits: &ParseLimits,
) -> io::Result<Result<ParsedDocument, ParseError>> {
    std::thread::scope(|scope| {
        let handle = std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || {
                catch_unwind(AssertUnwindSafe(|| parse(content, bytes, limits)))
                    .unwrap_or(Err(ParseError::Crashed))
            })?;
        Ok(handle.join().unwrap_or(Err(ParseError::Crashed)))
    })
}

fn lower_limits(limits: &WorkerLimits) -> io::Result<()> {
    lower(Resource::Core, 0, 0)?;
    lower(Resource::Fsize, 0, 0)?;
    lower(Resource::Nofile, 16, 16)?;
    // The signal of the soft limit distinguishes "too slow" from other causes; the hard limit
    // kills.
    lower(Resource::Cpu, limits.cpu_seconds, limits.cpu_seconds + 1)?;
    // The stack counts as data, though hardly any of it is ever touched.
    let data = limits.memory_bytes.saturating_add(STACK_BYTES as u64);
    lower(Resource::Data, data, data)?;
    let address_space = data.saturating_add(ADDRESS_SPACE_MARGIN);
    lower(Resource::As, address_space, address_space)
}

fn lower(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let ceiling = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    setrlimit(
        resource,
        Rlimit {
            current: Some(soft.min(ceiling)),
            maximum: Some(hard.min(ceiling)),
        },
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::MediaType;
    use super::*;

    fn replied(outcome: Result<ParsedDocument, ParseError>) -> Vec<u8> {
        let mut reply = Vec::new();
        write_reply(&mut reply, outcome).unwrap();
        reply
    }

    #[test]
    fn a_reply_is_read_as_it_was_written() {
        let limits = ParseLimits::default();
        let document = parse(MediaType::Markdown, b"# \"A\"\n\n- b\n- c\\", &limits).unwrap();
        let reply = replied(Ok(document.clone()));
        assert_eq!(read_reply(reply).unwrap().unwrap(), document);
        let reply = replied(Err(ParseError::Encrypted));
        assert_eq!(read_reply(reply).unwrap(), Err(ParseError::Encrypted));
        for broken in ["", "{", "{}\n", "{\"document\":{}}\ntext"] {
            assert!(read_reply(broken.into()).is_none(), "{broken}");
        }
    }

    #[test]
    fn the_largest_document_fits_into_the_longest_reply() {
        let limits = ParseLimits {
            max_blocks: 1_000,
            ..ParseLimits::default()
        };
        let text = "- a\n".repeat(1_000);
        let document = parse(MediaType::Markdown, text.as_bytes(), &limits).unwrap();
        let length = replied(Ok(document.clone())).len() - document.text.len();
        // Offsets in a text of 32 MiB have eight digits.
        assert!(length + 1_000 * 2 * 5 < 1_000 * usize::try_from(BLOCK_BYTES).unwrap());
        let text = "- a\n".repeat(1_001);
        let refused = parse(MediaType::Markdown, text.as_bytes(), &limits);
        assert_eq!(refused, Err(ParseError::TooLarge));
    }
}
