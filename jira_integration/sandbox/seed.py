"""The site as it stands at first start: four Jira projects, each there for a reason (docs/sandbox.md)."""

from __future__ import annotations

from jira_integration.sandbox.dc_seed import as_data_center
from jira_integration.sandbox.model import (
    Category,
    IssueType,
    LinkType,
    OnScreen,
    Option,
    Project,
    Site,
    Status,
    Transition,
    User,
    Workflow,
)
from jira_integration.sandbox.seed_fields import (
    BASE_SCREEN,
    CUSTOM_FIELDS,
    EXTRA_SCREEN,
    MOBILE,
    SMALL_EXTRA,
    SYSTEM,
    TEAM,
    TEAM_POINTS,
    TEAM_SCREEN,
)
from jira_integration.sandbox.settings import BOT_ACCOUNT, JONAS_ACCOUNT, Flavour, SandboxSettings

CATEGORIES = {
    "undefined": Category(1, "undefined", "No Category", "medium-gray"),
    "new": Category(2, "new", "To Do", "blue-gray"),
    "indeterminate": Category(4, "indeterminate", "In Progress", "yellow"),
    "done": Category(3, "done", "Done", "green"),
}

USERS = (
    User(BOT_ACCOUNT, "QA Bot", "qa-bot@example.test", login="qa-bot", key="JIRAUSER10100"),
    User(JONAS_ACCOUNT, "Jonas Ortiz", "jonas@example.test", login="jonas", key="jonas"),
    User("5f0c1a7be8d4c30071b2aa03", "Mara Lindqvist", login="mara", key="JIRAUSER10102"),
    User("5f0c1a7be8d4c30071b2aa04", "Mira Kovač", "mira@example.test", login="mira", key="JIRAUSER10103"),
    User("5f0c1a7be8d4c30071b2aa05", "Theo Former", active=False, login="theo", key="theo"),
)

_NEW, _DOING, _DONE = CATEGORIES["new"], CATEGORIES["indeterminate"], CATEGORIES["done"]
STATUSES = (
    Status("10000", "To Do", _NEW),
    Status("3", "In Progress", _DOING, description="Somebody works on it."),
    Status("10001", "In Review", _DOING),
    Status("10002", "Done", _DONE),
    Status("10100", "To Do", _NEW, MOBILE),
    Status("10101", "Doing", _DOING, MOBILE),
    Status("10102", "On device", _DOING, MOBILE),
    Status("10103", "Done", _DONE, MOBILE),
)

TYPES = (
    IssueType("10010", "Epic", 1, description="A big piece of work with several issues under it."),
    IssueType("10011", "Story", 0, description="Something a user can do, told from their side."),
    IssueType("10012", "Bug", 0, description="Something that does not work."),
    IssueType("10013", "Task", 0, description="A piece of work."),
    IssueType("10014", "Test", 0, description="Steps and what they should show."),
    IssueType("10015", "Sub-task", -1, description="A part of another issue."),
    IssueType("10110", "Epic", 1, MOBILE),
    IssueType("10111", "Story", 0, MOBILE),
    IssueType("10112", "Bug", 0, MOBILE),
    IssueType("10113", "Task", 0, MOBILE),
    IssueType("10114", "Subtask", -1, MOBILE),
)
CLASSIC_TYPES = tuple(t.id for t in TYPES if not t.project_id)
TEAM_TYPES = tuple(t.id for t in TYPES if t.project_id)

PRIORITIES = (
    Option("1", "Highest"),
    Option("2", "High"),
    Option("3", "Medium"),
    Option("4", "Low"),
    Option("5", "Lowest"),
)
RESOLUTIONS = (Option("10000", "Done"), Option("10001", "Won't Do"), Option("10002", "Duplicate"))
LINK_TYPES = (
    LinkType("10000", "Blocks", "is blocked by", "blocks"),
    LinkType("10001", "Cloners", "is cloned by", "clones"),
    LinkType("10002", "Duplicate", "is duplicated by", "duplicates"),
    LinkType("10003", "Relates", "relates to", "relates to"),
    LinkType("10004", "Test", "is tested by", "tests"),
)


def classic_workflow(*, resolution_required: bool) -> Workflow:
    """Done is two steps from To Do; one arrow is open to the project's lead only."""
    close = (OnScreen("resolution", required=resolution_required),)
    return Workflow(
        "10000",
        ("10000", "3", "10001", "10002"),
        (
            Transition("11", "Start", "3", ("10000",)),
            Transition("21", "Ask for review", "10001", ("3",)),
            Transition("31", "Done", "10002", ("3", "10001"), screen=close),
            Transition("41", "Stop", "10000", ("3",)),
            Transition("51", "Send back", "3", ("10001",)),
            Transition("61", "Reopen", "10000", ("10002",)),
            Transition("71", "Straight to review", "10001", ("10000",), only_for=JONAS_ACCOUNT),
        ),
    )


TEAM_WORKFLOW = Workflow(
    "10100",
    ("10100", "10101", "10102", "10103"),
    tuple(
        Transition(id_, name, target)
        for id_, name, target in (
            ("11", "To Do", "10100"),
            ("21", "Doing", "10101"),
            ("31", "On device", "10102"),
            ("41", "Done", "10103"),
        )
    ),
)


def build_site(settings: SandboxSettings) -> Site:
    workflow = classic_workflow(resolution_required=settings.resolution_required)
    screens = {t: BASE_SCREEN + (EXTRA_SCREEN if t == "10011" else SMALL_EXTRA) for t in CLASSIC_TYPES}
    team_fields = (OnScreen(TEAM, required=True), OnScreen(TEAM_POINTS))
    team_screens = {t: TEAM_SCREEN + (team_fields if t == "10111" else team_fields[1:]) for t in TEAM_TYPES}
    parts = (Option("10000", "Web"), Option("10001", "API"))
    releases = (Option("10000", "1.0"), Option("10001", "1.1"))
    projects = (
        Project("10000", "SHOP", "Storefront", "classic", CLASSIC_TYPES, workflow, screens, JONAS_ACCOUNT,
                components=parts, versions=releases, description="The web shop."),
        Project(MOBILE, "MOB", "Mobile app", "next-gen", TEAM_TYPES, TEAM_WORKFLOW, team_screens, JONAS_ACCOUNT),
        Project("10002", "OLD", "Old storefront", "classic", CLASSIC_TYPES, workflow, screens, JONAS_ACCOUNT,
                archived=True),
        Project("10003", "RO", "Read only", "classic", CLASSIC_TYPES, workflow, screens, JONAS_ACCOUNT,
                read_only=True),
    )  # fmt: skip
    site = Site(
        title="Rehearsal Jira",
        users={u.account_id: u for u in USERS},
        statuses={s.id: s for s in STATUSES},
        types={t.id: t for t in TYPES},
        fields={f.id: f for f in (*SYSTEM, *CUSTOM_FIELDS)},
        projects={p.id: p for p in projects},
        priorities=PRIORITIES,
        default_priority="3",
        resolutions=RESOLUTIONS,
        link_types=LINK_TYPES,
        indexed_properties=frozenset(settings.indexed_properties),
    )
    return as_data_center(site) if settings.flavour is Flavour.DATACENTER else site
