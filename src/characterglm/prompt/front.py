"""What stands before everything that was said: profile, persona, scene, boundaries, examples.

Knows the phrases of `wording` and in which order the blocks come; nothing about formats or
budgets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from characterglm.character import Boundaries, Character, Persona
from characterglm.prompt.card import card_text
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


def reminder(character: Character, persona: Persona | None, *, seed: str = "") -> str:
    """A card's `post_history_instructions`; empty if it has none."""
    own = card_text(character, "post_history_instructions")
    text = re.sub(r"\{\{original\}\}", "", own, flags=re.IGNORECASE)
    return expand(text, character, persona, seed=seed).strip()


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
    yield _about_user(persona, cast)
    yield _scenario(character, persona, cast, seed)
    bounds = expand_all(character.boundaries, character, persona, seed=seed)
    yield Block("boundaries", _boundaries(bounds, cast))
    yield _instruction(character, persona, frame.stay.format(**named), seed)


def _players(
    character: Character, persona: Persona | None, cast: Cast, seed: str
) -> Iterable[Block]:
    frame = wording(cast.language).frame
    named = {"character": cast.character, "user": cast.user}
    yield Block("format", frame.play_user.format(**named), "frame")
    yield _about_user(persona, cast)
    yield Block("profile", sections(character, persona, seed=seed).get("identity", ""))
    yield _scenario(character, persona, cast, seed)
    yield Block("format", frame.stay_user.format(**named), "frame")


def _instruction(character: Character, persona: Persona | None, usual: str, seed: str) -> Block:
    """How to play: a card's `system_prompt` replaces the usual words (Character Card V2).

    It often holds all that is known of the character, so formats that have no room for
    instructions tell it with the character.
    """
    pieces = re.split(
        r"\{\{original\}\}", card_text(character, "system_prompt"), flags=re.IGNORECASE
    )
    own = [expand(piece, character, persona, seed=seed) for piece in pieces]
    bare = "".join(own).strip()
    if not bare:
        return Block("format", usual, "frame")
    return Block("notes", usual.join(own), "character", bare)


def _scenario(character: Character, persona: Persona | None, cast: Cast, seed: str) -> Block:
    scene = expand(character.scenario, character, persona, seed=seed)
    pattern = wording(cast.language).frame.scenario
    return Block("scenario", pattern.format(text=scene) if scene else "")


def _about_user(persona: Persona | None, cast: Cast) -> Block:
    """What the character knows of the user; empty if nothing is told."""
    words, you = wording(cast.language), persona or Persona()
    named = {"character": cast.character, "user": cast.user}
    relation = words.lists.bare(you.relation)
    told = words.frame.persona_relation.format(text=relation, **named) if relation else ""
    info = words.lists.sentence(you.info) if you.info and told else you.info
    lead = words.frame.persona_info.format(text=info, **named) if info else ""
    full, bare = (
        words.lists.space.join(filter(None, pair)) for pair in ((lead, told), (info, told))
    )
    return Block("profile", full, "user", bare)


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
        refused = words.frame.refusals.format(character=cast.character, items=lines)
        told.append(words.lists.finish(refused))
    return words.lists.space.join(told)
