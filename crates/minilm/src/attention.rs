//! Self-attention, one head at a time, in `f32`: its matrices are small, and their range is wide.

use rten_gemm::{GemmError, GemmExecutor, GemmInputA, GemmInputB, GemmOptions};
use rten_simd::SimdOp;
use rten_tensor::NdTensorView;

use super::rows::Weigh;
use super::{HEAD, HEADS, HIDDEN};

/// The buffers of a head.
#[derive(Default)]
pub(super) struct Attention {
    scores: Vec<f32>,
    head: Vec<f32>,
}

impl Attention {
    /// Attends within one text. A row of `input` is a query, a key and a value of all heads; a row
    /// of `output` is what all heads saw.
    pub fn attend(
        &mut self,
        gemm: &GemmExecutor<f32>,
        input: &[f32],
        output: &mut [f32],
    ) -> Result<(), GemmError> {
        let length = output.len() / HIDDEN;
        self.scores.resize(length * length, 0.0);
        self.head.resize(length * HEAD, 0.0);
        for head in 0..HEADS {
            let part = |number: usize, shape: [usize; 2], strides: [usize; 2]| {
                let start = number * HIDDEN + head * HEAD;
                let data = input.get(start..).unwrap_or_default();
                NdTensorView::from_slice_with_strides(shape, data, strides)
                    .map_err(|_| GemmError::KSizeMismatch)
            };
            let row = 3 * HIDDEN;
            let query = part(0, [length, HEAD], [row, 1])?;
            let key = part(1, [HEAD, length], [1, row])?;
            let value = part(2, [length, HEAD], [row, 1])?;
            gemm.gemm(
                &mut self.scores,
                GemmInputA::Unpacked(query),
                GemmInputB::Unpacked(key),
                GemmOptions::default(),
            )?;
            Weigh {
                scores: &mut self.scores,
                columns: length,
            }
            .dispatch();
            let scores = NdTensorView::from_data([length, length], self.scores.as_slice());
            gemm.gemm(
                &mut self.head,
                GemmInputA::Unpacked(scores),
                GemmInputB::Unpacked(value),
                GemmOptions::default(),
            )?;
            let rows = output.chunks_exact_mut(HIDDEN);
            for (row, seen) in rows.zip(self.head.chunks_exact(HEAD)) {
                if let Some(row) = row.get_mut(head * HEAD..(head + 1) * HEAD) {
                    row.copy_from_slice(seen);
                }
            }
        }
        Ok(())
    }
}
