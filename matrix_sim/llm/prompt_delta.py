"""Prompts kept as the difference to an earlier one of their family.

An agent's prompts only grow at the end, so that endpoints can cache their prefixes; the same
makes 100,000 of them small to keep. A prompt stands alone, or takes its beginning from a base.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from matrix_sim.llm.contracts import StoredPrompt

LONGEST_CHAIN = 16
"""Prompts that reading one back may take, at most."""

WORTH_SHARING = 128
"""Bytes in common below which a prompt stands alone."""


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """A prompt and how to store it."""

    address: str
    request_hash: bytes
    prompt: bytes
    stored: StoredPrompt
    chain: int
    """Prompts that reading it back takes, itself among them."""


class PromptFamilies:
    """The last prompt of each family, as base for the next; the least recently used go first.

    A family is the address without its last part (`act/a00042/t0007` -> `act/a00042`). One
    that has no prompt yet borrows the last of its kind (`act`), with which it shares the rules.
    Nothing here need survive: a new process begins with prompts that stand alone.
    """

    def __init__(self, capacity_bytes: int = 64 << 20) -> None:
        self._capacity_bytes = capacity_bytes
        self._held_bytes = 0
        self._last: OrderedDict[str, EncodedPrompt] = OrderedDict()

    def encode(self, address: str, request_hash: bytes, prompt: bytes) -> EncodedPrompt:
        """How to store `prompt` (`prompt_json`). It is no base before `keep`."""
        base = self._base_of(address)
        if base is not None and base.request_hash == request_hash:
            # The same question again: nothing builds on itself.
            return EncodedPrompt(address, request_hash, prompt, base.stored, base.chain)
        if base is not None and base.chain < LONGEST_CHAIN:
            shared = _common_prefix(base.prompt, prompt)
            if shared >= WORTH_SHARING:
                stored = StoredPrompt(base.request_hash, shared, _compressed(prompt[shared:]))
                return EncodedPrompt(address, request_hash, prompt, stored, base.chain + 1)
        stored = StoredPrompt(None, 0, _compressed(prompt))
        return EncodedPrompt(address, request_hash, prompt, stored, 1)

    def keep(self, encoded: EncodedPrompt) -> None:
        """Let the next of its family build on `encoded`.

        Call it once the journal holds it, and not before: a base that was never written would
        leave prompts that nobody can read.
        """
        self._put(_family(encoded.address), encoded)
        self._put(_kind(encoded.address), encoded)
        while self._held_bytes > self._capacity_bytes:
            _, oldest = self._last.popitem(last=False)
            self._held_bytes -= len(oldest.prompt)

    def _base_of(self, address: str) -> EncodedPrompt | None:
        return self._last.get(_family(address)) or self._last.get(_kind(address))

    def _put(self, name: str, encoded: EncodedPrompt) -> None:
        before = self._last.pop(name, None)
        if before is not None:
            self._held_bytes -= len(before.prompt)
        self._last[name] = encoded
        self._held_bytes += len(encoded.prompt)


def decode(lookup: Callable[[bytes], StoredPrompt | None], request_hash: bytes) -> bytes:
    """The prompt (`prompt_json`) that was stored under `request_hash`.

    Args:
        lookup: the stored prompt of a request hash; where several rows have the same hash, the
            one written first. A base is always older than what builds on it, so chains end.
        request_hash: of the prompt that is wanted.

    Raises:
        LookupError: the prompt, or one that it builds on, is not there, or builds on itself.
    """
    links: dict[bytes, StoredPrompt] = {}
    wanted: bytes | None = request_hash
    while wanted is not None:
        link = lookup(wanted)
        if link is None or wanted in links:
            raise LookupError(
                f"the prompt {request_hash.hex()} cannot be put together: it builds on"
                f" {wanted.hex()}, which {'is not there' if link is None else 'builds on it'}"
            )
        links[wanted] = link
        wanted = link.base
    prompt = b""
    for link in reversed(links.values()):
        prompt = prompt[: link.shared] + zlib.decompress(link.tail)
    return prompt


def _family(address: str) -> str:
    return address.rpartition("/")[0]


def _kind(address: str) -> str:
    return address.partition("/")[0]


def _compressed(tail: bytes) -> bytes:
    # A window of 8 KB is set up in 6 microseconds instead of 60, and a tail is seldom longer.
    packer = zlib.compressobj(level=6, wbits=13, memLevel=5)
    return packer.compress(tail) + packer.flush()


def _common_prefix(a: bytes, b: bytes) -> int:
    """Length of the longest common beginning, by halving: each look compares in C."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
