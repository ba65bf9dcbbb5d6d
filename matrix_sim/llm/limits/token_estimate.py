"""How many tokens a request will take, before anybody knows."""

from __future__ import annotations

from matrix_sim.llm.contracts import Request, Role, Usage
from matrix_sim.text import BYTES_A_TOKEN

_NEWEST = 0.1
"""Weight of the newest reply: some twenty of them count, since prompts grow as a run goes on."""


class TokenEstimate:
    """How many tokens a request will take, learnt by role from those that were answered."""

    def __init__(self) -> None:
        self._by_byte: dict[Role, float] = {}
        self._reply: dict[Role, float] = {}

    def of(self, request: Request, prompt_bytes: int) -> float:
        """Tokens of prompt and reply; to count the `prompt_bytes` takes time."""
        prompt = prompt_bytes * self._by_byte.get(request.role, 1 / BYTES_A_TOKEN)
        most = 0 if request.role is Role.EMBEDDING else request.max_tokens
        return prompt + min(most, self._reply.get(request.role, most))

    def learn(self, request: Request, usage: Usage) -> None:
        """What a request took in fact."""
        role = request.role
        _mix(self._by_byte, role, usage.prompt_tokens / max(1, request.prompt_bytes))
        _mix(self._reply, role, usage.completion_tokens)


def _mix(means: dict[Role, float], role: Role, value: float) -> None:
    before = means.get(role, value)
    means[role] = before + _NEWEST * (value - before)
