//! `POST /v1/search` for people, `POST /v1/retrieve` for the orchestrator.

use actix_web::{HttpRequest, web};
use tokio::time::timeout;

use crate::domain::access::Scope;
use crate::domain::evidence::{RetrieveRequest, RetrieveResponse};
use crate::http::auth::{Caller, InternalCaller};
use crate::http::body::Json;
use crate::http::deadline;
use crate::http::problem::Problem;
use crate::rag::Rag;

/// The most other forms of a question.
const MOST_REPHRASED: usize = 3;

/// Searches the collections that the caller may read.
pub async fn search(
    caller: Caller,
    rag: web::Data<Rag>,
    body: Json<RetrieveRequest>,
) -> Result<web::Json<RetrieveResponse>, Problem> {
    caller.require(Scope::Search)?;
    let collections = caller
        .0
        .effective_collections(body.0.collections.as_deref());
    run(&rag, &body.0, collections.as_deref()).await
}

/// Retrieves evidence; the orchestrator has already applied the person's access. A request that could
/// not be answered in time is refused before any work, and none begins for a caller that has gone.
pub async fn retrieve(
    _caller: InternalCaller,
    rag: web::Data<Rag>,
    request: HttpRequest,
    body: Json<RetrieveRequest>,
) -> Result<web::Json<RetrieveResponse>, Problem> {
    let answer = run(&rag, &body.0, body.0.collections.as_deref());
    let Some(deadline) = deadline::of_caller(&request) else {
        return answer.await;
    };
    let wait = rag.retriever.embedder.query_wait();
    if wait > deadline {
        return Err(Problem::busy(wait.saturating_sub(deadline)));
    }
    timeout(deadline, answer)
        .await
        .unwrap_or_else(|_| Err(Problem::busy(deadline)))
}

async fn run(
    rag: &Rag,
    request: &RetrieveRequest,
    collections: Option<&[String]>,
) -> Result<web::Json<RetrieveResponse>, Problem> {
    let config = &rag.retriever.config;
    let limit = match request.limit {
        None => config.default_limit,
        Some(limit @ 1..=100) => usize::try_from(limit).unwrap_or(config.default_limit),
        Some(_) => return Err(Problem::unprocessable("`limit` must be 1 to 100.")),
    };
    let forms = forms(request, config.max_query_chars)?;
    let retrieved = rag.retriever.retrieve_forms(&forms, collections, limit);
    Ok(web::Json(retrieved.await?))
}

/// Returns the forms of the question, the person's own words first.
fn forms(request: &RetrieveRequest, most_chars: usize) -> Result<Vec<String>, Problem> {
    if request.rephrased.len() > MOST_REPHRASED {
        let detail = format!("`rephrased` has more than {MOST_REPHRASED} forms.");
        return Err(Problem::unprocessable(detail));
    }
    let query = checked("query", &request.query, most_chars)?;
    let mut forms = vec![query];
    for form in &request.rephrased {
        let form = checked("rephrased", form, most_chars)?;
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    Ok(forms)
}

fn checked(field: &str, text: &str, most_chars: usize) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Problem::unprocessable(format!("`{field}` is empty.")));
    }
    if text.chars().count() > most_chars {
        let detail = format!("`{field}` is longer than {most_chars} characters.");
        return Err(Problem::unprocessable(detail));
    }
    // PostgreSQL's text type cannot contain NUL.
    Ok(text.replace('\0', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(rephrased: &[&str]) -> RetrieveRequest {
        RetrieveRequest {
            query: " for children? ".to_owned(),
            rephrased: rephrased.iter().map(|form| (*form).to_owned()).collect(),
            collections: None,
            limit: None,
        }
    }

    #[test]
    fn a_question_has_its_own_words_first_and_each_form_once() {
        let asked = request(&["ibuprofen for children?", "for children?", "a\0b"]);
        let expected = ["for children?", "ibuprofen for children?", "a b"];
        assert_eq!(forms(&asked, 30).unwrap(), expected);
        assert!(request(&[]).rephrased.is_empty());
    }

    #[test]
    fn forms_that_are_empty_too_long_or_too_many_are_refused() {
        for wrong in [&[" "][..], &["longer than allowed"], &["a", "b", "c", "d"]] {
            assert!(forms(&request(wrong), 15).is_err(), "{wrong:?}");
        }
    }
}
