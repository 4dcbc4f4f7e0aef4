//! Plain paraphrases.

use super::super::edit::{bare, capital, cut, find, small, swap};
use super::kind::{Kind, Meaning};

pub fn kinds() -> Vec<Kind> {
    let mut kinds = as_it_stands();
    kinds.extend(rearranged());
    kinds.extend(turned());
    kinds.extend(shortened());
    kinds
}

fn as_it_stands() -> Vec<Kind> {
    vec![
        Kind::of("verbatim", Meaning::Kept, |subject, _| {
            (subject.item.is_none()).then(|| subject.sentence.clone())
        }),
        Kind::of_sentence("with a marker and bold type", Meaning::Kept, |sentence| {
            Some(format!("**{}** [1].", bare(sentence)))
        }),
        Kind::of_sentence("introduced", Meaning::Kept, |sentence| {
            Some(format!("According to the leaflet, {}", small(sentence)))
        }),
        Kind::of_sentence("with an affirmation", Meaning::Kept, |sentence| {
            let denies = find(sentence, "not").is_some() || find(sentence, "no").is_some();
            (!denies).then(|| format!("Yes, {}", small(sentence)))
        }),
        Kind::of_sentence("order made advice", Meaning::Kept, |sentence| {
            let verbs = [
                "Take", "Use", "Call", "Ask", "Wash", "Keep", "Contact", "Tell", "Wear", "Check",
                "Avoid", "Dress", "Bring",
            ];
            let verb = verbs
                .iter()
                .find(|verb| sentence.starts_with(&format!("{verb} ")))?;
            Some(format!(
                "You should {}{}",
                verb.to_lowercase(),
                sentence.strip_prefix(*verb)?
            ))
        }),
        Kind::of_sentence("advice made order", Meaning::Kept, |sentence| {
            let rest = ["You should ", "You must ", "You need to "];
            let rest = rest
                .iter()
                .find_map(|advice| sentence.strip_prefix(advice))?;
            (!rest.starts_with("be ") && !rest.starts_with("have ") && !rest.starts_with("also"))
                .then(|| match rest.strip_prefix("not ") {
                    Some(rest) => format!("Do not {rest}"),
                    None => capital(rest),
                })
        }),
        Kind::of_sentence("prohibition as advice", Meaning::Kept, |sentence| {
            let rest = sentence.strip_prefix("Do not ")?;
            Some(format!("You should not {rest}"))
        }),
        Kind::of_sentence("please left out", Meaning::Kept, |sentence| {
            let left = [
                ("please ", ""),
                ("also ", ""),
                ("for example ", ""),
                ("however, ", ""),
            ];
            let left = left.iter().find_map(|(from, to)| {
                find(sentence, from.trim())?;
                swap(sentence, from, to)
            })?;
            Some(capital(&left))
        }),
    ]
}

fn rearranged() -> Vec<Kind> {
    vec![
        Kind::of_sentence("condition moved to the front", Meaning::Kept, |sentence| {
            let (main, word, condition) = cut(sentence, &["if", "when", "unless"])?;
            let plain = !main.contains([',', ';']) && !condition.contains([',', ';']);
            (plain && main.split(' ').count() > 1)
                .then(|| format!("{} {}, {}.", capital(word), bare(condition), small(main)))
        }),
        Kind::of_sentence("condition moved to the end", Meaning::Kept, |sentence| {
            let words = ["If ", "When ", "Before ", "After "];
            words
                .iter()
                .any(|word| sentence.starts_with(word))
                .then_some(())?;
            let (condition, main) = sentence.split_once(", ")?;
            (!main.contains(',')).then(|| format!("{} {}.", capital(bare(main)), small(condition)))
        }),
        Kind::of_sentence("members of a list exchanged", Meaning::Kept, |sentence| {
            let (left, joint, right) = cut(sentence, &["and", "or"])?;
            let one = left
                .split([' ', ','])
                .next_back()
                .filter(|word| is_noun(word))?;
            let other = right
                .split([' ', ',', '.', ';'])
                .next()
                .filter(|word| is_noun(word))?;
            let (before, after) = (left.strip_suffix(one)?, right.strip_prefix(other)?);
            let is_list = before.ends_with([' ']) && after.starts_with([',', '.', ';']);
            let joined = before
                .split(' ')
                .rev()
                .nth(1)
                .is_some_and(|word| word.ends_with(','));
            (is_list && joined).then(|| format!("{before}{other} {joint} {one}{after}"))
        }),
    ]
}

fn turned() -> Vec<Kind> {
    vec![
        Kind::of_sentence("passive made active", Meaning::Kept, |sentence| {
            let verbs = [
                ("is caused by", "causes"),
                ("are caused by", "cause"),
                ("is affected by", "affects"),
                ("are removed by", "removes"),
                ("is made by", "makes"),
            ];
            let (from, to) = verbs
                .iter()
                .find(|(from, _)| find(sentence, from).is_some())?;
            let (left, _, right) = cut(sentence, &[from])?;
            let plain = !left.contains(',') && !right.contains([',', ';']);
            plain.then(|| format!("{} {to} {}.", capital(bare(right)), small(left)))
        }),
        Kind::of_sentence("active made passive", Meaning::Kept, |sentence| {
            let verbs = [
                ("causes", "is caused by"),
                ("affects", "is affected by"),
                ("raises", "is raised by"),
                ("reduces", "is reduced by"),
                ("prevents", "is prevented by"),
                ("removes", "is removed by"),
            ];
            let (from, to) = verbs
                .iter()
                .find(|(from, _)| find(sentence, from).is_some())?;
            let (left, _, right) = cut(sentence, &[from])?;
            let plain =
                !left.contains(',') && !right.contains([',', ';']) && find(right, "and").is_none();
            plain.then(|| format!("{} {to} {}.", capital(bare(right)), small(left)))
        }),
    ]
}

fn shortened() -> Vec<Kind> {
    vec![
        Kind::of_sentence("examples left out", Meaning::Kept, |sentence| {
            let (before, _, after) = cut(sentence, &[", such as", ", for example", ", including"])?;
            let rest = after.split_once(", ").map_or("", |(_, rest)| rest);
            let known = ["is", "are", "each", "every", "until"];
            let goes_on = known.iter().any(|word| rest.starts_with(word));
            let text = if goes_on {
                format!("{before} {rest}")
            } else {
                format!("{before}.")
            };
            Some(text)
        }),
        Kind::of("two sentences joined", Meaning::Kept, |subject, _| {
            let (one, two) = (&subject.sentence, &subject.neighbour);
            let plain = |text: &str| !text.contains(['|', ':', ';']) && text.len() < 110;
            let whole = two.ends_with('.') && one.ends_with('.') && one != two;
            (plain(one) && plain(two) && whole && subject.item.is_none())
                .then(|| format!("{}, and {}", bare(one), small(two)))
        }),
        Kind::of_sentence("time moved to the front", Meaning::Kept, |sentence| {
            let times = [
                "every day",
                "each week",
                "at night",
                "in the morning",
                "within a few days",
                "over time",
                "in many cases",
                "in most cases",
            ];
            let time = times.iter().find(|time| bare(sentence).ends_with(*time))?;
            let main = bare(sentence).strip_suffix(*time)?.trim();
            Some(format!("{}, {}.", capital(time), small(main)))
        }),
    ]
}

fn is_noun(word: &str) -> bool {
    word.len() > 2 && word.chars().all(char::is_alphabetic)
}
