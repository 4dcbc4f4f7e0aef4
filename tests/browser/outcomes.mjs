// Answered, emergency and "I don't know" are three things that nobody confuses.

import assert from "node:assert/strict";

import { ask, EMERGENCY, look, model, newest, ORDINARY, pageTest, remove, SENTENCE, UNKNOWN, withdraw, words } from "./support.mjs";

pageTest("an emergency, an answer and an abstention differ in words and looks", async (page) => {
  const emergency = await ask(page, EMERGENCY, "escalated");
  const alert = emergency.getByRole("alert");
  assert.match(await alert.innerText(), /Emergency/);
  assert.match(await alert.innerText(), /Call your local emergency number/);
  assert.equal(await emergency.locator(".citation, .sources li").count(), 0);
  const urgent = await look(emergency);

  model.next(({ say }) => say(SENTENCE));
  const ordinary = await ask(page, ORDINARY, "completed");
  assert.equal(await ordinary.getByRole("alert").count(), 0);
  assert.match(await ordinary.locator(".notice").innerText(), /Answer from our documents/);
  const calm = await look(ordinary);

  const unknown = await ask(page, UNKNOWN, "abstained");
  assert.match(await words(unknown), /^I don't know\./);
  assert.match(await unknown.locator(".notice").innerText(), /Not in our documents/);
  assert.equal(await unknown.locator(".citation, .sources li").count(), 0);
  const unsure = await look(unknown);

  for (const [one, other] of [[urgent, calm], [urgent, unsure], [calm, unsure]]) {
    assert.notEqual(one.background, other.background);
    assert.notEqual(one.border, other.border);
  }
  assert.notEqual(urgent.colour, calm.colour);
  assert.notEqual(unsure.line, calm.line);
});

pageTest("urgent advice stands above the answer and stays there", async (page) => {
  model.next(({ say }) => say(SENTENCE));
  const article = await ask(page, `My cut from yesterday is red, hot and full of pus. And ${ORDINARY}`, "completed");
  const advice = article.locator(".advice");
  assert.match(await advice.innerText(), /today/);
  assert.deepEqual(await links(article), [ADVICE_LINK, EMERGENCY_LINK]);
  assert.match(await words(article), /^To prevent a stroke/);
  const top = async (part) => (await article.locator(part).boundingBox()).y;
  assert.ok(await top(".advice") < await top(".calls") && await top(".calls") < await top(".text"));
  const said = await advice.innerText();
  await page.reload();
  assert.equal(await newest(page).locator(".advice").innerText(), said);
});

pageTest("an emergency that is refused says what to do", async (page) => {
  const problem = { title: "Temporarily unavailable", detail: "Call your local emergency number now. The database does not answer." };
  await page.route("**/v1/conversations", async (route) => {
    // Without a conversation the title is all that the server can judge by.
    assert.deepEqual(route.request().postDataJSON(), { title: EMERGENCY });
    await route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify(problem) });
  });
  const article = await ask(page, EMERGENCY, "failed");
  assert.match(await article.getByRole("alert").innerText(), /Call your local emergency number now/);
}, { allowed: [/status of 503/] });

/** What the links say, and what they dial. */
const links = (article) => article.locator(".calls a").evaluateAll((all) => all.map((link) => [link.textContent, link.href]));

const EMERGENCY_LINK = ["Call your local emergency number: (077) 00-1", "tel:077001"];
const ADVICE_LINK = ["Call the nurses & midwives: +77 1", "tel:+771"];

