"""On which line of a JSON text an entry begins. Only asked when something is wrong with it."""

from __future__ import annotations

import json
import json.decoder
import json.scanner
from functools import lru_cache
from typing import Any


def line_at(text: str, path: tuple[str | int, ...]) -> int:
    """The line of the innermost object on the way along `path`; 1 when there is none."""
    document, places = _placed(text)
    if isinstance(document, list):
        document = {"stories": document}
    offset = 0
    for step in path:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            break
        offset = places.get(id(document), offset)
    return text.count("\n", 0, offset) + 1


@lru_cache(maxsize=1)
def _placed(text: str) -> tuple[Any, dict[int, int]]:
    """The document, and the offset of each of its objects by id().

    json's Python scanner is used, whose parts can be replaced; it reads some 5 MB a second.
    """
    places: dict[int, int] = {}

    class Decoder(json.JSONDecoder):
        def __init__(self) -> None:
            super().__init__()
            inner = json.decoder.JSONObject  # type: ignore[attr-defined]

            def parse_object(state: tuple[str, int], *rest: Any) -> tuple[Any, int]:
                value, end = inner(state, *rest)
                places[id(value)] = state[1] - 1
                return value, end

            self.parse_object = parse_object
            self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]

    try:
        return Decoder().decode(text), places
    except RecursionError:  # the Python scanner stops sooner than the one that read the file
        return None, {}
