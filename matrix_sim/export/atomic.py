"""Files that are there as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from matrix_sim.errors import UsageError


def write_file(path: Path, parts: Iterable[bytes]) -> None:
    """Write the parts one after the other; `path` is replaced in the end. Missing folders are made.

    Raises:
        UsageError: the file cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error

    def fill(file: BinaryIO) -> None:
        for part in parts:
            file.write(part)

    fill_file(path, fill)


def fill_file(path: Path, fill: Callable[[BinaryIO], None]) -> None:
    """Have `fill` write a file; `path` is replaced in the end.

    Raises:
        UsageError: the file cannot be written there, or there is no such folder.
    """
    beside = path.with_name(f"{path.name}.part")
    try:
        with beside.open("wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):  # why it was not written matters more
            beside.unlink(missing_ok=True)


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


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"{path}: cannot be written ({error.strerror}); choose a folder that you can write to"
    )
