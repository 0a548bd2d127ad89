"""The page of a run follows the worker: over the socket, by polling when it is cut, without scripts."""

from __future__ import annotations

from playwright.sync_api import Page, WebSocketRoute, expect

from jira_integration import ledger, progress
from jira_integration.models import ExportedTicket
from stories_qa.models import Story
from tests.browser.conftest import OpenPage
from tests.browser.stage import Stage, becomes, elsewhere, ends, ends_all, row, watch_live
from tests.jira_rows import a_ticket, an_epic


def test_a_run_moves_over_the_socket_to_its_end(stage: Stage, person: Page) -> None:
    run = stage.run()
    person.goto(f"/p/SHOP/jira/runs/{run.pk}/")
    expect(watch_live(person)).to_have_text("Live")

    becomes(run, "US-1", "created")
    expect(row(person, "US-1")).to_contain_text("Created")
    expect(person.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "1")
    expect(person).to_have_title(f"Run {run.pk}, 1 of 6 finished · Stories & QA")
    for number in range(2, 7):
        becomes(run, f"US-{number}", "created")
    ends(run)

    expect(person.locator("#run-summary")).to_have_text("All 6 items are in Jira.")
    expect(person.locator(".live.ended")).to_contain_text("Finished")
    expect(person.locator("[data-live]")).to_have_count(0)


def test_news_does_not_take_the_focus(stage: Stage, person: Page) -> None:
    run = stage.run()
    person.goto(f"/p/SHOP/jira/runs/{run.pk}/")
    expect(watch_live(person)).to_have_text("Live")

    becomes(run, "US-1", "created")
    expect(row(person, "US-1")).to_contain_text("Created")
    assert person.evaluate("document.activeElement.tagName") == "BODY"

    person.locator("#run-stop").focus()
    becomes(run, "US-2", "created")
    expect(row(person, "US-2")).to_contain_text("Created")
    expect(person.locator("#run-stop")).to_be_focused()


def test_a_button_that_came_over_the_socket_works(stage: Stage, person: Page) -> None:
    run = stage.run()
    person.goto(f"/p/SHOP/jira/runs/{run.pk}/")
    expect(watch_live(person)).to_have_text("Live")
    becomes(run, "US-1", "created")
    expect(row(person, "US-1")).to_contain_text("Created")

    person.get_by_role("button", name="Stop").click()

    expect(person.locator(".badge", has_text="Stopping")).to_be_visible()
    run.refresh_from_db()
    assert run.state == "stopping"


def test_with_the_socket_cut_the_run_moves_by_polling_and_says_so(stage: Stage, person: Page) -> None:
    run = stage.run()
    person.route_web_socket("**/ws/**", lambda socket: socket.close(code=1011))
    person.goto(f"/p/SHOP/jira/runs/{run.pk}/")
    expect(watch_live(person)).to_have_text("Reconnecting, updating every 5 s")

    becomes(run, "US-3", "created")

    expect(row(person, "US-3")).to_contain_text("Created", timeout=6_500)
    ends_all(run)
    expect(person.locator("#run-summary")).to_be_visible(timeout=6_500)
    asked: list[str] = []
    person.on("request", lambda request: asked.append(request.url) if "/live/" in request.url else None)
    person.wait_for_timeout(6_000)
    assert asked == []


