"""Who in Jira stands for a person of ours: asked once for each Jira project, kept, and looked up without a request.

Jira hides most e-mail addresses, so an e-mail may find nobody where a name finds somebody. Only one single match
counts: a wrong assignee is worse than none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.utils import timezone

from jira_integration.client.api import JiraClient
from jira_integration.client.schemas import User
from jira_integration.client.together import together
from jira_integration.conf import conf
from jira_integration.contracts import Person
from jira_integration.mapping.metadata import ProjectMetadata
from jira_integration.models import JiraConnection, JiraPerson

LOOK_UPS_AT_ONCE = 4
SHOWN = 20  # people a type-ahead offers
PICKED = "id:"  # before an account id: somebody picked it from a list, nobody asked for a person


@dataclass(frozen=True)
class Account:
    """A Jira account. `assignable`: issues of the Jira project may be given to it. `active`: nobody switched it off."""

    account_id: str
    name: str
    assignable: bool = True
    active: bool = True


@dataclass(frozen=True)
class People:
    """The accounts known for one Jira project, by what was asked (`asked_for`)."""

    accounts: Mapping[str, Account] = field(default_factory=dict)

    def account(self, person: Person, chosen: Mapping[str, str] | None = None) -> Account | None:
        """The account of a person: the one a mapping's value map chose, else the one that was found."""
        asked = asked_for(person)
        if chosen and (account_id := chosen.get(asked)):
            found = next((one for one in self.accounts.values() if one.account_id == account_id), None)
            return found or Account(account_id, person.name)
        return self.accounts.get(asked)

    def asked(self, account_id: str) -> str:
        """What was asked to find this account; "" for one nobody asked for."""
        found = (asked for asked, one in self.accounts.items() if one.account_id == account_id)
        return next((asked for asked in found if not asked.startswith(PICKED)), "")


def asked_for(person: Person) -> str:
    """The e-mail address where there is one, else the name; in lower case."""
    return (person.email or person.name).strip().casefold()[:254]


def known_people(connection: JiraConnection, jira_project_id: str) -> People:
    """What was found so far; people whom nobody found are left out."""
    rows = JiraPerson.objects.filter(connection=connection, jira_project_id=jira_project_id).exclude(account_id="")
    return People({row.asked: Account(row.account_id, row.name, row.assignable, row.active) for row in rows})


async def look_up(
    jira: JiraClient, connection: JiraConnection, metadata: ProjectMetadata, people: Iterable[Person]
) -> People:
    """Ask Jira for those it was not asked for lately; one or two requests for each new person, four at a time."""
    wanted = {asked_for(person): person for person in people}
    wanted.pop("", None)
    fresh = await sync_to_async(_fresh)(connection, metadata.project_id)
    turn = asyncio.Semaphore(LOOK_UPS_AT_ONCE)

    async def ask(asked: str, person: Person) -> JiraPerson:
        async with turn:
            account = await find(jira, metadata.key, person)
        return JiraPerson(
            connection=connection,
            jira_project_id=metadata.project_id,
            asked=asked,
            account_id=account.account_id if account else "",
            name=account.name[:200] if account else "",
            assignable=bool(account and account.assignable),
            active=bool(account and account.active),
            read_at=timezone.now(),
        )

    found = await together(*(ask(asked, wanted[asked]) for asked in wanted.keys() - fresh))
    await sync_to_async(_keep)(found)
    return await sync_to_async(known_people)(connection, metadata.project_id)


async def find(jira: JiraClient, project_key: str, person: Person) -> Account | None:
    """The one account that may be assigned issues of this project; else the one of the whole site."""
    for query in dict.fromkeys([person.email, person.name]):
        if not query:
            continue
        if account := _only(await jira.assignable_users(project_key, query), person):
            return Account(account.account_id, account.display_name, True)
    for query in dict.fromkeys([person.email, person.name]):
        if not query:
            continue
        if account := _only(await jira.search_users(query), person):
            return Account(account.account_id, account.display_name, False, account.active)
    return None


async def offered(jira: JiraClient, project_key: str, query: str) -> list[Account]:
    """For a type-ahead: people whom issues of this project may be given to."""
    found = await jira.assignable_users(project_key, query, SHOWN)
    return [Account(one.account_id, one.display_name) for one in found if one.account_id]


def _only(found: list[User], person: Person) -> User | None:
    """The account with this e-mail address; else the only one with exactly this name; else the only one at all when
    an address was asked for, since Jira matches hidden addresses too."""
    email, name = person.email.casefold(), person.name.casefold()
    people = [one for one in found if one.account_id]
    by_email = [one for one in people if email and one.email.casefold() == email]
    by_name = [one for one in people if name and one.display_name.casefold() == name]
    for matches in (by_email, by_name):
        if len(matches) == 1:
            return matches[0]
    hidden = [one for one in people if not one.email]
    return hidden[0] if email and len(people) == len(hidden) == 1 else None


def _fresh(connection: JiraConnection, jira_project_id: str) -> set[str]:
    """What was asked lately. Older answers are dropped: account ids are not kept longer than they are of use."""
    since = timezone.now() - timedelta(seconds=conf.PEOPLE_TTL_SECONDS)
    JiraPerson.objects.filter(connection=connection, read_at__lt=since).delete()
    rows = JiraPerson.objects.filter(connection=connection, jira_project_id=jira_project_id)
    return set(rows.values_list("asked", flat=True))


def _keep(found: Iterable[JiraPerson]) -> None:
    JiraPerson.objects.bulk_create(
        found,
        update_conflicts=True,
        unique_fields=["connection", "jira_project_id", "asked"],
        update_fields=["account_id", "name", "assignable", "active", "read_at"],
    )
