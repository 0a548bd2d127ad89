"""Who in Jira stands for a person of ours: looked up once, kept for a while."""

from __future__ import annotations

from django.db import models

from jira_integration.models.connection import JiraConnection


class JiraPerson(models.Model):
    """The answer to one question, "who is mira@example.test?", asked for one Jira project: who may be assigned differs.

    An empty `account_id` says that Jira found nobody, or several. Account ids are personal data: rows go with their
    connection, and are dropped when they are older than `conf.PEOPLE_TTL_SECONDS`.
    """

    connection = models.ForeignKey(JiraConnection, on_delete=models.CASCADE, related_name="people")
    jira_project_id = models.CharField(max_length=32)
    asked = models.CharField(max_length=254, help_text="E-mail address or name, as asked, in lower case.")
    account_id = models.CharField(max_length=128, blank=True)
    name = models.CharField(max_length=200, blank=True, help_text="What Jira calls this person.")
    assignable = models.BooleanField(default=False, help_text="Whether issues of the Jira project may go to them.")
    active = models.BooleanField(default=False, help_text="Whether the account can still be used.")
    read_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "Jira people"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "jira_project_id", "asked"], name="one_answer_per_person_and_jira_project"
            )
        ]

    def __str__(self) -> str:
        return f"{self.connection} {self.account_id or '–'}"
