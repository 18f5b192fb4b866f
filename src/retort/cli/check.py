"""``retort check``: static checks of a program and its HTML.

The checks are in `devtools.checks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .options import app_option, debug_option, env_file_option
from .script_info import ScriptInfo, pass_script_info

if TYPE_CHECKING:
    from collections.abc import Mapping

_HELP = """Check an application and its HTML for errors and unsafe code.

TARGET names the application, as for 'retort run'. It is imported, but not served, and no view
is called. Every finding has its file, its line and a fix. What cannot be determined from
the text, such as a form that a script sends, is skipped.

\b
{rules}

With --deploy it checks the settings instead. It reports which settings of 'retort run' and of the
program's config are unsafe in production, and shows the settings that are not the default, with
their sources. Options of 'retort run' follow two dashes:
retort check --deploy TARGET -- --host 0.0.0.0.

With --scale it reports instead what would differ with two replicas of the program, such as counters
in a module, and what to use in their place:

\b
{scale_rules}

The exit status is 1 if there was an error, else 0.
"""


class _Check(click.Command):
    """Imports the list of rules only for ``--help``: all commands are created at start-up."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from ..devtools.checks import RULES, SCALE_RULES

        self.help = _HELP.format(rules=_listed(RULES), scale_rules=_listed(SCALE_RULES))
        super().format_help_text(ctx, formatter)


def _listed(rules: Mapping[str, tuple[str, str]]) -> str:
    ordered = sorted(rules.items(), key=lambda rule: rule[1][0])
    return "\n".join(f"{level:8} {name:17} {about}" for name, (level, about) in ordered)


@click.command("check", cls=_Check, short_help="Find mistakes in routes, views and forms.")
@click.argument("target", required=False, type=click.Path())  # completes file names
@click.argument("run_options", nargs=-1, type=click.UNPROCESSED)
@click.option("--deploy", "is_deploy", is_flag=True, help="Check the settings of 'retort run'.")
@click.option("--scale", "is_scale", is_flag=True, help="Check for what breaks with two replicas.")
@click.option(
    "--all", "shows_all", is_flag=True, help="With --deploy: show the default settings too."
)
@click.option("--json", "is_json", is_flag=True, help="Print the findings as JSON.")
@pass_script_info
@click.pass_context
def check_command(
    ctx: click.Context,
    info: ScriptInfo,
    /,
    target: str | None,
    run_options: tuple[str, ...],
    is_deploy: bool,
    is_scale: bool,
    shows_all: bool,
    is_json: bool,
) -> None:
    """Run the checks and print their findings."""
    if target is not None and target.startswith("-"):  # check --deploy -- --workers 2
        run_options = (target, *run_options)
        target = None
    if is_deploy and is_scale:
        raise click.UsageError("--deploy and --scale are two checks: run one after the other.")
    if is_deploy:
        from .deploy import check_deployment

        ctx.exit(check_deployment(ctx, run_options, target, is_json=is_json, shows_all=shows_all))
    if shows_all:
        raise click.UsageError("--all goes with --deploy: it shows the default settings.")
    if run_options:
        raise click.UsageError(f"{run_options[0]!r}: options of 'retort run' go with --deploy.")
    from ..devtools.checks import ERROR, as_json, as_text, check, check_scale, count

    if target is not None:
        info.app_import_path = target
    app = info.load_app()
    with app.app_context():
        findings = check_scale(app) if is_scale else check(app)
    click.echo(as_json(findings, has_infos=is_scale) if is_json else as_text(findings))
    ctx.exit(1 if count(findings, ERROR) else 0)


# The group has these options too; here they may follow the command's name.
check_command.params[1:1] = [app_option, env_file_option, debug_option]
