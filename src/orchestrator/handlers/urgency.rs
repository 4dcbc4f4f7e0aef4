//! Messages that describe an emergency. They have a rate limit of their own and a short deadline,
//! and a refusal begins with what to do. Any other message without an answer gets the advice for
//! cases that cannot wait.

use std::borrow::Cow;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, ResponseError, web};
use futures::FutureExt;
use futures::future::{Either, LocalBoxFuture, select};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::domain::emergency::{Level, Witness};
use crate::http::auth::{Caller, authenticate};
use crate::http::body::Json;
use crate::http::limits;
use crate::http::problem::Problem;
use crate::language::Tongue;
use crate::orchestrator::Orchestrator;
use crate::orchestrator::stream::end::with_urgent_case;
use crate::safety::{self, Contacts, Triage, ladder, texts};

/// The longest time that an emergency waits before its answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// A message longer than twice this many bytes is triaged by its beginning and its end. No message
/// that can be accepted is so long (`orchestrator.max_message_chars`).
const END: usize = 16 * 1024;

/// The treatment of a message.
#[derive(Clone)]
pub struct Urgency {
    /// The more urgent end of the message.
    triage: Triage,
    tongue: Tongue,
    until: Instant,
    contacts: Arc<Contacts>,
}

impl Urgency {
    /// Triages a new message of any length.
    fn of(message: &str, contacts: Arc<Contacts>) -> Self {
        let (head, tail) = ends(message);
        let (first, last) = (safety::triage(head), safety::triage(tail));
        Self {
            // Of two alike, the one that a rule names is the better described.
            triage: if rank(last) > rank(first) {
                last
            } else {
                first
            },
            tongue: Tongue::of(head),
            until: Instant::now() + PATIENCE,
            contacts,
        }
    }

    /// The result of triage for the message alone.
    pub fn triage(&self) -> Triage {
        self.triage
    }

    pub fn is_emergency(&self) -> bool {
        self.triage.level == Level::Emergency
    }

    /// Works on the request. An emergency that is refused or waits too long gets its advice.
    pub async fn hold<T>(
        self,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        if !self.is_emergency() {
            return work.await.map_err(|problem| self.without_answer(problem));
        }
        timeout_at(self.until, work)
            .await
            .unwrap_or_else(|_| Err(Problem::unavailable("The answer takes too long.")))
            .map_err(|problem| {
                tracing::warn!(problem = %problem, "an emergency was refused, with advice");
                let Triage {
                    level, category, ..
                } = self.triage;
                let advice = texts::emergency(category, &self.contacts, self.tongue);
                let contacts = self.contacts.for_advice(level, category, self.tongue);
                problem.preceded_by(&advice, contacts)
            })
    }

    /// The advice is left out only if the client itself is at fault.
    fn without_answer(&self, problem: Problem) -> Problem {
        let status = problem.status_code();
        if status.is_server_error() {
            let last = ladder::contacts_in(self.tongue, "unavailable", &self.contacts);
            problem.degraded(last, self.contacts.for_urgent_case(self.tongue))
        } else if status == StatusCode::TOO_MANY_REQUESTS {
            with_urgent_case(problem, &self.contacts, self.tongue)
        } else {
            problem
        }
    }
}

fn rank(triage: Triage) -> (Level, bool) {
    let by_rule = matches!(triage.witness, Some(Witness::Rules | Witness::Both));
    (triage.level, by_rule)
}

fn ends(message: &str) -> (&str, &str) {
    if message.len() <= 2 * END {
        return (message, "");
    }
    let (head, rest) = message.split_at(message.floor_char_boundary(END));
    let end = rest.len().saturating_sub(END);
    (head, rest.split_at(rest.ceil_char_boundary(end)).1)
}

/// A body that contains a person's words.
pub trait Words: DeserializeOwned + 'static {
    fn words(&self) -> Cow<'_, str>;
}

/// The caller, the body and its urgency.
pub struct Asked<T> {
    pub caller: Caller,
    pub body: T,
    pub urgency: Urgency,
}

impl<T: Words> FromRequest for Asked<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let orchestrator = request.app_data::<web::Data<Orchestrator>>();
        let contacts = orchestrator.map(|orchestrator| Arc::clone(&orchestrator.contacts));
        let caller = authenticate(request);
        let counted = request.clone();
        let body = Json::<T>::from_request(request, payload);
        Box::pin(async move {
            let (caller, body) = match select(caller, body).await {
                // A caller without permission is refused at once, whatever the body contains.
                Either::Left((Err(problem), _)) if problem.status_code().is_client_error() => {
                    return Err(problem);
                }
                Either::Left((caller, body)) => (ready(caller).boxed_local(), body.await?.0),
                Either::Right((body, caller)) => (caller, body?.0),
            };
            let urgency = Urgency::of(&body.words(), contacts.unwrap_or_default());
            let admitted = async {
                let caller = caller.await?;
                let owner = &caller.0.owner_id;
                limits::check(&counted, owner, urgency.is_emergency()).await?;
                Ok(caller)
            };
            Ok(Self {
                caller: urgency.clone().hold(admitted).await?,
                body,
                urgency,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMERGENCY: &str = "I can't breathe.";

    fn urgency(message: &str) -> Urgency {
        Urgency::of(message, Arc::default())
    }

    #[test]
    fn an_emergency_is_seen_at_either_end_of_a_long_message() {
        // The characters have two bytes, so that a cut may fall inside one.
        for length in [0, 1, END / 2, END - 9, END, 10 * END + 1] {
            let filler = "ä".repeat(length);
            for message in [
                format!("{EMERGENCY} {filler}"),
                format!("{filler}. {EMERGENCY}"),
            ] {
                assert!(urgency(&message).is_emergency(), "{length}");
            }
            assert!(!urgency(&filler).is_emergency(), "{length}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_refuses_an_emergency_says_first_what_to_do() {
        let refused = async || Err::<(), _>(Problem::not_found("There is nothing."));
        let refusals = [
            urgency(EMERGENCY).hold(refused()).await,
            urgency(EMERGENCY).hold(std::future::pending()).await,
        ];
        for (refusal, status) in refusals.into_iter().zip([404, 503]) {
            let body = refusal.unwrap_err().to_value("r");
            let detail = body["detail"].as_str().unwrap();
            assert_eq!(body["status"], status);
            assert!(detail.starts_with("Trouble breathing"), "{detail}");
            assert!(detail.ends_with("nothing.") || detail.ends_with("too long."));
        }
        let plain = urgency("When?").hold(refused()).await.unwrap_err();
        assert_eq!(plain.to_value("r")["detail"], "There is nothing.");
    }

    #[tokio::test]
    async fn a_question_without_an_answer_is_told_what_to_do_if_it_cannot_wait() {
        for problem in [
            Problem::unavailable("The database is busy."),
            Problem::too_many_requests(Duration::from_secs(1)),
        ] {
            let refused = async { Err::<(), _>(problem) };
            let body = urgency("When?").hold(refused).await.unwrap_err();
            let body = body.to_value("r");
            let detail = body["detail"].as_str().unwrap();
            let line = "In an emergency, call your local emergency number now.";
            assert!(detail.ends_with(line), "{detail}");
            assert_eq!(body["contacts"][0]["kind"], "emergency");
        }
        let refused = async { Err::<(), _>(Problem::too_many_requests(Duration::from_secs(1))) };
        let body = urgency("Wann ist Besuchszeit?").hold(refused).await;
        let body = body.unwrap_err().to_value("r");
        assert!(
            body["detail"].as_str().unwrap().contains("Notfall"),
            "{body}"
        );
    }
}
