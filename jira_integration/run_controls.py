"""What a person may do to a run in its state, and where it stands in line, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from jira_integration.export.line import Place
from jira_integration.models import ExportRun
from jira_integration.timewords import ordinal

State = ExportRun.State


@dataclass(frozen=True)
class Button:
    """One form of the run page; its name is the end of its address."""

    name: str
    words: str
    icon: str
    primary: bool = False

    @property
    def url_name(self) -> str:
        return f"jira_integration:run_{self.name}"


def buttons_of(run: ExportRun, retry_words: str) -> list[Button]:
    """What makes sense in this state; a button that makes none is not there. `retry_words`: empty without anything
    to retry."""
    pause, stop = Button("pause", _("Pause"), "pause"), Button("stop", _("Stop"), "stop")
    cancel = stop if run.started_at else Button("stop", _("Cancel"), "stop")
    go_on = Button("continue", _("Continue with the rest"), "right", primary=True)
    again = [Button("retry", retry_words, "retry", primary=run.state != State.STOPPED)] if retry_words else []
    match run.shown_state:
        case State.QUEUED:
            return [pause, cancel]
        case State.RUNNING:
            return [pause, stop]
        case State.WAITING:
            return [Button("continue", _("Try now"), "retry"), pause, stop]
        case State.STOPPING:
            return []
        case State.PAUSING:
            return [stop]
        case State.PAUSED:
            return [Button("continue", _("Resume"), "right", primary=True), cancel]
        case State.INTERRUPTED:
            return [go_on, pause, stop]
        case State.STOPPED:
            return [go_on, *again]
    return again


def in_line(run: ExportRun, place: Place) -> str:
    """ "2nd in line, after run 12": the run right before it is named when it is of this backlog."""
    words = _("Next in line") if place.number == 1 else _("%(place)s in line") % {"place": ordinal(place.number)}
    if place.after is None:
        return words
    if place.after.project_ref != run.project_ref:
        return _("%(place)s, after a run of another backlog") % {"place": words}
    return _("%(place)s, after run %(run)d") % {"place": words, "run": place.after.pk}
