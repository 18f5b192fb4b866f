"""Options of ``retort run`` for operators: TLS, logs, proxies, monitoring pages.

They become an `Operations` and arguments of `retort.server.command.serve`. The choices are
repeated here, so that other commands need not import the server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..server.options import Operations
from .sections import SectionsCommand

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE = click.Path(exists=True, dir_okay=False, resolve_path=True)


class HopsType(click.IntRange):
    """A number of proxies."""

    name = "number"

    def __init__(self) -> None:
        super().__init__(0, 10)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and not value.isdecimal():
            self.fail(
                f"{value!r} is not the number of proxies in front of the server: --proxy 1.",
                param,
                ctx,
            )
        return super().convert(value, param, ctx)


class RunCommand(SectionsCommand):
    """The command ``run``: ``--proxy`` without a number means 1, also before the target."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        follows = [*args, ""][1:]
        return super().parse_args(
            ctx,
            [
                "--proxy=1" if word == "--proxy" and not follower.isdecimal() else word
                for word, follower in zip(args, follows, strict=True)
            ],
        )


def _check_ops_path(ctx: click.Context, param: click.Parameter, value: str) -> str:
    path = value.rstrip("/")
    if not path.startswith("/") or not path.isascii() or not path.isprintable() or " " in path:
        raise click.BadParameter(f"{value!r} is not a path such as /- or /internal.", ctx, param)
    return path


TLS_OPTIONS = [
    click.Option(
        ["--key-password-file"],
        type=_FILE,
        help="Read the password of the key from the first line of this file.",
    ),
    click.Option(
        ["--client-ca"],
        type=_FILE,
        help="Accept client certificates of the authorities in this file (mutual TLS).",
    ),
    click.Option(
        ["--client-cert"],
        type=click.Choice(["required", "optional"]),
        help="Require a client certificate, or make it optional. With --client-ca: required.",
    ),
    click.Option(
        ["--tls-min"],
        type=click.Choice(["1.2", "1.3"]),
        default="1.2",
        show_default=True,
        help="Refuse earlier versions of TLS.",
    ),
    click.Option(
        ["--http"],
        type=click.Choice(["1", "2", "auto"]),
        help="Serve these versions of HTTP (default: auto with TLS, else 1).",
    ),
]

OPERATIONS_OPTIONS = [
    click.Option(
        ["--access-log"],
        metavar="FILE",
        help="Write a line for each request to this file; '-' is standard output.",
    ),
    click.Option(
        ["--access-log-format"],
        type=click.Choice(["common", "combined", "json"]),
        default="combined",
        show_default=True,
        help="Write the access log in this format.",
    ),
    click.Option(
        ["--log-format"],
        type=click.Choice(["text", "json"]),
        help="Write the program's log in this format, with the request that each line is about.",
    ),
    click.Option(
        ["--request-id/--no-request-id"],
        help="Add X-Request-ID to responses.",
    ),
    click.Option(
        ["--proxy"],
        type=HopsType(),
        default=0,
        show_default=True,
        help="Trust the X-Forwarded-... headers of this number of proxies; --proxy alone is 1.",
    ),
    click.Option(
        ["--health/--no-health"],
        help="Serve /-/health and /-/ready.",
    ),
    click.Option(
        ["--metrics/--no-metrics"],
        help="Serve /-/metrics, for Prometheus.",
    ),
    click.Option(
        ["--ops-path"],
        metavar="PATH",
        default="/-",
        show_default=True,
        callback=_check_ops_path,
        help="Serve health, ready and metrics under this path.",
    ),
    click.Option(
        ["--ops-port"],
        metavar="NUMBER",
        type=click.IntRange(0, 65535),
        help="Serve health, ready and metrics on this port only.",
    ),
    click.Option(
        ["--ops-host"],
        metavar="ADDRESS",
        default="127.0.0.1",
        show_default=True,
        help="Listen on this address with --ops-port.",
    ),
    click.Option(
        ["--allow-public-debug/--no-allow-public-debug"],
        help="Allow debug mode on a public address for a Retort application.",
    ),
]


def take_operations(options: dict[str, Any], *, has_cert: bool) -> Operations:
    """Build an `Operations` from the values of the options, and remove them.

    :raises click.UsageError: for an option that requires another one.
    """
    check_tls(options, has_cert=has_cert)
    options["proxies"] = options.pop("proxy")
    names = Operations.__dataclass_fields__
    operations = Operations(**{name: options.pop(name) for name in names})
    if operations.ops_port is not None and not operations.has_pages:
        raise click.UsageError("--ops-port serves monitoring pages: add --health or --metrics.")
    return operations


def check_tls(options: Mapping[str, Any], *, has_cert: bool) -> None:
    """Check that TLS options are used only with TLS.

    :raises click.UsageError: otherwise.
    """
    if options["client_cert"] and not options["client_ca"]:
        raise click.UsageError("--client-cert requires --client-ca FILE, their authorities.")
    for name in ("client_ca", "key_password_file"):
        if options[name] and not has_cert:
            raise click.UsageError(f"--{name.replace('_', '-')} requires --cert and --key.")
