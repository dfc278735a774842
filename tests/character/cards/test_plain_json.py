"""JSON within limits: what other tools or a database would choke on never gets in."""

from __future__ import annotations

from pathlib import Path

import pytest

from characterglm.character.cards import plain, read_card
from characterglm.errors import InputError, NotFound


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "Infinity"),
        ('{"a": 1e999}', "out of range"),
        ('{"a": ' + "9" * 5000 + "}", "5000 digits"),
        ("[" * 100_000, "levels deep"),
        ("[" * 150 + "]" * 150, "levels deep"),
        ('{"a": 1', "line 1, column 8"),
        ("[" + "0," * 2_000_001 + "0]", "more than 2,000,000 values"),
    ],
)
def test_numbers_nesting_and_size_are_limited(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plain.parse(text, "test")


def test_values_that_differ_in_type_only_are_not_the_same() -> None:
    values = [1, 1.0, True, "1", None, [1], {"1": 1}]
    for one in values:
        assert [plain.same(one, other) for other in values].count(True) == 1


def test_half_surrogates_and_nul_are_mended_and_told(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text(r'{"name": "a\ud83db\u0000", "description": "", "first_mes": ""}')
    found = read_card(path)
    assert found.characters[0].name == "a\ufffdb\ufffd"
    assert [note.what for note in found.report.of("warning")] == ["half surrogates or NUL (2)"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        ('{"name": "狐"}'.encode("gb18030"), "not UTF-8"),
        ('{"name": "x"}'.encode("utf-16"), "not UTF-8"),
        (b'{"a": 1}', "its keys are a"),
        (b"[1, 2]", "a list of 2 items"),
        (b"just words", "no known kind"),
        (b"\xff\xd8\xff\xe0 jpeg", "a JPEG"),
    ],
)
def test_what_is_no_character_gives_one_clear_message(
    tmp_path: Path, data: bytes, message: str
) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message) as failure:
        read_card(path)
    assert "card.json" in str(failure.value)


def test_a_missing_file_and_an_unknown_format_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file"):
        read_card(tmp_path / "none.png")
    with pytest.raises(NotFound, match="no format 'chrax'; did you mean charx"):
        read_card(tmp_path / "none.png", format="chrax")


def test_a_file_beyond_the_limit_is_not_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain, "MAX_FILE", 10)
    (tmp_path / "big.json").write_bytes(b" " * 11)
    with pytest.raises(InputError, match="larger than"):
        read_card(tmp_path / "big.json")
