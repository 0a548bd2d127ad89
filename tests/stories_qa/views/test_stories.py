from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from jira_integration.models import ExportedTicket
from stories_qa.models import Epic, Project, Story
from tests.stories_qa.views.conftest import Visitor

LIST = "/p/SHOP/stories/"
HTMX = {"HX-Request": "true"}


def keys(page: str) -> list[str]:
    return re.findall(r'id="row-(US-\d+)"', page)


def fill(project: Project, count: int) -> None:
    epic = project.epics.get()
    Story.objects.bulk_create(
        Story(project=project, key=f"US-{100 + i}", title=f"Filler {i}", epic=epic, position=100 + i)
        for i in range(count)
    )


def read(client: Client, address: str, **headers: str) -> str:
    return client.get(address, headers=headers).content.decode()


def test_stories_are_grouped_by_epic_and_the_ones_without_come_last(shop: Project, visit: Visitor) -> None:
    page = read(visit("viewer"), LIST)

    assert keys(page) == ["US-2", "US-3"]
    table = page[page.index("<tbody") :]
    order = ["Guest checkout", "Pay as a guest", "No epic", "Find a product"]
    assert sorted(order, key=table.index) == order


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=guest", ["US-2"]),
        ("q=us-3", ["US-3"]),
        ("q=a+cart", ["US-2"]),
        ("status=done", ["US-3"]),
        ("status=not-done", ["US-2"]),
        ("epic=EP-1", ["US-2"]),
        ("epic=none", ["US-3"]),
        ("tests=none", ["US-3"]),
        ("jira=not_exported", ["US-2", "US-3"]),
        ("jira=conflict", []),
        ("sort=-key", ["US-3", "US-2"]),
        ("status=nonsense", []),
        ("page=99", ["US-2", "US-3"]),
        ("page=-1", ["US-2", "US-3"]),
    ],
)
def test_the_list_shows_what_the_address_asks_for(query: str, found: list[str], shop: Project, visit: Visitor) -> None:
    assert keys(read(visit("viewer"), f"{LIST}?{query}")) == found


def test_a_filter_that_finds_nothing_says_so_and_can_be_cleared(shop: Project, visit: Visitor) -> None:
    page = read(visit("viewer"), f"{LIST}?q=zzz")

    assert "No story matches this search and these filters." in page
    assert f'<a class="btn" href="{LIST}">Clear filters</a>' in page


def test_an_empty_project_offers_to_write_or_import(shop: Project, visit: Visitor) -> None:
    shop.storys.all().delete()

    page = read(visit("editor"), LIST)

    assert "No stories yet." in page
    assert "/p/SHOP/stories/new/" in page
    assert "/p/SHOP/import/" in page


def test_htmx_gets_the_list_the_tabs_and_a_clean_address(shop: Project, visit: Visitor) -> None:
    answer = visit("editor").get(f"{LIST}?q=guest&status=&epic=&sort=", headers=HTMX | {"HX-Target": "story-list"})

    page = answer.content.decode()
    assert answer.headers["HX-Push-Url"] == f"{LIST}?q=guest"
    assert "<html" not in page
    assert 'id="story-list"' in page and 'id="story-tabs"' in page
    assert 'data-announce="1 story"' in page


def test_fifty_come_at_once_and_then_fifty_more(shop: Project, visit: Visitor) -> None:
    fill(shop, 60)
    client = visit("viewer")

    first = read(client, LIST)
    second = read(client, f"{LIST}?page=2")
    more = read(client, f"{LIST}?page=2", **HTMX, **{"HX-Target": "story-rows"})

    assert len(keys(first)) == 50
    assert len(keys(second)) == 12
    assert "Show 12 more" in first and "Show " not in second[second.index("story-pager") :][:600]
    assert keys(more) == keys(second)
    assert "Guest checkout" not in more, "the rows go on under the epic that stands there already"
    assert "Showing 1–62 of 62" in more


def test_tabs_count_states_under_the_other_filters(shop: Project, exported: ExportedTicket, visit: Visitor) -> None:
    tabs = visit("viewer").get(f"{LIST}?status=not-done&jira=in_sync").context["tabs"]

    assert [(tab["word"], tab["count"], tab["current"]) for tab in tabs] == [("All", 1, False), ("In sync", 1, True)]
    assert parse_qs(tabs[1]["query"]) == {"status": ["not-done"], "jira": ["in_sync"]}


def test_a_row_shows_its_badge_and_its_issue(shop: Project, exported: ExportedTicket, visit: Visitor) -> None:
    page = read(visit("viewer"), LIST)

    assert 'id="sync-US-2"' in page
    assert "SHOP-318" in page


def test_a_row_has_one_row_header_and_a_box_that_says_its_key_and_title(shop: Project, visit: Visitor) -> None:
    page = read(visit("editor"), LIST)
    row = page[page.index('id="row-US-2"') :].split("</tr>")[0]

    assert row.count('scope="row"') == 1
    assert 'aria-label="Select US-2 Pay as a guest"' in row
    assert row.count('role="cell"') + 1 == row.count("<td") + row.count("<th")


def test_the_number_of_queries_does_not_grow_with_the_rows(
    shop: Project, visit: Visitor, django_assert_max_num_queries: object
) -> None:
    fill(shop, 48)
    client = visit("editor")
    client.get(LIST)

    with django_assert_max_num_queries(32):  # type: ignore[operator]
        client.get(LIST)


def test_ticks_are_kept_over_pages_and_filters(shop: Project, visit: Visitor) -> None:
    client = visit("exporter")

    bar = client.post(
        "/p/SHOP/stories/selection/", {"do": "add", "story": ["US-2", "US-3"], "filter": ""}, headers=HTMX
    )
    elsewhere = client.get(f"{LIST}?q=guest").content.decode()

    assert bar.context["selection"].keys == ["US-2", "US-3"]
    assert "1 of 2 selected are hidden by the filter" in elsewhere
    assert re.search(r'name="story"\s+value="US-2"\s+checked\s', elsewhere)


