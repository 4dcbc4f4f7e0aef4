// Runs every test of the page in one browser. tests/browser/mod.rs starts the system and says where it is.

import { after } from "node:test";

import { close } from "./support.mjs";

const LIMIT_MS = 180_000;

// A deadline for the whole run, whatever hangs.
setTimeout(() => {
  console.error(`not done after ${LIMIT_MS} ms`);
  process.exit(1);
}, LIMIT_MS).unref();

after(close);

await import("./asking.mjs");
await import("./outcomes.mjs");
await import("./keyboard.mjs");
await import("./interruptions.mjs");
await import("./accessibility.mjs");
await import("./demo.mjs");
if (process.env.CHATBOT_TEST_PICTURE) await import("./picture.mjs");
