"""Server-sent events out of a stream of bytes, whichever way it was cut on its way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event."""

    name: str
    """"" where the server gives none."""
    data: bytes
    """Its `data` lines, joined by line ends."""


class ServerEvents:
    """Reads events as the WHATWG's HTML standard lays them down (section 9.2.6).

    Lines end in LF, CR LF or CR. Comments (": ping") and the fields that nobody asks for here are
    passed over. More lenient than the standard in one thing: what stands at the end without its
    empty line is an event all the same.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[bytes] = []
        self._begun = False

    def feed(self, piece: bytes) -> Iterator[ServerEvent]:
        """The events that are whole with `piece`."""
        lines = (self._rest + piece).splitlines(keepends=True)
        # The LF of a CR at the end may be still to come.
        whole = bool(lines) and lines[-1].endswith(b"\n")
        self._rest = b"" if whole or not lines else lines.pop()
        return self._take(lines)

    def end(self) -> Iterator[ServerEvent]:
        """What is left at the end of the stream."""
        rest, self._rest = self._rest, b""
        return self._take([*rest.splitlines(keepends=True), b"\n"])

    def _take(self, lines: list[bytes]) -> Iterator[ServerEvent]:
        for line in lines:
            text = line.rstrip(b"\r\n")
            if not self._begun:
                text, self._begun = text.removeprefix(_BYTE_ORDER_MARK), True
            if text:
                self._field(text)
            elif self._data:
                yield ServerEvent(self._name, b"\n".join(self._data))
                self._name, self._data = "", []
            else:
                self._name = ""

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")
        elif name == b"error":  # older llama.cpp: a field of its own instead of an event's name
            self._name = "error"
            self._data.append(value)
