//! Removes a model's thoughts: `<think>…</think>` and similar tags, even if they are split over
//! pieces.
//!
//! Text passes character by character once it is known to be text. A thought that never ends is
//! dropped.

/// The names of such blocks.
const NAMES: [&str; 12] = [
    "think",
    "thinking",
    "thought",
    "thoughts",
    "reasoning",
    "reason",
    "reflection",
    "analysis",
    "scratchpad",
    "inner_monologue",
    "antthinking",
    "chain_of_thought",
];
/// The brackets of a tag. Square brackets contain nothing but the name.
const BRACKETS: [(char, char); 3] = [('<', '>'), ('[', ']'), ('◁', '▷')];
/// Anything longer is no tag.
const MAX_TAG: usize = 40;

/// Processes the text of one answer.
#[derive(Default)]
pub(super) struct Reasoning {
    /// The number of open blocks.
    depth: usize,
    /// The beginning of a possible tag.
    tag: String,
    /// Set inside an opening tag, after its name.
    in_attributes: bool,
    /// Whether anything was removed.
    pub left_out: bool,
}

/// The meaning of a piece that begins with a bracket.
enum Tag {
    /// The piece may still become a tag.
    Open,
    /// The piece is `<think>`, or `<think ` followed by attributes.
    Begins {
        whole: bool,
    },
    Ends,
    None,
}

impl Reasoning {
    /// Processes a character and appends what is text.
    pub fn take(&mut self, c: char, text: &mut String) {
        if self.in_attributes {
            self.in_attributes = c != '>' && c != '▷';
            return;
        }
        if self.tag.is_empty() {
            if BRACKETS.iter().any(|(open, _)| *open == c) {
                self.tag.push(c);
            } else if self.depth == 0 {
                text.push(c);
            }
            return;
        }
        self.tag.push(c);
        match classify(&self.tag) {
            Tag::Open => {}
            Tag::Begins { whole } => {
                self.tag.clear();
                self.depth += 1;
                self.left_out = true;
                self.in_attributes = !whole;
            }
            Tag::Ends => {
                self.tag.clear();
                self.depth = self.depth.saturating_sub(1);
                self.left_out = true;
            }
            Tag::None => self.release(text),
        }
    }

    /// Handles the end of the text.
    pub fn finish(&mut self, text: &mut String) {
        let tag = std::mem::take(&mut self.tag);
        if self.depth == 0 {
            text.push_str(&tag);
        }
    }

    /// Treats a presumed tag as text; its last character may open another one.
    fn release(&mut self, text: &mut String) {
        let mut tag = std::mem::take(&mut self.tag);
        let last = tag.pop();
        if self.depth == 0 {
            text.push_str(&tag);
        }
        if let Some(last) = last {
            self.take(last, text);
        }
    }
}

fn classify(tag: &str) -> Tag {
    let mut chars = tag.chars();
    let Some((open, close)) = chars
        .next()
        .and_then(|c| BRACKETS.into_iter().find(|(open, _)| *open == c))
    else {
        return Tag::None;
    };
    let inside = chars.as_str();
    let body = inside.trim_start_matches([' ', '|']);
    let ends = body.starts_with('/');
    let body = body.trim_start_matches(['/', ' ']).to_lowercase();
    let length = body
        .find(|c: char| !(c.is_alphabetic() || c == '_'))
        .unwrap_or(body.len());
    let (name, rest) = body.split_at(length);
    if tag.chars().count() > MAX_TAG {
        return Tag::None;
    }
    if rest.is_empty() {
        let may_grow = NAMES.iter().any(|known| known.starts_with(name));
        return if may_grow { Tag::Open } else { Tag::None };
    }
    if !NAMES.contains(&name) {
        return Tag::None;
    }
    let behind = rest.trim_start_matches([' ', '|', '/']);
    match (behind.chars().next(), ends) {
        (Some(c), true) if c == close => Tag::Ends,
        (Some(c), false) if c == close => Tag::Begins { whole: true },
        (None, _) if rest.len() < 3 && !rest.starts_with(char::is_whitespace) => Tag::Open,
        (None, true) => Tag::Open,
        // Attributes follow. In square brackets this is a word of the text.
        _ if open != '[' && !ends && rest.starts_with(char::is_whitespace) => {
            Tag::Begins { whole: false }
        }
        _ => Tag::None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filtered(parts: &[&str]) -> String {
        let mut reasoning = Reasoning::default();
        let mut text = String::new();
        for c in parts.iter().flat_map(|part| part.chars()) {
            reasoning.take(c, &mut text);
        }
        reasoning.finish(&mut text);
        text
    }

    #[test]
    fn thoughts_are_left_out() {
        for thoughts in [
            "<think>a. b</think>",
            "<THINK>a</Think>",
            "<thinking>a < b [1] </thinking>",
            "<reasoning effort=\"high\">a</reasoning>",
            "< think >a</ think >",
            "<think>a<think>b</think>c</think>",
            "[THINK]a[/THINK]",
            "◁think▷a◁/think▷",
            "<|thinking|>a<|/thinking|>",
            "<think/></think>",
            "</think>",
        ] {
            assert_eq!(
                filtered(&[&format!("Yes. {thoughts}No.")]),
                "Yes. No.",
                "{thoughts}"
            );
        }
        assert_eq!(filtered(&["Yes. <think>never ended, <b"]), "Yes. ");
    }

    #[test]
    fn other_brackets_are_text() {
        for text in [
            "a < b, [1] <b>c</b> <thin",
            "<<thinker>",
            "[think about it]",
            "<",
            "[[2]",
        ] {
            assert_eq!(filtered(&[text]), text);
        }
        assert_eq!(filtered(&["<<think>a</think>"]), "<");
    }

    proptest! {
        #[test]
        fn no_thought_is_text(before in "[a-z .<]{0,9}", thought in "[a-z <>/.]{0,20}", name in 0..NAMES.len()) {
            let name = NAMES[name];
            let answer = filtered(&[&format!("{before}<{name}>{thought}SECRET</{name}>")]);
            prop_assert!(!answer.contains("SECRET"), "{answer}");
        }
    }
}
