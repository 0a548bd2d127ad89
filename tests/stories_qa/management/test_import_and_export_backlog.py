from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from stories_qa.exporters import as_document
from stories_qa.models import Epic, Membership, Project, Story, TestCase

pytestmark = pytest.mark.django_db
BACKLOGS = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "cases" / "backlogs"


def run(*args: str) -> tuple[int, str]:
    """Exit status and standard output of import_backlog."""
    out = StringIO()
    try:
        call_command("import_backlog", *args, stdout=out, stderr=StringIO())
    except SystemExit as left:
        return int(left.code or 0), out.getvalue()
    except CommandError as refused:
        return refused.returncode, str(refused)
    return 0, out.getvalue()


def exported(*args: str) -> str:
    out = StringIO()
    call_command("export_backlog", *args, stdout=out)
    return out.getvalue()


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "stories.txt"
    path.write_text("Pay\nFind\nPay\n", encoding="utf-8")
    return path


def test_the_project_is_made_when_it_is_new_and_may_be_left_out_when_it_is_the_only_one(lines: Path) -> None:
    assert run(str(lines), "--project", "SHOP")[0] == 0
    status, out = run(str(lines), "--json")

    answer = json.loads(out)
    assert status == 0
    assert answer["project"] == "SHOP"
    assert answer["totals"]["unchanged"] == answer["totals"]["stories"] == 3
    assert Project.objects.get().name == "SHOP"


def test_each_files_counts_and_problems_are_in_the_json(lines: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("Type,Title\nEpic,Checkout\nStory,\n", encoding="utf-8")

    status, out = run(str(lines), str(tmp_path / "rows.csv"), "--project", "SHOP", "--json")

    text, rows = json.loads(out)["files"]
    assert status == 1
    assert (text["file"], text["format"], text["stories"], text["new"], text["problems"]) == (
        "stories.txt",
        "text",
        3,
        3,
        [],
    )
    assert (rows["epics"], rows["stories"], rows["new"]) == (1, 0, 1)
    assert [(problem["line"], "title" in problem["reason"]) for problem in rows["problems"]] == [(3, True)]


def test_a_file_that_cannot_be_read_leaves_the_others_and_says_so(lines: Path, tmp_path: Path) -> None:
    (tmp_path / "sheet.xlsx").write_bytes(b"PK\x03\x04")

    status, out = run(str(lines), str(tmp_path / "sheet.xlsx"), "--project", "SHOP", "--json")

    assert status == 1
    assert Story.objects.count() == 3
    assert json.loads(out)["files"][1]["problems"][0]["code"] == "zip"


def test_nothing_readable_could_not_start_and_makes_no_project(tmp_path: Path) -> None:
    status, out = run(str(tmp_path), "--project", "SHOP", "--json")

    assert status == 2
    assert "folder" in json.loads(out)["files"][0]["problems"][0]["reason"]
    assert not Project.objects.exists()


@pytest.mark.parametrize("key", ["shop", "TOOLONGKEYS", "1A", "X"])
def test_a_key_that_is_none_could_not_start(lines: Path, key: str) -> None:
    status, said = run(str(lines), "--project", key)

    assert status == 2
    assert not Project.objects.exists()
    assert "--project" in said


def test_without_a_project_and_without_a_name_it_says_what_to_do(lines: Path) -> None:
    status, said = run(str(lines))

    assert (status, "--project KEY" in said) == (2, True)


def test_several_projects_need_a_name(lines: Path) -> None:
    run(str(lines), "--project", "SHOP")
    run(str(lines), "--project", "SITE")

    assert run(str(lines))[0] == 2
    with pytest.raises(CommandError, match="several projects"):
        exported()
    with pytest.raises(CommandError, match="There are: SHOP, SITE"):
        exported("--project", "NOPE")


def without_jira(document: Any) -> Any:
    if isinstance(document, dict):
        return {name: without_jira(value) for name, value in document.items() if name != "jira"}
    if isinstance(document, list):
        return [without_jira(value) for value in document]
    return document


def emptied() -> None:
    Project.objects.all().delete()
    assert not Story.objects.exists() and not Epic.objects.exists() and not TestCase.objects.exists()


def test_json_comes_back_without_loss_into_an_empty_database(tmp_path: Path) -> None:
    call_command("seed_demo", stdout=StringIO())
    files = [*(BACKLOGS / "stories").glob("*"), *(BACKLOGS / "epics").glob("*"), *(BACKLOGS / "gherkin").glob("*")]
    run("--project", "SHOP", *map(str, files))
    Story.objects.filter(title__startswith="As a").update(sync_off=True, points="2.5", position=7)
    TestCase.objects.filter(key="TC-1").update(story=None, last_result="blocked")
    first = exported()
    path = tmp_path / "all.json"
    path.write_text(first, encoding="utf-8")

    emptied()
    status, _out = run(str(path))

    assert status == 0
    assert exported() == first


def test_the_example_in_the_documentation_is_the_schema(tmp_path: Path) -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "importing.md").read_text(encoding="utf-8")
    example = next(
        block for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL) if "stories-qa-backlog" in block
    )
    path = tmp_path / "example.json"
    path.write_text(example, encoding="utf-8")

    status, _out = run(str(path))

    assert status == 0
    assert without_jira(json.loads(exported())) == without_jira(json.loads(example))


