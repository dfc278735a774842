"""ChatHaruhi's folders: `system_prompt.txt` and a scene in each file of `texts/`.

A scene's lines read `name:「words」`; `scene:` and `旁白:` are the narrator's. The character is
whoever the system prompt names and speaks in the most scenes, else the folder's name. Scenes
become example dialogues; what others than the character say is the user's side of them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from characterglm.character.cards import plain
from characterglm.character.cards.formats import Files, Format, Imported, Outgoing
from characterglm.character.cards.options import Options, make
from characterglm.character.cards.source import Source, read_bytes
from characterglm.character.cards.texts import paragraphs, text, write_profile
from characterglm.character.schema import Attributes, Character, ExampleLine
from characterglm.errors import InputError

UNDER = "chatharuhi"
PROMPT = "system_prompt.txt"
MAX_SCENES = 1_000
_LINE = re.compile(r"([^:：「」\n]{1,40})[:：]\s*(.*)", re.DOTALL)
_NARRATORS = ("scene", "旁白")
_QUOTES = (("「", "」"), ("“", "”"), ('"', '"'))


@dataclass(frozen=True)
class _Line:
    name: str
    """Empty for the narrator."""
    words: str


def _recognises(source: Source) -> bool:
    return source.kind == "folder" and (source.path / PROMPT).is_file()


def _read(source: Source, options: Options) -> Imported:
    prompt = plain.decode(read_bytes(source.path / PROMPT), f"{source.name}/{PROMPT}")
    scenes = [_scene(text_of) for text_of in _scene_texts(source)]
    name = _whose(prompt, scenes) or source.path.resolve().name
    others = sorted({line.name for scene in scenes for line in scene} - {name, ""})
    fields = {
        "name": name,
        "attributes": Attributes(others=paragraphs(prompt)),
        "examples": [_example(scene, name) for scene in scenes if scene],
    }
    report = source.report
    report.add("mapped", PROMPT, "attributes")
    report.add("mapped", f"{len(scenes)} texts", "examples")
    if others:
        report.add("changed", ", ".join(others[:8]), "examples", "all speak as the user")
    return Imported(UNDER, [make(fields, options, report, source.name)], report=report)


def _scene_texts(source: Source) -> list[str]:
    """The scenes' texts, in the order of their names; links are not followed."""
    folder = source.path / "texts"
    if not folder.is_dir():
        return []
    paths = sorted(path for path in folder.iterdir() if path.suffix == ".txt" and _is_plain(path))
    if len(paths) > MAX_SCENES:
        raise InputError(f"{folder} holds {len(paths)} texts; at most {MAX_SCENES} are read")
    found: list[str] = []
    for path in paths:
        data = read_bytes(path) if path.stat().st_size else b""
        found += [plain.decode(data, f"texts/{path.name}")] if data.strip() else []
        if sum(map(len, found)) > plain.MAX_FILE:
            raise InputError(f"{folder} holds more than {plain.MAX_FILE >> 20} MB of text")
    return found


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _scene(content: str) -> list[_Line]:
    """The lines of a scene; one without a speaker goes on with the line before it."""
    said: list[_Line] = []
    for line in content.splitlines():
        hit = _LINE.fullmatch(line.strip())
        if hit:
            name = hit[1].strip()
            said.append(_Line("" if name.lower() in _NARRATORS else name, _unquoted(hit[2])))
        elif line.strip():
            last = said.pop() if said else _Line("", "")
            said.append(_Line(last.name, text(f"{last.words}\n{line.strip()}")))
    return [line for line in said if line.words]


def _unquoted(words: str) -> str:
    words = words.strip()
    for start, end in _QUOTES:
        if len(words) > 1 and words.startswith(start) and words.endswith(end):
            return words[1:-1].strip()
    return words


def _whose(prompt: str, scenes: list[list[_Line]]) -> str:
    speakers = Counter(name for scene in scenes for name in {line.name for line in scene} if name)
    named = [name for name, _ in speakers.most_common() if name in prompt]
    return named[0] if named else ""


def _example(scene: list[_Line], name: str) -> list[ExampleLine]:
    roles = {name: "character", "": "narrator"}
    said = ({"speaker": roles.get(line.name, "user"), "text": line.words} for line in scene)
    return [ExampleLine.model_validate(line) for line in said]


def _write(out: Outgoing) -> Files:
    """The profile as the system prompt, and each example dialogue as a scene."""
    who = out.character
    told = write_profile(who.attributes, who.behaviors, who.scenario, who.language)
    prompt = told if who.name in told else f"{who.name}\n{told}".strip()
    scenes = {
        f"texts/{number:04}.txt": "\n".join(_told(line, who) for line in example)
        for number, example in enumerate(who.examples, 1)
    }
    return {name: words.encode() for name, words in {PROMPT: prompt, **scenes}.items()}


def _told(line: ExampleLine, who: Character) -> str:
    chinese = who.language.startswith("zh")
    names = {
        "character": who.name,
        "user": "用户" if chinese else "User",
        "narrator": "旁白" if chinese else "scene",
    }
    # Quotation marks hold one line; what is longer goes on in the lines below.
    words = line.text if "\n" in line.text else f"「{line.text}」"
    return f"{names[line.speaker]}:{words}"


CHATHARUHI = Format(UNDER, "a ChatHaruhi folder", "", _recognises, _read, _write)
