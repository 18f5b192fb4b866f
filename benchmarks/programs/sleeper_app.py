"""A program that waits, as for another service: for `benchmarks/micro/sleepers.py`."""

import time

from flask import Flask

app = Flask(__name__)


@app.get("/hello")
def hello():
    return "Hello, World!"


@app.get("/sleep")
def sleep():
    time.sleep(0.05)
    return "slept"
