"""What stands before everything that was said: profile, persona, scene, boundaries, examples.

Knows the phrases of `wording` and in which order the blocks come; nothing about formats or
budgets.
"""

from __future__ import annotations

from collections.abc import Iterable

from characterglm.character import Boundaries, Character, Persona
from characterglm.prompt.describe import describe, sections
from characterglm.prompt.macros import expand, expand_all
from characterglm.prompt.script import Block, Cast
from characterglm.prompt.wording import wording


def profile(
    character: Character, persona: Persona | None, cast: Cast, *, seed: str = ""
) -> list[Block]:
    """Everything that is never cut, in order.

    Who plays the user (`cast.next.role == "user"`) is told about itself, and of the character
    only who it is: a player who has read the whole profile has nothing left to ask.
    """
    if cast.next.role == "user":
        told = _players(character, persona, cast, seed)
    else:
        told = _characters(character, persona, cast, seed)
    return [block for block in told if block.text]


def examples(character: Character, persona: Persona | None, *, seed: str = "") -> list[Block]:
    """The example dialogues, one block each; the first tells what they are."""
    words = wording(character.language)
    char = character.name
    user = persona.name if persona and persona.name else words.names.user
    names = {"character": char, "user": user, "narrator": words.names.narrator}
    blocks: list[Block] = []
    for example in character.examples:
        lines = [
            words.frame.line.format(
                name=names[line.speaker], text=expand(line.text, character, persona, seed=seed)
            )
            for line in example
            if line.text
        ]
        lead = [] if blocks else [words.frame.examples.format(character=char)]
        if lines:
            blocks.append(Block("examples", "\n".join([*lead, *lines])))
    return blocks


def _characters(
    character: Character, persona: Persona | None, cast: Cast, seed: str
) -> Iterable[Block]:
    frame = wording(cast.language).frame
    named = {"character": cast.character, "user": cast.user}
    yield Block("format", frame.play.format(**named), "frame")
    yield Block("profile", describe(character, persona, seed=seed))
    yield Block("profile", about_user(persona, cast), "user")
    if character.scenario:
        scene = expand(character.scenario, character, persona, seed=seed)
        yield Block("scenario", frame.scenario.format(text=scene))
    bounds = expand_all(character.boundaries, character, persona, seed=seed)
    yield Block("boundaries", _boundaries(bounds, cast))
    yield Block("format", frame.stay.format(**named), "frame")


def _players(
    character: Character, persona: Persona | None, cast: Cast, seed: str
) -> Iterable[Block]:
    frame = wording(cast.language).frame
    named = {"character": cast.character, "user": cast.user}
    yield Block("format", frame.play_user.format(**named), "frame")
    yield Block("profile", about_user(persona, cast), "user")
    yield Block("profile", sections(character, persona, seed=seed).get("identity", ""))
    if character.scenario:
        scene = expand(character.scenario, character, persona, seed=seed)
        yield Block("scenario", frame.scenario.format(text=scene))
    yield Block("format", frame.stay_user.format(**named), "frame")


def about_user(persona: Persona | None, cast: Cast) -> str:
    """What the character knows of the user; empty if nothing is told."""
    words = wording(cast.language)
    if persona is None:
        return ""
    named = {"character": cast.character, "user": cast.user}
    told = []
    if persona.relation:
        relation = words.lists.bare(persona.relation)
        told.append(words.frame.persona_relation.format(text=relation, **named))
    if persona.info:
        told.append(words.frame.persona_info.format(text=persona.info, **named))
    return words.lists.space.join(told)


def _boundaries(bounds: Boundaries, cast: Cast) -> str:
    words = wording(cast.language)
    told = []
    if bounds.story_point:
        point = words.lists.bare(bounds.story_point)
        told.append(words.frame.story_point.format(character=cast.character, text=point))
    if bounds.unknown:
        items = words.lists.join([words.lists.bare(item) for item in bounds.unknown])
        told.append(words.frame.unknown.format(character=cast.character, items=items))
    if bounds.refusals:
        lines = words.lists.quote(bounds.refusals)
        told.append(words.frame.refusals.format(character=cast.character, items=lines))
    return words.lists.space.join(told)
