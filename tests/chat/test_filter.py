from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from characterglm.chat.filter import ReplyFilter


def run(pieces: list[str], stops: tuple[str, ...], openers: tuple[str, ...] = ()) -> list[str]:
    trim = ReplyFilter(stops, openers)
    shown = [trim.feed(piece) for piece in pieces]
    return [*shown, trim.flush()]


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        ("你好。\n用户：再见", "你好。"),
        ("你好。[用户]再见", "你好。"),
        ("孙悟空：俺老孙来也！", "俺老孙来也！"),
        ("[孙悟空] 俺老孙来也！\n", "俺老孙来也！"),
        ("  \n孙悟空：孙悟空：嘿嘿", "嘿嘿"),
        ("孙悟空在此", "孙悟空在此"),
        ("孙悟", "孙悟"),
        ("", ""),
    ],
)
def test_a_reply_ends_where_it_should(reply: str, kept: str) -> None:
    stops, openers = ("\n", "[", "用户："), ("孙悟空：", "[孙悟空]")
    assert "".join(run(list(reply), stops, openers)) == kept
    assert "".join(run([reply], stops, openers)) == kept


def test_what_may_become_a_stop_is_held_back_until_it_is_clear() -> None:
    trim = ReplyFilter(("<|im_end|>",))
    assert trim.feed("a <|im") == "a"
    assert trim.feed("age|>") == " <|image|>"
    assert trim.feed("b<|im_end|>c") == "b"
    assert trim.stopped
    assert trim.feed("more") == ""
    assert trim.flush() == ""


def test_a_reply_that_goes_on_keeps_its_leading_space() -> None:
    trim = ReplyFilter((), ("Ann:",), begun=True)
    assert trim.feed(" and then") == " and then"


stops = st.lists(st.text("ab\n", min_size=1, max_size=3), max_size=3).map(tuple)


@given(text=st.text("ab\n ", max_size=30), stops=stops, cuts=st.lists(st.integers(0, 30)))
def test_the_way_a_reply_is_cut_into_pieces_does_not_matter(
    text: str, stops: tuple[str, ...], cuts: list[int]
) -> None:
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[a:b] for a, b in itertools.pairwise(places)]
    whole = "".join(run([text], stops))
    assert "".join(run(pieces, stops)) == whole
    assert not any(stop in whole for stop in stops)
    assert whole == whole.rstrip()
