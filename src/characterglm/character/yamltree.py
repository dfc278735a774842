"""YAML text → plain data, and the line on which each value stands.

Knows YAML and the limits on hostile input; nothing about characters. Stricter than PyYAML's own
loader: duplicate keys, tags and deep nesting are refused, aliases are counted as often as they
are used, and an unquoted scalar is a null, a boolean or a number only if JSON would say the same
and writing it back gives the same characters. So `no`, `on`, `12:30`, `007` and `1.10` are texts.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from characterglm.errors import InputError, Problem, ValidationFailed

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
"""libyaml's own composer overflows the C stack at a few thousand levels; this one cannot."""
MAX_NODES = 200_000
"""Values of a document, each alias counted with everything that it stands for."""
MAX_REPORTED = 20
"""Forbidden characters listed; a binary file would give thousands."""

Path = tuple[str | int, ...]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?(e[+-]\d{1,3})?")
_LITERALS = {"": None, "~": None, "null": None, "true": True, "false": False}
_PLAIN_TAGS = {None, "!", "tag:yaml.org,2002:str"}
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML 1.2 (section 5.1) calls not printable."""


@dataclass
class Tree:
    """A document as plain data."""

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    """1-based line of each value, by its path in `data`."""
    problems: list[Problem] = field(default_factory=list)
    """What is wrong with the YAML although it could be read."""

    def line(self, path: Path) -> int | None:
        """The line of a value, or of the nearest thing around it that the file holds."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


def resolve(text: str) -> str | int | float | bool | None:
    """What an unquoted scalar means."""
    if text in _LITERALS:
        return _LITERALS[text]
    if not _NUMBER.fullmatch(text):
        return text
    number = int(text) if text.lstrip("-").isdigit() else float(text)
    return number if str(number) == text else text


def load(text: str, file: str = "") -> Tree:
    """Read one document; `ValidationFailed` where it is no YAML or goes beyond the limits."""
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise InputError(f"{file or 'the text'} is larger than {MAX_BYTES // 1024} KB")
    _check_characters(text, file)
    try:
        return _Composer(text, file).document()
    except yaml.YAMLError as error:
        raise _failure(file, *_explain(error)) from None


def _failure(file: str, message: str, line: int | None) -> ValidationFailed:
    return ValidationFailed(file or "the text", [Problem(message, file=file, line=line)])


def _check_characters(text: str, file: str) -> None:
    problems = []
    for hit in _FORBIDDEN.finditer(text):
        line = text.count("\n", 0, hit.start()) + 1
        message = f"the control character U+{ord(hit.group()):04X} is not allowed here"
        problems.append(Problem(message, file=file, line=line))
        if len(problems) == MAX_REPORTED:
            break
    if problems:
        raise ValidationFailed(file or "the text", problems)


def _explain(error: yaml.YAMLError) -> tuple[str, int | None]:
    problem = getattr(error, "problem", None) or str(error)
    context = getattr(error, "context", None)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    message = f"not valid YAML: {problem}" + (f" {context}" if context else "")
    if "cannot start any token" in message:
        message += "; put the text in quotes"
    elif "mapping values are not allowed" in message:
        message += "; a text with ': ' in it needs quotes"
    return message, mark.line + 1 if mark else None


class _Composer:
    """Builds data from libyaml's events, which are made without recursion."""

    def __init__(self, text: str, file: str) -> None:
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))
        self._file = file
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._tree = Tree()

    def document(self) -> Tree:
        next(self._events)  # the start of the stream
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return self._tree
        self._tree.data = self._value(next(self._events), ())
        next(self._events)  # the end of the document
        if not isinstance(event := next(self._events), yaml.StreamEndEvent):
            raise self._stop("a second document begins here; a file holds one", event)
        return self._tree

    def _value(self, event: Any, path: Path) -> Any:
        self._tree.lines.setdefault(path, event.start_mark.line + 1)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before = self._nodes
        self._count(1, event)
        if len(path) > MAX_DEPTH:
            raise self._stop(f"nested more than {MAX_DEPTH} levels deep", event)
        self._check_tag(event, path)
        value = self._content(event, path)
        if event.anchor:
            self._anchors[event.anchor] = (value, self._nodes - before)
        return value

    def _content(self, event: Any, path: Path) -> Any:
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return resolve(event.value) if event.implicit[0] else event.value

    def _mapping(self, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in result:
                self._note(f"the key '{key}' stands twice", event, (*path, key))
                self._value(next(self._events), (*path, key))
                continue
            self._tree.lines[*path, key] = event.start_mark.line + 1
            result[key] = self._value(next(self._events), (*path, key))
        return result

    def _key(self, event: Any) -> str:
        self._count(1, event)
        if not isinstance(event, yaml.ScalarEvent) or event.anchor:
            raise self._stop("a key must be a plain text", event)
        return str(event.value)

    def _sequence(self, path: Path) -> list[Any]:
        result: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            result.append(self._value(event, (*path, len(result))))
        return result

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise self._stop(f"*{event.anchor} refers to nothing above it", event)
        value, size = self._anchors[event.anchor]
        self._count(size, event)
        return copy.deepcopy(value)

    def _count(self, nodes: int, event: Any) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise self._stop(f"more than {MAX_NODES} values, aliases counted in full", event)

    def _check_tag(self, event: Any, path: Path) -> None:
        if event.tag not in _PLAIN_TAGS:
            name = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._note(f"the tag {name} is not supported; leave it out", event, path)

    def _note(self, message: str, event: Any, path: Path) -> None:
        where = ".".join(map(str, path))
        line = event.start_mark.line + 1
        self._tree.problems.append(Problem(message, where, self._file, line))

    def _stop(self, message: str, event: Any) -> ValidationFailed:
        return _failure(self._file, message, event.start_mark.line + 1)
