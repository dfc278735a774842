"""Records of benchmarks: what holds and what does not, and how it is rendered."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def recording() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_record", BENCHMARKS / "record.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(BENCHMARKS / "targets.yaml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("id_", "figures", "holds"),
    [
        ("P1a", {"ours": 98, "peer": 100}, True),
        ("P1a", {"ours": 96, "peer": 100}, False),
        ("P1a", {"ours": 98, "peer": 100, "noise": 1.05}, False),
        ("P2", {"ours": 1, "peer": 4}, True),
        ("P2", {"ours": 1, "peer": 2}, False),
        ("P15", {"ours": 50}, True),
        ("P15", {"ours": 51}, False),
    ],
)
def test_what_holds(
    recording: ModuleType, folder: Path, id_: str, figures: dict[str, float], holds: bool
) -> None:
    made = recording.record(id_, peer_name="peer", folder=folder, **figures)
    assert made["holds"] is holds
    assert set(made) == {
        *("id", "what", "ours", "peer", "peer_name", "ratio"),
        *("target", "holds", "command", "date", "machine"),
    }


def test_a_later_run_replaces_the_record_and_the_page_is_rendered(
    recording: ModuleType, folder: Path
) -> None:
    recording.record("P15", ours=70, folder=folder)
    recording.record("P2", ours=1, peer=4, peer_name="erased", folder=folder)
    recording.record("P15", ours=7, folder=folder)
    results = json.loads((folder / "results.json").read_text())
    assert [(one["id"], one["holds"]) for one in results] == [("P2", True), ("P15", True)]
    page = (folder / "RESULTS.md").read_text()
    assert "| P15 |" in page
    assert "4 (erased) | 0.25 | ratio ≤ 0.35 | yes" in page
    assert "not measured" in page


def test_a_ratio_needs_a_peer_and_an_id_a_target(recording: ModuleType, folder: Path) -> None:
    with pytest.raises(ValueError, match="needs a peer"):
        recording.record("P2", ours=1, folder=folder)
    with pytest.raises(KeyError):
        recording.record("P999", ours=1, folder=folder)


def test_the_machine_is_described_without_names(recording: ModuleType) -> None:
    assert set(recording.machine()) == {"cores", "cpu", "memory_gb", "os", "python"}


def test_the_page_in_the_repository_is_the_rendered_one(
    recording: ModuleType, folder: Path
) -> None:
    shutil.copy(BENCHMARKS / "results.json", folder)
    recording.render(folder)
    assert (folder / "RESULTS.md").read_text() == (BENCHMARKS / "RESULTS.md").read_text()
