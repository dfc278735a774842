"""What pydantic found wrong, in the words of the person who wrote the file.

Knows models and plain data; nothing about YAML or characters.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]

_KINDS = {
    str: "text",
    bool: "true or false (a text needs quotes)",
    int: "a number (a text needs quotes)",
    float: "a number (a text needs quotes)",
    list: "a list",
    dict: "a group of keys",
    type(None): "nothing",
}
_FORMS = {
    "language": "should be a language tag such as zh or en",
    "sha256": "should be 64 hexadecimal digits",
}
"""What a pattern asks for, by the name of the field."""


def problems_of(
    error: ValidationError, model: type[BaseModel], data: object
) -> Iterator[tuple[Path, str]]:
    """Each thing wrong: where it is in `data`, and a sentence about it.

    The paths follow `data` as it was written, not as validators reshaped it.
    """
    seen: set[Path] = set()
    for details in error.errors(include_url=False):
        path, in_union = _place(details, data)
        if in_union and path in seen:
            continue
        seen.add(path)
        yield path, _UNION if in_union else _say(details, model, path)


_ABSENT = object()
_UNION = "should be a text or a list of texts"


def _place(details: ErrorDetails, data: object) -> tuple[Path, bool]:
    """The path of an error in the written data, and whether it is one branch of a union."""
    path: list[str | int] = []
    for step in details["loc"]:
        child = _child(data, step)
        if child is not _ABSENT:
            data = child
        elif isinstance(step, int):
            continue  # one value stands where a list may stand
        elif details["type"] == "missing":
            return (*path, step), False
        else:
            return tuple(path), "[" in step
        path.append(step)
    return tuple(path), False


def _child(data: object, step: str | int) -> object:
    if isinstance(data, dict):
        return data.get(step, _ABSENT)
    if isinstance(data, list) and isinstance(step, int):
        return data[step]
    return _ABSENT


def _say(details: ErrorDetails, model: type[BaseModel], path: Path) -> str:
    kind, context, value = details["type"], details.get("ctx", {}), details["input"]
    if kind == "extra_forbidden":
        return _unknown_key(str(path[-1]), _model_at(model, path[:-1]))
    if kind == "value_error":
        return str(context["error"])
    if kind == "string_pattern_mismatch":
        form = _FORMS.get(str(path[-1]), f"should have the form {context.get('pattern')}")
        return f"{form}, not {_show(value)}"
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        keys = ", ".join(_keys(_model_at(model, path)))
        return f"should be a group of keys{f' ({keys})' if keys else ''}, not {_kind(value)}"
    return _sentence(kind, context, value) or details["msg"][0].lower() + details["msg"][1:]


def _sentence(kind: str, context: Mapping[str, Any], value: object) -> str:
    for prefix, say in _SENTENCES.items():
        if kind.startswith(prefix):
            return say(context, value)
    return ""


_SENTENCES: dict[str, Callable[[Mapping[str, Any], object], str]] = {
    "missing": lambda context, value: "is missing",
    "string_too_short": lambda context, value: "is empty",
    "too_short": lambda context, value: "is empty",
    "string_too_long": lambda context, value: _too_long(context["max_length"], value),
    "too_long": lambda context, value: _too_long(context["max_length"], value),
    "string_": lambda context, value: f"should be text, not {_kind(value)}",
    "list_": lambda context, value: f"should be a list, not {_kind(value)}",
    "literal_error": lambda context, value: _one_of(context["expected"], value),
    "int_": lambda context, value: f"should be a whole number, not {_show(value)}",
    "bool_": lambda context, value: f"should be true or false, not {_show(value)}",
    "greater_than_equal": lambda context, value: f"should be at least {context['ge']}",
    "less_than_equal": lambda context, value: f"should be at most {context['le']}",
}


def _too_long(most: int, value: object) -> str:
    if isinstance(value, list):
        return f"has more than {most} items"
    return f"is longer than {most} characters"


def _one_of(expected: str, value: object) -> str:
    names = [name.strip("'") for name in expected.replace(" or ", ", ").split(", ")]
    listed = f"one of {', '.join(names)}" if len(names) > 1 else names[0]
    return f"should be {listed}, not {_show(value)}{_did_you_mean(str(value), names)}"


def _unknown_key(key: str, model: type[BaseModel] | None) -> str:
    keys = _keys(model)
    return "unknown key" + (_did_you_mean(key, keys) or f"; known here: {', '.join(keys)}")


def _did_you_mean(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _keys(model: type[BaseModel] | None) -> list[str]:
    return list(model.model_fields) if model else []


def _model_at(model: type[BaseModel] | None, path: Path) -> type[BaseModel] | None:
    """The model that stands at a path of another model."""
    for step in path:
        if isinstance(step, str) and model:
            field = model.model_fields.get(step)
            model = _model_in(field.annotation) if field else None
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def _kind(value: object) -> str:
    return _KINDS.get(type(value), type(value).__name__)


def _show(value: object) -> str:
    return f"'{value[:60]}'" if isinstance(value, str) else _kind(value)
