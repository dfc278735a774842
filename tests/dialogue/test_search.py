"""Search over dialogues: hits, their order, and what is shown of them."""

from __future__ import annotations

import pytest

from characterglm.dialogue import Dialogue, Speaker, Utterance
from characterglm.dialogue.repository import Dialogues
from characterglm.dialogue.search import snippet
from characterglm.errors import InputError


def test_hits_come_latest_first_with_their_marks(
    dialogues: Dialogues, full_dialogue: Dialogue
) -> None:
    dialogues.create(full_dialogue)
    hits = dialogues.search("你")
    assert [hit.snippet for hit in hits] == ["我是你的师弟。 第二行", "你是谁？"]
    assert [hit.snippet[slice(*hit.marks[0])] for hit in hits] == ["你", "你"]
    (hit,) = dialogues.search("monkey KING")
    assert hit.snippet[slice(*hit.marks[0])] == "Monkey King"
    assert (hit.dialogue, hit.character, hit.speaker_role) == ("dialogue-1", "sun-wukong", "user")
    assert dialogues.search("妖怪", character="sun-wukong")[0].utterance == "aaa"
    assert dialogues.search("妖怪", character="somebody-else") == []
    assert len(dialogues.search("你", limit=1)) == 1


def test_nothing_to_search_for(dialogues: Dialogues) -> None:
    with pytest.raises(InputError):
        dialogues.search("？！")


def test_nul_and_half_surrogates_do_not_stop_a_reply_from_being_kept(
    dialogues: Dialogues,
) -> None:
    dialogue = dialogues.create(Dialogue(character="x"))
    speaker = Speaker(role="user")
    extensions = {"raw": "\x00\ud800"}
    dialogues.add(dialogue.id, Utterance(speaker=speaker, text="ok", extensions=extensions))
    assert dialogues.get(dialogue.id).utterances[0].extensions == extensions
    reply = dialogues.get(dialogue.id).utterances[0]
    reply.text = "ok\x00\ud800 猴"
    dialogues.update(reply)
    assert dialogues.get(dialogue.id).utterances[0].text == "ok\ufffd\ufffd 猴"
    dialogues.update(reply)
    assert len(dialogues.search("猴")) == 1


def test_snippets_are_cut_around_the_first_occurrence() -> None:
    text = "一" * 50 + "猴王" + "二" * 50 + "猴王"
    shown, marks = snippet(text, ["猴", "王"])
    assert shown == "…" + "一" * 30 + "猴王" + "二" * 30 + "…"
    assert marks == ((31, 33),)
    assert snippet("a\nb", ["b"]) == ("a b", ((2, 3),))
