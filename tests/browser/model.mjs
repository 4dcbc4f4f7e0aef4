// A language model whose every word a test decides, behind OpenAI's streaming chat completions.

import { createServer } from "node:http";
import { once } from "node:events";

const event = (choice) => `data: ${JSON.stringify({
  id: "chatcmpl-test", object: "chat.completion.chunk", created: 0, model: "scripted", choices: [{ index: 0, ...choice }],
})}\n\n`;

export class Model {
  #server = createServer((request, response) => this.#answer(request, response));
  #script = null;

  async listen(port) {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  // The next request is answered by `script(reply)`: `reply.say(text)` streams, `reply.closed` resolves when the caller has
  // hung up, `reply.hangUp()` breaks the connection. Without a script the model refuses and the chatbot goes on without it.
  next(script) {
    this.#script = script;
  }

  async #answer(request, response) {
    request.resume();
    const script = this.#script;
    this.#script = null;
    if (!script) {
      response.writeHead(400, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ error: { message: "no script", type: "invalid_request_error", code: null, param: null } }));
      return;
    }
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    await script({
      say: (text) => response.write(event({ delta: { role: "assistant", content: text }, finish_reason: null })),
      closed: once(response, "close"),
      hangUp: () => response.destroy(),
    });
    if (response.destroyed) return;
    response.end(event({ delta: {}, finish_reason: "stop" }) + "data: [DONE]\n\n");
  }
}
