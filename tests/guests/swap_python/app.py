"""Another version of the guest `swap`, in Python: says which version it is, after it has asked its provider something."""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.webhook_handler import Request, Response
from wit_world.imports import connection, emit_event, http_request
from wit_world.imports.types import Error, ErrorKind

VERSION = "1.0.2000-swap.guest"


class Definition(exports.Definition):
    def describe(self) -> str:
        return json.dumps(
            {
                "manifest": 1,
                "name": "swap-guest-0000",
                "version": VERSION,
                "config": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["secret"],
                    "properties": {
                        "secret": {"type": "string", "writeOnly": True},
                        "url": {"type": ["string", "null"]},
                    },
                },
                "webhook": {
                    "verify": {
                        "scheme": "hmac",
                        "hash": "sha256",
                        "encoding": "base64",
                        "header": "x-swap-signature",
                        "secret": "/secret",
                    },
                    "dedupe": [{"header": "x-swap-id"}],
                },
                "events": [{"kind": "version.heard", "data": {"type": "object", "required": ["version"]}}],
                "hosts": ["{config:/url}"],
            }
        )


class WebhookHandler(exports.WebhookHandler):
    def handle(self, request: Request) -> Response | None:
        url = json.loads(connection.config()).get("url")
        if url is not None:
            try:
                answer = http_request.send(http_request.Request("GET", url, [], None, None, None, None))
            except Err as refused:
                raise Err(Error(ErrorKind.UNAVAILABLE, "not-asked", refused.value.message, None, None)) from None
            if answer.status != 200:
                raise Err(Error(ErrorKind.UNAVAILABLE, "not-answered", str(answer.status), None, None))
        said = json.dumps({"version": VERSION})
        emit_event.emit(emit_event.Event("version.heard", said, None, None, None))
        return Response(200, [("content-type", "application/json")], said.encode())
