// The browser, the language model, and what a test needs of a page.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";

import { Model } from "./model.mjs";

const setting = (name) => process.env[name] ?? assert.fail(`${name} is not set`);

export const require = createRequire(join(setting("CHATBOT_TEST_NODE_MODULES"), "here"));
export const url = setting("CHATBOT_TEST_URL");
export const key = setting("CHATBOT_TEST_KEY");
/** The address that opens a demo. */
export const demo = setting("CHATBOT_TEST_DEMO");

export const EMERGENCY = "my dad's face is drooping and he can't lift his arm";
export const ORDINARY = "what can I do to prevent a stroke?";
export const UNKNOWN = "What is the capital of Mongolia?";
/** A sentence of the sample leaflet on strokes. */
/** Sentences of one passage: an answer shows them one after the other, each once it is whole. */
export const MORE = ["A stroke happens when part of the brain loses its blood supply.", "Most strokes are caused by a clot that blocks an artery."];
export const SENTENCE = "To prevent a stroke, keep your blood pressure under control, do not smoke, stay active, eat well and take your prescribed medicines.";

export const model = new Model();
await model.listen(Number(setting("CHATBOT_TEST_MODEL_PORT")));

const browser = await require("playwright-core").chromium.launch({
  executablePath: setting("CHATBOT_TEST_CHROMIUM"),
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP rebound.example 127.0.0.1"],
});

export async function close() {
  await browser.close();
  model.close();
}

/** What went wrong on a page without anybody asking: errors, broken policy, requests to somewhere else. */
async function watch(page, origin) {
  const problems = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("dialog", (dialog) => { problems.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) problems.push(`a request to ${request.url()}`);
  });
  await page.exposeFunction("reportViolation", (what) => problems.push(`policy: ${what}`));
  await page.addInitScript(() => document.addEventListener("securitypolicyviolation",
    (event) => window.reportViolation(`${event.violatedDirective} ${event.blockedURI}`)));
  return problems;
}

/** A test with a page of its own; at its end nothing may have gone wrong but what `allowed` names. */
export function pageTest(name, work, { allowed = [], withKey = true, at = url, ...options } = {}) {
  test(name, async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const problems = await watch(page, at);
    try {
      const response = await page.goto(at);
      assert.match(response.headers()["content-security-policy"], /default-src 'none'/);
      if (withKey) await page.evaluate((value) => sessionStorage.setItem("key", value), key);
      await work(page);
      assert.deepEqual(problems.filter((problem) => !allowed.some((pattern) => pattern.test(problem))), []);
    } finally {
      await context.close();
    }
  });
}

/** The newest question with its answer. */
export const newest = (page) => page.locator("article").last();

/** Waits until the newest turn has this status. */
export async function until(page, status) {
  await page.locator(`article:last-child[data-status="${status}"]`).waitFor();
  return newest(page);
}

/** Types a question, sends it with Enter, and waits for its outcome. */
export async function ask(page, question, status) {
  const before = await page.locator("article").count();
  await page.getByLabel("Your question").fill(question);
  await page.keyboard.press("Enter");
  await page.locator("article").nth(before).waitFor();
  return until(page, status);
}

/** The answer as a person reads it: without the numbers of citations. */
export const words = (article) => article.locator(".text").evaluate((text) =>
  Array.from(text.childNodes).filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data).join(""));

/** Computed colours and borders of an outcome. */
export const look = (article) => article.locator(".outcome").evaluate((box) => {
  const style = getComputedStyle(box);
  return { background: style.backgroundColor, colour: style.color, border: style.borderTopColor, line: style.borderTopStyle };
});

async function get(path) {
  const answer = await fetch(url + path, { headers: { Authorization: `Bearer ${key}` } });
  assert.equal(answer.status, 200);
  return answer.json();
}

/** The newest turn as the server has it: the object of its `done` event. */
export async function stored(page) {
  const conversation = await page.evaluate(() => sessionStorage.getItem("conversation"));
  const { messages } = await get(`/v1/conversations/${conversation}`);
  return get(`/v1/turns/${messages.at(-1).turn_id}`);
}

async function retire(method, path) {
  const address = `${setting("CHATBOT_TEST_DOCUMENTS_URL")}${path}`;
  const answer = await fetch(address, { method, headers: { Authorization: `Bearer ${key}` } });
  assert.equal(answer.status, 204);
}

/** A content owner takes a document back. */
export const withdraw = (name) => retire("POST", `${name}/withdraw`);

/** A content owner deletes a document. */
export const remove = (name) => retire("DELETE", name);

/** A way to the server that can be cut; `cut` breaks every connection, new ones work. */
export async function cuttable() {
  const { hostname, port } = new URL(url);
  const sockets = new Set();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const [one, other] of [[client, upstream], [upstream, client]]) {
      sockets.add(one);
      one.on("error", () => other.destroy()).on("close", () => { sockets.delete(one); other.destroy(); }).pipe(other);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  return { url: `http://127.0.0.1:${server.address().port}`, cut: () => sockets.forEach((socket) => socket.destroy()) };
}
