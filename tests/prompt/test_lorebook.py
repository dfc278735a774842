"""Which entries a dialogue calls up, why, and where they stand."""

from __future__ import annotations

from typing import Any

import pytest

from characterglm.character import Character, Lorebook, Persona
from characterglm.prompt import Prompt, build, get_format
from characterglm.prompt.lorebook import Found, activate

PATH = ("c:Good day.", "u:Is there a dragon?", "c:In the north.", "u:And gold?")


def one(say: Any, *lines: str, book: dict[str, Any] | None = None, **fields: Any) -> Found:
    """The verdict on a book's single entry."""
    entry = {"name": "it", "content": "known", **fields}
    lorebook = Lorebook.model_validate({"entries": [entry], **(book or {})})
    hero = Character(
        id="a", name="Ada", language="en", category="fictional", greetings=["Hm.", "Good day."]
    )
    return activate([lorebook], say(*(lines or PATH)), hero)[0]


@pytest.mark.parametrize(
    ("fields", "active", "reason"),
    [
        ({"keys": ["gold"]}, True, "key 'gold' in utterance 4"),
        ({"keys": ["silver", "dragon"]}, True, "key 'dragon' in utterance 2"),
        ({"keys": ["silver"]}, False, "no key in the last 4 utterances"),
        ({"keys": []}, False, "it has no keys"),
        ({"keys": ["gold"], "enabled": False}, False, "disabled"),
        ({"keys": ["gold"], "content": "@@depth 1\n"}, False, "empty"),
        ({"constant": True}, True, "constant"),
        ({"constant": True, "use_regex": True, "keys": ["x"]}, False, "no key in"),
        (
            {"keys": ["gold?"], "use_regex": True},
            True,
            "key 'gold?' in utterance 4",
        ),
        (
            {"keys": ["?", "x"], "use_regex": True},
            True,
            "key '?' in utterance 4; no usable pattern, looked for as it stands",
        ),
        (
            {"keys": ["C++"], "use_regex": True},
            False,
            "no key in the last 4 utterances; no usable pattern, looked for as it stands",
        ),
        ({"keys": ["go.d"], "use_regex": True}, True, "key 'go.d' in utterance 4"),
        # Secondary keys, four logics.
        ({"keys": ["gold"], "secondary_keys": ["north", "x"]}, True, "key 'gold'"),
        ({"keys": ["gold"], "secondary_keys": ["x"]}, False, "and_any is not met"),
        ({"keys": ["gold"], "secondary_keys": ["x"], "selective": False}, True, "key 'gold'"),
        (
            {"keys": ["gold"], "secondary_keys": ["north", "x"], "logic": "and_all"},
            False,
            "and_all",
        ),
        ({"keys": ["gold"], "secondary_keys": ["north"], "logic": "and_all"}, True, "key"),
        ({"keys": ["gold"], "secondary_keys": ["north"], "logic": "not_any"}, False, "not_any"),
        ({"keys": ["gold"], "secondary_keys": ["x"], "logic": "not_any"}, True, "key"),
        ({"keys": ["gold"], "secondary_keys": ["north"], "logic": "not_all"}, False, "not_all"),
        ({"keys": ["gold"], "secondary_keys": ["north", "x"], "logic": "not_all"}, True, "key"),
        # Decorators.
        ({"content": "@@activate\nx"}, True, "@@activate"),
        ({"keys": ["gold"], "content": "@@dont_activate\nx"}, False, "@@dont_activate"),
        ({"content": "@@dont_activate\n@@activate\nx"}, True, "@@activate"),
        ({"keys": ["dragon"], "content": "@@scan_depth 1\nx"}, False, "last 1 utterance"),
        ({"keys": ["gold"], "content": "@@activate_only_after 2\nx"}, True, "key"),
        ({"keys": ["gold"], "content": "@@activate_only_after 3\nx"}, False, "2 replies so far"),
        ({"keys": ["gold"], "content": "@@activate_only_every 2\nx"}, True, "key"),
        ({"keys": ["gold"], "content": "@@activate_only_every 3\nx"}, False, "2 replies so far"),
        ({"keys": ["gold"], "content": "@@additional_keys x,north\nx"}, True, "key"),
        ({"keys": ["gold"], "content": "@@additional_keys x\nx"}, False, "no additional key"),
        ({"constant": True, "content": "@@additional_keys x\nx"}, False, "no additional key"),
        ({"keys": ["gold"], "content": "@@exclude_keys north\nx"}, False, "excluded by 'north'"),
        ({"keys": ["gold"], "content": "@@exclude_keys x\nx"}, True, "key"),
        ({"keys": ["gold"], "content": "@@is_greeting 1\nx"}, True, "key"),
        ({"keys": ["gold"], "content": "@@is_greeting 0\nx"}, False, "another greeting"),
    ],
)
def test_verdicts(say: Any, fields: dict[str, Any], active: bool, reason: str) -> None:
    found = one(say, **fields)
    assert (found.active, reason in found.reason) == (active, True), found.reason


