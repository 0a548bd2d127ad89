"""Who gets what at every address and socket: the one source of docs/roles.md and of tests/test_roles.py.

`python -m tests.roles_table` writes the document's table anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "roles.md"
BEGIN, END = "<!-- table: python -m tests.roles_table -->", "<!-- end of the table -->"


class Who(StrEnum):
    """Everybody there is. The columns of the table."""

    NOBODY = "not signed in"
    VIEWER = "viewer"
    EDITOR = "editor"
    EXPORTER = "exporter"
    ADMIN = "admin"
    STRANGER = "admin of another project"
    SUPERUSER = "superuser, no member"


class Gets(StrEnum):
    """What an address gives. A form that has to be filled in again and a step whose turn has not come are `yes`."""

    YES = "yes"
    ASKED_IN = "sign-in"  # 302 to the sign-in page; a socket is closed with 4401
    TOLD = "who may"  # 403, with the names of those who may
    NOTHING = "nothing"  # 404; a socket is closed with 4403
    UNPROVED = "signature"  # 401: no session counts, only Jira's signature


LADDER = (Who.VIEWER, Who.EDITOR, Who.EXPORTER, Who.ADMIN)
Rule = Mapping[Who, Gets]


def rule(default: Gets, **others: Gets) -> Rule:
    return {who: others.get(who.name, default) for who in Who}


def members(least: Who) -> Rule:
    """Members from this role on; the others of the project read who may, everybody else finds nothing."""
    enough = {who: LADDER.index(who) >= LADDER.index(least) for who in LADDER}
    known = {who.name: Gets.YES if ok else Gets.TOLD for who, ok in enough.items()}
    return rule(Gets.NOTHING, NOBODY=Gets.ASKED_IN, **known)


EVERYBODY = rule(Gets.YES)
SIGNED_IN = rule(Gets.YES, NOBODY=Gets.ASKED_IN)
VIEW, EDIT, EXPORT, ADMIN = (members(who) for who in LADDER)
# In the table a comment is the editor's own; others with the role find nothing to edit, and admins may delete.
OWN = {**EDIT, Who.EXPORTER: Gets.NOTHING, Who.ADMIN: Gets.NOTHING}
OWN_OR_ADMIN = {**OWN, Who.ADMIN: Gets.YES}
# Pages of no single project: whoever has one sees what belongs to theirs.
OF_ANY_PROJECT = rule(Gets.YES, NOBODY=Gets.ASKED_IN, SUPERUSER=Gets.NOTHING)
TOLD = {who.name: Gets.TOLD for who in LADDER if who is not Who.ADMIN}
ADMIN_OF_ANY = rule(Gets.YES, NOBODY=Gets.ASKED_IN, SUPERUSER=Gets.NOTHING, **TOLD)
SITE = rule(Gets.ASKED_IN, SUPERUSER=Gets.YES)
JIRA = rule(Gets.UNPROVED)

# URL name → (method → rule). "admin:*" stands for every page of Django's admin site.
HOST: dict[str, dict[str, Rule]] = {
    "home": {"GET": SIGNED_IN},
    "login": {"GET": EVERYBODY, "POST": EVERYBODY},
    "logout": {"POST": EVERYBODY},
    "account": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "password_change": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "password_reset": {"GET": EVERYBODY, "POST": EVERYBODY},
    "password_reset_done": {"GET": EVERYBODY},
    "password_reset_confirm": {"GET": EVERYBODY, "POST": EVERYBODY},
    "theme": {"POST": EVERYBODY},
    "admin:*": {"GET": SITE, "POST": SITE},
    "stories_qa:project_new": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "stories_qa:stories": {"GET": VIEW},
    "stories_qa:story_new": {"GET": EDIT, "POST": EDIT},
    "stories_qa:selection": {"POST": EDIT},
    "stories_qa:story": {"GET": VIEW},
    "stories_qa:story_edit": {"GET": EDIT, "POST": EDIT},
    "stories_qa:story_delete": {"GET": EDIT, "POST": EDIT},
    "stories_qa:comment_new": {"POST": EDIT},
    "stories_qa:comment_edit": {"GET": OWN, "POST": OWN},
    "stories_qa:comment_delete": {"GET": OWN_OR_ADMIN, "POST": OWN_OR_ADMIN},
    "stories_qa:epics": {"GET": VIEW},
    "stories_qa:epic_new": {"GET": EDIT, "POST": EDIT},
    "stories_qa:epic": {"GET": VIEW},
    "stories_qa:epic_edit": {"GET": EDIT, "POST": EDIT},
    "stories_qa:epic_delete": {"GET": EDIT, "POST": EDIT},
    "stories_qa:test_cases": {"GET": VIEW},
    "stories_qa:test_cases_csv": {"GET": VIEW},
    "stories_qa:test_case_new": {"GET": EDIT, "POST": EDIT},
    "stories_qa:test_case": {"GET": VIEW},
    "stories_qa:test_case_edit": {"GET": EDIT, "POST": EDIT},
    "stories_qa:test_case_delete": {"GET": EDIT, "POST": EDIT},
    "stories_qa:upload": {"GET": EDIT, "POST": EDIT},
    "stories_qa:upload_detail": {"GET": EDIT, "POST": EDIT},
    "stories_qa:people": {"GET": VIEW, "POST": ADMIN},
    "stories_qa:settings": {"GET": VIEW, "POST": VIEW},
}
PLUG_IN: dict[str, dict[str, Rule]] = {
    "overview": {"GET": VIEW},
    "check_now": {"POST": EXPORT},
    "news": {"GET": VIEW},
    "plan_create": {"POST": EXPORT},
    "plan": {"GET": VIEW},
    "plan_live": {"GET": VIEW},
    "plan_same": {"GET": VIEW},
    "plan_export": {"POST": EXPORT},
    "plan_refresh": {"POST": EXPORT},
    "plan_discard": {"POST": EXPORT},
    "plan_csv": {"GET": VIEW},
    "runs": {"GET": VIEW},
    "run": {"GET": VIEW},
    "run_live": {"GET": VIEW},
    "run_stop": {"POST": EXPORT},
    "run_pause": {"POST": EXPORT},
    "run_move": {"POST": EXPORT},
    "run_continue": {"POST": EXPORT},
    "run_retry": {"POST": EXPORT},
    "run_item_retry": {"POST": EXPORT},
    "run_create": {"GET": EXPORT, "POST": EXPORT},
    "run_item_create": {"GET": EXPORT, "POST": EXPORT},
    "run_undo": {"GET": EXPORT, "POST": EXPORT},
    "run_csv": {"GET": VIEW},
    "comment_send": {"POST": EDIT},
    "comment_choose": {"POST": EDIT},
    "link": {"GET": EXPORT, "POST": EXPORT},
    "conflicts": {"GET": VIEW},
    "conflicts_preview": {"GET": EXPORT, "POST": EXPORT},
    "conflict": {"GET": VIEW, "POST": EXPORT},
    "ticket_look": {"POST": EXPORT},
    "ticket_again": {"POST": EXPORT},
    "ticket_unlink": {"POST": EXPORT},
    "audit": {"GET": OF_ANY_PROJECT},
    "audit_csv": {"GET": OF_ANY_PROJECT},
    "webhook": {"POST": JIRA},
    "connections": {"GET": ADMIN_OF_ANY},
    "connection_new": {"GET": ADMIN, "POST": ADMIN},
    "oauth_start": {"GET": ADMIN},
    "oauth_callback": {"GET": ADMIN_OF_ANY},
    "oauth_sites": {"GET": ADMIN_OF_ANY, "POST": ADMIN_OF_ANY},
    "setup_step": {"GET": ADMIN, "POST": ADMIN},
    "doctor": {"GET": ADMIN},
    "doctor_run": {"POST": ADMIN},
    "doctor_bundle": {"POST": ADMIN},
    "webhook_live": {"GET": ADMIN},
    "deliveries": {"GET": ADMIN},
    "delivery_again": {"POST": ADMIN},
    "setup_find": {"GET": ADMIN},
    "setup_comments": {"POST": ADMIN},
    "setup_trial": {"GET": ADMIN, "POST": ADMIN},
    "mapping_versions": {"GET": ADMIN},
    "mapping_use_again": {"POST": ADMIN},
    "mapping_copy": {"GET": ADMIN, "POST": ADMIN},
}
TABLE = {**HOST, **{f"jira_integration:{name}": rules for name, rules in PLUG_IN.items()}}
SOCKETS: dict[str, Rule] = {
    "/ws/runs/<number>/": VIEW,
    "/ws/plans/<number>/": VIEW,
    "/ws/workspace/<project>/": VIEW,
}


def addresses() -> dict[str, str]:
    """URL name → its address as the site has it, "/p/<project>/stories/"; the admin site is one entry."""
    from django.urls import URLPattern, URLResolver, get_resolver

    def walk(patterns: list[URLPattern | URLResolver], before: str, space: str) -> Iterator[tuple[str, str]]:
        for one in patterns:
            route = before + str(one.pattern)
            if isinstance(one, URLPattern):
                yield f"{space}{one.name}", re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", route)
            elif one.namespace == "admin":
                yield "admin:*", "/admin/…"
            else:
                yield from walk(one.url_patterns, route, f"{one.namespace}:" if one.namespace else space)

    return dict(walk(get_resolver().url_patterns, "/", ""))


@dataclass(frozen=True)
class Line:
    """One row of the document: the methods that share a rule."""

    methods: str
    address: str
    rule: Rule

    def __str__(self) -> str:
        cells = [self.methods, f"`{self.address}`", *(self.rule[who].value for who in Who)]
        return f"| {' | '.join(cells)} |"


def lines() -> list[Line]:
    shown = addresses()
    found = []
    for name, rules in TABLE.items():
        for one in dict.fromkeys(tuple(each.items()) for each in rules.values()):
            methods = [method for method, each in rules.items() if tuple(each.items()) == one]
            found.append(Line(", ".join(methods), shown[name], dict(one)))
    return [*found, *(Line("socket", address, each) for address, each in SOCKETS.items())]


def written() -> str:
    """The table of docs/roles.md, with its marks."""
    head = ["", "Address", *(who.value for who in Who)]
    rule_off = "|".join(["", *("---" for _ in head), ""])
    rows = "\n".join(str(line) for line in lines())
    return f"{BEGIN}\n| {' | '.join(head)} |\n{rule_off}\n{rows}\n{END}"


def main() -> None:
    before, _begin, rest = DOCUMENT.read_text().partition(BEGIN)
    DOCUMENT.write_text(before + written() + rest.partition(END)[2])


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    main()
