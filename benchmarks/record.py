"""Keeps what benchmarks measured and says whether it reaches its target; measures nothing itself.

A benchmark calls `record`, which writes one record to results.json (one for each id, the latest)
and renders RESULTS.md. `python benchmarks/record.py` renders again. No figure is edited by hand.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent


def record(
    id: str,  # noqa: A002 - the field is called so
    *,
    ours: float,
    what: str = "",
    peer: float | None = None,
    peer_name: str | None = None,
    noise: float = 1.0,
    folder: Path = FOLDER,
) -> dict[str, Any]:
    """Write one measurement and return its record.

    `noise` is the peer measured against itself in the same run (1.0: none): the target must be
    reached even if the ratio is off by as much. KeyError for an id without a target.
    """
    target = _targets(folder)[id]
    ratio = None if peer is None else ours / peer
    made = {
        "id": id,
        "what": "; ".join([what or target["what"], *_said(noise)]),
        "ours": ours,
        "peer": peer,
        "peer_name": peer_name,
        "ratio": ratio,
        "target": target["target"],
        "holds": _holds(target, ours, ratio, noise),
        "command": " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
    }
    kept = [other for other in _results(folder) if other["id"] != id]
    order = list(_targets(folder))
    results = sorted([*kept, made], key=lambda one: order.index(one["id"]))
    _write(folder / "results.json", json.dumps(results, ensure_ascii=False, indent=2) + "\n")
    render(folder)
    print(f"{id}: {_row(made, target)}")
    return made


def _said(noise: float) -> list[str]:
    return [] if noise == 1.0 else [f"peer against itself {noise:.3f}"]


def _holds(target: dict[str, Any], ours: float, ratio: float | None, noise: float) -> bool:
    value = ours if target["of"] == "ours" else ratio
    if value is None:
        raise ValueError(f"{target['id']} is a ratio and needs a peer")
    margin = 1 + abs(noise - 1)
    if target["comparison"] == "at least":
        return value / margin >= target["target"]
    return value * margin <= target["target"]


def machine() -> dict[str, Any]:
    """What the figures depend on; no names of hosts, users or folders."""
    return {
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "cpu": _cpu(),
        "memory_gb": _memory(),
        "os": _system(),
        "python": platform.python_version(),
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _memory() -> int | None:
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return None
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return f"{platform.system()} {platform.release()}"


def render(folder: Path = FOLDER) -> None:
    """Write RESULTS.md from targets.yaml and results.json."""
    results = {one["id"]: one for one in _results(folder)}
    lines = [
        "# Results",
        "",
        "Rendered by record.py from targets.yaml and results.json, which the benchmarks write.",
        "",
        "| id | what | ours | peer | ratio | target | holds | date | command |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_line(target, results.get(id_)) for id_, target in _targets(folder).items()),
        "",
        "Machines:",
        "",
        *sorted({_machine_line(one) for one in results.values()}),
        "",
    ]
    _write(folder / "RESULTS.md", "\n".join(lines))


def _line(target: dict[str, Any], found: dict[str, Any] | None) -> str:
    if found is None:
        cells = [target["what"], "not measured", "", "", _goal(target), "", "", ""]
    else:
        peer = "" if found["peer"] is None else f"{_figure(found['peer'])} ({found['peer_name']})"
        holds = "yes" if found["holds"] else "**no**"
        command = f"`{found['command']}`"
        figures = [_figure(found["ours"]), peer, _figure(found["ratio"]), _goal(target)]
        cells = [found["what"], *figures, holds, found["date"], command]
    return "| " + " | ".join([target["id"], *(cell.replace("|", "/") for cell in cells)]) + " |"


def _row(made: dict[str, Any], target: dict[str, Any]) -> str:
    ratio = "" if made["ratio"] is None else f", ratio {_figure(made['ratio'])}"
    verdict = "holds" if made["holds"] else "DOES NOT HOLD"
    return f"{_figure(made['ours'])}{ratio} ({_goal(target)}): {verdict}"


def _goal(target: dict[str, Any]) -> str:
    sign = "≥" if target["comparison"] == "at least" else "≤"
    return f"{'ratio ' if target['of'] == 'ratio' else ''}{sign} {target['target']}"


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


def _machine_line(found: dict[str, Any]) -> str:
    facts = found["machine"]
    return (
        f"- {facts['cores']} cores of {facts['cpu']}, {facts['memory_gb']} GB, {facts['os']}, "
        f"Python {facts['python']}"
    )


def _targets(folder: Path) -> dict[str, dict[str, Any]]:
    listed = yaml.safe_load((folder / "targets.yaml").read_text(encoding="utf-8"))
    return {target["id"]: target for target in listed}


def _results(folder: Path) -> list[dict[str, Any]]:
    file = folder / "results.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else []


def _write(file: Path, text: str) -> None:
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(file)


if __name__ == "__main__":
    render()
