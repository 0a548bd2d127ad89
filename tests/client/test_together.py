from __future__ import annotations

import asyncio

import pytest

from jira_integration.client.together import together


async def test_answers_come_in_the_order_of_the_questions() -> None:
    async def after(seconds: float, answer: int) -> int:
        await asyncio.sleep(seconds)
        return answer

    assert list(await together(after(0.02, 1), after(0, 2))) == [1, 2]


async def test_the_first_trouble_is_raised_when_the_last_read_has_ended() -> None:
    ended = []

    async def fails() -> None:
        raise LookupError("the first")

    async def goes_on() -> None:
        await asyncio.sleep(0.02)
        ended.append("the second")

    with pytest.raises(LookupError, match="the first"):
        await together(fails(), goes_on())

    assert ended == ["the second"]
