"""The small formats: each in the shape its project uses, all samples written for this project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from characterglm.character import Character
from characterglm.character.assets import Assets
from characterglm.character.cards import (
    Imported,
    charactereval,
    format_for,
    minimax,
    read_card,
    rpbench,
    text_generation_webui,
    write_cards,
)
from characterglm.character.cards.lens import Form
from characterglm.character.cards.options import Options
from characterglm.character.cards.plain import same
from characterglm.character.cards.records import read_record, record_of
from characterglm.character.cards.report import Report
from characterglm.dialogue import Dialogue
from characterglm.errors import InputError, ValidationFailed

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
names = texts.map("n{}".format)
values = texts | st.integers() | st.none() | st.lists(texts, max_size=2)
optional = texts | st.none()
samples = st.fixed_dictionaries(
    {"sender_type": st.sampled_from(["USER", "BOT", "X"]), "text": texts},
    optional={"sender_name": optional, "x": values},
)
FORMS: dict[str, tuple[Form, st.SearchStrategy[Any]]] = {
    "rpbench": (
        rpbench.FORM,
        st.fixed_dictionaries(
            {
                "npc_profile": st.fixed_dictionaries(
                    {"name_text": names},
                    optional={
                        "description": optional,
                        "long_definition_text": optional,
                        "short_definition_text": optional,
                        "x": values,
                    },
                )
            },
            optional={
                "conversation": st.lists(
                    st.fixed_dictionaries({"sentences": st.lists(texts, max_size=2)})
                    | st.fixed_dictionaries({"from": st.just("npc"), "sentences": st.just(["a"])}),
                    max_size=2,
                ),
                "id": values,
            },
        ),
    ),
    "webui": (
        text_generation_webui.FORM,
        st.fixed_dictionaries(
            {"name": names},
            optional={
                "context": optional,
                "greeting": optional,
                "example_dialogue": optional,
                "x": values,
            },
        ),
    ),
    "minimax": (
        minimax.FORM,
        st.fixed_dictionaries(
            {"bot_name": names, "content": optional},
            optional={
                "request": st.fixed_dictionaries(
                    {},
                    optional={"sample_messages": st.lists(samples, max_size=3), "x": values},
                )
            },
        ),
    ),
    "charactereval": (
        charactereval.FORM,
        st.fixed_dictionaries(
            {
                "role": names,
                "profile": st.dictionaries(
                    st.sampled_from(["姓名", "性别", "人物关系", "人物性格", "经典台词", "x"]),
                    values | st.dictionaries(texts, values, max_size=2),
                ),
            }
        ),
    ),
}


@pytest.mark.parametrize("name", sorted(FORMS))
@given(data=st.data())
def test_any_record_comes_back_as_the_equal_json_value(name: str, data: st.DataObject) -> None:
    form, records = FORMS[name]
    record = data.draw(records)
    character = read_record(json.loads(json.dumps(record)), form, name, "t", Options(), Report())
    stored = Character.model_validate_json(character.model_dump_json())
    assert same(record_of(stored, form, name), record)


def read_text(path: Path, content: str) -> Imported:
    path.write_text(content, encoding="utf-8")
    return read_card(path)


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    return Assets(tmp_path / "assets")


def test_rpbench_lines(tmp_path: Path, assets: Assets) -> None:
    rows = [
        {
            "id": number,
            "background": "Play the part.",
            "npc_profile": {
                "name_text": name,
                "title": "calm",
                "description": "A fox.",
                "definition_text": "",
                "long_definition_text": "A fox.",
                "short_definition_text": "calm",
            },
            "conversation": [{"from": "npc", "sentences": ["Oh, you."]}],
        }
        for number, name in enumerate(["Fox", "Vixen"])
    ]
    content = "".join(json.dumps(row) + "\n" for row in rows)
    found = read_text(tmp_path / "in.jsonl", content)
    fox = found.characters[0]
    assert [fact.text for fact in fox.attributes.others] == ["A fox."]
    assert ([str(trait) for trait in fox.behaviors.personality], fox.greetings) == (
        ["calm"],
        ["Oh, you."],
    )
    write_cards(found.characters, "rpbench", tmp_path / "out.jsonl", assets)
    written = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in written] == rows


def test_only_newlines_part_the_lines_of_jsonl(tmp_path: Path) -> None:
    rows = [{"npc_profile": {"name_text": f"Fox\u2028{n}"}} for n in range(2)]
    content = "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    assert len(read_text(tmp_path / "in.jsonl", content).characters) == 2


def test_a_broken_line_of_jsonl_is_named(tmp_path: Path) -> None:
    good = json.dumps({"npc_profile": {"name_text": "Fox"}})
    with pytest.raises(InputError, match=r"in\.jsonl, line 2"):
        read_text(tmp_path / "in.jsonl", f"{good}\n{{oops\n")


def test_text_generation_webui_yaml(tmp_path: Path, assets: Assets) -> None:
    content = (
        "name: 白狐\ngreeting: |-\n  你来了。\ncontext: |-\n  山里的狐狸。\n\n  会说话。\nturn: 1\n"
    )
    found = read_text(tmp_path / "in.yaml", content)
    fox = found.characters[0]
    assert (found.format, fox.name, fox.greetings) == (
        "text-generation-webui",
        "白狐",
        ["你来了。"],
    )
    assert [str(fact) for fact in fox.attributes.others] == ["山里的狐狸。", "会说话。"]
    write_cards([fox], "text-generation-webui", tmp_path / "out.yaml", assets)
    assert yaml.safe_load((tmp_path / "out.yaml").read_text("utf-8")) == yaml.safe_load(content)


def test_a_yaml_bomb_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(InputError, match="aliases"):
        read_text(tmp_path / "in.yaml", "\n".join(["name: x", "context: y", *lines]))


def test_minimax_requests_come_back(tmp_path: Path, assets: Assets) -> None:
    request = {
        "model": "any",
        "bot_setting": [
            {"bot_name": "白狐", "content": "狐狸。"},
            {"bot_name": "兔", "content": ""},
        ],
        "sample_messages": [
            {"sender_type": "USER", "sender_name": "我", "text": "冷吗"},
            {"sender_type": "BOT", "sender_name": "白狐", "text": "不冷"},
        ],
        "stream": False,
    }
    found = read_text(tmp_path / "in.json", json.dumps(request))
    fox, hare = found.characters
    said = [(line.speaker, line.text) for line in fox.examples[0]]
    assert said == [("user", "冷吗"), ("character", "不冷")]
    assert (hare.name, hare.examples) == ("兔", [])
    write_cards(found.characters, "minimax", tmp_path / "out.json", assets)
    assert json.loads((tmp_path / "out.json").read_text("utf-8")) == request


def test_charactereval_profiles(tmp_path: Path, assets: Assets) -> None:
    profiles = {
        "阿狐": {
            "姓名": "白狐",
            "性别": "女",
            "人物关系": {"好友": ["阿兔", "阿鹿"], "师父": "老松"},
            "人物性格": "安静",
            "经典台词": ["雪会停的。"],
            "毛色": ["白", "灰"],
        },
        "阿兔": {"人物经历": "生在雪里。", "人物关系": "与白狐为邻。"},
    }
    found = read_text(tmp_path / "in.json", json.dumps(profiles, ensure_ascii=False))
    fox, hare = found.characters
    assert (fox.name, fox.attributes.identity.gender) == ("阿狐", "女")
    relations = [(one.name, one.relation) for one in fox.attributes.relationships]
    assert relations == [("阿兔", "好友"), ("阿鹿", "好友"), ("老松", "师父")]
    assert fox.behaviors.linguistic.sample_lines == ["雪会停的。"]
    assert fox.attributes.identity.model_extra == {"姓名": "白狐", "毛色": ["白", "灰"]}
    assert [str(fact) for fact in hare.attributes.experiences] == ["生在雪里。"]
    write_cards(found.characters, "charactereval", tmp_path / "out.json", assets)
    assert json.loads((tmp_path / "out.json").read_text("utf-8")) == profiles


def test_a_typed_profile_is_written_in_charactereval_words(tmp_path: Path, assets: Assets) -> None:
    found = read_text(tmp_path / "in.json", json.dumps({"阿狐": {"性别": "女"}}))
    fox = found.characters[0]
    fox.attributes.identity.occupation = "向导"
    fox.attributes.relationships = []
    write_cards([fox], "charactereval", tmp_path / "out.json", assets)
    written = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert written == {"阿狐": {"性别": "女", "职业": "向导"}}


ROW = {
    "character_name": "白狐",
    "character_profile": "山里的狐狸。",
    "greeting": "你来了。",
    "character_type": "virtual_character",
    "user_type": "pure_user",
    "性别": ["女"],
    "经历": ["救过一只兔子"],
    "好友": ["阿兔"],
    "性格": ["安静"],
    "linguistic_features": {"经典台词语录": ["雪会停的。"]},
    "dialogue": [{"turn": 1, "speaker": "user", "utterance": "你好"}],
    "annotation_score": 4,
    "pred_zh": 4.0,
}


def test_characterbench_rows_give_their_profile_half(tmp_path: Path) -> None:
    other = {**ROW, "dialogue": [], "id": 2}
    found = read_text(tmp_path / "in.json", json.dumps([ROW, other], ensure_ascii=False))
    assert (len(found.characters), found.has_dialogues) == (1, True)
    fox = found.characters[0]
    assert [str(fact) for fact in fox.attributes.others] == ["山里的狐狸。"]
    assert fox.attributes.identity.gender == "女"
    assert [(one.name, one.relation) for one in fox.attributes.relationships] == [("阿兔", "好友")]
    assert [str(trait) for trait in fox.behaviors.personality] == ["安静"]
    assert fox.behaviors.linguistic.sample_lines == ["雪会停的。"]
    assert fox.extensions == {"characterbench": {"data": {"character_type": "virtual_character"}}}
    assert [note.why for note in found.report.of("warning")] == ["describe a character met before"]


def test_characterbench_profiles_are_written(tmp_path: Path, assets: Assets) -> None:
    fox = read_text(tmp_path / "in.json", json.dumps([ROW], ensure_ascii=False)).characters[0]
    hare = fox.model_copy(update={"name": "阿兔", "greetings": ["嗯", "来"], "scenario": "雪夜"})
    report = write_cards([fox, hare], "characterbench", tmp_path / "out.json", assets)
    rows = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert rows[0] == {
        "character_name": "白狐",
        "character_profile": {
            "性别": "女",
            "人物经历": ["救过一只兔子"],
            "其他": ["山里的狐狸。"],
            "人物性格": ["安静"],
            "经典台词": ["雪会停的。"],
            "人物关系": {"好友": ["阿兔"]},
        },
        "greeting": "你来了。",
        "character_type": "virtual_character",
    }
    assert rows[1]["greeting"] == "嗯"
    back = read_card(tmp_path / "out.json").characters[0]
    assert (back.attributes, back.behaviors) == (fox.attributes, fox.behaviors)
    assert {note.what for note in report.of("lost", "changed")} == {
        "阿兔: greetings",
        "阿兔: scenario",
    }


PIPPA = {
    "submission_timestamp": "1767323045678",
    "categories": ["Animals"],
    "bot_id": "b1",
    "bot_name": "Fox",
    "bot_greeting": "Oh, you.",
    "bot_description": "A fox.\n\nRed.",
    "bot_definitions": "{{user}}: Cold?\n{{char}}: No.\nEND_OF_DIALOG\n{{char}}: Come.",
    "conversation": [{"message": "Oh, you.", "is_human": False}],
}


def test_pippa_records_give_their_profile_half(tmp_path: Path) -> None:
    hare = {**PIPPA, "bot_name": "兔", "bot_definitions": "A hare.", "bot_greeting": None}
    rows = [PIPPA, {**PIPPA, "conversation": [], "submission_timestamp": 1}, hare]
    found = read_text(tmp_path / "in.jsonl", "\n".join(map(json.dumps, rows)))
    assert (found.format, found.has_dialogues) == ("pippa", True)
    fox, other = found.characters
    assert [str(fact) for fact in fox.attributes.others] == ["A fox.", "Red."]
    said = [[(line.speaker, line.text) for line in block] for block in fox.examples]
    assert said == [[("user", "Cold?"), ("character", "No.")], [("character", "Come.")]]
    assert (fox.greetings, fox.tags) == (["Oh, you."], ["Animals"])
    assert fox.extensions == {"pippa": {"data": {"bot_id": "b1"}}}
    assert [str(fact) for fact in other.attributes.others] == ["A fox.", "Red.", "A hare."]
    assert (other.greetings, other.examples) == ([], [])
    assert [note.what for note in found.report.of("warning")] == ["1 rows"]


def test_one_pippa_record_is_a_file_too(tmp_path: Path) -> None:
    found = read_text(tmp_path / "in.json", json.dumps(PIPPA))
    assert [one.name for one in found.characters] == ["Fox"]


def test_attributes_mixed_with_the_users_are_not_believed(tmp_path: Path) -> None:
    row = {**ROW, "user_type": "related_character", "中文名": ["阿兔"]}
    found = read_text(tmp_path / "in.json", json.dumps([row], ensure_ascii=False))
    fox = found.characters[0]
    assert fox.attributes.identity.gender == ""
    assert fox.attributes.relationships == []
    assert fox.extensions["characterbench"]["data"]["mixed_attributes"]["中文名"] == ["阿兔"]
    assert "written over" in found.report.of("warning")[0].why


def test_a_real_person_is_a_celebrity_unless_told_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "in.json"
    path.write_text(json.dumps([{**ROW, "character_type": "real_character"}]), encoding="utf-8")
    assert read_card(path).characters[0].category == "celebrity"
    told = read_card(path, Options(category="daily_life"))
    assert told.characters[0].category == "daily_life"


def test_pingpong_settings(tmp_path: Path) -> None:
    fox = {
        "char_name": "Fox (red)",
        "system_prompt": "You are a fox.",
        "example_prompt": "User: Cold?\nFox (red): No.\nNot at all.",
        "initial_message": "Oh, you.",
        "summary": "a fox",
        "tags": ["calm"],
    }
    settings = {"version": 2, "characters": [fox], "situations": []}
    found = read_text(tmp_path / "in.json", json.dumps({"fr": settings}))
    [character] = found.characters
    assert (character.name, character.language) == ("Fox (red)", "fr")
    assert (character.greetings, character.tags) == (["Oh, you."], ["calm"])
    said = [(line.speaker, line.text) for line in character.examples[0]]
    assert said == [("user", "Cold?"), ("character", "No.\nNot at all.")]
    assert character.extensions == {"pingpong": {"data": {"summary": "a fox"}}}


def haruhi(folder: Path, scenes: dict[str, str], prompt: str = "你正在扮演白狐。") -> Path:
    (folder / "texts").mkdir(parents=True)
    (folder / "system_prompt.txt").write_text(prompt, encoding="utf-8")
    for name, content in scenes.items():
        (folder / "texts" / name).write_text(content, encoding="utf-8")
    return folder


def test_a_chatharuhi_folder(tmp_path: Path) -> None:
    scenes = {
        "a.txt": "scene:下雪了。\n阿兔:「冷吗？」\n白狐:「不冷。」\n\n她笑了。",
        "b.txt": "白狐：“走吧。”\n阿鹿：等等我",
        "empty.txt": "",
        "notes.md": "not a scene",
    }
    found = read_card(haruhi(tmp_path / "fox", scenes))
    fox = found.characters[0]
    assert (found.format, fox.name, fox.language) == ("chatharuhi", "白狐", "zh")
    said = [[(line.speaker, line.text) for line in scene] for scene in fox.examples]
    assert said == [
        [("narrator", "下雪了。"), ("user", "冷吗？"), ("character", "不冷。\n她笑了。")],
        [("character", "走吧。"), ("user", "等等我")],
    ]
    assert [note.what for note in found.report.of("changed")] == ["阿兔, 阿鹿"]


def test_a_character_becomes_a_chatharuhi_folder(tmp_path: Path) -> None:
    scenes = {"a.txt": "旁白:「下雪了。」\n用户:「冷吗？」\n白狐:不冷。\n她笑了。"}
    fox = read_card(haruhi(tmp_path / "fox", scenes)).characters[0]
    out = tmp_path / "out"
    write_cards([fox], "chatharuhi", out, Assets(tmp_path / "assets"))
    back = read_card(out).characters[0]
    assert (back.name, back.attributes, back.examples) == (fox.name, fox.attributes, fox.examples)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fox", "out"]
    with pytest.raises(InputError, match="no folder is ever replaced"):
        write_cards([fox], "chatharuhi", out, Assets(tmp_path / "assets"), force=True)


def test_a_folder_without_a_known_speaker_is_named_after_itself(tmp_path: Path) -> None:
    found = read_card(haruhi(tmp_path / "Fox", {}, "You are a fox."))
    assert (found.characters[0].name, found.characters[0].examples) == ("Fox", [])


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("白狐:「secret」")
    folder = haruhi(tmp_path / "fox", {})
    (folder / "texts" / "x.txt").symlink_to(tmp_path / "secret.txt")
    assert read_card(folder).characters[0].examples == []


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="folder"):
        read_card(tmp_path)


OURS = {
    "id": "fox",
    "name": "白狐",
    "language": "zh",
    "category": "fictional",
    "behaviors": {"personality": ["安静"]},
}


@pytest.mark.parametrize("name", ["yaml", "json"])
def test_our_own_files(tmp_path: Path, assets: Assets, name: str) -> None:
    dumped = {"yaml": yaml.safe_dump(OURS, allow_unicode=True), "json": json.dumps(OURS)}
    found = read_text(tmp_path / "in", dumped[name])
    assert found.format == name
    report = write_cards(found.characters, name, tmp_path / "out", assets)
    assert report.of("lost", "changed") == []
    assert read_card(tmp_path / "out").characters == found.characters


@pytest.mark.parametrize("name", ["yaml", "json"])
def test_every_problem_of_our_own_files_is_reported(tmp_path: Path, name: str) -> None:
    bad = {**OURS, "category": "hero", "soul": 1, "id": "Fox Fox"}
    dumped = {"yaml": yaml.safe_dump(bad), "json": json.dumps(bad)}
    with pytest.raises(ValidationFailed) as failure:
        read_text(tmp_path / "in", dumped[name])
    assert {problem.field for problem in failure.value.problems} == {"category", "soul", "id"}


@pytest.mark.parametrize("name", ["yaml", "json"])
def test_a_misspelt_name_is_a_problem_and_no_other_format(tmp_path: Path, name: str) -> None:
    bad = {"id": "a", "nam": "甲", "language": "zh", "category": "hero"}
    dumped = {"yaml": yaml.safe_dump(bad), "json": json.dumps(bad)}
    with pytest.raises(ValidationFailed) as failure:
        read_text(tmp_path / "in", dumped[name])
    assert {problem.field for problem in failure.value.problems} == {"category", "nam", "name"}


def test_a_dialogue_of_ours_is_no_character(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no character or lorebook"):
        read_text(tmp_path / "in", Dialogue(character="fox").model_dump_json())


def test_the_format_follows_the_ending_or_where_the_character_came_from(tmp_path: Path) -> None:
    fox = read_text(tmp_path / "in.json", json.dumps(OURS)).characters[0]
    assert format_for([fox], Path("x.PNG")).name == "png"
    assert format_for([fox], Path("x.yml")).name == "yaml"
    assert format_for([fox], None).name == "v3"
    card = {"name": "Fox", "description": "", "first_mes": "", "x": 1}
    old = read_text(tmp_path / "old.json", json.dumps(card)).characters[0]
    assert format_for([old], Path("x.json")).name == "v1"
    with pytest.raises(InputError, match="which format"):
        format_for([fox], Path("x.txt"))
