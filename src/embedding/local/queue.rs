//! The queue in front of the model: two bounded lanes, queries before passages.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::embedding::EmbedError;

/// After this many queries in a row a waiting passage runs, so that indexing never stops.
const QUERIES_IN_A_ROW: u32 = 8;

pub(super) type Reply = oneshot::Sender<Result<Vec<f32>, EmbedError>>;

/// A text, and the receiver of its vector.
pub(super) struct Job {
    pub text: String,
    pub lane: Lane,
    pub reply: Reply,
}

/// The lane of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Query,
    Passage,
}

#[derive(Default)]
struct Lanes {
    queries: VecDeque<Job>,
    passages: VecDeque<Job>,
    in_a_row: u32,
    /// The number of passages that the model's threads have taken so far.
    taken: u64,
    closed: bool,
}

impl Lanes {
    fn next(&mut self) -> Option<Job> {
        if (self.in_a_row < QUERIES_IN_A_ROW || self.passages.is_empty())
            && let Some(job) = self.queries.pop_front()
        {
            self.in_a_row = self.in_a_row.saturating_add(1);
            return Some(job);
        }
        self.in_a_row = 0;
        let passage = self.passages.pop_front()?;
        self.taken = self.taken.wrapping_add(1);
        Some(passage)
    }
}

/// The queue between callers and the model's threads.
pub(super) struct Queue {
    lanes: Mutex<Lanes>,
    filled: Condvar,
    capacity: usize,
    /// The moving average of the time that a query takes, in microseconds; 0 before the first.
    pace: AtomicU64,
}

impl Queue {
    /// Creates a queue with `capacity` jobs in each lane.
    pub fn new(capacity: usize) -> Self {
        Self {
            lanes: Mutex::default(),
            filled: Condvar::new(),
            capacity: capacity.max(1),
            pace: AtomicU64::new(0),
        }
    }

    /// Returns the vector of a text. A query has its deadline. A passage waits as long as the queue
    /// moves: its deadline applies to a stuck model, not to the passages in front.
    pub async fn embed(
        &self,
        text: String,
        lane: Lane,
        deadline: Duration,
    ) -> Result<Vec<f32>, EmbedError> {
        let mut receiver = self.push(text, lane)?;
        loop {
            let taken = self.lock().taken;
            match timeout(deadline, &mut receiver).await {
                Ok(answer) => return answer.map_err(|_| EmbedError::Closed)?,
                Err(_) if lane == Lane::Passage && self.lock().taken != taken => {}
                Err(_) => return Err(EmbedError::Timeout),
            }
        }
    }

    /// Notes how long the model took for a query.
    pub fn record(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let mix = |pace: u64| match pace {
            0 => took,
            pace => (pace - pace / 8).saturating_add(took / 8),
        };
        // Another thread's note may be lost, which the next one makes up for.
        let pace = self.pace.load(Ordering::Relaxed);
        self.pace.store(mix(pace), Ordering::Relaxed);
    }

    /// Returns how long a query would take that is added now, with so many threads.
    pub fn query_wait(&self, threads: usize) -> Duration {
        let lanes = self.lock();
        let waiting = lanes.queries.iter().filter(|job| !job.reply.is_closed());
        let ahead = waiting.count();
        drop(lanes);
        let rounds = u64::try_from(ahead / threads.max(1) + 1).unwrap_or(u64::MAX);
        Duration::from_micros(self.pace.load(Ordering::Relaxed).saturating_mul(rounds))
    }

    /// Adds a job, or refuses it at once.
    pub fn push(
        &self,
        text: String,
        lane: Lane,
    ) -> Result<oneshot::Receiver<Result<Vec<f32>, EmbedError>>, EmbedError> {
        let (reply, receiver) = oneshot::channel();
        let mut lanes = self.lock();
        if lanes.closed {
            return Err(EmbedError::Closed);
        }
        let waiting = match lane {
            Lane::Query => &mut lanes.queries,
            Lane::Passage => &mut lanes.passages,
        };
        if waiting.len() >= self.capacity {
            // Removes jobs whose callers gave up, because they must not keep others out.
            waiting.retain(|job| !job.reply.is_closed());
            if waiting.len() >= self.capacity {
                return Err(EmbedError::Busy);
            }
        }
        waiting.push_back(Job { text, lane, reply });
        drop(lanes);
        self.filled.notify_one();
        Ok(receiver)
    }

