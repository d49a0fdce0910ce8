"""Gathering: what arrives while one list is at work becomes the next."""

import asyncio
from collections.abc import Sequence

import pytest

from onebooking.gather import Gatherer

pytestmark = pytest.mark.anyio


class Works:
    """Doubles numbers in lists, as slowly as it is told; 13 poisons a list."""

    def __init__(self) -> None:
        self.lists: list[list[int]] = []
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self, items: Sequence[int]) -> list[int]:
        self.lists.append(list(items))
        await self.go.wait()
        if 13 in items:
            raise ValueError("13")
        if 99 in items:
            raise ConnectionError("99")
        return [item * 2 for item in items]


async def test_one_alone_does_not_wait() -> None:
    works = Works()
    assert await Gatherer(works).add(1) == 2
    assert works.lists == [[1]]


async def test_what_comes_meanwhile_is_one_list_in_its_order() -> None:
    works = Works()
    works.go.clear()
    gatherer = Gatherer(works)
    waiting = [asyncio.create_task(gatherer.add(item)) for item in range(5)]
    await asyncio.sleep(0.01)
    later = [asyncio.create_task(gatherer.add(item)) for item in range(5, 9)]
    await asyncio.sleep(0.01)
    works.go.set()
    assert await asyncio.gather(*waiting, *later) == [item * 2 for item in range(9)]
    assert works.lists == [[0, 1, 2, 3, 4], [5, 6, 7, 8]]


async def test_a_list_has_a_most() -> None:
    works = Works()
    gatherer = Gatherer(works, most=3)
    assert await asyncio.gather(*(gatherer.add(item) for item in range(7))) == [
        item * 2 for item in range(7)
    ]
    assert [len(one) for one in works.lists] == [3, 3, 1]


async def test_one_that_poisons_its_list_spoils_no_other() -> None:
    gatherer = Gatherer(Works())
    results = await asyncio.gather(
        *(gatherer.add(item) for item in (1, 13, 3)), return_exceptions=True
    )
    assert (results[0], results[2]) == (2, 6)
    assert isinstance(results[1], ValueError)


async def test_where_it_is_hopeless_nobody_is_tried_alone() -> None:
    works = Works()
    gatherer = Gatherer(works, hopeless=ConnectionError)
    results = await asyncio.gather(
        *(gatherer.add(item) for item in (1, 99, 3)), return_exceptions=True
    )
    assert all(isinstance(result, ConnectionError) for result in results)
    assert len(works.lists) == 1


async def test_a_caller_who_leaves_takes_nobody_along() -> None:
    works = Works()
    works.go.clear()
    gatherer = Gatherer(works)
    gone = asyncio.create_task(gatherer.add(1))
    stays = asyncio.create_task(gatherer.add(2))
    await asyncio.sleep(0.01)
    gone.cancel()
    works.go.set()
    assert await stays == 4
    assert await gatherer.add(3) == 6


async def test_draining_waits_for_all_that_was_added() -> None:
    works = Works()
    gatherer = Gatherer(works, most=1)
    waiting = [asyncio.create_task(gatherer.add(item)) for item in range(3)]
    await asyncio.sleep(0)
    await gatherer.drain()
    assert len(works.lists) == 3
    assert await asyncio.gather(*waiting) == [0, 2, 4]
    await gatherer.drain()
