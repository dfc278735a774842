"""The documentation, held against what the software does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from characterglm.character.yamlfile import parse_character
from characterglm.engines import Sampling
from characterglm.engines.opening import Opened
from characterglm.engines.scripted import ScriptedEngine
from characterglm.prompt.formats import get_format
from characterglm.settings import Settings

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.zh.md")


def blocks(file: str, language: str) -> list[str]:
    text = (ROOT / file).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("file", READMES)
def test_the_readme_opens_with_the_two_commands(file: str) -> None:
    assert blocks(file, "bash")[:2] == [
        'pip install -e ".[local]" && characterglm chat sun-wukong\n',
        'pip install -c constraints.txt -e ".[all]" && pytest\n',
    ]


@pytest.mark.parametrize("file", READMES)
def test_the_readmes_python_runs(
    file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def open_model(name: str) -> Opened:
        return Opened(ScriptedEngine(["Yes, 好。"]), get_format("chatml"), Sampling())

    monkeypatch.setattr("characterglm.engines.opening.open_model", open_model)
    [block] = blocks(file, "python")
    names: dict[str, Any] = {"__name__": "readme"}
    exec(compile(block, file, "exec"), names)
    assert capsys.readouterr().out == "Yes, 好。"


@pytest.mark.parametrize("file", ["docs/en/characters.md", "docs/zh/characters.md"])
def test_the_character_of_the_guide_is_a_whole_one(file: str) -> None:
    character = parse_character(blocks(file, "yaml")[0], file)
    assert all(character.attributes.model_dump().values())
    assert all(character.behaviors.model_dump().values())
    assert character.greetings
    assert character.lorebook


@pytest.mark.parametrize("file", ["docs/en/quickstart.md", "docs/zh/quickstart.md"])
def test_every_setting_is_documented(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    aliases = {
        "hf_endpoint": "HF_ENDPOINT",
        "modelscope_endpoint": "MODELSCOPE_ENDPOINT",
        "openai_base_url": "OPENAI_BASE_URL",
        "openai_api_key": "OPENAI_API_KEY",
        "editor": "`EDITOR`",
    }
    for name in Settings.model_fields:
        assert aliases.get(name, f"CHARACTERGLM_{name.upper()}") in text


@pytest.mark.parametrize(
    "file", sorted(ROOT.glob("README*.md")) + sorted(ROOT.glob("docs/**/*.md"))
)
def test_every_link_leads_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", file.read_text("utf-8")):
        if not target.startswith("https://"):
            assert (file.parent / target).exists(), target
