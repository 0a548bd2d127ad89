"""What is wrong between this installation and one Jira site, as named checks.

`examine` asks from the outside in: this installation, the way to Jira, Jira itself, the sign-in, what each backlog
needs. What cannot be asked because something before it failed is "not run", so that one fault turns one check red.
"""

from __future__ import annotations

from asgiref.sync import sync_to_async

from jira_integration.client.exceptions import JiraError
from jira_integration.models import JiraConnection, ProjectMapping, SecretUnreadable
from jira_integration.setup.check import Result
from jira_integration.setup.connect import NoLogin, jira_client
from jira_integration.setup.doctor import backlog, here, site
from jira_integration.setup.doctor.report import CHECKS, Finding, Report

REQUEST_SECONDS = 10.0

__all__ = ["CHECKS", "Finding", "Report", "Result", "examine"]


async def examine(connection: JiraConnection) -> Report:
    """Every check of one connection. Writes nothing to Jira; about eight requests and five for each backlog.

    Never raises what Jira or the network did: that is what the report is about.
    """
    report = Report(connection)
    await sync_to_async(here.check)(report)
    mappings = [
        mapping async for mapping in ProjectMapping.objects.filter(connection=connection).exclude(jira_project_id="")
    ]
    report.about(mapping.jira_project_key for mapping in mappings)
    if await site.reach(report):
        try:
            async with jira_client(connection, seconds=REQUEST_SECONDS, tries=1) as jira:
                if await site.sign_in(report, jira):
                    await site.interfaces(report, jira)
                    await site.webhook(report, jira)
                    for mapping in mappings:
                        await backlog.check(report, jira, mapping)
        except NoLogin:
            report.because("sign_in", "no_login")
        except SecretUnreadable:
            pass  # the key's own check says so
        except JiraError as trouble:
            # A check that did not expect this one: it belongs to the sign-in's road as a whole.
            report.trouble("interfaces", trouble)
    await sync_to_async(here.news)(report)
    return report
