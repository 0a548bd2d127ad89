"""RESULTS.md: every figure beside its limit and its peers, with the machine and the day."""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Report:
    """Collects lines; what misses its limit is remembered."""

    lines: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def section(self, title: str, how: str) -> None:
        self.lines += ["", f"## {title}", "", how, ""]
        self.head("Figure", "Found", "Limit", "")

    def head(self, *names: str) -> None:
        self.lines += [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]

    def row(self, what: str, found: str, limit: str = "", met: bool | None = None) -> None:
        verdict = "" if met is None else "met" if met else "**missed**"
        if met is False:
            self.missed.append(f"{what}: {found} (limit {limit})")
        self.lines.append(f"| {what} | {found} | {limit} | {verdict} |")
        print(f"{what}: {found} {f'(limit {limit}: {verdict})' if limit else ''}", flush=True)

    def text(self, database: str, seconds: float, command: str, note: str = "") -> str:
        head = [
            "# Benchmark results",
            "",
            f"Written by `{command}` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC in {seconds / 60:.0f} minutes.",
            "",
            f"- Machine: {machine()}",
            f"- Load when it ended: {', '.join(f'{one:.1f}' for one in os.getloadavg())} (1, 5 and 15 minutes).",
            f"- Python {platform.python_version()}, database {database}, commit {commit()}.",
            "- The sandbox runs in a process of its own on the same machine. Medians, with the range in brackets.",
            *([f"- {note}"] if note else []),
        ]
        found = [f"- {one}" for one in self.missed] or ["Nothing."]
        return "\n".join([*head, *self.lines, "", "## Limits that were missed", "", *found, ""])

    def into(self, before: str, command: str) -> str:
        """An earlier report with these sections put in the place of its own of the same title, or behind the last."""
        parts = re.split(r"(?m)^(?=## )", before)
        made = [part for part in re.split(r"(?m)^(?=## )", "\n".join([*self.lines, "", ""])) if part.startswith("## ")]
        told = f"Written by `{command}` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit()}."
        for section in made:
            title, _end, rest = section.partition("\n")
            section = f"{title}\n\n{told}\n{rest}"
            place = next((n for n, part in enumerate(parts) if part.partition("\n")[0] == title), None)
            if place is None:
                parts.insert(len(parts) - 1, section)
            else:
                parts[place] = section
        return "".join(parts)


def spread(values: Sequence[float], unit: str = "", digits: int = 2) -> str:
    """`1.20 s (1.10–1.35)`; one value alone has no range."""
    middle = f"{statistics.median(values):,.{digits}f}{unit}"
    if len(values) == 1:
        return f"{middle} (one run)"
    return f"{middle} ({min(values):,.{digits}f}–{max(values):,.{digits}f}, {len(values)} runs)"


def machine() -> str:
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    return f"{name}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def commit() -> str:
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    dirty = subprocess.run(["git", "diff", "--quiet", "HEAD"], cwd=ROOT, check=False).returncode
    return (asked.stdout.strip() or "unknown") + (" with uncommitted changes" if dirty else "")
