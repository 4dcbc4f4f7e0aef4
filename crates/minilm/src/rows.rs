//! The steps between the matrix products, a row at a time, on the widest vectors of this CPU.
#![expect(
    clippy::inline_always,
    reason = "a step is compiled for each kind of vector only where it is inlined into `eval`"
)]

use rten_simd::ops::{BitOps, FloatOps, NarrowSaturate, NumOps, ToFloat};
use rten_simd::{Isa, Simd, SimdOp, SimdUnaryOp};
use rten_vecmath::{Gelu, Softmax};

use super::INNER;
use super::linear::Linear;
use super::quantised::{Point, Quantised};

/// The model's own constant against a division by zero.
const EPSILON: f32 = 1e-12;

/// The weight and bias of a layer normalisation.
pub(super) struct Norm {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

/// The integers of a matrix product, with what turns them back into numbers.
#[derive(Clone, Copy)]
pub(super) struct Product<'a> {
    pub sums: &'a [i32],
    /// The meaning of the bytes of each row of the input.
    pub points: &'a [Point],
    pub linear: &'a Linear,
}

impl<'a> Product<'a> {
    fn rows(self) -> impl Iterator<Item = (&'a [i32], Point)> {
        let rows = self.sums.chunks_exact(self.linear.columns());
        rows.zip(self.points.iter().copied())
    }
}

/// The weights of the element of a row that was set aside.
type Aside = [f32; INNER];

/// Turns a product into numbers.
pub(super) struct Dequantise<'a> {
    pub product: Product<'a>,
    pub out: &'a mut [f32],
}

impl SimdOp for Dequantise<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let mut aside: Aside = [0.0; INNER];
        let linear = self.product.linear;
        let out = self.out.chunks_exact_mut(linear.columns());
        for ((sums, point), out) in self.product.rows().zip(out) {
            for_each(isa, (sums, point), linear, &mut aside, out, |value, _| {
                value
            });
        }
    }
}

/// Turns a product into numbers, applies GELU, and quantises the rows again.
pub(super) struct Activate<'a> {
    pub product: Product<'a>,
    /// A row of numbers on their way.
    pub row: &'a mut [f32],
    pub out: &'a mut Quantised,
}

impl SimdOp for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let mut aside: Aside = [0.0; INNER];
        let ops = isa.f32();
        let top = self.out.top();
        for ((sums, point), out) in self.product.rows().zip(self.out.rows_mut()) {
            let mut bounds = (ops.zero(), ops.zero());
            let linear = self.product.linear;
            for_each(
                isa,
                (sums, point),
                linear,
                &mut aside,
                self.row,
                |value, _| {
                    let value = Gelu {}.eval(isa, value);
                    bounds = (ops.min(bounds.0, value), ops.max(bounds.1, value));
                    value
                },
            );
            quantise(isa, self.row, bounds, top, out);
        }
    }
}

/// Adds a product to the hidden state, normalises it, and quantises it for the next product.
pub(super) struct AddAndNormalise<'a> {
    pub product: Product<'a>,
    pub hidden: &'a mut [f32],
    pub norm: &'a Norm,
    pub out: &'a mut Quantised,
}

impl SimdOp for AddAndNormalise<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let mut aside: Aside = [0.0; INNER];
        let ops = isa.f32();
        let top = self.out.top();
        let linear = self.product.linear;
        let hidden = self.hidden.chunks_exact_mut(linear.columns());
        for (((sums, point), hidden), out) in
            self.product.rows().zip(hidden).zip(self.out.rows_mut())
        {
            for_each(
                isa,
                (sums, point),
                linear,
                &mut aside,
                hidden,
                |value, before| ops.add(value, before),
            );
            let bounds = normalise(isa, hidden, self.norm);
            quantise_but_one(isa, hidden, bounds, top, out);
        }
    }
}

/// Normalises the hidden state and quantises it for the first product.
pub(super) struct Normalise<'a> {
    pub hidden: &'a mut [f32],
    pub norm: &'a Norm,
    pub out: &'a mut Quantised,
}

impl SimdOp for Normalise<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let top = self.out.top();
        let hidden = self.hidden.chunks_exact_mut(self.norm.weight.len());
        for (hidden, out) in hidden.zip(self.out.rows_mut()) {
            let bounds = normalise(isa, hidden, self.norm);
            quantise_but_one(isa, hidden, bounds, top, out);
        }
    }
}

/// Quantises rows.
pub(super) struct Quantise<'a> {
    pub rows: &'a [f32],
    pub out: &'a mut Quantised,
}

impl SimdOp for Quantise<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let top = self.out.top();
        let columns = self.out.columns();
        for (row, out) in self.rows.chunks_exact(columns).zip(self.out.rows_mut()) {
            quantise(isa, row, bounds(isa, row), top, out);
        }
    }
}

/// Turns each row of scores into weights whose sum is 1.
pub(super) struct Weigh<'a> {
    pub scores: &'a mut [f32],
    pub columns: usize,
}

impl SimdOp for Weigh<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        for row in self.scores.chunks_exact_mut(self.columns) {
            Softmax::new_mut(row).eval(isa);
        }
    }
}

