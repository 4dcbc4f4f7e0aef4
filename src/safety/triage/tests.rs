use super::*;

const EMERGENCIES: &[(&str, Category)] = &[
    (
        "my dad's face is drooping and he can't lift his arm",
        Category::Stroke,
    ),
    ("My mum suddenly has slurred speech", Category::Stroke),
    ("I think I am having a stroke", Category::Stroke),
    ("One side of her face has dropped", Category::Stroke),
    (
        "crushing pain in my chest going down my left arm",
        Category::ChestPain,
    ),
    ("I have chest pain", Category::ChestPain),
    ("my husband is having a heart attack!", Category::ChestPain),
    (
        "What should I do, my chest feels tight and I am sweating",
        Category::ChestPain,
    ),
    ("I can't breathe", Category::Breathing),
    ("I can’t breathe", Category::Breathing),
    ("My son is struggling to breathe.", Category::Breathing),
    ("She is choking on a grape", Category::Choking),
    ("the baby is not breathing", Category::Breathing),
    ("the bleeding won't stop", Category::SevereBleeding),
    (
        "He is bleeding heavily from his leg",
        Category::SevereBleeding,
    ),
    ("I am vomiting blood", Category::SevereBleeding),
    (
        "she's unconscious and not waking up",
        Category::Unconsciousness,
    ),
    (
        "My grandfather collapsed and does not respond",
        Category::Unconsciousness,
    ),
    ("I can't wake my wife", Category::Unconsciousness),
    ("throat swelling after a bee sting", Category::Anaphylaxis),
    (
        "My tongue is swelling up after eating nuts",
        Category::Anaphylaxis,
    ),
    (
        "I think she is in anaphylactic shock",
        Category::Anaphylaxis,
    ),
    (
        "my child swallowed a whole bottle of pills",
        Category::Overdose,
    ),
    ("I took too many tablets", Category::Overdose),
    ("My friend has overdosed", Category::Overdose),
    ("My toddler drank bleach", Category::Overdose),
    ("I want to kill myself", Category::SuicidalIntent),
    ("I don't want to live any more", Category::SuicidalIntent),
    (
        "I am going to end my life tonight",
        Category::SuicidalIntent,
    ),
    ("I feel suicidal", Category::SuicidalIntent),
    (
        "I can't breathe, I have a history of asthma",
        Category::Breathing,
    ),
    (
        "I want to kill myself, I have a history of depression",
        Category::SuicidalIntent,
    ),
    (
        "I had a bypass two years ago and now I have crushing chest pain",
        Category::ChestPain,
    ),
    (
        "I have chest pain I had a stent last year",
        Category::ChestPain,
    ),
    (
        "My chest pain has got much worse in 20 minutes",
        Category::ChestPain,
    ),
    (
        "my baby is not breathing, she was born in 2024",
        Category::Breathing,
    ),
    (
        "What do I do, a man has collapsed and hit his head",
        Category::Unconsciousness,
    ),
    (
        "how do i stop this bleeding it won't stop",
        Category::SevereBleeding,
    ),
    (
        "I don't know why my chest hurts so much",
        Category::ChestPain,
    ),
    (
        "I am not sure if this chest pain is serious",
        Category::ChestPain,
    ),
    (
        "The spray doesn't help, the chest pain is still there",
        Category::ChestPain,
    ),
    ("I am not well my chest is tight", Category::ChestPain),
    ("My chest, it hurts so much", Category::ChestPain),
    (
        "Should I call an ambulance for chest pain",
        Category::ChestPain,
    ),
];

/// Additions by people that must not cancel the emergency.
const TAILS: &[&str] = &[
    " and I don't know what to do",
    ", no one is here with me",
    " and his inhaler is not helping",
    " but I don't have my EpiPen",
    ", he has a history of asthma",
    " I am not sure",
    ", he had one two years ago",
];

const OTHERS: &[&str] = &[
    "what can I do to prevent a stroke?",
    "How can I lower my risk of having a stroke?",
    "what are my chances of having a heart attack?",
    "what are the symptoms of anaphylaxis?",
    "is chest pain common after surgery?",
    "my father had a stroke in 2010",
    "I have no chest pain",
    "he doesn't have trouble breathing",
    "When are visiting hours?",
    "How do I use my inhaler?",
    "What is an overdose of paracetamol?",
    "How long after a heart attack can people drive?",
    "I had chest pain years ago",
    "Can I have an appointment for my eyes?",
    "What are the warning signs of a stroke?",
    "How is bleeding stopped after an operation?",
    "Does warfarin cause bleeding?",
    "My wound is a little red, what should I do?",
    "What is the suicide prevention policy for staff?",
    "He has a history of stroke and needs an appointment",
    "How should staff report a needlestick injury?",
    "Do I need to stop eating before surgery?",
    "I have a fever of 38",
    "",
    "???",
    "What is the capital of Mongolia?",
    "How can I prevent falls at home?",
    "I did not lose consciousness",
    "Which breathing exercises help with asthma?",
    "Is it normal to bleed after a blood test?",
    "What causes unconsciousness?",
    "I never felt suicidal",
    "I don't have any chest pain",
    "There is no sign of throat swelling",
    "I have never had chest pain and my leg is fine",
    "My chest is not tight",
    "I have a history of chest pain",
    "I had chest pain in 2019",
    "Is chest pain common after a stent, and for how long?",
    "he has no history of severe chest pain",
    "Hello, is chest pain common after surgery?",
    "What is the difference between a panic attack, indigestion and chest pain from the heart?",
];

#[test]
fn emergencies_are_recognised() {
    for (message, category) in EMERGENCIES {
        assert_eq!(triage(message).category, Some(*category), "{message}");
    }
}

#[test]
fn nothing_said_afterwards_takes_an_emergency_back() {
    for (message, category) in EMERGENCIES {
        for tail in TAILS {
            let longer = format!("{message}{tail}");
            assert_eq!(triage(&longer).category, Some(*category), "{longer}");
        }
    }
}

#[test]
fn apostrophes_may_be_left_out() {
    for (message, category) in EMERGENCIES {
        let plain = message.replace(['\'', '’'], "");
        assert_eq!(triage(&plain).category, Some(*category), "{plain}");
    }
}

/// The look-alikes that may get advice beside their answer, in per cent.
const MOST_URGENT: usize = 10;

#[test]
fn other_messages_are_not() {
    let mut urgent = Vec::new();
    for message in OTHERS {
        match triage(message).level {
            Level::None => {}
            Level::Urgent => urgent.push(message),
            Level::Emergency => panic!("{message}"),
        }
    }
    assert!(
        urgent.len() * 100 <= OTHERS.len() * MOST_URGENT,
        "{urgent:?}"
    );
}

#[test]
fn a_bare_number_is_no_sign() {
    for number in ["2", "38", "3)", "१", "٢", "1."] {
        assert_eq!(triage(number).level, Level::None, "{number}");
    }
}

#[test]
fn case_and_spacing_do_not_matter() {
    for (message, category) in EMERGENCIES {
        let changed = format!("  {}  ", message.to_uppercase().replace(' ', "\t  "));
        assert_eq!(triage(&changed).category, Some(*category), "{message}");
    }
}
