"""Sockets of connections, found among the open files of this process."""

import socket
import sys

import pytest

from retort.server.sockets.connections import Connections

pytestmark = [] if sys.platform == "linux" else pytest.mark.skip("Linux lists open files")


@pytest.fixture
def connected():
    """Our end of a connection, and its peer's address as the server writes it."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        ours, (host, port) = listener.accept()
        with ours:
            yield ours, f"{host}:{port}", client


def test_a_connection_is_found_by_the_address_of_its_client(connected):
    ours, address, client = connected

    with Connections().find(address) as found:
        found.shutdown(socket.SHUT_RDWR)

    assert client.recv(1) == b""


def test_a_connection_that_is_newer_than_the_last_look_is_found(connected):
    ours, address, _ = connected
    connections = Connections()
    assert connections.find("127.0.0.1:1") is None

    with (
        socket.create_connection(ours.getsockname()) as newer,
        connections.find(address) as found,
    ):
        assert newer
        assert found.getpeername() == ours.getpeername()


def test_a_connection_over_ipv6_is_found():
    with (
        socket.create_server(("::1", 0), family=socket.AF_INET6) as listener,
        socket.create_connection(listener.getsockname()[:2]) as client,
    ):
        ours, (host, port, *_) = listener.accept()
        with ours, Connections().find(f"[{host}]:{port}") as found:
            assert found.getpeername() == client.getsockname()


@pytest.mark.parametrize("address", ["", "/run/hello.sock", "127.0.0.1:1", "[::1]:1"])
def test_what_is_no_connection_of_ours_is_not_found(address):
    assert Connections().find(address) is None
