"""Lists: which become a task list, and what becomes of ticks where ADF allows none."""

from __future__ import annotations

from jira_integration.richtext.result import Node, Notes
from jira_integration.richtext.shape import paragraph

# Where a task list cannot stand, its boxes are drawn; read back, they are task marks again only in wiki markup.
BOXES = {"TODO": "☐", "DONE": "☑"}


class Item:
    """One list item while its list is being read: its blocks, and its box if it has one."""

    __slots__ = ("content", "state")

    def __init__(self, content: list[Node]) -> None:
        self.content = content
        self.state: str | None = None


def finish_list(items: list[Item], start: int | None, tasks_allowed: bool, notes: Notes) -> Node:
    """The list node. `start` is the first number of an ordered list, None for bullets.

    A task item holds one line of text and, after it, nested task lists: that is all ADF's task lists can do.
    """
    ticked = any(item.state for item in items)
    if ticked and start is None and tasks_allowed and all(map(_is_plain_task, items)):
        return task_list(items)
    if ticked:
        notes.add("task_as_text")
        for item in items:
            if item.state:
                _draw_box(item)
    content = [{"type": "listItem", "content": item.content or [paragraph()]} for item in items]
    if start is None:
        return {"type": "bulletList", "content": content}
    return {"type": "orderedList", "attrs": {"order": start}, "content": content}


def _is_plain_task(item: Item) -> bool:
    return bool(
        item.state
        and item.content
        and item.content[0]["type"] == "paragraph"
        and all(block["type"] == "taskList" for block in item.content[1:])
    )


def task_list(items: list[Item]) -> Node:
    """A task list; its localIds are given at the end, when the place of every task is known."""
    content: list[Node] = []
    for item in items:
        task: Node = {"type": "taskItem", "attrs": {"localId": "", "state": item.state}}
        if words := item.content[0].get("content"):
            task["content"] = words
        content.append(task)
        content.extend(item.content[1:])
    return {"type": "taskList", "attrs": {"localId": ""}, "content": content}


def _draw_box(item: Item) -> None:
    box = BOXES[item.state or "TODO"]
    if not item.content or item.content[0]["type"] != "paragraph":
        item.content.insert(0, paragraph([{"type": "text", "text": box}]))
        return
    words = item.content[0].setdefault("content", [])
    if not words:
        words.append({"type": "text", "text": box})
    elif words[0]["type"] == "text" and not words[0].get("marks"):
        words[0]["text"] = f"{box} {words[0]['text']}"
    else:
        words.insert(0, {"type": "text", "text": f"{box} "})
