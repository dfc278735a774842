"""Warnings: what is allowed but probably not meant."""

from pathlib import Path

import pytest

from characterglm.character import Attributes, Character, Lorebook, LoreEntry
from characterglm.character.lint import speaks, warnings_of
from characterglm.character.validate import validate_character, validate_file


def character(**fields: object) -> Character:
    given = {"id": "a", "name": "甲", "language": "zh", "category": "fictional", **fields}
    return Character.model_validate(given)


def found(**fields: object) -> dict[str, str]:
    return {".".join(map(str, path)): text for path, text in warnings_of(character(**fields))}


def test_an_empty_character_lacks_every_kind() -> None:
    warnings = found()
    assert {f"attributes.{kind}" for kind in Attributes.model_fields} <= set(warnings)
    assert {"behaviors.linguistic", "behaviors.personality", "greetings", "license"} <= set(
        warnings
    )


def test_a_fact_said_twice() -> None:
    warnings = found(
        attributes={"interests": ["Chess", "chess "], "others": "chess"},
        behaviors={"personality": ["calm"]},
    )
    assert warnings["attributes.interests.1"] == "says the same as attributes.interests.0"
    assert "attributes.others.0" in warnings
    assert "behaviors.personality.0" not in warnings


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("打我电话13812345678吧", "mobile"),
        ("身份证11010519491231002X", "identity card"),
        ("write to me@example.org.", "e-mail"),
    ],
)
def test_personal_data_is_named_but_not_repeated(text: str, kind: str) -> None:
    warning = found(greetings=[text])["greetings.0"]
    assert kind in warning
    assert text[4:12] not in warning


@pytest.mark.parametrize("text", ["订单号 2138123456789", "110105194912310021", "1949 年", "a@b"])
def test_other_numbers_are_no_personal_data(text: str) -> None:
    assert not any("holds what" in warning for warning in found(scenario=text).values())


@pytest.mark.parametrize(
    ("text", "language", "right"),
    [
        ("你好，俺老孙来也！", "zh", True),
        ("（笑）Hello", "zh", True),
        ("Good evening, my friend.", "zh", False),
        ("我在用 Visual Studio Code 写 Python", "zh", True),
        ("Good evening.", "en", True),
        ("晚上好，朋友。", "en", False),
        ("こんにちは", "zh", False),
        ("こんにちは", "ja", True),
        ("Привет", "ru", True),
        ("…", "zh", True),
        ("sannu", "ha", True),
    ],
)
def test_the_language_of_a_greeting(text: str, language: str, right: bool) -> None:
    assert speaks(text, language) is right
    assert ("greetings.0" in found(language=language, greetings=[text])) is not right


def test_an_entry_that_nothing_can_call() -> None:
    entries = [
        LoreEntry(content="a"),
        LoreEntry(content="b", keys=["b"]),
        LoreEntry(content="c", constant=True),
        LoreEntry(content="@@activate\nd"),
        LoreEntry(content="e", enabled=False),
    ]
    warnings = found(lorebook=Lorebook(entries=entries))
    assert [field for field in warnings if field.startswith("lorebook")] == ["lorebook.entries.0"]


@pytest.mark.parametrize(("name", "count"), [("unknown", 1), ("CC-BY", 1), ("CC-BY-4.0", 0)])
def test_licences(name: str, count: int) -> None:
    assert sum(field == "license" for field in found(license=name)) == count


def test_empty_items_are_found() -> None:
    assert found(greetings=["你好", ""])["greetings.1"] == "is empty"


def test_a_file_is_checked_with_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(
        "id: a\nname: A\nlanguage: en\ncategory: fictional\ngreetings:\n  - 你好\n", "utf-8"
    )
    report = validate_file(path)
    assert report.character == character(language="en", name="A", greetings=["你好"])
    assert (6, "greetings.0") in [(warning.line, warning.field) for warning in report.warnings]


def test_an_unreadable_file_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    assert "no file" in validate_file(path).problems[0].message
    path.write_text("id: A\n", "utf-8")
    report = validate_file(path)
    assert report.character is None
    assert len(report.problems) == 4


def test_a_character_is_checked_without_lines() -> None:
    report = validate_character(character())
    assert report.problems == ()
    assert {warning.line for warning in report.warnings} == {None}
