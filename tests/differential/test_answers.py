"""The fast path without a `Response` is used only if no hook could see or change it."""

import sys
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app

import retort
from retort import (
    Flask,
    Response,
    after_this_request,
    g,
    request,
    request_finished,
    session,
)
from retort.lifecycle.run import finalize

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")


def make_app(view, flask_class=Flask):
    app = flask_class("answers")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.logger.disabled = True
    app.add_url_rule("/", "index", view, methods=METHODS)
    app.add_url_rule("/item/<name>", "item", lambda name: view(), methods=METHODS)
    return app


def ask(app, method="GET", path="/", **options):
    environ = EnvironBuilder(path, method=method, **options).get_environ()
    body, status, headers = run_wsgi_app(app, environ)
    return status, list(headers), b"".join(body)


def seen_by_a_hook(app):
    app.after_request(lambda response: response)
    return app


texts = st.text(st.characters(), max_size=30)  # with halves of surrogate pairs, too
made = st.builds(
    # What makes an answer: it is made anew for each request.
    lambda make, *given: partial(make, *given),
    st.sampled_from([Response, retort.make_response, retort.jsonify, retort.redirect]),
    texts.filter(lambda text: text.isprintable()),
)
touched = st.builds(
    lambda text, name, value: partial(touch, text, name, value),
    texts,
    st.sampled_from(["status_code", "data", "mimetype", "location", "direct_passthrough"]),
    st.sampled_from([204, 304, 201, "x", True]),
)
views = st.one_of(
    st.one_of(
        texts,
        st.binary(max_size=9),
        st.dictionaries(texts, st.integers() | texts | st.none(), max_size=3),
        st.lists(texts, max_size=3),
        st.tuples(texts, st.sampled_from([200, 201, 204, 304, 404, "418 short and stout"])),
        st.tuples(texts, st.sampled_from([{"X-Own": "1"}, {"Content-Type": "a/b"}])),
        st.sampled_from([None, 7, [set()], {"a": {1}}]),  # errors
    ).map(lambda answer: lambda: answer),
    made,
    touched,
)


def touch(text, name, value):
    response = Response(text)
    setattr(response, name, value)
    return response


@given(
    view=views,
    method=st.sampled_from(METHODS),
    path=st.sampled_from(["/", "/item/7", "/nowhere"]),
    flask_class=st.sampled_from([retort.Flask, retort.Retort]),
)
def test_a_fast_path_response_equals_the_full_one(view, method, path, flask_class):
    alone = make_app(view, flask_class)
    watched = seen_by_a_hook(make_app(view, flask_class))
    assert ask(alone, method, path) == ask(watched, method, path)


def has_all_its_steps(app, **options):
    """Whether the answer was made a response that could be seen."""
    taken = []

    def note(frame, event, argument):
        if event == "call" and frame.f_code is finalize.__code__:
            taken.append(frame)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        ask(app, **options)
    finally:
        sys.setprofile(before)
    return bool(taken)


@pytest.mark.parametrize(
    "view",
    [
        lambda: "text",
        lambda: {"a": 1},
        lambda: ["a"],
        lambda: retort.jsonify(1),
        lambda: retort.redirect("/"),
        lambda: Response("text"),
    ],
    ids=["text", "dictionary", "list", "jsonify", "redirect", "response"],
)
def test_ordinary_responses_take_the_short_way(view, monkeypatch):  # so that above is not empty
    monkeypatch.setattr(request_finished, "receivers", {})  # other tests may have left one
    assert not has_all_its_steps(make_app(view))
    assert has_all_its_steps(seen_by_a_hook(make_app(view)))


def test_a_response_that_is_kept_for_many_requests_stays_as_it_is():
    kept = Response("text")
    app = make_app(lambda: kept)

    def start_response(status, headers, exc_info=None):
        headers.append(("X-Server", "mine"))  # a server may add what it likes

    for _ in range(2):
        environ = EnvironBuilder("/").get_environ()
        assert b"".join(app(environ, start_response)) == b"text"

    assert "X-Server" not in kept.headers


def test_a_step_that_is_replaced_is_taken_once_for_json():
    app = make_app(lambda: {"a": 1})
    usual, given = app.make_response, []

    def make_response(answer):
        given.append(answer)
        return usual(answer)

    app.make_response = make_response
    ask(app)

    assert given == [{"a": 1}]


def test_a_json_provider_may_respond_with_a_response_of_its_own():
    class Own(retort.json.provider.DefaultJSONProvider):
        def response(self, *args, **kwargs):
            return Shouting(f"{args}")

    app = make_app(lambda: {"a": 1})
    app.json = Own(app)

    assert ask(app)[2] == b"({'A': 1},)"


class Shouting(Response):
    def get_app_iter(self, environ):
        return [piece.upper() for piece in super().get_app_iter(environ)]


def shout(response):
    response.set_data(response.data.upper())
    return response


