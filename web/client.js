// Calls to the server, and the events of a turn.

/** Returns the response; an error has the status and a text for people. */
export async function call(method, path, body, extra) {
  const key = sessionStorage.getItem("key");
  const headers = { "Content-Type": "application/json", ...(key && { Authorization: `Bearer ${key}` }), ...extra };
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) }).catch(() => {
    throw new Error("The server cannot be reached. Check the connection and try again.");
  });
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  const text = [problem.title, problem.detail].filter(Boolean).join(". ");
  throw Object.assign(new Error(text || `The server answered with error ${answer.status}.`), { status: answer.status, type: problem.type, contacts: problem.contacts, degraded: problem.degraded });
}

/** Yields {id, event, data} from a fetch body. */
async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (buffer + value).split("\n\n");
      buffer = blocks.pop();
      for (const block of blocks) {
        const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/, 2)));
        if (fields.event) yield { ...fields, data: JSON.parse(fields.data) };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Passes the events to the answer, and resumes after a broken connection. */
export async function follow(answer, response) {
  let last = null;
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      response ??= await call("GET", `/v1/turns/${answer.turn}/events`, undefined, last && { "Last-Event-ID": last });
      for await (const event of events(response)) {
        // `reconnect` has no id, so the last event before it stays the point to resume from.
        [last, attempt] = [event.id ?? last, 0];
        if (answer.take(event)) return;
      }
    } catch (error) {
      if (error.status < 500) throw error;
    }
    response = null;
    if (!answer.turn) break;
    await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
  }
  throw new Error("The connection broke. What is shown is not a complete answer.");
}
