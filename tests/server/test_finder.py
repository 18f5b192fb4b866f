"""The sockets of WebSockets are found without a look at all open files."""

import os
import socket
import sys

import pytest

from retort.server.sockets.connections import address_of
from retort.server.sockets.finder import SocketFinder

pytestmark = [] if sys.platform == "linux" else pytest.mark.skip("Linux lists open files")


class Listener:
    """A listening socket with accepted connections."""

    def __init__(self, host):
        self.listener = socket.create_server((host, 0), family=family_of(host))
        self.port = self.listener.getsockname()[1]
        self.ends = []

    def accept(self):
        """Our end of a new connection, and its client's address."""
        client = socket.socket(family_of(self.listener.getsockname()[0]))
        client.connect(self.listener.getsockname()[:2])
        ours, address = self.listener.accept()
        self.ends += [client, ours]
        return ours, address_of(address[:2])

    def close(self):
        for one in (self.listener, *self.ends):
            one.close()


def family_of(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


@pytest.fixture(params=["127.0.0.1", "::1"])
def listener(request):
    listener = Listener(request.param)
    yield listener
    listener.close()


def test_a_duplicate_of_the_socket_is_found_and_whose_it_is(listener):
    ours, client = listener.accept()

    found, file = SocketFinder(set).find(client, listener.port)

    with ours, found:
        assert file == ours.fileno()
        assert found.fileno() != file
        assert found.getpeername() == ours.getpeername()


def test_many_connections_are_found_among_files_of_websockets_without_listing_all(listener):
    own = {}
    finder = SocketFinder(lambda: set(own))

    for _ in range(300):
        ours, client = listener.accept()
        found, file = finder.find(client, listener.port)
        assert file == ours.fileno()
        own[found.fileno()] = found
        ours.close()  # as Granian does

    assert finder.full_searches == 0
    for found in own.values():
        found.close()


def test_connections_of_a_burst_are_found_by_one_search(listener):
    burst = [listener.accept() for _ in range(50)]
    finder = SocketFinder(set)

    for ours, client in burst:
        found, file = finder.find(client, listener.port)
        assert file == ours.fileno()
        found.close()
    assert finder.known == {}
    for ours, _ in burst:
        ours.close()


def test_a_file_far_above_all_others_is_found_by_listing_all(listener):
    ours, client = listener.accept()
    far = os.dup(ours.fileno())
    high = os.dup2(far, 900)
    os.close(far)
    ours.close()
    finder = SocketFinder(set)

    found, file = finder.find(client, listener.port)

    assert (file, finder.full_searches) == (high, 1)
    found.close()
    os.close(high)


def test_a_closed_connection_is_not_found_although_its_number_is_used_again(listener):
    ours, client = listener.accept()
    other, other_client = listener.accept()
    finder = SocketFinder(set)
    found, _ = finder.find(client, listener.port)
    found.close()
    finder.known[client] = finder.last = other.fileno()
    ours.close()

    assert finder.find(client, listener.port) is None
    found, file = finder.find(other_client, listener.port)
    assert file == other.fileno()
    found.close()
    other.close()


def test_the_files_of_websockets_and_connections_to_other_ports_are_not_found(listener):
    ours, client = listener.accept()

    assert SocketFinder(lambda: {ours.fileno()}).find(client, listener.port) is None
    assert SocketFinder(set).find(client, listener.port + 1) is None
    ours.close()
