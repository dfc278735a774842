"""Dialogues in the database: everything comes back, nothing is overwritten, on both databases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from characterglm.character import Persona
from characterglm.dialogue import Dialogue, Feedback, Generation, Speaker, Utterance
from characterglm.dialogue.repository import Dialogues, Merged
from characterglm.errors import InputError, NotFound, ValidationFailed
from characterglm.store import Store

USER, CHARACTER = Speaker(role="user"), Speaker(role="character")


def said(parent: str | None, text: str, speaker: Speaker = USER) -> Utterance:
    return Utterance(parent=parent, speaker=speaker, text=text)


def test_every_field_comes_back(dialogues: Dialogues, full_dialogue: Dialogue) -> None:
    assert dialogues.create(full_dialogue) == full_dialogue
    assert dialogues.get("dialogue-1") == full_dialogue


def test_a_prefix_is_enough_if_only_one_has_it(dialogues: Dialogues) -> None:
    for id_ in ("abc-1", "abc-2", "ab%"):
        dialogues.create(Dialogue(id=id_, character="x"))
    assert dialogues.get("abc-2").id == "abc-2"
    assert dialogues.get("ab%").id == "ab%"
    with pytest.raises(InputError, match="several dialogues begin with abc: abc-1, abc-2"):
        dialogues.get("abc")
    for unknown in ("", "%", "nobody", "abc_1"):
        with pytest.raises(NotFound, match="dialogue list"):
            dialogues.get(unknown)


def test_add_moves_the_leaf(dialogues: Dialogues) -> None:
    dialogue = dialogues.create(Dialogue(character="x"))
    first, second = said(None, "你好"), said(None, "Hello")
    dialogues.add(dialogue.id, first)
    dialogues.add(dialogue.id, second)
    reply = said(first.id, "嗯", CHARACTER)
    dialogues.add(dialogue.id, reply)
    stored = dialogues.get(dialogue.id)
    assert stored.utterances == [first, second, reply]
    assert stored.path() == [first, reply]
    dialogues.set_leaf(dialogue.id, second.id)
    assert dialogues.get(dialogue.id).path() == [second]
    dialogues.set_leaf(dialogue.id, None)
    assert dialogues.get(dialogue.id).path() == []


def test_what_does_not_fit_into_the_tree_changes_nothing(
    dialogues: Dialogues, full_dialogue: Dialogue
) -> None:
    dialogues.create(full_dialogue)
    other = dialogues.create(Dialogue(character="x"))
    with pytest.raises(InputError, match="has no utterance aaa"):
        dialogues.add(other.id, said("aaa", "crossing over"))
    with pytest.raises(InputError, match="utterance aaa exists already"):
        dialogues.add(other.id, Utterance(id="aaa", speaker=USER, text="again"))
    with pytest.raises(InputError, match="has no utterance aaa"):
        dialogues.set_leaf(other.id, "aaa")
    with pytest.raises(NotFound):
        dialogues.add("nowhere", said(None, "lost"))
    with pytest.raises(InputError, match="exists already"):
        dialogues.create(full_dialogue)
    assert dialogues.get(other.id) == other
    assert dialogues.get(full_dialogue.id) == full_dialogue


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"leaf": "zzz"}, "leaf: zzz is not there"),
        ({"id": ""}, "an id is 1 to 64"),
        ({"id": "a b"}, "an id is 1 to 64"),
        ({"id": "x" * 65}, "an id is 1 to 64"),
    ],
)
def test_no_tree_no_entry(
    dialogues: Dialogues, full_dialogue: Dialogue, change: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationFailed, match=message):
        dialogues.create(full_dialogue.model_copy(update=change))


def test_rings_orphans_and_doubles_are_all_reported(dialogues: Dialogues) -> None:
    def dialogue(*pairs: tuple[str, str | None]) -> Dialogue:
        utterances = [Utterance(id=i, parent=p, speaker=USER, text="") for i, p in pairs]
        return Dialogue(character="x", utterances=utterances)

    with pytest.raises(ValidationFailed, match="answers itself"):
        dialogues.create(dialogue(("r", None), ("a", "b"), ("b", "a")))
    with pytest.raises(ValidationFailed, match="has 2 problems") as caught:
        dialogues.create(dialogue(("a", "gone"), ("b", None), ("b", None)))
    assert "a answers gone, which is not there" in str(caught.value)
    assert "b is there 2 times" in str(caught.value)


def test_update_writes_what_a_stream_changes(dialogues: Dialogues) -> None:
    dialogue = dialogues.create(Dialogue(character="x"))
    reply = Utterance(speaker=CHARACTER, text="", status="streaming", origin="model")
    dialogues.add(dialogue.id, reply)
    reply.text = "俺老孙"
    dialogues.update(reply)
    assert dialogues.search("老孙") == []
    reply.text, reply.status = "俺老孙来也", "complete"
    reply.generation = Generation(engine="scripted", model="none")
    dialogues.update(reply)
    ignored = {"parent": "ignored", "speaker": USER, "feedback": Feedback(thumb="down")}
    dialogues.update(reply.model_copy(update=ignored))
    assert dialogues.get(dialogue.id).utterances == [reply]
    assert [hit.utterance for hit in dialogues.search("老孙来")] == [reply.id]


def test_a_complete_text_may_grow_but_not_change(dialogues: Dialogues) -> None:
    dialogue = dialogues.create(Dialogue(character="x"))
    reply = said(None, "Once upon")
    dialogues.add(dialogue.id, reply)
    dialogues.update(reply.model_copy(update={"text": "Once upon a time", "status": "interrupted"}))
    dialogues.update(reply.model_copy(update={"text": "Once upon a time"}))
    with pytest.raises(ValueError, match="add a sibling"):
        dialogues.update(reply.model_copy(update={"text": "Twice"}))
    assert dialogues.get(dialogue.id).utterances[0].text == "Once upon a time"
    with pytest.raises(NotFound, match="utterance"):
        dialogues.update(said(None, "never added"))


def test_recover_interrupts_what_a_killed_process_left(dialogues: Dialogues) -> None:
    ids = [dialogues.create(Dialogue(character="x")).id for _ in range(2)]
    for id_ in ids:
        reply = Utterance(speaker=CHARACTER, text="未完的话", status="streaming")
        dialogues.add(id_, reply)
    assert dialogues.recover(ids[0]) == 1
    assert [dialogues.get(id_).utterances[0].status for id_ in ids] == ["interrupted", "streaming"]
    assert [hit.dialogue for hit in dialogues.search("未完")] == [ids[0]]
    assert dialogues.recover() == 1
    assert dialogues.recover() == 0


def test_recover_takes_the_talk_back_before_an_empty_reply(dialogues: Dialogues) -> None:
    for parent in ("user", None):
        dialogue = dialogues.create(Dialogue(character="x"))
        asked = said(None, "在吗？")
        if parent:
            dialogues.add(dialogue.id, asked)
        reply = Utterance(
            parent=asked.id if parent else None, speaker=CHARACTER, text="", status="streaming"
        )
        dialogues.add(dialogue.id, reply)
        assert dialogues.recover(dialogue.id) == 1
        stored = dialogues.get(dialogue.id)
        assert stored.leaf == reply.parent
        assert stored.utterances[-1].status == "interrupted"


def test_recover_leaves_the_talk_where_it_went_on_elsewhere(dialogues: Dialogues) -> None:
    dialogue = dialogues.create(Dialogue(character="x"))
    dialogues.add(dialogue.id, Utterance(speaker=CHARACTER, text="", status="streaming"))
    other = said(None, "Hello")
    dialogues.add(dialogue.id, other)
    assert dialogues.recover() == 1
    assert dialogues.get(dialogue.id).leaf == other.id


def test_feedback_touches_nothing_else(dialogues: Dialogues) -> None:
    dialogue = dialogues.create(Dialogue(character="x"))
    reply = Utterance(speaker=CHARACTER, text="俺老孙", status="streaming")
    dialogues.add(dialogue.id, reply)
    grown = reply.model_copy(update={"text": "俺老孙来也", "status": "complete"})
    dialogues.update(grown)
    for feedback in (Feedback(thumb="up", note="像"), None):
        dialogues.set_feedback(reply.id, feedback)
        expected = grown.model_copy(update={"feedback": feedback})
        assert dialogues.get(dialogue.id).utterances == [expected]
    with pytest.raises(NotFound, match="utterance"):
        dialogues.set_feedback("nowhere", None)


def test_delete_removes_all_of_one_and_nothing_else(
    dialogues: Dialogues, store: Store, full_dialogue: Dialogue
) -> None:
    other = dialogues.create(Dialogue(character="x"))
    dialogues.add(other.id, said(None, "何方神圣"))
    dialogues.create(full_dialogue)
    dialogues.delete(full_dialogue.id)
    with pytest.raises(NotFound):
        dialogues.get(full_dialogue.id)
    with pytest.raises(NotFound):
        dialogues.delete(full_dialogue.id)
    assert [hit.dialogue for hit in dialogues.search("何方")] == [other.id]
    with store.reading() as session:
        for table in ("utterance", "utterance_search"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 1


def test_title_persona_and_withdrawn_consent(dialogues: Dialogues, full_dialogue: Dialogue) -> None:
    dialogues.create(full_dialogue)
    dialogues.rename("dialogue-1", "A new title")
    dialogues.set_persona("dialogue-1", Persona(name="小红"))
    at = dialogues.withdraw("dialogue-1")
    assert dialogues.withdraw("dialogue-1") == at
    stored = dialogues.get("dialogue-1")
    assert (stored.title, stored.persona.name) == ("A new title", "小红")
    assert stored.consent.withdrawn == at
    assert stored.consent.scope == "train"
    for change in (dialogues.withdraw, lambda id_: dialogues.rename(id_, "")):
        with pytest.raises(NotFound):
            change("nowhere")


def test_the_list_follows_the_last_change(dialogues: Dialogues, full_dialogue: Dialogue) -> None:
    dialogues.create(full_dialogue)
    newer = dialogues.create(Dialogue(character="x"))
    assert [info.id for info in dialogues.list()] == [newer.id, "dialogue-1"]
    dialogues.rename("dialogue-1", "touched")
    assert [info.id for info in dialogues.list(limit=1)] == ["dialogue-1"]
    assert [info.id for info in dialogues.list("x")] == [newer.id]
    info = dialogues.list("sun-wukong")[0]
    assert (info.utterances, info.turns, info.title) == (5, 2, "touched")
    assert dialogues.list("nobody") == []


def test_stats_count_what_was_said_as_the_paper_does(
    dialogues: Dialogues, full_dialogue: Dialogue
) -> None:
    assert dialogues.stats().total.dialogues == 0
    dialogues.create(full_dialogue)
    second = full_dialogue.model_copy(update={"id": "dialogue-2", "utterances": [], "leaf": None})
    dialogues.create(second)
    dialogues.create(Dialogue(character="x"))
    stats = dialogues.stats()
    assert (stats.total.characters, stats.total.dialogues) == (2, 3)
    assert [(row.group, row.dialogues) for row in stats.by_source] == [
        ("human_roleplay", 2),
        ("interaction", 1),
    ]
    (fictional, unknown) = stats.by_category
    assert (fictional.group, fictional.utterances, fictional.turns) == ("fictional", 5, 2)
    assert (fictional.utterances_each, fictional.turns_each) == (2.5, 1.0)
    assert (unknown.group, unknown.utterances_each) == ("unknown", 0.0)
    assert dialogues.stats("x").total.dialogues == 1


def test_merge_adds_what_is_new_and_overwrites_nothing(
    dialogues: Dialogues, full_dialogue: Dialogue
) -> None:
    assert dialogues.merge([full_dialogue, full_dialogue]) == Merged(added=1, known=1, renewed=0)
    changed = full_dialogue.model_copy(update={"title": "changed"})
    assert dialogues.merge([changed]) == Merged(added=1, known=0, renewed=1)
    assert dialogues.get(full_dialogue.id) == full_dialogue
    (copy,) = (dialogues.get(id_) for id_ in dialogues.ids() if id_ != full_dialogue.id)
    assert [u.text for u in copy.path()] == [u.text for u in full_dialogue.path()]
    assert copy.title == "changed"


def test_merge_is_all_or_nothing(dialogues: Dialogues, full_dialogue: Dialogue) -> None:
    broken = Dialogue(character="x", leaf="gone")
    with pytest.raises(ValidationFailed):
        dialogues.merge([full_dialogue, broken])
    assert dialogues.list() == []


def test_others_write_while_what_is_merged_is_still_read(
    dialogues: Dialogues, full_dialogue: Dialogue
) -> None:
    other = dialogues.create(Dialogue(character="x"))

    def read() -> Iterator[Dialogue]:
        yield full_dialogue
        dialogues.add(other.id, said(None, "written meanwhile"))

    assert dialogues.merge(read()).added == 1
    assert dialogues.get(other.id).path()[0].text == "written meanwhile"


def test_long_dialogues_keep_their_order(dialogues: Dialogues) -> None:
    utterances: list[Utterance] = []
    for number in range(2_000):
        parent = utterances[-1].id if utterances else None
        utterances.append(said(parent, str(number), CHARACTER if number % 2 else USER))
    dialogue = Dialogue(character="x", utterances=utterances, leaf=utterances[-1].id)
    dialogues.create(dialogue)
    assert dialogues.get(dialogue.id).path() == utterances


WRITER = """
import sys
from characterglm.dialogue import Dialogue, Speaker, Utterance
from characterglm.dialogue.repository import Dialogues
from characterglm.store import open_store
url, shared, name = sys.argv[1:]
dialogues = Dialogues(open_store(url))
own = dialogues.create(Dialogue(character=name))
parent = None
for number in range(50):
    dialogues.add(shared, Utterance(speaker=Speaker(role="user"), text=f"{name} {number}"))
    reply = Utterance(parent=parent, speaker=Speaker(role="character"), text="", status="streaming")
    dialogues.add(own.id, reply)
    for reply.text in ("半", "半句", "半句话"):
        dialogues.update(reply)
    reply.status, parent = "complete", reply.id
    dialogues.update(reply)
"""


def test_two_processes_writing_at_once_lose_nothing(dialogues: Dialogues, store: Store) -> None:
    shared = dialogues.create(Dialogue(character="shared"))
    command = [sys.executable, "-c", WRITER, store.url, shared.id]
    writers = [subprocess.Popen([*command, name], stderr=subprocess.PIPE) for name in ("a", "b")]
    errors = [writer.communicate()[1].decode() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], errors
    texts = {utterance.text for utterance in dialogues.get(shared.id).utterances}
    assert texts == {f"{name} {number}" for name in ("a", "b") for number in range(50)}
    for name in ("a", "b"):
        (own,) = map(dialogues.get, dialogues.ids(name))
        assert [(u.text, u.status) for u in own.path()] == [("半句话", "complete")] * 50
    assert len(dialogues.search("半句话", limit=1000)) == 100
