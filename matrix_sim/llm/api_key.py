"""The key of an endpoint: into the headers of requests, and out of everything that is shown."""

from __future__ import annotations

from matrix_sim.config import ModelConfig
from matrix_sim.errors import UsageError

_SHORTEST_SECRET = 4
"""Shorter keys are place-holders of local servers; blanking "x" would only spoil a message."""


class ApiKey:
    """A key, or that there is none."""

    __slots__ = ("_key", "name")

    def __init__(self, key: str, model: ModelConfig) -> None:
        """`key` is "" for a server that asks for none.

        Raises:
            UsageError: it is none that a header can carry.
        """
        self._key = key.strip()
        if not (self._key.isascii() and self._key.isprintable() and " " not in self._key):
            name = model.api_key_env or "the API key"
            raise UsageError(
                f"{name} holds white space or characters outside ASCII, which no HTTP header "
                "carries; set it to the key alone"
            )
        self.name = model.key_name if self._key else ""
        """Where it came from; "" where there is none."""

    @property
    def headers(self) -> dict[str, str]:
        """What shows the key to the endpoint."""
        return {"Authorization": f"Bearer {self._key}"} if self._key else {}

    def redact(self, text: str) -> str:
        """`text` without the key."""
        return text.replace(self._key, "***") if len(self._key) >= _SHORTEST_SECRET else text
