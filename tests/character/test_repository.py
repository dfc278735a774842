"""Characters in the database: versions, the built-in ones beneath, ids, lorebooks."""

import subprocess
import sys

import pytest

from characterglm.character import Character, Lorebook, LoreEntry, library
from characterglm.character.repository import Characters
from characterglm.errors import InputError, NotFound
from characterglm.store.engine import Store


@pytest.fixture
def characters(store: Store) -> Characters:
    return Characters(store)


def make(id: str = "xiao-yu", name: str = "小雨", **fields: object) -> Character:  # noqa: A002
    given = {"id": id, "name": name, "language": "zh", "category": "daily_life", **fields}
    return Character.model_validate(given)


BUILT_IN = library.ids()[0]


def test_every_save_is_a_version(characters: Characters) -> None:
    assert characters.save(make(scenario="一"), "first") == 1
    assert characters.save(make(scenario="二"), "second") == 2
    assert characters.get("xiao-yu").scenario == "二"
    assert characters.get("xiao-yu", 1).scenario == "一"
    assert characters.latest_version("xiao-yu") == 2
    history = characters.versions("xiao-yu")
    assert [(entry.version, entry.note) for entry in history] == [(1, "first"), (2, "second")]
    assert history[0].created <= history[1].created


def test_a_whole_character_comes_back_equal(characters: Characters) -> None:
    character = library.read(BUILT_IN).model_copy(update={"id": "copy"})
    character.extensions = {"foreign": {"deep": [1, 2.5, None, "文\x00本"]}}
    characters.save(character)
    assert characters.get("copy") == character


def test_a_name_that_the_database_cannot_hold_is_still_listed(characters: Characters) -> None:
    characters.save(make(name="小\x00雨"))
    assert characters.get("xiao-yu").name == "小\x00雨"
    assert "小\ufffd雨" in {info.name for info in characters.list()}


def test_a_saved_copy_shadows_the_built_in_one(characters: Characters) -> None:
    original = characters.get(BUILT_IN)
    assert characters.latest_version(BUILT_IN) is None
    assert characters.versions(BUILT_IN) == []
    assert characters.save(original.model_copy(update={"scenario": "changed"})) == 1
    assert characters.get(BUILT_IN).scenario == "changed"
    (info,) = [info for info in characters.list() if info.id == BUILT_IN]
    assert (info.origin, info.version) == ("stored", 1)
    characters.delete(BUILT_IN)
    assert characters.get(BUILT_IN) == original == library.read(BUILT_IN)


def test_a_dialogue_finds_the_character_it_was_begun_with(characters: Characters) -> None:
    original = library.read(BUILT_IN)
    characters.save(original.model_copy(update={"scenario": "一"}))
    characters.save(original.model_copy(update={"scenario": "二"}))
    assert characters.as_of(BUILT_IN, None) == original
    assert characters.as_of(BUILT_IN, 1).scenario == "一"
    assert characters.as_of(BUILT_IN, 7).scenario == "二"
    characters.delete(BUILT_IN)
    assert characters.as_of(BUILT_IN, 1) == original
    with pytest.raises(NotFound):
        characters.as_of("nobody", 1)


def test_the_list_says_what_is_where(characters: Characters) -> None:
    identity = {"titles": ["班长"]}
    characters.save(make(tags=["学校"], attributes={"identity": identity}))
    infos = {info.id: info for info in characters.list()}
    assert list(infos) == sorted([*library.ids(), "xiao-yu"])
    stored = infos["xiao-yu"]
    assert (stored.name, stored.tags, stored.summary) == ("小雨", ("学校",), "班长")
    assert (stored.origin, stored.version) == ("stored", 1)
    assert (infos[BUILT_IN].origin, infos[BUILT_IN].version) == ("library", None)


def test_a_name_is_enough_where_only_one_has_it(characters: Characters) -> None:
    characters.save(make())
    assert characters.get("小雨").id == "xiao-yu"
    characters.save(make("xiao-yu-2"))
    with pytest.raises(InputError, match="give an id: xiao-yu, xiao-yu-2"):
        characters.get("小雨")


def test_a_stored_name_comes_before_a_built_in_one(characters: Characters) -> None:
    name = library.read(BUILT_IN).name
    assert characters.get(name.upper()).id == BUILT_IN
    characters.save(make("mine", name))
    assert characters.get(name).id == "mine"


def test_unknown_names_meet_near_ones(characters: Characters) -> None:
    characters.save(make())
    with pytest.raises(NotFound, match="did you mean xiao-yu"):
        characters.get("xiaoyu")
    with pytest.raises(NotFound, match=r"no version of xiao-yu '7'.*history xiao-yu"):
        characters.get("xiao-yu", 7)
    with pytest.raises(NotFound, match="no version"):
        characters.get(BUILT_IN, 1)


def test_adding_never_overwrites(characters: Characters) -> None:
    assert characters.add(make(scenario="一")).id == "xiao-yu"
    second = characters.add(make(scenario="二"), "imported")
    assert second.id == "xiao-yu-2"
    assert characters.get("xiao-yu").scenario == "一"
    assert characters.get("xiao-yu-2") == second
    assert characters.versions("xiao-yu-2")[0].note == "imported"
    assert characters.add(make(BUILT_IN)).id == f"{BUILT_IN}-2"


