"""Application contexts: pushed by hand, nested, of two apps, popped in the wrong order."""

from flask import Flask, current_app, g, has_app_context, has_request_context
from steps import note


def create_app():
    app = Flask("outer")

    @app.teardown_appcontext
    def outer_is_over(error):
        note("teardown", type(error).__name__, sorted(g))

    return app


def make_inner():
    app = Flask("inner")
    app.teardown_appcontext(lambda error: note("inner teardown", type(error).__name__))
    return app


def nothing_is_current(app, client):
    return has_app_context(), has_request_context(), bool(current_app), repr(current_app)[:18]


def with_statement(app, client):
    with app.app_context() as context:
        g.mark = 1
        return current_app.name, context.app is app, context.g.mark, has_request_context()


def nested_contexts_have_their_own_g(app, client):
    seen = []
    with app.app_context():
        g.level = "first"
        with app.app_context():
            seen.append("level" in g)
            g.level = "second"
            with make_inner().app_context():
                seen.append([current_app.name, "level" in g])
            seen.append(g.level)
        seen.append(g.level)
    return seen, has_app_context()


def one_context_pushed_twice(app, client):
    context = app.app_context()
    context.push()
    g.kept = True
    context.push()
    seen = [g.kept]
    context.pop()
    note("popped once")
    seen.append(g.kept)
    context.pop()
    return seen, has_app_context()


def an_error_reaches_the_teardown(app, client):
    with app.app_context():
        raise LookupError("lost")


def pop_is_told_an_error(app, client):
    context = app.app_context()
    context.push()
    context.pop(ValueError("told"))
    return has_app_context()


def pop_while_an_error_is_handled(app, client):
    context = app.app_context()
    context.push()
    try:
        raise KeyError("handled")
    except KeyError:
        context.pop()
    return has_app_context()


def the_same_object_is_seen(app, client):
    from flask.globals import app_ctx

    with app.app_context() as context:
        return app_ctx._get_current_object() is context, current_app._get_current_object() is app


def popping_without_pushing(app, client):
    app.app_context().pop()


def popping_the_outer_one_first(app, client):
    outer, inner = app.app_context(), app.app_context()
    outer.push()
    inner.push()
    try:
        outer.pop()
    except AssertionError as error:
        note("refused", type(error).__bases__ != ())
    while has_app_context():
        from flask.globals import app_ctx

        app_ctx._get_current_object().pop()
        note("popped")
    return has_app_context()


def a_teardown_that_raises(app, client):
    other = Flask("other")

    @other.teardown_appcontext
    def first(error):
        note("runs last")

    @other.teardown_appcontext
    def second(error):
        raise ZeroDivisionError

    try:
        with other.app_context():
            pass
    finally:
        note("current", has_app_context())


STEPS = [
    nothing_is_current,
    with_statement,
    nested_contexts_have_their_own_g,
    one_context_pushed_twice,
    an_error_reaches_the_teardown,
    pop_is_told_an_error,
    pop_while_an_error_is_handled,
    the_same_object_is_seen,
    popping_without_pushing,
    popping_the_outer_one_first,
    a_teardown_that_raises,
]
