"""OpenAI's fine-tuning: chat rows, or `input`, `preferred_output` and `non_preferred_output`.

As its guides on supervised fine-tuning and on direct preference optimization describe it. A row
may hold nothing else, so where the rows come from stands in a file of its own; and there is no
place for thinking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from matrix_sim.export.formats.contracts import Outline, Row, Rows, json_lines
from matrix_sim.export.formats.line_format import LineFormat
from matrix_sim.export.formats.messages import plain
from matrix_sim.export.metadata import Metadata
from matrix_sim.export.samples import Sample
from matrix_sim.export.split import SplitName

PROVENANCE_FILE = "provenance.jsonl"


class OpenAI(LineFormat):
    """Rows without ids: line n of a split is line n of it in `provenance.jsonl`."""

    title = "OpenAI fine-tuning"

    def row(self, sample: Sample, metadata: Metadata, *, thinks: bool) -> Row:
        """`{messages}`, or `{input, preferred_output, non_preferred_output}`."""
        messages = [plain(turn) for turn in sample.messages]
        if sample.pair is None:
            return {"messages": messages}
        chosen, rejected = sample.pair
        return {
            "input": {"messages": messages},
            "preferred_output": [plain(chosen)],
            "non_preferred_output": [plain(rejected)],
        }

    def beside(self, outline: Outline, splits: Mapping[SplitName, Rows]) -> Mapping[str, bytes]:
        """`provenance.jsonl`."""
        return {PROVENANCE_FILE: b"".join(json_lines(_provenance(splits)))}

    def notes(self, outline: Outline) -> tuple[str, ...]:
        """That the thinking is lost."""
        left_out = "the thinking is left out: OpenAI's format has no place for it"
        return (left_out,) if outline.thinks else ()

    def usage(self, outline: Outline) -> str:
        """Uploading a file."""
        train = outline.splits.get("train", "train.jsonl")
        method = ', method={"type": "dpo"}' if outline.paired else ""
        return (
            "```python\n"
            "from openai import OpenAI\n\n"
            "client = OpenAI()\n"
            f'file = client.files.create(file=open("{train}", "rb"), purpose="fine-tune")\n'
            f'client.fine_tuning.jobs.create(training_file=file.id, model="MODEL"{method})\n'
            "```"
        )


def _provenance(splits: Mapping[SplitName, Rows]) -> Iterator[Row]:
    for split, rows in splits.items():
        for line, (sample, metadata) in enumerate(
            zip(rows.samples, rows.metadata, strict=True), start=1
        ):
            yield {"id": sample.id, "split": split, "line": line, "metadata": metadata}
