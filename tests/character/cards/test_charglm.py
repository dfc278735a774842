"""CharGLM's meta and the demo's file of many characters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from characterglm.character import Attributes, Behaviors, Character, Identity, Linguistic, Lorebook
from characterglm.character.assets import Assets
from characterglm.character.cards import read_card, write_card, write_cards
from characterglm.character.cards.charglm import DEMO, META, UNDER
from characterglm.character.cards.options import Options
from characterglm.character.cards.plain import same
from characterglm.character.cards.records import read_record, record_of
from characterglm.character.cards.report import Report
from characterglm.errors import InputError, ValidationFailed

META_ZH = {
    "bot_name": "白狐",
    "bot_info": "白狐，山里的狐狸，会说话。\n\n爱吃鱼。",
    "user_name": "旅人",
    "user_info": "",
}
DEMO_FILE = {
    "白狐": {**META_ZH, "greeting": "你来了。"},
    "another fox": {"bot_name": "Fox", "bot_info": "A fox.", "user_info": "", "user_name": "用户"},
}


def put(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    return Assets(tmp_path / "assets")


def test_meta_comes_back_equal(tmp_path: Path, assets: Assets) -> None:
    found = read_card(put(tmp_path / "meta.json", META_ZH))
    fox = found.characters[0]
    assert (found.format, fox.name, fox.language) == ("charglm", "白狐", "zh")
    assert [fact.text for fact in fox.attributes.others] == [
        "白狐，山里的狐狸，会说话。",
        "爱吃鱼。",
    ]
    write_card(fox, "charglm", tmp_path / "out.json", assets)
    assert json.loads((tmp_path / "out.json").read_text("utf-8")) == META_ZH


def test_every_character_of_the_demo_file_comes_back_equal(tmp_path: Path, assets: Assets) -> None:
    found = read_card(put(tmp_path / "character.json", DEMO_FILE))
    assert [c.name for c in found.characters] == ["白狐", "Fox"]
    assert [c.greetings for c in found.characters] == [["你来了。"], []]
    report = write_cards(found.characters, "charglm-demo", tmp_path / "out.json", assets)
    assert json.loads((tmp_path / "out.json").read_text("utf-8")) == DEMO_FILE
    assert report.of("lost", "changed") == []


def test_the_user_becomes_a_persona_that_a_card_carries(tmp_path: Path, assets: Assets) -> None:
    meta = {**META_ZH, "user_info": "过路的"}
    fox = read_card(put(tmp_path / "meta.json", meta)).characters[0]
    assert fox.extensions["characterglm"] == {"user": {"name": "旅人", "info": "过路的"}}
    for name in ("v2", "v3"):
        report = write_card(fox, name, tmp_path / "card.json", assets, force=True)
        assert report.of("lost", "changed") == []
        card = json.loads((tmp_path / "card.json").read_text("utf-8"))
        typed = card["data"]["extensions"]["characterglm"]
        assert typed["user"] == {"name": "旅人", "info": "过路的"}
        assert "characterglm" not in typed["character"]["extensions"]
        back = read_card(tmp_path / "card.json").characters[0]
        assert back == fox
        write_card(back, "charglm", tmp_path / "out.json", assets, force=True)
        assert json.loads((tmp_path / "out.json").read_text("utf-8")) == meta


def test_a_user_given_later_goes_before_what_the_file_said(tmp_path: Path, assets: Assets) -> None:
    fox = read_card(put(tmp_path / "meta.json", {**META_ZH, "user_name": None})).characters[0]
    fox.extensions = {**fox.extensions, "characterglm": {"user": {"name": "阿兔"}}}
    write_card(fox, "charglm", tmp_path / "out.json", assets)
    assert json.loads((tmp_path / "out.json").read_text("utf-8"))["user_name"] == "阿兔"


@pytest.mark.parametrize("user", ["Tom", {"name": 5, "mood": "calm"}, [1], {}])
def test_an_odd_user_costs_no_typed_profile(tmp_path: Path, assets: Assets, user: Any) -> None:
    fox = Character(
        id="fox",
        name="Fox",
        language="en",
        category="daily_life",
        attributes=Attributes(identity=Identity(occupation="baker")),
    )
    write_card(fox, "v2", tmp_path / "card.json", assets)
    card = json.loads((tmp_path / "card.json").read_text("utf-8"))
    card["data"]["extensions"]["characterglm"]["user"] = user
    found = read_card(put(tmp_path / "card.json", card))
    assert found.report.of("warning") == []
    (back,) = found.characters
    assert back.attributes == fox.attributes
    assert back.extensions == {"characterglm": {"user": user}}
    for name in ("charglm", "v2"):
        write_card(back, name, tmp_path / "out.json", assets, force=True)
    assert read_card(tmp_path / "out.json").characters == [back]


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
records = st.fixed_dictionaries(
    {"bot_name": texts.map(lambda text: f"n{text}n"), "bot_info": texts | st.none()},
    optional={
        "user_name": texts | st.none(),
        "user_info": texts | st.none(),
        "greeting": texts | st.none(),
        "x": texts | st.integers(),
    },
)


@given(records)
def test_any_record_comes_back_equal(record: dict[str, Any]) -> None:
    for form in (META, DEMO):
        character = read_record(record, form, UNDER, "test", Options(), Report())
        assert same(record_of(character, form, UNDER), record)


def test_export_says_what_meta_cannot_hold(tmp_path: Path, assets: Assets) -> None:
    fox = Character(
        id="fox",
        name="Fox",
        language="en",
        category="daily_life",
        attributes=Attributes(identity=Identity(occupation="baker")),
        behaviors=Behaviors(linguistic=Linguistic(style="terse")),
        scenario="A snowy night.",
        greetings=["Hello."],
        lorebook=Lorebook(name="hills"),
    )
    report = write_card(fox, "charglm", tmp_path / "out.json", assets)
    info = json.loads((tmp_path / "out.json").read_text())["bot_info"]
    assert info == "Occupation: baker\n\nWay of speaking: terse\n\nA snowy night."
    assert {note.what for note in report.of("changed")} == {"attributes", "behaviors", "scenario"}
    assert {note.what for note in report.of("lost")} == {"category", "greetings", "lorebook"}


def test_one_file_of_meta_holds_one_character(tmp_path: Path, assets: Assets) -> None:
    found = read_card(put(tmp_path / "character.json", DEMO_FILE))
    with pytest.raises(InputError, match="one character, not 2"):
        write_cards(found.characters, "charglm", tmp_path / "out.json", assets)


def test_wrong_types_and_empty_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationFailed) as failure:
        read_card(put(tmp_path / "a.json", {"bot_name": 1, "bot_info": [], "user_name": 2}))
    assert [p.field for p in failure.value.problems] == ["bot_name", "bot_info", "user_name"]
    with pytest.raises(ValidationFailed, match="name"):
        read_card(put(tmp_path / "b.json", {"bot_name": " ", "bot_info": "x"}))
