"""Names of models: the registry itself, near names, paths, and files at the hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from characterglm.engines import Sampling
from characterglm.errors import InputError, ModelError, NotFound
from characterglm.models import ModelSpec, aliases, installed, local_path, registry, resolve
from characterglm.models.spec import WheelSource

Build = Callable[..., bytes]


def test_the_default_is_a_chat_model_in_both_languages() -> None:
    spec = resolve("default")
    assert spec.name == "qwen2.5-coder-1.5b"
    assert spec.purpose == "chat"
    assert set(spec.languages) == {"zh", "en"}


def test_every_alias_names_a_model() -> None:
    assert set(aliases().values()) <= set(registry())


@pytest.mark.parametrize("spec", registry().values(), ids=lambda spec: spec.name)
def test_an_entry_is_complete(spec: ModelSpec) -> None:
    assert spec.file.size
    assert spec.file.sha256
    assert spec.license == "Apache-2.0"
    assert spec.context
    assert {"zh", "en"} <= set(spec.description)
    assert Sampling.model_validate(spec.sampling).max_tokens == 160
    assert spec.sources[0].kind == "hub"
    kinds = [source.kind for source in spec.sources]
    assert kinds == sorted(kinds, key=["hub", "modelscope", "pypi"].index)


@pytest.mark.parametrize("spec", registry().values(), ids=lambda spec: spec.name)
def test_the_wheels_cover_the_file_exactly(spec: ModelSpec) -> None:
    source = spec.sources[-1]
    assert isinstance(source, WheelSource)
    assert all(" --hash=sha256:" in wheel for wheel in source.wheels)
    assert (
        (len(source.wheels) - 1) * source.chunk
        < spec.file.size
        <= (len(source.wheels) * source.chunk)
    )


def test_an_unknown_name_offers_near_ones() -> None:
    with pytest.raises(NotFound, match=r"no model 'qwen2.5-code'.*did you mean qwen2.5-coder"):
        resolve("qwen2.5-code")


def test_a_path_is_completed_from_its_header(
    tmp_path: Path, gguf: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.gguf"
    metadata = {
        "general.architecture": "llama",
        "general.license": "mit",
        "llama.context_length": 2048,
        "tokenizer.chat_template": "{{ messages }}",
    }
    path.write_bytes(gguf(metadata))
    spec = resolve(str(path))
    assert (spec.name, spec.license, spec.context, spec.format) == ("mine", "mit", 2048, "template")
    assert local_path(spec) == path
    monkeypatch.chdir(tmp_path)
    assert local_path(resolve("mine.gguf")) == Path("mine.gguf")


def test_a_model_without_a_template_gets_the_papers_format(tmp_path: Path, gguf: Build) -> None:
    path = tmp_path / "base.gguf"
    path.write_bytes(gguf({}))
    spec = resolve(str(path))
    assert (spec.format, spec.license, spec.context) == ("characterglm", "unknown", None)


def test_a_path_to_nothing_and_to_rubbish(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no model file"):
        resolve(str(tmp_path / "none.gguf"))
    rubbish = tmp_path / "rubbish.gguf"
    rubbish.write_text("not a model")
    with pytest.raises(ModelError, match="begin with 'GGUF'"):
        resolve(str(rubbish))


def test_a_file_at_the_hub() -> None:
    spec = resolve("hf:Qwen/Qwen3-4B-GGUF/sub/Qwen3-4B-Q4_K_M.gguf")
    assert spec.file.name == "hf/Qwen/Qwen3-4B-GGUF/sub/Qwen3-4B-Q4_K_M.gguf"
    assert spec.file.sha256 == ""
    assert [source.kind for source in spec.sources] == ["hub"]
    assert local_path(spec) is None


@pytest.mark.parametrize(
    "name",
    [
        "hf:",
        "hf:Qwen/Qwen3-4B-GGUF",
        "hf:Qwen/Qwen3-4B-GGUF/model.safetensors",
        "hf:Qwen/../../etc/x.gguf",
        "hf:../Qwen/x.gguf",
        "hf:Qwen/repo//x.gguf",
        "hf:Qwen/repo/模型.gguf",
        "hf:Qwen/repo/x?.gguf",
        "hf:Qwen/repo/x-00001-of-00003.gguf",
    ],
)
def test_names_that_cannot_be_at_the_hub(name: str) -> None:
    with pytest.raises(InputError, match="hf:"):
        resolve(name)


def test_a_file_of_the_wrong_size_is_not_installed(home: Path) -> None:
    spec = resolve("smollm2-135m")
    path = home / "models" / spec.file.name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"short")
    assert local_path(spec) is None
    assert list(installed()) == []


def test_installed_finds_files_of_the_hub_even_damaged_ones(home: Path, gguf: Build) -> None:
    place = home / "models" / "hf" / "a" / "b"
    place.mkdir(parents=True)
    (place / "good.gguf").write_bytes(gguf({"general.license": "mit"}))
    (place / "torn.gguf").write_bytes(b"GGUF")
    found = {spec.name: spec.license for spec in installed()}
    assert found == {"hf:a/b/good.gguf": "mit", "hf:a/b/torn.gguf": "unknown"}
