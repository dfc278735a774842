"""Reads the header of a GGUF file, whoever wrote it; knows nothing about weights.

Every count and length is checked before it is used: a hostile file costs neither memory nor time.
Long arrays (vocabularies, merges) are stepped over, not read.
"""

from __future__ import annotations

import mmap
import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from characterglm.errors import ModelError

MAX_KEYS = 65_536
MAX_TENSORS = 65_536
MAX_TEXT = 1 << 24
"""Bytes of all names and texts together, stepped-over arrays not counted."""
MAX_ITEMS = 1 << 22
"""Items of all string arrays together; the largest vocabularies have a tenth of that."""
KEPT_ITEMS = 64
"""Arrays up to this length are read; longer ones are only described."""

_STRING, _ARRAY = 8, 9
_SCALARS = {
    code: struct.Struct("<" + letter)
    for code, letter in zip((0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12), "BbHhIif?Qqd", strict=True)
}
_LENGTH = struct.Struct("<Q")
_HEAD = struct.Struct("<4sIQQ")

# Tensor type → name, values in a block, bytes of a block.
_TENSOR_TYPES = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 30: ("BF16", 1, 2), 8: ("Q8_0", 32, 34),
    2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24),
    10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210),
}  # fmt: skip
# `general.file_type` → how the whole file is quantised.
_FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K",
    11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S",
    17: "Q5_K_M", 18: "Q6_K", 30: "IQ4_XS", 32: "BF16",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LongArray:
    """An array that was stepped over."""

    length: int


Scalar = bool | int | float | str
Value = Scalar | tuple[Scalar, ...] | LongArray


@dataclass(frozen=True, slots=True)
class GGUFHeader:
    """What a GGUF file says of itself; None or empty where it is silent."""

    version: int
    metadata: Mapping[str, Value]
    tensors: int
    parameters: int
    """Values in all tensors together."""
    quantization: str
    """E.g. `Q4_K_M`; guessed from the tensors where the file does not say."""

    @property
    def architecture(self) -> str:
        """E.g. `qwen2`, `llama`."""
        return self._text("general.architecture")

    @property
    def name(self) -> str:
        """The model's name for itself."""
        return self._text("general.name")

    @property
    def license(self) -> str:
        """Licence as the file states it, usually an SPDX id in lower case."""
        return self._text("general.license")

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages it claims to speak."""
        found = self.metadata.get("general.languages", ())
        return tuple(str(item) for item in found) if isinstance(found, tuple) else ()

    @property
    def context_length(self) -> int | None:
        """Tokens of context it was trained for."""
        return self._number(f"{self.architecture}.context_length")

    @property
    def chat_template(self) -> str:
        """The Jinja source of its own prompt format; untrusted."""
        return self._text("tokenizer.chat_template")

    @property
    def tokenizer(self) -> str:
        """Kind of tokenizer, e.g. `gpt2` (byte-level BPE), `llama` (SentencePiece)."""
        return self._text("tokenizer.ggml.model")

    @property
    def bos_id(self) -> int | None:
        """Token that opens a text."""
        return self._number("tokenizer.ggml.bos_token_id")

    @property
    def eos_id(self) -> int | None:
        """Token that ends a text."""
        return self._number("tokenizer.ggml.eos_token_id")

    @property
    def adapter(self) -> str:
        """`lora` if the file is an adapter for another model, else empty."""
        is_adapter = self._text("general.type") == "adapter"
        return self._text("adapter.type") if is_adapter else ""

    def _text(self, key: str) -> str:
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""

    def _number(self, key: str) -> int | None:
        value = self.metadata.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_header(path: Path) -> GGUFHeader:
    """Read the header of a GGUF file, version 2 or 3.

    Raises `ModelError` if the file is missing, no GGUF, damaged, or shorter than it says.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Reader(data).header()
    except (OSError, ValueError, OverflowError, struct.error) as error:
        what = "it ends inside its header" if isinstance(error, struct.error) else error
        raise ModelError(
            f"{path} cannot be read as a GGUF model: {what}. Needed is a complete .gguf file, "
            "version 2 or 3; `characterglm model list` shows models that can be pulled."
        ) from None


