"""How many cases a property is tried on."""

from __future__ import annotations

from hypothesis import Phase, settings


def examples(count: int) -> settings:
    """`count` cases, the same ones every time: the suite must not turn red by luck.

    A failing case is shown as it was drawn, for whole runs take long to shrink. To search
    further, take `derandomize` out and raise the count.
    """
    phases = (Phase.explicit, Phase.generate)
    return settings(max_examples=count, deadline=None, derandomize=True, phases=phases)
