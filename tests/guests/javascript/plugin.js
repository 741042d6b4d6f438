// A plugin in JavaScript: counts webhooks and emits what they say.

import connection from "hookyard:plugin/connection@0.1.0";
import emitEvent from "hookyard:plugin/emit-event@0.1.0";
import kvStore from "hookyard:plugin/kv-store@0.1.0";
import log from "hookyard:plugin/log@0.1.0";

export const definition = {
  describe() {
    return JSON.stringify({
      manifest: 1,
      name: "javascript",
      version: "0.1.0",
      config: {
        type: "object",
        additionalProperties: false,
        properties: { secret: { type: "string", minLength: 1, writeOnly: true } },
      },
      webhook: {
        verify: { scheme: "token", header: "x-token", secret: "/secret" },
        dedupe: [{ header: "x-id" }],
      },
      events: [{ kind: "text.heard", data: { type: "object", required: ["text", "count"] } }],
    });
  },
};

export const webhookHandler = {
  handle(request) {
    let said;
    try {
      said = JSON.parse(fromUtf8(request.body));
    } catch {
      throw { kind: "invalid", code: "invalid-json", message: "the body is no JSON", retryAfterMs: null, details: null };
    }
    const count = kvStore.increment("count", 1);
    log.write("info", `webhook ${count}`);
    emitEvent.emit({
      kind: "text.heard",
      data: JSON.stringify({ text: said.text, count }),
      subject: connection.id(),
      dedupeKey: null,
      time: null,
    });
    const body = toUtf8(JSON.stringify({ language: "javascript", count }));
    return { status: 200, headers: [["content-type", "application/json"]], body };
  },
};

// QuickJS is the language without the Web's TextEncoder and TextDecoder.
function fromUtf8(bytes) {
  return decodeURIComponent(Array.from(bytes, (byte) => "%" + byte.toString(16).padStart(2, "0")).join(""));
}

function toUtf8(text) {
  const units = encodeURIComponent(text).match(/%..|./g) ?? [];
  return Uint8Array.from(units, (unit) => (unit.length === 3 ? parseInt(unit.slice(1), 16) : unit.charCodeAt(0)));
}
