// The form and the conversation.

import { Answer, announce, byId, trouble } from "./answer.js";
import { call, follow } from "./client.js";

/** The conversation's id; it outlives a reload, not the tab. */
let conversation = sessionStorage.getItem("conversation");
/** The answer that is being written. */
let current = null;
let busy = false;

/** The introduction is shown until there is a conversation. */
function greet(empty) {
  byId("empty").hidden = !empty;
  byId("new").hidden = empty;
}

/** Runs one task at a time; meanwhile the form offers Stop instead of Ask. */
async function run(work) {
  if (busy) return;
  busy = true;
  byId("send").hidden = true;
  byId("stop").hidden = false;
  byId("new").disabled = true;
  trouble("");
  await work().catch((error) => trouble(error.message));
  if (document.activeElement === byId("stop")) byId("question").focus();
  byId("send").hidden = false;
  byId("stop").hidden = true;
  byId("new").disabled = false;
  greet(!byId("answers").children.length);
  current = null;
  busy = false;
}

function remember(id) {
  conversation = id;
  if (id) sessionStorage.setItem("conversation", id);
  else sessionStorage.removeItem("conversation");
}

function askForKey(error) {
  // Only its address opens a demo; a key would not help.
  if (error.type === "urn:chatbot:problem:demo-token-needed") return trouble(error.message);
  const wrong = sessionStorage.getItem("key") !== null;
  sessionStorage.removeItem("key");
  byId("key-row").hidden = false;
  byId("key").setAttribute("aria-invalid", String(wrong));
  trouble(wrong ? "This key was not accepted." : "A key is needed to ask questions here.");
  byId("key").focus();
}

/** The first question names its conversation, so that an emergency gets advice even if no conversation can be created. */
const titled = (question) => Array.from(question).slice(0, 200).join("");

const ask = (question) => run(async () => {
  greet(false);
  const answer = current = new Answer(question, true, () => ask(question));
  announce("Searching the documents");
  try {
    if (!conversation) remember((await (await call("POST", "/v1/conversations", { title: titled(question) })).json()).id);
    byId("key-row").hidden = true;
    const path = `/v1/conversations/${conversation}/messages`;
    const key = Array.from(crypto.getRandomValues(new Uint32Array(4))).join("-");
    await follow(answer, await call("POST", path, { content: question }, { Accept: "text/event-stream", "Idempotency-Key": key }));
  } catch (error) {
    if (error.status === 404) remember(null);
    if (error.status !== 401) return answer.failed(error.message, error);
    answer.article.remove();
    byId("question").value ||= question;
    askForKey(error);
  }
});

/** Restores the conversation after a reload, including its running turn. */
const restore = () => run(async () => {
  byId("answers").replaceChildren();
  try {
    const stored = await (await call("GET", `/v1/conversations/${conversation}`)).json();
    byId("key-row").hidden = true;
    greet(!stored.messages.length);
    const outdated = new Map(stored.messages.map((message) => [message.turn_id, message.sources_status]));
    for (const message of stored.messages.filter((message) => message.role === "user")) {
      const answer = current = new Answer(message.content, false, () => ask(message.content));
      answer.turn = message.turn_id;
      await follow(answer).then(() => answer.outdated(outdated.get(message.turn_id)), (error) => answer.failed(error.message, error));
    }
  } catch (error) {
    if (error.status === 404) remember(null);
    else if (error.status === 401) askForKey(error);
    else throw error;
  }
});

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  if (busy) return;
  const [key, question] = [byId("key").value.trim(), byId("question").value.trim()];
  byId("key").value = "";
  if (key) sessionStorage.setItem("key", key);
  if (!question && key && conversation) return restore();
  byId("question").focus();
  if (!question) return;
  byId("question").value = "";
  ask(question);
});
byId("question").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("ask").requestSubmit();
});
document.addEventListener("choose", ({ detail }) => busy || ask(detail));
byId("stop").addEventListener("click", () => current?.stop());
byId("new").addEventListener("click", () => {
  remember(null);
  byId("answers").replaceChildren();
  greet(true);
  announce("");
  byId("question").focus();
});
// The form is ready for typing, but the page does not scroll past the title: on a small window the form is further
// down.
byId("question").focus({ preventScroll: true });
if (conversation) restore();
