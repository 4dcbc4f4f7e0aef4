//! A question of a dataset and what the search found for it.

use super::dataset::Question;
use crate::domain::evidence::RetrieveResponse;

/// A question with the passages that the search found.
pub(super) struct Asked<'a> {
    pub(super) question: &'a Question,
    pub(super) evidence: RetrieveResponse,
}
