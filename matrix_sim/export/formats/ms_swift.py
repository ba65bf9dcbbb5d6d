"""ms-swift: `messages`, of a preference with `rejected_response` beside the better answer.

As its page "Custom dataset" describes it; thinking inside the text, in `<think>`.
"""

from __future__ import annotations

from typing import Any

from matrix_sim.export.formats.contracts import Outline, Row
from matrix_sim.export.formats.line_format import LineFormat
from matrix_sim.export.formats.messages import all_inside, inside, thought
from matrix_sim.export.metadata import Metadata
from matrix_sim.export.samples import Sample


class MsSwift(LineFormat):
    """A file is its own data set: nothing has to be registered."""

    title = "ms-swift"

    def row(self, sample: Sample, metadata: Metadata, *, thinks: bool) -> Row:
        """`{id, messages, metadata}`, of a preference with `rejected_response`."""
        messages = all_inside(sample.messages)
        row: dict[str, Any] = {"id": sample.id, "messages": messages}
        if sample.pair is not None:
            chosen, rejected = sample.pair
            messages.append(inside(chosen))
            row["rejected_response"] = thought(rejected)
        return row | {"metadata": metadata}

    def usage(self, outline: Outline) -> str:
        """On the command line."""
        verb = "rlhf --rlhf_type dpo" if outline.paired else "sft"
        test = f" --val_dataset FOLDER/{outline.splits['test']}" if "test" in outline.splits else ""
        train = outline.splits.get("train", "train.jsonl")
        return f"```sh\nswift {verb} --model MODEL --dataset FOLDER/{train}{test}\n```"
