"""A data set in a trainer's format: a folder with a file a split, a card and what else it needs.

`OUT/NAME/FORMAT/{train,test}.jsonl`, `README.md`, and such as `dataset_info.json`. A folder
stands for itself: `load_dataset` finds the splits in it, and it can be pushed as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from matrix_sim.config import DatasetConfig, RunConfig
from matrix_sim.config.roles import model_of, society_roles
from matrix_sim.export.atomic import remove_file, write_file
from matrix_sim.export.card import CARD_FILE, CardFacts, card
from matrix_sim.export.format_names import FormatName
from matrix_sim.export.formats import FORMATS
from matrix_sim.export.formats.contracts import Format, Outline, Rows
from matrix_sim.export.metadata import metadata_of
from matrix_sim.export.samples import Origins, Sample, rows_sha256, samples_of
from matrix_sim.export.split import SPLITS, TEST_SHARE, PersonaSplit, SplitName
from matrix_sim.export.terms import terms_of
from matrix_sim.synthesis.funnel import funnel_of

if TYPE_CHECKING:
    from matrix_sim.export.finished import FinishedDataset, FinishedRun

EXPORTS = "exports"
"""The folder of all exports in a run directory."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A folder that was written."""

    name: str
    format: FormatName
    folder: Path
    files: tuple[str, ...]
    """What is in it, by name."""
    counts: Mapping[SplitName, int]
    """Rows of every split, the empty ones too."""
    rows: str
    """SHA-256 of the rows, whatever the format and the split."""
    notes: tuple[str, ...]
    """What the user should know about it."""

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "dataset": self.name,
            "format": self.format.value,
            "folder": str(self.folder),
            "files": list(self.files),
            "rows": dict(self.counts),
            "notes": list(self.notes),
        }


def samples_in(
    run: FinishedRun, dataset: FinishedDataset, test_share: float = TEST_SHARE
) -> tuple[Sample, ...]:
    """The rows of a data set so far, as all formats write them.

    Args:
        run: where it was made.
        dataset: which one.
        test_share: share of the people who are for testing.
    """
    split = PersonaSplit(run.config.seed, test_share)
    personas = terms_of(run.config.personas).personas
    origins = Origins(run.identity, dataset.identity, dataset.prompts, personas)
    return samples_of(dataset.config, dataset.candidates, run.society.members, origins, split)


def export_dataset(
    run: FinishedRun,
    dataset: FinishedDataset,
    format_name: FormatName,
    out: Path,
    *,
    test_share: float = TEST_SHARE,
    licence: str | None = None,
) -> Exported | None:
    """Write a data set in one format; None, and nothing is written, where it has no rows yet.

    Args:
        run: where it was made.
        dataset: which one.
        format_name: for whom.
        out: the folder of all exports; the files go to `out/NAME/FORMAT`.
        test_share: share of the people who are for testing.
        licence: of the data set, as the Hugging Face hub abbreviates it; the personas' without it.

    Raises:
        UsageError: a file cannot be written.
    """
    samples = samples_in(run, dataset, test_share)
    if not samples:
        return None
    terms = terms_of(run.config.personas)
    format_ = FORMATS[format_name]
    thinks = dataset.config.thinks
    by_split = _by_split(samples, thinks=thinks)
    filled = {name: rows for name, rows in by_split.items() if rows.samples}
    files = {name: f"{name}.{format_.suffix}" for name in filled}
    outline = Outline(dataset.config.label, samples[0].pair is not None, thinks, files)
    counts = {name: len(by_split[name].samples) for name in SPLITS}
    facts = CardFacts(
        run=run.config.name,
        language=run.config.language,
        dataset=dataset.config,
        outline=outline,
        counts=counts,
        people=len({sample.persona for sample in samples}),
        models=_models(run.config, dataset.config, samples),
        terms=terms,
        licence=licence or terms.licence,
        origins=samples[0].provenance.origins,
        config=run.config_sha256(dataset),
        rows=rows_sha256(samples),
        funnel=funnel_of(dataset.candidates, dataset.config.count),
        example=format_.example(next(iter(filled.values()))),
    )
    folder = out / outline.label / format_name.value
    written = _write(folder, format_, filled, facts)
    notes = (*format_.notes(outline), *_notes(facts, test_share))
    return Exported(outline.label, format_name, folder, written, counts, facts.rows, notes)


def _write(
    folder: Path, format_: Format, filled: Mapping[SplitName, Rows], facts: CardFacts
) -> tuple[str, ...]:
    """Write all files of a folder, and remove a split's that has no rows any more."""
    files = facts.outline.splits
    for name in SPLITS:
        if name not in files:
            remove_file(folder / f"{name}.{format_.suffix}")
    for name, file in files.items():
        write_file(folder / file, format_.parts(filled[name]))
    beside = {**format_.beside(facts.outline, filled), CARD_FILE: card(facts, format_).encode()}
    for file, content in beside.items():
        write_file(folder / file, (content,))
    return (*files.values(), *beside)


def _by_split(samples: tuple[Sample, ...], *, thinks: bool) -> dict[SplitName, Rows]:
    told = tuple(zip(samples, metadata_of(samples), strict=True))
    return {
        name: Rows(
            tuple(sample for sample, _ in told if sample.split == name),
            tuple(metadata for sample, metadata in told if sample.split == name),
            thinks,
        )
        for name in SPLITS
    }


def _models(
    config: RunConfig, dataset: DatasetConfig, samples: Iterable[Sample]
) -> dict[str, list[str]]:
    """By role who played it; of answers, what their endpoints call the model."""
    answered: dict[str, dict[str, None]] = {}
    for sample in samples:
        for role, model in sample.provenance.models.items():
            answered.setdefault(role, {})[model] = None
    return {
        role.value: [*answered.get(role.value, [model_of(config.models, role).label or "stub"])]
        for role in dict.fromkeys((*society_roles(config.models), *dataset.roles))
    }


def _notes(facts: CardFacts, test_share: float) -> tuple[str, ...]:
    notes = []
    rows, wanted = sum(facts.counts.values()), facts.dataset.count
    if rows < wanted:
        notes.append(f"{rows} of the {wanted} rows that were asked for")
    for name, count in facts.counts.items():
        if not count and (name == "train" or test_share > 0):
            notes.append(
                f"no row is for '{name}', and there is no such file: of {facts.people} people "
                f"none falls there with --test-share {test_share:g}"
            )
    return tuple(notes)
