//! The share of a part in a whole.

/// Returns `part / whole`, or 0 for an empty whole.
pub(super) fn share(part: usize, whole: usize) -> f32 {
    let float = |n: usize| f32::from(u16::try_from(n).unwrap_or(u16::MAX));
    if whole == 0 {
        0.0
    } else {
        float(part) / float(whole)
    }
}
