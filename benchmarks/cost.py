"""What our own work costs at one size, as rows of RESULTS.md."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.report import Report, spread


def report_size(report: Report, size: int, runs: Sequence[dict[str, Any]]) -> float:
    """Rows for one size; CPU milliseconds per item, rich text and all."""
    items = size + size // 50
    whole = [sum(part["cpu"] for part in one["parts"].values()) * 1000 / items for one in runs]
    rich = [sum(part["rich"] for part in one["parts"].values()) * 1000 / items for one in runs]
    outside = [a - b for a, b in zip(whole, rich, strict=True)]
    middle = statistics.median(outside)
    report.row(
        f"CPU per exported item outside rich text, {size:,} stories", spread(outside, " ms"), "2 ms", middle <= 2
    )
    for part in ("plan", "confirm", "run"):
        values = [(one["parts"][part]["cpu"] - one["parts"][part]["rich"]) * 1000 / items for one in runs]
        report.row(f"… of it {part}", spread(values, " ms"))
    report.row("Rich text per item", spread(rich, " ms"))
    run = runs[-1]["parts"]["run"]
    batches = runs[-1]["batches"]
    report.row(
        f"SQL statements per batch of the run, {size:,} stories",
        f"{run['statements'] / batches:.0f} ({run['statements'] / items:.1f} an item)",
    )
    report.row(
        "… of it writes, and transactions", f"{run['writes'] / batches:.0f} and {run['transactions'] / batches:.0f}"
    )
    report.row(
        "SQL statements of the preview per 100 items",
        f"{runs[-1]['parts']['plan']['statements'] * 100 / items:.0f}",
    )
    report.row("Stored per item", f"{runs[-1]['stored_bytes'] / items / 1024:.1f} KiB")
    peak = [one["peak_mb"] for one in runs]
    report.row(f"Peak memory, {size:,} stories", spread(peak, " MB", 0), "300 MB", max(peak) <= 300)
    ended = {one["state"] for one in runs}
    report.row("State of the run", ", ".join(sorted(ended)), "done", ended == {"done"})
    return statistics.median(whole)
