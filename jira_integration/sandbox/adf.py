"""Atlassian documents: what Jira refuses, how it rewrites what it takes, and the plain text it gives to webhooks."""

from __future__ import annotations

import json
import uuid
from typing import Any

from jira_integration.sandbox.errors import JiraProblem

LIMIT = 32_767
_DEPTH = 50
_NUMBERS = ("level", "order", "colspan", "rowspan")
TOO_LONG = "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
NOT_A_DOCUMENT = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"

_BLOCK_PARENTS = {
    "doc", "blockquote", "panel", "expand", "nestedExpand", "listItem", "tableCell", "tableHeader", "layoutColumn",
}  # fmt: skip
_INLINE_PARENTS = {"paragraph", "heading", "codeBlock", "taskItem", "decisionItem", "caption"}
_LEAVES = {
    "text", "hardBreak", "rule", "mention", "emoji", "inlineCard", "blockCard", "embedCard", "status", "date", "media",
    "mediaInline", "placeholder", "inlineExtension", "extension", "syncBlock",
}  # fmt: skip
_INLINE = {
    "text", "hardBreak", "mention", "emoji", "inlineCard", "status", "date", "mediaInline", "placeholder",
    "inlineExtension",
}  # fmt: skip
_ONLY = {
    "bulletList": {"listItem"},
    "orderedList": {"listItem"},
    "taskList": {"taskItem", "taskList", "blockTaskItem"},
    "decisionList": {"decisionItem"},
    "table": {"tableRow"},
    "tableRow": {"tableCell", "tableHeader"},
    "mediaSingle": {"media", "caption"},
    "mediaGroup": {"media"},
    "layoutSection": {"layoutColumn"},
}
_OTHER = {"bodiedExtension", "bodiedSyncBlock", "blockTaskItem"}
_KNOWN = _BLOCK_PARENTS | _INLINE_PARENTS | _LEAVES | set(_ONLY) | _OTHER
_MARKS = {
    "strong", "em", "strike", "code", "underline", "link", "subsup", "textColor", "backgroundColor", "border",
    "alignment", "indentation", "breakout", "annotation", "fragment", "dataConsumer", "fontSize",
}  # fmt: skip
_GETS_LOCAL_ID = {
    "paragraph", "heading", "blockquote", "bulletList", "orderedList", "listItem", "taskList", "taskItem", "codeBlock",
    "panel", "expand", "nestedExpand", "table", "tableRow", "tableCell", "tableHeader", "rule", "decisionList",
    "decisionItem",
}  # fmt: skip


def read_document(value: Any) -> dict[str, Any] | None:
    """What is stored for a document that was sent; an empty one is stored as nothing.

    Raises ValueError with Jira's sentence for a field, JiraProblem where Jira refuses the whole request.
    """
    if not isinstance(value, dict) or value.get("type") != "doc":
        raise ValueError(NOT_A_DOCUMENT)
    if value.get("version") != 1 or not isinstance(value.get("content"), list) or not _acceptable(value):
        raise JiraProblem(400, ["INVALID_INPUT"])
    if len(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) > LIMIT:
        raise ValueError(TOO_LONG)
    return normalised(value) if value["content"] else None


def _acceptable(node: Any, depth: int = 0) -> bool:
    """Jira's editor schema, as loosely as Jira enforces it: an empty text node passes."""
    if not isinstance(node, dict) or not isinstance(node.get("type"), str) or depth > _DEPTH:
        return False
    kind = node["type"]
    if kind not in _KNOWN:
        return False
    attrs = node.get("attrs", {})
    content = node.get("content", [])
    if not isinstance(attrs, dict) or not isinstance(content, list):
        return False
    marks = node.get("marks", [])
    if not isinstance(marks, list) or any(not isinstance(m, dict) or str(m.get("type")) not in _MARKS for m in marks):
        return False
    if any(not isinstance(m.get("attrs", {}), dict) for m in marks):
        return False
    if any(not isinstance(attrs.get(name, 1), int) for name in _NUMBERS):
        return False
    if kind == "text":
        return isinstance(node.get("text"), str)
    if kind == "heading" and attrs.get("level") not in range(1, 7):
        return False
    if kind == "panel" and not isinstance(attrs.get("panelType"), str):
        return False
    child_kinds = [str(c.get("type")) if isinstance(c, dict) else "" for c in content]
    if kind in _ONLY and (not content or any(c not in _ONLY[kind] for c in child_kinds)):
        return False
    if kind in _INLINE_PARENTS and any(c not in _INLINE for c in child_kinds):
        return False
    if kind in _BLOCK_PARENTS and any(c in _INLINE for c in child_kinds):
        return False
    if kind in {"listItem", "blockquote"} and "heading" in child_kinds:
        return False
    if kind in {"listItem", "tableCell", "tableHeader"} and not content:
        return False
    return all(_acceptable(child, depth + 1) for child in content)


