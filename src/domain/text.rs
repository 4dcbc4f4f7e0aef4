//! Offsets and sentences in text. Offsets count Unicode scalar values (chars).
