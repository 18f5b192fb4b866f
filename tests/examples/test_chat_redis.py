"""The chat in several processes, whose messages go through Redis."""

import asyncio
import contextlib
import html
import importlib
import json
import re
import sys
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

import pytest
import redis
from websockets.sync.client import connect

CHAT = Path(__file__).parents[2] / "examples" / "chat" / "chat.py"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LIMIT_SECONDS = 60

pytestmark = pytest.mark.xdist_group("chat over redis")


@pytest.fixture
def serve_chat(serve, redis_server):
    def serve_chat(*options):
        return serve(str(CHAT), *options, env={"REDIS_URL": redis_server.url})

    return serve_chat


@pytest.fixture
def redis_room(redis_server, monkeypatch):
    """Make a room of its own, as each process has one."""
    monkeypatch.syspath_prepend(CHAT.parent)
    yield lambda: importlib.import_module("redis_room").RedisRoom(redis_server.url)
    for name in ("room", "redis_room"):
        sys.modules.pop(name, None)


@contextlib.contextmanager
def listening(site, count=1):
    """WebSockets to the site."""
    with contextlib.ExitStack() as stack:
        url = f"ws://{site.host}:{site.port}/socket"
        yield [stack.enter_context(connect(url, compression=None)) for _ in range(count)]


def send(site, text):
    return site.ask("POST", "/", urlencode({"name": "Ada", "text": text}), FORM)


def shown(site):
    return re.findall("<span>(.*?)</span>", site.ask("GET", "/").text)


def next_text(ws):
    return json.loads(ws.recv(LIMIT_SECONDS))["text"]


def test_a_message_reaches_the_clients_of_all_workers_and_servers(serve_chat):
    with (
        serve_chat("--workers", "2") as site,
        serve_chat() as other,
        listening(site, 4) as sockets,
        listening(other) as others,
    ):
        sockets[0].send(json.dumps({"name": "Ada", "text": "one"}))
        assert [next_text(ws) for ws in sockets + others] == ["one"] * 5

        others[0].send(json.dumps({"name": "Bob", "text": "two"}))
        assert [next_text(ws) for ws in sockets + others] == ["two"] * 5


def test_the_page_has_a_sent_message_before_the_process_has_received_it(redis_room):
    async def send_and_read():
        rooms = redis_room(), redis_room()  # which do not receive
        await rooms[0].send({"name": "Ada", "text": "hello"})
        histories = [await room.history() for room in rooms]
        for room in rooms:
            await room.redis.aclose()
        return histories

    for [message] in asyncio.run(send_and_read()):
        assert message["text"] == "hello"


def test_redis_keeps_the_last_hundred_messages(redis_room):
    async def send_many():
        room = redis_room()
        for number in range(103):
            await room.send({"name": "Ada", "text": f"{number}"})
        history = await room.history()
        await room.redis.aclose()
        return [message["text"] for message in history]

    assert asyncio.run(send_many()) == [f"{number}" for number in range(3, 103)]


def test_a_server_that_starts_later_has_the_messages(serve_chat):
    with serve_chat() as site:
        send(site, "before")
        with serve_chat() as later, listening(later) as [ws]:
            assert next_text(ws) == "before"


def test_clients_stay_connected_while_redis_restarts(serve_chat, redis_server):
    with serve_chat("--workers", "2") as site, listening(site, 4) as sockets:
        send(site, "before")
        assert {next_text(ws) for ws in sockets} == {"before"}

        redis_server.kill()
        refused = send(site, "while it's down")
        sockets[0].send(json.dumps({"name": "Ada", "text": "down, too"}))
        error = json.loads(sockets[0].recv(LIMIT_SECONDS))

        assert refused.status == HTTPStatus.SERVICE_UNAVAILABLE
        assert 'value="while it\'s down"' in html.unescape(refused.text)
        assert "before" in refused.text
        assert error == {"error": "The message was not sent. Please try again later."}
        site.wait_for_log("No messages from Redis, trying again")

        redis_server.start()
        assert send(site, "after").status == HTTPStatus.SEE_OTHER
        assert {next_text(ws) for ws in sockets} == {"after"}


def test_a_lost_connection_to_redis_loses_no_message_and_repeats_none(serve_chat, redis_server):
    with serve_chat() as site, listening(site) as [ws], redis.Redis.from_url(redis_server.url) as r:
        send(site, "before")
        assert next_text(ws) == "before"

        for number in range(5):
            assert r.client_kill_filter(_type="pubsub") == 1
            send(site, f"{number}")
            assert next_text(ws) == f"{number}"
            site.wait_for(lambda: r.pubsub_numsub("chat") == [(b"chat", 1)])


def test_a_server_starts_without_redis_and_finds_it_later(serve_chat, redis_server):
    redis_server.kill()
    with serve_chat() as site, listening(site) as [ws]:
        site.wait_for_log("No messages from Redis, trying again")
        assert shown(site) == []

        redis_server.start()
        send(site, "first")
        assert next_text(ws) == "first"


def test_a_server_with_open_connections_stops_without_errors(serve_chat):
    with serve_chat() as site, listening(site) as [ws]:
        send(site, "hello")
        assert next_text(ws) == "hello"
        site.process.terminate()
        assert site.process.wait(LIMIT_SECONDS) == 0

        for word in ("Traceback", "Error", "never", "pending"):
            assert word not in site.log.read_text()
