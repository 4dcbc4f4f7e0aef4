//! The text that stands for a passage in the dense leg.

use crate::domain::evidence::ContextLine;
use crate::embedding::Embedder;

/// The tokens that the model adds around a text.
const SPECIAL_TOKENS: usize = 2;

/// Puts the title and the lines that govern the passage before it, so that the dense leg knows what
/// a row or an item is about. The lexical leg reads the same lines (`insert_postings.sql`).
///
/// The passage itself is never cut off for them: if not all of them fit into what the model reads,
/// the nearest ones do.
pub(super) fn embedded_text(
    embedder: &dyn Embedder,
    title: &str,
    (start, text): (i32, &str),
    context: &[ContextLine],
) -> String {
    let above: Vec<&str> = context
        .iter()
        .filter(|line| line.end <= start && start < line.until)
        .map(|line| line.text.as_str())
        .filter(|line| !line.is_empty() && !line.eq_ignore_ascii_case(title))
        .collect();
    let plain = format!("{title}\n{text}");
    if above.is_empty() {
        return plain;
    }
    let mut room = embedder
        .max_tokens()
        .saturating_sub(SPECIAL_TOKENS + embedder.count_tokens(&plain));
    let mut fitting = Vec::with_capacity(above.len());
    for line in above.into_iter().rev() {
        let tokens = embedder.count_tokens(line);
        if tokens <= room {
            room -= tokens;
            fitting.push(line);
        }
    }
    fitting.push(title);
    fitting.reverse();
    fitting.push(text);
    fitting.join("\n")
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::domain::evidence::ContextKind;
    use crate::embedding::EmbedError;

    /// Reads so many words.
    struct Reads(usize);

    #[async_trait]
    impl Embedder for Reads {
        fn model(&self) -> &'static str {
            "words"
        }

        fn dimension(&self) -> usize {
            1
        }

        fn max_tokens(&self) -> usize {
            self.0
        }

        fn count_tokens(&self, text: &str) -> usize {
            text.split_whitespace().count()
        }

        async fn embed_query(&self, _: String) -> Result<Vec<f32>, EmbedError> {
            Err(EmbedError::Closed)
        }

        async fn embed_passages(&self, _: Vec<String>) -> Result<Vec<Vec<f32>>, EmbedError> {
            Err(EmbedError::Closed)
        }
    }

    fn line(kind: ContextKind, start: i32, until: i32, text: &str) -> ContextLine {
        ContextLine {
            kind,
            start,
            end: start + i32::try_from(text.chars().count()).unwrap(),
            until,
            text: text.to_owned(),
        }
    }

    #[test]
    fn the_lines_above_a_passage_are_embedded_with_it_as_far_as_they_fit() {
        let lines = [
            line(ContextKind::Heading, 0, 900, "WARD LIST"),
            line(ContextKind::Heading, 20, 900, "Doses for adults"),
            line(ContextKind::Lead, 40, 60, "Do not take it if:"),
            line(ContextKind::Header, 70, 900, "Drug | Dose"),
            line(ContextKind::Heading, 510, 900, "Inside"),
        ];
        let embedded = |room: usize| {
            embedded_text(
                &Reads(room),
                "Ward list",
                (500, "Zyx | 5 mg\nInside"),
                &lines,
            )
        };
        let all = "Ward list\nDoses for adults\nDrug | Dose\nZyx | 5 mg\nInside";
        assert_eq!(embedded(256), all);
        assert_eq!(embedded(15), all);
        assert_eq!(embedded(14), "Ward list\nDrug | Dose\nZyx | 5 mg\nInside");
        assert_eq!(embedded(3), "Ward list\nZyx | 5 mg\nInside");
    }
}
