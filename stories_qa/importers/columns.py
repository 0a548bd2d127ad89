"""Which of our fields a column means."""

from __future__ import annotations

import re

NAMES = {
    "title": "summary|title|story|user story|name|titel|título|titulo|resumen|story title|összefoglaló|zusammenfassung",
    "type": "issue type|issuetype|type|kind|work type|tipo|typ",
    "key": "issue key|key|work item key",
    "our_key": "our key",
    "id": "issue id|id|story id|ref|reference|external id|us id|nr|no|#",
    "external_id": "our external id",
    "description": "description|details|descripción|descripcion|beschreibung|leírás|body",
    "criteria": "acceptance criteria|acceptance criterion|criteria|ac|criterios de aceptación|akzeptanzkriterien",
    "priority": "priority|prioridad|priorität|prioritás|moscow",
    "points": "story points|story point estimate|points|estimate|sp|puntos|story point",
    "labels": "labels|label|tags|tag|etiquetas",
    "assignee": "assignee|assigned to|owner|asignado|responsable",
    "status": "status|state|estado|állapot",
    "epic": "epic link|epic|epic key|feature|épica|epica",
    "parent": "parent|parent key|parent id|parent issue|parent link|story key",
    "epic_name": "epic name",
    "parent_summary": "parent summary",
    "preconditions": "preconditions|precondition|pre-conditions",
    "steps": "steps|test steps|steps and expected results",
    "last_result": "last result|result|test result",
    "sync_off": "sync off",
    "role": "as a|as an|role|persona|as a/an",
    "want": "i want|i want to|want|goal",
    "benefit": "so that|benefit|reason|so i can",
}
# Our own export writes these for people; they are not read back.
IGNORED = {"jira key", "jira id", "jira state", "position"}
COLUMNS = {name: column for column, names in NAMES.items() for name in names.split("|")}


def column_of(header: str) -> str:
    """ "Custom field (Story Points)" → "points"; "" for a column without a place here."""
    name = re.sub(r"\s+", " ", header.strip().strip("\ufeff").strip("*_ ")).casefold()
    wrapped = re.fullmatch(r"custom field \((.+)\)", name)
    name = wrapped[1] if wrapped else name
    if name in IGNORED:
        return "ignored"
    return COLUMNS.get(name) or COLUMNS.get(name.replace("_", " ").replace("-", " ")) or ""


def delimiter_of(text: str) -> str:
    """The separator that splits the first row into most columns; those with a known name count tenfold."""
    header = next((line for line in text.split("\n") if line.strip()), "")

    def worth(mark: str) -> int:
        cells = header.split(mark)
        return len(cells) + 10 * sum(bool(column_of(cell.strip().strip('"'))) for cell in cells)

    return max(",;\t|", key=worth)
