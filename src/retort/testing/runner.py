"""The command runner: Click's, with the app under test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from click.testing import CliRunner, Result

if TYPE_CHECKING:
    from ..app import Flask


class FlaskCliRunner(CliRunner):
    """Runs commands of an app and captures their output.

    :param app: the app for the commands.
    :param kwargs: as for :class:`click.testing.CliRunner`.
    """

    def __init__(self, app: Flask, **kwargs: Any) -> None:
        self.app = app
        super().__init__(**kwargs)

    def invoke(  # type: ignore[override]
        self, cli: Any = None, args: Any = None, **kwargs: Any
    ) -> Result:
        """Run a command.

        :param cli: the command; by default ``app.cli``, with all of the app's commands.
        :param args: its arguments, as a list or as one line.
        :param kwargs: as for :meth:`click.testing.CliRunner.invoke`.
        """
        from ..cli import ScriptInfo

        command = self.app.cli if cli is None else cli
        if "obj" not in kwargs:
            kwargs["obj"] = ScriptInfo(create_app=lambda: self.app)
        return super().invoke(command, args, **kwargs)
