"""Refuse requests for hosts that are not this machine's, while a program is developed.

Debug pages show source code, routes and values. A page of another site can read them if its
own name is made to resolve to this machine (DNS rebinding): the browser then takes both for one
origin. Such a request names the other site in ``Host``, so development mode answers only:

- loopback names and addresses: ``localhost``, ``*.localhost``, ``127.0.0.0/8``, ``[::1]``;
- the name and the address listened on, and for ``0.0.0.0`` and ``::`` every address and the name of
  this machine;
- ``TRUSTED_HOSTS`` and ``SERVER_NAME`` of the program, the latter with its subdomains.

A Unix socket has no address, so the first and the last count. Production is not concerned: there
the program decides, with ``TRUSTED_HOSTS``.
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
_LAYERS = 8  # of WSGI middleware that are looked through for the program's config


class HostCheck:
    """Answers 400 to hosts that are not known here; else asks ``inner``.

    :param inner: the application with everything around it, such as the debugger.
    :param program: the application that the user wrote; ``None`` if it does not start.
    :param hosts: the names and addresses that are listened on.

    :ivar app: ``program``, where the server looks for it.
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
        if not host or self.is_allowed(host):  # HTTP/1.0 without a host: no browser sends that
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
        """Whether ``host``, with or without a port, is one of this machine or of the program."""
        name = name_of(host)
        if is_loopback(name) or name in self.hosts:
            return True
        if self.listens_on_all and is_own(name):
            return True
        names = names_in(config_of(self.app))
        return bool(names) and host_is_trusted(name, names)

    def refusal(self, host: str) -> str:
        """What is wrong, and the line that allows ``host``."""
        name = name_of(host)
        why = (
            f"The host {name!r} is not known to be this machine or a name of this program."
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
        return f"400 Bad Request\n\n{why}\n\n{fix}\n"


def listened_hosts(listener: socket.socket, *names: str) -> list[str]:
    """What `HostCheck` takes for its ``hosts``: the address of a socket, and names of it."""
    address = listener.getsockname()
    return [*names, address[0]] if isinstance(address, tuple) else []


def name_of(host: str) -> str:
    """The name or address in a ``Host`` field, without port, brackets and the root's dot."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].rstrip(".").lower()


def is_own(name: str) -> bool:
    """Whether ``name`` is an address of this machine at this moment, or its own name."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        own = socket.gethostname().lower().rstrip(".")
        return name in {own, f"{own}.local"}  # the second: multicast DNS, RFC 6762
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((name, 0))  # fails for addresses of others; nothing is sent
    except OSError:
        return False
    return True


def config_of(program: object | None) -> Mapping[str, Any] | None:
    """The config of an application, also of one inside of WSGI middleware, if it has one."""
    for _ in range(_LAYERS):
        config: Mapping[str, Any] | None = getattr(program, "config", None)
        if config is not None and hasattr(config, "get"):
            return config
        program = getattr(program, "app", None)
    return None


def names_in(config: Mapping[str, Any] | None) -> Collection[str]:
    """The hosts that a program says are its own, as `host_is_trusted` takes them."""
    if config is None:
        return ()
    trusted = config.get("TRUSTED_HOSTS") or ()
    names = [name.lower() for name in ([trusted] if isinstance(trusted, str) else trusted)]
    server_name: str | None = config.get("SERVER_NAME")
    return [*names, f".{name_of(server_name)}"] if server_name else names
