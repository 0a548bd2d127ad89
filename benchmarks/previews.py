"""Rows for texts and previews: converting beside the bare parse, planning what was planned before, opening the page."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.report import Report, spread


def report_texts(report: Report, found: dict[str, Any]) -> None:
    """`found` is what `benchmarks.texts` printed."""
    report.section(
        "Markdown to Jira's documents beside the bare parse",
        f"{found['texts']} texts of {found['characters']:,} characters together, converted by `markdown_to_adf` and "
        "parsed by markdown-it-py alone (CommonMark with tables and strike), in turn in one process; CPU.",
    )
    ratios = [one["converted"] / one["bare"] for one in found["rounds"]]
    report.row("Converted beside parsed", spread(ratios, " ×"), "at most 1.5", statistics.median(ratios) <= 1.5)


def report_previews(report: Report, sizes: Sequence[int], measure: Callable[[int], dict[str, Any]]) -> None:
    """`measure` gives what `benchmarks.planning` prints for so many stories."""
    report.section(
        "Previews, made again and opened",
        "A preview of a whole backlog, then twice the same with unchanged texts, which come from the cache; all CPU, "
        "rich text included. The page is asked for five times through Django's test client.",
    )
    per_hundred = []
    for size in sizes:
        found = measure(size)
        items = found["items"]
        each = {name: found[name]["cpu"] * 1000 / items for name in ("first", "again", "once_more")}
        report.row(f"First preview of {size:,} stories, an item", f"{each['first']:.2f} ms")
        again = [each["again"], each["once_more"]]
        report.row("… with unchanged texts, an item", spread(again, " ms"), "0.5 ms", statistics.median(again) <= 0.5)
        per_hundred.append(found["again"]["statements"] * 100 / items)
        report.row("… SQL statements per 100 items", f"{per_hundred[-1]:.1f}")
        opened = [one["cpu"] * 1000 for one in found["opened"]]
        report.row("… its page, CPU", spread(opened, " ms", 0), "300 ms", statistics.median(opened) <= 300)
        report.row("… its page, until it is there", spread([one["wall"] * 1000 for one in found["opened"]], " ms", 0))
    if len(sizes) > 1:
        growth = per_hundred[-1] / per_hundred[0]
        report.row(
            "SQL statements per 100 items, the largest beside the smallest", f"{growth:.2f} ×", "1.05", growth <= 1.05
        )