def test_only_the_latest_utterances_are_searched(say: Any) -> None:
    assert one(say, keys=["dragon"], book={"scan_depth": 3}).active
    assert not one(say, keys=["dragon"], book={"scan_depth": 2}).active
    assert not one(say, keys=["gold"], book={"scan_depth": 0}).active


def test_what_was_called_up_before(say: Any) -> None:
    later = (*PATH, "c:Much.", "u:Well.", "c:Yes.", "u:So.")
    keep = one(say, *later, keys=["gold"], content="@@keep_activate_after_match\nx")
    assert keep.active and "called up at utterance 4" in keep.reason
    assert not one(say, *later, keys=["gold"]).active
    gone = one(
        say, *PATH, "c:Gold.", "u:x", keys=["gold"], content="@@dont_activate_after_match\nx"
    )
    assert not gone.active
    assert one(say, *PATH, keys=["gold"], content="@@dont_activate_after_match\nx").active


@pytest.mark.parametrize(
    ("said", "fitting"),
    [
        ("c:Hm.", "0"),
        ("c:Good 77 day, Somebody else.", "1"),
        # What none of them can have yielded: nothing is known.
        ("c:Good day.", "01"),
        ("c:x Good 7 day, Ben.", "01"),
        ("u:Hm.", "01"),
    ],
)
def test_a_greeting_is_known_whatever_chance_made_of_it(say: Any, said: str, fitting: str) -> None:
    hero = Character(
        id="a",
        name="Ada",
        language="en",
        category="fictional",
        greetings=["Hm.", "Good {{roll:1000000}} day, {{user}}."],
    )
    entries = [
        {"name": number, "constant": True, "content": f"@@is_greeting {number}\nx"}
        for number in "01"
    ]
    book = Lorebook.model_validate({"entries": entries})
    found = activate([book], say(said, "u:gold"), hero, Persona(name="Ben"))
    assert "".join(one.label for one in found if one.active) == fitting


def test_of_two_fitting_greetings_the_more_telling_one_was_said(say: Any) -> None:
    book = Lorebook.model_validate(
        {"entries": [{"constant": True, "content": "@@is_greeting 1\nx"}]}
    )
    hero = Character(
        id="a", name="A", language="en", category="fictional", greetings=["{{user}}", "Hi {{user}}"]
    )
    assert activate([book], say("c:Hi Ben", "u:x"), hero)[0].active
    assert not activate([book], say("c:Ben", "u:x"), hero)[0].active


def test_chance_is_drawn_from_the_dialogue(say: Any) -> None:
    drawn = []
    for number in range(60):
        path = say("c:Hm.", "u:gold")
        path[1].id = f"turn-{number}"
        book = Lorebook.model_validate(
            {"entries": [{"keys": ["gold"], "content": "x", "probability": 40}]}
        )
        hero = Character(id="a", name="Ada", language="en", category="fictional")
        first, second = (activate([book], path, hero)[0] for _ in range(2))
        assert first == second
        drawn.append(first.active)
    assert 10 < sum(drawn) < 40
    assert not one(say, keys=["gold"], probability=0).active


def test_contents_call_up_further_entries(say: Any, ada: Character) -> None:
    entries = [
        {"name": "1", "keys": ["gold"], "content": "lies in the mine{{hidden_key:deep}}"},
        {"name": "2", "keys": ["mine"], "content": "{{// bats}} dark"},
        {"name": "3", "keys": ["deep"], "content": "very"},
        {"name": "4", "keys": ["bats"], "content": "no"},
        {"name": "5", "keys": ["dark"], "content": "gold"},
    ]
    for recursive, expected in ((True, "1235"), (False, "1")):
        book = Lorebook.model_validate({"entries": entries, "recursive": recursive})
        found = activate([book], say(*PATH), ada)
        assert "".join(hit.label for hit in found if hit.active) == expected
    assert found[1].reason.startswith("no key")


