"""The card guide's examples run as they stand, in both languages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from characterglm.character.cards import FORMATS
from characterglm.cli.app import run
from characterglm.settings import settings

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"```(bash|python)\n(.*?)```", re.DOTALL)
LANGUAGES = ("en", "zh")


def guide(language: str) -> str:
    return (DOCS / language / "cards.md").read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_example_runs(
    language: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHARACTERGLM_LOCALE", language)
    settings.cache_clear()
    for kind, block in BLOCK.findall(guide(language)):
        if kind == "python":
            exec(compile(block, f"cards.{language}.md", "exec"), {})
            continue
        for line in block.splitlines():
            program, *argv = shlex.split(line, comments=True)
            assert program == "characterglm"
            assert run(argv) == 0, line
    told = capsys.readouterr().out
    promised = {
        "en": "lost     boundaries (the format has no place for it)",
        "zh": "丢失  boundaries (该格式放不下)",
    }
    assert promised[language] in guide(language)
    assert promised[language] in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_format_has_its_line_in_the_table(language: str) -> None:
    table = guide(language).split("\n## ")[1]
    rows = [row for row in table.splitlines() if row.startswith("| `")][1:]
    named = {name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])}
    assert named == {each.name for each in FORMATS}
    only_read = {row.split("`")[1] for row in rows if re.search(r"\| (no|不可以) \|$", row)}
    assert only_read == {each.name for each in FORMATS if each.write is None}


def test_both_guides_have_the_same_parts() -> None:
    english, chinese = (
        [line.split(" ")[0] for line in guide(language).splitlines() if line.startswith(("#", "|"))]
        for language in LANGUAGES
    )
    assert english == chinese
