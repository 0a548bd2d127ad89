"""One backlog exported to every hostile Jira project, in a process and a database of its own; prints JSON.

`python -m benchmarks.preflight [KEY …]` (the projects are those of tests/hostile/projects.py)
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from benchmarks.report import Report

FLOOR = 0.95


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ.setdefault("LOG_LEVEL", "ERROR")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    json.dump(tried(sys.argv[1:]), sys.stdout)


def tried(only: list[str]) -> list[dict[str, Any]]:
    from tests.hostile.projects import add_to
    from tests.hostile.trial import try_all
    from tests.sandbox_server import running_sandbox

    with running_sandbox(change=add_to, keep_bodies=False) as sandbox:
        outcomes = try_all(sandbox, only)
    return [
        {
            "key": one.hostile.key,
            "about": one.hostile.about,
            "items": one.items,
            "refused": len({item for item, _key in one.refused}),
            "predictable": len(one.predictable),
            "foretold": len(one.foretold),
            "missed": len(one.missed),
            "wrong": len(one.wrong),
            "left": sum(one.left.values()),
        }
        for one in outcomes
    ]


def report_preflight(report: Report, found: list[dict[str, Any]]) -> None:
    """The section of RESULTS.md."""
    report.section(
        "Pre-flight: one backlog to many hostile Jira projects",
        "What Jira refuses is found by sending every item without a pre-flight; what is foretold is read from the "
        "preview. Counted by item and Jira field. Rules of a workflow that no metadata shows are counted apart. "
        "The projects and the list of refusals: `tests/hostile/projects.py`, `docs/what-jira-refuses.md`.",
    )
    added = {name: sum(one[name] for one in found) for name in found[0] if name not in ("key", "about")}
    recall = 1 - added["missed"] / added["predictable"]
    precision = 1 - added["wrong"] / added["foretold"]
    report.row("Jira projects", str(len(found)), "30", len(found) >= 30)
    report.row("Items refused without a pre-flight", f"{added['refused']} of {added['items']}")
    report.row("Refusals that could be foretold", str(added["predictable"]))
    report.row("… of them foretold (recall)", f"{recall:.1%}", "95 %", recall >= FLOOR)
    report.row("Foretold, and refused indeed (precision)", f"{precision:.1%}", "95 %", precision >= FLOOR)
    unforeseen = [one["key"] for one in found if one["left"]]
    report.row("Items refused after the preview", f"{added['left']} in {len(unforeseen)} projects with hidden rules")
    for one in found:
        wrongly = f"{one['wrong']} wrongly, {one['left']} refused all the same"
        report.row(f"{one['key']}: {one['about']}", f"{one['foretold']} foretold, {one['missed']} missed, {wrongly}")


if __name__ == "__main__":
    main()
