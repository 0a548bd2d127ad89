"""What the preview says about an item before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Finding:
    """Something about an item; `code` is worded by the catalogue. A blocking one keeps the item out of the export."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)
    blocking: bool = False

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "values": dict(self.values), "blocking": self.blocking}
