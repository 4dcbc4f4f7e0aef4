//! Choices that can be made again.

use std::time::Duration;

/// `SplitMix64` (Steele, Lea and Flood 2014): small, and the same everywhere.
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    /// Seeded by `CHATBOT_FAULT_SEED`, else anew; prints which, for running it again.
    pub fn of(scenario: &str) -> Self {
        let seed = std::env::var("CHATBOT_FAULT_SEED")
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(|| {
                let id = chatbot::domain::ids::new_uuid();
                id.as_u64_pair().1
            });
        println!("{scenario}: CHATBOT_FAULT_SEED={seed}");
        Self(seed)
    }

    /// A generator of its own, for a task that runs beside others.
    pub fn fork(&mut self) -> Self {
        Self(self.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    /// Between the two.
    pub fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let span = most.saturating_sub(least).as_micros();
        let span = u64::try_from(span).unwrap().max(1);
        least + Duration::from_micros(self.next() % span)
    }
}
