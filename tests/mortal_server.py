"""A chat server in this process that can die and come back at the same address: what tests of outages talk to."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Mortal:
    """answer: a function of the request's JSON body that gives the reply's text. dies: after so many replies."""

    def __init__(self, answer, dies=None, model="m"):
        self.answer, self.dies, self.model = answer, dies, model
        self.asked, self.replied, self.port, self._server = 0, 0, 0, None
        self._lock = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    def up(self):
        """Listen, at the same port as before."""
        mortal = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with mortal._lock:
                    mortal.asked += 1
                    dead = self.server is not mortal._server or mortal.replied == mortal.dies
                    mortal.replied += not dead
                if dead:
                    mortal.down()
                    self.close_connection = True
                    return
                text = mortal.answer(body)
                self.give({"choices": [{"message": {"content": text}, "finish_reason": "stop"}], "usage": USAGE})

            def do_GET(self):
                self.give({"data": [{"id": mortal.model}]})

            def give(self, data):
                body = json.dumps(data).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            allow_reuse_address = daemon_threads = True

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}).start()

    def down(self):
        """Be gone: nobody listens, and whoever waits for a reply loses the connection."""
        with self._lock:
            server, self._server, self.dies = self._server, None, None
        if server is not None:
            server.shutdown()
            server.server_close()


USAGE = {"prompt_tokens": 7, "completion_tokens": 3}


@contextmanager
def mortal_server(answer, dies=None, model="m"):
    """A server that is up, and down at the end."""
    server = Mortal(answer, dies, model)
    server.up()
    try:
        yield server
    finally:
        server.down()
