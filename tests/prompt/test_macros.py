"""Macros of cards are expanded once, in card texts only, and the same way every time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from characterglm.character import Character, Persona
from characterglm.prompt import expand, greet
from characterglm.prompt.macros import searchable

ADA = Character(id="ada", name="Ada", language="en", category="celebrity")
BEN = Persona(name="Ben")


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("{{char}} met {{USER}}.", "Ada met Ben."),
        ("<BOT> met <user>; {{ Char }}", "Ada met Ben; Ada"),
        ("a{{// a secret }}b{{comment: c}}c{{hidden_key:x}}", "abc"),
        ("{{reverse:abc}}", "cba"),
        ("{{random:x}}{{pick::y}}{{roll:1}}{{roll:D1}}", "xy11"),
        (r"{{pick:a\,b}}", "a,b"),
        ("{{time}} {{unknown:x}} {{ {char} }}", "{{time}} {{unknown:x}} {{ {char} }}"),
        ("{{{char}}} {{}} {{char", "{{{char}}} {{}} {{char"),
        # Nested: innermost first, each once.
        ("{{random:{{char}}}} {{RANDOM: <USER> }}", "Ada Ben"),
        ("{{reverse:{{char}}}}{{roll:{{roll:1}}}}{{comment:{{char}}}}{{// {{user}} }}", "adA1"),
        (r"{{pick::{{random:x\,y}},{{random:x\,y}}}}", "x,y"),
        ("{{unknown:{{char}}}} {{ {{user}}", "{{unknown:Ada}} {{ Ben"),
        ("{{random:" * 3 + "{{char}}" + "}}" * 3, "Ada"),
        ("{{roll:0}}{{roll:x}}{{roll:9999999999}}", ""),
        ("<b>bold</b> {{", "<b>bold</b> {{"),
    ],
)
def test_expansion(text: str, expanded: str) -> None:
    assert expand(text, ADA, BEN) == expanded


def test_a_user_without_a_name() -> None:
    chinese = ADA.model_copy(update={"language": "zh"})
    assert expand("{{user}}", ADA) == "User"
    assert expand("{{user}}", chinese, Persona()) == "用户"


@pytest.mark.parametrize(
    ("text", "name", "expanded"),
    [
        ("{{user}}", "{{char}}<BOT>", "{{char}}<BOT>"),
        ("{{random:{{user}}}}", "{{char}}", "{{char}}"),
        ("{{{{user}}}}", "char", "{{char}}"),
        ("{{{{user}}:a}}", "reverse", "{{reverse:a}}"),
        ("{{{{user}}char}}", "//", "{{//char}}"),
    ],
)
def test_results_are_not_expanded_again(text: str, name: str, expanded: str) -> None:
    assert expand(text, ADA, Persona(name=name)) == expanded


def test_a_comma_in_a_name_parts_no_options() -> None:
    drawn = {expand("{{random:{{user}}}}", ADA, Persona(name="a,b"), seed=str(n)) for n in range(9)}
    assert drawn == {"a,b"}


def test_nesting_is_bounded_and_quick() -> None:
    deep = "{{reverse:" * 50_000 + "ab" + "}}" * 50_000
    began = time.process_time()
    assert expand(deep, ADA).count("{{reverse:") == 50_000 - 8
    assert time.process_time() - began < 2
    assert expand("{{" * 50 + "char}}", ADA) == "{{" * 49 + "Ada"


def test_a_cards_nickname_stands_for_the_name() -> None:
    card = {"card": {"data": {"nickname": "Lovelace"}}}
    assert expand("{{char}}", ADA.model_copy(update={"extensions": card})) == "Lovelace"


@given(st.text(), st.text())
def test_chance_depends_on_the_seed_alone(first: str, second: str) -> None:
    text = "{{random:a,b,c,d}}{{roll:d20}}{{random:a,b,c,d}}"
    assert expand(text, ADA, seed=first) == expand(text, ADA, seed=first)
    assert expand("{{pick:a,b,c}}", ADA, seed=first) == expand("{{pick:a,b,c}}", ADA, seed=second)


def test_every_option_can_be_drawn() -> None:
    drawn = {expand("{{random:a,b,c}}", ADA, seed=str(seed)) for seed in range(50)}
    assert drawn == {"a", "b", "c"}
    rolled = {expand("{{roll:6}}", ADA, seed=str(seed)) for seed in range(99)}
    assert rolled == set("123456")


def test_a_recursive_search_sees_hidden_keys_but_no_comments() -> None:
    assert searchable("{{hidden_key:dragon}}{{// no}}{{comment: no}}", ADA) == "dragon"


def test_greetings_are_ready_to_be_stored() -> None:
    talker = ADA.model_copy(update={"greetings": ["Hi {{user}}", "Again, {{user}}"]})
    assert greet(talker, BEN) == "Hi Ben"
    assert greet(talker, BEN, 1) == "Again, Ben"
    assert greet(ADA) == ""


@given(st.text(alphabet="{}<>abcharuse:,/\\ ", max_size=60))
def test_any_text_can_be_expanded(text: str) -> None:
    assert isinstance(expand(text, ADA, BEN), str)
