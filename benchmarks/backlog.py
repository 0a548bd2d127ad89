"""The backlog every figure is taken with: epics, and stories with a description, three criteria and labels."""

from __future__ import annotations

DESCRIPTION = """As a **customer** I want to pay by card number {n}, so that the order leaves today.

- The amount is shown before the card is asked for
- A refused card says *why*, with a link to [the help page](https://help.example.test/cards)

1. Open the basket
2. Choose `card`
"""
CRITERIA = ("The amount is shown", "A refused card leaves the basket as it was", "The receipt is sent within a minute")


def epic_title(number: int) -> str:
    return f"Epic {number}"


def story_title(number: int) -> str:
    return f"Story {number}: pay by card"
