//! Reads the weights from the model's file.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use rten_onnx::onnx::{ModelProto, NodeProto, TensorProto};

use super::linear::Weights;
use super::rows::Norm;

/// The tensors of the file, and the nodes of its graph that connect them.
pub(super) struct ModelFile {
    tensors: HashMap<String, TensorProto>,
    /// By the name of their output.
    nodes: HashMap<String, NodeProto>,
}

/// A matrix of bytes, and the scales of its rows or of its columns.
pub(super) struct Scaled {
    pub values: Vec<i8>,
    pub scales: Vec<f32>,
}

impl ModelFile {
    pub fn read(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let model = ModelProto::parse_file(file).map_err(|error| error.to_string())?;
        let graph = model.graph.ok_or("the file has no graph")?;
        let tensors = graph.initializer.into_iter();
        let nodes = graph.node.into_iter();
        Ok(Self {
            tensors: tensors
                .filter_map(|tensor| Some((tensor.name.clone()?, tensor)))
                .collect(),
            nodes: nodes
                .filter_map(|node| Some((node.output.first()?.clone(), node)))
                .collect(),
        })
    }

    /// Returns the numbers of a tensor.
    pub fn floats(&self, name: &str, count: usize) -> Result<Vec<f32>, String> {
        let bytes = self.bytes(name)?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if numbers.len() != count || !rest.is_empty() {
            return Err(format!("{name} does not have {count} numbers"));
        }
        Ok(numbers.iter().copied().map(f32::from_le_bytes).collect())
    }

    /// Returns a layer normalisation.
    pub fn norm(&self, name: &str, count: usize) -> Result<Norm, String> {
        Ok(Norm {
            weight: self.floats(&format!("{name}.weight"), count)?,
            bias: self.floats(&format!("{name}.bias"), count)?,
        })
    }

    /// Returns the bytes and scales behind a tensor that the graph computes as `Cast(bytes) * scales`.
    pub fn scaled(&self, name: &str, count: usize, scales: usize) -> Result<Scaled, String> {
        let [cast, scale] = self.inputs(name, "Mul")?;
        let bytes = self.node(cast, "Cast")?;
        let bytes = self.bytes(bytes.input.first().map_or("", String::as_str))?;
        if bytes.len() != count {
            return Err(format!("{name} does not have {count} bytes"));
        }
        Ok(Scaled {
            values: bytes.iter().map(|byte| byte.cast_signed()).collect(),
            scales: self.floats(scale, scales)?,
        })
    }

    /// Returns the linear layer with this bias: the graph computes `MatMul(input, weights) + bias`.
    pub fn linear(&self, name: &str, rows: usize, columns: usize) -> Result<Weights, String> {
        let bias = format!("{name}.bias");
        let product = self
            .nodes
            .values()
            .filter(|node| node.op_type.as_deref() == Some("Add"))
            .find_map(|node| match node.input.as_slice() {
                [product, added] if *added == bias => Some(product),
                _ => None,
            })
            .ok_or_else(|| format!("the graph does not add {bias}"))?;
        let [_, weights] = self.inputs(product, "MatMul")?;
        let Scaled { values, scales } = self.scaled(weights, rows * columns, columns)?;
        Ok(Weights {
            rows,
            values,
            scales,
            bias: self.floats(&bias, columns)?,
        })
    }

    fn inputs(&self, output: &str, kind: &str) -> Result<[&str; 2], String> {
        match self.node(output, kind)?.input.as_slice() {
            [a, b] => Ok([a, b]),
            _ => Err(format!("{output} is not computed from two tensors")),
        }
    }

    fn node(&self, output: &str, kind: &str) -> Result<&NodeProto, String> {
        self.nodes
            .get(output)
            .filter(|node| node.op_type.as_deref() == Some(kind))
            .ok_or_else(|| format!("{output} is not computed by {kind}"))
    }

    fn bytes(&self, name: &str) -> Result<std::cell::Ref<'_, Vec<u8>>, String> {
        let tensor = self.tensors.get(name).and_then(|t| t.raw_data.as_ref());
        let data = tensor.ok_or_else(|| format!("the file has no tensor {name}"))?;
        Ok(data.borrow())
    }
}
