"""Full text: what is found, in both languages, on both databases, whatever the user types."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import literal, select

from characterglm.errors import InputError
from characterglm.store.engine import Store
from characterglm.store.fulltext import FullText, fold, occurrences, phrase, words

TEXTS = {
    1: "林黛玉葬花，泪湿罗巾。",
    2: "The Monkey King laughed: “café au lait!”",
    3: "俺老孙用 iPhone15 打电话给唐僧",
    4: "ＦＵＬＬ　ＷＩＤＴＨ words, ｶﾀｶﾅ",
    5: "don't @user https://example.org/路径?q=1 🐒",
    6: "𠮷野家は美味しい",
}


@pytest.fixture
def index(store: Store) -> FullText:
    made = FullText("test_search")
    with store.session() as session:
        made.create(session.connection())
        made.put(session, TEXTS)
    return made


def search(store: Store, index: FullText, query: str) -> list[int]:
    with store.reading() as session:
        return sorted(session.scalars(index.matching(session, phrase(query))))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("花", [1]),
        ("葬花", [1]),
        ("花葬", []),
        ("花，泪", [1]),
        ("黛玉 葬花", [1]),
        ("monkey", [2]),
        ("MONKEY king", [2]),
        ("monk", []),
        ("king monkey", []),
        ("CAFE", [2]),
        ("café AU", [2]),
        ("iphone15", [3]),
        ("孙用iPhone15打", [3]),
        ("full width", [4]),
        ("カ", [4]),
        ("example org 路径", [5]),
        ("野家", [6]),
        ("𠮷", [6]),
    ],
)
def test_what_is_found(store: Store, index: FullText, query: str, found: list[int]) -> None:
    assert search(store, index, query) == found


@pytest.mark.parametrize(
    "query",
    ['monkey" OR "花', "monkey OR 花", "monkey*", "NEAR(monkey king)", "words:monkey", "-monkey",
     "monkey & king", "'monkey' | '花'", "!monkey", "monkey:*", "%", "^monkey", "\\monkey'"],
)  # fmt: skip
def test_a_query_is_never_syntax(store: Store, index: FullText, query: str) -> None:
    try:
        found = search(store, index, query)
    except InputError:
        assert not any(letter.isalnum() for letter in query)
    else:
        assert found == sorted(key for key in TEXTS if occurrences(TEXTS[key], phrase(query)))


def test_a_query_without_words_is_refused() -> None:
    for query in ("", "  ", "，。!", "🐒"):
        with pytest.raises(InputError, match="type a word or a Chinese character"):
            phrase(query)


def test_put_replaces_and_remove_forgets(store: Store, index: FullText) -> None:
    with store.session() as session:
        index.put(session, {1: "贾宝玉"})
        index.remove(session, select(literal(2)))
    assert search(store, index, "黛玉") == []
    assert search(store, index, "宝玉") == [1]
    assert search(store, index, "monkey") == []


def test_long_and_hostile_texts_are_indexed_as_far_as_they_go(
    store: Store, index: FullText
) -> None:
    hostile = {
        7: "开头" + "字" * 100_000,
        8: "x" * 100_000,
        9: " ".join(f"w{number}" for number in range(50_000)),
        10: "\x00 \ud800 '\\ \"",
        11: "",
    }
    with store.session() as session:
        index.put(session, hostile)
    assert search(store, index, "开头字字") == [7]
    assert search(store, index, "x" * 64) == [8]
    assert search(store, index, "w9998 w9999") == [9]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(max_size=30), st.data())
def test_any_stretch_of_words_is_found(
    store: Store, index: FullText, content: str, data: st.DataObject
) -> None:
    found = [word.folded for word in words(content)]
    with store.session() as session:
        index.put(session, {12: content})
    if not found:
        return
    start = data.draw(st.integers(0, len(found) - 1))
    query = found[start : data.draw(st.integers(start + 1, len(found)))]
    with store.reading() as session:
        assert 12 in session.scalars(index.matching(session, query)).all()
    assert occurrences(content, query)


def test_occurrences_point_into_the_text() -> None:
    text = "Café, CAFE；咖啡 cafés"
    assert [text[start:end] for start, end in occurrences(text, ["cafe"])] == ["Café", "CAFE"]
    assert [text[start:end] for start, end in occurrences(text, ["cafe", "咖"])] == ["CAFE；咖"]
    assert occurrences("啊啊啊啊啊", ["啊", "啊"]) == [(0, 2), (2, 4)]


@given(st.text(max_size=20))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
