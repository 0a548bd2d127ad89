"""What turning Markdown into Jira's documents costs beside the bare parse of the same texts; prints JSON.

`python -m benchmarks.texts [--texts 300] [--rounds 7]`
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

from markdown_it import MarkdownIt

from benchmarks.backlog import DESCRIPTION
from jira_integration.richtext import markdown_to_adf

MORE = """
## Card {n}

| Card | Digits | Check |
|---|---|---|
| *Visa* | 16 | `luhn` |
| Amex | 15 | `luhn` |

> Asked by the **bank**, ~~not~~ by us.

- [ ] Shown on paper
- [x] Shown on the page
  1. in euro
  2. in pounds

```python
def pay(amount: int) -> None: ...
```
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    texts = [DESCRIPTION.format(n=n) + (MORE.format(n=n) if n % 3 == 0 else "") for n in range(asked.texts)]
    bare = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    found = []
    for _ in range(asked.rounds):  # in turn, so that a busy machine slows both
        parsed = seconds(bare.parse, texts)
        found.append({"bare": parsed, "converted": seconds(markdown_to_adf, texts)})
    print(json.dumps({"texts": len(texts), "characters": sum(map(len, texts)), "rounds": found}))


def seconds(convert: Callable[[str], Any], texts: list[str]) -> float:
    began = time.thread_time()
    for text in texts:
        convert(text)
    return time.thread_time() - began


if __name__ == "__main__":
    main()
