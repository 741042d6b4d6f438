# Takes events: WEBHOOK_SECRET=whsec_… python3 receiver.py 8090     (pip install standardwebhooks cloudevents)
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
seen = set()  # Keep the ids where what the events bring about is kept, in one transaction with it.


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            webhook.verify(body, headers)  # The bytes as they came. What was signed over five minutes ago is refused.
        except (WebhookVerificationError, ValueError):
            return self.answer(401)
        event = from_structured_event(HTTPMessage(headers, body))
        if event.get_id() not in seen:  # It may come again: each event arrives at least once.
            seen.add(event.get_id())
            print(event.get_type(), event.get_subject(), json.dumps(event.get_data()), flush=True)
        self.answer(204)  # Nothing but 2xx says that it was taken.

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