def test_names_of_people_who_are_not_here_survive_the_journey(tmp_path: Path) -> None:
    call_command("seed_demo", stdout=StringIO())
    first = exported()
    path = tmp_path / "all.json"
    path.write_text(first, encoding="utf-8")

    emptied()
    User.objects.all().delete()
    run(str(path))

    assert Story.objects.get(key="US-142").assignee_name == "demo"
    assert exported() == first


def test_bringing_the_own_export_in_again_changes_nothing(tmp_path: Path) -> None:
    call_command("seed_demo", stdout=StringIO())
    run(str(BACKLOGS / "stories" / "g03-loudoun.txt"))
    before = without_jira(as_document(Project.objects.get()))
    for format, name in (("json", "all.json"), ("csv", "all.csv"), ("markdown", "all.md")):
        path = tmp_path / name
        path.write_text(exported("--format", format), encoding="utf-8", newline="")

        status, out = run(str(path), "--json")

        totals = json.loads(out)["totals"]
        assert (status, totals["new"], totals["changed"], totals["kept"]) == (0, 0, 0, 0), format
        assert without_jira(as_document(Project.objects.get())) == before


def test_every_item_says_where_it_is_in_jira() -> None:
    call_command("seed_demo", stdout=StringIO())

    document = json.loads(exported())

    items = [*document["epics"], *document["stories"], *(t for s in document["stories"] for t in s["test_cases"])]
    assert len(items) == 47
    assert all(item["jira"] == {"issue_key": "", "issue_id": "", "state": "not_exported"} for item in items)


def test_cells_a_spreadsheet_would_run_are_defused(tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_text("=HYPERLINK(1)\n@SUM\n", encoding="utf-8")
    run(str(path), "--project", "SHOP")

    out = exported("--format", "csv")

    assert "'=HYPERLINK(1)" in out and "'@SUM" in out


def test_seeding_makes_the_demo_once_and_never_overwrites(settings: Any) -> None:
    call_command("seed_demo", stdout=StringIO())
    assert (Epic.objects.count(), Story.objects.count(), TestCase.objects.count()) == (3, 24, 20)
    assert Membership.objects.get(user__username="demo").role == "admin"
    assert Membership.objects.count() == 3
    demo = User.objects.get(username="demo")
    assert demo.check_password("demo") and demo.is_superuser
    Story.objects.all().delete()

    call_command("seed_demo", stdout=StringIO())

    assert not Story.objects.exists()


def test_seeding_refuses_to_run_in_production(settings: Any) -> None:
    settings.PROFILE = "production"

    with pytest.raises(CommandError, match="password everybody knows"):
        call_command("seed_demo", stdout=StringIO())

    assert not User.objects.exists()
