"""Many timeouts by one timer of the event loop."""

import asyncio
import time

from retort.websockets.timers import Timers, timers_of_this_loop


def test_callbacks_are_called_in_the_order_of_their_time(until):
    called = []

    async def test():
        timers = Timers()
        timers.call_later(0.6, lambda: called.append("second"))
        timers.call_later(0.1, lambda: called.append("first"))
        started = time.monotonic()
        await until(lambda: len(called) == 2)
        assert time.monotonic() - started >= 0.6
        assert timers.handle is None

    asyncio.run(test())
    assert called == ["first", "second"]


def test_a_cancelled_callback_is_not_called(until):
    called = []

    def callback():
        called.append("cancelled")

    async def test():
        timers = Timers()
        tick = timers.call_later(0, callback)
        timers.call_later(0, lambda: called.append("other"))
        timers.cancel(tick, callback)
        timers.cancel(tick, callback)
        timers.cancel(tick - 1000, callback)
        await until(lambda: called)

    asyncio.run(test())
    assert called == ["other"]


def test_a_callback_that_raises_stops_no_other(until):
    called, problems = [], []

    async def test():
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: problems.append(context)
        )
        timers = timers_of_this_loop()
        for _ in range(3):
            timers.call_later(0, lambda: 1 / 0)
        timers.call_later(0, lambda: called.append(1))
        timers.call_later(0.5, lambda: called.append(2))
        await until(lambda: len(called) == 2)

    asyncio.run(test())
    assert called == [1, 2]
    assert len(problems) == 3


def test_each_loop_has_its_own_timers():
    async def found():
        assert timers_of_this_loop() is timers_of_this_loop()
        return timers_of_this_loop()

    assert asyncio.run(found()) is not asyncio.run(found())
