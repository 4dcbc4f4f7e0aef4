//! The request fields of the OpenAI-compatible `POST /v1/chat/completions` in one table. The table
//! checks requests, and `GET /openapi.json` and `docs/openai.md` describe it.

use serde_json::{Map, Value, json};

use super::problem::Problem;

/// The longest name of an unknown field that an error repeats, in characters.
const MAX_ECHO: usize = 64;

/// How a request field is treated.
#[derive(Clone, Copy)]
enum Treatment {
    /// The field has its effect.
    Used,
    /// The field is accepted without effect; the answer is as good without it.
    Ignored,
    /// The field asks for an answer that cannot be given. It is accepted only with a value that
    /// asks for nothing.
    Refused(fn(&Value) -> bool),
}

/// A field of the request body.
struct Field {
    name: &'static str,
    treatment: Treatment,
    /// The effect of the field, or the reason why it has none or is refused.
    note: &'static str,
}

const fn used(name: &'static str, note: &'static str) -> Field {
    let treatment = Treatment::Used;
    Field {
        name,
        treatment,
        note,
    }
}

const fn ignored(name: &'static str, note: &'static str) -> Field {
    let treatment = Treatment::Ignored;
    Field {
        name,
        treatment,
        note,
    }
}

const fn refused(name: &'static str, harmless: fn(&Value) -> bool, note: &'static str) -> Field {
    let treatment = Treatment::Refused(harmless);
    Field {
        name,
        treatment,
        note,
    }
}

const OPERATORS: &str = "The operator decides how answers are made.";
const WHOLE: &str = "An answer is complete, or there is none.";
const OWN_KEY: &str = "The API key identifies the person who asks.";
const NO_TOOLS: &str =
    "Answers come from the documents only. Leave the field out, or leave it empty.";
const NO_CHOICE: &str = "There are no tools to choose from; `none` and `auto` are accepted.";
const NO_AUDIO: &str = "Answers are text only.";
const NO_ODDS: &str = "Answers carry no probabilities.";
const NO_CACHE: &str = "No answer comes from a cache.";

const FIELDS: [Field; 38] = [
    used("model", "Always `chatbot`."),
    used(
        "messages",
        "The last message is the question and has the role `user`; the messages before it are the \
         history. `system` and `developer` messages have no effect. Only `role` and `content` are \
         read, and the content is text.",
    ),
    used(
        "stream",
        "Send server-sent events instead of one JSON object.",
    ),
    used(
        "collections",
        "An extension: search these collections only, as in \
         `POST /v1/conversations/{id}/messages`. Collections that the key may not read are ignored.",
    ),
    refused(
        "n",
        |n| n == 1,
        "There is one answer. Leave the field out, or send 1.",
    ),
    refused("tools", is_empty, NO_TOOLS),
    refused("functions", is_empty, NO_TOOLS),
    refused("tool_choice", chooses_nothing, NO_CHOICE),
    refused("function_call", chooses_nothing, NO_CHOICE),
    refused(
        "response_format",
        |format| format.get("type").is_some_and(|kind| kind == "text"),
        "Answers are prose with citations; only the type `text` is accepted.",
    ),
    refused("modalities", |kinds| *kinds == json!(["text"]), NO_AUDIO),
    refused("audio", |_| false, NO_AUDIO),
    refused("logprobs", |wanted| wanted == false, NO_ODDS),
    refused("top_logprobs", |count| count == 0, NO_ODDS),
    refused(
        "web_search_options",
        |_| false,
        "Answers come from the documents only, never from the web.",
    ),
    refused(
        "moderation",
        |_| false,
        "Emergencies are always recognised; there is no other moderation.",
    ),
    ignored(
        "stream_options",
        "The last chunk of a stream always has `usage`.",
    ),
    ignored("parallel_tool_calls", "There are no tools to call."),
    ignored("temperature", OPERATORS),
    ignored("top_p", OPERATORS),
    ignored("frequency_penalty", OPERATORS),
    ignored("presence_penalty", OPERATORS),
    ignored("logit_bias", OPERATORS),
    ignored("seed", OPERATORS),
    ignored("reasoning_effort", OPERATORS),
    ignored("verbosity", OPERATORS),
    ignored("service_tier", OPERATORS),
    ignored("prediction", OPERATORS),
    ignored("max_tokens", WHOLE),
    ignored("max_completion_tokens", WHOLE),
    ignored("stop", WHOLE),
    ignored(
        "store",
        "Every answer is stored with its sources, so that people can be told of a recall.",
    ),
    ignored("metadata", "Metadata is not stored."),
    ignored("user", OWN_KEY),
    ignored("safety_identifier", OWN_KEY),
    ignored("prompt_cache_key", NO_CACHE),
    ignored("prompt_cache_options", NO_CACHE),
    ignored("prompt_cache_retention", NO_CACHE),
];

