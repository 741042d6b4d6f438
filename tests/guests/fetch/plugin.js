// A plugin in JavaScript whose actions are the `fetch` of the language's runtime.

import { config } from "hookyard:plugin/connection@0.1.0";

const request = {
  type: "object",
  required: ["url"],
  properties: {
    url: { type: "string" },
    method: { type: "string" },
    headers: { type: "object", additionalProperties: { type: "string" } },
    body: { type: "string" },
  },
};

export const definition = {
  describe() {
    return JSON.stringify({
      manifest: 1,
      name: "fetch",
      version: "0.1.0",
      config: {
        type: "object",
        additionalProperties: false,
        required: ["base"],
        properties: {
          base: { type: "string", minLength: 1 },
          api_key: { type: "string", minLength: 1, writeOnly: true },
        },
      },
      actions: [
        { name: "fetch", title: "One request and its answer", input: request, output: { type: "object" } },
        {
          name: "fetch-all",
          title: "Several requests at once",
          input: { type: "object", required: ["requests"], properties: { requests: { type: "array", items: request } } },
          output: { type: "object", required: ["answers"] },
        },
        { name: "see-config", title: "The config as the plugin sees it", input: { type: "object" }, output: { type: "object" } },
      ],
      hosts: ["{config:/base}"],
      credentials: [{ hosts: ["{config:/base}"], header: "x-api-key", value: "{secret:/api_key}" }],
    });
  },
};

export const actionHandler = {
  async run(name, input) {
    const asked = JSON.parse(input);
    switch (name) {
      case "fetch":
        return JSON.stringify(await fetched(asked));
      case "fetch-all":
        return JSON.stringify({ answers: await Promise.all(asked.requests.map(fetched)) });
      case "see-config":
        return config();
      default:
        throw { kind: "invalid", code: "unknown-action", message: `there is no action ${name}`, retryAfterMs: null, details: null };
    }
  },
};

// `{status, headers, body}`, or `{error}` where `fetch` fails.
async function fetched({ url, ...options }) {
  try {
    const answer = await fetch(url, options);
    const body = await answer.text();
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body };
  } catch (error) {
    return { error: String(error) };
  }
}
