"""The identity of a request in the journal: same hash, same question to the same model (S2)."""

from __future__ import annotations

import hashlib

from matrix_sim.canonical import canonical_json
from matrix_sim.llm.contracts import Message, Request


def prompt_json(messages: tuple[Message, ...]) -> bytes:
    """The messages as canonical JSON: what is hashed, and what `StoredPrompt` keeps."""
    return canonical_json([_fields(m) for m in messages])


def request_hash(identity: bytes, request: Request, prompt: bytes) -> bytes:
    """SHA-256 (32 bytes) over all that decides the reply, and nothing that does not.

    The address and the attempt are not in it: they stand beside it in the journal's key.

    Args:
        identity: the endpoint's.
        request: the rest of the question.
        prompt: `prompt_json` of its messages.
    """
    schema = request.schema
    name, shape = (schema.name, schema.json_schema) if schema is not None else (None, b"")
    # The lengths keep the parts apart whatever they hold.
    head = canonical_json([request.max_tokens, name, len(identity), len(shape)])
    return hashlib.sha256(b"\n".join((head, identity, shape, prompt))).digest()


def _fields(message: Message) -> dict[str, str]:
    fields = {"content": message.content, "role": message.role}
    # Left out where there is none, as it was before there could be any: hashes stay the same.
    return fields | {"reasoning": message.reasoning} if message.reasoning else fields
