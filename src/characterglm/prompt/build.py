"""The one function to read: how a prompt is made, for chat, training, simulation and export.

`scene` gathers everything that could stand in the prompt, `draft` chooses what fits and where it
stands, a format writes it. Nothing is remembered between calls: the same dialogue, character and
budget give the same prompt.
"""

from __future__ import annotations

from collections.abc import Sequence

from characterglm.character import Character, Lorebook, Persona
from characterglm.dialogue import Speaker, Utterance
from characterglm.dialogue.schema import SpeakerRole
from characterglm.prompt.counting import cached, sizes
from characterglm.prompt.draft import draft
from characterglm.prompt.formats.base import PromptFormat
from characterglm.prompt.messages import messages
from characterglm.prompt.scene import Scene
from characterglm.prompt.script import cast_of
from characterglm.prompt.types import Count, Prompt


def build(
    character: Character,
    persona: Persona | None,
    path: Sequence[Utterance],
    *,
    speaker: SpeakerRole | Speaker = "character",
    format: PromptFormat,  # noqa: A002 - the field's standard term
    budget: int | None,
    count: Count,
    lorebooks: Sequence[Lorebook] = (),
    notes: Sequence[str] = (),
    reply: bool = True,
) -> Prompt:
    """The prompt for the next utterance of `speaker`, after what `path` says.

    `budget` is the most tokens it may take, None for no limit; `count` says what segments cost
    (keep one `cached(count)` per engine: a history is then counted once). `lorebooks` stand
    beside the character's own; `notes` are told right before the last message. A path that ends
    with the speaker's own utterance leaves that utterance open, to be gone on with; with
    `reply=False` nothing is opened and every utterance is complete (training).

    Raises ContextOverflow if the profile and the last message alone exceed the budget.
    """
    scene = Scene(character, persona, path, speaker, lorebooks, notes, reply=reply)
    counter = cached(count)
    made = draft(scene, format, budget, counter)
    parts = sizes(made.segments, counter)
    return Prompt(
        segments=made.segments,
        messages=messages(made.script),
        stop=format.stop(scene.cast),
        format=format.name,
        tokens=sum(part.tokens for part in parts),
        sizes=parts,
        lore=made.lore.hits,
        dropped_utterances=made.dropped_utterances,
        dropped_examples=made.dropped_examples,
        fallbacks=format.fallbacks,
        stable=made.stable,
    )


def prefix(
    character: Character,
    persona: Persona | None,
    path: Sequence[Utterance],
    *,
    speaker: SpeakerRole | Speaker = "character",
    format: PromptFormat,  # noqa: A002
    budget: int | None,
    count: Count,
    lorebooks: Sequence[Lorebook] = (),
    notes: Sequence[str] = (),
) -> Prompt:
    """What the next turn's prompt will begin with, whatever is said next: worth prefilling.

    `path` ends where the other side is about to speak. As long as its message and the notes stay
    within `budget.reserve`, the segments are exactly the beginning of those that `build` will
    return then. `messages` is empty. Raises ContextOverflow as `build` does.
    """
    cast = cast_of(character, persona, speaker)
    other: SpeakerRole = "character" if cast.next.role == "user" else "user"
    unsaid = Utterance(speaker=Speaker(role=other), text="", parent=path[-1].id if path else None)
    scene = Scene(character, persona, [*path, unsaid], speaker, lorebooks, notes, reply=True)
    counter = cached(count)
    made = draft(scene, format, budget, counter)
    segments = made.segments[: made.settled]
    return Prompt(
        segments=segments,
        messages=(),
        stop=format.stop(scene.cast),
        format=format.name,
        tokens=counter(segments),
        sizes=sizes(segments, counter),
        dropped_utterances=made.dropped_utterances,
        dropped_examples=made.dropped_examples,
        stable=min(made.stable, len(segments)),
    )
