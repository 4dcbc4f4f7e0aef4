// One question and its answer on the page.
// Answers and documents are only ever set as text, never as markup; the page's policy enforces this.

import { call } from "./client.js";

export const byId = (id) => document.getElementById(id);
const NOTICES = {
  running: "Searching the documents", writing: "Writing the answer", completed: "Answer from our documents",
  abstained: "Not in our documents", clarifying: "One more question", manners: "Reply", escalated: "Emergency", restricted: "No longer shown",
  cancelled: "Stopped. This is not a complete answer.",
};
const OUTDATED = {
  replaced: "A document cited here was replaced", withdrawn: "Caution: a document cited here was withdrawn",
};
/** White space and a marker such as [1] or [1, 2]; the page shows buttons instead. */
const MARKER = / *\[\d+(?:, \d+)*\]/g;

const make = (tag, className, text) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
};

const makeButton = (className, label, action) => {
  const button = make("button", className, label);
  button.type = "button";
  button.addEventListener("click", action);
  return button;
};

/** Lets a screen reader say this after its current sentence. */
export const announce = (text) => { byId("status").textContent = text; };

/** Shows a problem above the form, and announces it to screen readers. */
export const trouble = (text) => { byId("trouble").textContent = text; };

/** The version and the date that the document states itself; the count of its uploads if it states none. */
const edition = ({ version, stated_version, stated_date }) => {
  const said = [stated_version && `Version ${stated_version.replace(/^v/i, "")}`, stated_date].filter(Boolean);
  return said.length ? said.join(", ") : `Version ${version}`;
};
const where = (source) => edition(source) + (source.page ? `, page ${source.page}` : "");

/** A question and its answer. Nothing is drawn twice, so focus and reading position stay in place. */
export class Answer {
  /** `live` marks a question that is being asked now, which screen readers announce. `retry` asks the question again. */
  constructor(question, live, retry) {
    this.live = live;
    this.retry = retry;
    this.sources = new Map();
    this.article = make("article");
    this.outcome = make("div", "outcome");
    this.notice = make("p", "notice");
    this.body = make("div", "text");
    this.calls = make("p", "calls");
    this.list = make("ol");
    this.sourceList = make("div", "sources");
    this.sourceList.append(make("h3", "", "Sources"), this.list);
    this.tools = make("div", "tools");
    this.outcome.append(this.notice, this.body, this.calls, this.sourceList, this.tools);
    this.article.append(make("h2", "question", question), this.outcome);
    this.clear();
    this.status("running");
    byId("answers").append(this.article);
    this.article.scrollIntoView({ block: "start" });
  }

  status(status, notice = NOTICES[status]) {
    this.article.dataset.status = status;
    this.outcome.setAttribute("aria-busy", String(status === "running"));
    this.notice.textContent = notice;
  }

  clear() {
    this.points = [];
    this.from = 0;
    this.tail = document.createTextNode("");
    this.body.replaceChildren(this.tail);
    this.cited = new Map();
    this.list.replaceChildren();
    this.sourceList.hidden = true;
  }

  shown(from, end) {
    return this.points.slice(from, end).join("").replace(MARKER, "");
  }

  say(text) {
    if (this.notice.textContent === NOTICES.running) this.notice.textContent = NOTICES.writing;
    this.points.push(...text);
    this.tail.data = this.shown(this.from);
  }

  /** Offsets count Unicode code points, as the server does. */
  cite(citation) {
    const source = this.sources.get(citation.source_id);
    if (!source) return;
    const place = `${source.version_id} ${source.page}`;
    if (!this.cited.has(place)) this.cited.set(place, this.addSource(source, citation));
    const number = this.cited.get(place);
    const button = makeButton("citation", String(number), () => openPassage(source, citation));
    button.setAttribute("aria-label", `Source ${number}: ${source.title}`);
    const end = Math.max(this.from, citation.answer_end);
    this.tail.data = this.shown(this.from, end);
    this.from = end;
    this.tail = document.createTextNode(this.shown(end));
    this.body.append(button, this.tail);
  }

  addSource(source, citation) {
    const item = make("li");
    item.append(makeButton("source", source.title, () => openPassage(source, citation)), " ", make("span", "", where(source)));
    this.list.append(item);
    this.sourceList.hidden = false;
    return this.list.children.length;
  }

  /** Handles an event; returns true if it is the last one. A reader at the end of the page stays there. */
  take({ event, data }) {
    const root = document.documentElement;
    const follows = root.scrollHeight - window.scrollY - window.innerHeight < 40;
    if (event === "turn") this.started(data.turn_id);
    else if (event === "triage") this.triaged(data);
    else if (event === "sources") data.forEach((source) => this.sources.set(source.id, source));
    else if (event === "delta") this.say(data.text);
    else if (event === "citation") this.cite(data);
    else if (event === "restart") this.restarted();
    else if (event === "error") this.failed(data.detail || data.title, data);
    else if (event === "done") this.done(data);
    if (follows) this.article.scrollIntoView({ block: "start" });
    return event === "done" || event === "error";
  }

  started(turn) {
    this.turn = turn;
    if (this.stopping) this.stop();
  }

  /** An emergency interrupts what a screen reader says; urgent advice comes before the answer. */
  triaged(triage) {
    if (triage.level === "urgent") this.advise(triage);
    if (triage.level !== "emergency") return;
    if (this.live) this.outcome.setAttribute("role", "alert");
    this.offer(triage.contacts);
    this.status("escalated");
  }

