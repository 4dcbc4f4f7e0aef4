// A demo has no keys: its address opens it, and no page of somebody else can use it.

import assert from "node:assert/strict";

import { ask, demo, pageTest } from "./support.mjs";

const { origin } = new URL(demo);
const REFUSED = [/status of 401/];

pageTest("a demo is opened by its address, which loses the token", async (page) => {
  await page.getByLabel("Your question").fill("When are visiting hours?");
  await page.keyboard.press("Enter");
  await page.getByText("Open the address that `chatbot demo` printed").waitFor();
  assert.equal(await page.getByLabel("API key").isVisible(), false);
  await page.goto(demo);
  assert.equal(page.url(), `${origin}/`);
  await ask(page, "When are visiting hours?", "completed");
  const [cookie] = await page.context().cookies();
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, "Strict"]);
  assert.equal(await page.evaluate(() => document.cookie), "");
  await page.reload();
  await page.locator('article[data-status="completed"]').waitFor();
}, { withKey: false, at: origin, allowed: REFUSED });

pageTest("a page of somebody else cannot use an open demo", async (page) => {
  await page.goto(demo);
  const conversations = async () => (await page.request.get(`${origin}/v1/conversations`)).json();
  const before = await conversations();
  await page.route("http://page.example/", (route) => route.fulfill({ contentType: "text/html", body: "<h1>Elsewhere</h1>" }));
  await page.goto("http://page.example/");
  const read = await page.evaluate(async (url) => {
    const body = { method: "POST", credentials: "include", headers: { "Content-Type": "text/plain" }, body: "{}" };
    await fetch(`${url}/v1/conversations`, { ...body, mode: "no-cors" }).catch(() => {});
    return fetch(`${url}/v1/conversations`, { credentials: "include" }).then((answer) => answer.text(), () => null);
  }, origin);
  assert.equal(read, null);
  assert.deepEqual(await conversations(), before);
  // The browser is told that this name is an address of this machine.
  const rebound = await page.goto(origin.replace("127.0.0.1", "rebound.example"));
  assert.equal(rebound.status(), 403);
}, { withKey: false, at: origin, allowed: [/./] });