def test_recursion_is_bounded(say: Any, ada: Character) -> None:
    chain = [{"keys": [f"k{n}x"], "content": f"k{n + 1}x"} for n in range(50)]
    book = Lorebook.model_validate({"entries": chain, "recursive": True})
    found = activate([book], say("u:k0x"), ada)
    assert sum(hit.active for hit in found) == 6


def prompt_with(
    ada: Character, say: Any, count: Any, entries: list[dict[str, Any]], **rest: Any
) -> Prompt:
    """A ChatML prompt of the dialogue with a standalone book of these entries."""
    book = Lorebook.model_validate({"entries": entries, **rest.pop("book", {})})
    options = {"format": get_format("chatml"), "budget": None, "count": count} | rest
    return build(ada, None, say(*PATH), lorebooks=[book], **options)


def order(prompt: Prompt, *texts: str) -> list[str]:
    """The texts in the order in which they stand in the prompt."""
    return sorted((text for text in texts if text in prompt.text), key=prompt.text.index)


def test_where_entries_stand(ada: Character, say: Any, count: Any) -> None:
    prompt = prompt_with(
        ada,
        say,
        count,
        [
            {"content": "LATE-2", "keys": ["gold"], "order": 9},
            {"content": "LATE-1", "keys": ["gold"], "order": 1, "position": "before_character"},
            {"content": "FRONT-AFTER", "constant": True},
            {"content": "FRONT-BEFORE", "constant": True, "position": "before_character"},
            {"content": "DEEP", "keys": ["gold"], "position": "depth", "depth": 2},
            {"content": "@@depth 0\nLAST", "keys": ["gold"]},
            {"content": "@@reverse_depth 0\nTOP", "keys": ["gold"], "order": 101},
            {"content": "@@reverse_depth 1\nSECOND", "constant": True},
            {"content": "@@reverse_depth 99\nNOT-YET", "keys": ["gold"], "order": 11},
            {"content": "@@depth 99\nFIRST", "constant": True},
            {"content": "@@role assistant\nVOICE", "keys": ["gold"], "order": 10},
        ],
    )
    said = ("Ada is female", "Good day.", "Is there", "In the north.", "And gold?")
    lore = "FRONT-BEFORE FRONT-AFTER FIRST TOP SECOND DEEP LATE-1 LATE-2 VOICE NOT-YET LAST".split()  # noqa: SIM905
    assert order(prompt, *said, *lore) == [
        "FRONT-BEFORE",
        "Ada is female",
        "FRONT-AFTER",
        "FIRST",
        "TOP",
        "Good day.",
        "SECOND",
        "Is there",
        "DEEP",
        "In the north.",
        "LATE-1",
        "LATE-2",
        "VOICE",
        "NOT-YET",
        "And gold?",
        "LAST",
    ]
    assert "assistant\nVOICE<|im_end|>" in prompt.text
    assert not any(s.trained for s in prompt.segments if s.part == "lorebook")


def test_budgets_of_books_go_by_priority(ada: Character, say: Any, count: Any) -> None:
    entries = [
        {"name": name, "content": name * 30, "keys": ["gold"], "priority": priority}
        for name, priority in (("a", 1), ("b", 3), ("c", 2))
    ]
    prompt = prompt_with(ada, say, count, entries, book={"token_budget": 160})
    fates = {hit.entry: (hit.active, hit.reason) for hit in prompt.lore}
    assert fates["b"][0] and fates["c"][0]
    assert fates["a"] == (False, "dropped: over the book's budget of 160 tokens")
    assert prompt_with(ada, say, count, entries, book={"token_budget": 0}).text.count("bbb") == 0


def test_a_full_context_drops_who_asked_for_it(ada: Character, say: Any, count: Any) -> None:
    entries = [
        {"name": "shy", "content": "@@ignore_on_max_context\nSHY", "keys": ["gold"]},
        {"name": "bold", "content": "BOLD", "keys": ["gold"]},
    ]
    roomy = prompt_with(ada, say, count, entries)
    assert "SHY" in roomy.text
    tight = prompt_with(ada, say, count, entries, budget=roomy.tokens - 20)
    assert tight.dropped_utterances and "SHY" not in tight.text and "BOLD" in tight.text
    assert "the context is full" in tight.lore[0].reason


def test_card_macros_work_in_entries(ada: Character, say: Any, count: Any) -> None:
    prompt = prompt_with(
        ada, say, count, [{"content": "{{user}} owes {{char}}.", "constant": True}]
    )
    assert "User owes Ada." in prompt.text
    assert "{{user}}" not in prompt.text
