//! Tests of the steps against plain arithmetic, and of the model from `CHATBOT_TEST_MODEL_DIR`.

use std::path::PathBuf;

use super::*;

/// Numbers between -1 and 1 that look random.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        f32::from(u16::try_from(state >> 48).unwrap()) / 32_768.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn weights(rows: usize, columns: usize) -> Weights {
    Weights {
        rows,
        #[expect(clippy::cast_possible_truncation, reason = "between -127 and 127")]
        values: numbers(rows * columns, 7)
            .iter()
            .map(|n| (n * 127.0) as i8)
            .collect(),
        scales: numbers(columns, 8).iter().map(|n| n / 100.0).collect(),
        bias: numbers(columns, 9),
    }
}

impl Weights {
    /// A number of the layer's output, as plain arithmetic gives it.
    fn exact(&self, input: &[f32], column: usize) -> f32 {
        let weights = self.values.iter().skip(column).step_by(self.scales.len());
        let products = input.iter().zip(weights).map(|(a, b)| a * f32::from(*b));
        products.sum::<f32>() * self.scales[column] + self.bias[column]
    }
}

/// Rows of very different sizes, so that each has its own zero and scale.
fn input(rows: usize, columns: usize) -> Vec<f32> {
    let mut values = numbers(rows * columns, 10);
    for (row, values) in values.chunks_exact_mut(columns).enumerate() {
        let offset = [-0.4, 0.0, 0.4][row % 3];
        for value in values {
            *value = (*value + offset) * 2_f32.powi(i32::try_from(row % 7).unwrap());
        }
    }
    values
}

/// The greatest bytes that the kernel of this CPU takes.
fn tops() -> Vec<u8> {
    let all = [TOP_IN_16_BITS, TOP];
    let exact = usize::from(!ByteGemm::default().may_saturate());
    all.into_iter().take(1 + exact).collect()
}

/// The output of a layer with these weights.
fn multiplied(weights: &Weights, bytes: &Quantised, gemm: &ByteGemm) -> Vec<f32> {
    let linear = Linear::pack(weights, gemm);
    let count = bytes.points().len() * linear.columns();
    let mut sums = vec![0; count];
    linear.multiply(gemm, bytes, &mut sums).unwrap();
    let mut out = vec![0.0; count];
    Dequantise {
        product: product(&linear, bytes, &sums),
        out: &mut out,
    }
    .dispatch();
    out
}

