"""A model that is small enough to train in a test, with a chat template of the usual kind."""

from __future__ import annotations

from typing import Any

import pytest

MARKS = ("<|im_start|>", "<|im_end|>", "<|pad|>")
TEMPLATE = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{% if message.role == 'assistant' and message.reasoning_content %}<think>
{{ message.reasoning_content }}
</think>

{% endif %}{{ message.content }}<|im_end|>
{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
"""ChatML that writes thinking out wherever there is some, also of earlier turns."""


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    """A token a byte, so that every text comes back as it went in."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytes_alone = models.BPE(vocab={byte: n for n, byte in enumerate(alphabet)}, merges=[])
    plain = Tokenizer(bytes_alone)
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    plain.decoder = decoders.ByteLevel()
    plain.add_special_tokens([AddedToken(mark, special=True) for mark in MARKS])
    made = PreTrainedTokenizerFast(
        tokenizer_object=plain, eos_token=MARKS[1], pad_token=MARKS[2], model_max_length=2048
    )
    made.chat_template = TEMPLATE
    return made


@pytest.fixture(scope="session")
def model(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of one layer with weights by chance; DPO loads it twice."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    folder = str(tmp_path_factory.mktemp("model"))
    made = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=2048,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
    )
    made.save_pretrained(folder)
    return folder
