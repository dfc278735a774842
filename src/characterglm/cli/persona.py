"""Who the user is, as typed; knows no command."""

from __future__ import annotations

import re

from characterglm.character import Persona
from characterglm.character.yamlfile import read_as
from characterglm.settings import home_path
from characterglm.store.base import storable


def read_persona(text: str) -> Persona:
    """A persona from a YAML file's path, or from `NAME: WHO THAT IS`.

    Raises ValidationFailed with every problem of the file, NotFound if there is no such file.
    """
    if text.endswith((".yaml", ".yml", ".json")):
        return read_as(Persona, home_path(text))
    name, _, info = re.sub("：", ":", storable(text), count=1).partition(":")
    return Persona(name=name.strip(), info=info.strip())
