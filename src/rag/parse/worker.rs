//! The child process that parses one document and ends.

use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

use super::{MediaType, ParseError, ParseLimits, ParsedDocument, parse};

/// Deep recursion in a parser ends in a guard page far away, not at the default few megabytes.
const STACK_BYTES: usize = 64 << 20;
/// Address space beyond the data: the program, its libraries, stacks and allocator arenas.
const ADDRESS_SPACE_MARGIN: u64 = 1 << 30;

/// What a child may use. As text it is JSON, for the command line.
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

/// What the child answers: one JSON object on standard output.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WorkerReply {
    Document(ParsedDocument),
    Error(ParseError),
}

/// Reads the document's bytes from `stdin`, parses them under resource limits of this process, and
/// writes `{"document": …}` or `{"error": …}`.
///
/// For the hidden subcommand `parse-worker` only: it lowers the limits of the whole process for
/// good and silences panic messages, which could hold document text. Call it before anything
/// starts threads or telemetry.
pub fn run_worker(
    media: MediaType,
    mut stdin: impl Read,
    mut stdout: impl Write,
    limits: &WorkerLimits,
) -> io::Result<()> {
    std::panic::set_hook(Box::new(|_| {}));
    lower_limits(limits)?;
    let mut bytes = Vec::new();
    let most = limits.parse.max_input_bytes as u64 + 1;
    let outcome = match stdin.by_ref().take(most).read_to_end(&mut bytes) {
        Ok(_) => parse_on_big_stack(media, &bytes, &limits.parse)?,
        Err(error) if error.kind() == io::ErrorKind::OutOfMemory => Err(ParseError::OutOfMemory),
        Err(error) => return Err(error),
    };
    let reply = match outcome {
        Ok(document) => WorkerReply::Document(document),
        Err(error) => WorkerReply::Error(error),
    };
    let mut out = io::BufWriter::new(&mut stdout);
    serde_json::to_writer(&mut out, &reply)?;
    out.flush()
}

fn parse_on_big_stack(
    media: MediaType,
    bytes: &[u8],
    limits: &ParseLimits,
) -> io::Result<Result<ParsedDocument, ParseError>> {
    std::thread::scope(|scope| {
        let handle = std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || {
                catch_unwind(AssertUnwindSafe(|| parse(media, bytes, limits)))
                    .unwrap_or(Err(ParseError::Crashed))
            })?;
        Ok(handle.join().unwrap_or(Err(ParseError::Crashed)))
    })
}

fn lower_limits(limits: &WorkerLimits) -> io::Result<()> {
    lower(Resource::Core, 0, 0)?;
    lower(Resource::Fsize, 0, 0)?;
    lower(Resource::Nofile, 16, 16)?;
    // The soft limit's signal tells "too slow" apart from other ends; the hard one kills.
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
