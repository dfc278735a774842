"""`characterglm character import` and `export` from end to end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from characterglm.character.cards.report import Reason
from characterglm.cli.app import run
from characterglm.cli.messages import texts
from characterglm.errors import Problem
from characterglm.settings import settings

CARD = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {"name": "Fox", "description": "A fox.", "creator_notes": "hush", "first_mes": "Hi."},
}
WORLD = {"entries": {"0": {"uid": 0, "key": ["snow"], "content": "It snows."}}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands write where they are called."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("CHARACTERGLM_LOCALE", f"{request.param}.UTF-8")
    settings.cache_clear()
    yield request.param
    settings.cache_clear()


def put(path: Path, value: Any) -> str:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    return str(path)


def said(*argv: str, capsys: pytest.CaptureFixture[str], status: int = 0) -> str:
    """What a command prints: on stdout where it succeeds, on stderr where it does not."""
    capsys.readouterr()
    assert run(["character", *argv]) == status
    output = capsys.readouterr()
    return output.err if status else output.out


def test_a_bad_file_of_ours_is_told_as_validate_tells_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "id: a\nnam: 甲\nlanguage: zh\ncategory: hero\nscenario: x\nscenario: y\n"
    (folder / "bad.yaml").write_text(text, "utf-8")
    assert run(["character", "validate", "bad.yaml", "--json"]) == 1
    (report,) = json.loads(capsys.readouterr().out)
    assert len(report["problems"]) == 4
    told = said("import", "bad.yaml", capsys=capsys, status=1)
    for problem in report["problems"]:
        assert str(Problem(**problem)) in told


def test_a_card_goes_in_and_comes_out_equal(
    folder: Path, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said("import", put(folder / "in.json", CARD), capsys=capsys)
    assert "extensions.card.data.creator_notes" in told
    assert {"en": "kept", "zh": "保留"}[language] in told
    assert "characterglm chat fox" in told
    told = said("export", "fox", "-o", "out.json", capsys=capsys)
    assert texts("exchange", language)["complete"] in told
    assert json.loads((folder / "out.json").read_text("utf-8")) == CARD


def test_the_same_name_twice_overwrites_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(folder / "in.json", CARD)
    said("import", path, capsys=capsys)
    told = json.loads(said("import", path, "--json", capsys=capsys))
    assert told[0]["characters"] == [{"name": "Fox", "id": "fox-2", "wanted": "fox"}]
    ids = [each["id"] for each in json.loads(said("list", "--json", capsys=capsys))]
    assert {"fox", "fox-2"} <= set(ids)


def test_what_the_file_cannot_say_is_told_by_options(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(folder / "in.json", CARD)
    said("import", path, "--category", "virtual_love", "--language", "fr", capsys=capsys)
    shown = json.loads(said("show", "fox", "--json", capsys=capsys))
    assert (shown["category"], shown["language"]) == ("virtual_love", "fr")


def test_world_info_is_attached_and_exported(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(folder / "hills.json", WORLD)
    told = said("import", path, "--attach", "lin-daiyu", capsys=capsys)
    assert "hills" in told
    told = said("export", "--lorebook", "hills", "-o", "out.json", capsys=capsys)
    assert json.loads((folder / "out.json").read_text("utf-8")) == WORLD
    told = json.loads(said("export", "lin-daiyu", "--json", capsys=capsys))
    assert [note["what"] for note in told["notes"]] == ["lorebook ?"]


def test_export_reports_what_the_target_cannot_hold(
    language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said("export", "sun-wukong", "--format", "charglm", capsys=capsys)
    words = texts("exchange", language)
    assert words["kinds"]["lost"] in told
    reason = "the format has no place for it"
    assert words["reasons"].get(reason, reason) in told


def test_nothing_is_replaced_without_force(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "sun-wukong.png").write_bytes(b"mine")
    told = said("export", "sun-wukong", "--format", "png", capsys=capsys, status=1)
    assert "--force" in told
    assert (folder / "sun-wukong.png").read_bytes() == b"mine"
    said("export", "sun-wukong", "--format", "png", "--force", capsys=capsys)
    assert [path.name for path in folder.glob("*png*")] == ["sun-wukong.png"]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["import"], "which file?"),
        (["import", "none.png", "bad.json"], "no file 'none.png'\nbad.json is not valid JSON"),
        (["import", "card.json", "--attach", "sun-wukong"], "no lorebook"),
        (["import", "world.json", "--attach", "sun-wukonk"], "did you mean"),
        (["export"], "which one?"),
        (["export", "nobody"], "no character 'nobody'"),
        (["export", "sun-wukong", "-o", "x.doc"], "which format"),
        (["export", "sun-wukong", "lin-daiyu", "--format", "v2"], "one character, not 2"),
        (["export", "sun-wukong", "-o", "none/x.json"], "cannot be written"),
    ],
)
def test_wrong_requests_give_one_message_and_store_nothing(
    folder: Path, argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(folder / "card.json", CARD)
    put(folder / "world.json", WORLD)
    (folder / "bad.json").write_text("{")
    before = said("list", "--json", capsys=capsys)
    assert message in said(*argv, capsys=capsys, status=1)
    assert said("list", "--json", capsys=capsys) == before
    assert json.loads(said("list", "--lorebooks", "--json", capsys=capsys)) == []


def test_terminal_escapes_are_kept_in_the_data_and_never_printed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = "Fox\x1b[2J\x1b]0;owned\x07"
    data = {**CARD["data"], "name": hostile, "\x1b[31mkey": 1}  # type: ignore[dict-item]
    path = put(folder / "in.json", {**CARD, "data": data})
    assert "\x1b" not in said("import", path, capsys=capsys)
    shown = json.loads(said("list", "--json", capsys=capsys))
    [fox] = [each for each in shown if each["name"] == hostile]
    said("export", fox["id"], "-o", "out.json", capsys=capsys)
    assert json.loads((folder / "out.json").read_text("utf-8"))["data"]["name"] == hostile


def test_every_reason_has_a_translation() -> None:
    reasons = {reason for reason in get_args(Reason) if reason}
    assert texts("exchange", "zh")["reasons"].keys() == reasons
