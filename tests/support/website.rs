//! A web site of a test's own, on a real server, which remembers what it was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, IF_NONE_MATCH, USER_AGENT};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};

/// The answer of a path.
#[derive(Clone)]
enum Resource {
    /// A media type and bytes; its `ETag` is a hash of them.
    Page(String, Vec<u8>),
    /// A status and a `Location`.
    Redirect(String),
    /// The status of the next answer, before the page is there.
    Failing(u16, Box<Resource>),
}

#[derive(Default)]
struct State {
    resources: BTreeMap<String, Resource>,
    /// The path of each request, and the status of its answer.
    log: Vec<(String, u16)>,
    agents: Vec<String>,
}

type Shared = Arc<Mutex<State>>;

/// The site; it ends when this is dropped.
pub struct Website {
    pub url: String,
    state: Shared,
    server: ServerHandle,
}

impl Website {
    pub fn start() -> Self {
        let state = Shared::default();
        let (sender, receiver) = std::sync::mpsc::channel();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    App::new()
                        .app_data(web::Data::from(Arc::clone(&shared)))
                        .default_service(web::to(answer))
                });
                let server = server.workers(1).bind(("127.0.0.1", 0)).unwrap();
                let address = server.addrs()[0];
                let server = server.run();
                sender.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, server) = receiver.recv().unwrap();
        Self {
            url: format!("http://{address}"),
            state,
            server,
        }
    }

    fn set(&self, path: &str, resource: Resource) {
        let mut state = self.state.lock().unwrap();
        state.resources.insert(path.to_owned(), resource);
    }

    pub fn page(&self, path: &str, media_type: &str, body: impl Into<Vec<u8>>) {
        self.set(path, Resource::Page(media_type.to_owned(), body.into()));
    }

    /// An HTML page that says this.
    pub fn html(&self, path: &str, text: &str) {
        let page = format!("<html><body><main><h1>Leaflet</h1><p>{text}</p></main></body></html>");
        self.page(path, "text/html; charset=utf-8", page);
    }

    pub fn redirect(&self, path: &str, to: &str) {
        self.set(path, Resource::Redirect(to.to_owned()));
    }

    /// Lets the next request for a path fail with this status.
    pub fn fail_once(&self, path: &str, status: u16) {
        let mut state = self.state.lock().unwrap();
        let page = state.resources.remove(path).unwrap();
        let failing = Resource::Failing(status, Box::new(page));
        state.resources.insert(path.to_owned(), failing);
    }

    pub fn remove(&self, path: &str) {
        self.state.lock().unwrap().resources.remove(path);
    }

    /// The requests since the last call.
    pub fn asked(&self) -> Vec<(String, u16)> {
        std::mem::take(&mut self.state.lock().unwrap().log)
    }

    pub fn agents(&self) -> Vec<String> {
        self.state.lock().unwrap().agents.clone()
    }
}

impl Drop for Website {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

async fn answer(request: HttpRequest, state: web::Data<Mutex<State>>) -> HttpResponse {
    let path = request.uri().path().to_owned();
    let mut state = state.lock().unwrap();
    let agent = request.headers().get(USER_AGENT);
    let agent = agent.map_or("", |agent| agent.to_str().unwrap()).to_owned();
    state.agents.push(agent);
    let answer = match state.resources.get(&path).cloned() {
        None => HttpResponse::NotFound().finish(),
        Some(Resource::Redirect(to)) => HttpResponse::Found()
            .insert_header(("location", to))
            .finish(),
        Some(Resource::Failing(status, then)) => {
            state.resources.insert(path.clone(), *then);
            HttpResponse::build(StatusCode::from_u16(status).unwrap())
                .insert_header(("retry-after", "0"))
                .finish()
        }
        Some(Resource::Page(media_type, bytes)) => {
            let hash: u64 = bytes.iter().fold(5381, |hash: u64, byte| {
                hash.wrapping_mul(33) ^ u64::from(*byte)
            });
            let tag = format!("\"{hash:x}\"");
            let known = request.headers().get(IF_NONE_MATCH);
            if known.is_some_and(|known| known.to_str().unwrap() == tag) {
                HttpResponse::NotModified().finish()
            } else {
                HttpResponse::Ok()
                    .insert_header((ETAG, tag))
                    .content_type(media_type)
                    .body(bytes)
            }
        }
    };
    state.log.push((path, answer.status().as_u16()));
    answer
}
