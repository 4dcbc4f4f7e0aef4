// axe finds nothing, and leaves nothing undecided: every state, light and dark, on a telephone and on a desk.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { ask, EMERGENCY, model, ORDINARY, pageTest, require, SENTENCE, UNKNOWN } from "./support.mjs";

const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

async function check(page, state) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [360, 1280]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 800 });
      // At the end of the page the form covers nothing, so that every contrast can be measured.
      await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
      const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations", "incomplete"] }));
      const where = `${state}, ${colorScheme}, ${width} px`;
      const found = [...result.violations, ...result.incomplete].flatMap((rule) => rule.nodes.map((node) => `${where}: ${rule.id} ${node.html} ${node.failureSummary}`));
      assert.deepEqual(found, []);
      assert.ok(result.passes.length > 10, where);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${where}: ${overflow} px wider than the window`);
    }
  }
}

pageTest("axe finds no violation in any state", async (page) => {
  await page.evaluate(axe);
  await check(page, "empty");
  const answer = await ask(page, "When are visiting hours?", "completed");
  await check(page, "answered");
  await answer.locator(".citation").first().click();
  await page.getByRole("dialog").waitFor();
  await check(page, "passage open");
  await page.keyboard.press("Escape");
  await ask(page, EMERGENCY, "escalated");
  await check(page, "emergency");
  await ask(page, UNKNOWN, "abstained");
  await check(page, "abstained");
  model.next(async ({ say, hangUp }) => { say(`${SENTENCE}\n`); await page.waitForFunction(
    (text) => document.querySelector("article:last-child .text").textContent.startsWith(text), SENTENCE); hangUp(); });
  await ask(page, ORDINARY, "failed");
  await check(page, "failed");
});

/** 320 CSS pixels wide, and the window of a desk at 200 %. */
for (const viewport of [{ width: 320, height: 568 }, { width: 640, height: 400 }]) {
  pageTest(`the page opens at its top, ${viewport.width} px wide`, async (page) => {
    const top = async () => {
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      return page.evaluate(() => [window.scrollY, document.querySelector("h1").getBoundingClientRect().top >= 0]);
    };
    assert.deepEqual(await top(), [0, true]);
    assert.equal(await page.evaluate(() => document.activeElement.id), "question");
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wider <= 0, `${wider} px wider than the window`);
    // The line that is typed comes into sight.
    await page.keyboard.type("When?");
    const box = await page.locator("#question").boundingBox();
    assert.ok(box.y >= 0 && box.y + 32 <= viewport.height, JSON.stringify(box));
  }, { viewport, withKey: false });
}

pageTest("axe finds no violation where a key is asked for", async (page) => {
  await page.evaluate(axe);
  await page.getByLabel("Your question").fill("When are visiting hours?");
  await page.keyboard.press("Enter");
  await page.getByText("A key is needed").waitFor();
  await check(page, "key");
}, { withKey: false, allowed: [/status of 401/] });

pageTest("nothing moves for those who ask for that", async (page) => {
  let seen;
  model.next(async ({ say }) => {
    const animation = () => page.locator("article .notice").evaluate((notice) => getComputedStyle(notice, "::after").animationName);
    await page.locator('article[data-status="running"]').waitFor();
    await page.emulateMedia({ reducedMotion: "no-preference" });
    const [moves] = [await animation()];
    await page.emulateMedia({ reducedMotion: "reduce" });
    seen = `${moves} ${await animation()}`;
    say(SENTENCE);
  });
  await ask(page, ORDINARY, "completed");
  assert.match(seen, /^pulse none/);
});

pageTest("print shows the conversation and no controls", async (page) => {
  await ask(page, "When are visiting hours?", "completed");
  await ask(page, EMERGENCY, "escalated");
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator("#ask").isVisible(), false);
  assert.equal(await page.locator(".tools").first().isVisible(), false);
  assert.equal(await page.locator(".sources").first().isVisible(), true);
  assert.match(await page.locator("article").last().innerText(), /Call your local emergency number/);
});
