"""A society of LLM-driven personas whose scenarios ground training data for LLMs.

From Python:

    from matrix_sim import Run

    run = Run("examples/demo.yaml", "runs/demo")
    run.play()
    for sample in run.samples("dialogue"):
        print(sample.messages[0].content)
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matrix_sim.cli.run import Run
    from matrix_sim.config import RunConfig
    from matrix_sim.errors import MatrixSimError, RunFailure, UsageError
    from matrix_sim.export.samples import Sample
    from matrix_sim.messages import Scenario, ScenarioAction
    from matrix_sim.quality.contracts import Turn
    from matrix_sim.society.society import Group, Member, Society
    from matrix_sim.summary import RunSummary
    from matrix_sim.synthesis.contracts import Candidate

__version__ = "0.1.0"

__all__ = [
    "Candidate",
    "Group",
    "MatrixSimError",
    "Member",
    "Run",
    "RunConfig",
    "RunFailure",
    "RunSummary",
    "Sample",
    "Scenario",
    "ScenarioAction",
    "Society",
    "Turn",
    "UsageError",
]

_HOMES = {
    "Candidate": "synthesis.contracts",
    "Group": "society.society",
    "MatrixSimError": "errors",
    "Member": "society.society",
    "Run": "cli.run",
    "RunConfig": "config",
    "RunFailure": "errors",
    "RunSummary": "summary",
    "Sample": "export.samples",
    "Scenario": "messages",
    "ScenarioAction": "messages",
    "Society": "society.society",
    "Turn": "quality.contracts",
    "UsageError": "errors",
}


def __getattr__(name: str) -> object:
    """What is public, from where it lives; loaded when it is first used.

    An actor's process imports this package too, and needs nothing of the command line.
    """
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
