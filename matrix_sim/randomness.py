"""Random draws by name: every generator is a function of (seed, purpose, id).

No module keeps a generator of its own and none uses the global one, so a draw never depends
on how many draws somebody else made before it, nor in which process.
"""

from __future__ import annotations

import hashlib
import random


def named_seed(seed: int, purpose: str, name: str = "") -> int:
    """A 64-bit seed for one named use, from SHA-256 of the three parts."""
    digest = hashlib.sha256(f"{seed}\x1f{purpose}\x1f{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


def named_random(seed: int, purpose: str, name: str = "") -> random.Random:
    """A generator of the standard library for one named use."""
    return random.Random(named_seed(seed, purpose, name))  # noqa: S311 - not for secrets
