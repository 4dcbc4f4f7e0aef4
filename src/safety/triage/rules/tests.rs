use std::fmt::Write as _;

use super::*;
use crate::domain::emergency::Category as C;

fn category(message: &str) -> Option<Category> {
    Rules::installed()
        .witness(message)
        .map(|sign| sign.category)
}

fn assert_raised(messages: &[(&str, Category)]) {
    for (message, expected) in messages {
        let sign = Rules::installed().witness(message);
        let found = sign.map(|sign| (sign.category, sign.level));
        assert_eq!(
            found,
            Some((*expected, Level::Emergency)),
            "{message}: {sign:?}"
        );
    }
}

fn assert_silent(messages: &[&str]) {
    for message in messages {
        assert_eq!(Rules::installed().witness(message), None, "{message}");
    }
}

#[test]
fn the_built_in_files_are_read() {
    let rules = Rules::extended([]).unwrap();
    assert_eq!(rules.languages.len(), BUILT_IN.len());
    for language in &rules.languages {
        let kinds = |category| language.rules.iter().any(|rule| rule.category == category);
        assert!(Category::ALL.into_iter().all(kinds));
    }
}

#[test]
fn plain_signs_are_recognised_in_every_language() {
    assert_raised(&[
        ("my husband has chest pain", C::ChestPain),
        (
            "mi padre tiene un dolor muy fuerte en el pecho",
            C::ChestPain,
        ),
        ("mon mari ne respire plus", C::Breathing),
        ("Meine Mutter ist bewusstlos", C::Unconsciousness),
        ("a minha mãe não consegue respirar", C::Breathing),
        ("我爸突然胸口剧痛,出冷汗", C::ChestPain),
        (
            "父が突然、胸を締めつけられるように痛がっています",
            C::ChestPain,
        ),
        ("息ができない", C::Breathing),
        ("苦しくて息が吸えないです", C::Breathing),
        ("妹が喘息の発作で、吸入を何度もしても話せない", C::Breathing),
        ("पापा के सीने में बहुत दर्द है", C::ChestPain),
        ("papa ko saans nahi aa rahi", C::Breathing),
        ("أبي لا يتنفس", C::Breathing),
        ("baba mesh 2ader yetnafes", C::Breathing),
    ]);
}

#[test]
fn typing_errors_are_forgiven_in_long_words_only() {
    assert_raised(&[
        ("my grandad is unconcsious", C::Unconsciousness),
        ("mi abuela esta inconcsiente", C::Unconsciousness),
        ("ma grand-mère est inconsciante", C::Unconsciousness),
        ("Opa ist bewustlos und liegt am Boden", C::Unconsciousness),
        ("o meu avô está inconcsiente", C::Unconsciousness),
    ]);
    assert_silent(&[
        "the chess club pays for the pain au chocolat",
        "Ich habe den Frust mit dem Schmerz der Serie",
    ]);
}

#[test]
fn accents_apostrophes_and_drawn_out_letters_do_not_matter() {
    for (message, other) in [
        ("I can't breathe", "i cant breatheeee"),
        (
            "no puedo respirar, está empeorando",
            "NO PUEDO RESPIRARRRR, esta empeorando",
        ),
        ("je n'arrive plus à respirer", "je n’arrive plus a respirer"),
        ("minha mãe não respira", "minha mae nao respira"),
        ("أمي لا تتنفّس", "امي لا تتنفس"),
    ] {
        assert_eq!(category(message), Some(C::Breathing), "{message}");
        assert_eq!(category(other), Some(C::Breathing), "{other}");
    }
}

#[test]
fn other_words_may_stand_between() {
    assert_raised(&[
        (
            "the bleeding from his leg just won't stop",
            C::SevereBleeding,
        ),
        (
            "el brazo derecho ya no lo puede mover, se le cae",
            C::Stroke,
        ),
    ]);
}

#[test]
fn text_speak_is_read() {
    assert_raised(&[
        ("my chst hurts so bad", C::ChestPain),
        ("kiero morirme", C::SuicidalIntent),
        ("minha vó n acorda", C::Unconsciousness),
    ]);
}

#[test]
fn a_denial_cancels_the_sign_that_it_denies() {
    assert_silent(&[
        "I have no chest pain",
        "no tengo dolor en el pecho",
        "je n'ai pas de douleur dans la poitrine",
        "Ich habe keine Brustschmerzen",
        "não tenho falta de ar",
        "我没有胸痛,冷汗也没有",
        "सीने में दर्द नहीं है",
        "ما عندي ألم في صدري",
        "no fever, cough or chest pain",
    ]);
    assert_raised(&[("I have no fever but crushing chest pain", C::ChestPain)]);
}

