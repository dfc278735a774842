"""Profiles written as Chinese key-value pairs (`性别: 女`, `人物关系: {…}`) ↔ typed attributes.

The words are data (`profile_words.yaml`); what none of them names stays under its own key in the
identity, whose keys are open. Shared by the formats of Chinese role-play corpora.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from characterglm.character.cards.lens import Fields, Record
from characterglm.character.cards.texts import text, texts
from characterglm.character.schema import (
    Attributes,
    Behaviors,
    Fact,
    Identity,
    Linguistic,
    Relationship,
)

_GROUPS = ("identity", "attributes", "behaviors", "linguistic")
_SINGLE = ("gender", "age", "occupation", "appearance", "dialect", "style")
Place = tuple[str, str]


@cache
def _words() -> dict[str, Any]:
    data = files("characterglm.character.cards").joinpath("profile_words.yaml").read_text("utf-8")
    return dict(yaml.safe_load(data))


@cache
def _places() -> dict[str, Place]:
    groups = {group: _words()[group] for group in _GROUPS}
    return {
        word: (group, name)
        for group, names in groups.items()
        for name, words in names.items()
        for word in words
    }


def read_profile(pairs: Mapping[str, Any]) -> tuple[Attributes, Behaviors]:
    """The typed profile that some pairs say; lists and single values alike."""
    found: dict[str, dict[str, list[str]]] = {group: {} for group in _GROUPS}
    relations: list[Relationship] = []
    for key, value in pairs.items():
        if key == _words()["relationships"] and isinstance(value, dict):
            relations += [r for name, who in value.items() for r in _people(name, who)]
        elif _is_relation(key):
            relations += _people(key, value)
        else:
            group, name = _places().get(key, ("identity", key))
            found[group].setdefault(name, []).extend(_said(value))
    return _assembled(found, relations)


def _is_relation(key: str) -> bool:
    return any(key.endswith(word) for word in _words()["relations"])


def _people(relation: str, value: Any) -> list[Relationship]:
    return [Relationship(name=name, relation=relation) for name in _said(value)]


def _said(value: Any) -> list[str]:
    """Every text of a value; pairs inside it as `key：value`."""
    if isinstance(value, list):
        return [said for item in value for said in _said(item)]
    if isinstance(value, dict):
        return [f"{key}：{'、'.join(_said(inner))}" for key, inner in value.items()]
    return [] if value is None else texts([str(value)])


def _assembled(
    found: dict[str, dict[str, list[str]]], relations: list[Relationship]
) -> tuple[Attributes, Behaviors]:
    identity = {name: _folded(name, said) for name, said in found["identity"].items() if said}
    linguistic = {name: _folded(name, said) for name, said in found["linguistic"].items() if said}
    attributes = Attributes.model_validate(
        {"identity": Identity.model_validate(identity), "relationships": relations}
        | {name: [Fact(text=one) for one in said] for name, said in found["attributes"].items()}
    )
    behaviors = Behaviors.model_validate(
        {"linguistic": Linguistic.model_validate(linguistic)}
        | {name: [Fact(text=one) for one in said] for name, said in found["behaviors"].items()}
    )
    return attributes, behaviors


def _folded(name: str, said: list[str]) -> str | list[str]:
    """One text where the schema, or the value itself, has only one."""
    own = name in Identity.model_fields or name in Linguistic.model_fields
    if name in _SINGLE or (not own and len(said) == 1):
        return "、".join(said)
    return said


def write_profile(fields: Fields) -> Record:
    """The pairs that a typed profile says."""
    attributes, behaviors = fields["attributes"], fields["behaviors"]
    pairs: Record = {}
    for name, value in (*attributes.identity, *_rest(attributes), *_rest(behaviors)):
        if value:
            pairs[_word_for(name)] = _plain(value)
    for name, value in behaviors.linguistic:
        if value:
            pairs[_word_for(name)] = _plain(value)
    relations: dict[str, list[str]] = {}
    for one in attributes.relationships:
        relations.setdefault(text(one.relation) or "其他", []).append(one.name)
    return pairs | ({_words()["relationships"]: relations} if relations else {})


def _rest(part: Attributes | Behaviors) -> Iterator[tuple[str, Any]]:
    nested = ("identity", "linguistic", "relationships")
    return ((name, value) for name, value in part if name not in nested)


def _word_for(name: str) -> str:
    groups = (_words()[group] for group in _GROUPS)
    return next((str(words[name][0]) for words in groups if name in words), name)


def _plain(value: Any) -> Any:
    return [str(item) for item in value] if isinstance(value, list) else value
