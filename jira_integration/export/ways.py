"""What is known of the ways from status to status in one Jira project, per issue type, and the way to a wanted one.

Jira shows a workflow only step by step: the transitions that an issue has now, for this account. What one issue of a
type showed in one status is taken to hold for the next of them, is kept beside the project's metadata, and is asked
again when Jira refuses. Nothing relies on it but requests: where an issue ends is read back each time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from jira_integration.client.schemas import Transition
from jira_integration.models import JiraMetadata, ProjectMapping

ORDER = {"new": 0, "indeterminate": 1, "done": 2}


@dataclass(frozen=True, slots=True)
class Step:
    """A transition to a status; ids are Jira's, `category` is new, indeterminate or done."""

    id: str
    to: str
    to_name: str
    category: str


@dataclass
class Ways:
    """`initial`: issue type → the status its issues are created in. `steps`: type → status → what can be done there."""

    initial: dict[str, str] = field(default_factory=dict)
    steps: dict[str, dict[str, list[Step]]] = field(default_factory=dict)

    def knows_start(self, type_id: str) -> bool:
        return self.from_status(type_id, self.initial.get(type_id, "")) is not None

    def from_status(self, type_id: str, status: str) -> list[Step] | None:
        """The steps out of a status; None while nobody has looked."""
        return self.steps.get(type_id, {}).get(status)

    def learn(self, type_id: str, status: str, found: Iterable[Transition]) -> list[Step]:
        steps = [Step(one.id, one.to.id, one.to.name, one.to.category) for one in found]
        self.steps.setdefault(type_id, {})[status] = steps
        return steps

    def forget(self, type_id: str) -> None:
        """Jira does not behave as remembered: the next run looks again."""
        self.initial.pop(type_id, None)
        self.steps.pop(type_id, None)

    def path(self, type_id: str, status: str, wanted: str) -> list[Step] | None:
        """The shortest known way; [] for a status that is the wanted one, None when none is known. It never passes
        through a closed status: a closed issue may refuse to be opened again."""
        if status == wanted:
            return []
        queue: deque[tuple[str, list[Step]]] = deque([(status, [])])
        been = {status}
        while queue:
            here, way = queue.popleft()
            for step in self.from_status(type_id, here) or ():
                if step.to == wanted:
                    return [*way, step]
                if step.to not in been and step.category != "done":
                    been.add(step.to)
                    queue.append((step.to, [*way, step]))
        return None

    def next(
        self, type_id: str, status: str, category: str, wanted: Mapping[str, str], been: Iterable[str] = ()
    ) -> Step | None:
        """The step to take now: on the known way, else one towards the wanted category that does not lead back."""
        if way := self.path(type_id, status, wanted["id"]):
            return way[0]
        goal, here = ORDER.get(wanted.get("category", ""), 1), ORDER.get(category, 1)
        nearer = [
            step
            for step in self.from_status(type_id, status) or ()
            if step.to not in been
            and step.to != status
            and min(goal, here) <= ORDER.get(step.category, 1) <= max(goal, here)
            and step.category != "done"
        ]
        return min(nearer, key=lambda step: abs(goal - ORDER.get(step.category, 1)), default=None)

    def first(self, type_id: str, wanted: Mapping[str, str]) -> Step | None:
        """The step that rides in the create: out of the status in which issues of this type are created."""
        initial = self.initial.get(type_id)
        if initial is None or initial == wanted["id"]:
            return None
        return self.next(type_id, initial, "new", wanted)

    def to_json(self) -> dict[str, Any]:
        steps = {
            type_id: {status: [asdict(step) for step in found] for status, found in known.items()}
            for type_id, known in self.steps.items()
        }
        return {"initial": self.initial, "steps": steps}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Ways:
        steps = {
            type_id: {status: [Step(**step) for step in found] for status, found in known.items()}
            for type_id, known in kept.get("steps", {}).items()
        }
        return cls(dict(kept.get("initial", {})), steps)


def known_ways(mapping: ProjectMapping) -> Ways:
    """What earlier runs learned of this Jira project under this connection."""
    rows = JiraMetadata.objects.filter(connection=mapping.connection_id, jira_project_id=mapping.jira_project_id)
    return Ways.from_json(rows.values_list("ways", flat=True).first() or {})


def keep_ways(mapping: ProjectMapping, ways: Ways) -> None:
    rows = JiraMetadata.objects.filter(connection=mapping.connection_id, jira_project_id=mapping.jira_project_id)
    rows.update(ways=ways.to_json())
