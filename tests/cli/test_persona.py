"""Who the user is, as typed or from a file; and the file of options, which is read alike."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from characterglm.character import Persona
from characterglm.cli.app import run
from characterglm.cli.persona import read_persona
from characterglm.errors import CharacterGLMError, InputError

BAD_YAML = {
    "born: 2024-13-40\n": "1: born: unknown key; known here: name, info, relation",
    "[" * 5000: "nested more than 64 levels",
    "name: [a]\ninfo: {}\n": "2: info: should be text",
    "name: a\nname: b\n": "the key 'name' stands twice",
    "- a\n": "should be a group of keys (name, info, relation)",
}


@pytest.mark.parametrize(
    ("text", "persona"),
    [
        ("唐僧：取经人", Persona(name="唐僧", info="取经人")),
        ("Bo: a pirate: the last", Persona(name="Bo", info="a pirate: the last")),
        ("~bob: a pirate", Persona(name="~bob", info="a pirate")),
        ("Bo", Persona(name="Bo")),
        ("caf\udce9: x", Persona(name="caf\ufffd", info="x")),
    ],
)
def test_a_persona_as_typed(text: str, persona: Persona) -> None:
    assert read_persona(text) == persona


@pytest.mark.parametrize("suffix", [".yaml", ".yml", ".json"])
def test_a_persona_from_a_file(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"me{suffix}"
    path.write_text('{"name": "唐僧", "relation": "师父"}', "utf-8")
    assert read_persona(str(path)) == Persona(name="唐僧", relation="师父")


@pytest.mark.parametrize(("text", "message"), BAD_YAML.items())
def test_a_persona_file_with_problems(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "me.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        read_persona(str(path))
    assert message in str(caught.value)
    assert "pydantic" not in str(caught.value)


def test_a_persona_in_nobodys_home() -> None:
    with pytest.raises(InputError, match="no such home directory"):
        read_persona("~no-such-user-here/me.yaml")


@given(
    st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace"))
)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_persona_file_holds(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "me.yaml"
    path.write_bytes(data)
    with suppress(CharacterGLMError):
        assert isinstance(read_persona(str(path)), Persona)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed: 5\nseed: 6\n", "2: seed: the key 'seed' stands twice"),
        ("[" * 5000, "nested more than 64 levels"),
        ("- seed\n", "needed are lines like `seed: 5`"),
        ("seed: !!python/object:x 5\n", "the tag !!python/object:x is not supported"),
    ],
)
def test_a_file_of_options_with_problems(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "chat.yaml"
    path.write_text(text, "utf-8")
    assert run(["chat", "sun-wukong", "--config", str(path)]) == 1
    assert message in capsys.readouterr().err


def test_a_file_of_options_that_cannot_be_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["chat", "--config", "~no-such-user-here/chat.yaml"]) == 1
    assert "no such home directory" in capsys.readouterr().err


def test_an_empty_file_of_options_says_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("# later\n", "utf-8")
    assert run(["character", "list", "--config", str(path)]) == 0
