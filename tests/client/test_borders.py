"""What the client may know of the rest, and the rest of `requests`."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "jira_integration" / "client"


def imported(source: str) -> set[str]:
    """The top-level packages a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def importers(package: str) -> list[str]:
    modules = [path for top in ("config", "jira_integration", "stories_qa") for path in (ROOT / top).rglob("*.py")]
    return [str(path.relative_to(ROOT)) for path in modules if package in imported(path.read_text())]


def test_only_the_transport_imports_requests() -> None:
    assert importers("requests") == ["jira_integration/client/transport.py"]


def test_an_import_in_the_middle_of_a_function_is_found_too() -> None:
    assert imported("def f():\n    from requests import adapters\n") == {"requests"}


@pytest.mark.parametrize("path", sorted(CLIENT.glob("*.py")), ids=lambda path: path.name)
def test_no_module_of_the_client_knows_django_or_our_other_rooms(path: Path) -> None:
    source = path.read_text()

    assert not imported(source) & {"django", "celery", "channels", "redis", "stories_qa", "asgiref"}
    for line in source.splitlines():
        if line.startswith(("from jira_integration", "import jira_integration")):
            assert line.startswith("from jira_integration.client")


def test_the_client_works_where_django_is_never_loaded() -> None:
    code = "import sys, jira_integration.client; print([name for name in sys.modules if name.startswith('django')])"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
