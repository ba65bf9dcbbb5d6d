"""Whole groups in one process: modulator and agents together (packed placement)."""

from __future__ import annotations

from collections.abc import Sequence

from actors.base import DeskActor
from actors.desk import Desk
from actors.handle import Handle
from actors.port import CoalescedPort
from actors.remote import RemoteLLM, RemoteStore
from matrix_sim.lazy import Lazy
from matrix_sim.messages import Grant, Scenario, SummaryOrder, TickReport
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.assembly import GroupCharter, LocalMembers, build_agents, build_modulator
from matrix_sim.society.modulator import Modulator
from matrix_sim.store.adapters import StoreHistory


class Host(DeskActor):
    """Plays the ticks of the groups it holds; each is rebuilt from history when first asked."""

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
        self._modulators = {charter.group: self._lazily(charter) for charter in charters}

    def _lazily(self, charter: GroupCharter) -> Lazy[Modulator]:
        async def build() -> Modulator:
            reports = await self._history.reports(charter.group)
            agents = build_agents(charter, self._prompts, self._llm, reports)
            return build_modulator(
                charter, self._prompts, self._llm, LocalMembers(agents), self._history, reports
            )

        return Lazy(build)

    async def _answer(self, item: Grant | SummaryOrder) -> TickReport | Scenario:
        modulator = await self._modulators[item.group].get()
        if isinstance(item, Grant):
            return await modulator.play(item)
        return await modulator.summarise(item)