pageTest("whom to call can be called from every outcome that is no answer", async (page) => {
  const hint = page.locator("#hint");
  assert.match(await hint.innerText(), /If it is urgent, call the nurses & midwives \(\+77 1\)\. In an emergency, call/);
  assert.deepEqual(await hint.locator("a").evaluateAll((all) => all.map((link) => link.href)), ["tel:+771", "tel:077001"]);
  assert.deepEqual(await links(await ask(page, EMERGENCY, "escalated")), [EMERGENCY_LINK]);
  assert.deepEqual(await links(await ask(page, UNKNOWN, "abstained")), [ADVICE_LINK, EMERGENCY_LINK]);
  model.next(async ({ say, hangUp }) => { say(`${SENTENCE}\n`); await page.waitForFunction(
    (said) => document.querySelector("article:last-child .text").textContent.includes(said), SENTENCE); hangUp(); });
  const failed = await ask(page, ORDINARY, "failed");
  assert.deepEqual(await links(failed), [ADVICE_LINK, EMERGENCY_LINK]);
  assert.match(await failed.locator(".notice").innerText(), /In an emergency, call your local emergency number/);
  model.next(({ say }) => say(SENTENCE));
  assert.deepEqual(await links(await ask(page, ORDINARY, "completed")), []);
});

pageTest("what no document supports is not shown; the documents answer instead", async (page) => {
  model.next(({ say }) => say("Penguins waddle across frozen beaches."));
  const article = await ask(page, ORDINARY, "completed");
  assert.doesNotMatch(await words(article), /Penguins/);
  assert.match(await article.locator(".origin").innerText(), /word for word/);
  const step = article.locator(".degraded");
  assert.match(await step.innerText(), /support no sentence that the language model wrote/);
  assert.equal(await step.getAttribute("lang"), "en");
  assert.equal(await step.evaluate((line) => line.nextElementSibling.className), "text");
  assert.ok(await article.locator(".citation").count() > 0);
  assert.equal(await article.locator(".caution").count(), 0);
});

pageTest("an old answer warns when its document is withdrawn", async (page) => {
  const article = await ask(page, "When are the fish in the aquarium fed?", "completed");
  assert.ok(await article.locator(".citation").count() > 0);
  assert.equal(await article.locator(".caution").count(), 0);
  await withdraw("aquarium.txt");
  await page.reload();
  await page.locator("#new:enabled").waitFor();
  const warning = newest(page).locator(".caution");
  assert.match(await warning.innerText(), /cited here was withdrawn/);
  const above = await warning.evaluate((element) => element.nextElementSibling.className);
  assert.equal(above, "text");
  await remove("aquarium.txt");
  await page.reload();
  await page.locator("#new:enabled").waitFor();
  const withheld = newest(page);
  assert.match(await words(withheld), /^This answer rests on documents that you may no longer read\./);
  assert.match(await withheld.locator(".notice").innerText(), /No longer shown/);
  assert.equal(await withheld.locator(".citation, .sources li, .caution, .origin, .tools button").count(), 0);
});

pageTest("the conversation stays in order and the newest answer in sight", async (page) => {
  const questions = ["When are visiting hours?", "Where can I park?", UNKNOWN, EMERGENCY];
  const outcomes = ["completed", "completed", "abstained", "escalated"];
  for (const [index, question] of questions.entries()) {
    await ask(page, question, outcomes[index]);
    const box = await newest(page).locator(".outcome").boundingBox();
    const form = await page.locator("#ask").boundingBox();
    assert.ok(box.y >= 0 && box.y + box.height <= form.y, `${question}: ${JSON.stringify([box, form])}`);
  }
  const shown = async () => page.locator("article h2").allInnerTexts();
  assert.deepEqual(await shown(), questions);
  const before = await page.locator("article").evaluateAll((all) => all.map((one) => one.querySelector(".text").textContent));

  await page.reload();
  await page.locator("#new:enabled").waitFor();
  assert.deepEqual(await shown(), questions);
  const after = await page.locator("article").evaluateAll((all) => all.map((one) => one.querySelector(".text").textContent));
  assert.deepEqual(after, before);
  assert.equal(await page.locator("article [role=alert]").count(), 0, "nothing old is announced again");

  await page.getByRole("button", { name: "New conversation" }).click();
  assert.equal(await page.locator("article").count(), 0);
  await page.reload();
  await page.getByText("What to expect").waitFor();
  assert.equal(await page.locator("article").count(), 0);
});

pageTest("feedback is thanked for", async (page) => {
  const article = await ask(page, "When are visiting hours?", "completed");
  await article.getByRole("button", { name: "Yes" }).click();
  await article.getByText("Thank you.").waitFor();
  assert.equal(await article.locator(".tools button").count(), 0);
});
