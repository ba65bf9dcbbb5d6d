"""LLaMA-Factory: its format `sharegpt` with the tags of messages, and a `dataset_info.json`.

As its `data/README.md` describes it: thinking inside the text, where its templates look for
`<think>`; of a preference, one message in `chosen` and one in `rejected`, and `ranking: true`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from matrix_sim.export.formats.contracts import Outline, Row, Rows
from matrix_sim.export.formats.line_format import LineFormat
from matrix_sim.export.formats.messages import all_inside, inside
from matrix_sim.export.metadata import Metadata
from matrix_sim.export.samples import Sample
from matrix_sim.export.split import SplitName

INFO_FILE = "dataset_info.json"


class LlamaFactory(LineFormat):
    """`dataset_dir` is the folder, `dataset` the data set's name; `NAME_test` is for testing."""

    title = "LLaMA-Factory"

    def row(self, sample: Sample, metadata: Metadata, *, thinks: bool) -> Row:
        """`{id, messages, metadata}`, of a preference with `chosen` and `rejected`."""
        row: dict[str, Any] = {"id": sample.id, "messages": all_inside(sample.messages)}
        if sample.pair is not None:
            row["chosen"], row["rejected"] = map(inside, sample.pair)
        return row | {"metadata": metadata}

    def beside(self, outline: Outline, splits: Mapping[SplitName, Rows]) -> Mapping[str, bytes]:
        """`dataset_info.json`."""
        info = {
            _name(outline, split): _entry(outline, file) for split, file in outline.splits.items()
        }
        return {INFO_FILE: orjson.dumps(info, option=orjson.OPT_INDENT_2) + b"\n"}

    def usage(self, outline: Outline) -> str:
        """As a part of its YAML."""
        test = f"\neval_dataset: {_name(outline, 'test')}" if "test" in outline.splits else ""
        stage = "dpo" if outline.paired else "sft"
        return (
            f"```yaml\nstage: {stage}\ndataset_dir: FOLDER\n"
            f"dataset: {_name(outline, 'train')}{test}\n```"
        )


def _name(outline: Outline, split: SplitName) -> str:
    return outline.label if split == "train" else f"{outline.label}_{split}"


def _entry(outline: Outline, file: str) -> dict[str, Any]:
    columns = ["messages", *(("chosen", "rejected") if outline.paired else ())]
    return {
        "file_name": file,
        "formatting": "sharegpt",
        **({"ranking": True} if outline.paired else {}),
        "columns": {name: name for name in columns},
        "tags": {
            "role_tag": "role",
            "content_tag": "content",
            "user_tag": "user",
            "assistant_tag": "assistant",
            "system_tag": "system",
        },
    }