def normalised(node: dict[str, Any]) -> dict[str, Any]:
    """As Jira gives it back: local ids, default attributes, empty text dropped, equal neighbours joined."""
    kind = node["type"]
    attrs = dict(node.get("attrs") or {})
    if kind in _GETS_LOCAL_ID:
        attrs.setdefault("localId", uuid.uuid4().hex[:12])
    if kind == "orderedList":
        attrs.setdefault("order", 1)
    if kind == "table":
        attrs = {"isNumberColumnEnabled": False, "layout": "align-start", **attrs}
    if kind == "tableCell":
        attrs = {"colspan": 1, "rowspan": 1, **attrs}
    done: dict[str, Any] = {"type": kind}
    if kind == "doc":
        done["version"] = 1
    if attrs:
        done["attrs"] = attrs
    if kind == "text":
        done["text"] = node["text"]
    if node.get("marks"):
        done["marks"] = node["marks"]
    if "content" in node:
        done["content"] = _joined([normalised(child) for child in node["content"]])
    return done


def _joined(children: list[dict[str, Any]]) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = []
    for child in children:
        if child["type"] != "text":
            result.append(child)
        elif child["text"]:
            last = result[-1] if result else None
            if last is not None and last["type"] == "text" and last.get("marks") == child.get("marks"):
                last["text"] += child["text"]
            else:
                result.append(child)
    return result


def without_ids(node: Any) -> Any:
    """The document without local ids, to see whether an edit changes anything."""
    if isinstance(node, list):
        return [without_ids(child) for child in node]
    if isinstance(node, dict):
        return {k: without_ids(v) for k, v in node.items() if k != "localId"}
    return node


def paragraphs(text: str) -> dict[str, Any] | None:
    """A document of plain paragraphs, as the web face writes it."""
    blocks = [part for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
    content = []
    for block in blocks:
        inline: list[dict[str, Any]] = []
        for line in block.strip("\n").split("\n"):
            inline += [{"type": "hardBreak"}] if inline else []
            inline += [{"type": "text", "text": line}] if line else []
        content.append({"type": "paragraph", "content": inline})
    return normalised({"type": "doc", "version": 1, "content": content}) if content else None


def plain_text(node: Any, depth: int = 0) -> str:
    """The old wiki-like text that webhooks and the change history carry."""
    if not isinstance(node, dict):
        return ""
    kind, children = node["type"], node.get("content", [])
    attrs = node.get("attrs", {})
    match kind:
        case "text":
            return str(node["text"])
        case "hardBreak":
            return "\n"
        case "mention" | "emoji" | "status":
            return str(attrs.get("text") or attrs.get("shortName") or "")
        case "inlineCard" | "blockCard":
            return str(attrs.get("url", ""))
        case "rule":
            return "----"
        case "heading":
            return f"h{attrs['level']}. " + "".join(plain_text(c) for c in children)
        case "paragraph" | "taskItem" | "decisionItem":
            return "".join(plain_text(c) for c in children)
        case "codeBlock":
            return "{code}\n" + "".join(plain_text(c) for c in children) + "\n{code}"
        case "bulletList" | "orderedList":
            mark = ("*" if kind == "bulletList" else "#") * (depth + 1)
            return "\n".join(f"{mark} {plain_text(c, depth + 1)}" for c in children)
        case "tableRow":
            return "|" + "|".join(plain_text(c) for c in children) + "|"
        case "listItem" | "table" | "tableCell" | "tableHeader" | "taskList" | "decisionList":
            return "\n".join(plain_text(c, depth) for c in children)
        case _:
            return "\n\n".join(plain_text(c, depth) for c in children)
