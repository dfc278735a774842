"""The GGUF header reader: what it finds, and what it refuses."""

from __future__ import annotations

import contextlib
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from characterglm.errors import ModelError
from characterglm.models.gguf import GGUFHeader, LongArray, read_header

Build = Callable[..., bytes]

METADATA = {
    "general.architecture": "qwen2",
    "general.name": "玩具 Toy",
    "general.license": "apache-2.0",
    "general.languages": ["zh", "en"],
    "general.file_type": 15,
    "qwen2.context_length": 4096,
    "qwen2.rope.freq_base": 10000.0,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.tokens": [f"词{n}" for n in range(500)],
    "tokenizer.ggml.token_type": [1] * 500,
    "tokenizer.ggml.add_bos_token": False,
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
    "tokenizer.chat_template": "{% for m in messages %}{{ m }}{% endfor %}",
}


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], GGUFHeader]:
    def read_bytes(data: bytes) -> GGUFHeader:
        path = tmp_path / "x.gguf"
        path.write_bytes(data)
        return read_header(path)

    return read_bytes


Read = Callable[[bytes], GGUFHeader]


@pytest.mark.parametrize("version", [2, 3])
def test_it_reads_what_the_file_says_of_itself(read: Read, gguf: Build, version: int) -> None:
    header = read(gguf(METADATA, {"a": (4, 8), "b": (5,)}, version=version))
    assert (header.version, header.tensors, header.parameters) == (version, 2, 37)
    assert (header.architecture, header.name, header.license) == ("qwen2", "玩具 Toy", "apache-2.0")
    assert header.languages == ("zh", "en")
    assert header.context_length == 4096
    assert header.quantization == "Q4_K_M"
    assert (header.tokenizer, header.bos_id, header.eos_id) == ("gpt2", 1, 2)
    assert header.chat_template.startswith("{% for")
    assert header.adapter == ""
    assert header.metadata["qwen2.rope.freq_base"] == 10000.0
    assert header.metadata["tokenizer.ggml.add_bos_token"] is False


def test_long_arrays_are_stepped_over(read: Read, gguf: Build) -> None:
    metadata = read(gguf(METADATA)).metadata
    assert metadata["tokenizer.ggml.tokens"] == LongArray(500)
    assert metadata["tokenizer.ggml.token_type"] == LongArray(500)


def test_a_silent_file_gives_empty_answers(read: Read, gguf: Build) -> None:
    header = read(gguf({}))
    assert (header.architecture, header.name, header.license, header.chat_template) == ("",) * 4
    assert header.context_length is None
    assert header.languages == ()


def test_a_value_of_the_wrong_type_counts_as_silence(read: Read, gguf: Build) -> None:
    header = read(gguf({"general.name": 5, "tokenizer.ggml.eos_token_id": "two"}))
    assert header.name == ""
    assert header.eos_id is None


def test_quantization_is_guessed_from_the_tensors(read: Read, gguf: Build) -> None:
    assert read(gguf({}, {"a": (32,)}, kind=8)).quantization == "Q8_0"
    assert read(gguf({})).quantization == ""


def test_an_adapter_says_so(read: Read, gguf: Build) -> None:
    header = read(gguf({"general.type": "adapter", "adapter.type": "lora"}))
    assert header.adapter == "lora"


def _head(keys: int = 0, tensors: int = 0, magic: bytes = b"GGUF", version: int = 3) -> bytes:
    return struct.pack("<4sIQQ", magic, version, tensors, keys)


KEY = struct.pack("<Q", 1) + b"k"
HUGE = 1 << 62


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"GGUF", "ends inside"),
        (_head(magic=b"PK\3\4"), "begin with 'GGUF'"),
        (_head(version=1), "version is 1"),
        (struct.pack(">4sIQQ", b"GGUF", 3, 0, 0), "version is"),
        (_head(keys=HUGE), "metadata keys"),
        (_head(tensors=HUGE), "tensors"),
        (_head(keys=1), "ends inside"),
        (_head(keys=1) + struct.pack("<Q", HUGE), "bytes of text"),
        (_head(keys=1) + struct.pack("<Q", 1 << 20), "ends inside"),
        (_head(keys=1) + KEY + struct.pack("<I", 99), "unknown type 99"),
        (_head(keys=1) + KEY + struct.pack("<IIQ", 9, 4, HUGE), "ends inside"),
        (_head(keys=1) + KEY + struct.pack("<IIQ", 9, 8, HUGE), "strings in arrays"),
        (_head(keys=1) + KEY + struct.pack("<IIQ", 9, 8, 1000), "ends inside"),
        (_head(keys=1) + KEY + struct.pack("<IIQQ", 9, 8, 100, HUGE), "ends inside"),
        (_head(keys=1) + KEY + struct.pack("<IIQ", 9, 9, 3), "arrays inside arrays"),
        (_head(keys=1) + KEY + struct.pack("<IIQ", 9, 77, 100), "unknown type 77"),
        (_head(keys=2) + (KEY + struct.pack("<IB", 0, 1)) * 2, "repeats"),
        (_head(tensors=1) + KEY + struct.pack("<I", 1 << 30), "dimensions"),
    ],
)
def test_a_hostile_file_is_refused(read: Read, data: bytes, says: str) -> None:
    tracemalloc.start()
    with pytest.raises(ModelError, match=says) as caught:
        read(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
    assert "x.gguf" in str(caught.value)


def test_a_file_that_was_cut_off_is_refused(read: Read, gguf: Build) -> None:
    whole = gguf(METADATA, {"a": (100, 100)})
    with pytest.raises(ModelError, match="cut off"):
        read(whole[:-1])
    assert read(whole).parameters == 10_000


@pytest.mark.parametrize("alignment", [0, 1 << 31, "x"])
def test_a_nonsensical_alignment_is_refused(read: Read, gguf: Build, alignment: object) -> None:
    with pytest.raises(ModelError, match="alignment"):
        read(gguf({"general.alignment": alignment}))


def test_a_missing_file_and_a_directory_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.gguf", tmp_path):
        with pytest.raises(ModelError, match="cannot be read"):
            read_header(path)


anywhere = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@anywhere
@given(data=st.binary(max_size=400), headed=st.booleans())
def test_no_bytes_break_the_reader(read: Read, data: bytes, headed: bool) -> None:
    with contextlib.suppress(ModelError):
        read(_head(keys=3, tensors=1) + data if headed else data)


@anywhere
@given(at=st.integers(0, 4000), replaced=st.binary(min_size=1, max_size=8))
def test_no_damage_breaks_the_reader(read: Read, gguf: Build, at: int, replaced: bytes) -> None:
    whole = bytearray(gguf(METADATA, {"a": (2, 2)}))
    at %= len(whole)
    whole[at : at + len(replaced)] = replaced
    try:
        header = read(bytes(whole))
    except ModelError:
        return
    assert header.version in (2, 3)
