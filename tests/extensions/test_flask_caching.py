"""Flask-Caching: views and functions are worked out once."""

import itertools

import pytest
from flask import render_template_string, request
from flask_caching import Cache


@pytest.fixture
def cache(app):
    return Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@pytest.fixture
def app(app):
    app.numbers = itertools.count(1)
    return app


def test_a_cached_view_is_called_once(app, cache, client):
    @app.get("/number")
    @cache.cached(timeout=60)
    def number():
        return str(next(app.numbers))

    assert [client.get("/number").text for _ in range(3)] == ["1", "1", "1"]
    cache.clear()
    assert client.get("/number").text == "2"


def test_the_query_can_be_part_of_the_key(app, cache, client):
    @app.get("/number")
    @cache.cached(query_string=True)
    def number():
        return f"{request.args['q']}{next(app.numbers)}"

    assert [client.get(f"/number?q={q}").text for q in "aba"] == ["a1", "b2", "a1"]


def test_a_memoized_function_is_called_once_for_the_same_arguments(app, cache):
    @cache.memoize()
    def add(a, b):
        next(app.numbers)
        return a + b

    with app.app_context():
        assert [add(1, 2), add(1, 2), add(2, 2)] == [3, 3, 4]
        assert next(app.numbers) == 3
        cache.delete_memoized(add, 1, 2)
        add(1, 2)
        assert next(app.numbers) == 5


def test_the_timeout_can_depend_on_the_response(app, cache, client):
    @app.get("/number")
    @cache.cached(response_filter=lambda response: response[1] == 200)
    def number():
        value = next(app.numbers)
        return str(value), 500 if value == 1 else 200

    assert [client.get("/number").text for _ in range(3)] == ["1", "2", "2"]


def test_a_response_with_headers_is_kept_whole(app, cache, client):
    from flask_caching import CachedResponse

    @app.get("/number")
    @cache.cached()
    def number():
        response = app.make_response((str(next(app.numbers)), 201, {"X-Kept": "yes"}))
        return CachedResponse(response, timeout=50)

    for _ in range(2):
        response = client.get("/number")
        assert (response.text, response.status_code) == ("1", 201)
        assert response.headers["X-Kept"] == "yes"


def test_a_fragment_of_a_template_is_kept(app, cache, client):
    source = "{% cache 60, 'fragment' %}{{ number() }}{% endcache %}"

    @app.get("/template")
    def template():
        return render_template_string(source, number=lambda: next(app.numbers))

    assert [client.get("/template").text for _ in range(2)] == ["1", "1"]


def test_files_can_keep_it(app, tmp_path, client):
    config = {"CACHE_TYPE": "FileSystemCache", "CACHE_DIR": str(tmp_path / "cache")}
    cache = Cache(app, config=config)

    @app.get("/number")
    @cache.cached()
    def number():
        return str(next(app.numbers))

    assert [client.get("/number").text for _ in range(2)] == ["1", "1"]
    assert list((tmp_path / "cache").iterdir())


def test_an_endpoint_with_a_forced_update(app, cache, client):
    @app.get("/number")
    @cache.cached(forced_update=lambda: "fresh" in request.args)
    def number():
        return str(next(app.numbers))

    assert client.get("/number").text == "1"
    assert client.get("/number?fresh=1").text == "2"
