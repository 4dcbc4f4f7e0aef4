// A question, its streamed answer, and the way from a citation to the passage.

import assert from "node:assert/strict";

import { ask, key, model, MORE, newest, ORDINARY, pageTest, SENTENCE, stored, until, words } from "./support.mjs";

const cutInto = (text, count) => {
  const size = Math.ceil(text.length / count);
  return Array.from({ length: count }, (_, index) => text.slice(index * size, (index + 1) * size));
};

pageTest("a key is asked for, and the question is kept meanwhile", async (page) => {
  await page.getByLabel("Your question").fill("When are visiting hours?");
  await page.keyboard.press("Enter");
  await page.getByText("A key is needed").waitFor();
  assert.equal(await page.locator("article").count(), 0);
  assert.equal(await page.getByLabel("Your question").inputValue(), "When are visiting hours?");
  await page.keyboard.type("cb_not_a_key");
  await page.keyboard.press("Enter");
  await page.getByText("This key was not accepted.").waitFor();
  assert.equal(await page.getByLabel("API key").getAttribute("aria-invalid"), "true");
  await page.keyboard.type(key);
  await page.keyboard.press("Enter");
  await until(page, "completed");
  assert.equal(await page.getByLabel("API key").isVisible(), false);
}, { withKey: false, allowed: [/status of 401/] });

pageTest("an answer grows while it streams", async (page) => {
  const parts = [SENTENCE, ...MORE];
  const seen = [];
  const notice = page.locator("article .notice");
  let said = "";
  model.next(async ({ say }) => {
    await notice.filter({ hasText: /^Searching the documents$/ }).waitFor();
    for (const part of parts) {
      say(part.slice(0, 9));
      say(`${part.slice(9)}\n`);
      said += `${part}\n`;
      await page.waitForFunction((text) => document.querySelector("article .text")?.textContent.includes(text), part);
      seen.push(await newest(page).getAttribute("data-status"));
      assert.equal(await notice.textContent(), "Writing the answer");
    }
  });
  const article = await ask(page, ORDINARY, "completed");
  assert.deepEqual(seen, ["running", "running", "running"]);
  assert.equal((await words(article)).trim(), said.trim());
  assert.match(await article.locator(".origin").innerText(), /language model/);
});

pageTest("a screen reader hears an answer once, when it is whole", async (page) => {
  await page.evaluate(() => {
    window.heard = [];
    const status = document.getElementById("status");
    new MutationObserver(() => window.heard.push(status.textContent)).observe(status, { childList: true, characterData: true, subtree: true });
  });
  model.next(({ say }) => cutInto(SENTENCE, 10).forEach(say));
  const article = await ask(page, ORDINARY, "completed");
  assert.equal(await article.locator("[aria-live], [role=alert], [role=status]").count(), 0);
  const heard = await page.evaluate(() => window.heard);
  assert.equal(heard[0], "Searching the documents");
  assert.equal(heard.length, 2, JSON.stringify(heard));
  assert.ok(heard[1].includes(SENTENCE) && heard[1].includes("1 source"), heard[1]);
});

pageTest("a citation opens its passage with the quote marked", async (page) => {
  model.next(({ say }) => say(`${SENTENCE} [1]\n`));
  const article = await ask(page, ORDINARY, "completed");
  const { citations } = await stored(page);
  assert.ok(citations.length > 0);
  const buttons = article.locator(".text .citation");
  assert.equal(await buttons.count(), citations.length);
  for (const [index, citation] of citations.entries()) {
    await buttons.nth(index).click();
    const dialog = page.getByRole("dialog", { name: "Preventing a stroke" });
    await dialog.waitFor();
    assert.equal(await dialog.locator("mark").textContent(), citation.quote);
    assert.ok((await dialog.locator("#passage-text").textContent()).includes(citation.quote));
    assert.equal(await dialog.locator("#passage-where").innerText(), "Version 1.2, 12 January 2026. The marked words support the answer.");
    await dialog.getByRole("button", { name: "Close" }).click();
  }
  assert.equal(await article.locator(".sources li").count(), 1);
  assert.match(await article.locator(".sources li").innerText(), /Preventing a stroke\s+Version 1/);
});

pageTest("a source with pages names the page", async (page) => {
  const article = await ask(page, "How do I use my asthma inhaler?", "completed");
  assert.match(await article.locator(".origin").innerText(), /quoted word for word/);
  const item = article.locator(".sources li").first();
  assert.match(await item.innerText(), /Using your asthma inhaler\s+Version 1\.1, 20 February 2026, page \d/);
  await item.getByRole("button").click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  assert.match(await dialog.locator("#passage-where").innerText(), /Version 1(\.1, 20 February 2026)?, page \d/);
  assert.ok((await words(article)).includes(await dialog.locator("mark").textContent()));
});

pageTest("markup in a document is neither run nor quoted", async (page) => {
  const title = await page.title();
  const article = await ask(page, "How long is lost property kept?", "abstained");
  assert.doesNotMatch(await words(article), /<img/);
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.title(), title);
});

pageTest("markup in a question is text, and from the model it is nothing", async (page) => {
  model.next(({ say }) => say(`<script>document.title="owned"</script><b>${SENTENCE}</b>`));
  // Markup whose only word says nothing: other words would count as part of the question.
  const article = await ask(page, `<i>${ORDINARY}</i>`, "completed");
  assert.match(await article.locator("h2").innerText(), /^<i>what/);
  assert.equal((await words(article)).trim(), SENTENCE);
  assert.equal(await page.locator("article :is(script, b, i)").count(), 0);
});

pageTest("the policy forbids markup even to the page's own scripts", async (page) => {
  const refused = await page.evaluate(() => {
    try { document.body.innerHTML = "<p>x</p>"; return false; } catch { return true; }
  });
  assert.ok(refused);
}, { allowed: [/TrustedHTML/, /policy: require-trusted-types-for/] });
