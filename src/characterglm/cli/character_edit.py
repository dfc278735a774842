"""`characterglm character edit`, its history, and what is attached: the commands that change."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from characterglm.cli.character import open_characters
from characterglm.errors import InputError

if TYPE_CHECKING:
    from characterglm.character import Character
    from characterglm.character.repository import Characters


def edit(character: str, *, file: Path | None = None) -> None:
    """Edit a character as YAML in $VISUAL or $EDITOR, and save a new version.

    The first edit of a built-in character makes a copy of your own under the same id.

    Parameters
    ----------
    character
        Its id, or its name if only one has it.
    file
        Take the new text from this file, YAML or JSON, instead of opening an editor.
    """
    with open_characters() as characters:
        before = characters.get(character)
    after = _read(file, before.id) if file else _edited(before)
    if after == before:
        _say("unchanged")
        return
    with open_characters() as characters:
        version = characters.save(after, "edited")
    _say("saved", id=after.id, version=version)


def history(character: str, *, json: bool = False) -> None:
    """List the versions of a character, the newest first.

    Parameters
    ----------
    character
        Its id, or its name if only one has it.
    json
        Print a JSON list.
    """
    from characterglm.cli.character_view import show_versions

    with open_characters() as characters:
        character_id = characters.get(character).id
        versions = characters.versions(character_id)
    if versions or json:
        show_versions(versions, as_json=json)
    else:
        _say("no_history", id=character_id)


def restore(character: str, version: int) -> None:
    """Save an older version of a character as its newest.

    Parameters
    ----------
    character
        Its id, or its name if only one has it.
    version
        The version to go back to; `characterglm character history` lists them.
    """
    with open_characters() as characters:
        old = characters.get(character, version)
        new = characters.save(old, f"version {version} restored")
    _say("restored", id=old.id, old=version, new=new)


def delete(*ids: str, lorebook: bool = False) -> None:
    """Delete characters of your own with all their versions; built-in ones come back unchanged.

    Parameters
    ----------
    ids
        Their ids.
    lorebook
        Delete standalone lorebooks instead.
    """
    if not ids:
        raise InputError("which one? characterglm character delete ID")
    with open_characters() as characters:
        for one in ids:
            if lorebook:
                characters.delete_lorebook(one)
            else:
                _delete_character(characters, one)
            _say("deleted", id=one)


def _delete_character(characters: Characters, character_id: str) -> None:
    from characterglm.character.assets import Assets
    from characterglm.settings import settings

    unused = characters.delete(character_id)
    assets = Assets(settings().assets_dir)
    for sha256 in unused:
        assets.remove(sha256)


def attach(character: str, lorebook: str) -> None:
    """Let a character use a standalone lorebook.

    Parameters
    ----------
    character
        Its id, or its name if only one has it.
    lorebook
        The lorebook's id; `characterglm character list --lorebooks` shows them.
    """
    with open_characters() as characters:
        character_id = characters.get(character).id
        characters.attach(character_id, lorebook)
    _say("attached", character=character_id, book=lorebook)


def detach(character: str, lorebook: str) -> None:
    """Take a standalone lorebook away from a character.

    Parameters
    ----------
    character
        Its id, or its name if only one has it.
    lorebook
        The lorebook's id.
    """
    with open_characters() as characters:
        character_id = characters.get(character).id
        characters.detach(character_id, lorebook)
    _say("detached", character=character_id, book=lorebook)


def _edited(character: Character) -> Character:
    """What an editor made of a character; where that is none, its text is kept and named."""
    from characterglm.character.cards.native import yaml_of

    text = yaml_of(character)
    folder = Path(tempfile.mkdtemp(prefix="characterglm-"))
    path = folder / f"{character.id}.yaml"
    path.write_text(text, "utf-8")
    _run_editor(path)
    try:
        edited = _read(path, character.id)
    except InputError as error:
        again = f"characterglm character edit {character.id} --file {path}"
        raise InputError(f"{error}\nyour text is kept; mend it and type: {again}") from None
    path.unlink()
    folder.rmdir()
    return edited


def _read(path: Path, character_id: str) -> Character:
    from characterglm.character.cards import read_card
    from characterglm.character.yamlfile import read_character

    if path.suffix.lower() == ".json":
        character = read_card(path, format="json").characters[0]
    else:
        character = read_character(path)
    if character.id != character_id:
        raise InputError(f"{path}: the id must stay '{character_id}', not '{character.id}'")
    return character


def _run_editor(path: Path) -> None:
    from characterglm.settings import settings

    command = settings().editor
    try:
        done = subprocess.run([*shlex.split(command), str(path)])  # noqa: S603 - the user's own
    except (OSError, ValueError) as error:
        raise InputError(f"the editor '{command}' cannot be run ({error}): set EDITOR") from None
    if done.returncode:
        raise InputError(f"the editor '{command}' failed; your text is kept in {path}")


def _say(key: str, **values: Any) -> None:
    from characterglm.cli.character_view import show_note
    from characterglm.cli.messages import texts, user_language

    show_note(texts("character", user_language())[key].format(**values))
