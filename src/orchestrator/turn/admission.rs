//! Bounds the turns that run here at once, in total and per person.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The room for turns.
pub(in crate::orchestrator) struct Admission {
    most: usize,
    most_per_owner: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_owner: HashMap<String, usize>,
}

/// The room of one turn, until it is dropped.
pub(in crate::orchestrator) struct Permit {
    admission: Arc<Admission>,
    owner: String,
}

/// The reason why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::orchestrator) enum Full {
    /// This replica is at its limit.
    Here,
    /// This person is at the limit.
    Owner,
}

impl Admission {
    pub fn new(most: usize, most_per_owner: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            most_per_owner,
            taken: Mutex::default(),
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes room for one turn of this person.
    pub fn take(self: &Arc<Self>, owner: &str) -> Result<Permit, Full> {
        let mut taken = self.taken();
        if taken.all >= self.most {
            return Err(Full::Here);
        }
        let own = taken.by_owner.entry(owner.to_owned()).or_default();
        if *own >= self.most_per_owner {
            return Err(Full::Owner);
        }
        *own += 1;
        taken.all += 1;
        Ok(Permit {
            admission: Arc::clone(self),
            owner: owner.to_owned(),
        })
    }

    /// Takes room for a turn that was accepted before, even beyond the limit.
    pub fn take_accepted(self: &Arc<Self>, owner: &str) -> Permit {
        let mut taken = self.taken();
        taken.all += 1;
        *taken.by_owner.entry(owner.to_owned()).or_default() += 1;
        Permit {
            admission: Arc::clone(self),
            owner: owner.to_owned(),
        }
    }

    /// Returns how many more turns fit.
    pub fn free(&self) -> usize {
        self.most.saturating_sub(self.taken().all)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut taken = self.admission.taken();
        taken.all = taken.all.saturating_sub(1);
        if let Some(own) = taken.by_owner.get_mut(&self.owner) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                taken.by_owner.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded_in_all_and_for_each() {
        let admission = Admission::new(3, 2);
        let first = admission.take("anna").unwrap();
        let _second = admission.take("anna").unwrap();
        assert_eq!(admission.take("anna").err(), Some(Full::Owner));
        let _third = admission.take("bert").unwrap();
        assert_eq!(admission.take("carl").err(), Some(Full::Here));
        assert_eq!(admission.free(), 0);
        drop(first);
        assert!(admission.take("anna").is_ok());
        assert_eq!(admission.free(), 1);
    }

    #[test]
    fn nothing_is_remembered_of_who_is_gone() {
        let admission = Admission::new(3, 1);
        drop(admission.take("anna").unwrap());
        // A turn that another replica accepted continues here, whatever the limit is.
        let over = admission.take_accepted("anna");
        let limit = admission.take_accepted("anna");
        assert_eq!(admission.taken().by_owner.len(), 1);
        drop((over, limit));
        assert!(admission.taken().by_owner.is_empty());
    }
}
