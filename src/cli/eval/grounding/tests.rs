//! The limits of the checker, over a slice of the sample leaflets.

use super::report::Report;
use super::{bench, corpus::Place, kinds::Meaning, sources};

/// Per cent of the sentences of changed meaning that may be cited, over all kinds and of one kind.
const MOST_CITED: usize = 1;
const MOST_CITED_OF_A_KIND: usize = 2;
/// A kind may always have this many sentences cited: of few sentences, one is many per cent.
const FEW: usize = 2;
/// Per cent of the sentences of kept meaning, and of verbatim ones, that must be cited.
const LEAST_KEPT: usize = 90;
const LEAST_VERBATIM: usize = 95;

fn slice() -> Vec<Place> {
    let samples = sources::samples().unwrap();
    samples.into_iter().step_by(3).collect()
}

fn check(report: &Report) {
    let (made, cited) = report.total(Meaning::Changed);
    assert!(cited * 100 <= made * MOST_CITED, "{}", report.table());
    for (name, counts) in report.kinds(Meaning::Changed) {
        let most = (counts.made * MOST_CITED_OF_A_KIND / 100).max(FEW);
        assert!(counts.cited <= most, "{name}:\n{}", report.wrong(name));
    }
}

#[test]
fn changed_sentences_are_not_cited_and_kept_ones_are() {
    let report = bench::measure(&slice()).unwrap();
    check(&report);
    assert!(report.kinds(Meaning::Changed).count() >= 30);
    let (made, cited) = report.total(Meaning::Kept);
    assert!(cited * 100 >= made * LEAST_KEPT, "{}", report.table());
    let verbatim = report.kinds(Meaning::Kept);
    let mut verbatim = verbatim.filter(|(name, _)| *name == "verbatim");
    let (_, counts) = verbatim.next().unwrap();
    assert!(counts.cited * 100 >= counts.made * LEAST_VERBATIM);
}

#[test]
fn other_languages_are_cited_word_for_word_only() {
    let report = bench::measure_other_languages().unwrap();
    let (_, cited) = report.total(Meaning::Changed);
    assert_eq!(cited, 0, "{}", report.wrong("all"));
    let (made, cited) = report.total(Meaning::Kept);
    assert_eq!(made, cited, "{}", report.wrong("all"));
}