def test_a_long_id_stays_within_its_limit(characters: Characters) -> None:
    characters.add(make("x" * 64))
    assert characters.add(make("x" * 64)).id == "x" * 62 + "-2"


def test_deleting(characters: Characters) -> None:
    characters.save(make())
    characters.delete("xiao-yu")
    assert characters.versions("xiao-yu") == []
    with pytest.raises(NotFound, match="no stored character 'xiao-yu'"):
        characters.delete("xiao-yu")
    with pytest.raises(InputError, match="built in and cannot be deleted"):
        characters.delete(BUILT_IN)


def test_a_version_number_is_never_given_twice(characters: Characters) -> None:
    characters.save(make(scenario="一"))
    characters.save(make(scenario="二"))
    characters.delete("xiao-yu")
    assert characters.add(make(scenario="三")).id == "xiao-yu"
    assert characters.latest_version("xiao-yu") == 3
    assert characters.as_of("xiao-yu", 1).scenario == "三"
    characters.delete("xiao-yu")
    assert characters.save(make(scenario="四")) == 4
    assert characters.save(make(scenario="五")) == 5
    assert [info.version for info in characters.versions("xiao-yu")] == [4, 5]
    assert characters.save(make("other")) == 1


def test_deleting_names_the_assets_that_nobody_has_any_more(characters: Characters) -> None:
    def picture(digit: str) -> dict[str, str]:
        return {"name": "main", "type": "icon", "ext": "png", "sha256": digit * 64}

    characters.save(make(assets=[picture("1"), picture("2")]))
    characters.save(make(assets=[picture("3")]))
    characters.save(make("other", assets=[picture("2")]))
    assert characters.delete("xiao-yu") == {"1" * 64, "3" * 64}
    assert characters.delete("other") == {"2" * 64}


SAVE_FIVE = """
import sys
from characterglm.character import Character
from characterglm.character.repository import Characters
from characterglm.store.engine import open_store

character = Character(id="xiao-yu", name="小雨", language="zh", category="daily_life")
with open_store(sys.argv[1]) as store:
    for _ in range(5):
        getattr(Characters(store), sys.argv[2])(character)
"""


def in_two_processes(url: str, method: str) -> None:
    command = [sys.executable, "-c", SAVE_FIVE, url, method]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]


def test_two_processes_save_distinct_versions(store: Store) -> None:
    in_two_processes(store.url, "save")
    versions = Characters(store).versions("xiao-yu")
    assert [entry.version for entry in versions] == list(range(1, 11))


def test_two_processes_add_distinct_ids(store: Store) -> None:
    in_two_processes(store.url, "add")
    ids = {info.id for info in Characters(store).list() if info.origin == "stored"}
    assert ids == {"xiao-yu", *(f"xiao-yu-{number}" for number in range(2, 11))}


BOOK = Lorebook(name="大观园", entries=[LoreEntry(content="园中有潇湘馆。", keys=["潇湘馆"])])


def test_a_lorebook_of_its_own(characters: Characters) -> None:
    assert characters.add_lorebook(BOOK) == "大观园"
    assert characters.add_lorebook(BOOK) == "大观园-2"
    assert characters.add_lorebook(Lorebook(), "world") == "world"
    assert characters.get_lorebook("大观园") == BOOK
    with pytest.raises(NotFound, match="did you mean world"):
        characters.get_lorebook("worlds")
    assert [(book.id, book.entries) for book in characters.list_lorebooks()] == [
        ("world", 0),
        ("大观园", 1),
        ("大观园-2", 1),
    ]


def test_attaching(characters: Characters) -> None:
    characters.save(make())
    book, other = characters.add_lorebook(BOOK), characters.add_lorebook(Lorebook(name="b"))
    characters.attach("小雨", book)
    characters.attach("xiao-yu", other)
    characters.attach("xiao-yu", book)
    characters.attach(BUILT_IN, book)
    assert characters.lorebooks("xiao-yu") == [BOOK, Lorebook(name="b")]
    infos = {info.id: info.characters for info in characters.list_lorebooks()}
    assert infos[book] == tuple(sorted([BUILT_IN, "xiao-yu"]))
    characters.detach("xiao-yu", book)
    assert characters.lorebooks("xiao-yu") == [Lorebook(name="b")]
    with pytest.raises(NotFound, match="attached"):
        characters.detach("xiao-yu", book)
    with pytest.raises(NotFound, match="no character"):
        characters.attach("nobody-at-all", book)
    with pytest.raises(NotFound, match="no lorebook"):
        characters.attach("xiao-yu", "nothing")


def test_attachments_go_with_what_they_join(characters: Characters) -> None:
    characters.save(make())
    characters.save(library.read(BUILT_IN))
    book = characters.add_lorebook(BOOK)
    characters.attach("xiao-yu", book)
    characters.attach(BUILT_IN, book)
    characters.delete("xiao-yu")
    characters.delete(BUILT_IN)
    assert characters.list_lorebooks()[0].characters == (BUILT_IN,)
    characters.delete_lorebook(book)
    assert characters.lorebooks(BUILT_IN) == []
    assert characters.list_lorebooks() == []
