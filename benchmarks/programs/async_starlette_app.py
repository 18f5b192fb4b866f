"""The program for Starlette."""

import asyncio

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute


async def hello(request):
    return PlainTextResponse("Hello, World!")


async def sleep(request):
    await asyncio.sleep(0.05)
    return PlainTextResponse("slept")


def sync(request):
    return PlainTextResponse("Hello, World!")


async def echo(websocket):
    await websocket.accept()
    async for message in websocket.iter_text():
        await websocket.send_text(message)


app = Starlette(
    routes=[
        Route("/hello", hello),
        Route("/sleep", sleep),
        Route("/sync", sync),
        WebSocketRoute("/echo", echo),
    ]
)
