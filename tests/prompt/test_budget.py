"""What leaves a prompt, what never does, and that the beginning can be known beforehand."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from characterglm.character import Character, Lorebook, Persona
from characterglm.dialogue import Speaker, Utterance
from characterglm.dialogue.schema import SpeakerRole
from characterglm.errors import ContextOverflow
from characterglm.prompt import Prompt, build, cached, describe, get_format, prefix
from characterglm.prompt.budget import Fit, fit, reserve
from characterglm.prompt.formats.template import TemplateFormat

TEMPLATE = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
FORMATS: dict[str, Any] = {
    "characterglm": get_format("characterglm"),
    "chatml": get_format("chatml"),
    "template": TemplateFormat(TEMPLATE),
}
TEXT = st.text(alphabet="ab 金箍棒。\n", min_size=1, max_size=40)
ROLES = st.sampled_from(["character", "user", "user", "narrator"])


def letters(segments: Any) -> int:
    """A token a character."""
    return sum(len(segment.text) for segment in segments)


@st.composite
def books(draw: st.DrawFn) -> Lorebook:
    """Lorebooks whose entries may stand anywhere."""
    entry = st.fixed_dictionaries(
        {
            "content": TEXT.map(lambda text: f"L{text}")
            | st.sampled_from(
                [
                    "@@depth 3\nx",
                    "@@reverse_depth 2\nw",
                    "@@ignore_on_max_context\ny",
                    "@@activate\nz",
                ]
            ),
            "keys": st.lists(st.sampled_from(["a", "b", "金"]), max_size=1),
            "constant": st.booleans(),
            "position": st.sampled_from(["before_character", "after_character", "depth"]),
            "depth": st.integers(0, 4),
            "priority": st.integers(0, 3),
            "probability": st.sampled_from([100, 50]),
        }
    )
    entries = draw(st.lists(entry, max_size=4))
    return Lorebook.model_validate(
        {
            "entries": entries,
            "recursive": draw(st.booleans()),
            "token_budget": draw(st.none() | st.integers(0, 80)),
        }
    )


@st.composite
def scenes(draw: st.DrawFn) -> dict[str, Any]:
    """A character with a lorebook, and a dialogue of any shape."""
    example = st.lists(
        st.fixed_dictionaries({"speaker": st.sampled_from(["user", "character"]), "text": TEXT}),
        min_size=1,
        max_size=2,
    )
    character = Character.model_validate(
        {
            "id": "x",
            "name": "Ada",
            "language": draw(st.sampled_from(["zh", "en"])),
            "category": "fictional",
            "attributes": {"others": ["PROFILE"]},
            "scenario": draw(st.just("") | TEXT),
            "examples": draw(st.lists(example, max_size=3)),
            "lorebook": draw(st.none() | books()),
        }
    )
    spoken = draw(st.lists(st.tuples(ROLES, TEXT), max_size=14))
    path = [
        Utterance(id=f"u{n}", speaker=Speaker.model_validate({"role": role}), text=text)
        for n, (role, text) in enumerate(spoken)
    ]
    return {
        "character": character,
        "persona": draw(st.none() | st.just(Persona(name="Ben", info="INFO"))),
        "path": path,
        "format": FORMATS[draw(st.sampled_from(sorted(FORMATS)))],
        "count": letters,
        "lorebooks": draw(st.lists(books(), max_size=1)),
        "notes": draw(st.lists(TEXT, max_size=1)),
    }


def ask(scene: dict[str, Any], budget: int | None, **more: Any) -> Prompt:
    """Build a scene."""
    given_ = {**scene, **more}
    return build(
        given_.pop("character"), given_.pop("persona"), given_.pop("path"), budget=budget, **given_
    )


@given(scenes(), st.integers(0, 1500), TEXT)
def test_profile_and_last_message_never_leave(
    scene: dict[str, Any], budget: int, last: str
) -> None:
    message = Utterance(id="last", speaker=Speaker(role="user"), text=f"LAST{last}")
    path = [*scene["path"], message]
    try:
        prompt = ask(scene, budget, path=path)
    except ContextOverflow as error:
        smallest = ask(scene, None, path=[message], lorebooks=[], notes=scene["notes"])
        assert str(budget) in str(error)
        assert smallest.tokens > budget or scene["format"].name == "template"
        return
    assert prompt.tokens <= budget
    assert prompt.tokens == sum(size.tokens for size in prompt.sizes) == letters(prompt.segments)
    told = [segment.text for segment in prompt.segments]
    assert any(describe(scene["character"]) in text for text in told)
    assert any(s.text.startswith("LAST") and s.part == "message" for s in prompt.segments)
    assert all(note.replace("\n", " ") in prompt.text.replace("\n", " ") for note in scene["notes"])
    assert 0 <= prompt.stable <= len(prompt.segments)


@given(scenes(), st.integers(200, 1500))
def test_history_begins_with_a_turn(scene: dict[str, Any], budget: int) -> None:
    path = [*scene["path"], Utterance(id="last", speaker=Speaker(role="user"), text="LAST")]
    try:
        prompt = ask(scene, budget, path=path)
    except ContextOverflow:
        return
    gone = prompt.dropped_utterances
    assert gone < len(path)
    kept = [s for s in prompt.segments if s.part in ("history", "message") and s.speaker]
    assert len(kept) == len(path[gone:])
    if gone and gone < len(path) - 1:
        assert path[gone].speaker.role != "character"
        assert path[gone - 1].speaker.role == "character"


@given(
    scenes(),
    st.none() | st.integers(300, 1500),
    st.text(max_size=60),
    st.sampled_from(["user", "character"]),
)
def test_the_next_prompt_begins_as_foretold(
    scene: dict[str, Any], budget: int | None, said: str, role: str
) -> None:
    speaker: SpeakerRole = "character" if role == "user" else "user"
    if budget is not None:
        notes = sum(len(note) + 40 for note in scene["notes"])
        assume(len(said) + notes <= reserve(budget))
    message = Utterance(speaker=Speaker.model_validate({"role": role}), text=said)
    beginning: dict[str, Any] = {key: value for key, value in scene.items() if key != "path"}
    try:
        next_ = ask(scene, budget, path=[*scene["path"], message], speaker=speaker)
    except ContextOverflow:
        return
    foretold = prefix(
        beginning.pop("character"),
        beginning.pop("persona"),
        scene["path"],
        speaker=speaker,
        budget=budget,
        **beginning,
    )
    assert next_.segments[: len(foretold.segments)] == foretold.segments
    assert foretold.dropped_utterances == next_.dropped_utterances
    assert foretold.tokens == letters(foretold.segments)
    deep = any(
        entry.position == "depth" or entry.content.startswith(("@@depth", "@@reverse_depth"))
        for book in (scene["character"].lorebook, *scene["lorebooks"])
        if book
        for entry in book.entries
    )
    if not deep and scene["format"].name != "template":
        # Nothing but the last message, its notes and the opening is left to be read.
        rest = next_.segments[len(foretold.segments) :]
        assert {s.part for s in rest} <= {"format", "lorebook", "notes", "message"}


def talk(turns: int, size: int = 20) -> list[Utterance]:
    """A greeting and so many turns."""
    path = [Utterance(id="g", speaker=Speaker(role="character"), text="G" * size)]
    for turn in range(turns):
        path.append(Utterance(id=f"u{turn}", speaker=Speaker(role="user"), text="u" * size))
        path.append(Utterance(id=f"c{turn}", speaker=Speaker(role="character"), text="c" * size))
    return path


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_start_of_the_history_stays_put(name: str, ada: Character) -> None:
    starts = []
    for turns in range(10, 100):
        path = [*talk(turns), Utterance(id="q", speaker=Speaker(role="user"), text="q" * 20)]
        prompt = build(ada, None, path, format=FORMATS[name], budget=3000, count=letters)
        assert prompt.tokens <= 3000
        starts.append(prompt.dropped_utterances)
    assert starts == sorted(starts) and starts[0] == 0
    slides = sum(before != after for before, after in pairwise(starts))
    slid = sum(start > 0 for start in starts)
    assert slid > 30 and 1 < slides <= slid / 4


def test_the_order_of_leaving(wukong: Character, say: Any) -> None:
    path = say(*(f"{'uc'[n % 2]}:{'话' * 10}" for n in range(20)), "u:金箍棒")
    fmt = FORMATS["characterglm"]
    whole = build(wukong, None, path, format=fmt, budget=None, count=letters)
    seen = []
    for budget in range(whole.tokens + 400, 300, -10):
        try:
            prompt = build(wukong, None, path, format=fmt, budget=budget, count=letters)
        except ContextOverflow:
            break
        lore = sum(hit.active for hit in prompt.lore)
        seen.append((prompt.dropped_examples, prompt.dropped_utterances > 0, lore))
    assert seen[0] == (0, False, 2)
    assert (1, False, 2) in seen and (2, False, 2) in seen and (2, True, 2) in seen
    assert seen == sorted(seen, key=lambda one: (one[0], one[1], -one[2]))


def test_an_overflow_names_both_sizes_and_the_way_out(ada: Character, say: Any) -> None:
    with pytest.raises(ContextOverflow) as overflow:
        build(ada, None, say("u:" + "x" * 500), format=FORMATS["chatml"], budget=300, count=letters)
    message = str(overflow.value)
    assert "profile takes" in message and "last message 5" in message
    assert "room for 300" in message and "CHARACTERGLM_CONTEXT" in message


def test_the_greeting_is_worth_prefilling(wukong: Character, say: Any) -> None:
    path = say("c:站住！", "u:你好", "c:好", "u:走")
    for fmt in FORMATS.values():
        early = build(wukong, None, path[:2], format=fmt, budget=None, count=letters)
        late = build(wukong, None, path, format=fmt, budget=None, count=letters)
        assert early.segments[: early.stable] == late.segments[: late.stable]
        assert "站住！" in [segment.text for segment in early.segments[: early.stable]]
        assert "你好" not in [segment.text for segment in late.segments[: late.stable]]


@given(st.integers(0, 500), st.lists(st.integers(0, 60)), st.lists(st.integers(0, 60)))
def test_what_stays_fits(space: int, examples: list[int], turns: list[int]) -> None:
    chosen = fit(space, examples, turns)
    kept = sum(examples[: chosen.examples]) + sum(turns[chosen.first :])
    assert kept <= space
    if sum(examples) + sum(turns) <= space:
        assert chosen == Fit(len(examples), 0)
    if chosen.first:
        assert chosen.examples == 0


def test_a_text_is_counted_once() -> None:
    asked: list[str] = []

    def counting(segments: Any) -> int:
        asked.extend(segment.text for segment in segments)
        return letters(segments)

    counter = cached(counting)
    assert cached(counter) is counter
    ada = Character(id="a", name="Ada", language="en", category="fictional")
    for turns in (5, 6):
        build(ada, None, talk(turns), format=FORMATS["chatml"], budget=2000, count=counter)
    assert len(asked) == len(set(asked))
