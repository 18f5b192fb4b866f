"""Refuse requests for unknown hosts in development mode, against DNS rebinding.

Debug pages show source code, routes and values. Another site can read them if its name resolves to
this machine (DNS rebinding), because the browser then treats both as one origin. Such a request has
the other site's name in ``Host``, so development mode accepts only:

- loopback names and addresses: ``localhost``, ``*.localhost``, ``127.0.0.0/8``, ``[::1]``;
- the name and the address the server listens on; for ``0.0.0.0`` and ``::``, all addresses and the
  name of this machine;
- ``TRUSTED_HOSTS`` and ``SERVER_NAME`` of the program, the latter with its subdomains.

For a Unix socket, the first and the last apply. In production there is no such check, and the
program may set ``TRUSTED_HOSTS``.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any

from werkzeug.sansio.utils import host_is_trusted

from ...http.cross_origin import is_loopback

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ANY_ADDRESS = frozenset({"0.0.0.0", "::", ""})
_MAX_LAYERS = 8  # of WSGI middleware around the program


class HostCheck:
    """Middleware that responds with 400 to unknown hosts.

    :param inner: the application with its middleware, such as the debugger.
    :param program: the user's application; ``None`` if it does not start.
    :param hosts: the names and addresses the server listens on.

    :ivar app: ``program``; the server reads this attribute.
    """

    def __init__(
        self, inner: WSGIApplication, program: object | None, hosts: Iterable[str]
    ) -> None:
        self.inner = inner
        self.app = program
        self.hosts = frozenset(host.lower().rstrip(".") for host in hosts)
        self.listens_on_all = not self.hosts.isdisjoint(_ANY_ADDRESS)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "")
        if not host or self.is_allowed(host):  # browsers always send a Host
            return self.inner(environ, start_response)
        body = self.refusal(host).encode()
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        start_response("400 Bad Request", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def is_allowed(self, host: str) -> bool:
        """Whether ``host`` (with or without a port) belongs to this machine or the program."""
        name = name_of(host)
        if is_loopback(name) or name in self.hosts:
            return True
        if self.listens_on_all and is_own(name):
            return True
        names = names_in(config_of(self.app))
        return bool(names) and host_is_trusted(name, names)

    def refusal(self, host: str) -> str:
        """The error message, with the line that allows ``host``."""
        name = name_of(host)
        reason = (
            f"The host {name!r} does not belong to this machine or this program."
            " In development mode, a page of another site could read source code under such a name"
            " (DNS rebinding)."
        )
        if self.app is None:
            fix = "The program does not start: the reason is in the terminal, and at localhost."
        elif (config := config_of(self.app)) is None:
            fix = "Use localhost or 127.0.0.1 instead."
        elif ":" in name:  # Werkzeug's list of trusted hosts cannot have IPv6 addresses
            fix = f"If it is an address of this machine, listen on it: --host {name}"
        elif config.get("TRUSTED_HOSTS"):
            line = f'app.config["TRUSTED_HOSTS"] = [*app.config["TRUSTED_HOSTS"], "{name}"]'
            fix = f"If it is yours, allow it:\n\n    {line}"
        else:
            line = f'app.config["TRUSTED_HOSTS"] = ["{name}", "localhost", "127.0.0.1"]'
            fix = f"If it is yours, allow it:\n\n    {line}"
        return f"400 Bad Request\n\n{reason}\n\n{fix}\n"


def listened_hosts(listener: socket.socket, *names: str) -> list[str]:
    """The ``hosts`` of `HostCheck`: the names and address of a socket; none for a Unix socket."""
    address = listener.getsockname()
    return [*names, address[0]] if isinstance(address, tuple) else []


def name_of(host: str) -> str:
    """The name or address in a ``Host`` field, without port, brackets and final dot."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].rstrip(".").lower()


def is_own(name: str) -> bool:
    """Whether ``name`` is a current address of this machine, or its host name."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        own = socket.gethostname().lower().rstrip(".")
        return name in {own, f"{own}.local"}  # the second: multicast DNS, RFC 6762
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((name, 0))  # fails for addresses of other machines; sends nothing
    except OSError:
        return False
    return True


def config_of(program: object | None) -> Mapping[str, Any] | None:
    """The config of an application, possibly inside WSGI middleware; ``None`` without one."""
    for _ in range(_MAX_LAYERS):
        config: Mapping[str, Any] | None = getattr(program, "config", None)
        if config is not None and hasattr(config, "get"):
            return config
        program = getattr(program, "app", None)
    return None


def names_in(config: Mapping[str, Any] | None) -> Collection[str]:
    """The program's own hosts, in the form that `host_is_trusted` takes."""
    if config is None:
        return ()
    trusted = config.get("TRUSTED_HOSTS") or ()
    names = [name.lower() for name in ([trusted] if isinstance(trusted, str) else trusted)]
    server_name: str | None = config.get("SERVER_NAME")
    return [*names, f".{name_of(server_name)}"] if server_name else names
