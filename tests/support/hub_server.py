"""As much of the Hugging Face hub as a push needs, on a port of this machine."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Hub:
    """What it holds, and what it was asked."""

    token: str
    """Of the one user, who owns `owner`."""
    url: str = ""
    repositories: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was asked for when each was made."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Of the one repository that matters."""
    seen: list[str] = field(default_factory=list)
    """Methods and paths, in order."""

    def answer(self, method: str, path: str, body: bytes, token: str) -> tuple[int, Any]:
        """Status and JSON."""
        self.seen.append(f"{method} {path}")
        if token != f"Bearer {self.token}":
            return 401, {"error": f"Invalid credentials in Authorization header: {token}"}
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path == "/api/validate-yaml":
            told = {"errors": [], "warnings": []}
            if "license: bad" in json.loads(body)["content"]:
                told["errors"] = [{"message": '"license" must be one of the known ones'}]
            return 400 if told["errors"] else 200, told
        if "/preupload/" in path:
            sent = [one["path"] for one in json.loads(body)["files"]]
            plain = {"uploadMode": "regular", "shouldIgnore": False, "oid": None}
            return 200, {"files": [{"path": one, **plain} for one in sent]}
        if "/commit/" in path:
            return self._commit(body)
        if "/tree/" in path or "/revision/" in path:
            held = [
                {"rfilename": n, "path": n, "type": "file", "oid": "0", "size": 1}
                for n in self.files
            ]
            if "/tree/" in path:
                return 200, held
            return 200, {"id": "owner/rows", "sha": "0" * 40, "siblings": held, "tags": []}
        return 404, {"error": "no such page"}

    def _create(self, asked: dict[str, Any]) -> tuple[int, Any]:
        if asked["organization"] != "owner":
            return 403, {"error": f"{self.token} may not create a dataset there"}
        name = f"{asked['organization']}/{asked['name']}"
        made = {"url": f"{self.url}/datasets/{name}", "name": name}
        if name in self.repositories:
            return 409, made | {"error": "You already created this dataset repo"}
        self.repositories[name] = asked
        return 200, made

    def _commit(self, body: bytes) -> tuple[int, Any]:
        for line in body.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "deletedFile":
                del self.files[value["path"]]
        return 200, {
            "commitUrl": f"{self.url}/datasets/owner/rows/commit/{'1' * 40}",
            "commitOid": "1" * 40,
        }


@contextmanager
def hub(token: str) -> Iterator[Hub]:
    """Serve a hub for as long as the block runs."""
    state = Hub(token)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            path = re.sub(r"\?.*", "", self.path)
            body = self.rfile.read(size)
            status, told = state.answer(
                self.command, path, body, self.headers.get("Authorization", "")
            )
            content = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if "error" in told:
                self.send_header("X-Error-Message", told["error"])
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
