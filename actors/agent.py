"""One agent in a process of its own (spread placement)."""

from __future__ import annotations

from collections.abc import Sequence

from actors.base import DeskActor
from actors.desk import Desk
from actors.handle import Handle
from actors.port import DirectPort
from actors.remote import RemoteLLM, RemoteStore
from matrix_sim.lazy import Lazy
from matrix_sim.messages import AgentStep, Turn
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.agent import Agent
from matrix_sim.society.assembly import steps_of
from matrix_sim.society.settings import AgentSettings
from matrix_sim.society.society import Member
from matrix_sim.store.adapters import StoreHistory


class AgentActor(DeskActor):
    """Holds plan and memory, acts when asked; rebuilt from history when first asked."""

    def __init__(
        self,
        member: Member,
        group: int,
        settings: AgentSettings,
        prompts: PromptLibrary,
        llm: Sequence[Handle],
        store: Handle,
    ) -> None:
        self._desk = Desk(self._answer)
        self._member = member
        self._group = group
        self._settings = settings
        self._prompts = prompts
        self._llm = RemoteLLM([DirectPort(actor) for actor in llm])
        self._history = StoreHistory(RemoteStore(DirectPort(store)))
        self._agent = Lazy(self._build)

    async def _build(self) -> Agent:
        reports = await self._history.reports(self._group)
        steps = steps_of(self._member.agent, reports)
        return Agent(self._member, self._settings, self._prompts, self._llm, steps)

    async def _answer(self, turn: Turn) -> AgentStep:
        return await (await self._agent.get()).act(turn)
