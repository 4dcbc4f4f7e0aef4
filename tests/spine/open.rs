//! Without API keys: only this machine, and no web page of somebody else.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use reqwest::header::{COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::support::demo::{Demo, chatbot};
use crate::support::system::{Setup, System};

/// The status, and what a problem says.
async fn outcome(request: RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap_or_default();
    let said = body["detail"].as_str().unwrap_or_default();
    (status, said.to_owned())
}

async fn status(request: RequestBuilder) -> u16 {
    outcome(request).await.0
}

/// A request that another web page can make a browser on this machine send.
fn of_others(request: &dyn Fn() -> RequestBuilder) -> [RequestBuilder; 5] {
    [
        request().header(HOST, "rebound.example:8000"),
        request().header(ORIGIN, "http://page.example"),
        request().header(ORIGIN, "null"),
        request().header("sec-fetch-site", "cross-site"),
        request().header("sec-fetch-site", "same-site"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn without_authentication_pages_of_others_change_nothing() {
    let logs = tempfile::tempdir().unwrap();
    let folder = logs.path().to_owned();
    let setup = Setup::new().await.with("CHATBOT__AUTH__ENABLED", "false");
    let setup = setup.printing(move |role| File::create(folder.join(role)).unwrap());
    let system = System::start_with(setup).await;
    for role in ["orchestrator", "rag"] {
        let said = fs::read_to_string(logs.path().join(role)).unwrap();
        assert!(said.contains("AUTHENTICATION IS OFF"), "{said}");
    }
    let plants = system
        .document("plants.txt")
        .text("Plants are watered daily.");
    plants.upload().await;
    let http = &system.http;
    let withdraw = || http.post(format!("{}{}/withdraw", system.rag.url, plants.path()));
    let begin = || {
        let url = format!("{}/v1/conversations", system.orchestrator.url);
        http.post(url).json(&json!({}))
    };
    let plain = || withdraw().header("content-type", "text/plain");
    for refused in of_others(&plain).into_iter().chain(of_others(&begin)) {
        let (status, said) = outcome(refused).await;
        assert_eq!(status, 403);
        assert!(said.contains("uthentication is off"), "{said}");
    }
    // Reading under a rebound name is refused; so is the page itself.
    for path in ["/", "/v1/conversations", "/health"] {
        let url = format!("{}{path}", system.orchestrator.url);
        assert_eq!(
            status(http.get(url).header(HOST, "rebound.example")).await,
            403
        );
    }
    plants.until_indexed().await;
    // The page of this server, and programs.
    assert_eq!(status(begin()).await, 201);
    let own = begin().header(ORIGIN, &system.orchestrator.url);
    assert_eq!(
        status(own.header("sec-fetch-site", "same-origin")).await,
        201
    );
    assert_eq!(status(plain()).await, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_authentication_no_role_listens_beyond_loopback() {
    let setup = Setup::new().await.with("CHATBOT__AUTH__ENABLED", "false");
    for role in ["orchestrator", "rag"] {
        for host in ["0.0.0.0", "::"] {
            let mut command = setup.chatbot();
            command.args(["serve", role]);
            command.env("CHATBOT__SERVER__HOST", host);
            let output = command.env("CHATBOT__SERVER__PORT", "0").output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(
                said.contains("auth.enabled") && said.contains(host),
                "{said}"
            );
        }
    }
}

/// A demo, and a client that does not follow it elsewhere.
async fn demo() -> (Demo, Client) {
    let demo = tokio::task::spawn_blocking(Demo::start).await.unwrap();
    let http = Client::builder().redirect(Policy::none()).build().unwrap();
    (demo, http)
}

fn begin(demo: &Demo, http: &Client) -> RequestBuilder {
    let url = format!("{}/v1/conversations", demo.url);
    http.post(url).json(&json!({}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_is_opened_by_its_address_alone() {
    let (mut demo, http) = demo().await;
    let begin = || begin(&demo, &http);
    let list = || http.get(format!("{}/v1/documents", demo.documents));
    for refused in [
        begin(),
        list(),
        begin().bearer_auth("0"),
        list().bearer_auth(""),
    ] {
        let (status, said) = outcome(refused).await;
        assert_eq!(status, 401);
        assert!(said.contains("`chatbot demo` printed"), "{said}");
    }
    assert_eq!(status(begin().bearer_auth(&demo.token)).await, 201);
    assert_eq!(status(list().bearer_auth(&demo.token)).await, 200);

    let page = |token: &str| http.get(format!("{}/?token={token}", demo.url));
    assert_eq!(status(page("0")).await, 401);
    let opened = page(&demo.token).send().await.unwrap();
    assert_eq!(opened.status(), 303);
    assert_eq!(opened.headers()[LOCATION], "/");
    let cookie = opened.headers()[SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
    let (pair, _) = cookie.split_once(';').unwrap();
    let with_cookie = || begin().header(COOKIE, format!("theme=dark; {pair}"));
    assert_eq!(status(with_cookie()).await, 201);
    for refused in of_others(&with_cookie) {
        assert_eq!(status(refused).await, 403);
    }
    let ended = tokio::task::block_in_place(|| demo.terminate(Duration::from_secs(20)));
    assert!(ended.expect("the demo ends").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_is_found_by_the_terminal_of_its_owner() {
    let (mut demo, http) = demo().await;
    let file = demo.data.path().join("demo.json");
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let ask = |data: &std::path::Path| {
        let mut command = chatbot(data);
        command.args(["ask", "When are visiting hours?", "--url", &demo.url]);
        command.output().unwrap()
    };
    let asked = ask(demo.data.path());
    assert!(asked.status.success(), "{asked:?}");
    let elsewhere = tempfile::tempdir().unwrap();
    let asked = ask(elsewhere.path());
    let said = String::from_utf8_lossy(&asked.stderr);
    assert!(said.contains("`chatbot demo` printed"), "{said}");

    // Half a minute of embedding, of which nobody waits for the end.
    let text = "The day room has books, games and a piano for everybody. ".repeat(4_000);
    let put = http.put(format!("{}/v1/documents/patients/long.txt", demo.documents));
    let put = put
        .header("content-type", "text/plain")
        .bearer_auth(&demo.token);
    assert_eq!(status(put.body(text)).await, 202);
    let ended = tokio::task::block_in_place(|| demo.terminate(Duration::from_secs(3)));
    assert!(ended.expect("the demo ends within 3 s").success());
    assert!(!file.exists());
}
