"""The sections of ``retort run --help``, in the order of docs/cli.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

SECTIONS = {
    "Everyday options": (
        *("debug", "host", "port", "app", "env_file"),
        *("reload", "workers", "threads", "proxy", "access_log"),
    ),
    "Development": ("debugger", "extra_files", "exclude_patterns", "allow_public_debug"),
    "Sockets": ("unix", "unix_mode", "fd"),
    "HTTPS and versions of HTTP": (
        *("cert", "key", "key_password_file"),
        *("client_ca", "client_cert", "tls_min", "http"),
    ),
    "Logs": ("access_log_format", "log_format", "request_id"),
    "Monitoring": ("health", "metrics", "ops_path", "ops_port", "ops_host"),
    "Processes": (
        *("with_threads", "grace", "drain", "worker_timeout", "load_timeout", "pid_file"),
        *("recycle_requests", "recycle_seconds", "recycle_rss"),
    ),
    "Limits for clients": (
        *("header_timeout", "keep_alive"),
        *("body_timeout", "body_rate", "body_window", "upload_timeout", "send_timeout"),
        *("limit_headers", "limit_target", "limit_body"),
    ),
}
OTHER = "Other options"  # --help, and options that a program has added


class SectionsCommand(click.Command):
    """A command whose help shows its options in `SECTIONS`."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section for each group of options."""
        for title, options in self.sections(ctx):
            records = [option.get_help_record(ctx) for option in options]
            shown = [record for record in records if record is not None]
            if shown:
                with formatter.section(title):
                    formatter.write_dl(shown)

    def sections(self, ctx: click.Context) -> Iterator[tuple[str, list[click.Option]]]:
        """Each title with its options."""
        params = self.get_params(ctx)
        options = {str(one.name): one for one in params if isinstance(one, click.Option)}
        for title, names in SECTIONS.items():
            yield title, [options.pop(name) for name in names if name in options]
        yield OTHER, list(options.values())
