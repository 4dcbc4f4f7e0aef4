// A picture of the page for the documentation: no language model, sample documents.

import { ask, EMERGENCY, pageTest, UNKNOWN } from "./support.mjs";

pageTest("a picture", async (page) => {
  await page.screenshot({ path: "/tmp/look-empty.png" });
  await ask(page, "Can children visit the ward?", "completed");
  await page.locator(".citation").last().click();
  await page.screenshot({ path: "/tmp/look-dialog.png" });
  await page.keyboard.press("Escape");
  await ask(page, UNKNOWN, "abstained");
  await ask(page, EMERGENCY, "escalated");
  await page.screenshot({ path: process.env.CHATBOT_TEST_PICTURE, fullPage: true });
  await page.setViewportSize({width: 360, height: 740});
  await page.emulateMedia({colorScheme: "dark"});
  await page.screenshot({ path: "/tmp/look-mobile.png", fullPage: true });
  await page.screenshot({ path: "/tmp/look-mobile2.png" });
  await page.locator(".citation").last().click();
  await page.screenshot({ path: "/tmp/look-mobile3.png" });
  await page.keyboard.press("Escape");
  await page.emulateMedia({media: "print"});
  await page.setViewportSize({width: 800, height: 1100});
  await page.screenshot({ path: "/tmp/look-print.png" });
}, { colorScheme: "light" });
