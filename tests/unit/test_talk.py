"""How alike those are who hear of each other."""

from __future__ import annotations

import numpy as np
import pytest

from matrix_sim.messages import Action, ActionKind, Delivery, Observation, TickReport
from matrix_sim.talk import Talk, likeness_of_strangers, people_vectors

VECTORS = np.asarray([[1, 0], [1, 0], [0, 1], [0.6, 0.8]], np.float32)


def heard(*pairs: tuple[int, int]) -> Talk:
    talk = Talk()
    for actor, hearer in pairs:
        seen = Observation(Action(0, 0, actor, ActionKind.PLAN, "話"), "誰か")
        delivery = Delivery(hearer, (seen,))
        talk.hear(TickReport(0, 0, 0, (), (), (delivery,), (), quiescent=False))
    return talk


def test_likeness_is_the_mean_cosine_over_all_that_was_heard() -> None:
    assert heard((0, 1)).likeness(VECTORS) == 1
    assert heard((0, 1), (0, 2)).likeness(VECTORS) == 0.5
    assert heard((0, 2), (0, 1), (0, 1), (1, 0)).likeness(VECTORS) == 0.75
    assert heard((3, 0)).likeness(VECTORS) == pytest.approx(0.6)


def test_nobody_who_heard_anything_has_no_likeness() -> None:
    assert heard().likeness(VECTORS) is None
    assert likeness_of_strangers(VECTORS[:1]) is None


def test_strangers_are_any_two_people() -> None:
    pairs = [float(VECTORS[a] @ VECTORS[b]) for a in range(4) for b in range(4) if a != b]
    assert likeness_of_strangers(VECTORS) == pytest.approx(np.mean(pairs), abs=1e-4)


def test_vectors_are_read_by_number_of_the_person() -> None:
    members = {
        "a100000": b'{"embedding": [0, 3]}',
        "a00000": b'{"embedding": [2, 0]}',
        "a00001": b'{"embedding": [0, 0]}',
    }
    assert people_vectors(members).tolist() == [[1, 0], [0, 0], [0, 1]]
