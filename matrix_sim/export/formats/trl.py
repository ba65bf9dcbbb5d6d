"""TRL: `messages` for SFT, `prompt`, `chosen` and `rejected` for DPO.

Field names as TRL 1.16 has them (its page "Dataset formats and types"); the thinking stays apart
as `reasoning_content`, which chat templates put where their model wants it.
"""

from __future__ import annotations

from matrix_sim.export.formats.contracts import Outline, Row
from matrix_sim.export.formats.line_format import LineFormat
from matrix_sim.export.formats.messages import all_apart, apart, plain
from matrix_sim.export.metadata import Metadata
from matrix_sim.export.samples import Sample


class Trl(LineFormat):
    """Conversational rows."""

    title = "TRL"

    def row(self, sample: Sample, metadata: Metadata, *, thinks: bool) -> Row:
        """`{id, messages, metadata}`, or `{id, prompt, chosen, rejected, metadata}`."""
        return conversational(sample, thinks=thinks) | {"metadata": metadata}

    def usage(self, outline: Outline) -> str:
        """With `SFTTrainer` or `DPOTrainer`."""
        trainer = "DPOTrainer" if outline.paired else "SFTTrainer"
        test = ', eval_dataset=rows["test"]' if "test" in outline.splits else ""
        return (
            "```python\n"
            "from datasets import load_dataset\n"
            f"from trl import {trainer}\n\n"
            'rows = load_dataset("PATH_OR_REPO")\n'
            f'{trainer}("MODEL", train_dataset=rows["train"]{test}).train()\n'
            "```"
        )


def conversational(sample: Sample, *, thinks: bool) -> dict[str, object]:
    """A sample in messages, with the thinking apart."""
    if sample.pair is None:
        return {"id": sample.id, "messages": all_apart(sample.messages, thinks=thinks)}
    chosen, rejected = sample.pair
    return {
        "id": sample.id,
        "prompt": all_apart(sample.messages, thinks=thinks),
        "chosen": [apart(chosen, thinks=thinks)],
        # The weaker model is not asked to think, so there is none that could be told from "none".
        "rejected": [plain(rejected)],
    }
