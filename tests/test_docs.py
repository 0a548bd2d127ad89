"""The documents say what is there: every setting, every command, every file they name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from jira_integration.conf import JiraSettings

ROOT = Path(__file__).resolve().parent.parent
OURS = ("jira_integration", "stories_qa")


def test_every_setting_of_the_plug_in_is_explained_and_none_that_is_gone() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    documented = set(re.findall(r"^\| `JIRA_([A-Z_]+)` \|[^|]+\|[^|]+\|$", text.split("## The plug-in")[1], re.M))

    assert documented == {name for name in JiraSettings.__annotations__ if name.isupper()}


def test_every_variable_the_settings_read_is_explained() -> None:
    code = (ROOT / "config" / "settings.py").read_text()
    read = set(re.findall(r'(?:environ\.get|required|listed)\(\s*"([A-Z_]+)"', code))
    text = (ROOT / "docs" / "settings.md").read_text()

    assert {name for name in read if f"`{name}`" not in text} == set()


@pytest.mark.parametrize("name", sorted(name for name, app in get_commands().items() if app in OURS))
def test_every_command_is_documented_with_its_options(name: str) -> None:
    text = (ROOT / "docs" / "commands.md").read_text() + (ROOT / "docs" / "sandbox.md").read_text()
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    own = {
        option
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--") and action.help and option not in DJANGO_S_OWN
    }

    assert name in text
    assert {option for option in own if option not in text} == set()


DJANGO_S_OWN = {
    "--help",
    "--version",
    "--verbosity",
    "--settings",
    "--pythonpath",
    "--traceback",
    "--no-color",
    "--force-color",
    "--skip-checks",
}


PAGES = [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
FILE = re.compile(r"`((?:jira_integration|stories_qa|tests|docs|config)/[\w./-]+?\.(?:py|md|json|toml))`")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)[^)]*\)")


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_file_a_document_names_exists(page: Path) -> None:
    text = page.read_text()

    missing = [name for name in FILE.findall(text) if not (ROOT / name).exists()]
    missing += [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    assert [name for name in missing if "test_y" not in name] == []
