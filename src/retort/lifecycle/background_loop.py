"""Run a background task on the event loop."""

from __future__ import annotations

import asyncio
import typing as t

from ..aio.loop import process_loop
from ..aio.steps import InContext, step_in_thread
from ..signals import appcontext_popped, appcontext_pushed, appcontext_tearing_down
from .task_errors import log_task_errors

if t.TYPE_CHECKING:
    from .background import BackgroundTask


def start(task: BackgroundTask) -> None:
    """Begin a task whose function is a coroutine function; thread-safe."""
    log_task_errors(task.app)
    loop = process_loop()
    runner = _Runner(task)

    def begin() -> None:
        runner.task = loop.create_task(runner.run(), name=f"retort background {task.name}")

    def cancel() -> None:
        # Later, since a task that is cancelled before its first step never begins.
        loop.call_soon(runner.cancel)

    task.cancel_coroutine = lambda: loop.call_soon_threadsafe(cancel)
    loop.call_soon_threadsafe(begin)


class _Runner:
    """Runs one task in an application context."""

    def __init__(self, task: BackgroundTask) -> None:
        self.background = task
        self.task: asyncio.Task[None] | None = None

    def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()

    async def run(self) -> None:
        background = self.background
        background.has_begun = True
        try:
            if not background.is_cancelled:
                await self.call()
        except asyncio.CancelledError:
            if not background.is_cancelled:
                background.app.logger.warning(
                    "The background task %s was cancelled.", background.name
                )
        except BaseException as error:  # SystemExit must not end the loop
            background.log(error)
        finally:
            background.tasks.discard(background)

    async def call(self) -> None:
        """Call the function; functions of the program around it run in threads."""
        background = self.background
        variables = background.variables
        context = background.app.app_context()
        if appcontext_pushed.receivers:
            await step_in_thread(variables, context.push)
        else:
            variables.run(context.push)
        error: BaseException | None = None
        try:
            coroutine = variables.run(background.f, *background.args, **background.kwargs)
            await InContext(variables, coroutine)
        except BaseException as raised:
            error = raised
            raise
        finally:
            has_receivers = appcontext_tearing_down.receivers or appcontext_popped.receivers
            if context.plans.ends_app_context or has_receivers:
                await step_in_thread(variables, context.pop, error)
            else:
                variables.run(context.pop, error)
