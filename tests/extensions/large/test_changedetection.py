"""changedetection.io: its pages request live updates, with a WebSocket first."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(find_spec("changedetectionio") is None, reason="see README.md")


@pytest.fixture
def server(launch, under_alias, tmp_path):
    command = Path(sys.executable).with_name("changedetection.io")
    words = [command, "-C", "-d", tmp_path / "data", "-h", "127.0.0.1", "-p", "{port}"]
    return launch(*(sys.executable, *under_alias, *words), env={"DISABLE_VERSION_CHECK": "true"})


def test_its_pages_are_served(server):
    statuses = {
        path: server.ask(path).status
        for path in ["/", "/settings", "/static/js/realtime.js", "/api/v1/watch", "/nowhere"]
    }

    assert statuses == {
        "/": 200,
        "/settings": 200,
        "/static/js/realtime.js": 200,
        "/api/v1/watch": 403,  # without a key
        "/nowhere": 404,
    }


@pytest.mark.parametrize(
    ("transports", "used"),
    [
        (["websocket", "polling"], "websocket"),
        (["polling"], "polling"),
    ],  # the first as its pages do
)
def test_live_updates_come(server, transports, used):
    import socketio

    with socketio.SimpleClient() as client:
        client.connect(f"http://{server.address}", transports=transports)

        assert client.transport == used
        assert client.receive(timeout=60)[0] in {"queue_size", "general_stats_update"}
