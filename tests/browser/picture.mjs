// A picture of the page for the documentation: no language model, sample documents.

import { ask, EMERGENCY, pageTest, UNKNOWN } from "./support.mjs";

pageTest("a picture", async (page) => {
  await ask(page, "Can children visit the ward?", "completed");
  await ask(page, UNKNOWN, "abstained");
  await ask(page, EMERGENCY, "escalated");
  await page.screenshot({ path: process.env.CHATBOT_TEST_PICTURE, fullPage: true });
});
