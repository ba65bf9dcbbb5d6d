"""One group's modulator in a process of its own (spread placement)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from actors.base import DeskActor
from actors.desk import Desk
from actors.handle import Handle
from actors.port import DirectPort
from actors.remote import RemoteLLM, RemoteMembers, RemoteStore
from matrix_sim.messages import Grant, Scenario, SummaryOrder, TickReport
from matrix_sim.prompts.library import PromptLibrary
from matrix_sim.society.assembly import GroupCharter, LiveGroup, build_modulator
from matrix_sim.society.modulator import Modulator
from matrix_sim.store.adapters import StoreHistory


class ModulatorActor(DeskActor):
    """Plays the ticks of its group; rebuilt from history (`LiveGroup`)."""

    def __init__(
        self,
        charter: GroupCharter,
        prompts: PromptLibrary,
        members: Mapping[int, Handle],
        llm: Sequence[Handle],
        store: Handle,
    ) -> None:
        self._desk = Desk(self._answer)
        self._charter = charter
        self._prompts = prompts
        self._members = RemoteMembers({a: DirectPort(actor) for a, actor in members.items()})
        self._llm = RemoteLLM([DirectPort(actor) for actor in llm])
        self._history = StoreHistory(RemoteStore(DirectPort(store)))
        self._live = LiveGroup(charter.group, self._history, self._build)

    def _build(self, reports: tuple[TickReport, ...]) -> Modulator:
        return build_modulator(
            self._charter, self._prompts, self._llm, self._members, self._history, reports
        )

    async def _answer(self, item: Grant | SummaryOrder) -> TickReport | Scenario:
        return await self._live.answer(item)
