"""A program with async views and a WebSocket, and one without them.

For `async_views.py`, `echo.py` and `idle_websockets.py` in `benchmarks/micro`.
"""

import asyncio

from retort import Flask, websocket

app = Flask(__name__)
plain = Flask("plain")


@app.get("/hello")
async def hello():
    return "Hello, World!"


@app.get("/sleep")
async def sleep():
    await asyncio.sleep(0.05)
    return "slept"


@app.get("/sync")
def sync():
    return "Hello, World!"


@app.websocket("/echo")
async def echo():
    async for message in websocket:
        await websocket.send(message)


plain.add_url_rule("/sync", view_func=sync)
plain.add_url_rule("/hello", "hello", sync)
