"""The program that the cluster serves.

`VERSION` is another in a new version. What a POST request does is counted in PostgreSQL, by the
number of the request.
"""

import os
import time

import psycopg
import redis
from flask import Flask, request
from redis.backoff import NoBackoff
from redis.retry import Retry

VERSION = "1"

app = Flask(__name__)
store = redis.Redis.from_url(
    os.environ["REDIS_URL"],
    # The library waits for 5 seconds otherwise, and tries four times.
    socket_connect_timeout=0.5,
    socket_timeout=0.5,
    retry=Retry(NoBackoff(), 0),
)


@app.after_request
def name_the_server(response):
    response.headers["X-Server"] = os.environ["SERVER_NAME_OF_TEST"]
    response.headers["X-Version"] = VERSION
    return response


@app.get("/page")
def page():
    return "complete"


@app.get("/slow")
def slow():
    time.sleep(0.3)
    return "complete"


@app.get("/stream")
def stream():
    def pieces():
        for _ in range(10):
            yield "piece "
            time.sleep(0.05)
        yield "complete"

    return pieces()


@app.get("/store")
def visits():
    try:
        store.get("visits")
    except redis.RedisError:
        return "The store is away.", 503
    return "complete"


@app.post("/order")
def order():
    with psycopg.connect(os.environ["DATABASE_URL"]) as database:
        database.execute(
            "INSERT INTO effects VALUES (%s, 1)"
            " ON CONFLICT (number) DO UPDATE SET executions = effects.executions + 1",
            [request.form["number"]],
        )
    return "complete"
