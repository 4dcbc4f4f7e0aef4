"use strict";
// Text of answers and documents is only ever set as text, never as markup.

const byId = (id) => document.getElementById(id);
let conversation = null;
let current = null;

const make = (tag, className, text) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};

const requestId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

function headers(extra) {
  const key = sessionStorage.getItem("key");
  return { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}), ...extra };
}

async function call(method, path, body, extra) {
  const answer = await fetch(path, { method, headers: headers(extra), body: body && JSON.stringify(body) });
  if (answer.status === 401) {
    byId("key-row").hidden = false;
    byId("key").focus();
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error([problem.title, problem.detail].filter(Boolean).join(". ") || `Error ${answer.status}`);
  }
  return answer;
}

// Yields {id, event, data} from a fetch body.
async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    buffer += value;
    let end;
    while ((end = buffer.indexOf("\n\n")) >= 0) {
      const event = {};
      for (const line of buffer.slice(0, end).split("\n")) {
        const colon = line.indexOf(": ");
        if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 2);
      }
      buffer = buffer.slice(end + 2);
      if (event.event) yield { ...event, data: JSON.parse(event.data) };
    }
  }
}

class Answer {
  constructor(question) {
    this.question = question;
    this.text = "";
    this.citations = [];
    this.sources = new Map();
    this.article = make("article");
    this.article.append(make("h2", "question", question));
    this.notice = make("p", "notice");
    this.notice.hidden = true;
    this.body = make("div", "text");
    this.body.setAttribute("aria-live", "polite");
    this.tools = make("div", "tools");
    this.article.append(this.notice, this.body, this.tools);
    byId("answers").append(this.article);
    this.status("running");
  }

  status(status, notice, role) {
    this.article.dataset.status = status;
    this.body.setAttribute("aria-busy", String(status === "running"));
    this.notice.hidden = !notice;
    this.notice.textContent = notice || "";
    if (role) this.notice.setAttribute("role", role);
  }

  // Offsets count Unicode code points, as the server does.
  draw() {
    const points = Array.from(this.text);
    const places = [...this.citations.entries()].sort((a, b) => a[1].answer_end - b[1].answer_end);
    const nodes = [];
    let from = 0;
    for (const [index, citation] of places) {
      nodes.push(points.slice(from, citation.answer_end).join(""), this.button(index + 1, citation));
      from = citation.answer_end;
    }
    nodes.push(points.slice(from).join(""));
    this.body.replaceChildren(...nodes);
  }

  button(number, citation) {
    const source = this.sources.get(citation.source_id);
    const button = make("button", "citation", String(number));
    button.type = "button";
    button.setAttribute("aria-label", `Citation ${number}: ${source ? source.title : "source"}`);
    button.addEventListener("click", () => openPassage(source, citation));
    return button;
  }

  take({ event, data }) {
    if (event === "turn") this.turn = data.turn_id;
    else if (event === "triage" && data.level === "emergency") this.status("running", "Emergency", "alert");
    else if (event === "sources") data.forEach((source) => this.sources.set(source.id, source));
    else if (event === "delta") { this.text += data.text; this.draw(); }
    else if (event === "citation") { this.citations.push(data); this.draw(); }
    else if (event === "restart") { this.text = ""; this.citations = []; this.draw(); }
    else if (event === "error") this.failed(data.detail || data.title);
    else if (event === "done") this.done(data);
    return event === "done" || event === "error";
  }

  done(data) {
    const status = data.status;
    if (status === "escalated") this.status(status, "Emergency", "alert");
    else if (status === "abstained") this.status(status, "I don't know");
    else if (status === "cancelled") this.status(status, "Stopped");
    else if (!data.grounded) this.status(status, "Caution: no document was found that supports this answer.");
    else this.status(status);
    if (data.message_id && status === "completed") this.feedback(data.message_id);
  }

  failed(detail) {
    this.status("failed", detail || "The connection broke. What is shown is not a complete answer.", "alert");
    const retry = make("button", "", "Try again");
    retry.type = "button";
    retry.addEventListener("click", () => ask(this.question));
    this.tools.replaceChildren(retry);
  }

  feedback(message) {
    for (const [rating, label] of [["up", "Helpful"], ["down", "Not helpful"]]) {
      const button = make("button", "", label);
      button.type = "button";
      button.addEventListener("click", async () => {
        await call("POST", `/v1/messages/${message}/feedback`, { rating });
        this.tools.replaceChildren(make("p", "", "Thank you."));
      });
      this.tools.append(button);
    }
  }
}

function openPassage(source, citation) {
  if (!source) return;
  const points = Array.from(source.text);
  const [start, end] = [citation.start - source.start, citation.end - source.start];
  byId("passage-title").textContent = source.title;
  byId("passage-where").textContent = `Version ${source.version}` + (source.page ? `, page ${source.page}` : "");
  byId("passage-text").replaceChildren(
    points.slice(0, start).join(""),
    make("mark", "", points.slice(start, end).join("")),
    points.slice(end).join(""),
  );
  byId("passage").showModal();
}

async function follow(answer, response) {
  let last = null;
  for (let attempt = 0; attempt < 4; attempt++) {
    try {
      for await (const event of events(response)) {
        last = event.id;
        if (answer.take(event)) return;
      }
    } catch { /* a broken connection: resume below */ }
    if (!answer.turn) break;
    await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
    const extra = last ? { "Last-Event-ID": last } : {};
    response = await call("GET", `/v1/turns/${answer.turn}/events`, undefined, extra).catch(() => null);
    if (!response) break;
  }
  answer.failed();
}

async function ask(question) {
  const answer = new Answer(question);
  current = answer;
  byId("send").disabled = true;
  byId("stop").hidden = false;
  try {
    conversation ??= (await (await call("POST", "/v1/conversations", {})).json()).id;
    const extra = { Accept: "text/event-stream", "Idempotency-Key": requestId() };
    await follow(answer, await call("POST", `/v1/conversations/${conversation}/messages`, { content: question }, extra));
  } catch (error) {
    answer.failed(error.message);
  }
  byId("send").disabled = false;
  byId("stop").hidden = true;
  answer.article.scrollIntoView({ block: "nearest" });
}

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  if (byId("key").value) sessionStorage.setItem("key", byId("key").value);
  const question = byId("question").value.trim();
  if (!question || byId("send").disabled) return;
  byId("question").value = "";
  ask(question);
});
byId("question").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId("ask").requestSubmit();
  }
});
byId("stop").addEventListener("click", () => {
  if (current && current.turn) call("POST", `/v1/turns/${current.turn}/cancel`).catch(() => {});
});
