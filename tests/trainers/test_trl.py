"""TRL itself on what was exported for it: it understands the rows, and trains on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from matrix_sim.export.dataset import export_dataset
from matrix_sim.export.format_names import FormatName
from tests.support.finished_runs import ANSWER, PEOPLE, QUESTION, THINKING, WORSE, a_dataset, a_run

pytestmark = [pytest.mark.trainers, pytest.mark.timeout(300)]

ASKED = f"<|im_start|>user\n{QUESTION}（0）<|im_end|>\n"
THOUGHT = f"<|im_start|>assistant\n<think>\n{THINKING}\n</think>\n\n{ANSWER}<|im_end|>\n"
SAID = f"<|im_start|>assistant\n{ANSWER}<|im_end|>\n"


def rows_of(out: Path, kind: str, format_: str = "trl", **more: Any) -> Any:
    """As a user loads them, from the folder."""
    from datasets import load_dataset

    dataset = a_dataset(kind, **more)
    made = export_dataset(a_run(dataset), dataset, FormatName(format_), out, test_share=0.0)
    assert made is not None
    return load_dataset(str(made.folder), split="train", cache_dir=str(out / "cache"))


def settings(out: Path) -> dict[str, Any]:
    return {
        "output_dir": str(out / "model"),
        "max_steps": 2,
        "per_device_train_batch_size": 2,
        "max_length": 2048,
        "report_to": [],
        "use_cpu": True,
        "save_strategy": "no",
        "disable_tqdm": True,
    }


@pytest.mark.parametrize(
    ("kind", "thinks", "text"),
    [
        ("sft", False, ASKED + SAID),
        ("code", False, ASKED + SAID),
        ("reason", True, ASKED + THOUGHT),
        (
            "dialogue",
            True,
            f"{ASKED}{THOUGHT}<|im_start|>user\nもっと簡単なのは？<|im_end|>\n{THOUGHT}",
        ),
    ],
)
def test_a_row_is_the_text_that_the_chat_template_makes_of_it(
    tmp_path: Path, tokenizer: Any, kind: str, thinks: bool, text: str
) -> None:
    from trl import apply_chat_template, is_conversational

    row = rows_of(tmp_path, kind, reasoning=thinks)[0]
    assert is_conversational(row)
    assert apply_chat_template(row, tokenizer)["text"] == text


def test_a_preference_is_a_prompt_and_two_completions(tmp_path: Path, tokenizer: Any) -> None:
    from trl import apply_chat_template, is_conversational

    row = rows_of(tmp_path, "dpo", reasoning=True)[0]
    assert is_conversational(row)
    told = apply_chat_template(row, tokenizer)
    assert told["prompt"] == f"{ASKED}<|im_start|>assistant\n"
    assert told["prompt"] + told["chosen"] == ASKED + THOUGHT
    assert told["rejected"] == f"{WORSE}<|im_end|>\n"


@pytest.mark.parametrize("format_", ["trl", "parquet", "axolotl"])
def test_sft_trains_on_dialogues_with_thinking(
    tmp_path: Path, tokenizer: Any, model: str, format_: str
) -> None:
    from trl import SFTConfig, SFTTrainer

    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(**settings(tmp_path)),
        train_dataset=rows_of(tmp_path, "dialogue", format_, reasoning=True),
        processing_class=tokenizer,
    )
    (row, *_) = prepared = list(trainer.train_dataset)
    assert len(prepared) == PEOPLE
    assert tokenizer.decode(row["input_ids"]).startswith(ASKED + THOUGHT)
    assert trainer.train().training_loss > 0


def test_dpo_trains_on_preferences(tmp_path: Path, tokenizer: Any, model: str) -> None:
    from trl import DPOConfig, DPOTrainer

    trainer = DPOTrainer(
        model=model,
        args=DPOConfig(**settings(tmp_path)),
        train_dataset=rows_of(tmp_path, "dpo", reasoning=True),
        processing_class=tokenizer,
    )
    (row, *_) = list(trainer.train_dataset)
    ids = {name: tokenizer.decode(row[f"{name}_ids"]) for name in ("prompt", "chosen", "rejected")}
    assert ids["prompt"] == f"{ASKED}<|im_start|>assistant\n"
    assert THINKING in ids["chosen"]
    assert ids["rejected"] == f"{WORSE}<|im_end|>\n"
    assert trainer.train().training_loss > 0
