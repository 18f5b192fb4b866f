"""Contexts copied into threads: the request is seen there, g is not, and nothing leaks."""

import threading

from flask import Flask, copy_current_request_context, g, has_request_context, request, session
from steps import get, note


def in_a_thread(function, *args):
    result = []

    def run():
        try:
            result.append(function(*args))
        except Exception as error:
            result.append([cls.__name__ for cls in type(error).__mro__[:2]])

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return result[0]


def create_app():
    app = Flask(__name__)
    app.secret_key = "key"
    app.teardown_request(lambda error: note("teardown request"))
    app.teardown_appcontext(lambda error: note("teardown app"))

    @app.route("/copied")
    def copied():
        g.mark = "here"
        session["mark"] = "here"

        @copy_current_request_context
        def work(number):
            return [request.path, session["mark"], g.get("mark"), number]

        return {"thread": in_a_thread(work, 7), "again": in_a_thread(work, 8), "here": work(9)}

    @app.route("/bare")
    def bare():
        return {
            "thread": in_a_thread(has_request_context),
            "path": in_a_thread(lambda: request.path),
        }

    @app.route("/context")
    def context():
        current = app.test_request_context("/made-up")

        def work():
            with current:
                return request.path

        return {"thread": in_a_thread(work), "here": request.path}

    @app.route("/failing")
    def failing():
        @copy_current_request_context
        def work():
            raise LookupError("in the thread")

        return {"thread": in_a_thread(work)}

    @app.route("/async")
    def of_a_coroutine():
        @copy_current_request_context
        async def work():
            return request.path

        return {"thread": in_a_thread(work)}

    return app


def outside_of_a_request(app, client):
    copy_current_request_context(len)


STEPS = [
    get("/copied"),
    get("/bare"),
    get("/context"),
    get("/failing"),
    get("/async"),
    outside_of_a_request,
]
