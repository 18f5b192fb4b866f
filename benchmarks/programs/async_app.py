"""A program with async views, and one without them: for `benchmarks/micro/async_views.py`."""

import asyncio

from retort import Flask

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


plain.add_url_rule("/sync", view_func=sync)
plain.add_url_rule("/hello", "hello", sync)
