"""Axolotl: `type: chat_template`, and the section of its YAML that reads the files.

For SFT the thinking stays apart as `reasoning_content`, which is its `field_thinking`. Its DPO
loader (`chat_template.default`) takes of a message `role` and `content` alone, so there the
thinking is inside the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from matrix_sim.export.formats.contracts import Outline, Row, Rows
from matrix_sim.export.formats.line_format import LineFormat
from matrix_sim.export.formats.messages import all_apart, all_inside, inside
from matrix_sim.export.metadata import Metadata
from matrix_sim.export.samples import Sample
from matrix_sim.export.split import SplitName

SECTION_FILE = "axolotl.yaml"
_HEAD = """\
# A part of a config of Axolotl: put it beside base_model and the rest.
# The paths start from the folder in which axolotl is called.
"""


class Axolotl(LineFormat):
    """Rows with `messages`; of a preference, with the message `chosen` and `rejected`."""

    title = "Axolotl"

    def row(self, sample: Sample, metadata: Metadata, *, thinks: bool) -> Row:
        """`{id, messages, metadata}`, of a preference with `chosen` and `rejected`."""
        if sample.pair is None:
            messages = all_apart(sample.messages, thinks=thinks)
            return {"id": sample.id, "messages": messages, "metadata": metadata}
        chosen, rejected = sample.pair
        return {
            "id": sample.id,
            "messages": all_inside(sample.messages),
            "chosen": inside(chosen),
            "rejected": inside(rejected),
            "metadata": metadata,
        }

    def beside(self, outline: Outline, splits: Mapping[SplitName, Rows]) -> Mapping[str, bytes]:
        """`axolotl.yaml`."""
        return {SECTION_FILE: (_HEAD + _section(outline)).encode()}

    def usage(self, outline: Outline) -> str:
        """The same section."""
        return f"```yaml\n{_section(outline)}```"


def _section(outline: Outline) -> str:
    keys: dict[SplitName, str] = {"train": "datasets", "test": "test_datasets"}
    section: dict[str, Any] = {"rl": "dpo"} if outline.paired else {}
    section |= {
        keys[split]: [{"path": file, "ds_type": "json", "split": "train", **_reading(outline)}]
        for split, file in outline.splits.items()
    }
    return yaml.safe_dump(section, sort_keys=False, allow_unicode=True)


def _reading(outline: Outline) -> dict[str, str]:
    if outline.paired:
        return {
            "type": "chat_template.default",
            "field_messages": "messages",
            "field_chosen": "chosen",
            "field_rejected": "rejected",
        }
    reading = {"type": "chat_template", "field_messages": "messages"}
    if outline.thinks:
        reading |= {
            "field_thinking": "reasoning_content",
            "template_thinking_key": "reasoning_content",
        }
    return reading
