"""``retort compare``: the same requests to a program under Flask and under Retort."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import app_option, debug_option, env_file_option
from .script_info import ScriptInfo, pass_script_info

if TYPE_CHECKING:
    from ..compare.results import Comparison

_HELP = """Compare a program under Flask and under Retort: answers and cost.

TARGET names the application, as for 'retort run'. It runs three times, each time in a process
of its own with a copy of its folder: on Flask, on Flask again, and on Retort. All get the same
requests. What differs between the two Flasks is noise and is masked. Any other difference is
shown, with the request and both responses.

Without --har, --access-log or --pytest, the requests are found by following links and filling
in forms. The program's folder does not change, and other machines are not connected to.

The exit status is 0 if no difference is unexplained, 1 if one is, and 2 if nothing could be
compared.
"""


def _path(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    return tuple(Path(one) for one in value) if isinstance(value, tuple) else value


def _times(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """The number in ``3x`` or ``3``."""
    if value is None:
        return None
    try:
        number = float(value.lower().removesuffix("x"))
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise click.BadParameter(f"{value!r} is no ratio: write 3x or 2.5x.", ctx, param)
    return number


@click.command("compare", help=_HELP, short_help="Compare a program under Flask and Retort.")
@click.argument("target", required=False, type=click.Path())  # completes file names
@click.option(
    "--har",
    "hars",
    metavar="FILE",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False),
    callback=_path,
    help="Send the requests of a recording by a browser.",
)
@click.option(
    "--access-log",
    "access_logs",
    metavar="FILE",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="Send the GET and HEAD requests of an access log.",
)
@click.option(
    "--pytest",
    metavar="ARGUMENTS",
    help="Run the tests on both frameworks, and send the requests that they make.",
)
@click.option(
    "--pytest-seconds",
    type=click.FloatRange(0, min_open=True),
    help="End a run of the tests after this time, in seconds; default: 1800.",
)
@click.option("--walk", "walks", is_flag=True, help="With these: follow links and forms, too.")
@click.option(
    "--login",
    metavar="'METHOD PATH FIELDS'",
    help="Send this form before all others, such as 'POST /login name=ada&password=x'.",
)
@click.option(
    "--start", metavar="PATH", default="/", help="Start here to follow links; default: /."
)
@click.option(
    "--skip",
    metavar="PATTERN",
    multiple=True,
    help="Do not request addresses in which this regular expression is found.",
)
@click.option(
    "--host",
    metavar="NAME",
    default="localhost",
    help="Send this Host field; default: localhost.",
)
@click.option(
    "--mask",
    "masks",
    metavar="WHAT",
    multiple=True,
    help="Ignore what this regular expression matches, 'header NAME' or 'json POINTER'.",
)
@click.option(
    "--reset",
    metavar="COMMAND",
    help="Run this command in the copy of each side to make its data.",
)
@click.option(
    "--env",
    metavar="[SIDE:]NAME=VALUE",
    multiple=True,
    help="Set a variable for one side (flask, again, retort) or for all.",
)
@click.option(
    "--sides",
    metavar="LIST",
    help="Compare others: 'retort,retort:2' (two processes), 'retort=PATH,retort' (a checkout, a"
    " wheel or an environment with another version).",
)
@click.option(
    "--requests",
    "max_requests",
    type=click.IntRange(1),
    help="Send at most this many to each side; default: 500.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    help="Send requests for this time; default: 60.",
)
@click.option(
    "--measure",
    "measure_seconds",
    type=click.FloatRange(0),
    help="Measure the cost of each side for this time, in seconds; 0: not; default: 10.",
)
@click.option(
    "--measure-forms",
    "measures_forms",
    is_flag=True,
    help="Measure POST, too. Each is sent many times, so the data grows.",
)
@click.option(
    "--timeout",
    "timeout_seconds",
    type=click.FloatRange(0, min_open=True),
    help="Wait this long for a response, in seconds; default: 10.",
)
@click.option("--in-process", is_flag=True, help="Use test clients instead of a server.")
@click.option(
    "--isolate",
    "isolates",
    is_flag=True,
    help="Give each side a network namespace of its own, without other machines (root on Linux).",
)
@click.option("--allow-network", is_flag=True, help="Permit connections to other machines.")
@click.option("--keep", is_flag=True, help="Leave the copies of the folder, and print where.")
@click.option("--report", metavar="FILE", help="Write a report in HTML.")
@click.option("--json", "json_file", metavar="FILE", help="Write the result as JSON; -: print it.")
@click.option(
    "--fail-on",
    type=click.Choice(["unexplained", "known"]),
    default="unexplained",
    help="With 'known', exit with 1 for known differences as well.",
)
@click.option(
    "--at-least",
    metavar="RATIO",
    callback=_times,
    help="Exit with 1 unless Retort needs this many times less CPU, such as 3x.",
)
@pass_script_info
@click.pass_context
def compare_command(
    ctx: click.Context,
    info: ScriptInfo,
    /,
    target: str | None,
    report: str | None,
    json_file: str | None,
    fail_on: str,
    at_least: float | None,
    walks: bool,
    **values: Any,
) -> None:
    """Run the comparison, and print or write its result."""
    from ..compare.options import CompareError, Options
    from ..compare.run import run
    from ..compare.summary import status_of

    given = {key: value for key, value in values.items() if value is not None}
    is_recorded = bool(values["hars"] or values["access_logs"] or values["pytest"])
    options = Options(
        target=target or info.app_import_path,
        walks=walks or not is_recorded,
        **given,
    )
    if at_least is not None and options.measure_seconds == 0:
        raise click.UsageError("--at-least needs the cost, which --measure 0 leaves out.")
    try:
        comparison = run(options, sys.stderr)
    except CompareError as error:
        raise _NothingCompared(str(error)) from error
    _write(comparison, report, json_file)
    status, reasons = status_of(comparison, fail_on=fail_on, at_least=at_least)
    for reason in reasons:
        click.echo(reason, err=True)
    ctx.exit(status)


class _NothingCompared(click.ClickException):
    exit_code = 2


def _write(comparison: Comparison, report: str | None, json_file: str | None) -> None:
    from ..compare.report import as_html, as_json, text

    if report is not None:
        _save(report, as_html(comparison))
    if json_file is not None and json_file != "-":
        _save(json_file, as_json(comparison))
    click.echo(as_json(comparison) if json_file == "-" else text(comparison))


def _save(file: str, content: str) -> None:
    try:
        Path(file).write_text(content, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"Cannot write {file}: {error.strerror}.") from error


# The group has these options too; here they may follow the command's name.
compare_command.params[1:1] = [app_option, env_file_option, debug_option]
