"""A reply that comes in pieces, put together to what a plain answer would have held."""

from __future__ import annotations

from typing import Any

from matrix_sim.llm.json_body import UnreadableReply, json_object
from matrix_sim.llm.server_events import ServerEvent, ServerEvents
from matrix_sim.llm.thinking import REASONING_FIELDS, parts_of

_DONE = b"[DONE]"


class StreamError(Exception):
    """The endpoint says in the middle of a stream that there is no going on."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status, body)
        self.status = status
        """The HTTP status that the error would have had; 500 where it does not say."""
        self.body = body
        """The error, as the body of an error answer."""


class StreamedReply:
    """The chunks of one `chat.completion`, joined.

    Read are the first choice's text, thinking (in whichever field), refusal and finish reason,
    and of the chunks model and usage, the last one that has any.
    """

    def __init__(self) -> None:
        self._events = ServerEvents()
        self._texts: dict[str, list[str]] = {}
        self._finish: object = None
        self._model: object = None
        self._usage: object = None
        self._any = self._done = False

    @property
    def begun(self) -> bool:
        """Whether something that the model wrote is there."""
        return bool(self._texts)

    @property
    def complete(self) -> bool:
        """Whether the reply is all there, although usage may still follow."""
        return self._done or self._finish is not None

    @property
    def done(self) -> bool:
        """Whether nothing more can follow."""
        return self._done

    def feed(self, piece: bytes) -> None:
        """Take the next bytes of the body.

        Raises:
            StreamError: they hold an error.
            UnreadableReply: they hold something that is no chunk.
        """
        for event in self._events.feed(piece):
            self._take(event)

    def end(self) -> None:
        """The body is over; raises as `feed`, but for an event that was cut off."""
        for event in self._events.end():
            try:
                self._take(event)
            except UnreadableReply:
                return

    def answer(self) -> dict[str, Any]:
        """The body that the same reply would have had in one piece, as `read_answer` takes it.

        Raises:
            UnreadableReply: no chunk held a choice.
        """
        if not self._any:
            raise UnreadableReply("there is no reply in the stream")
        message = {field: _whole("".join(pieces)) for field, pieces in self._texts.items()}
        return {
            "model": self._model,
            "choices": [{"message": message, "finish_reason": self._finish}],
            "usage": self._usage,
        }

    def _take(self, event: ServerEvent) -> None:
        if self._done:
            return
        if event.data.strip() == _DONE:
            self._done = True
            return
        chunk = json_object(event.data, "a piece of the stream")
        if event.name == "error" or chunk.get("error"):
            raise StreamError(_status(chunk.get("error", chunk)), event.data)
        self._model = self._model or chunk.get("model")
        self._usage = chunk.get("usage") or self._usage
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and not choice.get("index"):
                self._choose(choice)

    def _choose(self, choice: dict[str, Any]) -> None:
        self._any = True
        self._finish = choice.get("finish_reason") or self._finish
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            return
        content, thinking = parts_of(delta.get("content"))
        self._add("content", content)
        self._add("thinking", thinking)
        for field in ("refusal", *REASONING_FIELDS):
            self._add(field, delta.get(field))

    def _add(self, field: str, piece: object) -> None:
        if isinstance(piece, str) and piece:
            self._texts.setdefault(field, []).append(piece)


def _status(error: object) -> int:
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and 400 <= code < 600 else 500


def _whole(text: str) -> str:
    """`text`, a character whose two halves came in two pieces put together again."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
