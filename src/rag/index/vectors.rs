//! Vectors in two times eight bits a number, with one scale each.
//!
//! A scan reads the first eight bits only, because its time is that of reading memory. The nearest
//! vectors are then compared with all bits, which is as exact as the stored vectors.

use std::ops::Range;

/// The largest number of a stored vector, and of a query.
const STORED: f32 = 127.0;
const ASKED: f32 = 2_047.0;
/// The steps of the second eight bits between two numbers of the first.
const FINE: f32 = 254.0;
/// The numbers that are multiplied in one step. A sum over a fixed number becomes vector instructions.
const STEP: usize = 32;

/// Vectors of one dimension, by slot.
pub(super) struct Vectors {
    dimension: usize,
    /// The rounded numbers.
    codes: Vec<i8>,
    /// The rest of each number.
    rests: Vec<i8>,
    /// The factor that makes a vector of unit length of the codes; NaN without a vector.
    scales: Vec<f32>,
}

/// The vector of a query.
pub(super) struct Query {
    codes: Vec<i16>,
    scale: f32,
}

impl Query {
    /// Returns `None` for a vector without a direction.
    pub fn new(vector: &[f32]) -> Option<Self> {
        let (numbers, scale) = scaled(vector, ASKED)?;
        let codes = numbers.map(|number| i16::of(number.round()));
        Some(Self {
            codes: codes.collect(),
            scale,
        })
    }
}

impl Vectors {
    pub fn new(dimension: usize) -> Self {
        Self {
            dimension: dimension.max(1),
            codes: Vec::new(),
            rests: Vec::new(),
            scales: Vec::new(),
        }
    }

    /// Returns vectors of the same dimension without any slot.
    pub fn empty(&self) -> Self {
        Self::new(self.dimension)
    }

    /// Adds a vector in the next slot; the slot is empty without a vector of the right dimension.
    pub fn push(&mut self, vector: Option<&[f32]>) {
        let vector = vector.filter(|vector| vector.len() == self.dimension);
        let scaled = vector.and_then(|vector| scaled(vector, STORED));
        let Some((numbers, scale)) = scaled else {
            self.push_empty();
            return;
        };
        for number in numbers {
            let rounded = number.round();
            self.codes.push(i8::of(rounded));
            self.rests.push(i8::of(((number - rounded) * FINE).round()));
        }
        self.scales.push(scale);
    }

    fn push_empty(&mut self) {
        let length = self.codes.len() + self.dimension;
        self.codes.resize(length, 0);
        self.rests.resize(length, 0);
        self.scales.push(f32::NAN);
    }

    /// Adds the vector of a slot of others.
    pub fn push_from(&mut self, others: &Self, slot: usize) {
        let range = others.range(slot);
        let codes = others.codes.get(range.clone());
        let rests = others.rests.get(range);
        let scale = others.scales.get(slot).copied();
        if let (Some(codes), Some(rests), Some(scale)) = (codes, rests, scale) {
            self.codes.extend_from_slice(codes);
            self.rests.extend_from_slice(rests);
            self.scales.push(scale);
        } else {
            self.push_empty();
        }
    }

    fn range(&self, slot: usize) -> Range<usize> {
        let start = slot * self.dimension;
        start..start + self.dimension
    }

    /// Empties a slot.
    pub fn clear(&mut self, slot: usize) {
        if let Some(scale) = self.scales.get_mut(slot) {
            *scale = f32::NAN;
        }
    }

    pub fn has(&self, slot: usize) -> bool {
        self.scales.get(slot).is_some_and(|scale| !scale.is_nan())
    }

    /// Returns the cosine of each slot with the query, less than 0.005 off; NaN for an empty one.
    #[expect(clippy::cast_precision_loss, reason = "a cosine needs no more")]
    pub fn cosines(&self, query: &Query) -> impl Iterator<Item = f32> {
        let vectors = self.codes.chunks_exact(self.dimension).zip(&self.scales);
        vectors.map(|(codes, scale)| dot(codes, &query.codes) as f32 * (scale * query.scale))
    }

    /// Returns the exact cosine of a slot with the query; `None` for an empty one.
    #[expect(clippy::cast_precision_loss, reason = "a cosine needs no more")]
    pub fn cosine(&self, slot: usize, query: &Query) -> Option<f32> {
        let scale = self.scales.get(slot).filter(|scale| !scale.is_nan())?;
        let codes = self.codes.get(self.range(slot))?;
        let rests = self.rests.get(self.range(slot))?;
        let sum = dot(codes, &query.codes) as f32 + dot(rests, &query.codes) as f32 / FINE;
        Some(sum * (scale * query.scale))
    }

    pub fn bytes(&self) -> usize {
        self.codes.len() + self.rests.len() + self.scales.len() * size_of::<f32>()
    }

    pub fn shrink(&mut self) {
        self.codes.shrink_to_fit();
        self.rests.shrink_to_fit();
        self.scales.shrink_to_fit();
    }
}

/// A type of codes.
trait Code {
    fn of(rounded: f32) -> Self;
}

#[expect(clippy::cast_possible_truncation, reason = "`scaled` stays in range")]
impl Code for i8 {
    fn of(rounded: f32) -> Self {
        rounded as Self
    }
}

#[expect(clippy::cast_possible_truncation, reason = "`scaled` stays in range")]
impl Code for i16 {
    fn of(rounded: f32) -> Self {
        rounded as Self
    }
}

/// Returns the numbers of a vector from `-largest` to `largest`, and the factor to unit length. `None`
/// for a vector without a direction.
fn scaled(vector: &[f32], largest: f32) -> Option<(impl Iterator<Item = f32>, f32)> {
    let peak = vector.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if !(peak > 0.0 && length.is_finite() && length > 0.0) {
        return None;
    }
    let step = peak / largest;
    Some((vector.iter().map(move |x| x / step), step / length))
}

/// Returns the sum of products. Both sides are so small that 4,000 products fit.
fn dot(stored: &[i8], asked: &[i16]) -> i32 {
    let (stored, stored_rest) = stored.as_chunks::<STEP>();
    let (asked, asked_rest) = asked.as_chunks::<STEP>();
    let steps = stored.iter().zip(asked).map(|(a, b)| products(a, b));
    steps.sum::<i32>() + products(stored_rest, asked_rest)
}

#[inline]
fn products(stored: &[i8], asked: &[i16]) -> i32 {
    let pairs = stored.iter().zip(asked);
    pairs.map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}
