// Takes events: WEBHOOK_SECRET=whsec_… node receiver.mjs 8090     (npm install standardwebhooks cloudevents)
import { createServer } from "node:http";
import { HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
const seen = new Set(); // Keep the ids where what the events bring about is kept, in one transaction with it.

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  try {
    webhook.verify(body, request.headers); // The body as it came. What was signed over five minutes ago is refused.
  } catch {
    return response.writeHead(401).end();
  }
  const event = HTTP.toEvent({ headers: request.headers, body });
  if (!seen.has(event.id)) { // It may come again: each event arrives at least once.
    seen.add(event.id);
    console.log(event.type, event.subject, JSON.stringify(event.data));
  }
  response.writeHead(204).end(); // Nothing but 2xx says that it was taken.
});

server.listen(Number(process.argv[2]), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}/`);
});
