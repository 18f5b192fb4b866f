"""The program for Quart."""

import asyncio

from quart import Quart

app = Quart(__name__)


@app.get("/hello")
async def hello():
    return "Hello, World!"


@app.get("/sleep")
async def sleep():
    await asyncio.sleep(0.05)
    return "slept"