/// Replaces each element of `out` by `step(product, element)`.
#[inline(always)]
fn for_each<I: Isa>(
    isa: I,
    (sums, point): (&[i32], Point),
    linear: &Linear,
    aside: &mut Aside,
    out: &mut [f32],
    mut step: impl FnMut(I::F32, I::F32) -> I::F32,
) {
    let (ops, ints) = (isa.f32(), isa.i32());
    let width = ops.len();
    let (scale, zero) = (ops.splat(point.scale), ops.splat(-point.zero));
    linear.read_aside(point, aside);
    let alone = ops.splat(point.aside.1);
    let columns = (linear
        .sums()
        .chunks_exact(width)
        .zip(aside.chunks_exact(width)))
    .zip(linear.scales().chunks_exact(width))
    .zip(linear.bias().chunks_exact(width));
    let elements = out.chunks_exact_mut(width).zip(sums.chunks_exact(width));
    for ((out, sums), (((column, aside), scales), bias)) in elements.zip(columns) {
        let value = ints.to_float(ints.load(sums));
        let value = ops.mul(ops.mul_add(ops.load(column), zero, value), scale);
        let value = ops.mul_add(ops.load(aside), alone, value);
        let value = ops.mul_add(value, ops.load(scales), ops.load(bias));
        ops.store(step(value, ops.load(out)), out);
    }
}

/// Normalises one row; returns its least and greatest elements, lane by lane, with 0 between them.
#[inline(always)]
fn normalise<I: Isa>(isa: I, row: &mut [f32], norm: &Norm) -> (I::F32, I::F32) {
    let ops = isa.f32();
    let width = ops.len();
    let share = norm.weight.iter().map(|_| 1.0).sum::<f32>().recip();
    let mut sum = ops.zero();
    for values in row.chunks_exact(width) {
        sum = ops.add(sum, ops.load(values));
    }
    let mean = ops.splat(ops.sum(sum) * share);
    let mut squares = ops.zero();
    for values in row.chunks_exact(width) {
        let distance = ops.sub(ops.load(values), mean);
        squares = ops.mul_add(distance, distance, squares);
    }
    let deviation = (ops.sum(squares) * share + EPSILON).sqrt();
    let factor = ops.splat(deviation.recip());
    let mut bounds = (ops.zero(), ops.zero());
    let parameters = (norm.weight.chunks_exact(width)).zip(norm.bias.chunks_exact(width));
    for (values, (weight, bias)) in row.chunks_exact_mut(width).zip(parameters) {
        let value = ops.mul(ops.sub(ops.load(values), mean), factor);
        let value = ops.mul_add(value, ops.load(weight), ops.load(bias));
        bounds = (ops.min(bounds.0, value), ops.max(bounds.1, value));
        ops.store(value, values);
    }
    bounds
}

/// Returns the least and greatest elements of a row, lane by lane, with 0 between them.
#[inline(always)]
fn bounds<I: Isa>(isa: I, row: &[f32]) -> (I::F32, I::F32) {
    let ops = isa.f32();
    let mut bounds = (ops.zero(), ops.zero());
    for values in row.chunks_exact(ops.len()) {
        let value = ops.load(values);
        bounds = (ops.min(bounds.0, value), ops.max(bounds.1, value));
    }
    bounds
}

#[inline(always)]
fn ends<I: Isa>((low, high): (I::F32, I::F32)) -> (f32, f32) {
    let low = low.to_array().into_iter().fold(0.0, f32::min);
    let high = high.to_array().into_iter().fold(0.0, f32::max);
    (low, high)
}

/// Quantises a row, but sets the element aside that is furthest from 0.
#[inline(always)]
fn quantise_but_one<I: Isa>(
    isa: I,
    row: &mut [f32],
    between: (I::F32, I::F32),
    top: f32,
    (out, point): (&mut [u8], &mut Point),
) {
    let (low, high) = ends::<I>(between);
    let most = if -low > high { low } else { high };
    let column = row
        .iter()
        .position(|value| value.to_bits() == most.to_bits());
    let column = column.unwrap_or_default();
    set(row, column, 0.0);
    quantise(isa, row, bounds(isa, row), top, (out, point));
    set(row, column, most);
    point.aside = (column, most);
}

#[inline(always)]
fn set(row: &mut [f32], column: usize, value: f32) {
    if let Some(element) = row.get_mut(column) {
        *element = value;
    }
}

/// Maps the numbers between the bounds to 0 to `top`, so that 0 is exact.
#[inline(always)]
fn quantise<I: Isa>(
    isa: I,
    row: &[f32],
    bounds: (I::F32, I::F32),
    top: f32,
    (out, point): (&mut [u8], &mut Point),
) {
    let (ops, ints) = (isa.f32(), isa.i32());
    let (low, high) = ends::<I>(bounds);
    let scale = ((high - low) / top).max(f32::MIN_POSITIVE);
    let factor = scale.recip();
    let zero = (-low * factor).round();
    *point = Point {
        scale,
        zero,
        ..Point::default()
    };
    let (factor, zero) = (ops.splat(factor), ops.to_int_round(ops.splat(zero)));
    let width = ops.len() * 4;
    for (values, out) in row.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
        let [a, b, c, d] = ops
            .load_many::<4>(values)
            .map(|value| ints.add(ops.to_int_round(ops.mul(value, factor)), zero));
        let (low, high) = (ints.narrow_saturate(a, b), ints.narrow_saturate(c, d));
        isa.u8().store(isa.i16().narrow_saturate(low, high), out);
    }
}
