"""Files that are there as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from matrix_sim.errors import UsageError


def write_file(path: Path, parts: Iterable[bytes]) -> None:
    """Write the parts one after the other; `path` is replaced in the end.

    Raises:
        UsageError: the file cannot be written there.
    """

    def fill(file: BinaryIO) -> None:
        for part in parts:
            file.write(part)

    fill_file(path, fill)


def fill_file(path: Path, fill: Callable[[BinaryIO], None]) -> None:
    """Have `fill` write a file; `path` is replaced in the end. Missing folders are made.

    Raises:
        UsageError: the file cannot be written there.
    """
    beside = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be written ({error.strerror}); choose a folder that you can write to"
        ) from error
    finally:
        if beside.exists():
            beside.unlink()


def remove_file(path: Path) -> None:
    """Remove a file that may be there.

    Raises:
        UsageError: it is there and cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"{path}: is out of date and cannot be removed ({error.strerror})"
        ) from error
