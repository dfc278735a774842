"""The header reader on files that llama.cpp's own tools wrote."""

from __future__ import annotations

from pathlib import Path

from characterglm.models import registry
from characterglm.models.gguf import LongArray, read_header
from characterglm.models.partial import sha256_of


def test_the_small_model_is_the_registrys(small_model: Path) -> None:
    spec = registry()["smollm2-135m"]
    assert sha256_of(small_model) == spec.file.sha256
    header = read_header(small_model)
    assert (header.architecture, header.quantization) == ("llama", "Q4_1")
    assert header.license.lower() == spec.license.lower()
    assert header.context_length == spec.context
    assert header.languages == spec.languages
    assert (header.bos_id, header.eos_id, header.parameters) == (1, 2, 134_515_008)


def test_the_chinese_model_is_the_registrys(chinese_model: Path) -> None:
    header = read_header(chinese_model)
    assert (header.architecture, header.quantization) == ("qwen2", "Q4_K_M")
    assert header.context_length == registry()["qwen2.5-coder-0.5b"].context
    assert header.metadata["tokenizer.ggml.tokens"] == LongArray(151_936)
    assert "<|im_start|>" in header.chat_template
