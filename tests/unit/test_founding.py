"""A society as it is read back from the run that it was founded in."""

from __future__ import annotations

from matrix_sim.founding import read_society
from matrix_sim.store.run_store import RunStore
from tests.support.small_world import founded, small_config


class WithoutLikeness:
    """The events of a run that was founded before it was noted how alike strangers are."""

    def __init__(self, store: RunStore) -> None:
        self._store = store

    def events(self, kind: str) -> dict[str, bytes]:
        return {} if kind == "likeness" else self._store.events(kind)


def test_the_people_of_an_earlier_versions_run_can_be_read() -> None:
    config, store = small_config(), RunStore.in_memory()
    society = founded(config, store)
    earlier = read_society(WithoutLikeness(store), config.society)
    assert (earlier.members, earlier.groups) == (society.members, society.groups)
    assert (earlier.strangers, society.strangers > 0) == (0.0, True)
