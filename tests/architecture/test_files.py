"""Files stay one subject long, rooms have names, and nothing tells of the machine it was written on."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("benchmarks", "config", "docs", "jira_integration", "static", "stories_qa", "templates", "tests", ".ci")
MOST_LINES = 330
LONGEST_TEMPLATE_LINE = 160
# Still as they were first written. Whoever changes one lays it out anew and takes its name away from here.
DENSE_TEMPLATES = {
    *("_run_head.html", "_run_item.html", "_story_panel.html", "_undo.html", "conflict.html", "deliveries.html"),
    *("link.html", "list.html", "overview.html", "run.html", "undo.html"),
}
DRAWER = re.compile(r"^(utils?|helpers?|services?|common|misc)$")
# Put together here, so that this file does not name what it forbids.
REGISTRIES = [".".join(parts) for parts in (("py" + "pi", "org"), ("python" + "hosted", "org"), ("npm" + "js", "org"))]
HOMES = re.compile(r"(?<![\w.])/(?:root|home/\w+|Users/\w+)/")


def files(root: Path = ROOT) -> Iterator[Path]:
    """What belongs to the project: the files of the checkout's folder itself and of the folders named above."""
    for path in root.iterdir():
        if path.is_file():
            yield path
    for folder in FOLDERS:
        for path in (root / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def too_long(paths: Iterable[Path]) -> list[str]:
    found = []
    for path in paths:
        if path.suffix in {".py", ".js"} and "migrations" not in path.parts:
            lines = len(path.read_text().splitlines())
            if lines > MOST_LINES:
                found.append(f"{lines} lines: {path}")
    return found


def dense(paths: Iterable[Path]) -> dict[str, int]:
    """File name → the length of its longest line, for templates in which a line is too long to be read."""
    longest = {
        path.name: max(map(len, path.read_text().splitlines()), default=0)
        for path in paths
        if path.suffix == ".html" and "templates" in path.parts
    }
    return {name: length for name, length in longest.items() if length > LONGEST_TEMPLATE_LINE}


def drawers(paths: Iterable[Path], root: Path = ROOT) -> list[str]:
    return [
        str(path) for path in paths if any(DRAWER.match(part) for part in path.relative_to(root).with_suffix("").parts)
    ]


def configured_hosts() -> list[str]:
    """The hosts this machine's pip asks: they are nobody's business either."""
    pip = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(pip, capture_output=True, text=True, check=False).stdout
    hosts = (urlsplit(url).hostname for url in re.findall(r"https?://[^\s'\"\\]+", listed))
    return sorted({host for host in hosts if host})


def machine_marks(paths: Iterable[Path], root: Path = ROOT) -> list[str]:
    """Paths of this machine, package registries and index options, wherever they stand."""
    forbidden = [f"{root.parent}/", "--index-" + "url", "--extra-" + "index-url", *REGISTRIES, *configured_hosts()]
    found = []
    for path in paths:
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue  # an image tells nothing
        found += [f"{path}: {word}" for word in forbidden if word in text]
        found += [f"{path}: {home}" for home in HOMES.findall(text)]
    return found


def test_no_file_is_longer_than_one_subject() -> None:
    assert too_long(files()) == []


def test_no_template_stands_on_one_line() -> None:
    assert set(dense(files())) == DENSE_TEMPLATES


def test_no_module_is_a_drawer_without_a_subject() -> None:
    assert drawers(files()) == []


def test_nothing_names_this_machine_or_a_package_registry() -> None:
    assert machine_marks(files()) == []


@pytest.mark.parametrize("suffix", [".py", ".js"])
def test_a_planted_long_file_is_found(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"long{suffix}").write_text("\n" * (MOST_LINES + 1))
    (tmp_path / f"right{suffix}").write_text("\n" * MOST_LINES)
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_initial.py").write_text("\n" * 2000)

    found = too_long(tmp_path.rglob("*.*"))

    assert found == [f"{MOST_LINES + 1} lines: {tmp_path}/long{suffix}"]


def test_a_planted_dense_template_is_found(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "dense.html").write_text("<p>\n" + "x" * (LONGEST_TEMPLATE_LINE + 1))
    (tmp_path / "templates" / "right.html").write_text("x" * LONGEST_TEMPLATE_LINE + "\n</p>")
    (tmp_path / "page.html").write_text("x" * 2000)

    assert dense(tmp_path.rglob("*.*")) == {"dense.html": LONGEST_TEMPLATE_LINE + 1}


@pytest.mark.parametrize("name", ["utils.py", "helpers/dates.py", "common/__init__.py", "services.py", "misc.js"])
def test_a_planted_drawer_is_found(name: str, tmp_path: Path) -> None:
    path = tmp_path / name

    assert drawers([path], tmp_path) == [str(path)]


def test_a_name_that_only_begins_like_a_drawer_is_none(tmp_path: Path) -> None:
    assert drawers([tmp_path / "commonmark.py", tmp_path / "service_desk.py"], tmp_path) == []


@pytest.mark.parametrize(
    "line",
    [
        f"see {ROOT.parent}/notes",
        "pip install --index-" + "url there",
        f"get it from https://{REGISTRIES[0]}/simple",
        "cp /ro" + "ot/notes .",
        "open('/ho" + "me/ada/notes')",
    ],
)
def test_a_planted_mark_of_the_machine_is_found(line: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text(line)

    assert len(machine_marks([path])) == 1
