"""`contamination`: nothing of a benchmark."""

from __future__ import annotations

from matrix_sim.config.quality import ContaminationCheckConfig
from matrix_sim.quality.benchmarks import Benchmarks
from matrix_sim.quality.contracts import Row, Verdict
from matrix_sim.quality.verdicts import verdict


class ContaminationCheck:
    """Looks for items of benchmarks in all messages of a row together."""

    name = "contamination"

    def __init__(self, config: ContaminationCheckConfig) -> None:
        """Read the benchmarks.

        Raises:
            UsageError: one cannot be read; with file and line.
        """
        self.benchmarks = Benchmarks(config.benchmarks)
        self._share = config.share

    def look(self, row: Row) -> Verdict | None:
        """Refused where it holds too much of an item; None where there are no benchmarks."""
        if not len(self.benchmarks):
            return None
        said = (*row.turns, *row.chosen, *row.rejected)
        texts = [text for turn in said for text in (turn.content, turn.reasoning) if text]
        share, item = self.benchmarks.most_like(texts)
        if share == 0 or share < self._share:
            return verdict(self.name, None)
        return verdict(self.name, f"holds {share:.0%} of an item of a benchmark ({item})")
