import functools
import time

from flask import Flask, abort, request

app = Flask(__name__)


def at_most(number):
    def decorate(view):
        calls = {}

        @functools.wraps(view)
        def limited(*args, **kwargs):
            recent = [one for one in calls.get(request.remote_addr, []) if one > time.time() - 60]
            if len(recent) >= number:
                abort(429)
            calls[request.remote_addr] = [*recent, time.time()]  # local: module-data
            return view(*args, **kwargs)

        return limited

    return decorate


@app.get("/")
@at_most(2)
def index():
    return "hello"
