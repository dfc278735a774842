from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from characterglm.character import Character, Persona
from characterglm.character.cards import read_card
from characterglm.chat.house import House
from characterglm.store import Store


def test_a_cards_user_is_who_talks_with_it(store: Store, tmp_path: Path) -> None:
    meta = {"bot_name": "苏婉", "bot_info": "青梅竹马", "user_name": "张凯", "user_info": "内向"}
    file = tmp_path / "meta.json"
    file.write_text(json.dumps(meta, ensure_ascii=False), "utf-8")
    [character] = read_card(file).characters
    house = House(store)
    assert house.start(character).persona == Persona(name="张凯", info="内向")
    assert house.start(character, Persona(name="客人")).persona.name == "客人"


@pytest.mark.parametrize("user", [None, 5, {"name": ["x"]}, {"unknown": "key"}])
def test_an_odd_user_in_a_card_is_nobody_in_particular(store: Store, user: Any) -> None:
    character = Character(
        id="a",
        name="A",
        language="en",
        category="fictional",
        extensions={"characterglm": {"user": user}},
    )
    assert House(store).start(character).persona == Persona()
