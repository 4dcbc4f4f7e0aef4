//! Questions in other languages than English, from the upload of a document to its quoted sentence.

use crate::support::system::System;

const SHEETS: [(&str, &str); 4] = [
    (
        "gastroscopy.md",
        "# 胃镜检查须知\n\n检查前8小时不能吃东西。检查前2小时不能喝水。\n\n检查后1小时可以喝温水。\n",
    ),
    (
        "visits.md",
        "# 面会のご案内\n\n面会時間は午後2時から午後8時までです。\n\n一度に面会できるのは2名までです。\n",
    ),
    (
        "gripe.md",
        "# Guía de la gripe\n\nLa gripe es una infección del aparato respiratorio.\n\nEl reposo y los \
         líquidos ayudan a recuperarse.\n",
    ),
    (
        "paracetamol.md",
        "# Paracetamol for adults\n\nAdults take 500 mg to 1 g of paracetamol every 4 to 6 hours.\n",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_from_a_document_in_its_language() {
    let system = System::start().await;
    for (name, text) in SHEETS {
        system.document(name).text(text).indexed().await;
    }
    let told = "SELECT coalesce(language, '-') AS t FROM document_versions ORDER BY 1";
    assert_eq!(
        system.database().texts(told).await,
        ["en", "es", "ja", "zh"]
    );
    for (question, sentence) in [
        ("胃镜检查前多久不能吃东西？", "检查前8小时不能吃东西"),
        (
            "面会時間は何時ですか？",
            "面会時間は午後2時から午後8時までです。",
        ),
        (
            "¿Qué ayuda a recuperarse de la gripe?",
            "El reposo y los líquidos ayudan a recuperarse.",
        ),
    ] {
        let done = system.ask(question).json().await;
        let answer = done["answer"].as_str().unwrap_or_default();
        assert!(answer.contains(sentence), "{question} {answer}");
    }
    let french = "Quelle est la dose de paracétamol pour un adulte ?";
    let done = system.ask(french).json().await;
    let answer = done["answer"].as_str().unwrap_or_default();
    assert!(!answer.contains("gripe"), "{answer}");
}
