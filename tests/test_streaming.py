import threading

import pytest

from retort import g, has_request_context, request, session, stream_with_context


@pytest.fixture
def steps(app):
    """A list for what happens, in order; the app's teardown functions add to it."""
    steps = []
    app.teardown_request(lambda error: steps.append(f"request ends: {error!r}"))
    app.teardown_appcontext(lambda error: steps.append(f"app context ends: {error!r}"))
    return steps


ENDS = ["request ends: None", "app context ends: None"]


def environ(app, path="/", **options):
    with app.test_request_context(path, **options) as context:
        return dict(context.request.environ)


def ignore_start(status, headers, exc_info=None):
    return lambda data: None


def test_a_stream_reads_the_request_the_session_and_g(app, client):
    @app.get("/")
    def index():
        g.greeting = "Hello"
        session["mark"] = "!"

        def generate():
            yield g.greeting
            yield request.args["name"]
            yield session["mark"]

        return stream_with_context(generate())

    assert client.get("/?name=Ada").text == "HelloAda!"


def test_without_it_a_generator_has_no_request(app, client):
    @app.get("/")
    def index():
        def generate():
            yield str(has_request_context())

        return generate()

    assert client.get("/").text == "False"


def test_a_stream_is_sent_while_it_is_made(app, steps):
    @app.get("/")
    def index():
        def generate():
            for number in range(3):
                steps.append(number)
                yield f"{number}{request.method}"

        return stream_with_context(generate())

    body = iter(app(environ(app), ignore_start))
    steps.clear()

    assert next(body) == b"0GET"
    assert steps == [0]
    assert next(body) == b"1GET"
    assert steps == [0, 1]


def test_teardown_functions_run_when_a_stream_ends(app, client, steps):
    @app.get("/")
    def index():
        def generate():
            yield "a"
            steps.append("last step")

        return stream_with_context(generate())

    client.get("/").close()
    steps.clear()
    assert client.get("/").text == "a"

    assert steps[-3:] == ["last step", *ENDS]


def test_the_request_is_not_left_current_behind_a_stream(app):
    @app.get("/")
    def index():
        return stream_with_context(iter(["a", "b"]))

    response = app(environ(app), ignore_start)
    body = iter(response)

    assert next(body) == b"a"
    assert not has_request_context()
    assert list(body) == [b"b"]
    assert not has_request_context()
    response.close()


def test_a_stream_may_be_taken_from_several_threads(app, steps):
    @app.get("/")
    def index():
        def generate():
            yield request.path
            yield request.path
            yield request.path

        return stream_with_context(generate())

    response = app(environ(app), ignore_start)
    body = iter(response)
    taken = []

    def take():
        taken.append(next(body, b"over"))

    for _ in range(4):
        thread = threading.Thread(target=take)
        thread.start()
        thread.join()

    assert taken == [b"/", b"/", b"/", b"over"]
    assert steps[-2:] == ENDS
    response.close()


def test_a_generator_is_closed_with_the_response(app, steps):
    @app.get("/")
    def index():
        def generate():
            try:
                yield "a"
                yield "b"
            finally:
                steps.append(f"closed at {request.path}")

        return stream_with_context(generate())

    response = app(environ(app), ignore_start)
    next(iter(response))
    steps.clear()
    response.close()

    assert steps[0] == "closed at /"
    assert [step.partition(":")[0] for step in steps[1:]] == ["request ends", "app context ends"]
    assert not has_request_context()


def test_an_unread_stream_is_never_started(app, steps):
    @app.get("/")
    def index():
        def generate():
            steps.append("started")
            yield "a"

        return stream_with_context(generate())

    app(environ(app), ignore_start).close()

    assert steps.count("started") == 0


class Source:
    """An iterator that must be closed, as a database cursor."""

    def __init__(self, items, steps):
        self.items = iter(items)
        self.steps = steps

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.items)

    def close(self):
        self.steps.append(f"source closed at {request.path}")


@pytest.mark.parametrize("items_read", [0, 1, 2, 3])
def test_an_iterator_is_closed_once_however_much_of_it_was_read(app, steps, items_read):
    app.add_url_rule("/", view_func=lambda: stream_with_context(Source("ab", steps)))

    response = app(environ(app), ignore_start)
    body = iter(response)
    for _ in range(items_read):
        next(body, None)
    response.close()

    assert steps.count("source closed at /") == 1


