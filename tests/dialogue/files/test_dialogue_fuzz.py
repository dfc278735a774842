"""Whatever a file of dialogues holds, a reader answers with dialogues or with one of our errors."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from characterglm.dialogue import Dialogue, Speaker, Utterance
from characterglm.dialogue.files import FORMATS, GreetingMode, read_dialogues, write_dialogues
from characterglm.errors import CharacterGLMError

from .test_chat_formats import ALPACA, MESSAGES, SHAREGPT
from .test_corpora import BENCH, EVAL, KDCONV, PIPPA
from .test_sillytavern import CHAT

UNDER = ("openai", "sharegpt", "alpaca", "sillytavern", "pippa", "system")
KEPT = {"content": [{"text": "a"}], "from": "x", "message": {"mes": "a"}, "swipes": 1, "input": "b"}
OURS = Dialogue(
    character="x",
    leaf="b",
    utterances=[
        Utterance(id="a", speaker=Speaker(role="character"), text="你好"),
        Utterance(
            id="b",
            parent="a",
            speaker=Speaker(role="user"),
            text="Hi",
            extensions=dict.fromkeys(UNDER, KEPT),
        ),
    ],
    extensions={key: {"metadata": {"characterglm": {"greeting": "system"}}} for key in UNDER},
).model_dump(mode="json")
PAIR = {
    "conversations": [{"from": "human", "value": "Hi"}],
    "chosen": {"from": "gpt", "value": "a"},
    "rejected": {"from": "gpt", "value": "b"},
}
SAMPLES: dict[str, list[Any]] = {
    "jsonl": [OURS],
    "characterbench": [BENCH],
    "sillytavern": CHAT,
    "charactereval": [EVAL],
    "pippa": [PIPPA],
    "kdconv": [KDCONV],
    "openai": [MESSAGES],
    "sharegpt": [SHAREGPT, PAIR],
    "alpaca": [ALPACA],
}
ODD = (
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "99999999999-1-1@1h1m1s"),
    *("\ud83d", "\0", "x" * 300, "", "system", 10**39, -(10**39), 1e308),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(ODD),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=3,
)
samples = st.sampled_from(sorted(SAMPLES))


def replaced(value: Any, other: Any, dice: random.Random) -> Any:
    """A copy in which one value, somewhere inside, is another; or is gone."""
    if not isinstance(value, dict | list) or not value or dice.random() < 0.1:
        return other
    made = copy.copy(value)
    key = dice.choice(list(value)) if isinstance(value, dict) else dice.randrange(len(value))
    if isinstance(made, dict) and dice.random() < 0.1:
        del made[key]
    else:
        made[key] = replaced(made[key], other, dice)
    return made


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the one file that is read again and again."""
    return tmp_path_factory.mktemp("fuzz")


def attempt(place: Path, data: bytes, name: str | None = None) -> list[Dialogue]:
    """What some bytes hold; nothing for an error of ours, any other is a failure of the test."""
    path = place / "in"
    path.write_bytes(data)
    try:
        return [item.dialogue for item in read_dialogues(path, name, "somebody")]
    except CharacterGLMError as error:
        assert str(error)
        return []


def write_everywhere(dialogue: Dialogue, place: Path) -> None:
    """Whatever could be read can be written as anything, or is refused with reasons."""
    for each in FORMATS.values():
        for mode in get_args(GreetingMode) if each.write else ():
            try:
                write_dialogues([dialogue], place / "out", each.name, greeting=mode, force=True)
            except CharacterGLMError as error:
                assert str(error)


def as_lines(records: Any) -> bytes:
    return b"\n".join(json.dumps(one).encode() for one in records)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_fuzzed_with_a_sample_that_it_reads(place: Path, name: str) -> None:
    assert attempt(place, as_lines(SAMPLES[name]), name)


@given(st.binary(max_size=200), st.sampled_from([b"", b"{", b"[", b'{"messages": [']))
def test_arbitrary_bytes(place: Path, data: bytes, start: bytes) -> None:
    attempt(place, start + data)


@given(samples, st.integers(0), st.integers(0, 255), st.booleans())
def test_files_with_bytes_changed_or_missing(
    place: Path, name: str, where: int, byte: int, cut: bool
) -> None:
    data = bytearray(as_lines(SAMPLES[name]))
    data[where % len(data)] = byte
    attempt(place, bytes(data[: where % len(data)] if cut else data), name)


def with_kept(**kept: Any) -> list[Any]:
    """Our own dialogue whose first utterance carries what some readers keep."""
    made = copy.deepcopy(OURS)
    made["utterances"][0]["extensions"] = dict.fromkeys(UNDER, kept)
    return [made]


@given(samples, anything, st.randoms(use_true_random=False))
@example("kdconv", None, random.Random(0))
def test_files_with_values_of_any_type_anywhere(
    place: Path, name: str, other: Any, dice: random.Random
) -> None:
    records = replaced(SAMPLES[name], other, dice)
    for dialogue in attempt(place, as_lines(records if isinstance(records, list) else [records])):
        write_everywhere(dialogue, place)


@pytest.mark.parametrize(
    "records",
    [
        with_kept(content=5),
        with_kept(content=["x"]),
        with_kept(message={"mes": "", "swipe_info": []}, swipes=-(10**12)),
        [{**MESSAGES, "metadata": ["x"]}],
        [{**OURS, "created": "0001-01-01T00:00:00+14:00"}],
        [{**CHAT[0], "create_date": "99999999999-1-1@1h1m1s"}, CHAT[1]],
        [CHAT[0], {**CHAT[1], "send_date": "9999-12-31T23:59:59-14:00"}],
    ],
)
def test_what_once_ended_in_a_traceback(place: Path, records: list[Any]) -> None:
    for dialogue in attempt(place, as_lines(records)):
        write_everywhere(dialogue, place)
