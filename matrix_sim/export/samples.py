"""The rows of a data set, as every format starts from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from matrix_sim.canonical import content_hash
from matrix_sim.config.datasets import DatasetConfig, DatasetKind
from matrix_sim.export.split import PersonaSplit, SplitName
from matrix_sim.quality.contracts import Turn, Verdict
from matrix_sim.society.society import Member
from matrix_sim.synthesis.contracts import Candidate, Completion, Draw, Labels


@dataclass(frozen=True, slots=True)
class Origins:
    """What all rows of a data set have in common."""

    society: str
    """SHA-256 of what the society is (S1)."""
    dataset: str
    """SHA-256 of what decides the rows."""
    prompts: Mapping[str, str]
    """SHA-256 of the templates, by name."""
    personas: str
    """Where the people come from, in a few words."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a row came about."""

    origins: Origins
    requirement: str
    draw: Draw
    models: Mapping[str, str]
    """By role."""
    verdicts: tuple[Verdict, ...]
    labels: Labels


@dataclass(frozen=True, slots=True)
class Sample:
    """A row of a data set."""

    id: str
    """`sft-000123`: of candidate 123; it stays when the data set grows."""
    kind: DatasetKind
    messages: tuple[Turn, ...]
    """The whole conversation; of a preference, what comes before the answer."""
    chosen: Turn | None
    rejected: Turn | None
    """Both are there in a preference, and nowhere else."""
    persona: str
    """Id of the persona who asks."""
    split: SplitName
    provenance: Provenance

    @property
    def pair(self) -> tuple[Turn, Turn] | None:
        """Of a preference: the better answer and the worse one."""
        if self.chosen is None or self.rejected is None:
            return None
        return self.chosen, self.rejected


def samples_of(
    dataset: DatasetConfig,
    candidates: Iterable[Candidate],
    members: Sequence[Member],
    origins: Origins,
    split: PersonaSplit,
) -> tuple[Sample, ...]:
    """The first `count` accepted candidates as rows, in the order of their numbers (S8).

    Args:
        dataset: what was asked for.
        candidates: in the order of their numbers; the refused are passed over.
        members: of the society, by agent number.
        origins: what the rows have in common.
        split: who is for testing.
    """
    accepted = (
        (candidate, candidate.completion)
        for candidate in candidates
        if candidate.accepted and candidate.completion is not None
    )
    return tuple(
        _sample(dataset, candidate, completion, members, origins, split)
        for candidate, completion in islice(accepted, dataset.count)
    )


def rows_sha256(samples: Iterable[Sample]) -> str:
    """SHA-256 of what rows say, the same in every format."""
    return content_hash([[one.id, one.messages, one.chosen, one.rejected] for one in samples])


def _sample(
    dataset: DatasetConfig,
    candidate: Candidate,
    completion: Completion,
    members: Sequence[Member],
    origins: Origins,
    split: PersonaSplit,
) -> Sample:
    draw = candidate.draw
    persona = members[draw.agent].persona.id
    chosen = Turn("assistant", completion.chosen, completion.chosen_reasoning)
    paired = dataset.kind == "dpo"
    return Sample(
        id=f"{dataset.label}-{draw.number:06d}",
        kind=dataset.kind,
        messages=tuple(_kept(turn, dataset) for turn in completion.turns),
        chosen=_kept(chosen, dataset) if paired else None,
        rejected=Turn("assistant", completion.rejected) if paired else None,
        persona=persona,
        split=split.of(persona),
        provenance=Provenance(
            origins,
            dataset.requirement,
            draw,
            completion.models,
            (*completion.verdicts, *candidate.verdicts),
            completion.labels,
        ),
    )


def _kept(turn: Turn, dataset: DatasetConfig) -> Turn:
    """The turn, without thinking that is no part of the data set."""
    return turn if dataset.thinks else replace(turn, reasoning="")
