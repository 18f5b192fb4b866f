"""``retort check``: read the program and its HTML, and say what is wrong.

What is looked for, and how, is in `devtools.checks`.
"""

from __future__ import annotations

import click

from .options import app_option, debug_option, env_file_option
from .script_info import ScriptInfo, pass_script_info

_HELP = """Read an application and its HTML, and report what cannot work or is not safe.

TARGET names the application, as for 'retort run'. It is imported, but not served, and no view
is called. Every finding has its file, its line and what to change. What cannot be known from
the text, such as a form that a script sends, is passed over.

\b
{rules}

With --deploy it looks at the settings instead: with what 'retort run' would serve the
application, where each setting came from, and what is unsafe about it in production. Options of
'retort run' are given after two dashes: retort check --deploy TARGET -- --host 0.0.0.0.

The exit status is 1 if there was an error, and 0 if there were warnings only.
"""


class _Check(click.Command):
    """Loads what it looks for when that is needed: all commands are made before one is run."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = _HELP.format(rules=_rules())
        super().format_help_text(ctx, formatter)


def _rules() -> str:
    from ..devtools.checks import RULES

    ordered = sorted(RULES.items(), key=lambda rule: rule[1][0])
    return "\n".join(f"{level:8} {name:17} {about}" for name, (level, about) in ordered)


@click.command("check", cls=_Check, short_help="Find mistakes in routes, views and forms.")
@click.argument("target", required=False)
@click.argument("run_options", nargs=-1, type=click.UNPROCESSED)
@click.option("--deploy", "is_deploy", is_flag=True, help="Check the settings of 'retort run'.")
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
    is_json: bool,
) -> None:
    """Report what is wrong with an application."""
    if target is not None and target.startswith("-"):  # check --deploy -- --workers 2
        run_options = (target, *run_options)
        target = None
    if is_deploy:
        from .deploy import check_deployment

        ctx.exit(check_deployment(ctx, run_options, target, is_json=is_json))
    if run_options:
        raise click.UsageError(f"{run_options[0]!r}: options of 'retort run' go with --deploy.")
    from ..devtools.checks import ERROR, as_json, as_text, check, count

    if target is not None:
        info.app_import_path = target
    app = info.load_app()
    with app.app_context():
        findings = check(app)
    click.echo(as_json(findings) if is_json else as_text(findings))
    ctx.exit(1 if count(findings, ERROR) else 0)


# The group takes these options as well; here they can be given after the command's name.
check_command.params[1:1] = [app_option, env_file_option, debug_option]
