"""Thirty Jira projects that refuse things, each in a way real ones do; docs/what-jira-refuses.md says which.

A project is the plain one with one or two changes. The mapping is the one that fits the plain project, with `filled`
added: what an admin would have chosen there, or copied from another backlog.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jira_integration.sandbox.model import CUSTOM, FieldDef, IssueType, OnScreen, Option, Project, Rule, Site
from jira_integration.sandbox.seed import CLASSIC_TYPES, TEAM_TYPES, TEAM_WORKFLOW
from jira_integration.sandbox.seed_fields import BASE_SCREEN, CUSTOM_FIELDS, SMALL_EXTRA, TEAM, TEAM_POINTS, TEAM_SCREEN
from jira_integration.sandbox.settings import BOT_ACCOUNT, JONAS_ACCOUNT

EPIC, STORY, SUBTASK = "10010", "10011", "10015"
MARA = "5f0c1a7be8d4c30071b2aa03"
PLAIN = "PLAIN"
Change = Callable[[Project], Project]


@dataclass(frozen=True)
class Hostile:
    """One configuration. `filled`: Jira field id → value in Jira's form, or "@" and the field of ours that fills it.

    `hidden`: the keys under which Jira refuses by rules that no metadata shows. `types`: kind → issue type id, where
    the mapping has another than the project suggests.
    """

    key: str
    about: str
    change: Change = lambda project: project
    filled: Mapping[str, Any] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    types: Mapping[str, str] = field(default_factory=dict)


def _custom(number: int, name: str, kind: str, type_: str, plugin: str, items: str = "", options: Any = ()) -> FieldDef:
    schema = {"type": type_, **({"items": items} if items else {}), "custom": f"{CUSTOM}:{plugin}", "customId": number}
    return FieldDef(f"customfield_{number}", name, kind, schema, options=tuple(options))


REGION = (
    Option("20010", "Europe", (Option("20011", "Austria"), Option("20012", "Slovenia"))),
    Option("20020", "Asia", (Option("20021", "Japan"),)),
)
FIELDS = (
    _custom(11001, "Region", "cascade", "option-with-child", "cascadingselect", options=REGION),
    _custom(11002, "Reviewer", "user", "user", "userpicker"),
    _custom(11003, "Watching team", "users", "array", "multiuserpicker", "user"),
    _custom(11004, "Owning group", "group", "group", "grouppicker"),
    _custom(11005, "Affected release", "version", "version", "version"),
    _custom(11006, "Releases", "versions", "array", "multiversion", "version"),
    *(_custom(11100 + n, f"Attribute {n}", "text", "string", "textfield") for n in range(110)),
)
# The sandbox's own type of priority names, as a German site has them.
GERMAN = {EPIC: "Epos", STORY: "Geschichte", "10012": "Fehler", "10013": "Aufgabe", "10014": "Prüfung"}


def screens(
    *more: OnScreen, without: Sequence[str] = (), changed: Mapping[str, OnScreen] | None = None
) -> dict[str, tuple[OnScreen, ...]]:
    """The plain screen for every type: less, other, and more; `more` is for stories alone."""
    shown = [one for one in (*BASE_SCREEN, *SMALL_EXTRA) if one.field_id not in without]
    shown = [(changed or {}).get(one.field_id, one) for one in shown]
    return {kind: tuple(shown) + (more if kind == STORY else ()) for kind in CLASSIC_TYPES}


def needs(field_id: str) -> OnScreen:
    return OnScreen(field_id, required=True)


def screen(*more: OnScreen, **how: Any) -> Change:
    return lambda project: replace(project, screens=screens(*more, **how))


def rule(check: str, message: str, field_id: str = "", argument: str = "", *, epics: bool = False) -> Change:
    types = () if epics else (STORY,)
    return lambda project: replace(project, rules=(Rule(check, message, field_id, argument, types),))


def team_managed(project: Project) -> Project:
    fields = (needs(TEAM), OnScreen(TEAM_POINTS))
    return replace(
        project,
        style="next-gen",
        type_ids=TEAM_TYPES,
        workflow=TEAM_WORKFLOW,
        screens={kind: TEAM_SCREEN + (fields if kind == "10111" else ()) for kind in TEAM_TYPES},
    )


def german(project: Project) -> Project:
    """Types and priorities of a German site: other ids, other words."""
    ids = {one: f"3{one}" for one in GERMAN}
    priorities = changed_priority("101")
    return replace(
        project,
        type_ids=tuple(ids.values()),
        priorities=("101", "102", "103"),
        screens={ids[one]: screens(changed=priorities)[one] for one in ids},
    )


def changed_priority(default: str) -> dict[str, OnScreen]:
    return {"priority": OnScreen("priority", default=default)}


def without_epics(project: Project) -> Project:
    return replace(project, type_ids=tuple(one for one in project.type_ids if one != EPIC))


def without_subtasks(project: Project) -> Project:
    return replace(project, type_ids=tuple(one for one in project.type_ids if one != SUBTASK))


HOSTILE: tuple[Hostile, ...] = (
    Hostile(PLAIN, "nothing out of the ordinary: only what no Jira takes"),
    Hostile("MANY", "120 custom fields", screen(*(OnScreen(one.id) for one in FIELDS))),
    Hostile("CASC", "a required cascade that nothing fills", screen(needs("customfield_11001"))),
    Hostile(
        "CASF",
        "a required cascade that a fixed value fills",
        screen(needs("customfield_11001")),
        {"customfield_11001": {"id": "20010", "child": {"id": "20012"}}},
    ),
    Hostile(
        "CASG",
        "a required cascade whose mapped second choice is gone",
        screen(needs("customfield_11001")),
        {"customfield_11001": {"id": "20020", "child": {"id": "20022"}}},
    ),
    Hostile("USER", "a required user that nothing fills", screen(needs("customfield_11002"))),
    Hostile(
        "USRF",
        "a required user filled from a story's assignee, which some lack",
        screen(needs("customfield_11002")),
        {"customfield_11002": "@assignee"},
    ),
    Hostile(
        "MEMB",
        "only members may be assigned",
        lambda project: replace(project, members=frozenset({BOT_ACCOUNT, JONAS_ACCOUNT})),
    ),
    Hostile(
        "PRIO",
        "a priority scheme with two of five",
        lambda project: replace(project, priorities=("2", "4"), screens=screens(changed=changed_priority("4"))),
    ),
    Hostile("NOPR", "priority not on the screen", screen(without=["priority"])),
    Hostile("NOLB", "labels not on the screen", screen(without=["labels"])),
    Hostile(
        "NOPT",
        "story points and criteria not on the screen",
        screen(without=["customfield_10016", "customfield_10030"]),
    ),
    Hostile("NODE", "no description on the screen", screen(without=["description"])),
    Hostile("NOPA", "no parent on the screen", screen(without=["parent"])),
    Hostile("READ", "no permission to create", lambda project: replace(project, denied=frozenset({"CREATE_ISSUES"}))),
    Hostile("NOAS", "no permission to assign", lambda project: replace(project, denied=frozenset({"ASSIGN_ISSUES"}))),
    Hostile("ARCH", "archived", lambda project: replace(project, archived=True)),
    Hostile("TEAM", "team-managed: fields and types of its own, a required team", team_managed),
    Hostile("NOSU", "sub-tasks are off, and stories are mapped to them", without_subtasks, types={"story": SUBTASK}),
    Hostile("SUBT", "stories are mapped to sub-tasks, under epics", types={"story": SUBTASK}),
    Hostile("NOEP", "no epics in this project", without_epics, types={"epic": EPIC}),
    Hostile("GERM", "issue types and priorities of a German site", german),
    Hostile(
        "TEXT", "a required text and a required number", screen(needs("customfield_11101"), needs("customfield_10040"))
    ),
    Hostile(
        "DATE",
        "a required date with a fixed value in the wrong form, and an address that is none",
        screen(needs("customfield_10036"), OnScreen("customfield_10035")),
        {"customfield_10036": "30.11.2026", "customfield_10035": "example.test/spec"},
    ),
    Hostile(
        "CTXT",
        "a multi-select whose context here has other options",
        lambda project: replace(
            project,
            screens=screens(needs("customfield_10032")),
            contexts={"customfield_10032": ("100322", "100323")},
        ),
        {"customfield_10032": [{"id": "100320"}]},
    ),
    Hostile(
        "COMP",
        "required components that labels fill by name",
        screen(changed={"components": needs("components")}),
        {"components": "@labels"},
    ),
    Hostile(
        "VERS",
        "a fixed release that was deleted",
        screen(OnScreen("customfield_11005")),
        {"customfield_11005": {"id": "10077"}, "fixVersions": [{"id": "10000"}]},
    ),
    # What no metadata shows: validators of the workflow.
    Hostile(
        "RUL1",
        "a rule on how a title begins",
        rule("summary_matches", "Begin with a verb.", "summary", "^(Pay|Add)"),
        hidden=frozenset({"summary"}),
    ),
    Hostile(
        "RUL2",
        "a rule that wants the due date",
        rule("filled", "Due date is required by policy.", "", "duedate"),
        hidden=frozenset({"*"}),
    ),
    Hostile(
        "RUL3",
        "a rule of two labels at most",
        rule("few_labels", "Two labels at most.", "labels", "2"),
        hidden=frozenset({"labels"}),
    ),
    Hostile(
        "RUL4",
        "a rule against a word",
        rule("not_said", "Code names stay out of Jira.", "", "Bluebird"),
        hidden=frozenset({"*"}),
    ),
    Hostile(
        "RUL5",
        "a rule that a description says something",
        rule("described", "Describe it.", "description", "20"),
        hidden=frozenset({"description"}),
    ),
    Hostile(
        "RUL6",
        "a rule on the size of a story",
        rule("numbers_up_to", "Split it.", "customfield_10016", "8"),
        hidden=frozenset({"customfield_10016"}),
    ),
    Hostile(
        "RUL7", "a rule that wants an epic", rule("has_parent", "Every story needs an epic."), hidden=frozenset({"*"})
    ),
)


def add_to(site: Site) -> None:
    """Put the thirty and more projects, and what they are made of, into a sandbox's site."""
    site.fields |= {one.id: one for one in FIELDS}
    site.types |= {
        f"3{one}": IssueType(f"3{one}", name, 1 if one == EPIC else 0, description="") for one, name in GERMAN.items()
    }
    site.priorities += (Option("101", "Hoch"), Option("102", "Mittel"), Option("103", "Niedrig"))
    seeded = site.projects["10000"]
    for number, hostile in enumerate(HOSTILE):
        plain = replace(
            seeded,
            id=str(20000 + number),
            key=hostile.key,
            name=hostile.about[:80],
            screens=screens(),
            priorities=("1", "2", "3", "4", "5"),
        )
        made = hostile.change(plain)
        site.projects[made.id] = made


assert {one.id for one in CUSTOM_FIELDS}.isdisjoint(one.id for one in FIELDS)
