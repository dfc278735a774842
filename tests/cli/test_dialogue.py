"""`characterglm dialogue` from end to end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from characterglm.character.repository import Characters
from characterglm.cli.app import run
from characterglm.cli.messages import texts
from characterglm.dialogue import Dialogue, Speaker, Utterance
from characterglm.dialogue.repository import Dialogues
from characterglm.errors import StoreError
from characterglm.settings import settings
from characterglm.store import open_store

USER, WUKONG = Speaker(role="user"), Speaker(role="character", name="孙悟空")
CHAT = [
    {"user_name": "Ming", "character_name": "孙悟空", "chat_metadata": {}},
    {"name": "孙悟空", "is_user": False, "mes": "俺老孙来也！"},
    {"name": "Ming", "is_user": True, "mes": "Hello!"},
]
ROW = {
    "character_name": "阿海",
    "character_profile": "阿海是个守灯塔的人。",
    "greeting": "今晚风大。",
    "dialogue": [{"turn": 1, "speaker": "user", "utterance": "你好。"}],
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands write where they are called."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("CHARACTERGLM_LOCALE", f"{request.param}.UTF-8")
    settings.cache_clear()
    yield request.param
    settings.cache_clear()


@pytest.fixture
def dialogue() -> Dialogue:
    """A dialogue with two versions of a reply, in the configured database."""
    said = [
        Utterance(id="u1", speaker=USER, text="你是谁？"),
        Utterance(
            id="u2", parent="u1", speaker=WUKONG, text="\x1b[31m俺老孙\u202e", origin="edited"
        ),
        Utterance(id="u3", parent="u1", speaker=WUKONG, text="齐天大圣", status="interrupted"),
    ]
    made = Dialogue(
        id="d-1",
        title="Meeting\x1b]0;pwned\x07",
        character="sun-wukong",
        utterances=said,
        leaf="u2",
    )
    with open_store() as store:
        return Dialogues(store).create(made)


def put(*records: Any, name: str = "in.jsonl") -> str:
    Path(name).write_text(
        "\n".join(json.dumps(one, ensure_ascii=False) for one in records), "utf-8"
    )
    return name


def said(*argv: str, capsys: pytest.CaptureFixture[str], status: int = 0) -> str:
    """What a command prints: on stdout where it succeeds, on stderr where it does not."""
    capsys.readouterr()
    assert run(["dialogue", *argv]) == status
    output = capsys.readouterr()
    return output.err if status else output.out


def stored() -> list[Dialogue]:
    with open_store() as store:
        dialogues = Dialogues(store)
        return [dialogues.get(id_) for id_ in dialogues.ids()]


def test_both_languages_have_the_same_texts() -> None:
    english, chinese = texts("dialogue", "en"), texts("dialogue", "zh")
    assert english.keys() == chinese.keys()
    for group in ("columns", "fields"):
        assert english[group].keys() == chinese[group].keys()


def test_nothing_yet(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "characterglm chat" in said("list", capsys=capsys)
    assert json.loads(said("list", "--json", capsys=capsys)) == []
    assert "猴" in said("search", "猴", capsys=capsys)
    said("list", "--stats", capsys=capsys)


def test_list(dialogue: Dialogue, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = said("list", capsys=capsys)
    for part in ("d-1", "sun-wukong", "Meeting"):
        assert part in told
    assert "\x1b" not in told
    (record,) = json.loads(said("list", "--json", "--character", "sun-wukong", capsys=capsys))
    assert (record["id"], record["turns"], record["utterances"]) == ("d-1", 1, 2)
    assert json.loads(said("list", "--json", "--character", "nobody", capsys=capsys)) == []


def test_stats(dialogue: Dialogue, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = said("list", "--stats", capsys=capsys)
    for part in ("interaction", "2.00", "1.00", texts("dialogue", language)["by_category"]):
        assert part in told
    data = json.loads(said("list", "--stats", "--json", capsys=capsys))
    assert data["total"] == {
        "group": "all",
        "characters": 1,
        "dialogues": 1,
        "utterances": 2,
        "turns": 1,
        "utterances_each": 2.0,
        "turns_each": 1.0,
    }


def test_show(dialogue: Dialogue, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = said("show", "d-", capsys=capsys)
    assert "孙悟空" in told
    assert "1/2" in told
    assert texts("dialogue", language)["edited"] in told
    assert "俺老孙\n" in told
    assert "齐天大圣" not in told
    assert not {"\x1b", "\x07", "\u202e"} & set(told)
    assert Dialogue.model_validate_json(said("show", "d-1", "--json", capsys=capsys)) == dialogue


def test_search(dialogue: Dialogue, capsys: pytest.CaptureFixture[str]) -> None:
    told = said("search", "老孙", capsys=capsys)
    assert "孙悟空: 俺老孙" in told
    assert "\x1b" not in told
    (hit,) = json.loads(said("search", "老孙", "--json", capsys=capsys))
    assert (hit["dialogue"], hit["utterance"]) == ("d-1", "u2")
    assert "nothing to search for" in said("search", "？", capsys=capsys, status=1)


def test_delete_asks(
    dialogue: Dialogue,
    language: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "--yes" in said("delete", "d-1", capsys=capsys, status=1)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: "" if "d-1" in question else "y")
    said("delete", "d-1", capsys=capsys)
    assert len(stored()) == 1
    monkeypatch.setattr("builtins.input", lambda question: "y")
    assert "d-1" in said("delete", "d-1", capsys=capsys)
    assert stored() == []
    assert "no dialogue 'd-1'" in said("delete", "d-1", "--yes", capsys=capsys, status=1)


def test_consent_is_withdrawn_once_and_for_all(
    dialogue: Dialogue, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "d-1" in said("withdraw", "d-", capsys=capsys)
    at = stored()[0].consent.withdrawn
    assert at is not None
    shown = at.astimezone().strftime("%Y-%m-%d")
    assert shown in said("withdraw", "d-1", capsys=capsys)
    assert stored() == [
        dialogue.model_copy(
            update={"consent": dialogue.consent.model_copy(update={"withdrawn": at})}
        )
    ]
    before = texts("dialogue", language)["withdrawn"].partition("{")[0]
    assert f"{before}{shown}" in said("show", "d-1", capsys=capsys)


def test_what_is_exported_can_be_imported_again(
    dialogue: Dialogue, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said("export", "--all", capsys=capsys)
    assert "1" in said("import", "dialogues.jsonl", capsys=capsys)
    assert stored() == [dialogue]
    said("delete", "d-1", "--yes", capsys=capsys)
    said("import", "dialogues.jsonl", capsys=capsys)
    assert stored() == [dialogue]


def test_a_chat_finds_its_character_by_name_and_comes_back_equal(
    language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said("import", put(*CHAT), "--license", "CC0-1.0", "--consent", "train", capsys=capsys)
    assert "swipes" in told
    (dialogue,) = stored()
    assert (dialogue.character, dialogue.category) == ("sun-wukong", "fictional")
    assert (dialogue.license, dialogue.consent.scope) == ("CC0-1.0", "train")
    told = said("export", dialogue.id, "--format", "sillytavern", capsys=capsys)
    lines = Path("dialogues.sillytavern.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == CHAT


def test_a_corpus_brings_its_characters_once(capsys: pytest.CaptureFixture[str]) -> None:
    other = ROW | {"character_profile": "另一个阿海，是个画家。"}
    path = put(ROW, ROW, other)
    for _ in range(2):
        outcome = json.loads(said("import", path, "--json", capsys=capsys))
    assert outcome["characters_added"] == []
    assert sorted({one.character for one in stored()}) == ["阿海", "阿海-2"]
    assert {one.character_version for one in stored()} == {1}
    with open_store() as store:
        character = Characters(store).get("阿海")
    assert character.greetings == ["今晚风大。"]


def test_pippa_brings_its_characters_too(capsys: pytest.CaptureFixture[str]) -> None:
    record = {
        "bot_name": "Captain Elm",
        "bot_greeting": "Ahoy!",
        "bot_description": "A retired captain.",
        "bot_definitions": "{{user}}: Hi\n{{char}}: Ahoy!",
        "conversation": [{"message": "Ahoy!", "is_human": False}],
    }
    outcome = json.loads(said("import", put(record), "--json", capsys=capsys))
    assert (outcome["characters_added"], outcome["characters_unknown"]) == (["captain-elm"], [])
    (dialogue,) = stored()
    assert (dialogue.character, dialogue.character_version) == ("captain-elm", 1)
    with open_store() as store:
        elm = Characters(store).get("captain-elm")
    assert [str(fact) for fact in elm.attributes.others] == ["A retired captain."]
    assert [line.text for line in elm.examples[0]] == ["Hi", "Ahoy!"]


def test_a_broken_line_in_any_file_imports_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = put(ROW, name="good.jsonl"), put(ROW, {"dialogue": 5}, name="bad.jsonl")
    told = said("import", good, bad, "--format", "characterbench", capsys=capsys, status=1)
    assert "bad.jsonl:2: character_name" in told
    assert "bad.jsonl:2: dialogue" in told
    assert stored() == []
    with open_store() as store:
        assert not [one for one in Characters(store).list() if one.name == "阿海"]


def test_a_failure_at_the_end_of_an_import_keeps_no_character_either(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(self: Dialogues, dialogues: object) -> None:
        raise StoreError("another program has kept it locked")

    monkeypatch.setattr(Dialogues, "merge", locked)
    assert "locked" in said("import", put(ROW), capsys=capsys, status=1)
    with open_store() as store:
        assert not [one for one in Characters(store).list() if one.name == "阿海"]


def test_unknown_characters_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    record = {"instruction": "Hi", "output": "Hello"}
    outcome = json.loads(
        said("import", put(record), "--character", "ghost", "--json", capsys=capsys)
    )
    assert outcome["characters_unknown"] == ["ghost"]
    assert stored()[0].character == "ghost"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["import"], "which file?"),
        (["import", "none.jsonl"], "no file 'none.jsonl'"),
        (["import", "plain.txt"], "not valid JSON"),
        (["import", "alpaca.jsonl"], "--character ID"),
        (["import", "alpaca.jsonl", "--format", "alpacca"], "did you mean alpaca"),
        (["export"], "which ones?"),
        (["export", "d-1", "--all"], "which ones?"),
        (["export", "nobody"], "no dialogue 'nobody'"),
        (["export", "d-1", "-o", "plain.txt"], "--force"),
        (["export", "d-1", "--format", "kdconv"], "imported, not exported"),
        (["export", "d-1", "-o", "no/where.jsonl"], "cannot be written"),
        (["show", "nobody"], "no dialogue 'nobody'"),
        (["delete"], "which one?"),
        (["withdraw"], "which one?"),
        (["withdraw", "nobody"], "no dialogue 'nobody'"),
    ],
)
def test_mistakes(
    dialogue: Dialogue, capsys: pytest.CaptureFixture[str], argv: list[str], message: str
) -> None:
    Path("plain.txt").write_text("words")
    put({"instruction": "Hi", "output": "Hello"}, name="alpaca.jsonl")
    assert message in said(*argv, capsys=capsys, status=1)
    assert stored() == [dialogue]