def test_a_head_request_closes_the_stream_and_does_not_read_it(app, client, steps):
    app.add_url_rule("/", view_func=lambda: stream_with_context(Source("ab", steps)))

    with client.head("/") as response:
        assert response.data == b""

    assert steps.count("source closed at /") == 1


def test_an_error_in_a_stream_reaches_the_server_and_the_teardown_functions(app, steps):
    @app.get("/")
    def index():
        def generate():
            yield "a"
            raise ValueError("broken")

        return stream_with_context(generate())

    response = app(environ(app), ignore_start)
    body = iter(response)
    next(body)
    steps.clear()

    with pytest.raises(ValueError, match="broken"):
        next(body)

    assert steps == [
        "request ends: ValueError('broken')",
        "app context ends: ValueError('broken')",
    ]
    assert next(body, "over") == "over"
    response.close()


def test_a_dropped_stream_is_closed(app, steps):
    with app.test_request_context("/dropped"):
        stream = stream_with_context(Source("ab", steps))
        next(stream)
        del stream

        assert steps == ["source closed at /dropped"]


def test_a_stream_can_be_read_in_the_view_before_it_is_returned(app, client, steps):
    @app.get("/")
    def index():
        def generate():
            yield "a"
            yield request.path

        stream = stream_with_context(generate())
        first = next(stream)
        steps.append("view returns")
        return stream, {"X-First": first}

    response = client.get("/")

    assert response.headers["X-First"] == "a"
    assert response.text == "/"
    assert steps == ["view returns", *ENDS, *ENDS]


def test_a_stream_read_as_a_whole_in_the_view_ends_nothing(app, client, steps):
    @app.get("/")
    def index():
        text = "".join(stream_with_context(iter(["a", "b"])))
        steps.append("view returns")
        return text + request.path

    assert client.get("/").text == "ab/"
    assert steps == ["view returns", *ENDS]


def test_a_stream_keeps_its_own_request_inside_of_another(app):
    def generate():
        yield request.path
        yield request.path

    with app.test_request_context("/first"):
        stream = stream_with_context(generate())
        with app.test_request_context("/second"):
            assert list(stream) == ["/first", "/first"]
            assert request.path == "/second"
        assert request.path == "/first"


def test_two_streams_may_be_read_in_turns(app):
    def generate():
        while True:
            yield request.path

    streams = []
    for path in ("/a", "/b"):
        with app.test_request_context(path):
            streams.append(stream_with_context(generate()))

    assert [next(stream) for stream in streams * 2] == ["/a", "/b", "/a", "/b"]


def test_the_decorator_makes_a_stream_each_time_it_is_called(app, client):
    @app.get("/<word>")
    def index(word):
        @stream_with_context
        def generate(ending):
            """Make words."""
            yield word
            yield request.path + ending

        assert generate.__name__ == "generate"
        assert generate.__doc__ == "Make words."
        return generate("!")

    assert client.get("/one").text == "one/one!"
    assert client.get("/two").text == "two/two!"


def test_the_decorator_may_be_used_where_there_is_no_request_yet(app, client):
    @stream_with_context
    def generate():
        yield request.path

    app.add_url_rule("/later", view_func=generate)

    assert client.get("/later").text == "/later"
    with pytest.raises(RuntimeError, match="outside of a request"):
        generate()


def test_a_stream_of_bytes_stays_bytes(app, client):
    app.add_url_rule("/", view_func=lambda: stream_with_context(iter([b"\xff", b"\x00"])))

    assert client.get("/").data == b"\xff\x00"


def test_a_stream_works_in_an_async_view(app, client):
    @app.get("/")
    async def index():
        def generate():
            yield request.args["name"]

        return stream_with_context(generate())

    assert client.get("/?name=Ada").text == "Ada"


def test_a_stream_outside_of_a_request_is_an_error(app):
    with app.app_context(), pytest.raises(RuntimeError, match="outside of a request"):
        stream_with_context(iter(["a"]))


def test_what_cannot_be_iterated_cannot_be_streamed(app):
    with app.test_request_context():
        with pytest.raises(TypeError, match="got 5"):
            stream_with_context(5)
        with pytest.raises(TypeError, match="got None"):
            stream_with_context(lambda: None)()
