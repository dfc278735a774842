"""From a name to an engine: what is refused, when, and what is left open."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from characterglm.engines.opening import open_model
from characterglm.errors import CharacterGLMError, InputError, MissingExtra, NotFound
from characterglm.settings import settings

LISTED = "smollm2-135m"
"""A model of the registry, made for a context of 8192 tokens."""


class Loaded:
    """What a loaded model shows of itself; every one that was made is in `all`."""

    all: list[Loaded]
    bos = eos = ""
    chat_template = "{{ messages[0].content | upper }}"

    def __init__(self, path: Path, **options: Any) -> None:
        self.options, self.closed = options, False
        Loaded.all.append(self)

    async def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[Loaded]:
    """Every model seems to be here, and is loaded as `Loaded`."""
    Loaded.all = []
    monkeypatch.setattr("characterglm.engines.local.LocalEngine", Loaded)
    monkeypatch.setattr("characterglm.engines.opening.local_path", lambda spec: Path("here.gguf"))
    return Loaded.all


@pytest.mark.parametrize("name", [LISTED, "openai:m"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"sampling": {"temperature": -1.0}},
            "--temperature is -1.0: needed is a number of at least 0",
        ),
        ({"sampling": {"temperature": float("nan")}}, "--temperature is nan: needed is a number"),
        ({"sampling": {"temperature": float("inf")}}, "--temperature is inf: needed is a number"),
        (
            {"sampling": {"max_tokens": 0}},
            "--max-tokens is 0: needed is a whole number of at least 1",
        ),
        (
            {"sampling": {"top_p": 1.5}},
            "--top-p is 1.5: needed is a number above 0 and of at most 1",
        ),
        ({"sampling": {"heat": 2}}, "--heat is 2: no such option"),
        (
            {"sampling": {"max_tokens": 5000}, "context": 4096},
            "--max-tokens 5000 leaves no room for a prompt in a context of 4096 tokens: needed is "
            "--max-tokens of at most 4079 or --context of at least 5017",
        ),
        ({"context": -5}, "in a context of -5 tokens: needed is --context of at least 177"),
        ({"context": 0}, "in a context of 0 tokens"),
        ({"format": "chatlm"}, "did you mean chatml"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_loaded(
    name: str, options: dict[str, Any], message: str, loaded: list[Loaded]
) -> None:
    if name != LISTED:
        pytest.importorskip("openai")
    with pytest.raises(CharacterGLMError) as caught:
        open_model(name, **options)
    assert message in str(caught.value)
    assert "pydantic" not in str(caught.value)
    assert not loaded


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InputError, match=r"--max-tokens is 0: .*; --temperature is -1"):
        open_model(LISTED, sampling={"max_tokens": 0, "temperature": -1})


def test_a_larger_context_is_not_offered_beyond_the_models_own() -> None:
    with pytest.raises(InputError, match=r"needed is --max-tokens of at most 8175$"):
        open_model(LISTED, sampling={"max_tokens": 9000}, context=20_000)


def test_a_template_that_cannot_be_used_unloads_the_model(loaded: list[Loaded]) -> None:
    with pytest.raises(InputError, match="chat template cannot be used"):
        open_model(LISTED, format="template")
    assert [one.closed for one in loaded] == [True]


async def test_a_model_is_unloaded_inside_an_event_loop_too(loaded: list[Loaded]) -> None:
    with pytest.raises(InputError, match="chat template cannot be used"):
        open_model(LISTED, format="template")
    assert [one.closed for one in loaded] == [True]


def test_a_model_opens_with_the_settings_context(
    loaded: list[Loaded], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARACTERGLM_CONTEXT", "1024")
    settings.cache_clear()
    assert open_model(LISTED, sampling={"seed": 5}).sampling.seed == 5
    assert loaded[0].options["context"] == 1024
    assert not loaded[0].closed


def test_nothing_is_pulled_that_could_not_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def pull(*_: object, **__: object) -> Path:
        raise AssertionError("pulled")

    monkeypatch.setattr("characterglm.engines.opening.local_path", lambda spec: None)
    monkeypatch.setattr("characterglm.engines.opening.pull", pull)
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(MissingExtra, match=r"characterglm\[local\]"):
        open_model(LISTED)


def test_an_endpoint_gets_what_the_settings_and_options_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("openai")
    monkeypatch.setenv("CHARACTERGLM_OPENAI_TIMEOUT", "7.5")
    monkeypatch.setenv("CHARACTERGLM_OPENAI_RETRIES", "4")
    settings.cache_clear()
    engine: Any = open_model("openai:m", context=8192).engine
    assert engine.context_length == 8192
    assert (engine._client.timeout, engine._client.max_retries) == (7.5, 4)
    assert open_model("openai:m").engine.context_length is None


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("~no-such-user-here/x.gguf", InputError, "no such home directory"),
        (f"./{'x' * 5000}.gguf", InputError, "cannot be read: File name too long"),
        ("./nothing.gguf", NotFound, "no model file"),
        ("openai:", InputError, "--model openai:MODEL"),
    ],
)
def test_names_that_stand_for_nothing(
    name: str, error: type[CharacterGLMError], message: str
) -> None:
    with pytest.raises(error, match=message):
        open_model(name)
