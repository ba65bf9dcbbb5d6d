"""Whole groups in one process: modulator and agents together (packed placement)."""

from __future__ import annotations

from collections.abc import Sequence

from actors.base import DeskActor
from actors.desk import Desk
from actors.handle import Handle
from actors.port import CoalescedPort
from actors.remote import RemoteLLM, RemoteStore
from matrix_sim.messages import Grant, Scenario, SummaryOrder, TickReport
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.assembly import (
    GroupCharter,
    LiveGroup,
    LocalMembers,
    build_agents,
    build_modulator,
)
from matrix_sim.society.modulator import Modulator
from matrix_sim.store.adapters import StoreHistory


class Host(DeskActor):
    """Plays the ticks of the groups it holds; each is rebuilt from history (`LiveGroup`)."""

    def __init__(
        self,
        charters: Sequence[GroupCharter],
        prompts: PromptLibrary,
        llm: Sequence[Handle],
        store: Handle,
    ) -> None:
        self._desk = Desk(self._answer)
        self._prompts = prompts
        self._llm = RemoteLLM([CoalescedPort(actor) for actor in llm])
        self._history = StoreHistory(RemoteStore(CoalescedPort(store)))
        self._groups = {charter.group: self._group(charter) for charter in charters}

    def _group(self, charter: GroupCharter) -> LiveGroup:
        def build(reports: tuple[TickReport, ...]) -> Modulator:
            agents = build_agents(charter, self._prompts, self._llm, reports)
            return build_modulator(
                charter, self._prompts, self._llm, LocalMembers(agents), self._history, reports
            )

        return LiveGroup(charter.group, self._history, build)

    async def _answer(self, item: Grant | SummaryOrder) -> TickReport | Scenario:
        return await self._groups[item.group].answer(item)
