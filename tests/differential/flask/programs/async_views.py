"""Async views, hooks, handlers and processors under WSGI."""

import asyncio

from flask import Blueprint, Flask, current_app, g, render_template_string, request, session
from flask.views import MethodView
from steps import get, note, post


class Page(MethodView):
    decorators = [lambda view: view]

    async def get(self):
        await asyncio.sleep(0)
        return "method view"


def create_app():
    app = Flask(__name__)
    app.secret_key = "key"
    part = Blueprint("part", __name__, url_prefix="/part")

    @app.before_request
    async def before():
        await asyncio.sleep(0)
        g.mark = "from before"

    @app.after_request
    async def after(response):
        note("after", request.path)
        return response

    @app.teardown_request
    async def teardown(error):
        note("teardown", type(error).__name__)

    @app.teardown_appcontext
    async def app_teardown(error):
        note("teardown app")

    @app.errorhandler(LookupError)
    async def lookup(error):
        return f"handled {request.path}", 400

    @app.errorhandler(404)
    async def not_found(error):
        return "async 404", 404

    @part.before_request
    async def before_part():
        return "answered before" if "stop" in request.args else None

    @app.context_processor
    async def context():
        return {"who": "async processor"}

    @app.route("/")
    async def index():
        await asyncio.sleep(0)
        session["a"] = 1
        return {"path": request.path, "mark": g.mark, "app": current_app.name, "args": request.args}

    @app.route("/two")
    async def two():
        async def read():
            return request.path

        return list(await asyncio.gather(read(), read()))

    @app.route("/boom")
    async def boom():
        raise LookupError

    @app.route("/unhandled")
    async def unhandled():
        raise ZeroDivisionError

    @app.route("/template")
    async def template():
        return render_template_string("{{ who }}")

    @app.route("/form", methods=["POST"])
    async def form():
        return dict(request.form)

    @app.route("/generator")
    async def generator():
        async def generate():
            yield "x"

        return generate()

    @part.route("/")
    async def page():
        return "part"

    app.add_url_rule("/method", view_func=Page.as_view("method"))
    app.register_blueprint(part)
    return app


def ensured(app, client):
    def plain():
        return "plain"

    async def later():
        return "later"

    return app.ensure_sync(plain) is plain, app.ensure_sync(later)(), app.async_to_sync(later)()


def inside_a_running_loop(app, client):
    async def ask():
        return client.get("/two").json

    return asyncio.run(ask())


STEPS = [
    get("/?a=1"),
    get("/two"),
    get("/boom"),
    get("/unhandled"),
    get("/nowhere"),
    get("/template"),
    post("/form", data={"a": "b"}),
    get("/generator"),
    get("/part/"),
    get("/part/?stop"),
    get("/method"),
    ensured,
    inside_a_running_loop,
]