#[test]
fn the_past_is_no_emergency() {
    assert_silent(&[
        "my uncle had chest pain ten years ago",
        "mi tio tuvo dolor en el pecho hace diez años",
        "mon oncle avait une douleur dans la poitrine il y a dix ans",
        "Mein Onkel hatte vor zehn Jahren Brustschmerzen",
        "o meu tio teve dor no peito há dez anos",
        "我舅舅十年前胸口剧痛过",
        "मामा को दस साल पहले सीने में दर्द हुआ था",
        "خالي كان عنده ألم في الصدر قبل عشر سنوات",
    ]);
    assert_raised(&[(
        "He had a bypass ten years ago and now his chest hurts",
        C::ChestPain,
    )]);
}

#[test]
fn stories_and_questions_are_no_emergency() {
    assert_silent(&[
        "In the movie the man clutches his chest in pain",
        "En la película a un hombre le duele el pecho",
        "Dans le film, un homme a mal à la poitrine",
        "Im Film hat ein Mann Schmerzen in der Brust",
        "No filme um homem tem dor no peito",
        "电影里有个人胸口剧痛",
        "फिल्म में हीरो के सीने में दर्द होता है",
        "في الفيلم البطل عنده ألم في صدره",
        "What are the symptoms of chest pain from the heart?",
        "¿Cuáles son los síntomas de un dolor en el pecho?",
        "What if someone stops breathing, chest pain and all?",
    ]);
}

#[test]
fn readings_are_judged_in_every_script() {
    assert_raised(&[
        ("her oximeter says 84", C::Breathing),
        ("la saturación está en 85", C::Breathing),
        ("血氧只有82", C::Breathing),
        ("ऑक्सीजन ८२ दिखा रहा है", C::Breathing),
        ("الأكسجين ٨٢", C::Breathing),
        ("Blutzucker 2,1 mmol", C::Diabetic),
        ("blood sugar 41 mg/dl", C::Diabetic),
        ("meter just says LO, her sugar", C::Diabetic),
        (
            "my baby is 5 weeks old and has a temperature of 38.4",
            C::Infant,
        ),
        ("his temperature is 33.5", C::Exposure),
        ("blood pressure 210/125 and a terrible headache", C::Stroke),
        ("he took 30 tablets of paracetamol", C::Overdose),
    ]);
    let level = |message: &str| Rules::installed().witness(message).map(|sign| sign.level);
    assert_eq!(level("my sats are 93"), Some(Level::Urgent));
    assert_eq!(
        level("blood pressure 190/100 this morning"),
        Some(Level::Urgent)
    );
    assert_silent(&[
        "my sats are 98",
        "blood pressure 130/80",
        "he is 84 years old",
        "blood sugar 110 mg/dl",
    ]);
}

#[test]
fn an_organisation_adds_rules() {
    let text = r#"
        language = "en"
        [[rule]]
        id = "house.dialysis"
        category = "severe_bleeding"
        level = "urgent"
        signs = [["fistula"], ["ooz*", "leak*"]]
    "#;
    let rules = Rules::extended([("house.toml", text)]).unwrap();
    let sign = rules.witness("my fistula keeps oozing").unwrap();
    assert_eq!((sign.rule, sign.level), ("house.dialysis", Level::Urgent));
    assert_eq!(Rules::installed().witness("my fistula keeps oozing"), None);
}

#[test]
fn an_error_names_the_file_the_rule_and_what_to_do() {
    let errors = [
        (
            "id = 'a.b'\ncategory = 'burns'\nsigns = []",
            "house.toml: rule a.b: the rule has no signs",
        ),
        (
            "id = 'a.b'\ncategory = 'burns'\nsigns = [['$skin']]",
            "there is no list \"skin\"; define it",
        ),
        (
            "id = 'en.stroke.face'\ncategory = 'burns'\nsigns = [['x']]",
            "the id is taken",
        ),
        (
            "id = 'a.b'\ncategory = 'burns'\nsigns = [['x']]\ndespite = ['rain']",
            "there is no frame \"rain\"",
        ),
        (
            "id = 'a.b'\ncategory = 'toe'\nsigns = [['x']]",
            "house.toml: not a file of triage rules",
        ),
    ];
    for (rule, expected) in errors {
        let text = format!("language = 'en'\n[[rule]]\n{rule}\n");
        let error = Rules::extended([("house.toml", text.as_str())]).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

/// Measures the rules on labelled messages: set `TRIAGE_MESSAGES` to files of them, separated by
/// colons, each in the format of `tests/triage`.
#[test]
#[ignore = "measures; needs files of labelled messages"]
fn measure() {
    let mut report = String::new();
    for path in std::env::var("TRIAGE_MESSAGES").unwrap().split(':') {
        let mut counts = std::collections::BTreeMap::<(String, Level), usize>::new();
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let message: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = message["text"].as_str().unwrap().replace(" ⏎ ", "\n");
            let level = Rules::installed()
                .witness(&text)
                .map_or(Level::None, |sign| sign.level);
            let labelled = message["level"].as_str().unwrap().to_owned();
            *counts.entry((labelled, level)).or_default() += 1;
        }
        writeln!(report, "{path}: {counts:?}").unwrap();
    }
    println!("{report}");
}
