"""What every benchmark says about the machine, and how it watches time and memory."""

import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

CHECKOUT = Path(__file__).resolve().parents[1]
POLL_S = 0.05


@dataclass(frozen=True)
class Cost:
    """Hold what a command cost.

    Attributes:
        wall_s: time from start to end, in seconds.
        cpu_s: processor time of the command and its children that could be seen, in seconds.
        peak_mb: highest sum of the resident memory of the command and its children, in megabytes
            (1e6 bytes), looked at every 50 ms; pages that processes share count in each.
        exit_code: of the command.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    exit_code: int


def processor() -> str:
    """Return the processor's name, its cores and the load on them before the measurement."""
    name = platform.processor() or "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        name = names[0] if names else name
    return f"{name}, {os.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f} before"


def measure(command: Sequence[str], *, cores: Sequence[int] | None = None) -> Cost:
    """Run a command and watch it.

    Args:
        command: program and arguments.
        cores: numbers of the cores it may use; None for all.
    """
    before = resources()
    started = time.perf_counter()
    process = psutil.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if cores is not None and hasattr(process, "cpu_affinity"):
        process.cpu_affinity(list(cores))
    peak = [0]
    watcher = threading.Thread(target=_watch, args=(process, peak))
    watcher.start()
    _, errors = process.communicate()
    wall_s = time.perf_counter() - started
    watcher.join()
    if process.returncode != 0:
        sys.stderr.write(errors.decode(errors="replace")[-2000:])
    return Cost(wall_s, resources() - before, peak[0] / 1e6, process.returncode)


def resources() -> float:
    """Return the processor time of all ended children, in seconds."""
    times = os.times()
    return times.children_user + times.children_system


def _watch(process: psutil.Popen, peak: list[int]) -> None:
    """Keep the highest resident memory of a process and its children until it ends."""
    while process.poll() is None:
        total = 0
        for one in _family(process):
            try:
                total += one.memory_info().rss
            except psutil.Error:
                continue
        peak[0] = max(peak[0], total)
        time.sleep(POLL_S)


def _family(process: psutil.Popen) -> list[psutil.Process]:
    """Return a process and all below it, as far as they still live."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def table(rows: Iterable[dict[str, object]]) -> str:
    """Return rows as a Markdown table; the first row's keys are its head."""
    listed = list(rows)
    head = list(listed[0])
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(row[name]) for name in head) + " |" for row in listed]
    return "\n".join(lines)


def report(title: str, rows: list[dict[str, object]], *, command: str, before: str) -> None:
    """Print a measurement as Markdown, and as one JSON line where the runner asked for it.

    Args:
        title: what was measured, with the goal.
        rows: the table.
        command: what repeats it.
        before: `processor()` from before the measurement.
    """
    when = datetime.now(UTC).date().isoformat()
    entry = {"title": title, "date": when, "processor": before, "command": command, "rows": rows}
    print(section(entry))
    target = os.environ.get("MIEN_BENCH_JSON")
    if target:
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def section(entry: Mapping[str, Any]) -> str:
    """Return a measurement as `report` stores it, as Markdown."""
    about = f"{entry['date']}, {entry['processor']}. `{entry['command']}`"
    return f"## {entry['title']}\n\n{about}\n\n{table(entry['rows'])}\n"
