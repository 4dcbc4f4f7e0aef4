//! The model in `f32`, as a general engine computes it from the same file.

use rten::{Model, NodeId, ValueOrView};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

use super::*;
use crate::embedding::embedder::normalise;

pub(super) struct Reference {
    model: Model,
}

impl Reference {
    pub fn load(config: &EmbeddingConfig) -> Self {
        let files = models::ModelCache::from_config(config).open().unwrap();
        Self {
            model: Model::load_file(files.model).unwrap(),
        }
    }

    pub fn embed(&self, tokens: &[u32]) -> Vec<f32> {
        let node = |name: &str| self.model.node_id(name).unwrap();
        let length = tokens.len();
        let tensor = |values: Vec<i32>| NdTensor::from_data([1, length], values);
        let ids = tokens.iter().map(|token| i32::try_from(*token).unwrap());
        let inputs: Vec<(NodeId, ValueOrView)> = vec![
            (node("input_ids"), tensor(ids.collect()).into()),
            (node("attention_mask"), tensor(vec![1; length]).into()),
            (node("token_type_ids"), tensor(vec![0; length]).into()),
        ];
        let output = node("last_hidden_state");
        let [hidden] = self.model.run_n(inputs, [output], None).unwrap();
        let hidden: NdTensor<f32, 3> = hidden.try_into().unwrap();
        let mut mean = vec![0.0; DIMENSION];
        for token in hidden.data().unwrap().chunks_exact(DIMENSION) {
            for (sum, value) in mean.iter_mut().zip(token) {
                *sum += value;
            }
        }
        normalise(&mut mean);
        mean
    }
}
