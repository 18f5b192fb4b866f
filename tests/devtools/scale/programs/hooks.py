import time

from flask import Flask, g

app = Flask(__name__)
statistics = {"requests": 0, "seconds": 0.0}


@app.before_request
def begin():
    g.began = time.monotonic()


@app.after_request
def measure(response):
    statistics["requests"] += 1  # local: module-data
    statistics["seconds"] += time.monotonic() - g.began
    return response


@app.get("/statistics")
def show():
    return {"requests": statistics["requests"]}
