"""The fields of the seeded site: Jira's own, and enough custom ones that reading them takes two pages."""

from __future__ import annotations

from jira_integration.sandbox.model import CUSTOM, JSW, FieldDef, OnScreen, Option

STORY_POINTS = "customfield_10016"
EPIC_LINK = "customfield_10014"
EPIC_NAME = "customfield_10011"
SPRINT = "customfield_10020"
TEAM = "customfield_10201"
TEAM_POINTS = "customfield_10202"


def _system(
    field_id: str,
    name: str,
    kind: str,
    type_: str,
    items: str = "",
    *,
    orderable: bool = True,
    navigable: bool = True,
) -> FieldDef:
    schema = {"type": type_, **({"items": items} if items else {}), "system": field_id}
    return FieldDef(field_id, name, kind, schema, orderable=orderable, navigable=navigable)


SYSTEM = (
    _system("summary", "Summary", "summary", "string"),
    _system("issuetype", "Issue Type", "issuetype", "issuetype"),
    _system("project", "Project", "project", "project", orderable=False),
    _system("parent", "Parent", "parent", "issuelink", orderable=False),
    _system("description", "Description", "adf", "string"),
    _system("environment", "Environment", "adf", "string", navigable=False),
    _system("priority", "Priority", "priority", "priority"),
    _system("labels", "Labels", "labels", "array", "string"),
    _system("assignee", "Assignee", "user", "user"),
    _system("reporter", "Reporter", "user", "user"),
    _system("components", "Components", "components", "array", "component"),
    _system("fixVersions", "Fix versions", "versions", "array", "version"),
    _system("duedate", "Due date", "date", "date"),
    _system("issuelinks", "Linked Issues", "issuelinks", "array", "issuelinks"),
    _system("attachment", "Attachment", "attachment", "array", "attachment", navigable=False),
    _system("comment", "Comment", "read_only", "comments-page", navigable=False),
    _system("resolution", "Resolution", "resolution", "resolution"),
    _system("status", "Status", "read_only", "status", orderable=False),
    _system("creator", "Creator", "read_only", "user", orderable=False),
    _system("created", "Created", "read_only", "datetime", orderable=False),
    _system("updated", "Updated", "read_only", "datetime", orderable=False),
    _system("resolutiondate", "Resolved", "read_only", "datetime", orderable=False),
    _system("statuscategorychangedate", "Status Category Changed", "read_only", "datetime", orderable=False),
    _system("worklog", "Log Work", "read_only", "array", "worklog", navigable=False),
    _system("archiveddate", "Archived", "read_only", "datetime", orderable=False),
    _system("archivedby", "Archiver", "read_only", "user", orderable=False),
    _system("subtasks", "Sub-tasks", "read_only", "array", "issuelinks", orderable=False),
)


def _custom(
    number: int,
    name: str,
    kind: str,
    type_: str,
    plugin: str,
    items: str = "",
    options: tuple[str, ...] = (),
    project_id: str = "",
) -> FieldDef:
    schema = {"type": type_, **({"items": items} if items else {}), "custom": plugin, "customId": number}
    chosen = tuple(Option(str(number * 10 + place), text) for place, text in enumerate(options))
    return FieldDef(f"customfield_{number}", name, kind, schema, options=chosen, project_id=project_id)


MOBILE = "10001"  # the id of the team-managed project
_EXTRA_TEXTS = (
    "Release note", "Customer quote", "Market research", "Design link text", "Feature flag", "API version",
    "Analytics event", "Support macro", "Translation key", "Screen name", "Test environment", "Test data set",
    "Browser notes", "Device notes", "Rollback plan", "Cost centre", "Budget line", "Contract number",
    "Legal reference", "Accessibility note", "Performance budget", "Security note", "Data owner", "Retention class",
    "Campaign code", "Store region", "Currency", "Tax rule", "Shipping zone", "Payment provider", "Partner",
    "Warehouse", "Catalogue section", "Price list", "Voucher code", "Newsletter", "Stakeholder group",
    "Decision record",
)  # fmt: skip

