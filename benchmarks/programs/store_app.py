"""A program whose views call Redis: for `benchmarks/capacity.py`."""

import os

import redis
from flask import Flask

app = Flask(__name__)
store = redis.Redis.from_url(os.environ["REDIS_URL"])


@app.get("/calls/<int:number>")
def calls(number):
    for _ in range(number):
        store.incr("visits")
    return "Hello, World!"
