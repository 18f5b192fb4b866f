"""Build an app whose steps are functions and coroutine functions, and record their order.

A description names the steps. Each has a ``kind`` (which decorator registers it), a ``scope`` (the
app or one of two nested blueprints), ``is_async``, and what it ``does`` besides being recorded.
"""

import asyncio
from contextvars import Context, ContextVar

TRAIL = ContextVar("trail", default=())

# The decorators that register a step, by kind: of the app or a blueprint, and of a blueprint for
# the whole app.
DECORATORS = {
    "before": ("before_request", "before_app_request"),
    "after": ("after_request", "after_app_request"),
    "teardown": ("teardown_request", "teardown_app_request"),
    "values": ("url_value_preprocessor", "app_url_value_preprocessor"),
    "template": ("context_processor", "app_context_processor"),
}
ERRORS = {"418": 418, "404": 404, "500": 500, "LookupError": LookupError, "Exception": Exception}


def answer(description):
    """What the app that ``import flask`` makes of a description answers and does."""
    import flask

    return Recorder(flask, description).record()


def error_types(error):
    """The names of the classes it can be caught as, without those of a framework."""
    return [
        kind.__name__
        for kind in type(error).__mro__
        if kind.__module__.partition(".")[0] not in ("flask", "retort")
    ]


class Recorder:
    """One app and what its steps have done.

    :param flask: the framework.
    """

    def __init__(self, flask, description):
        self.flask = flask
        self.description = description
        self.events = []
        self.receivers = []
        self.app = self._build()

    def record(self):
        client = self.app.test_client()
        # In contexts of their own: an error can leave an application context current.
        try:
            return [Context().run(self._ask, client, *one) for one in self.description["requests"]]
        finally:
            for signal, receiver in self.receivers:
                signal.disconnect(receiver)

    def _ask(self, client, method, path):
        self.events.clear()
        try:
            response = client.open(path, method=method)
            seen = [response.status_code, response.get_data(as_text=True)]
            response.close()
        except Exception as error:
            seen = error_types(error)
        current = self.flask.has_request_context(), self.flask.has_app_context()
        return [seen, list(self.events), current]

    # Set-up

    def _build(self):
        flask = self.flask
        app = flask.Flask("mixed app")
        app.config["PROPAGATE_EXCEPTIONS"] = self.description["propagates"]
        app.secret_key = "key"
        app.logger.disabled = True
        part = flask.Blueprint("part", __name__, url_prefix="/part")
        inner = flask.Blueprint("inner", __name__, url_prefix="/inner")
        scopes = {"app": app, "part": part, "inner": inner}
        for number, step in enumerate(self.description["steps"]):
            self._add(app, scopes, number, step)
        for name, scope in scopes.items():
            view = self._function({**self.description["view"], "kind": "view", "scope": name}, 0)
            scope.add_url_rule("/<value>", "index", view, methods=["GET", "POST"])
        part.register_blueprint(inner)
        app.register_blueprint(part)
        return app

    def _add(self, app, scopes, number, step):
        kind, scope = step["kind"], scopes[step["scope"].removesuffix(" for all")]
        is_for_all = step["scope"].endswith(" for all")
        function = self._function(step, number)
        if kind == "signal":
            signal = getattr(self.flask, step["signal"])
            signal.connect(function, app)
            self.receivers.append((signal, function))
        elif kind == "app teardown":
            app.teardown_appcontext(function)
        elif kind == "handler":
            decorate = scope.app_errorhandler if is_for_all else scope.errorhandler
            decorate(ERRORS[step["error"]])(function)
        else:
            getattr(scope, DECORATORS[kind][is_for_all])(function)

    def _function(self, step, number):
        """The function or coroutine function of a step."""

        def run(*args, **kwargs):
            self._note(step, number, args or (kwargs.get("exc"), kwargs.get("value")))
            return self._act(step, args)

        async def run_async(*args, **kwargs):
            await asyncio.sleep(0)
            return run(*args, **kwargs)

        return run_async if step["is_async"] else run

    # While a request runs

    def _note(self, step, number, args):
        flask = self.flask
        trail = (*TRAIL.get(), f"{step['kind']} {number}")
        TRAIL.set(trail)
        marks = endpoint = None
        if flask.has_app_context():
            marks = flask.g.setdefault("marks", [])
            marks.append(number)
        if flask.has_request_context():
            endpoint = flask.request.endpoint
            if step["kind"] in ("before", "view", "handler"):
                flask.session["count"] = flask.session.get("count", 0) + 1
        self.events.append(
            [
                *(step["kind"], step["scope"], number, list(trail), marks and list(marks)),
                *(endpoint, [self._plain(one) for one in args]),
            ]
        )

    def _plain(self, value):
        if isinstance(value, BaseException):
            return error_types(value)
        return getattr(value, "status_code", None) or (value if isinstance(value, str) else None)

    def _act(self, step, args):
        flask, does, kind = self.flask, step["does"], step["kind"]
        if does == "raise":
            raise LookupError(kind)
        if does == "abort":
            flask.abort(418)
        if does == "later":
            later = {"kind": "later", "scope": "", "does": None, "is_async": step["later_async"]}
            flask.after_this_request(self._function(later, -1))
        if kind in ("after", "later"):
            return flask.make_response("replaced", 203) if does == "answer" else args[0]
        if kind == "template":
            return {"name": step["scope"]}
        if kind == "view":
            return flask.render_template_string("{{ name }}") if does == "template" else "text"
        if kind == "handler":
            return f"handled {type(args[0]).__name__}", 409
        return "answered" if does == "answer" else None
