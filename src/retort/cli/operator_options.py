"""Options of ``retort run`` for who operates the server: TLS, logs, proxies, monitoring pages.

They become an `Operations`, and arguments of `retort.server.command.serve`. What can be chosen is
written out here, so that other commands need not load the server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..server.options import Operations

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


class RunCommand(click.Command):
    """A command where ``--proxy`` alone means one proxy, and may stand before the target."""

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
        help="File whose first line is the password of the key.",
    ),
    click.Option(
        ["--client-ca"],
        type=_FILE,
        help="Let in clients with a certificate of these authorities (mutual TLS).",
    ),
    click.Option(
        ["--client-cert"],
        type=click.Choice(["required", "optional"]),
        help="Whether a client needs a certificate. With --client-ca: required.",
    ),
    click.Option(
        ["--tls-min"],
        type=click.Choice(["1.2", "1.3"]),
        default="1.2",
        show_default=True,
        help="Oldest version of TLS.",
    ),
    click.Option(
        ["--http"],
        type=click.Choice(["1", "2", "auto"]),
        help="Versions of HTTP. With TLS: auto; else: 1.",
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
        help="What a line of the access log looks like.",
    ),
    click.Option(
        ["--log-format"],
        type=click.Choice(["text", "json"]),
        help="What the program's own log looks like; each line names its request.",
    ),
    click.Option(
        ["--request-id/--no-request-id"],
        help="Answer with X-Request-ID.",
    ),
    click.Option(
        ["--proxy"],
        type=HopsType(),
        default=0,
        help="Proxies in front, whose X-Forwarded-... headers count. Without a number: 1.",
    ),
    click.Option(
        ["--health/--no-health"],
        help="Answer /-/health and /-/ready.",
    ),
    click.Option(
        ["--metrics/--no-metrics"],
        help="Answer /-/metrics, for Prometheus.",
    ),
    click.Option(
        ["--ops-path"],
        default="/-",
        show_default=True,
        callback=_check_ops_path,
        help="Where health, ready and metrics are.",
    ),
    click.Option(
        ["--ops-port"],
        type=click.IntRange(0, 65535),
        help="Serve them on a port of their own instead.",
    ),
    click.Option(
        ["--ops-host"],
        default="127.0.0.1",
        show_default=True,
        help="Address of that port.",
    ),
    click.Option(
        ["--allow-public-debug/--no-allow-public-debug"],
        help="Debug mode where others can reach it, also for a Retort.",
    ),
]


def take_operations(options: dict[str, Any], *, has_cert: bool) -> Operations:
    """Take what is of an `Operations` out of the values of the options.

    :raises click.UsageError: for an option that does nothing without another.
    """
    check_tls(options, has_cert=has_cert)
    options["proxies"] = options.pop("proxy")
    names = Operations.__dataclass_fields__
    operations = Operations(**{name: options.pop(name) for name in names})
    if operations.ops_port is not None and not operations.has_pages:
        raise click.UsageError("--ops-port serves monitoring pages: add --health or --metrics.")
    return operations


def check_tls(options: Mapping[str, Any], *, has_cert: bool) -> None:
    """See that nothing is asked of TLS where there is none.

    :raises click.UsageError: if something is.
    """
    if options["client_cert"] and not options["client_ca"]:
        raise click.UsageError("--client-cert needs --client-ca FILE: whose certificates count?")
    for name in ("client_ca", "key_password_file"):
        if options[name] and not has_cert:
            raise click.UsageError(f"--{name.replace('_', '-')} needs --cert and --key.")
