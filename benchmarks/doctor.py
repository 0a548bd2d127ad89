"""Which check of the doctor each broken connection turns: the outcome of tests/setup/test_doctor.py as a table.

`python -m benchmarks.doctor` prints JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from benchmarks.report import ROOT, Report

TESTS = "tests/setup/test_doctor.py"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stories-qa-doctor-") as folder:
        outcome = Path(folder) / "outcome.xml"
        command = [sys.executable, "-m", "pytest", "-q", TESTS, "-k", "one_fault_turns", f"--junitxml={outcome}"]
        command += ["-o", "junit_family=xunit1"]  # the form that keeps what a test records
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        subprocess.run(command, cwd=ROOT, env=environment, check=False, stdout=sys.stderr, timeout=3600)
        json.dump(matrix(outcome), sys.stdout)


def matrix(outcome: Path) -> list[dict[str, Any]]:
    """One row for each broken connection: its name, the check that should turn, and what turned."""
    rows = []
    for case in ElementTree.parse(outcome).iter("testcase"):
        told = {one.get("name", ""): one.get("value", "") for one in case.iter("property")}
        right = case.find("failure") is None and case.find("error") is None
        rows.append({"right": right, "name": told.get("fault", case.get("name", "")), **told})
    return rows


def report_doctor(report: Report, rows: list[dict[str, Any]]) -> None:
    """The section of RESULTS.md."""
    report.section(
        "Doctor: one fault, one check",
        "A connection that works is broken in one way at a time, by the sandbox's sabotages or by what stands around "
        "it; the check that should turn is named beside the ones that did. The faults: `tests/setup/sabotage.py`.",
    )
    right = sum(one["right"] for one in rows)
    report.row("Faults that turn the right check and no other", f"{right} of {len(rows)}", "20", right >= 20)
    for one in rows:
        expected = one.get("expected", "?")
        report.row(f"{one['name']}", f"{one.get('turned', 'nothing')}", expected, one["right"])


if __name__ == "__main__":
    main()