class _Reader:
    """A position in the file's bytes; raises ValueError or struct.error on anything amiss."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0
        self._texts = 0
        self._items = 0

    def header(self) -> GGUFHeader:
        if self._data[:4] != b"GGUF":
            raise ValueError("it does not begin with 'GGUF'")
        _, version, tensors, keys = self._unpack(_HEAD)
        if version not in (2, 3):
            raise ValueError(f"its version is {version}")
        _bound("metadata keys", keys, MAX_KEYS)
        _bound("tensors", tensors, MAX_TENSORS)
        metadata = {self._text(): self._value(self._number(4)) for _ in range(keys)}
        if len(metadata) < keys:
            raise ValueError("it repeats a metadata key")
        values = self._tensors(tensors, metadata)
        return GGUFHeader(
            version, metadata, tensors, values.total(), _quantization(metadata, values)
        )

    def _tensors(self, count: int, metadata: Mapping[str, Value]) -> Counter[int]:
        """Values per tensor type; checks that every tensor lies inside the file."""
        values: Counter[int] = Counter()
        end = 0
        for _ in range(count):
            self._text()
            dimensions = self._number(4)
            _bound("dimensions of a tensor", dimensions, 8)
            size = prod(self._number(10) for _ in range(dimensions))
            kind, offset = self._number(4), self._number(10)
            values[kind] += size
            _, block, block_bytes = _TENSOR_TYPES.get(kind, ("", 1, 0))
            end = max(end, offset + size // block * block_bytes)
        alignment = metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 1 <= alignment <= 1 << 20:
            raise ValueError(f"its alignment is {alignment!r}")
        if end:
            end += -(-self._at // alignment) * alignment
        if end > len(self._data):
            raise ValueError(f"it is cut off: {len(self._data):,} bytes of at least {end:,}")
        return values

    def _value(self, kind: int) -> Value:
        if kind != _ARRAY:
            return self._scalar(kind)
        item, length = self._number(4), self._number(10)
        if item == _ARRAY:
            raise ValueError("it has arrays inside arrays")
        if length <= KEPT_ITEMS:
            return tuple(self._scalar(item) for _ in range(length))
        self._skip(item, length)
        return LongArray(length)

    def _skip(self, item: int, length: int) -> None:
        if item != _STRING:
            self._step(length * _scalar_type(item).size)
            return
        self._items += length
        _bound("strings in arrays", self._items, MAX_ITEMS)
        data, at, read = self._data, self._at, _LENGTH.unpack_from
        for _ in range(length):  # 300,000 times in an ordinary model: kept bare
            at += 8 + read(data, at)[0]
        self._step(at - self._at)

    def _scalar(self, kind: int) -> Scalar:
        if kind == _STRING:
            return self._text()
        value: Scalar = self._unpack(_scalar_type(kind))[0]
        return value

    def _text(self) -> str:
        length = self._number(10)
        self._texts += length
        _bound("bytes of text", self._texts, MAX_TEXT)
        start = self._at
        self._step(length)
        return self._data[start : self._at].decode("utf-8", "replace")

    def _number(self, kind: int) -> int:
        return int(self._unpack(_SCALARS[kind])[0])

    def _unpack(self, shape: struct.Struct) -> tuple[Any, ...]:
        values = shape.unpack_from(self._data, self._at)
        self._at += shape.size
        return values

    def _step(self, count: int) -> None:
        if self._at + count > len(self._data):
            raise ValueError("it ends inside its header")
        self._at += count


def _scalar_type(kind: int) -> struct.Struct:
    if kind not in _SCALARS:
        raise ValueError(f"it has a value of the unknown type {kind}")
    return _SCALARS[kind]


def _bound(what: str, count: int, limit: int) -> None:
    if count > limit:
        raise ValueError(f"it announces {count:,} {what}; the limit is {limit:,}")


def _quantization(metadata: Mapping[str, Value], values: Counter[int]) -> str:
    stated = metadata.get("general.file_type")
    if isinstance(stated, int) and stated in _FILE_TYPES:
        return _FILE_TYPES[stated]
    commonest = values.most_common(1)
    return _TENSOR_TYPES.get(commonest[0][0], ("",))[0] if commonest else ""
