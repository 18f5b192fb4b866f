"""Options of ``retort run`` for operators: TLS, logs, proxies, monitoring pages.

They become an `Operations` and arguments of `retort.server.command.serve`. The choices are
repeated here, so that other commands need not import the server.
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
    """A command in which ``--proxy`` without a number means 1, also before the target."""

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
        help="Accept client certificates of these authorities (mutual TLS).",
    ),
    click.Option(
        ["--client-cert"],
        type=click.Choice(["required", "optional"]),
        help="Whether clients must have a certificate. With --client-ca: required.",
    ),
    click.Option(
        ["--tls-min"],
        type=click.Choice(["1.2", "1.3"]),
        default="1.2",
        show_default=True,
        help="Minimum version of TLS.",
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
        help="Format of the access log.",
    ),
    click.Option(
        ["--log-format"],
        type=click.Choice(["text", "json"]),
        help="Format of the program's log; each line has its request id.",
    ),
    click.Option(
        ["--request-id/--no-request-id"],
        help="Add X-Request-ID to responses.",
    ),
    click.Option(
        ["--proxy"],
        type=HopsType(),
        default=0,
        help="Number of proxies whose X-Forwarded-... headers are trusted. Without a number: 1.",
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
        default="/-",
        show_default=True,
        callback=_check_ops_path,
        help="Path prefix of health, ready and metrics.",
    ),
    click.Option(
        ["--ops-port"],
        type=click.IntRange(0, 65535),
        help="Serve them on a separate port instead.",
    ),
    click.Option(
        ["--ops-host"],
        default="127.0.0.1",
        show_default=True,
        help="Address of that port.",
    ),
    click.Option(
        ["--allow-public-debug/--no-allow-public-debug"],
        help="Allow debug mode on a public address, also for a Retort.",
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
