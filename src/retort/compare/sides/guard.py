"""What a side's Python processes may connect to, and what they record for the command.

`observed.py` copies this file as ``sitecustomize.py`` into a folder of ``PYTHONPATH``, so each
Python process of a side runs it at its start: also the children of the program and its test suite.
The file therefore imports nothing of Retort. It runs the user's own ``sitecustomize`` afterwards.

Python's audit events (PEP 578) cover Python's sockets alone. C libraries that connect by
themselves are recorded when they are loaded, as not covered.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import json
import os
import socket
import sys
from typing import Any

VARIABLE = "RETORT_COMPARE_GUARD"
HOSTS_FILE = "/etc/hosts"

# Extension modules that connect without Python's sockets, and what users call them.
LIBRARIES = {
    "MySQLdb._mysql": "mysqlclient",
    "_mysql_connector": "mysql-connector-python (its C extension)",
    "_pylibmc": "pylibmc",
    "confluent_kafka.cimpl": "confluent-kafka",
    "curl_cffi._wrapper": "curl_cffi",
    "cx_Oracle": "cx_Oracle",
    "grpc._cython.cygrpc": "grpcio",
    "ibm_db": "ibm_db",
    "mariadb._mariadb": "mariadb",
    "oracledb.thick_impl": "oracledb (thick mode)",
    "psycopg2._psycopg": "psycopg2 (libpq)",
    "psycopg_binary._psycopg": "psycopg (libpq)",
    "psycopg_c._psycopg": "psycopg (libpq)",
    "pycurl": "pycurl",
    "pymssql._mssql": "pymssql",
    "pymssql._pymssql": "pymssql",
    "pyodbc": "pyodbc",
    "zmq.backend.cython._zmq": "pyzmq",
}


class Guard:
    """Refuses connections to other machines, and records what the command reports.

    :param root: the folder of the side: databases in it are its own.
    :param file: where lines of JSON are appended, each ``[kind, value]``.
    :param allows_network: permit all connections.
    """

    def __init__(self, root: str, file: str, *, allows_network: bool) -> None:
        self.root = os.path.realpath(root)
        self.file = file
        self._recorded: set[tuple[str, str]] = set()
        self._probes: list[Any] = []
        self._handlers = {"sqlite3.connect": self.on_database, "import": self.on_import}
        if not allows_network:
            self._handlers |= {
                "socket.connect": self.on_address,
                "socket.sendto": self.on_address,
                "socket.sendmsg": self.on_address,
                "socket.getaddrinfo": self.on_name,
                "socket.gethostbyname": self.on_name,
            }

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        """Handle one audit event."""
        handler = self._handlers.get(event)
        if handler is not None:
            handler(args)

    def record(self, kind: str, value: str) -> None:
        """Append one line to the file, once for each process."""
        if (kind, value) in self._recorded:
            return
        self._recorded.add((kind, value))
        line = json.dumps([kind, value]).encode() + b"\n"
        with contextlib.suppress(OSError):
            descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, line)  # one write: other processes append as well
            finally:
                os.close(descriptor)

    def on_address(self, args: tuple[Any, ...]) -> None:
        """Refuse a connection or a datagram to another machine."""
        connection, address = args[0], args[1]
        if connection.family not in (socket.AF_INET, socket.AF_INET6) or connection in self._probes:
            return
        if isinstance(address, tuple) and not self.is_own(text_of(address[0])):
            self.refuse(f"{text_of(address[0])}:{address[1]}")

    def on_name(self, args: tuple[Any, ...]) -> None:
        """Refuse to resolve the name of another machine: a name server would be needed."""
        if args[0] is None or is_numeric(text_of(args[0])) or self.is_own(text_of(args[0])):
            return
        port = args[1] if len(args) > 1 else None
        self.refuse(text_of(args[0]) + ("" if port in (None, 0) else f":{text_of(port)}"))

    def refuse(self, address: str) -> None:
        """Record the address, and refuse it.

        :raises ConnectionRefusedError: always.
        """
        self.record("refused", address)
        raise ConnectionRefusedError(
            f"retort compare refuses connections to other machines, here to {address}."
            " --allow-network permits them."
        )

    def is_own(self, host: str) -> bool:
        """Whether a name or an address is this machine's."""
        host = host.partition("%")[0].rstrip(".").lower()
        if is_numeric(host):
            return self.is_own_address(host)
        is_named = host in ("", "localhost", socket.gethostname().lower())
        return is_named or host.endswith(".localhost") or self.is_own_in_hosts_file(host)

    def is_own_in_hosts_file(self, name: str) -> bool:
        """Whether the hosts file gives a name an address of this machine."""
        try:
            with open(HOSTS_FILE, encoding="utf-8", errors="replace") as lines:
                entries = [line.partition("#")[0].lower().split() for line in lines]
        except OSError:
            return False
        found = [entry[0] for entry in entries if name in entry[1:]]
        return bool(found) and all(is_numeric(one) and self.is_own_address(one) for one in found)

    def is_own_address(self, host: str) -> bool:
        """Whether an address is this machine's.

        To an own address, the system chooses the same address as the source. A connected datagram
        socket shows it, and sends nothing.
        """
        if host.removeprefix("::ffff:").startswith("127.") or host in ("::1", "::", "0.0.0.0"):
            return True
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            self._probes.append(probe)
            try:
                probe.connect((host, 9))
                source, wanted = probe.getsockname()[0], probe.getpeername()[0]
            except OSError:
                return False
            finally:
                self._probes.remove(probe)
        return bool(source == wanted)

    def on_database(self, args: tuple[Any, ...]) -> None:
        """Record an SQLite database that is not in the side's folder: other sides use it too."""
        name = text_of(args[0])
        if name.startswith("file:"):
            name, _, query = name[len("file:") :].partition("?")
            if "mode=memory" in query or "mode=ro" in query or "immutable=1" in query:
                return
            name = "/" + name.lstrip("/") if name.startswith("/") else name
        if not name or name == ":memory:":
            return
        path = os.path.realpath(name)
        if not path.startswith(self.root + os.sep):
            self.record("database", path)

    def on_import(self, args: tuple[Any, ...]) -> None:
        """Record a C library that connects without Python's sockets.

        The event of an extension module that is being loaded has its file; that of a mere search
        does not.
        """
        if len(args) > 1 and args[1] is not None and args[0] in LIBRARIES:
            self.record("library", LIBRARIES[args[0]])


def text_of(value: Any) -> str:
    """A host, a port or a path as text."""
    if isinstance(value, (bytes, bytearray)):
        return value.decode(errors="replace")
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)


def is_numeric(host: str) -> bool:
    """Whether a host is an address, which no name server is needed for."""
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError, ValueError):
            socket.inet_pton(family, host)
            return True
    return False


def run_next_sitecustomize() -> None:
    """Run the ``sitecustomize`` that this one has hidden, if there is one."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize")
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if __name__ == "sitecustomize":
    if VARIABLE in os.environ:
        sys.addaudithook(Guard(**json.loads(os.environ[VARIABLE])))
    run_next_sitecustomize()
