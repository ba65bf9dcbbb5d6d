"""Exports that are not what the data sets of a run are now: found, and left as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from matrix_sim.export.card import CARD_FILE
from matrix_sim.export.format_names import FormatName

_FORMATS = frozenset(one.value for one in FormatName)


@dataclass(frozen=True, slots=True)
class Stale:
    """A folder of an earlier state."""

    name: str
    """Of its data set."""
    format: FormatName
    folder: Path
    gone: bool
    """Whether the config has no such data set any more."""

    @property
    def reason(self) -> str:
        """Why it is none of the current ones, and what to do."""
        if self.gone:
            return f"is as it was left: the config has no data set '{self.name}' now"
        return (
            f"holds other rows than '{self.name}' has now; "
            f"'matrix-sim export RUN --format {self.format.value} --dataset {self.name}' "
            "writes it anew"
        )

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {
            "dataset": self.name,
            "format": self.format.value,
            "folder": str(self.folder),
            "reason": self.reason,
        }


def stale_exports(
    out: Path, names: Collection[str], rows: Mapping[str, str | None]
) -> tuple[Stale, ...]:
    """The folders in `out` that a user might take for current ones.

    Args:
        out: the folder of all exports.
        names: of all data sets that the run has.
        rows: by name the SHA-256 of what the rows are now, None where there are none; of the data
            sets that are left out, nothing is said.
    """
    return tuple(_found(out, names, rows))


def _found(out: Path, names: Collection[str], rows: Mapping[str, str | None]) -> Iterator[Stale]:
    for card in sorted(out.glob(f"*/*/{CARD_FILE}")):
        name, format_name = card.parent.parent.name, card.parent.name
        if format_name not in _FORMATS:
            continue
        stale = Stale(name, FormatName(format_name), card.parent, gone=name not in names)
        if stale.gone or (name in rows and not _tells(card, rows[name])):
            yield stale


def _tells(card: Path, rows: str | None) -> bool:
    """Whether a card says that these are the rows beside it."""
    return rows is not None and rows in card.read_text("utf-8", "replace")
