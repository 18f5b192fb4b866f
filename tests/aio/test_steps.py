"""Functions that coroutines call in threads."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref

import pytest

from retort.aio.steps import in_own_thread, in_thread

ways = pytest.mark.parametrize("call", [in_thread, in_own_thread])


@ways
def test_a_function_in_a_thread_returns_its_result_to_the_coroutine(call):
    async def main():
        return await call(lambda number: (number, threading.get_ident()), 7)

    number, thread = asyncio.run(main())

    assert number == 7
    assert thread != threading.get_ident()


@ways
def test_a_function_in_a_thread_raises_its_exception_in_the_coroutine(call):
    with pytest.raises(ZeroDivisionError):
        asyncio.run(call(divmod, 1, 0))


@ways
def test_a_cancelled_task_waits_for_its_function_and_is_cancelled_then(call):
    may_end = threading.Event()
    ended = []

    def function():
        may_end.wait(10)
        ended.append(True)

    async def main():
        task = asyncio.create_task(call(function))
        for _ in range(2):  # the second time, while it waits for the function already
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.sleep(0)
        was_done = task.done()
        may_end.set()
        await asyncio.wait([task])
        return was_done, task.cancelled()

    assert asyncio.run(main()) == (False, True)
    assert ended == [True]


@ways
def test_an_exception_of_a_function_in_a_thread_is_freed_without_garbage_collection(call):
    class Problem(Exception):
        pass

    def function():
        raise Problem

    async def main():
        try:
            await call(function)
        except Problem as problem:
            return weakref.ref(problem)

    gc.disable()
    try:
        assert asyncio.run(main())() is None
    finally:
        gc.enable()
