// Everything works without a mouse.

import assert from "node:assert/strict";

import { ask, model, MORE, ORDINARY, pageTest, SENTENCE, until } from "./support.mjs";

const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.className);

pageTest("Enter sends, Shift+Enter starts a new line", async (page) => {
  assert.equal(await focused(page), "question");
  await page.keyboard.type("When are");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("visiting hours?");
  assert.equal(await page.locator("article").count(), 0);
  assert.equal(await page.getByLabel("Your question").inputValue(), "When are\nvisiting hours?");
  await page.keyboard.press("Enter");
  const article = await until(page, "completed");
  assert.equal(await article.locator("h2").textContent(), "When are\nvisiting hours?");
  assert.equal(await page.getByLabel("Your question").inputValue(), "");
  assert.equal(await focused(page), "question");
});

pageTest("an empty question is not sent", async (page) => {
  await page.keyboard.type("   ");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("article").count(), 0);
  assert.equal(await focused(page), "question");
});

pageTest("Escape closes the passage and focus returns to the citation", async (page) => {
  await ask(page, "When are visiting hours?", "completed");
  while (await focused(page) !== "citation") await page.keyboard.press("Shift+Tab");
  const name = await page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  assert.match(name, /^Source \d: /);
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, "solid");
  await page.evaluate(() => { window.opener_ = document.activeElement; });
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  assert.equal(await page.evaluate(() => document.getElementById("passage").contains(document.activeElement)), true);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.equal(await page.evaluate(() => document.activeElement === window.opener_), true);
});

pageTest("focus on a citation survives the rest of the answer", async (page) => {
  model.next(async ({ say }) => {
    say(`${SENTENCE} [1]\n`);
    await page.locator(".citation").first().focus();
    say(`${MORE[0]}\n`);
    await page.waitForFunction((text) => document.querySelector(".text").textContent.includes(text), MORE[0]);
  });
  await ask(page, ORDINARY, "completed");
  assert.equal(await focused(page), "citation");
});
