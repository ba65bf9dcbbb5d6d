"""Which data sets are made from what happened; each has an identity of its own (S1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from matrix_sim.config.quality import Share
from matrix_sim.config.section import Section
from matrix_sim.llm.contracts import Role

DatasetKind = Literal["sft", "dpo", "reason", "dialogue", "code", "safety"]
Complexity = Literal["simple", "complex", "mixed"]
GENERAL = "general"
"""The requirement that anything fits."""
_COMPLEXITY: Mapping[DatasetKind, Complexity] = {"sft": "simple", "dpo": "complex"}
"""Where the config says nothing, as in the paper; the others are mixed."""
_SPARE = 4
"""Candidates per row that are tried before a data set gives up, where the config says nothing."""
_SPARE_AT_LEAST = 50
"""Candidates all the same: of a few rows, four each may all be refused by chance."""


class DatasetConfig(Section):
    """One data set."""

    kind: DatasetKind
    """What its rows are: `sft` an instruction and an answer; `dpo` an instruction and two answers,
    one better than the other; `reason` an answer with the thinking before it; `dialogue` several
    turns; `code` and `safety` as `sft`, on programming and on risky requests."""
    name: str = Field(
        default="",
        pattern="^([a-z][a-z0-9_-]{0,39})?$",
        description="a word in small letters, such as 'household'",
    )
    """What it goes by: its folder, and its calls. Left out, it is the kind."""
    count: Annotated[int, Field(ge=1)]
    """Rows. It may grow when the run is started again, and only the new ones are paid for."""
    requirement: Annotated[str, Field(min_length=1, max_length=400)] = GENERAL
    """What it should be about, in words; `general` spreads over the whole society."""
    ground: Literal["scenario", "persona"] = "scenario"
    """What a row grows from: a scenario and one who was in it; or a person with a goal and a plan
    alone, and then a society of `ticks: 0` will do."""
    reasoning: bool | None = None
    """Whether the assistant thinks before it answers, and its thinking is kept: the `reasoner`
    answers in place of the `responder`. Left out: only in `reason`."""
    turns: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] = (2, 5)
    """Of a `dialogue`: how many times the user speaks, at least and at most."""
    complexity: Complexity | None = None
    """How hard requests are. Left out: simple for `sft`, complex for `dpo`, else mixed."""
    similarity_floor: Share = 0.15
    """With a requirement: scenarios less similar to it than this are not used. The cosine of the
    vectors of `models.embedding`; with local ones the share of the requirement's words that a
    scenario holds, by characters."""
    relevance: Share = 0.7
    """With a requirement: how much its similarity counts against being unlike what was chosen
    before (maximal marginal relevance): 1 is the most similar first, 0 only variety."""
    margin: Annotated[float, Field(ge=0, le=9)] = 1.0
    """Of a `dpo`: by how much the judge must score the chosen answer higher, of 10, on average over
    both orders in which it sees them."""
    without_margin: Literal["drop", "flag"] = "drop"
    """Of a `dpo`: what happens to a pair that has less."""
    max_candidates: Annotated[int, Field(ge=1)] | None = None
    """How many candidates are tried at most. Left out: four a row, and fifty at least."""

    @property
    def label(self) -> str:
        """What it goes by."""
        return self.name or self.kind

    @property
    def thinks(self) -> bool:
        """Whether the assistant's thinking is part of it."""
        return self.kind == "reason" if self.reasoning is None else self.reasoning

    @property
    def cap(self) -> int:
        """How many candidates are tried at most."""
        return self.max_candidates or max(_SPARE_AT_LEAST, _SPARE * self.count)

    @property
    def level(self) -> Complexity:
        """How hard requests are."""
        return self.complexity or _COMPLEXITY.get(self.kind, "mixed")

    @property
    def roles(self) -> tuple[Role, ...]:
        """Who is asked for its rows, in order; the judge of `quality` apart."""
        answering = Role.REASONER if self.thinks else Role.RESPONDER
        goal = (Role.AGENT,) if self.ground == "persona" else ()
        match self.kind:
            case "dialogue":
                return (*goal, Role.INSTRUCTOR, Role.USER, answering)
            case "dpo":
                return (*goal, Role.INSTRUCTOR, answering, Role.REJECTED, Role.JUDGE)
            case _:
                return (*goal, Role.INSTRUCTOR, answering)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        least, most = self.turns
        if least > most:
            raise ValueError(f"'turns' needs [least, most], has [{least}, {most}]")
        if self.kind == "reason" and self.reasoning is False:
            raise ValueError("a data set 'reason' with 'reasoning: false' is 'kind: sft'")
        if self.max_candidates is not None and self.max_candidates < self.count:
            raise ValueError(
                f"'max_candidates' ({self.max_candidates}) is below 'count' ({self.count})"
            )
        own = {"turns": "dialogue", "margin": "dpo", "without_margin": "dpo"}
        for field, kind in own.items():
            # Its default may be written out, as in the config that a run keeps.
            default = type(self).model_fields[field].default
            if self.kind != kind and getattr(self, field) != default:
                raise ValueError(f"'{field}' is for 'kind: {kind}' only")
        return self


def twice_named(datasets: Sequence[DatasetConfig]) -> str | None:
    """The first label that two of them share, if any."""
    labels = [dataset.label for dataset in datasets]
    return next((label for n, label in enumerate(labels) if label in labels[:n]), None)