CUSTOM_FIELDS = (
    _custom(10011, "Epic Name", "text", "string", f"{JSW}:gh-epic-label"),
    _custom(10014, "Epic Link", "epic_link", "any", f"{JSW}:gh-epic-link"),
    _custom(10015, "Start date", "date", "date", f"{CUSTOM}:datepicker"),
    _custom(10016, "Story Points", "number", "number", f"{JSW}:jsw-story-points"),
    _custom(10019, "Rank", "rank", "any", f"{JSW}:gh-lexo-rank"),
    _custom(10020, "Sprint", "sprint", "array", f"{JSW}:gh-sprint", "json"),
    _custom(10030, "Acceptance criteria", "adf", "string", f"{CUSTOM}:textarea"),
    _custom(10031, "Severity", "option", "option", f"{CUSTOM}:select", options=("Low", "Medium", "High")),
    _custom(
        10032,
        "Browsers",
        "options",
        "array",
        f"{CUSTOM}:multiselect",
        "option",
        ("Chrome", "Firefox", "Safari", "Edge"),
    ),
    _custom(10033, "Platforms", "options", "array", f"{CUSTOM}:multicheckboxes", "option", ("Web", "iOS", "Android")),
    _custom(10034, "Needs review", "option", "option", f"{CUSTOM}:radiobuttons", options=("Yes", "No")),
    _custom(10035, "Specification", "url", "string", f"{CUSTOM}:url"),
    _custom(10036, "Target date", "date", "date", f"{CUSTOM}:datepicker"),
    _custom(10037, "Go-live", "datetime", "datetime", f"{CUSTOM}:datetime"),
    _custom(10038, "Tester", "user", "user", f"{CUSTOM}:userpicker"),
    _custom(10039, "Tags", "labels", "array", f"{CUSTOM}:labels", "string"),
    _custom(10040, "Effort", "number", "number", f"{CUSTOM}:float"),
    *(_custom(10050 + n, name, "text", "string", f"{CUSTOM}:textfield") for n, name in enumerate(_EXTRA_TEXTS)),
    _custom(10201, "Team", "option", "option", f"{CUSTOM}:select", "", ("Checkout", "Catalogue", "Platform"), MOBILE),
    _custom(10202, "Story point estimate", "number", "number", f"{JSW}:jsw-story-points", project_id=MOBILE),
)

# A screen of the company-managed project; the names of required ones are what Jira asks for on any site.
BASE_SCREEN = (
    OnScreen("summary", required=True),
    OnScreen("issuetype", required=True),
    OnScreen("project", required=True),
    OnScreen("reporter", required=True, default="creator"),
    OnScreen("parent"),
    OnScreen("description"),
    OnScreen("priority", default="3"),
    OnScreen("labels"),
    OnScreen("assignee"),
    OnScreen("components"),
    OnScreen("fixVersions"),
    OnScreen("duedate"),
    OnScreen("environment"),
    OnScreen("issuelinks"),
    OnScreen("attachment"),
)
EXTRA_SCREEN = tuple(
    OnScreen(f.id)
    for f in CUSTOM_FIELDS
    if not f.project_id and f.kind not in {"epic_link", "rank"} and f.id != EPIC_NAME
)
SMALL_EXTRA = tuple(OnScreen(f"customfield_{n}") for n in (10015, 10016, 10030, 10031))
TEAM_SCREEN = (
    OnScreen("summary", required=True),
    OnScreen("issuetype", required=True),
    OnScreen("project", required=True),
    OnScreen("reporter", default="creator"),
    OnScreen("parent"),
    OnScreen("description"),
    OnScreen("priority", default="3"),
    OnScreen("labels"),
    OnScreen("assignee"),
    OnScreen("issuelinks"),
    OnScreen("attachment"),
)
