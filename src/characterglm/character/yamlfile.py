"""Characters, and other documents of ours, as YAML files.

Knows files, encodings and the order of the schema's fields; nothing about databases or models.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from characterglm.character import yamltree
from characterglm.character.schema import Character
from characterglm.character.wording import problems_of
from characterglm.errors import InputError, NotFound, Problem, ValidationFailed

Model = TypeVar("Model", bound=BaseModel)

_WIDTH = 88
"""A line ends at the first space beyond this column."""
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_character(path: Path) -> Character:
    """The character in a file; raises `ValidationFailed` with every problem of the file."""
    return read_as(Character, path)


def parse_character(text: str, file: str = "") -> Character:
    """The character in a text; `file` is the name that problems are reported under."""
    return parse_as(Character, text, file)


def read_as(model: type[Model], path: Path) -> Model:
    """A document of any of our models from a file."""
    return parse_as(model, read_text(path), str(path))


def parse_as(model: type[Model], text: str, file: str = "") -> Model:
    """A document of any of our models from a text."""
    return parse_tree(model, text, file)[0]


def parse_tree(model: type[Model], text: str, file: str = "") -> tuple[Model, yamltree.Tree]:
    """The same, with the tree that knows the line of every field."""
    tree = yamltree.load(text, file)
    problems = list(tree.problems)
    try:
        document = model.model_validate({} if tree.data is None else tree.data)
    except ValidationError as error:
        problems += [
            Problem(message, dotted(path), file, tree.line(path))
            for path, message in problems_of(error, model, tree.data)
        ]
    if problems:
        raise ValidationFailed(file or "the text", sorted(problems, key=lambda p: p.line or 0))
    return document, tree


def dotted(path: yamltree.Path) -> str:
    """A path as people write it: `behaviors.linguistic.catchphrases.2`."""
    return ".".join(map(str, path))


def read_text(path: Path) -> str:
    """The text of a UTF-8 file of at most 1 MB; says which encoding it looks like otherwise."""
    try:
        with path.open("rb") as stream:
            data = stream.read(yamltree.MAX_BYTES + 4)
    except FileNotFoundError:
        raise NotFound("file", str(path)) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > yamltree.MAX_BYTES + 3:
        raise InputError(f"{path} is larger than {yamltree.MAX_BYTES // 1024} KB")
    return decode(data, str(path), _CONVERT.format(name=path.name, encoding="{encoding}"))


_CONVERT = (
    "Save it as UTF-8 in your editor, or type: iconv -f {encoding} -t UTF-8 {name} > utf8-{name}"
)


def decode(data: bytes, name: str, convert: str) -> str:
    """The text of some UTF-8 bytes; says which encoding they look like otherwise.

    `name` is what the message calls them, `convert` says how to convert them from `{encoding}`.
    """
    if data.startswith(_UTF16) or data[:64].count(0) > len(data[:64]) // 4:
        raise InputError(_not_utf8(name, "UTF-16", convert))
    if b"\0" in data:
        raise InputError(f"{name} is not text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = f"byte {error.start} is not UTF-8"
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        raise InputError(f"{name} is not a UTF-8 text: {where}") from None
    raise InputError(_not_utf8(name, "GB18030", convert))


def _not_utf8(name: str, encoding: str, convert: str) -> str:
    shown = "GBK" if encoding == "GB18030" else encoding
    how = convert.replace("{encoding}", encoding)
    return f"{name} looks like {shown}; it must be UTF-8. {how}"


def write_character(character: Character) -> str:
    """A character as YAML: the schema's order, no defaults, every script as itself."""
    return write_as(character)


def write_as(document: BaseModel) -> str:
    """Any of our documents as YAML that `parse_as` reads back equal."""
    data = document.model_dump(mode="json", exclude_defaults=True)
    return yaml.dump(
        data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_WIDTH, indent=2
    )


class _Dumper(yaml.SafeDumper):
    """Quotes all that any YAML reader, of 1.1 or 1.2, could take for something but text.

    PyYAML's own emitter, not libyaml's, which escapes every character beyond the BMP (emoji).
    """

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent the items of a list under their key."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Write equal values twice rather than as anchors and aliases."""
        return True


_ODD_BREAKS = re.compile("[\r\x85\u2028\u2029]")
"""Line breaks of YAML 1.1 that only double quotes carry unchanged."""
_CLEAN_LINES = re.compile(r"(?:\S(?:[^\n]*\S)?\n+)*\S(?:[^\n]*\S)?")
"""Lines that a literal block holds as they are: no space at either end of a line."""
_PROSE = re.compile(r"\S+(?: \S+)+")
"""One line of words with single spaces between them: what a folded block holds as it is."""


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if _ODD_BREAKS.search(text):
        style = '"'
    elif "\n" in text and _CLEAN_LINES.fullmatch(text):
        style = "|"
    elif len(text) > _WIDTH and _PROSE.fullmatch(text):
        style = ">"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _write_list(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.SequenceNode:
    """A few short words stand on one line, anything more below one another."""
    words = all(isinstance(item, str) and "\n" not in item for item in items)
    flow = not items or (words and sum(len(item) + 2 for item in items) <= _WIDTH // 2)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=flow)


def _write_float(dumper: yaml.SafeDumper, number: float) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:float", repr(number))


# YAML 1.1 wants a dot in a float; JSON, and so our reader, does not: 1e+22.
_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^-?\d+(\.\d+)?e[+-]?\d+$"), list("-0123456789")
)
_Dumper.add_representer(str, _write_text)
_Dumper.add_representer(list, _write_list)
_Dumper.add_representer(float, _write_float)
