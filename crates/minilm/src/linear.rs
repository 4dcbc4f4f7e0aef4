//! A linear layer on bytes: the weights stay as the file stores them.

use rten_gemm::{GemmError, GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_tensor::NdTensorView;

use super::quantised::{Point, Quantised};

/// The product of bytes and weights; its kernel is chosen for this CPU.
pub(super) type ByteGemm = GemmExecutor<u8, i8, i32>;

/// Weights of one byte, with a scale and a bias for each column.
pub(super) struct Weights {
    pub rows: usize,
    pub values: Vec<i8>,
    pub scales: Vec<f32>,
    pub bias: Vec<f32>,
}

impl Weights {
    /// Multiplies the output of the layer by a number.
    pub fn multiply(&mut self, factor: f32) {
        for value in self.scales.iter_mut().chain(&mut self.bias) {
            *value *= factor;
        }
    }

    /// Joins layers with the same input.
    pub fn side_by_side(layers: &[Self]) -> Self {
        let rows = layers.first().map_or(0, |layer| layer.rows);
        let mut parts: Vec<_> = layers
            .iter()
            .map(|layer| layer.values.chunks_exact(layer.scales.len()))
            .collect();
        let mut values = Vec::new();
        for _ in 0..rows {
            for part in &mut parts {
                values.extend_from_slice(part.next().unwrap_or_default());
            }
        }
        Self {
            rows,
            values,
            scales: layers
                .iter()
                .flat_map(|layer| layer.scales.clone())
                .collect(),
            bias: layers.iter().flat_map(|layer| layer.bias.clone()).collect(),
        }
    }
}

/// A linear layer, packed for the kernel.
pub(super) struct Linear {
    /// The weights once more, by row, for the elements that are set aside.
    values: Vec<i8>,
    packed: PackedBMatrix<i8>,
    /// The sum of each column, which the byte for 0 in the input is multiplied with.
    sums: Vec<f32>,
    scales: Vec<f32>,
    bias: Vec<f32>,
}

impl Linear {
    pub fn pack(weights: &Weights, gemm: &ByteGemm) -> Self {
        let shape = [weights.rows, weights.scales.len()];
        let mut sums = vec![0.0; weights.scales.len()];
        for row in weights.values.chunks_exact(sums.len()) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += f32::from(*value);
            }
        }
        Self {
            sums,
            values: weights.values.clone(),
            packed: gemm.prepack_b(NdTensorView::from_data(shape, weights.values.as_slice())),
            scales: weights.scales.clone(),
            bias: weights.bias.clone(),
        }
    }

    /// Writes the weights of the element that is set aside, if there is one.
    pub fn read_aside(&self, point: Point, out: &mut [f32]) {
        let (column, value) = point.aside;
        let mut rows = self.values.chunks_exact(self.columns());
        if let Some(row) = rows.nth(column).filter(|_| value != 0.0) {
            for (out, weight) in out.iter_mut().zip(row) {
                *out = f32::from(*weight);
            }
        }
    }

    pub fn columns(&self) -> usize {
        self.scales.len()
    }

    pub fn sums(&self) -> &[f32] {
        &self.sums
    }

    pub fn scales(&self) -> &[f32] {
        &self.scales
    }

    pub fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// Multiplies the bytes; `rows::Product` turns the sums into numbers.
    ///
    /// The zero points stay out of it, because the kernel applies those of the first eight rows to
    /// all rows.
    pub fn multiply(
        &self,
        gemm: &ByteGemm,
        input: &Quantised,
        sums: &mut [i32],
    ) -> Result<(), GemmError> {
        let rows = input.points().len();
        let sums = sums.get_mut(..rows * self.columns()).unwrap_or_default();
        let bytes = NdTensorView::from_data([rows, input.columns()], input.values());
        gemm.gemm(
            sums,
            GemmInputA::Unpacked(bytes),
            GemmInputB::Packed(&self.packed),
            GemmOptions::default(),
        )
    }
}
