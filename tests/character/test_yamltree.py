"""What YAML means here, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from characterglm.character.yamltree import MAX_BYTES, load, resolve
from characterglm.errors import InputError, ValidationFailed


def lines_of(error: ValidationFailed) -> list[int | None]:
    return [problem.line for problem in error.problems]


@pytest.mark.parametrize(
    "text",
    ["no", "on", "Yes", "12:30", "2020-01-01", "007", "1.10", "0x1F", "1_000", "1e5", "=", "<<"],
)
def test_what_yaml_1_1_would_convert_stays_text(text: str) -> None:
    assert load(f"key: {text}").data == {"key": text}


def test_what_json_would_read_is_read() -> None:
    data = load("[null, ~, true, false, 16, -3, 1.5, '16']").data
    assert data == [None, None, True, False, 16, -3, 1.5, "16"]
    assert [type(value) for value in data[4:]] == [int, int, float, str]


@given(st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back(number: float) -> None:
    assert resolve(str(number)) == number


def test_every_value_has_its_line() -> None:
    tree = load("a:\n  - x\n  - {c: z,\n    b: y}\n")
    assert tree.line(("a", 1, "b")) == 4
    assert tree.line(("a", 1, "missing", 0)) == 3
    assert tree.line(("nothing",)) == 1


def test_duplicate_keys_are_problems_and_the_first_counts() -> None:
    tree = load("a: 1\nb: {c: 1, c: 2}\na: 3\n", "x.yaml")
    assert tree.data == {"a": 1, "b": {"c": 1}}
    assert [str(problem) for problem in tree.problems] == [
        "x.yaml:2: b.c: the key 'c' stands twice",
        "x.yaml:3: a: the key 'a' stands twice",
    ]


def test_a_tag_is_a_problem_and_runs_nothing() -> None:
    tree = load("a: !!python/object/apply:os.system ['true']\n")
    assert [problem.field for problem in tree.problems] == ["a"]


def test_an_alias_is_a_copy() -> None:
    data = load("a: &x [1]\nb: *x\n").data
    assert data["a"] == data["b"]
    assert data["a"] is not data["b"]


def test_an_alias_bomb_is_refused() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(ValidationFailed, match="aliases counted in full"):
        load("\n".join(levels))


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("[" * 100_000, "levels deep", 1),
        ("- " * 100_000, "levels deep", 1),
        ("a: [b\n", "not valid YAML", 2),
        ("a: b: c", "needs quotes", 1),
        ("\na: @x", "put the text in quotes", 2),
        ("a: 1\n---\nb: 2\n", "second document", 2),
        ("a: *b", "refers to nothing", 1),
        ("? [a]\n: b", "plain text", 1),
        ("a: 1\nb: \x1b[31m", "U\\+001B", 2),
        ("a: \ud800", "U\\+D800", 1),
    ],
)
def test_what_cannot_be_read_names_its_line(text: str, message: str, line: int) -> None:
    with pytest.raises(ValidationFailed, match=message) as caught:
        load(text, "x.yaml")
    assert lines_of(caught.value) == [line]


def test_a_text_beyond_the_limit_is_refused() -> None:
    with pytest.raises(InputError, match="larger than 1024 KB"):
        load("我" * (MAX_BYTES // 3 + 1))


def test_an_empty_text_holds_nothing() -> None:
    assert load("# only a comment\n").data is None


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        load(text)
    except InputError as error:
        assert str(error)
