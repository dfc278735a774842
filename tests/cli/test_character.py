"""`characterglm character list`, `show`, `validate` and the commands that change, as typed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from characterglm.character import Character, Lorebook, LoreEntry, library
from characterglm.character.assets import Assets
from characterglm.character.yamlfile import parse_character, write_character
from characterglm.cli.app import run
from characterglm.cli.character import open_characters
from characterglm.cli.messages import texts
from characterglm.settings import settings

BUILT_IN = library.ids()[0]


def make(**fields: object) -> Character:
    given = {"id": "xiao-yu", "name": "小雨", "language": "zh", "category": "daily_life", **fields}
    return Character.model_validate(given)


@pytest.fixture
def xiao_yu() -> Character:
    with open_characters() as characters:
        return characters.add(make(tags=["校园"], attributes={"interests": ["画画"]}))


@pytest.fixture
def set_editor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Takes the Python statements that an editor does to `text`."""

    def set_to(statements: str) -> None:
        script = tmp_path / "editor.py"
        script.write_text(
            "import pathlib, sys\npath = pathlib.Path(sys.argv[1])\n"
            f"text = path.read_text('utf-8')\n{statements}\npath.write_text(text, 'utf-8')\n",
            "utf-8",
        )
        monkeypatch.setenv("VISUAL", f"{sys.executable} {script}")
        settings.cache_clear()

    return set_to


def listed(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, dict[str, Any]]:
    assert run(["character", "list", "--json", *options]) == 0
    return {info["id"]: info for info in json.loads(capsys.readouterr().out)}


def test_the_list_holds_all_and_filters(
    xiao_yu: Character, capsys: pytest.CaptureFixture[str]
) -> None:
    everyone = listed(capsys)
    assert set(everyone) == {*library.ids(), "xiao-yu"}
    assert (everyone["xiao-yu"]["origin"], everyone["xiao-yu"]["version"]) == ("stored", 1)
    chinese = listed(capsys, "--language", "zh")
    assert {info["language"] for info in chinese.values()} == {"zh"}
    daily = listed(capsys, "--language", "zh", "--category", "daily_life", "--tag", "校园")
    assert set(daily) == {"xiao-yu"}


@pytest.mark.parametrize(
    ("locale", "label"), [("zh_CN.UTF-8", "内置"), ("en_GB.UTF-8", "built in")]
)
def test_the_table_speaks_the_users_language(
    locale: str, label: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHARACTERGLM_LOCALE", locale)
    monkeypatch.setenv("COLUMNS", "200")
    settings.cache_clear()
    assert run(["character", "list"]) == 0
    table = capsys.readouterr().out
    assert label in table
    assert all(character_id in table for character_id in library.ids())


@pytest.mark.parametrize("character_id", library.ids())
def test_show_tells_every_text(character_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["character", "show", character_id]) == 0
    shown = "".join(capsys.readouterr().out.split())
    character = library.read(character_id)
    for text in (
        character.name,
        *character.greetings,
        *map(str, character.behaviors.personality),
        *(line.text for example in character.examples for line in example),
        *(entry.content for entry in (character.lorebook or Lorebook()).entries),
        *(person.note for person in character.attributes.relationships),
    ):
        assert "".join(text.split()) in shown


def test_show_in_formats_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["character", "show", BUILT_IN, "--json"]) == 0
    assert Character.model_validate_json(capsys.readouterr().out) == library.read(BUILT_IN)
    assert run(["character", "show", BUILT_IN, "--yaml"]) == 0
    assert parse_character(capsys.readouterr().out) == library.read(BUILT_IN)