def with_a_hook(app):
    app.after_request(shout)


def with_a_hook_of_this_request(app):
    app.before_request(lambda: after_this_request(shout) and None)


def with_a_hook_made_in_this_request(app):
    app.before_request(lambda: app.after_request_funcs.setdefault(None, []).append(shout))


def with_other_hooks(app):
    app.after_request_funcs = {None: [shout]}


def with_a_class_of_its_own(app):
    app.response_class = Shouting


def with_a_class_set_in_this_request(app):
    app.before_request(lambda: setattr(app, "response_class", Shouting))


def with_a_method_set_in_this_request(app):
    usual = app.process_response
    app.before_request(
        lambda: setattr(app, "process_response", lambda response: shout(usual(response)))
    )


def with_a_method_of_its_own(app):
    usual = app.make_response
    app.make_response = lambda answer: shout(usual(answer))


@pytest.mark.parametrize("is_first", [True, False], ids=["first request", "later request"])
@pytest.mark.parametrize(
    "change",
    [
        with_a_hook,
        with_a_hook_of_this_request,
        with_a_hook_made_in_this_request,
        with_other_hooks,
        with_a_class_of_its_own,
        with_a_class_set_in_this_request,
        with_a_method_set_in_this_request,
        with_a_method_of_its_own,
    ],
    ids=lambda change: change.__name__,
)
def test_every_way_to_change_the_response_takes_effect(change, is_first):
    app = make_app(lambda: "text")
    if not is_first:
        assert ask(app)[2] == b"text"
        app._got_first_request = False  # as tests do, to set up more
    change(app)
    assert ask(app)[2] == b"TEXT"


@pytest.mark.parametrize("name", ["__init__", "__call__", "get_wsgi_headers", "default_mimetype"])
def test_a_class_that_the_view_patches_is_patched_for_its_own_response(name, monkeypatch):
    calls = []
    usual = getattr(Response, name)

    def patched(self, *args, **kwargs):
        calls.append(name)
        return usual(self, *args, **kwargs)

    def view():
        patch = "text/plain" if name == "default_mimetype" else patched
        monkeypatch.setattr(Response, name, patch)
        return "text"

    app = make_app(lambda: "text")
    usual_fields = ask(app)[1]
    app.view_functions["index"] = view

    _, fields, body = ask(app)

    assert body == b"text"
    assert calls or fields != usual_fields


def test_a_method_of_the_application_that_the_view_patches_is_called_for_its_answer(monkeypatch):
    usual, calls = Flask.process_response, []

    def patched(self, response):
        calls.append(response)
        return usual(self, response)

    def view():
        monkeypatch.setattr(Flask, "process_response", patched)
        return "text"

    app = make_app(lambda: "text")
    ask(app)
    app.view_functions["index"] = view

    assert ask(app)[2] == b"text"
    assert len(calls) == 1


def test_a_receiver_of_request_finished_gets_the_response():
    app = make_app(lambda: "text")
    ask(app)
    seen = []

    def receive(sender, response):
        seen.append((type(response), response.data))

    with request_finished.connected_to(receive, app):
        ask(app)

    assert seen == [(Response, b"text")]


def test_a_session_that_the_view_changes_is_saved():
    def view():
        session["seen"] = True
        return "text"

    app = make_app(view)
    app.secret_key = "test key"

    assert any(name == "Set-Cookie" for name, _ in ask(app)[1])


def test_a_session_that_is_read_makes_the_response_vary():
    app = make_app(lambda: session.get("name", "nobody"))
    app.secret_key = "test key"

    assert ("Vary", "Cookie") in ask(app)[1]


@pytest.mark.parametrize("flask_class", [retort.Flask, retort.Retort])
@pytest.mark.parametrize("key", ["SEND_SECURITY_HEADERS", "AUTOMATIC_ETAGS"])
def test_settings_that_add_fields_add_them_to_texts(key, flask_class):
    app = make_app(lambda: "text", flask_class)
    app.config[key] = False
    without = ask(app)[1]
    app.config[key] = True  # also after the first request

    assert len(ask(app)[1]) > len(without)


def test_a_config_that_is_exchanged_counts_from_the_next_request():
    app = make_app(lambda: "text")
    ask(app)
    config = app.make_config()
    config.update(app.config, AUTOMATIC_ETAGS=True)

    app.config = config

    assert any(name == "ETag" for name, _ in ask(app)[1])


def test_the_request_and_g_are_those_of_the_request_until_its_end():
    app = make_app(lambda: "text")
    seen = []

    @app.before_request
    def begin():
        g.path = request.path

    app.teardown_request(lambda error: seen.append((g.path, request.path, error)))

    assert ask(app, path="/item/7")[2] == b"text"
    assert seen == [("/item/7", "/item/7", None)]
    assert not retort.has_request_context()
    assert not retort.has_app_context()
