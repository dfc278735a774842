"""The built-in characters: read-only YAML files inside the package.

Knows where they lie; nothing about characters that somebody saved.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable

from characterglm.character.info import CharacterInfo, info_of
from characterglm.character.schema import Character
from characterglm.character.yamlfile import parse_character


@lru_cache(maxsize=1)
def _files() -> dict[str, Traversable]:
    """The file of each built-in character, by its id (which is the file's name)."""
    files = [file for file in resources.files(__name__).iterdir() if file.name.endswith(".yaml")]
    return {file.name.removesuffix(".yaml"): file for file in sorted(files, key=lambda f: f.name)}


def ids() -> list[str]:
    """Ids of the built-in characters, sorted."""
    return list(_files())


def read(character_id: str) -> Character:
    """A built-in character; `KeyError` if there is none."""
    return parse_character(_files()[character_id].read_text("utf-8"), f"{character_id}.yaml")


def infos() -> list[CharacterInfo]:
    """What a list shows of each, sorted by id."""
    return [info_of(read(character_id)) for character_id in ids()]
