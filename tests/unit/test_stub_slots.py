"""Slots: so many at once, in the order of coming, and their number may change."""

from __future__ import annotations

import asyncio

from matrix_sim.llm.stub.slots import Slots


class Crowd:
    """People who each want a slot and keep it until they are told to go."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self.inside: list[int] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._go: dict[int, asyncio.Event] = {}

    async def come(self, count: int) -> None:
        for _ in range(count):
            number = len(self.tasks)
            self._go[number] = asyncio.Event()
            self.tasks.append(asyncio.create_task(self._stay(number)))
        await settle()

    async def leave(self, number: int) -> None:
        self._go[number].set()
        await settle()

    async def _stay(self, number: int) -> None:
        async with self._slots:
            self.inside.append(number)
            await self._go[number].wait()
            self.inside.remove(number)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_who_comes_first_is_served_first() -> None:
    async def scene() -> list[list[int]]:
        crowd, seen = Crowd(Slots(2)), []
        await crowd.come(4)
        seen.append([*crowd.inside])
        await crowd.leave(1)
        seen.append([*crowd.inside])
        await crowd.leave(0)
        return [*seen, crowd.inside]

    assert asyncio.run(scene()) == [[0, 1], [0, 2], [2, 3]]


def test_more_slots_serve_those_who_wait() -> None:
    async def scene() -> list[int]:
        slots = Slots(1)
        crowd = Crowd(slots)
        await crowd.come(5)
        slots.resize(3)
        await settle()
        return crowd.inside

    assert asyncio.run(scene()) == [0, 1, 2]


def test_fewer_slots_serve_nobody_until_enough_are_back() -> None:
    async def scene() -> list[list[int]]:
        slots = Slots(3)
        crowd, seen = Crowd(slots), []
        await crowd.come(4)
        slots.resize(1)
        for number in (0, 1, 2):
            await crowd.leave(number)
            seen.append([*crowd.inside])
        return seen

    assert asyncio.run(scene()) == [[1, 2], [2], [3]]


def test_who_gives_up_takes_no_slot_along() -> None:
    async def scene() -> list[int]:
        crowd = Crowd(Slots(1))
        await crowd.come(4)
        crowd.tasks[1].cancel()
        await settle()
        # Handed the slot and cancelled in the same breath.
        crowd._go[0].set()
        await asyncio.sleep(0)
        crowd.tasks[2].cancel()
        await settle()
        return crowd.inside

    assert asyncio.run(scene()) == [3]
