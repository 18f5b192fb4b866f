"""redis.asyncio: a chat whose WebSockets are in two processes, over a real Redis."""

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

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


@pytest.fixture
def servers(replicas, framework):
    """Two servers of one program."""
    if framework != "retort":
        pytest.skip("`@app.websocket` is of Retort")
    return replicas(PROGRAM)


def test_sockets_of_both_servers_receive_what_is_published_in_redis(servers, wait_for):
    urls = [f"ws://{server.address}/chat/blue" for server in servers]
    with connect(urls[0]) as ada, connect(urls[1]) as grace:
        assert ada.recv(60) != grace.recv(60)  # their processes

        ada.send("hello")
        assert [client.recv(60) for client in (ada, grace)] == ["hello"] * 2
        grace.send("Grüße")
        assert [client.recv(60) for client in (ada, grace)] == ["Grüße"] * 2
    wait_for(lambda: servers[0].ask("/subscribers/blue").text.strip() == '{"blue":0}')
    assert all("Traceback" not in server.output() for server in servers)


def test_sockets_of_a_killed_server_connect_to_the_other(servers):
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


def test_sockets_and_async_views_share_the_connections_to_redis(servers):
    numbers = [int(server.ask("/visits").text) for server in servers * 3]

    assert numbers == list(range(numbers[0], numbers[0] + 6))
