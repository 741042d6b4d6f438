"""A plugin in Python: counts webhooks and emits what they say."""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.webhook_handler import Request, Response
from wit_world.imports import connection, emit_event, kv_store, log
from wit_world.imports.types import Error, ErrorKind


class Definition(exports.Definition):
    def describe(self) -> str:
        return json.dumps(
            {
                "manifest": 1,
                "name": "python",
                "version": "0.1.0",
                "config": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"secret": {"type": "string", "minLength": 1, "writeOnly": True}},
                },
                "webhook": {
                    "verify": {"scheme": "token", "header": "x-token", "secret": "/secret"},
                    "dedupe": [{"header": "x-id"}],
                },
                "events": [{"kind": "text.heard", "data": {"type": "object", "required": ["text", "count"]}}],
            }
        )


class WebhookHandler(exports.WebhookHandler):
    def handle(self, request: Request) -> Response | None:
        try:
            said = json.loads(request.body)
        except ValueError:
            raise Err(Error(ErrorKind.INVALID, "invalid-json", "the body is no JSON", None, None)) from None
        count = kv_store.increment("count", 1)
        log.write(log.Level.INFO, f"webhook {count}")
        data = json.dumps({"text": said.get("text"), "count": count})
        emit_event.emit(emit_event.Event("text.heard", data, connection.id(), None, None))
        body = json.dumps({"language": "python", "count": count}).encode()
        return Response(200, [("content-type", "application/json")], body)
