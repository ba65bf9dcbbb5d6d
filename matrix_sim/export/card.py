"""The card of a data set: `README.md` with the header that the Hugging Face hub reads.

The header's keys are those of the hub's page "Dataset cards". It has no `configs` on purpose:
`load_dataset` knows the splits by the names of their files, and with `configs` it (datasets 5.2)
takes any two folders of one name for the same, as well as a folder and what it held before, and
gives the rows of the first from its cache.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import yaml

from matrix_sim import __version__
from matrix_sim.config.datasets import GENERAL, DatasetConfig
from matrix_sim.export.formats.contracts import Format, Outline, Row
from matrix_sim.export.markdown import fenced, inline, one_line, table
from matrix_sim.export.samples import Origins
from matrix_sim.export.split import SplitName
from matrix_sim.export.terms import Terms
from matrix_sim.synthesis.funnel import Funnel
from matrix_sim.text import clip

CARD_FILE = "README.md"
_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"))
_TEXT_CHARACTERS = 400
"""Of each text of the row that is shown."""
_KINDS: Mapping[str, str] = {
    "sft": "instructions and answers",
    "dpo": "instructions with a better and a worse answer",
    "reason": "instructions and answers, with the thinking before them",
    "dialogue": "dialogues of several turns",
    "code": "instructions on programming and answers",
    "safety": "risky requests and answers",
}
_MAKING = """\
matrix-sim, after [MATRIX](https://arxiv.org/abs/2410.14251), let people that are played by
language models live together, and put down what happened as scenarios.
{ground}
A model wrote what that person would ask an assistant, and the answers come from a model that saw
the conversation only. Rows were looked at by the checks below and taken in the order of their
numbers."""
_GROUNDS = {
    "scenario": "Each row grew from one scenario and one person who was in it.",
    "persona": "Each row of this data set grew from one person, with a goal and a plan, alone.",
}
_LIMITS = """\
- Everything here was written by language models, the people included: facts may be wrong, and
  advice on health, law or money is nobody's advice.
- The checks go by rule, and where a model judged, by its taste; they find much and not everything.
- How often something is asked here says nothing about how often people ask it.
- The terms of the models named above may bind what is trained on their output."""


@dataclass(frozen=True, slots=True)
class CardFacts:
    """All that a card tells."""

    run: str
    """The run's name."""
    language: str
    dataset: DatasetConfig
    outline: Outline
    counts: Mapping[SplitName, int]
    """Rows of every split, the empty ones too."""
    people: int
    """How many ask."""
    models: Mapping[str, Sequence[str]]
    """By role, as their endpoints call them."""
    terms: Terms
    licence: str
    origins: Origins
    config: str
    """SHA-256 of what the config says of the data."""
    rows: str
    """SHA-256 of the rows themselves, whatever the format and the split."""
    funnel: Funnel
    example: Row
    """A row, shown without its metadata."""


def card(facts: CardFacts, format_: Format) -> str:
    """The card of a data set in one format."""
    header = yaml.safe_dump(_header(facts), sort_keys=False, allow_unicode=True, width=1000)
    sections = {
        None: _opening(facts),
        "Rows": _rows(facts, format_),
        "How it was made": _making(facts),
        "Checks": _checks(facts.funnel),
        "Personas": inline(facts.terms.attribution),
        "Origin": _origin(facts),
        "Limits": _LIMITS,
    }
    body = [f"## {title}\n\n{text}" if title else text for title, text in sections.items()]
    return f"---\n{header}---\n\n" + "\n\n".join(body) + "\n"


def _header(facts: CardFacts) -> dict[str, Any]:
    return {
        "pretty_name": one_line(f"{facts.run}: {facts.dataset.label}"),
        "language": [facts.language],
        "license": facts.licence,
        "task_categories": ["text-generation"],
        "size_categories": [_size(sum(facts.counts.values()))],
        "tags": ["synthetic", "matrix-sim", facts.dataset.kind],
    }


def _size(rows: int) -> str:
    return next((name for bound, name in _SIZES if rows < bound), "1M<n<10M")


def _opening(facts: CardFacts) -> str:
    dataset = facts.dataset
    about = "anything" if dataset.requirement == GENERAL else inline(dataset.requirement, 400)
    thinking = "kept" if facts.outline.thinks else "not part of it"
    return (
        f"# {inline(facts.run)}: {dataset.label}\n\n"
        f"{_KINDS[dataset.kind].capitalize()}, made with matrix-sim {__version__}.\n\n"
        f"- About: {about}\n"
        f"- The assistant's thinking: {thinking}"
    )


def _rows(facts: CardFacts, format_: Format) -> str:
    files = facts.outline.splits
    counts = table(
        ("split", "rows", "file"),
        [(split, str(count), files.get(split, "none")) for split, count in facts.counts.items()],
    )
    shown = _clipped({k: v for k, v in facts.example.items() if k != "metadata"})
    example = orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode()
    return (
        f"{counts}\n\n"
        f"{facts.people} people ask; each is in one split only.\n\n"
        f"In the format of {format_.title}:\n\n{format_.usage(facts.outline)}\n\n"
        f"The first row, long texts cut:\n\n{fenced(example, 'json')}"
    )


def _clipped(value: Any) -> Any:
    match value:
        case str():
            return clip(value, _TEXT_CHARACTERS)
        case list():
            return [_clipped(item) for item in value]
        case Mapping():
            return {key: _clipped(item) for key, item in value.items()}
        case _:
            return value


def _making(facts: CardFacts) -> str:
    models = table(
        ("role", "model"),
        [(inline(role), ", ".join(map(inline, names))) for role, names in facts.models.items()],
    )
    return f"{_MAKING.format(ground=_GROUNDS[facts.dataset.ground])}\n\n{models}"


def _checks(funnel: Funnel) -> str:
    said = f"{funnel.accepted} of {funnel.tried} candidates were accepted."
    if not funnel.refused:
        return said
    rows = [(inline(check), str(count)) for check, count in funnel.refused.items()]
    return f"{said}\n\n{table(('refused by', 'candidates'), rows)}"


def _origin(facts: CardFacts) -> str:
    hashes = {
        "rows": facts.rows,
        "config": facts.config,
        "society": facts.origins.society,
        "data set": facts.origins.dataset,
        **{f"prompt {name}": sha for name, sha in sorted(facts.origins.prompts.items())},
    }
    rows = [(inline(name), inline(sha)) for name, sha in hashes.items()]
    return "SHA-256 of the rows, and of what they come from:\n\n" + table(("what", "SHA-256"), rows)
