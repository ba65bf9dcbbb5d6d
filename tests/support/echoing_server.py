"""An endpoint that answers every request with an error that repeats the key it got."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Echo(BaseHTTPRequestHandler):
    status = 500

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        said = f"cannot serve {self.headers.get('Authorization')}"
        body = json.dumps({"error": {"message": said, "code": said, "type": said}}).encode()
        self.send_response(self.status, said)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Echo", said)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: it would be in the test's output."""


@contextmanager
def echoing_server(status: int) -> Iterator[str]:
    """Its base URL, for as long as the block runs."""
    handler = type("Echo", (_Echo,), {"status": status})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
