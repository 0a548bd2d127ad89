"""Backlogs of real teams, as they stand in their repositories."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from stories_qa.importers import ParsedBacklog, read
from stories_qa.importers.parsed import lines_of

BACKLOGS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "cases" / "backlogs"
FILES = sorted(
    path.relative_to(BACKLOGS).as_posix()
    for folder in ("stories", "epics", "gherkin")
    for path in (BACKLOGS / folder).glob("*")
)
with (BACKLOGS / "index.tsv").open(encoding="utf-8", newline="") as index:
    INDEX = {row["file"]: row for row in csv.DictReader(index, delimiter="\t")}


def found_in(name: str) -> ParsedBacklog:
    return read(BACKLOGS / name)


def bare(line: str) -> str:
    return line.strip().strip("\ufeff").strip()


def test_there_are_files_to_look_at() -> None:
    assert set(FILES) == set(INDEX)


@pytest.mark.parametrize("name", FILES)
def test_every_file_comes_in_without_losing_a_row(name: str) -> None:
    parsed = found_in(name)

    assert parsed.stories
    assert [problem for problem in parsed.problems if not problem.kept] == []


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("stories/")])
def test_no_line_of_a_text_file_is_lost_and_two_equal_lines_stay_two(name: str) -> None:
    lines = [bare(line) for line in lines_of((BACKLOGS / name).read_bytes().decode("utf-8"))]

    parsed = found_in(name)

    assert [story.title for story in parsed.stories] == [line for line in lines if line]
    assert len({story.external_id for story in parsed.stories}) == len(parsed.stories)


def test_g03_loudoun_has_58_stories() -> None:
    assert len(found_in("stories/g03-loudoun.txt").stories) == 58


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".feature")])
def test_every_scenario_is_a_test_case_and_no_step_is_lost(name: str) -> None:
    parsed = found_in(name)

    assert len(parsed.tests) == int(INDEX[name]["scenarios"])
    stories = {story.external_id for story in parsed.stories}
    assert all(test.story in stories and test.steps for test in parsed.tests)
    text = "\n".join(
        [test.preconditions or "" for test in parsed.tests]
        + [f"{step.action}\n{step.expected}" for test in parsed.tests for step in test.steps or ()]
    )
    source = (BACKLOGS / name).read_text(encoding="utf-8")
    outside_doc_strings = re.sub(r'"""(?:.|\n)*?"""', "", source)
    for step in re.findall(r"^\s*(?:Given|When|Then|And|But)\s+(.+?)\s*$", outside_doc_strings, re.MULTILINE):
        assert step in text


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".csv")])
def test_every_csv_row_comes_in(name: str) -> None:
    parsed = found_in(name)

    assert len(parsed.epics) == int(INDEX[name]["epic_markers"])
    assert len(parsed.epics) + len(parsed.stories) == int(INDEX[name]["csv_rows"])


@pytest.mark.parametrize("name", [name for name in FILES if "asvs__" in name])
def test_a_security_requirement_is_one_story_with_all_its_given_when_then_lines(name: str) -> None:
    parsed = found_in(name)

    (story,) = parsed.stories
    kept = [
        line
        for one in story.criteria or ()
        for part in (one.given, one.when, one.then, one.text)
        for line in part.split("\n")
        if line
    ]
    source = (BACKLOGS / name).read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"```(?:gherkin)?\n(.*?)```", source, re.DOTALL))
    wanted = re.findall(r"^\s*(?:Given|When|Then|And|But)\s+(.+?)\s*$", blocks, re.MULTILINE)
    assert wanted and [line for line in wanted if line not in kept] == []
    assert all(one.given and one.then for one in story.criteria or ())
    assert story.title and story.title == re.search(r"\*\*Feature_Name\*\*:\s*(.+)", source)[1].strip()  # type: ignore[index]
    assert "As a Security Engineer" in (story.description or "")


def test_scramble_has_six_epics_and_both_stories_called_016() -> None:
    parsed = found_in("epics/Scramble__epics-and-stories.md")

    assert parsed.epics[0].title == "Core Game Engine Foundation"
    assert len(parsed.epics) == 6
    assert len(parsed.stories) == 25  # 17 as headings, 8 as a list
    assert len(parsed.stories) >= int(INDEX["epics/Scramble__epics-and-stories.md"]["user_story_matches"])
    twins = [story.title for story in parsed.stories if "SCRAM-016" in story.external_id]
    assert twins == ["Comprehensive Testing Infrastructure & Coverage", "Display Solution on Timer Timeout"]
    first = parsed.stories[0]
    assert (first.priority, first.points, len(first.criteria or ())) == ("urgent", 2, 5)


def test_a_hungarian_backlog_has_its_epics_stories_and_criteria() -> None:
    name = "epics/dk_verseny__epics-and-stories.md"

    parsed = found_in(name)

    source = (BACKLOGS / name).read_text(encoding="utf-8")
    assert len(parsed.epics) == int(INDEX[name]["epic_markers"]) == 12
    assert len(parsed.stories) == source.count("#### User Story") == 50
    assert parsed.criteria_count == source.count("- [ ]") == 250
    assert all(story.epic for story in parsed.stories)


@pytest.mark.parametrize("name", FILES)
def test_reading_twice_gives_the_same_identities(name: str) -> None:
    once, twice = found_in(name), found_in(name)

    assert once == twice
