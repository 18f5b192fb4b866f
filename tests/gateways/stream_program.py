"""A program with event streams and unread bodies, for other ASGI servers."""

import asyncio
import time

from retort import Flask, event_stream, request, stream_body

app = Flask(__name__)
steps = []


async def async_source():
    try:
        yield "first"
        await asyncio.sleep(600)
    finally:
        steps.append("closed async")


def sync_source():
    try:
        while True:
            yield "first"
            time.sleep(0.02)
    finally:
        steps.append("closed sync")


@app.get("/async/async")
async def async_async():
    return event_stream(async_source(), heartbeat=0.05)


@app.get("/async/sync")
async def async_sync():
    return event_stream(sync_source(), heartbeat=0.05)


@app.get("/sync/async")
def sync_async():
    return event_stream(async_source(), heartbeat=0.05)


@app.get("/sync/sync")
def sync_sync():
    return event_stream(sync_source(), heartbeat=0.05)


@app.post("/upload", max_content_length=100_000_000)
@stream_body
async def upload():
    size = 0
    try:
        async for chunk in request.stream_chunks():
            size += len(chunk)
            steps.append(f"read {size}")
    except Exception as error:
        steps.append(type(error).__name__)
        raise
    return str(size)


@app.post("/limited", max_content_length=10)
@stream_body
async def limited():
    return str(sum([len(chunk) async for chunk in request.stream_chunks()]))


@app.post("/sleep")
@stream_body
async def sleep():
    async for _ in request.stream_chunks():
        pass
    steps.append("read all")
    try:
        await asyncio.sleep(600)
    finally:
        steps.append("ended sleep")


@app.post("/answer")
@stream_body
async def answer():
    return event_stream(async_source(), heartbeat=0.05)


@app.post("/sync")
def sync():
    return str(len(request.stream.read()))


@app.post("/form")
async def form():
    return request.form["a"]


@app.get("/steps")
def get_steps():
    return steps


application = app.asgi
