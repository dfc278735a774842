"""Characters as files: friendly problems, encodings, and a round trip for anything."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from characterglm.character import Character, Lorebook, LoreEntry
from characterglm.character.yamlfile import parse_character, read_character, write_character
from characterglm.errors import InputError, NotFound, ValidationFailed

MINIMAL = "id: a\nname: 甲\nlanguage: zh\ncategory: fictional\n"


def problems_of(text: str) -> dict[str, str]:
    """Field → `line: message`."""
    with pytest.raises(ValidationFailed) as caught:
        parse_character(text, "x.yaml")
    assert {problem.file for problem in caught.value.problems} == {"x.yaml"}
    return {
        problem.field: f"{problem.line}: {problem.message}" for problem in caught.value.problems
    }


def test_every_problem_at_once_with_its_line() -> None:
    found = problems_of(
        """\
id: Sun Wukong
nam: 孙悟空
language: 中文
category: celebrities
attributes:
  identity: {hobby: {a: 1}}
  relationships: [唐僧]
behaviors:
  linguistic:
    catchphrase: 俺老孙来也
lorebook:
  entries:
    - {keys: [1984], probability: 200, depth: deep}
greetings: [true]
examples: [[{speaker: 悟空, text: x}]]
greetings: []
"""
    )
    assert found == {
        "id": "1: 'Sun Wukong' is not an id: use lower-case letters and digits joined by hyphens, "
        "e.g. 'sun-wukong'",
        "name": "1: is missing",
        "nam": "2: unknown key; did you mean name?",
        "language": "3: should be a language tag such as zh or en, not '中文'",
        "category": "4: should be one of celebrity, daily_life, fictional, virtual_love, "
        "not 'celebrities'; did you mean celebrity?",
        "attributes.identity.hobby": "6: should be a text or a list of texts",
        "attributes.relationships.0": "7: should be a group of keys (name, relation, note, "
        "evidence), not text",
        "behaviors.linguistic.catchphrase": "10: unknown key; did you mean catchphrases?",
        "lorebook.entries.0.content": "13: is missing",
        "lorebook.entries.0.keys.0": "13: should be text, not a number (a text needs quotes)",
        "lorebook.entries.0.probability": "13: should be at most 100",
        "lorebook.entries.0.depth": "13: should be a whole number, not 'deep'",
        "greetings.0": "14: should be text, not true or false (a text needs quotes)",
        "examples.0.0.speaker": "15: should be one of character, user, narrator, not '悟空'",
        "greetings": "16: the key 'greetings' stands twice",
    }


def test_a_text_where_a_list_may_stand_keeps_its_own_place() -> None:
    found = problems_of(MINIMAL + "attributes:\n  interests: {txt: 下棋}\n")
    assert set(found) == {"attributes.interests.txt", "attributes.interests.text"}


def test_an_empty_file_says_what_is_missing() -> None:
    assert set(problems_of("")) == {"id", "name", "language", "category"}


def test_a_list_is_no_character() -> None:
    assert "not a list" in problems_of("- a\n")[""]


@pytest.mark.parametrize(
    ("name", "message"), [("''", "is empty"), ("x" * 201, "is longer than 200 characters")]
)
def test_a_name_of_a_wrong_length(name: str, message: str) -> None:
    assert message in problems_of(MINIMAL.replace("甲", name))["name"]


def test_a_newer_schema_is_refused() -> None:
    assert "should be 1" in problems_of(MINIMAL + "schema_version: 2\n")["schema_version"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (MINIMAL.encode("gb18030"), "looks like GBK.*iconv -f GB18030"),
        (MINIMAL.encode("utf-16"), "looks like UTF-16"),
        (MINIMAL.encode("utf-16-le"), "looks like UTF-16"),
        (b"\x89PNG\r\n\x1a\n" + b"data" * 20 + b"\0", "is not text"),
        (b"name: \xff\xff", "byte 6 is not UTF-8"),
        (b"# " + b"x" * 1024 * 1024 * 2, "larger than 1024 KB"),
    ],
)
def test_a_file_that_is_no_utf8_text(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message):
        read_character(path)


def test_a_byte_order_mark_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(MINIMAL.encode("utf-8-sig"))
    assert read_character(path).name == "甲"


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no file .*x\.yaml"):
        read_character(tmp_path / "x.yaml")
    with pytest.raises(InputError, match="cannot be read"):
        read_character(tmp_path)


def test_writing_is_readable() -> None:
    character = Character(
        id="a",
        name="小雨 😀",
        language="zh",
        category="daily_life",
        tags=["no", "12:30", "true", "007"],
        scenario="第一行\n第二行",
        greetings=["word " * 40],
    )
    assert write_character(character) == (
        "id: a\n"
        "name: 小雨 😀\n"
        "language: zh\n"
        "category: daily_life\n"
        "tags: ['no', '12:30', 'true', '007']\n"
        "scenario: |-\n"
        "  第一行\n"
        "  第二行\n"
        "greetings:\n"
        "  - >-\n"
        f"    {' '.join(['word'] * 18)}\n"
        f"    {' '.join(['word'] * 18)}\n"
        "    word word word word\n"
    )


TEXTS = st.text(st.characters(codec="utf-8"), max_size=150) | st.sampled_from(
    [
        "no",
        "~",
        "null",
        "1e5",
        "1e+22",
        "-0.0",
        "- a",
        "a: b",
        "# x",
        "\u2028x\u2028",
        "a\r\nb",
        "x\x85y",
        "\ufeff",
    ]
)
WORDS = st.lists(st.sampled_from(["word", "字", "a:", "#b", "", "-", "\n"]), max_size=60).map(
    " ".join
)
ANY_TEXT = TEXTS | WORDS
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | ANY_TEXT
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(ANY_TEXT, st.lists(ANY_TEXT, max_size=4), st.dictionaries(ANY_TEXT, JSON, max_size=3))
def test_what_is_written_is_read_back_equal(
    text: str, texts: list[str], extensions: dict[str, object]
) -> None:
    character = Character(
        id="a-1",
        name=f"x{text}",
        language="zh",
        category="fictional",
        scenario=text,
        greetings=texts,
        lorebook=Lorebook(entries=[LoreEntry(content=text, keys=texts)]),
        extensions=extensions,
    )
    assert parse_character(write_character(character)) == character
