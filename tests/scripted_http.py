"""An HTTP server in this process that answers by a script: what tests of clients talk to."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DROP = "drop"
"""A step that closes the connection without an answer."""


@contextmanager
def scripted_server(script, listing, kept=lambda body, headers: (body, headers)):
    """Serve `script`: the n-th POST is answered by its n-th entry, the last one ever after; GETs by `listing`.

    An answer is (status, body, headers) or DROP; a step may be a function of the request's JSON body that gives
    one. Yields the address and a list of what `kept` makes of each request's JSON body and headers.
    """
    seen, lock = [], threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                step = script[min(len(seen), len(script) - 1)]
                seen.append(kept(body, self.headers))
            self.give(step(body) if callable(step) else step)

        def do_GET(self):
            self.give(listing)

        def give(self, answer):
            if answer == DROP:
                self.close_connection = True
                return
            status, body, headers = answer
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            try:
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                self.close_connection = True  # whoever asked lost patience

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
