"""What a run and the Ray under it left behind, searched for a secret."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def holders(folder: Path, secret: str) -> list[str]:
    """The files below `folder` that hold a secret, as they are."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if secret.encode() in path.read_bytes()]


@contextmanager
def ray_folder() -> Iterator[Path]:
    """A folder for RAY_TMPDIR: not pytest's, as the sockets in it would have names too long."""
    folder = Path(tempfile.mkdtemp(prefix="rt"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