def test_no_escape_of_a_character_reaches_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    evil = "\x1b]0;owned\x07\x1b[2Jred\x9b31m"
    with open_characters() as characters:
        characters.add(
            make(
                name=f"x{evil}",
                tags=[evil],
                greetings=[evil],
                attributes={"identity": {f"key{evil}": evil, "occupation": evil}},
                lorebook=Lorebook(name=evil, entries=[LoreEntry(content=evil, keys=[evil])]),
                extensions={evil: 1},
            )
        )
        characters.add_lorebook(Lorebook(name=evil), "book")
    for command in (["list"], ["show", "xiao-yu"], ["list", "--lorebooks"], ["validate"]):
        assert run(["character", *command]) == 0
        out = capsys.readouterr().out
        assert not {"\x1b", "\x07", "\x9b"} & set(out)


def test_an_unknown_character_meets_near_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["character", "show", BUILT_IN[:-1]]) == 1
    assert f"did you mean {BUILT_IN}" in capsys.readouterr().err


def test_validate_prints_all_and_fails_on_problems(
    tmp_path: Path, xiao_yu: Character, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = tmp_path / "bad.yaml", tmp_path / "good.yaml"
    bad.write_text("id: a\nnam: 甲\nlanguage: zh\ncategory: hero\n", "utf-8")
    good.write_text(write_character(library.read(BUILT_IN)), "utf-8")
    assert run(["character", "validate", str(good), BUILT_IN]) == 0
    assert capsys.readouterr().out.count("ok") == 2
    assert run(["character", "validate", "xiao-yu"]) == 0
    assert "warning  xiao-yu: greetings:" in capsys.readouterr().out
    assert (
        run(["character", "validate", str(bad), "nobody", str(tmp_path / "no.yaml"), "--json"]) == 1
    )
    reports = json.loads(capsys.readouterr().out)
    assert [len(report["problems"]) for report in reports] == [3, 1, 1]
    assert reports[0]["problems"][1]["line"] == 2


def test_edit_saves_a_version_and_copies_a_built_in_character(
    set_editor: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    set_editor("text = text.replace('license: ', 'license: CC-BY-4.0 #')")
    assert run(["character", "edit", BUILT_IN]) == 0
    assert "version 1" in capsys.readouterr().out
    assert listed(capsys)[BUILT_IN]["origin"] == "stored"
    with open_characters() as characters:
        assert characters.get(BUILT_IN).license == "CC-BY-4.0"


def test_an_edit_that_changes_nothing_saves_nothing(
    set_editor: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    set_editor("text += '# a comment'")
    assert run(["character", "edit", BUILT_IN]) == 0
    capsys.readouterr()
    assert listed(capsys)[BUILT_IN]["origin"] == "library"


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        ("text = text.replace('name:', 'nam:')", "did you mean name"),
        ("text = text.replace('id: xiao-yu', 'id: other')", "the id must stay 'xiao-yu'"),
    ],
)
def test_a_bad_edit_is_kept_and_can_be_mended(
    statements: str,
    message: str,
    xiao_yu: Character,
    set_editor: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_editor(statements)
    assert run(["character", "edit", "小雨"]) == 1
    error = capsys.readouterr().err
    assert message in error
    kept = Path(error.strip().rpartition("--file ")[2])
    kept.write_text(write_character(make(scenario="雨天")), "utf-8")
    assert run(["character", "edit", "xiao-yu", "--file", str(kept)]) == 0
    with open_characters() as characters:
        assert characters.get("xiao-yu").scenario == "雨天"


@pytest.mark.parametrize(
    ("editor", "message"),
    [("no-such-editor", "cannot be run"), ("false", "is kept in"), ("'", "cannot be run")],
)
def test_an_editor_that_fails(
    editor: str,
    message: str,
    xiao_yu: Character,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VISUAL", editor)
    settings.cache_clear()
    assert run(["character", "edit", "xiao-yu"]) == 1
    assert message in capsys.readouterr().err


def test_history_and_restore(xiao_yu: Character, capsys: pytest.CaptureFixture[str]) -> None:
    with open_characters() as characters:
        characters.save(make(scenario="二"), "second")
    assert run(["character", "restore", "小雨", "1"]) == 0
    capsys.readouterr()
    assert run(["character", "history", "小雨", "--json"]) == 0
    versions = json.loads(capsys.readouterr().out)
    assert [entry["version"] for entry in versions] == [1, 2, 3]
    assert run(["character", "history", "xiao-yu"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["3", "2", "1"]
    assert run(["character", "history", BUILT_IN]) == 0
    assert "built in" in capsys.readouterr().out
    assert run(["character", "restore", "xiao-yu", "9"]) == 1
    assert "no version" in capsys.readouterr().err


def test_delete(xiao_yu: Character, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["character", "delete", "xiao-yu"]) == 0
    capsys.readouterr()
    assert "xiao-yu" not in listed(capsys)
    assert run(["character", "delete", BUILT_IN]) == 1
    assert "built in" in capsys.readouterr().err
    assert run(["character", "delete"]) == 1


def test_delete_frees_the_bytes_that_only_it_had(capsys: pytest.CaptureFixture[str]) -> None:
    assets = Assets(settings().assets_dir)
    kept, freed = assets.put(b"kept"), assets.put(b"freed")
    with open_characters() as characters:
        for name, hashes in (("a", [kept, freed]), ("b", [kept])):
            pictures = [
                {"name": sha256[:4], "type": "icon", "ext": "png", "sha256": sha256}
                for sha256 in hashes
            ]
            characters.add(make(id=name, assets=pictures))
    assert run(["character", "delete", "a"]) == 0
    assert assets.get(kept) == b"kept"
    assert not assets.path(freed).exists()


def test_a_character_too_large_for_yaml_is_edited_as_json(
    tmp_path: Path, set_editor: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    set_editor("raise SystemExit('the editor must not be opened')")
    with open_characters() as characters:
        characters.add(make(scenario="雨" * 400_000))
    for command in (["edit", "xiao-yu"], ["export", "xiao-yu", "-o", str(tmp_path / "x.yaml")]):
        assert run(["character", *command]) == 1
        error = capsys.readouterr().err
        assert "1171 KB as YAML" in error
        assert "edit xiao-yu --file xiao-yu.json" in error
    path = tmp_path / "xiao-yu.json"
    assert run(["character", "export", "xiao-yu", "--format", "json", "-o", str(path)]) == 0
    path.write_text(path.read_text("utf-8").replace("小雨", "大雨"), "utf-8")
    assert run(["character", "edit", "xiao-yu", "--file", str(path)]) == 0
    with open_characters() as characters:
        assert characters.get("xiao-yu").name == "大雨"


def test_yaml_keeps_every_mark_in_a_file_and_none_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_characters() as characters:
        marked = characters.add(make(scenario="abc\u202edcba"))
    assert run(["character", "show", "xiao-yu", "--yaml"]) == 0
    assert parse_character(capsys.readouterr().out) == marked
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert run(["character", "show", "xiao-yu", "--yaml"]) == 0
    assert "abcdcba" in capsys.readouterr().out


def test_lorebooks(xiao_yu: Character, capsys: pytest.CaptureFixture[str]) -> None:
    with open_characters() as characters:
        book = characters.add_lorebook(Lorebook(name="校园", entries=[LoreEntry(content="x")]))
    assert run(["character", "attach", "小雨", book]) == 0
    capsys.readouterr()
    (info,) = listed(capsys, "--lorebooks").values()
    assert (info["entries"], info["characters"]) == (1, ["xiao-yu"])
    assert run(["character", "detach", "小雨", book]) == 0
    assert run(["character", "detach", "小雨", book]) == 1
    assert run(["character", "delete", "--lorebook", book]) == 0
    capsys.readouterr()
    assert listed(capsys, "--lorebooks") == {}


def test_every_field_has_a_label() -> None:
    def fields(data: Any) -> set[str]:
        if isinstance(data, dict):
            return {*data, *(name for value in data.values() for name in fields(value))}
        return set()

    empty = Character(id="a", name="a", language="zh", category="fictional").model_dump()
    assert fields(empty) - {"schema_version"} <= set(texts("character", "en")["labels"])
