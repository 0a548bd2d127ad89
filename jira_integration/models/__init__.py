"""What is stored: connections, mappings, tickets, plans, runs, deliveries, the audit trail."""

from __future__ import annotations

from jira_integration.models.annotations import annotate_sync
from jira_integration.models.audit import AuditEntry, LiveSequence
from jira_integration.models.canary import SecretCanary
from jira_integration.models.comment import ExportedComment
from jira_integration.models.conflict import Conflict
from jira_integration.models.connection import JiraConnection
from jira_integration.models.figures import RequestHour, StoryDay
from jira_integration.models.mapping import FieldMapping, JiraMetadata, ProjectMapping, StatusMapping
from jira_integration.models.mapping_version import MappingVersion
from jira_integration.models.oauth import OAuthClient, OAuthGrant
from jira_integration.models.pause import JiraPause
from jira_integration.models.person import JiraPerson
from jira_integration.models.plan import ExportPlan, PlannedTicket
from jira_integration.models.pulse import Pulse
from jira_integration.models.run import ExportRun, RunBatch, RunEvent, RunItem
from jira_integration.models.secret import Sealed, SecretField, SecretUnreadable, seal
from jira_integration.models.ticket import ExportedTicket
from jira_integration.models.trial import Trial
from jira_integration.models.webhook import PollRepairs, WebhookDelivery

__all__ = [
    "AuditEntry",
    "Conflict",
    "ExportPlan",
    "ExportRun",
    "ExportedComment",
    "ExportedTicket",
    "FieldMapping",
    "JiraConnection",
    "JiraMetadata",
    "JiraPause",
    "JiraPerson",
    "LiveSequence",
    "MappingVersion",
    "OAuthClient",
    "OAuthGrant",
    "PlannedTicket",
    "PollRepairs",
    "ProjectMapping",
    "Pulse",
    "RequestHour",
    "RunBatch",
    "RunEvent",
    "RunItem",
    "Sealed",
    "SecretCanary",
    "SecretField",
    "SecretUnreadable",
    "StatusMapping",
    "StoryDay",
    "Trial",
    "WebhookDelivery",
    "annotate_sync",
    "seal",
]
