// Stop, a broken model, and a reload in the middle of an answer.

import assert from "node:assert/strict";

import { ask, cuttable, model, MORE, newest, ORDINARY, pageTest, SENTENCE, until, words } from "./support.mjs";

const shows = (page, text) =>
  page.waitForFunction((wanted) => document.querySelector("article:last-child .text")?.textContent.includes(wanted), text);

pageTest("Stop ends the answer, at the language model too", async (page) => {
  let hungUp;
  const upstreamEnded = new Promise((resolve) => { hungUp = resolve; });
  model.next(async ({ say, closed }) => {
    say(`${SENTENCE}\n`);
    await closed;
    hungUp();
  });
  await page.getByLabel("Your question").fill(ORDINARY);
  await page.keyboard.press("Enter");
  await shows(page, SENTENCE);
  assert.equal(await page.getByRole("button", { name: "Ask" }).isVisible(), false);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const article = await until(page, "cancelled");
  await upstreamEnded;
  assert.match(await article.locator(".notice").innerText(), /Stopped.*not a complete answer/);
  assert.equal((await words(article)).trim(), SENTENCE);
  await page.getByRole("button", { name: "Ask" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Stop" }).isVisible(), false);
  assert.equal(await page.evaluate(() => document.activeElement.id), "question");
});

pageTest("an answer that breaks off says so and can be asked again", async (page) => {
  model.next(async ({ say, hangUp }) => {
    say(`${SENTENCE}\n`);
    await shows(page, SENTENCE);
    hangUp();
  });
  const article = await ask(page, ORDINARY, "failed");
  assert.match(await article.getByRole("alert").innerText(), /not a complete answer/);
  await article.getByRole("button", { name: "Try again" }).click();
  await page.locator("article").nth(1).waitFor();
  assert.equal(await newest(page).locator("h2").textContent(), ORDINARY);
  await until(page, "completed");
});

pageTest("a reload in the middle takes the answer up again", async (page) => {
  let goOn;
  const reloaded = new Promise((resolve) => { goOn = resolve; });
  const [first, second] = [`${SENTENCE}\n`, MORE[0]];
  model.next(async ({ say }) => {
    say(first);
    await reloaded;
    say(second);
  });
  await page.getByLabel("Your question").fill(ORDINARY);
  await page.keyboard.press("Enter");
  await shows(page, first.trimEnd());
  await page.reload();
  await shows(page, first.trimEnd());
  assert.equal(await newest(page).getAttribute("data-status"), "running");
  goOn();
  const article = await until(page, "completed");
  assert.equal((await words(article)).trim(), first + second);
  assert.ok(await article.locator(".citation").count() > 0);
});

pageTest("what is stored is shown if a piece was lost on the way", async (page) => {
  await page.route("**/messages", async (route) => {
    const answer = await route.fetch();
    const blocks = (await answer.text()).split("\n\n");
    const lost = blocks.findIndex((block) => block.includes("event: delta"));
    await route.fulfill({ response: answer, body: blocks.toSpliced(lost, 1).join("\n\n") });
  });
  model.next(({ say }) => [SENTENCE.slice(0, 40), SENTENCE.slice(40), " [1]"].forEach(say));
  const article = await ask(page, ORDINARY, "completed");
  assert.equal((await words(article)).trim(), SENTENCE);
  assert.ok(await article.locator(".citation").count() > 0);
});

const line = await cuttable();

pageTest("a broken connection is taken up where it broke", async (page) => {
  const [first, second] = [`${SENTENCE}\n`, MORE[0]];
  model.next(async ({ say }) => {
    say(first);
    await shows(page, first.trimEnd());
    const resumed = page.waitForRequest((request) => request.url().endsWith("/events"));
    line.cut();
    assert.ok((await resumed).headers()["last-event-id"]);
    say(second);
  });
  const article = await ask(page, ORDINARY, "completed");
  assert.equal((await words(article)).trim(), first + second);
}, { at: line.url, allowed: [/net::ERR_/] });

pageTest("a server that cannot be reached is named as such", async (page) => {
  await page.context().setOffline(true);
  const article = await ask(page, ORDINARY, "failed");
  assert.match(await article.getByRole("alert").innerText(), /cannot be reached.*In an emergency, call/);
  assert.equal(await article.locator(".calls a").count(), 2);
  await page.context().setOffline(false);
  await article.getByRole("button", { name: "Try again" }).click();
  await until(page, "completed");
}, { allowed: [/net::ERR_/] });
