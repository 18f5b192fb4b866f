"""redis.asyncio: a chat whose WebSockets are in two processes, over a real Redis."""

import contextlib
import shutil
import subprocess
import time

import pytest
import redis
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

LIMIT_SECONDS = 60
PROGRAM = """
import asyncio
import os

import redis.asyncio
from retort import Retort, websocket

app = Retort(__name__)
store = redis.asyncio.from_url(os.environ["REDIS_URL"], decode_responses=True)


async def pass_on(channel):
    async for message in channel.listen():
        if message["type"] == "message":
            await websocket.send(message["data"])


@app.websocket("/chat/<room>")
async def chat(room):
    async with store.pubsub() as channel:
        await channel.subscribe(room)
        await websocket.send(str(os.getpid()))
        passing_on = asyncio.create_task(pass_on(channel))
        try:
            async for text in websocket:
                await store.publish(room, text)
        finally:
            passing_on.cancel()


@app.get("/visits")
async def visits():
    return str(await store.incr("visits"))


@app.get("/subscribers/<room>")
async def subscribers(room):
    return dict(await store.pubsub_numsub(room))


@app.after_serving
async def close():
    await store.aclose()
"""


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory):
    """A Redis of its own, on a Unix socket."""
    command = shutil.which("redis-server")
    if command is None:
        pytest.skip("There is no Redis here. On Debian: apt-get install redis-server")
    folder = tmp_path_factory.mktemp("redis")
    address = folder / "redis.sock"
    log = folder / "log.txt"
    options = ["--port", "0", "--unixsocket", str(address), "--save", "", "--dir", str(folder)]
    with log.open("wb") as output:
        process = subprocess.Popen([command, *options], stdout=output, stderr=output)
    try:
        wait_for(lambda: is_answering(address))
        yield f"unix://{address}"
    finally:
        process.terminate()
        process.wait(LIMIT_SECONDS)
        print(log.read_text())


def is_answering(address):
    with (
        contextlib.suppress(redis.ConnectionError),
        redis.Redis(unix_socket_path=str(address)) as client,
    ):
        return client.ping()
    return False


def wait_for(condition):
    give_up_at = time.monotonic() + LIMIT_SECONDS
    while not (value := condition()):
        if time.monotonic() > give_up_at:
            pytest.fail("Waited in vain.")
        time.sleep(0.02)
    return value


@pytest.fixture
def servers(launch, write, redis_url):
    """Two servers of one program."""
    write("chat.py", PROGRAM)
    words = ("retort", "run", "--port", "{port}", "chat.py")
    return [launch(*words, env={"REDIS_URL": redis_url}) for _ in range(2)]


def test_messages_reach_the_websockets_of_both_servers(servers):
    urls = [f"ws://{server.address}/chat/blue" for server in servers]
    with connect(urls[0]) as ada, connect(urls[1]) as grace:
        assert ada.recv(60) != grace.recv(60)  # their processes

        ada.send("hello")
        assert [client.recv(60) for client in (ada, grace)] == ["hello"] * 2
        grace.send("Grüße")
        assert [client.recv(60) for client in (ada, grace)] == ["Grüße"] * 2
    wait_for(lambda: servers[0].ask("/subscribers/blue").text.strip() == '{"blue":0}')
    assert all("Traceback" not in server.output() for server in servers)


def test_when_a_server_is_killed_the_other_goes_on(servers):
    urls = [f"ws://{server.address}/chat/green" for server in servers]
    with connect(urls[0]) as ada, connect(urls[1]) as grace:
        assert ada.recv(60)
        assert grace.recv(60)

        servers[0].process.kill()

        with pytest.raises(ConnectionClosed):
            ada.recv(60)
        with connect(urls[1]) as again:
            assert again.recv(60)
            grace.send("still here")
            assert [client.recv(60) for client in (again, grace)] == ["still here"] * 2


def test_async_views_share_its_connections(servers):
    numbers = [int(server.ask("/visits").text) for server in servers * 3]

    assert numbers == list(range(numbers[0], numbers[0] + 6))
