"""Each built-in character is complete, and in the language it says it is."""

from collections import Counter
from typing import get_args

import pytest

from characterglm.character import Character, library
from characterglm.character.lint import speaks
from characterglm.character.schema import Attributes, Behaviors, Category
from characterglm.character.validate import validate_character
from characterglm.character.yamlfile import parse_character, write_character

CATEGORIES = get_args(Category)


@pytest.fixture(params=library.ids())
def character(request: pytest.FixtureRequest) -> Character:
    return library.read(request.param)


@pytest.mark.parametrize("name", library.ids())
def test_the_file_is_named_by_the_id(name: str) -> None:
    assert library.read(name).id == name


def test_it_has_no_problem_and_no_warning(character: Character) -> None:
    assert [str(warning) for warning in validate_character(character).warnings] == []


def test_every_kind_of_attribute_and_behavior_is_filled(character: Character) -> None:
    for part, kinds in ((character.attributes, Attributes), (character.behaviors, Behaviors)):
        for kind in kinds.model_fields:
            assert getattr(part, kind), kind


def test_identity_and_speech_are_filled(character: Character) -> None:
    identity, linguistic = character.attributes.identity, character.behaviors.linguistic
    assert all((identity.gender, identity.age, identity.occupation, identity.appearance))
    assert all((linguistic.self_reference, linguistic.catchphrases, linguistic.style))
    assert all((linguistic.frequent_words, linguistic.sample_lines))


def test_there_is_enough_to_play_it(character: Character) -> None:
    assert len(character.greetings) >= 2
    assert len(character.examples) >= 1
    assert character.scenario
    assert character.lorebook is not None
    assert len(character.lorebook.entries) >= 3
    assert character.boundaries.unknown
    assert character.boundaries.refusals


def test_an_example_is_an_exchange(character: Character) -> None:
    for example in character.examples:
        assert {"user", "character"} <= {line.speaker for line in example}


def test_all_it_says_is_in_its_language(character: Character) -> None:
    lines = [*character.greetings, *character.boundaries.refusals]
    lines += [line.text for example in character.examples for line in example]
    assert [line for line in lines if not speaks(line, character.language)] == []


def test_where_it_comes_from_is_said(character: Character) -> None:
    assert character.source
    assert character.authors


def test_it_survives_writing(character: Character) -> None:
    assert parse_character(write_character(character)) == character


def test_infos_are_sorted_and_say_who() -> None:
    infos = library.infos()
    assert [info.id for info in infos] == library.ids() == sorted(library.ids())
    assert all(info.summary and info.origin == "library" for info in infos)
    assert {info.version for info in infos} == {None}


def test_the_library_is_even_over_languages_and_categories() -> None:
    infos = library.infos()
    counts = Counter((info.category, info.language) for info in infos)
    assert set(counts) == {(kind, language) for kind in CATEGORIES for language in ("en", "zh")}
    assert set(counts.values()) == {2}
