//! The limits of the machine: the largest product of the model alone, on one core.

use std::time::Instant;

use rten::ThreadPool;
use rten_gemm::{GemmExecutor, GemmInT, GemmInputA, GemmInputB, GemmOptions, GemmOutT};
use rten_tensor::NdTensorView;

use super::{MEASURED, Outcome, as_f64, cpu_seconds, report};

const TOKENS: usize = 128;
const HIDDEN: usize = 384;
const INNER: usize = 1_536;
const LAYERS: usize = 6;
/// The numbers of all matrices that a token is multiplied with.
const WEIGHTS: usize = LAYERS * (4 * HIDDEN * HIDDEN + 2 * HIDDEN * INNER);

pub fn measure() -> Outcome<()> {
    // A pool of one thread, because a product would otherwise run on all cores.
    let pool = ThreadPool::with_num_threads(1);
    let floats = pool.run(|| operations(&GemmExecutor::<f32>::default(), 0.5, 0.25));
    tell("f32", floats?)?;
    let bytes = pool.run(|| operations(&GemmExecutor::<u8, i8, i32>::default(), 5, 3));
    tell("int8", bytes?)
}

/// Operations per CPU-second; a multiplication and an addition are two.
fn operations<A: GemmInT, B: GemmInT, C: GemmOutT>(
    gemm: &GemmExecutor<A, B, C>,
    a: A,
    b: B,
) -> Result<f64, String> {
    let a = vec![a; TOKENS * HIDDEN];
    let b = vec![b; HIDDEN * INNER];
    let packed = gemm.prepack_b(NdTensorView::from_data([HIDDEN, INNER], b.as_slice()));
    let mut out = vec![C::default(); TOKENS * INNER];
    let (begun, cpu) = (Instant::now(), cpu_seconds().map_err(|e| e.to_string())?);
    let mut count = 0;
    while begun.elapsed() < MEASURED {
        let a = NdTensorView::from_data([TOKENS, HIDDEN], a.as_slice());
        gemm.gemm(
            &mut out,
            GemmInputA::Unpacked(a),
            GemmInputB::Packed(&packed),
            GemmOptions::default(),
        )
        .map_err(|error| error.to_string())?;
        count += 1;
    }
    let cpu = cpu_seconds().map_err(|e| e.to_string())? - cpu;
    Ok(as_f64(count) * as_f64(2 * TOKENS * HIDDEN * INNER) / cpu)
}

fn tell(kind: &str, operations: f64) -> Outcome<()> {
    report(
        1,
        &format!("limit of {kind}, Gop/CPU-second"),
        operations / 1e9,
    )?;
    let tokens = operations / as_f64(2 * WEIGHTS);
    report(1, &format!("limit of {kind}, tokens/CPU-second"), tokens)
}
