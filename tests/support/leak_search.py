"""Everything that a run left behind, as text that can be searched."""

from __future__ import annotations

import re
import sqlite3
import zlib
from pathlib import Path
from unicodedata import normalize

from matrix_sim.store.run_store import RunStore


def stored(run: Path) -> dict[str, str]:
    """Everything in a run directory as text, files as they are and the store's bodies unpacked."""
    files = sorted(path for path in run.rglob("*") if path.is_file())
    left = {str(f.relative_to(run)): f.read_bytes().decode("utf-8", "replace") for f in files}
    pieces: list[str] = []
    with RunStore.read_only(run) as store:
        for report in (r for g in range(len(store.events("group"))) for r in store.reports(g)):
            pieces.append(repr(report))
        connection = sqlite3.connect(f"{store.path.as_uri()}?mode=ro", uri=True)
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            for row in connection.execute(f"SELECT * FROM {table}"):
                pieces += [unpacked(c) if isinstance(c, bytes) else str(c) for c in row]
        for (key,) in connection.execute("SELECT request_hash FROM prompts").fetchall():
            pieces.append((store.prompt(key) or b"").decode())
        connection.close()
    return left | {"run.sqlite, unpacked": "\n".join(pieces)}


def unpacked(body: bytes) -> str:
    try:
        return zlib.decompress(body).decode("utf-8", "replace")
    except zlib.error:
        return body.decode("utf-8", "replace")


def squeezed(text: str) -> str:
    """Small letters in compatibility form, without white space and hyphens."""
    return re.sub(r"[\s\-ー‐−]", "", normalize("NFKC", text).casefold())