    /// Returns the next job whose caller still waits; `None` after the queue was closed.
    pub fn pop(&self) -> Option<Job> {
        let mut lanes = self.lock();
        loop {
            if lanes.closed {
                return None;
            }
            match lanes.next() {
                Some(job) if job.reply.is_closed() => {}
                Some(job) => return Some(job),
                None => {
                    lanes = self
                        .filled
                        .wait(lanes)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Ends every `pop` and drops the waiting jobs; their callers get `Closed`.
    pub fn close(&self) {
        let mut lanes = self.lock();
        lanes.closed = true;
        lanes.queries.clear();
        lanes.passages.clear();
        drop(lanes);
        self.filled.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(queue: &Queue) -> String {
        queue.pop().unwrap().text
    }

    #[test]
    fn queries_overtake_passages() {
        let queue = Queue::new(4);
        let _passage = queue.push("passage".into(), Lane::Passage).unwrap();
        let _query = queue.push("query".into(), Lane::Query).unwrap();
        assert_eq!(text(&queue), "query");
        assert_eq!(text(&queue), "passage");
    }

    #[test]
    fn the_wait_of_a_query_grows_with_those_ahead() {
        let queue = Queue::new(64);
        assert_eq!(queue.query_wait(2), Duration::ZERO);
        let millis = Duration::from_millis;
        queue.record(millis(8));
        assert_eq!(queue.query_wait(2), millis(8));
        let waiting: Vec<_> = (0..4)
            .map(|n| queue.push(n.to_string(), Lane::Query).unwrap())
            .collect();
        assert_eq!(queue.query_wait(2), millis(24));
        queue.record(millis(16));
        assert_eq!(queue.query_wait(2), millis(27));
        drop(waiting);
    }

    #[test]
    fn passages_are_not_starved() {
        let queue = Queue::new(64);
        let _passage = queue.push("passage".into(), Lane::Passage).unwrap();
        let _queries: Vec<_> = (0..20)
            .map(|n| queue.push(n.to_string(), Lane::Query).unwrap())
            .collect();
        let taken: Vec<String> = (0..21).map(|_| text(&queue)).collect();
        assert_eq!(taken.iter().position(|t| t == "passage"), Some(8));
    }

    #[test]
    fn a_full_lane_refuses_and_the_other_one_does_not() {
        let queue = Queue::new(1);
        let waiting = queue.push("a".into(), Lane::Passage).unwrap();
        assert_eq!(
            queue.push("b".into(), Lane::Passage).unwrap_err(),
            EmbedError::Busy
        );
        assert!(queue.push("c".into(), Lane::Query).is_ok());
        drop(waiting);
        assert!(queue.push("d".into(), Lane::Passage).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_passage_waits_for_as_long_as_the_queue_moves() {
        let queue = Queue::new(64);
        let deadline = Duration::from_mins(1);
        let in_front: Vec<_> = (0..4)
            .map(|n| queue.push(n.to_string(), Lane::Passage).unwrap())
            .collect();
        let model = async {
            for _ in &in_front {
                tokio::time::sleep(deadline / 2).await;
                assert_ne!(text(&queue), "last");
            }
            let job = queue.pop().unwrap();
            assert!(job.reply.send(Ok(vec![1.0])).is_ok());
            // The queue does not move from here on.
            std::future::pending::<()>().await;
        };
        let callers = async {
            let last = queue.embed("last".into(), Lane::Passage, deadline).await;
            assert_eq!(last, Ok(vec![1.0]));
            queue.embed("late".into(), Lane::Passage, deadline).await
        };
        tokio::select! {
            () = model => {}
            outcome = callers => assert_eq!(outcome, Err(EmbedError::Timeout)),
        }
    }

    #[test]
    fn an_abandoned_job_is_skipped() {
        let queue = Queue::new(4);
        drop(queue.push("gone".into(), Lane::Query).unwrap());
        let _kept = queue.push("kept".into(), Lane::Query).unwrap();
        assert_eq!(text(&queue), "kept");
    }

    #[test]
    fn closing_ends_the_waiting_calls() {
        let queue = Queue::new(4);
        let waiting = queue.push("a".into(), Lane::Query).unwrap();
        queue.close();
        assert!(queue.pop().is_none());
        assert!(waiting.blocking_recv().is_err());
        assert_eq!(
            queue.push("b".into(), Lane::Query).unwrap_err(),
            EmbedError::Closed
        );
    }
}