def test_the_bar_is_absent_without_a_tick(shop: Project, visit: Visitor) -> None:
    client = visit("exporter")
    client.post("/p/SHOP/stories/selection/", {"do": "add", "story": "US-2"})
    with_bar = read(client, LIST)
    client.post("/p/SHOP/stories/selection/", {"do": "clear"})

    assert 'class="float"' in with_bar
    assert 'class="float"' not in read(client, LIST)


def test_all_that_match_are_selected_without_naming_each(shop: Project, visit: Visitor) -> None:
    client = visit("exporter")
    bar = client.post(
        "/p/SHOP/stories/selection/", {"do": "all", "filter": "status=not-done"}, headers=HTMX
    ).content.decode()

    assert "All 1 matching stories selected" in bar
    assert '<input type="hidden" name="filter" value="status=not-done">' in bar
    assert 'name="story"' not in bar


def test_an_epics_box_takes_stories_of_later_pages_too(shop: Project, visit: Visitor) -> None:
    fill(shop, 60)

    bar = visit("editor").post(
        "/p/SHOP/stories/selection/", {"do": "add", "epic_group": "EP-1", "filter": ""}, headers=HTMX
    )

    assert len(bar.context["selection"].keys) == 61


def test_unticking_one_of_all_leaves_the_others(shop: Project, visit: Visitor) -> None:
    client = visit("editor")
    client.post("/p/SHOP/stories/selection/", {"do": "all", "filter": ""})

    bar = client.post("/p/SHOP/stories/selection/", {"do": "remove", "story": "US-3", "filter": ""}, headers=HTMX)

    assert bar.context["selection"].keys == ["US-2"]


def test_without_a_script_the_ticked_ones_of_a_page_replace_what_was_ticked_there(
    shop: Project, visit: Visitor
) -> None:
    client = visit("editor")
    client.post("/p/SHOP/stories/selection/", {"do": "add", "story": "US-3"})

    answer = client.post(
        "/p/SHOP/stories/selection/", {"do": "page", "shown": ["US-2", "US-3"], "story": ["US-2"], "filter": "q=a"}
    )

    assert urlsplit(answer.headers["Location"]).query == "q=a"
    assert client.get(LIST).context["selection"].keys == ["US-2"]


def test_a_page_can_be_ticked_by_a_link_that_changes_nothing(shop: Project, visit: Visitor) -> None:
    client = visit("editor")

    page = read(client, f"{LIST}?select=page")

    assert len(re.findall(r"\schecked\s", page)) == 2
    assert client.get(LIST).context["selection"].keys == []


def test_keys_that_do_not_exist_and_other_peoples_ticks_are_not_selected(shop: Project, visit: Visitor) -> None:
    client = visit("editor")
    client.post("/p/SHOP/stories/selection/", {"do": "add", "story": ["US-2", "US-404", "'; drop"]})

    assert client.get(LIST).context["selection"].keys == ["US-2"]
    assert visit("admin").get(LIST).context["selection"].keys == []


@pytest.mark.parametrize(
    ("act", "value", "column", "said"),
    [
        ("status", "ready", "status", "2 stories changed: Ready."),
        ("epic", "none", "epic", "1 story changed: No epic."),
        ("epic", "EP-1", "epic", "1 story changed: Guest checkout."),
    ],
)
def test_status_and_epic_are_set_on_all_selected(
    act: str, value: str, column: str, said: str, shop: Project, visit: Visitor
) -> None:
    client = visit("editor")
    client.post("/p/SHOP/stories/selection/", {"do": "all", "filter": ""})
    versions = dict(shop.storys.values_list("key", "version"))

    client.post("/p/SHOP/stories/selection/", {"do": act, "value": value, "filter": ""})

    page = read(client, LIST)
    wanted = Epic.objects.filter(key=value).first() if act == "epic" else value
    assert said in page
    assert [getattr(story, column) for story in shop.storys.all()] == [wanted, wanted]
    raised = sum(story.version == versions[story.key] + 1 for story in shop.storys.all())
    assert raised == int(said[0])


def test_a_status_nobody_knows_changes_nothing(shop: Project, visit: Visitor) -> None:
    client = visit("editor")
    client.post("/p/SHOP/stories/selection/", {"do": "all", "filter": ""})
    client.post("/p/SHOP/stories/selection/", {"do": "status", "value": "gone"})

    assert sorted(shop.storys.values_list("status", flat=True)) == ["backlog", "done"]


def test_viewers_have_no_boxes_and_editors_no_export_button(shop: Project, visit: Visitor) -> None:
    editor = visit("editor")
    editor.post("/p/SHOP/stories/selection/", {"do": "all", "filter": ""})

    assert 'name="story"' not in read(visit("viewer"), LIST)
    assert "Preview export" not in read(editor, LIST)


def test_more_stories_than_django_takes_fields_by_default_can_be_ticked(shop: Project, visit: Visitor) -> None:
    fill(shop, 1500)
    client = visit("exporter")

    bar = client.post("/p/SHOP/stories/selection/", {"do": "add", "epic_group": "EP-1", "filter": ""}, headers=HTMX)
    named = re.findall(r'name="story" value="(US-\d+)"', bar.content.decode())
    again = client.post("/p/SHOP/stories/selection/", {"do": "page", "story": named, "filter": ""}, headers=HTMX)

    assert len(named) == 1501
    assert (again.status_code, len(again.context["selection"].keys)) == (200, 1501)