  /** Shows above the answer whom to contact today. */
  advise({ text, language, contacts }) {
    this.offer(contacts);
    if (this.advice) return;
    this.advice = make("p", "advice", text);
    Object.assign(this.advice, { lang: language, dir: "auto" });
    this.notice.after(this.advice, this.calls);
    if (this.live) announce(text);
  }

  /** Links that dial the contacts. */
  offer(contacts = []) {
    this.calls.replaceChildren(...contacts.filter(({ number }) => number).map(({ label, number }) => {
      const link = make("a", "", `Call ${label}: ${number}`);
      link.href = `tel:${number.replace(/[^\d+]/g, "")}`;
      return link;
    }));
  }

  restarted() {
    this.clear();
    if (this.notice.textContent === NOTICES.writing) this.notice.textContent = NOTICES.running;
  }

  done(data) {
    // The stored answer counts, because an event may have been lost on the way.
    if (data.answer && data.answer !== this.points.join("")) {
      this.clear();
      this.say(data.answer);
      data.citations.forEach((citation) => this.cite(citation));
    }
    this.offer(data.contacts);
    if (data.triage?.level === "urgent") this.advise(data.triage);
    const restricted = data.sources_status === "restricted";
    const manners = data.rung === "manners";
    this.status(data.status, NOTICES[restricted ? "restricted" : manners ? "manners" : data.status]);
    // A quote has the language of its document; everything else is in the person's own.
    if (data.language && (manners || data.status !== "completed")) Object.assign(this.body, { lang: data.language, dir: "auto" });
    if (data.clarification) this.choose(data.clarification.options);
    const parts = [this.advice?.textContent, this.notice.textContent, this.shown(0)].filter(Boolean);
    if (data.status === "completed" && !restricted && !manners) {
      parts.push(this.explain(data));
      this.askForFeedback(data.message_id);
    }
    if (data.degraded) parts.push(this.degrade(data.degraded));
    if (this.live && data.status !== "escalated") announce(parts.join("\n"));
  }

  /** Offers the answers to a question back; each is asked like a message that was typed. */
  choose(options) {
    const pick = (label) => () => document.dispatchEvent(new CustomEvent("choose", { detail: label }));
    this.tools.replaceChildren(...options.map(({ label }) => makeButton("option", label, pick(label))));
  }

  /** Shows who chose the words. Earlier releases stored answers that no document supports; these get a warning. */
  explain(data) {
    const count = this.cited.size;
    const text = !data.grounded ? "Caution: no document was found that supports this answer."
      : data.rung === "extractive" ? "These sentences are quoted word for word from the sources."
      : "Written by a language model from these sources. Open a number to check it.";
    this.tools.before(make("p", data.grounded ? "origin" : "caution", text));
    return `${text} ${count} ${count === 1 ? "source" : "sources"}.`;
  }

  /** Says above the answer that it is less than it could be, in the language of the question. */
  degrade({ notice, language }) {
    const line = make("p", "degraded", notice);
    line.lang = language;
    line.dir = "auto";
    this.body.before(line);
    return notice;
  }

  /** Warns above an old answer whose sources are no longer valid. */
  outdated(status) {
    const what = OUTDATED[status];
    if (what) this.body.before(make("p", "caution", `${what} since this answer. Ask again for what holds today.`));
  }

  /** Shows the reason, and what to do if the question cannot wait, in the server's words or the page's own. */
  failed(detail, { reason, contacts, degraded } = {}) {
    // Text from a document that was withdrawn meanwhile is no longer valid.
    if (reason === "citation_unresolved") this.clear();
    if (this.live) this.notice.setAttribute("role", "alert");
    const urgent = byId("urgent");
    if (contacts) this.offer(contacts);
    else this.calls.replaceChildren(...Array.from(urgent.querySelectorAll("a"), (link) => link.cloneNode(true)));
    if (degraded) Object.assign(this.notice, { lang: degraded.language, dir: "auto" });
    this.status("failed", contacts ? detail : `${detail} ${urgent.textContent}`);
    this.tools.replaceChildren(makeButton("", "Try again", this.retry));
  }

  stop() {
    this.stopping = true;
    if (this.article.dataset.status === "running") this.notice.textContent = "Stopping";
    if (this.turn) call("POST", `/v1/turns/${this.turn}/cancel`).catch((error) => trouble(error.message));
  }

  askForFeedback(message) {
    const rate = (rating) => () => call("POST", `/v1/messages/${message}/feedback`, { rating })
      .then(() => "Thank you.", (error) => error.message)
      .then((text) => {
        const thanks = make("p", "", text);
        thanks.tabIndex = -1;
        this.tools.replaceChildren(thanks);
        thanks.focus();
      });
    this.tools.append("Was this helpful?", makeButton("", "Yes", rate("up")), makeButton("", "No", rate("down")));
    this.tools.setAttribute("role", "group");
    this.tools.setAttribute("aria-label", "Was this helpful?");
  }
}

function openPassage(source, citation) {
  const points = Array.from(source.text);
  const [start, end] = [citation.start - source.start, citation.end - source.start];
  const mark = make("mark", "", points.slice(start, end).join(""));
  byId("passage-title").textContent = source.title;
  byId("passage-where").textContent = `${where(source)}. The marked words support the answer.`;
  byId("passage-text").replaceChildren(points.slice(0, start).join(""), mark, points.slice(end).join(""));
  byId("passage").showModal();
  mark.scrollIntoView({ block: "center" });
}