#[test]
fn a_linear_layer_on_bytes_is_near_the_one_on_numbers() {
    // 1,536 rows are more than a kernel multiplies at once; 21 rows are more than one panel.
    for (rows, columns, count) in [(384, 64, 2), (1_536, 384, 21), (384, 1_152, 64)] {
        for top in tops() {
            let weights = weights(rows, columns);
            let values = input(count, rows);
            let gemm = ByteGemm::default();
            let mut bytes = Quantised::new(rows, top);
            bytes.resize(count);
            Quantise {
                rows: &values,
                out: &mut bytes,
            }
            .dispatch();
            let out = multiplied(&weights, &bytes, &gemm);
            for (row, (values, out)) in values.chunks(rows).zip(out.chunks(columns)).enumerate() {
                let size = values
                    .iter()
                    .fold(0.0_f32, |most, value| most.max(value.abs()));
                // Each element is rounded by half a step at most, as often up as down.
                let bound = 80.0 * size / f32::from(top);
                for (column, out) in out.iter().enumerate() {
                    let exact = weights.exact(values, column);
                    assert!(
                        (out - exact).abs() < bound,
                        "{row} {column}: {out}, not {exact}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_greatest_number_of_a_normalised_row_does_not_coarsen_the_others() {
    let (rows, columns) = (21, 1_152);
    let mut hidden = input(rows, HIDDEN);
    let mut norm = Norm {
        weight: vec![1.0; HIDDEN],
        bias: vec![0.0; HIDDEN],
    };
    norm.bias[63] = -60.0;
    let mut bytes = Quantised::new(HIDDEN, TOP);
    bytes.resize(rows);
    Normalise {
        hidden: &mut hidden,
        norm: &norm,
        out: &mut bytes,
    }
    .dispatch();
    let (weights, gemm) = (weights(HIDDEN, columns), ByteGemm::default());
    let out = multiplied(&weights, &bytes, &gemm);
    // The others are between -2 and 2, so a step is a sixtieth; with all of them it is a quarter.
    let pairs = hidden.chunks(HIDDEN).zip(out.chunks(columns));
    let errors = pairs.flat_map(|(values, out)| {
        let columns = out.iter().enumerate();
        columns.map(|(column, out)| (out - weights.exact(values, column)).abs())
    });
    let mean = errors.sum::<f32>() / 24_192.0;
    assert!(mean < 0.05, "{mean}");
}

#[test]
fn a_row_of_zeros_stays_zero() {
    let mut bytes = Quantised::new(64, TOP);
    bytes.resize(1);
    Quantise {
        rows: &[0.0; 64],
        out: &mut bytes,
    }
    .dispatch();
    let [point] = bytes.points() else {
        panic!("not one row")
    };
    assert!(
        bytes
            .values()
            .iter()
            .all(|byte| (f32::from(*byte) - point.zero).abs() < 0.5)
    );
    assert!(point.scale.is_finite() && point.scale > 0.0);
}

#[test]
fn a_normalised_row_has_mean_0_and_deviation_1() {
    let mut hidden = input(3, HIDDEN);
    let norm = Norm {
        weight: vec![1.0; HIDDEN],
        bias: vec![0.0; HIDDEN],
    };
    let mut bytes = Quantised::new(HIDDEN, TOP);
    bytes.resize(3);
    Normalise {
        hidden: &mut hidden,
        norm: &norm,
        out: &mut bytes,
    }
    .dispatch();
    for row in hidden.chunks_exact(HIDDEN) {
        let mean = row.iter().sum::<f32>() / 384.0;
        let variance = row.iter().map(|value| value * value).sum::<f32>() / 384.0;
        assert!(
            mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4,
            "{mean} {variance}"
        );
    }
}

fn encoder() -> Option<Encoder> {
    let Some(dir) = std::env::var_os("CHATBOT_TEST_MODEL_DIR") else {
        eprintln!("skipped: CHATBOT_TEST_MODEL_DIR is not set");
        return None;
    };
    let path = PathBuf::from(dir).join("all-minilm-l6-v2-int8/model.onnx");
    Some(Encoder::read(&path).unwrap())
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// The tokens of a question, as often as it takes.
fn tokens(count: usize) -> Vec<u32> {
    let words = [2129, 2003, 2152, 2668, 3778, 5845, 1999, 2111, 2007, 14671];
    let inside = words.into_iter().cycle().take(count - 2);
    [101].into_iter().chain(inside).chain([102]).collect()
}

/// Kernels without the dot product of newer CPUs get bytes of seven bits.
#[test]
fn seven_bits_give_nearly_the_same_vectors() {
    let Some(encoder) = encoder() else { return };
    for count in [12, 65, 256] {
        let vectors = tops().into_iter().map(|top| {
            let mut session = Session::with_top(top);
            encoder.encode(&tokens(count), &mut session).unwrap()
        });
        let vectors: Vec<_> = vectors.collect();
        for vector in &vectors {
            let near = cosine(vector, &vectors[0]);
            assert!(near > 0.99, "{count} tokens: {near}");
        }
    }
}

#[test]
fn a_session_remembers_nothing() {
    let Some(encoder) = encoder() else { return };
    let mut session = Session::default();
    let alone = encoder.encode(&tokens(12), &mut session).unwrap();
    for count in [256, 3, 130] {
        encoder.encode(&tokens(count), &mut session).unwrap();
    }
    assert_eq!(encoder.encode(&tokens(12), &mut session).unwrap(), alone);
}

#[test]
fn tokens_outside_the_model_do_no_harm() {
    let Some(encoder) = encoder() else { return };
    let mut session = Session::default();
    for tokens in [vec![u32::MAX; 3], vec![2003; 2_000], vec![]] {
        let sum = encoder.encode(&tokens, &mut session).unwrap();
        assert!(sum.len() == DIMENSION && sum.iter().all(|value| value.is_finite()));
    }
}

#[test]
fn a_file_that_is_no_model_is_an_error() {
    assert!(Encoder::read(std::path::Path::new("Cargo.toml")).is_err());
    assert!(Encoder::read(std::path::Path::new("no such file")).is_err());
}
