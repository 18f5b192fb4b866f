"""Flask-SocketIO: a message goes to the clients of both replicas through its message queue."""

import pytest
import socketio as client_library

QUEUE = ', message_queue=os.environ["REDIS_URL"]'


@pytest.fixture
def connect():
    clients = []

    def connect(server):
        """A client that uses WebSockets only, so that its requests go to one replica."""
        client = client_library.SimpleClient()
        client.connect(f"http://{server.address}", transports=["websocket"])
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.disconnect()


def test_sockets_of_flask_socketio_get_what_clients_of_the_other_replica_send(
    replicas, sample, connect, store, wait_for
):
    clients = [connect(server) for server in replicas(sample("Sockets"))]
    wait_for(lambda: store.pubsub_numsub("flask-socketio") == [(b"flask-socketio", 2)])

    for sender in clients:
        sender.emit("message", "hello")
        assert [client.receive(timeout=60) for client in clients] == [["message", "hello"]] * 2


def test_sockets_without_a_queue_get_what_clients_of_their_replica_send(replicas, sample, connect):
    program = sample("Sockets")
    assert QUEUE in program
    one, two = map(connect, replicas(program.replace(QUEUE, "")))

    one.emit("message", "from one")
    assert one.receive(timeout=60) == ["message", "from one"]
    two.emit("message", "from two")

    assert two.receive(timeout=60) == ["message", "from two"]  # its first
