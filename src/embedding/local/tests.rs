//! Tests with the real model, from `CHATBOT_TEST_MODEL_DIR`.

mod reference;

use std::path::PathBuf;

use super::model::MAX_TOKENS;
use super::*;
use reference::Reference;

fn config() -> Option<EmbeddingConfig> {
    let Some(dir) = std::env::var_os("CHATBOT_TEST_MODEL_DIR") else {
        eprintln!("skipped: CHATBOT_TEST_MODEL_DIR is not set");
        return None;
    };
    Some(EmbeddingConfig {
        cache_dir: PathBuf::from(dir),
        threads: 1,
        download: false,
        ..EmbeddingConfig::default()
    })
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[tokio::test]
async fn related_texts_are_near_and_every_vector_is_a_unit() {
    let Some(config) = config() else { return };
    let embedder = LocalEmbedder::load(&config).unwrap();
    let query = embedder
        .embed_query("How is high blood pressure treated?".into())
        .await
        .unwrap();
    let passages = embedder
        .embed_passages(vec![
            "Hypertension is treated with medicines that lower blood pressure.".into(),
            "Visitors may park behind the north entrance.".into(),
        ])
        .await
        .unwrap();
    let near = dot(&query, &passages[0]);
    let far = dot(&query, &passages[1]);
    assert!(near > 0.6 && far < 0.2, "near {near}, far {far}");
    assert_eq!(query.len(), embedder.dimension());
    assert!((dot(&query, &query) - 1.0).abs() < 1e-5);
}

/// The vectors of older versions were computed in `f32`. The indices that hold them stay in use, so
/// the vectors must agree.
#[tokio::test]
async fn vectors_agree_with_the_model_in_f32() {
    let Some(config) = config() else { return };
    let embedder = LocalEmbedder::load(&config).unwrap();
    let reference = Reference::load(&config);
    let leaflet = "Take one tablet of 20 mg with a glass of water after breakfast. Do not take it \
        if you are allergic to aspirin. Tell your doctor if you feel dizzy. ";
    // Texts without a known word are the farthest, and nobody searches for them.
    let wordless = [String::new(), "?".into(), "x".repeat(100_000)];
    let texts = [
        "asthma".into(),
        "How is high blood pressure treated in people with diabetes?".into(),
        "My mother has been told that her potassium is too low, and she takes water tablets. Should \
            she eat bananas, and how many?"
            .into(),
        "Wie wird Asthma bei Kindern behandelt?".into(),
        "糖尿病とは何ですか 👩‍⚕️ Ça va? ﷺ e\u{301}".into(),
        "Что такое гипертония? ما هو السكري؟".into(),
        leaflet.repeat(2),
        leaflet.repeat(5),
        leaflet.repeat(40),
    ];
    // A kernel that sums in 16 bits gets bytes of seven bits.
    let coarse = rten_gemm::GemmExecutor::<u8, i8, i32>::default().may_saturate();
    let least = if coarse { [0.95, 0.99] } else { [0.99, 0.998] };
    for (least, texts) in least.into_iter().zip([&wordless[..], &texts[..]]) {
        let vectors = embedder.embed_passages(texts.to_vec()).await.unwrap();
        for (text, vector) in texts.iter().zip(&vectors) {
            let expected = reference.embed(&embedder.model.token_ids(text).unwrap());
            let cosine = dot(vector, &expected);
            assert!(cosine > least, "{cosine}: {text:.40}");
        }
    }
}

#[tokio::test]
async fn the_same_text_gives_the_same_vector_on_every_thread() {
    let Some(mut config) = config() else { return };
    config.threads = 2;
    let embedder = LocalEmbedder::load(&config).unwrap();
    let vectors = embedder
        .embed_passages(vec!["What is polycystic ovary syndrome?".into(); 12])
        .await
        .unwrap();
    let as_query = embedder
        .embed_query("What is polycystic ovary syndrome?".into())
        .await
        .unwrap();
    assert!(vectors.iter().all(|vector| *vector == as_query));
}

#[tokio::test]
async fn any_text_has_a_vector() {
    let Some(config) = config() else { return };
    let embedder = LocalEmbedder::load(&config).unwrap();
    for text in [
        String::new(),
        " \n\t ".into(),
        "\u{0}\u{fffd}\u{200d}".into(),
        "糖尿病とは何ですか 👩‍⚕️ Ça va? ﷺ e\u{301}".into(),
        "x".repeat(100_000),
        "é".repeat(40_001),
    ] {
        let vector = embedder.embed_query(text).await.unwrap();
        assert!((dot(&vector, &vector) - 1.0).abs() < 1e-4);
        assert!(vector.iter().all(|value| value.is_finite()));
    }
}

#[tokio::test]
async fn a_long_text_is_cut_at_the_models_limit() {
    let Some(config) = config() else { return };
    let embedder = LocalEmbedder::load(&config).unwrap();
    let read = "word ".repeat(MAX_TOKENS - 2);
    let longer = format!("{read} and much more of it");
    assert_eq!(embedder.count_tokens(&read), 254);
    assert_eq!(embedder.count_tokens(&longer), 259);
    assert_eq!(embedder.model.token_ids(&longer).unwrap().len(), MAX_TOKENS);
    assert_eq!(
        embedder.embed_query(read).await.unwrap(),
        embedder.embed_query(longer).await.unwrap()
    );
}

/// The ids of the reference tokenizer (Python `tokenizers` 0.23).
#[test]
fn tokens_are_those_of_the_reference() {
    let Some(config) = config() else { return };
    let embedder = LocalEmbedder::load(&config).unwrap();
    let ids = embedder
        .model
        .token_ids("Ménière's disease: 20mg of β-blocker?")
        .unwrap();
    assert_eq!(ids, REFERENCE_IDS);
}

const REFERENCE_IDS: [u32; 16] = [
    101, 2273, 21253, 1005, 1055, 4295, 1024, 2322, 24798, 1997, 1156, 1011, 3796, 2121, 1029, 102,
];

#[tokio::test]
async fn a_full_queue_says_busy_and_late_answers_time_out() {
    let Some(mut config) = config() else { return };
    config.queue_capacity = 1;
    config.timeout_ms = 1;
    let embedder = LocalEmbedder::load(&config).unwrap();
    let long = "word ".repeat(250);
    let calls = (0..8).map(|_| embedder.embed_query(long.clone()));
    let outcomes = futures::future::join_all(calls).await;
    assert!(outcomes.contains(&Err(EmbedError::Busy)), "{outcomes:?}");
    assert!(outcomes.contains(&Err(EmbedError::Timeout)), "{outcomes:?}");
}

#[tokio::test]
async fn a_closed_embedder_refuses() {
    let Some(config) = config() else { return };
    let embedder = LocalEmbedder::load(&config).unwrap();
    embedder.queue.close();
    let outcome = embedder.embed_query("too late".into()).await;
    assert_eq!(outcome, Err(EmbedError::Closed));
}

#[test]
fn an_unreadable_model_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let files = models::ModelFiles {
        model: dir.path().join("model.onnx"),
        tokenizer: dir.path().join("tokenizer.json"),
    };
    std::fs::write(&files.tokenizer, "{}").unwrap();
    assert!(MiniLm::load(&files).is_err());
}

#[tokio::test]
async fn multilingual_vectors_are_those_of_the_other_engine() {
    let Some(mut config) = config() else { return };
    config.model = LocalModel::MultilingualE5;
    if models::open(&config).is_err() {
        eprintln!("skipped: CHATBOT_TEST_MODEL_DIR has no multilingual-e5-small");
        return;
    }
    let embedder = LocalEmbedder::load(&config).unwrap();
    assert_eq!(embedder.model(), "multilingual-e5-small");
    let lines = include_str!("../../../tests/languages/e5_reference.tsv").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let text = fields[1].to_owned();
        let vector = match fields[0] {
            "query" => embedder.embed_query(text).await.unwrap(),
            _ => embedder.embed_passages(vec![text]).await.unwrap().remove(0),
        };
        let expected = fields[2].split(' ').map(|n| n.parse().unwrap());
        let cosine = dot(&vector, &expected.collect::<Vec<f32>>());
        assert!(cosine >= 0.98, "{cosine} {}", fields[1]);
    }
}
