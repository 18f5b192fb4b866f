"""An application between start and stop, as under a server, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..lifecycle.serving import Serving

if TYPE_CHECKING:
    from types import TracebackType

    from ..app import Flask
    from .client import FlaskClient


class TestApp:
    """Starts an application at the begin of a block, and stops it at its end.

    ::

        with app.test_app() as test_app:
            assert test_app.test_client().get("/").status_code == 200

    The block ends when the background tasks have ended, after ``BACKGROUND_TASK_SHUTDOWN_TIMEOUT``
    seconds at most. In an ``async with`` block, the functions that are no coroutine functions run
    in a thread.

    :ivar app: the application.
    """

    __test__ = False  # for pytest: it is no test class

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._serving: Serving | None = None

    def test_client(self, use_cookies: bool = True, **kwargs: Any) -> FlaskClient:
        """A client for the application: :meth:`retort.Flask.test_client`."""
        return self.app.test_client(use_cookies, **kwargs)

    def _start(self) -> None:
        serving = Serving(self.app)
        serving.start()
        self._serving = serving

    def _stop(self, error: BaseException | None) -> None:
        serving, self._serving = self._serving, None
        if serving is None:
            return
        errors = serving.stop(self.app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"])
        if errors and error is None:
            raise errors[0]

    def __enter__(self) -> TestApp:
        self._start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._stop(exc_value)

    async def __aenter__(self) -> TestApp:
        import asyncio

        await asyncio.to_thread(self._start)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        import asyncio

        await asyncio.to_thread(self._stop, exc_value)