fn is_empty(list: &Value) -> bool {
    list.as_array().is_some_and(Vec::is_empty)
}

fn chooses_nothing(choice: &Value) -> bool {
    choice == "none" || choice == "auto"
}

/// Refuses unknown fields, and values that ask for another kind of answer. `null` counts as absent.
pub fn check(fields: &Map<String, Value>) -> Result<(), Problem> {
    for (name, value) in fields {
        let Some(field) = FIELDS.iter().find(|field| field.name == name) else {
            let name: String = name.chars().take(MAX_ECHO).collect();
            return Err(Problem::unprocessable(format!(
                "Unknown field `{name}`: leave it out. `GET /openapi.json` lists the accepted fields."
            )));
        };
        if let Treatment::Refused(harmless) = field.treatment
            && !value.is_null()
            && !harmless(value)
        {
            return Err(Problem::unprocessable(format!(
                "`{}` is not supported with this value. {}",
                field.name, field.note
            )));
        }
    }
    Ok(())
}

impl Field {
    fn treated(&self) -> &'static str {
        match self.treatment {
            Treatment::Used => "used",
            Treatment::Ignored => "ignored",
            Treatment::Refused(_) => "refused",
        }
    }

    fn schema(&self) -> Value {
        let mut schema = match self.name {
            "model" => json!({ "type": "string" }),
            "messages" => json!({ "type": "array", "items": { "type": "object" } }),
            "stream" => json!({ "type": ["boolean", "null"] }),
            "collections" => json!({ "type": ["array", "null"], "items": { "type": "string" } }),
            _ => json!({}),
        };
        if let Some(schema) = schema.as_object_mut() {
            let description = format!("{}: {}", self.treated(), self.note);
            schema.insert("description".into(), description.into());
        }
        schema
    }
}

/// The schema of the request body.
pub fn schema() -> Value {
    let properties: Map<String, Value> = FIELDS
        .iter()
        .map(|field| (field.name.to_owned(), field.schema()))
        .collect();
    json!({
        "type": "object",
        "required": ["model", "messages"],
        "properties": properties,
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(fields: &Value) -> Result<(), Problem> {
        check(fields.as_object().unwrap())
    }

    fn refusal(fields: &Value) -> String {
        let problem = checked(fields).unwrap_err().to_value("r");
        assert_eq!(problem["status"], 422);
        problem["detail"].as_str().unwrap().to_owned()
    }

    #[test]
    fn unknown_fields_are_named_and_refused() {
        assert!(refusal(&json!({ "colections": ["a"] })).contains("`colections`"));
        let long = "x".repeat(10_000);
        assert!(refusal(&json!({ (long.as_str()): 1 })).len() < 200);
    }

    #[test]
    fn fields_that_ask_for_another_answer_are_refused() {
        for field in [
            json!({ "n": 2 }),
            json!({ "tools": [{ "type": "function" }] }),
            json!({ "functions": [{ "name": "f" }] }),
            json!({ "tool_choice": "required" }),
            json!({ "response_format": { "type": "json_object" } }),
            json!({ "modalities": ["text", "audio"] }),
            json!({ "audio": { "voice": "ash" } }),
            json!({ "logprobs": true }),
            json!({ "web_search_options": {} }),
        ] {
            let name = field.as_object().unwrap().keys().next().unwrap().clone();
            assert!(refusal(&field).starts_with(&format!("`{name}`")));
        }
    }

    #[test]
    fn clients_may_send_fields_without_effect() {
        let known = FIELDS.iter().map(|field| (field.name, Value::Null));
        assert!(check(&known.map(|(name, null)| (name.into(), null)).collect()).is_ok());
        let usual = json!({
            "temperature": 0.2, "top_p": 1, "max_tokens": 256, "max_completion_tokens": 256, "n": 1,
            "stop": ["\n"], "seed": 7, "user": "u", "safety_identifier": "u", "store": false,
            "stream_options": { "include_usage": true }, "reasoning_effort": "low", "logprobs": false,
            "tools": [], "tool_choice": "auto", "response_format": { "type": "text" },
            "metadata": { "a": "b" }, "verbosity": "low", "service_tier": "auto",
            "prompt_cache_key": "k", "modalities": ["text"],
        });
        assert!(checked(&usual).is_ok());
    }

    #[test]
    fn the_documentation_is_the_table() {
        let rows = FIELDS.iter().map(|field| {
            format!(
                "| `{}` | {} | {} |\n",
                field.name,
                field.treated(),
                field.note
            )
        });
        let table = format!(
            "| field | treatment | why |\n| --- | --- | --- |\n{}",
            rows.collect::<String>()
        );
        let page = include_str!("../../docs/openai.md");
        assert!(page.contains(&table), "docs/openai.md needs:\n{table}");
    }
}
