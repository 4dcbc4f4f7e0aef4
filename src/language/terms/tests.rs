use super::*;

/// Whether two texts share every word of the first.
fn shares(question: &str, text: &str, tongue: Tongue) -> bool {
    let held: Set<String> = terms(text, tongue).collect();
    let asked = words(question, tongue);
    !asked.is_empty()
        && asked
            .iter()
            .all(|forms| forms.iter().any(|form| held.contains(form)))
}

#[test]
fn forms_of_a_word_and_missing_accents_meet() {
    use Tongue::{Arabic, French, German, Hindi, Portuguese, Spanish};
    for (tongue, question, text) in [
        (
            Spanish,
            "¿cuáles son los horarios de visita?",
            "Horario de visitas",
        ),
        (Spanish, "cuando es la operacion", "las operaciones"),
        (Spanish, "la operación", "las operaciones"),
        (French, "opérations", "l'operation"),
        (
            French,
            "Quelles sont les heures de visite ?",
            "Visites : heure",
        ),
        (German, "Wann sind die Besuchszeiten?", "Besuchszeit"),
        (German, "Medikamente nüchtern", "das Medikament nuchtern"),
        (Portuguese, "quais são as vacinações", "vacinação"),
        (Arabic, "ما هي مواعيد الزيارة؟", "مواعيد زيارات المرضى"),
        (Arabic, "الأدوية", "أدويه"),
        (Arabic, "مُسَكِّن", "المسكن"),
        (Hindi, "दवाओं", "दवा"),
        (Hindi, "बच्चों के लिए", "बच्चे"),
        (Hindi, "ज़्यादा", "ज्यादा"),
        (Hindi, "पाँच", "पांच"),
    ] {
        assert!(
            shares(question, text, tongue),
            "{question} {:?} {:?}",
            words(question, tongue),
            words(text, tongue)
        );
    }
}

#[test]
fn texts_without_spaces_share_pairs_and_no_question_words() {
    use Tongue::{Chinese, Japanese};
    assert!(shares(
        "胃镜检查前多久不能吃东西？",
        "胃镜检查。检查前8小时不能吃东西。",
        Chinese
    ));
    assert!(shares(
        "面会時間は何時ですか？",
        "面会時間：午後2時から",
        Japanese
    ));
    let found: Vec<String> = terms("MRI检查要多久", Chinese).collect();
    assert_eq!(found, ["mri", "检查"]);
    assert!(terms("ありがとう", Japanese).next().is_none());
}

#[test]
fn each_language_has_its_own_lexemes() {
    let found = sought("dosis de paracetamol");
    assert!(found.contains(&"es:paracetamol".to_owned()), "{found:?}");
    assert!(found.iter().all(|term| !term.starts_with("zh:")));
    let indexed: Vec<String> = lexemes("paracetamol", Tongue::Spanish).collect();
    assert!(indexed.iter().all(|lexeme| found.contains(lexeme)));
    assert!(sought("12").is_empty());
    assert!(sought("手術").contains(&"ja:手術".to_owned()));
}
