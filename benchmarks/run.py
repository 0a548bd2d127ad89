"""`make bench`: every figure beside its peers and its limit in one run, written to RESULTS.md.

`python -m benchmarks.run [--quick] [--full] [--postgres] [--only FIGURE…] [--note TEXT] [--out FILE]`
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.backlog import story_title
from benchmarks.cost import report_size
from benchmarks.doctor import report_doctor
from benchmarks.governor import report_governor
from benchmarks.peer_venv import NoPeers, peer, peer_python
from benchmarks.preflight import report_preflight
from benchmarks.previews import report_previews, report_texts
from benchmarks.rehearsal import Rehearsal, rehearsal
from benchmarks.replay import recorded, replay
from benchmarks.report import ROOT, Report, spread
from tests.postgres import running_postgres
from tests.valkey import running_valkey

LATENCY = {"latency_ms": 250, "latency_per_issue_ms": 20}
LIBRARIES = ("jira", "atlassian")


class Bench:
    def __init__(self, site: Rehearsal, report: Report, database_url: str, *, quick: bool, full: bool) -> None:
        self.site, self.report, self.database_url = site, report, database_url
        self.quick, self.full = quick, full
        self.stories, self.epics = (100, 5) if quick else (1000, 20)
        self.peers: Path | None = None
        try:
            self.peers = peer_python()
        except NoPeers as trouble:
            report.lines += ["", f"**Without peers:** {trouble}"]

    def ours(
        self, stories: int, epics: int, batch_size: int = 50, *, mixed: bool = False, tests: int = 0
    ) -> dict[str, Any]:
        """One export in a fresh process and an empty database; the sandbox is as it was left."""
        command = ["benchmarks.ours", "--url", self.site.url]
        command += ["--stories", str(stories), "--epics", str(epics), "--batch-size", str(batch_size)]
        command += ["--mixed"] if mixed else []
        command += ["--tests", str(tests)] if tests else []
        found: dict[str, Any] = self._program(*command)
        return found

    def _program(self, *module: str, redis_url: str = "") -> Any:
        """What a program of our own prints; it has a database and a folder of its own."""
        with tempfile.TemporaryDirectory(prefix="stories-qa-bench-") as folder:
            environment = {**os.environ, "DATA_DIR": folder, "DATABASE_URL": self.database_url, "REDIS_URL": redis_url}
            ended = subprocess.run(
                [sys.executable, "-m", *module],
                cwd=ROOT,
                env=environment,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
                timeout=7200,
            )
        return json.loads(ended.stdout)

    @property
    def libraries(self) -> tuple[str, ...]:
        return LIBRARIES if self.peers else ()

    def peer(self, *arguments: str | int) -> dict[str, Any]:
        if self.peers is None:
            raise RuntimeError("There are no peers to run.")
        return peer(self.peers, *arguments)

    def requests(self) -> None:
        """How many requests an export takes."""
        stories, epics = self.stories, self.epics
        self.report.section(
            f"Requests for {epics} epics and {stories:,} stories",
            "An empty Jira project, metadata read before, every status the initial one. Counted by the sandbox's log, "
            "from the confirmation on; nothing was learned of the workflow before.",
        )
        self.site.empty()
        found = self.ours(stories, epics)
        log = self.site.log()
        writes = [entry for entry in log if entry["write"]]
        reads = [entry for entry in log if entry["path"].endswith("/bulkfetch")]
        floor = -(-stories // 50) + -(-epics // 50)
        back = -(-stories // 100) + -(-epics // 100)
        self.report.row("Writes", str(len(writes)), str(floor), len(writes) == floor)
        self.report.row("Read-backs", str(len(reads)), str(back), len(reads) == back)
        most, preview = floor + back + 8, found["requests_of_the_preview"]
        every = len(log) + preview
        self.report.row("All requests", f"{every}, {preview} of them the preview's", f"at most {most}", every <= most)
        shown, counted = found["requests_expected"], len(log)
        self.report.row("Promised by the preview", str(shown), f"{counted}, as counted", shown == counted)
        self._with_tests(stories, epics, stories // 2)
        self.site.empty()
        found = self.ours(stories, epics, mixed=True)
        kinds = Counter(_kind(entry) for entry in self.site.log())
        shown, counted = found["requests_expected"], kinds.total()
        words = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
        self.report.row("With stories in every status, all requests", f"{counted:,}: {words}")
        self.report.row("… promised by the preview", f"{shown:,}", f"{counted:,}, as counted", shown == counted)
        for library in self.libraries:
            self.site.empty()
            theirs = self.peer(library, "single", self.site.url, stories, epics)
            self.report.row(f"{theirs['settings']}, one by one", f"{len(self.site.log()):,}")

    def _with_tests(self, stories: int, epics: int, tests: int) -> None:
        """The same with test cases as sub-tasks: a level of their own, fifty to a request."""
        self.site.empty()
        found = self.ours(stories, epics, tests=tests)
        log = self.site.log()
        writes = sum(entry["write"] for entry in log)
        reads = sum(entry["path"].endswith("/bulkfetch") for entry in log)
        floor, back = (sum(-(-count // size) for count in (epics, stories, tests)) for size in (50, 100))
        said = f"With {tests:,} test cases as sub-tasks,"
        self.report.row(f"{said} writes", str(writes), str(floor), writes == floor)
        self.report.row(f"{said} read-backs", str(reads), str(back), reads == back)
        shown, counted = found["requests_expected"], len(log)
        self.report.row("… promised by the preview", str(shown), f"{counted}, as counted", shown == counted)

    def lost(self) -> None:
        """What becomes of answers that are lost after the write."""
        items = 50 if self.quick else 500
        seeds = (1,) if self.quick else (1, 6, 8)  # each hits one of the first ten requests at least
        self.report.section(
            f"Doubles when 10 % of the answers are lost, {items} items",
            "The sandbox carries a create out and drops the connection, by chance with a printed seed. Where a library "
            "waits before it sends again, the wait is cut to nothing.",
        )
        for size in (50, 5, 1):
            for seed in seeds if size == 50 else seeds[:1]:
                self.site.empty()
                self._lose(".*/issue/bulk", seed)
                found = self.ours(items, 0, batch_size=size)
                doubles, missing, dropped, sent = self._outcome(items)
                self.report.row(
                    f"Ours in {size}s, seed {seed}: doubles per 1,000 creates",
                    f"{doubles * 1000 / items:g}; {missing} missing; {dropped} of {sent} answers lost; "
                    f"the run: {found['state']}, waited {found['waits']} times",
                    "0, none missing",
                    doubles == missing == 0 and found["state"] == "done",
                )
        for library in self.libraries:
            for retry in (True, False):
                self.site.empty()
                self._lose(".*/issue", seeds[0])
                theirs = self.peer(library, "single", self.site.url, items, 0, *(["--retry"] if retry else []))
                doubles, missing, dropped, sent = self._outcome(items)
                self.report.row(
                    f"{theirs['settings']}, seed {seeds[0]}: doubles per 1,000 creates",
                    f"{doubles * 1000 / items:g}; {missing} missing; {dropped} of {sent} answers lost; "
                    f"{theirs['reported_failed']} told as failed",
                )

    def _lose(self, path: str, seed: int) -> None:
        self.site.faults({"method": "POST", "path": path, "kind": "close_after_write", "chance": 0.1, "seed": seed})

    def _outcome(self, items: int) -> tuple[int, int, int, int]:
        """Doubles, items that are missing, answers that were lost, creates that were sent."""
        found = Counter(self.site.summaries())
        wanted = {story_title(n) for n in range(1, items + 1)}
        creates = [e for e in self.site.log() if e["write"]]
        dropped = sum(e["fault"] == "close_after_write" for e in creates)
        return sum(found.values()) - len(found), len(wanted - set(found)), dropped, len(creates)

    def wall(self) -> None:
        """How long an export takes beside its own requests alone."""
        stories, epics, pairs = self.stories, self.epics, 1 if self.quick else 5
        self.report.section(
            f"Wall time, {epics} epics and {stories:,} stories, 250 ms a request and 20 ms an issue, 4 in flight",
            "Beside a replay of the requests that the export itself sent, over 4 connections, each waiting only for "
            "the creates it names; in alternating pairs. The preview is not part of either.",
        )
        mine, floor = [], []
        for _ in range(pairs):
            self.site.empty(**LATENCY)
            mine.append(self.ours(stories, epics)["parts"]["run"]["wall"])
            wanted = recorded(self.site.log())
            self.site.empty(**LATENCY)
            floor.append(replay(self.site.url, wanted))
        ratios = [a / b for a, b in zip(mine, floor, strict=True)]
        self.report.row("Ours", spread(mine, " s"))
        self.report.row("The replay", spread(floor, " s"))
        middle = statistics.median(ratios)
        self.report.row("Ratio of each pair", spread(ratios), "at most 1.15", middle <= 1.15)
        for library in self.libraries:
            self.site.empty(**LATENCY)
            theirs = self.peer(library, "bulk", self.site.url, stories, epics)
            self.report.row(f"{theirs['settings']}, in 50s", spread([theirs["wall"]], " s"))
            few = 10 if self.quick else 50
            self.site.empty(**LATENCY)
            theirs = self.peer(library, "single", self.site.url, few, 1)
            each = theirs["wall"] / (few + 1)
            words = f"{each * (stories + epics):,.0f} s, reckoned from {few + 1} items"
            self.report.row(f"{theirs['settings']}, one by one", words)

    def cost(self) -> None:
        """What our own work costs."""
        sizes = [100, 200] if self.quick else [1000, 10_000, *([100_000] if self.full else [])]
        self.report.section(
            "Our own cost",
            "Preview, confirming and run together, in one process, no latency. CPU by `process_time`, rich text by "
            "`thread_time` around the conversions, SQL by Django's execute wrapper, size of the database with indexes.",
        )
        per_item: dict[int, float] = {}
        statements: list[float] = []
        for size in sizes:
            runs = []
            for _ in range(3 if size == sizes[0] and not self.quick else 1):
                self.site.empty()
                runs.append(self.ours(size, size // 50))
            per_item[size] = report_size(self.report, size, runs)
            statements.append(runs[-1]["parts"]["run"]["statements"] / runs[-1]["batches"])
        for size in sizes[1:]:
            growth = per_item[size] / per_item[sizes[0]]
            self.report.row(
                f"CPU per item at {size:,} beside {sizes[0]:,}",
                f"{growth:.2f} × linear",
                "at most 1.25",
                growth <= 1.25,
            )

        change = statements[-1] / statements[0]  # fewer at the larger size: what a run does once is shared by more
        self.report.row(
            f"SQL statements per batch at {sizes[-1]:,} beside {sizes[0]:,}", f"{change:.2f} ×", "1.05", change <= 1.05
        )

    def governor(self) -> None:
        """How well several worker processes share the limits of one site."""
        seconds, pause = (6.0, 8.0) if self.quick else (30.0, 120.0)
        report_governor(self.report, self.site, seconds, pause)

    def preflight(self) -> None:
        """What the preview foretells beside what Jira refuses."""
        report_preflight(self.report, self._program("benchmarks.preflight"))

    def richtext(self) -> None:
        """What converting texts costs beside parsing them."""
        report_texts(self.report, self._program("benchmarks.texts", *(["--rounds", "3"] if self.quick else [])))

    def plan(self) -> None:
        """What previews cost that were made before, and how fast their page opens."""
        with running_valkey() as redis_url:

            def measure(size: int) -> dict[str, Any]:
                self.site.empty()
                found: dict[str, Any] = self._program(
                    "benchmarks.planning", "--url", self.site.url, "--stories", str(size), redis_url=redis_url
                )
                return found

            report_previews(self.report, [100, 200] if self.quick else [1000, 10_000], measure)

    def doctor(self) -> None:
        """Broken connections, and the checks that say so."""
        report_doctor(self.report, self._program("benchmarks.doctor"))


def _kind(entry: dict[str, Any]) -> str:
    """POST …/issue/bulk; single issues go by their kind."""
    path = re.sub(r"/(issue|issuetypes)/([A-Z]+-)?\d+", r"/\1/*", entry["path"].removeprefix("/rest/api/3"))
    return f"{entry['method']} {path}"


FIGURES = {
    "requests": Bench.requests,
    "lost": Bench.lost,
    "wall": Bench.wall,
    "cost": Bench.cost,
    "preflight": Bench.preflight,
    "richtext": Bench.richtext,
    "plan": Bench.plan,
    "doctor": Bench.doctor,
    "governor": Bench.governor,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see whether it works")
    parser.add_argument("--full", action="store_true", help="100,000 stories too")
    parser.add_argument("--postgres", action="store_true", help="a real Postgres in place of SQLite")
    parser.add_argument("--only", nargs="+", choices=FIGURES, default=list(FIGURES))
    parser.add_argument("--note", default="", help="a sentence about the machine, written into the results")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("RESULTS.md"))
    asked = parser.parse_args()
    report, began = Report(), time.monotonic()
    with ExitStack() as stack:
        url = stack.enter_context(running_postgres()) if asked.postgres else ""
        site = stack.enter_context(rehearsal())
        bench = Bench(site, report, url, quick=asked.quick, full=asked.full)
        for name in asked.only:
            FIGURES[name](bench)
    flags = ["--quick"] * asked.quick + ["--full"] * asked.full + ["--postgres"] * asked.postgres
    flags += ["--only", *asked.only] if asked.only != list(FIGURES) else []
    command = " ".join(["make bench", *([f'BENCH="{" ".join(flags)}"'] if flags else [])])
    database = "Postgres" if asked.postgres else "SQLite"
    text = report.text(database, time.monotonic() - began, command, asked.note)
    if asked.only != list(FIGURES) and asked.out.exists():
        text = report.into(asked.out.read_text(), command)
    asked.out.write_text(text)
    print(f"\n{len(report.missed)} limits missed; written to {asked.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