def test_a_socket_that_comes_back_brings_what_was_missed(stage: Stage, person: Page) -> None:
    run = stage.run()
    routes: list[WebSocketRoute] = []

    def through(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        routes.append(socket)

    person.route_web_socket("**/ws/**", through)
    person.goto(f"/p/SHOP/jira/runs/{run.pk}/")
    expect(watch_live(person)).to_have_text("Live")

    routes[-1].close(code=1012)
    expect(watch_live(person)).to_have_text("Reconnecting, updating every 5 s")
    becomes(run, "US-1", "created")
    becomes(run, "US-2", "failed")
    expect(watch_live(person)).to_have_text("Live", timeout=10_000)

    expect(row(person, "US-1")).to_contain_text("Created")
    expect(row(person, "US-2")).to_contain_text("Failed")


def test_no_row_goes_back_to_an_older_state(stage: Stage, person: Page) -> None:
    run = stage.run()
    person.goto(f"/p/SHOP/jira/runs/{run.pk}/")
    expect(watch_live(person)).to_have_text("Live")
    old = row(person, "US-1").evaluate("row => row.outerHTML")
    becomes(run, "US-1", "created")
    expect(row(person, "US-1")).to_contain_text("Created")

    person.evaluate(
        """(old) => {
            const piece = old.replace("<tbody", '<tbody hx-swap-oob="true"');
            htmx.swap(document.body, `<template>${piece}</template>`, { swapStyle: "none", settleDelay: 0 });
        }""",
        old,
    )

    expect(row(person, "US-1")).to_contain_text("Created")


def test_a_session_that_ended_is_said_and_not_asked_for_ever(stage: Stage, person: Page) -> None:
    run = stage.run()
    person.route_web_socket("**/ws/**", lambda socket: socket.close(code=4401))

    person.goto(f"/p/SHOP/jira/runs/{run.pk}/")

    expect(watch_live(person)).to_have_text("Sign in again to see live updates")
    expect(watch_live(person).get_by_role("link")).to_have_attribute(
        "href", f"/sign-in/?next=%2Fp%2FSHOP%2Fjira%2Fruns%2F{run.pk}%2F"
    )


def test_a_screen_reader_hears_the_first_failure_at_once_and_not_each_row(stage: Stage, person: Page) -> None:
    run = stage.run()
    person.goto(f"/p/SHOP/jira/runs/{run.pk}/")
    expect(watch_live(person)).to_have_text("Live")
    said: list[str] = []
    person.expose_function("heard", lambda text: said.append(text))
    person.evaluate(
        """() => {
            const region = document.getElementById("announce");
            const changes = { childList: true, characterData: true, subtree: true };
            new MutationObserver(() => heard(region.textContent)).observe(region, changes);
        }"""
    )

    for key, state in (("US-1", "created"), ("US-2", "created"), ("US-3", "failed"), ("US-4", "created")):
        becomes(run, key, state)
        expect(row(person, key)).to_contain_text(state.capitalize())

    assert len(said) == 1
    assert "1 failed." in said[0]
    expect(person.locator("#item-US-3 [aria-live], #item-US-3 [role=status]")).to_have_count(0)


def test_without_scripts_the_run_loads_itself_again(stage: Stage, open_page: OpenPage) -> None:
    run = stage.run({"US-1": "created"})
    page = stage.sign_in(open_page(java_script_enabled=False))

    page.goto(f"/p/SHOP/jira/runs/{run.pk}/")

    expect(page.locator("#item-US-1")).to_contain_text("Created")
    expect(page.locator("meta[http-equiv=refresh]")).to_have_count(1)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".badge", has_text="Stopping")).to_be_visible()


def test_a_badge_on_the_list_turns_and_the_storys_status_follows(stage: Stage, person: Page) -> None:
    story = stage.stories[0]
    ticket = a_ticket(stage.mapping, story, sync="not_exported", issue_id="", issue_key="")
    person.goto("/p/SHOP/stories/")
    expect(watch_live(person)).to_have_text("Live")
    person.evaluate("window.sameDocument = true")
    expect(person.locator("#sync-US-1")).to_contain_text("Not in Jira")

    Story.objects.filter(pk=story.pk).update(status="in_progress", version=2)
    ExportedTicket.objects.filter(pk=ticket.pk).update(
        sync="in_sync",
        issue_id="1",
        issue_key="SHOP-318",
        story_version=2,
        seq=ledger.next_live_seq(stage.project.ref),
    )
    elsewhere(lambda: progress.publish_ticket(ExportedTicket.objects.get(pk=ticket.pk)))

    expect(person.locator("#sync-US-1")).to_contain_text("In sync")
    expect(person.locator("#sync-US-1").get_by_role("link")).to_have_text("SHOP-318")
    expect(person.locator("#row-US-1")).to_contain_text("In progress")
    assert person.evaluate("window.sameDocument") is True


def test_an_epics_badge_and_count_follow_its_stories(stage: Stage, person: Page) -> None:
    epic = an_epic(stage.project)
    story = stage.stories[0]
    Story.objects.filter(pk=story.pk).update(epic=epic)
    a_ticket(stage.mapping, epic)
    ticket = a_ticket(stage.mapping, story)
    person.goto("/p/SHOP/epics/")
    expect(watch_live(person)).to_have_text("Live")
    expect(person.locator("#row-EP-1")).to_contain_text("1 of 1 stories in sync")
    person.evaluate("window.sameDocument = true")

    ExportedTicket.objects.filter(pk=ticket.pk).update(sync="failed", seq=ledger.next_live_seq(stage.project.ref))
    elsewhere(lambda: progress.publish_ticket(ExportedTicket.objects.get(pk=ticket.pk)))

    expect(person.locator("#row-EP-1")).to_contain_text("Export failed")
    expect(person.locator("#row-EP-1")).to_contain_text("0 of 1 stories in sync")
    assert person.evaluate("window.sameDocument") is True
