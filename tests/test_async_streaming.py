"""`stream_with_context` for asynchronous generators."""

import asyncio
import io
import subprocess
import sys
from contextvars import ContextVar

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from retort import Response, g, has_request_context, request, session, stream_with_context

MARK = ContextVar("mark", default="unset")


@pytest.fixture
def steps(app):
    """A list for what happens, in order; the app's teardown functions add to it."""
    steps = []
    app.teardown_request(lambda error: steps.append(f"request ends: {error!r}"))
    app.teardown_appcontext(lambda error: steps.append(f"app context ends: {error!r}"))
    return steps


ENDS = ["request ends: None", "app context ends: None"]


def test_an_async_stream_reads_the_request_the_session_and_g(app, client):
    @app.get("/")
    async def index():
        g.greeting = "Hello"
        session["mark"] = "!"
        MARK.set("?")

        async def generate():
            yield g.greeting
            await asyncio.sleep(0)
            yield request.args["name"]
            yield session["mark"] + MARK.get()

        return stream_with_context(generate())

    assert client.get("/?name=Ada").text == "HelloAda!?"
    assert not has_request_context()


def test_without_it_an_async_generator_has_no_request(app, client):
    @app.get("/")
    async def index():
        async def generate():
            yield str(has_request_context())

        return generate()

    assert client.get("/").text == "False"


def test_a_sync_view_may_return_an_async_stream(app, client):
    @app.get("/")
    def index():
        async def generate():
            yield request.path
            await asyncio.sleep(0)
            yield b"!"

        return stream_with_context(generate())

    assert client.get("/").data == b"/!"


def test_the_decorator_makes_an_async_stream_each_time_it_is_called(app, client):
    @stream_with_context
    async def generate(greeting):
        yield greeting
        yield request.args["name"]

    @app.get("/")
    async def index():
        return Response(generate("Hello "), mimetype="text/plain")

    assert client.get("/?name=Ada").text == "Hello Ada"
    assert client.get("/?name=Bob").text == "Hello Bob"
    assert generate.__name__ == "generate"


def test_teardown_functions_run_when_an_async_stream_ends(app, client, steps):
    @app.get("/")
    async def index():
        async def generate():
            steps.append("begins")
            yield "a"
            steps.append("ends")

        return stream_with_context(generate())

    assert client.get("/").text == "a"
    assert steps == [*ENDS, "begins", "ends", *ENDS]


def test_an_async_generator_is_closed_with_the_response(app, client, steps):
    @app.get("/")
    async def index():
        async def generate():
            try:
                yield "a"
                yield "b"
            finally:
                await asyncio.sleep(0)
                steps.append(f"closed in {request.path}")

        return stream_with_context(generate())

    response = client.get("/")
    assert next(iter(response.response)) == b"a"
    del steps[:]
    response.close()

    assert steps == [
        "closed in /",
        "request ends: GeneratorExit()",
        "app context ends: GeneratorExit()",
    ]
    response.close()
    assert len(steps) == 3


class Source:
    """An asynchronous iterator that must be closed, as a database cursor."""

    def __init__(self, items, steps):
        self.items = iter(items)
        self.steps = steps

    def __aiter__(self):
        return self

    async def __anext__(self):
        for item in self.items:
            return item
        raise StopAsyncIteration

    async def aclose(self):
        self.steps.append("source closed")


@pytest.mark.parametrize(
    "keep", [lambda source: source, stream_with_context], ids=["as is", "kept"]
)
def test_a_head_request_closes_an_async_iterator_and_does_not_read_it(app, client, steps, keep):
    source = Source("ab", steps)

    @app.get("/")
    async def index():
        return keep(source)

    with client.head("/") as response:
        assert response.data == b""

    assert steps.count("source closed") == 1
    assert next(source.items) == "a"


def test_an_async_iterator_is_closed_when_it_was_read(app, client, steps):
    @app.get("/")
    async def index():
        return Source("ab", steps), 201, {"X-Own": "1"}

    with client.get("/") as response:
        assert (response.status_code, response.text, response.headers["X-Own"]) == (201, "ab", "1")

    assert steps.count("source closed") == 1


def test_a_response_of_an_async_generator_has_its_own_type(app, client):
    @app.get("/")
    async def index():
        async def generate():
            yield "data: 1\n\n"

        return Response(generate(), mimetype="text/event-stream")

    response = client.get("/")
    assert response.text == "data: 1\n\n"
    assert response.mimetype == "text/event-stream"
    assert "Content-Length" not in response.headers


def test_an_error_in_an_async_stream_reaches_the_server_and_the_teardown_functions(
    app, client, steps
):
    @app.get("/")
    async def index():
        async def generate():
            yield "a"
            raise LookupError("in the stream")

        return stream_with_context(generate())

    response = client.get("/")
    with pytest.raises(LookupError, match="in the stream"):
        response.get_data()
    assert steps[-2:] == [
        "request ends: LookupError('in the stream')",
        "app context ends: LookupError('in the stream')",
    ]
    assert not has_request_context()


def test_an_async_stream_can_be_read_in_the_view(app, client, steps):
    @app.get("/")
    async def index():
        @stream_with_context
        async def generate():
            yield "a"
            yield request.path

        return "".join([piece async for piece in generate()])

    assert client.get("/").text == "a/"
    assert steps == ENDS


class Socket:
    """A body that arrives over a connection: it is read before the view is called."""

    def __init__(self, data):
        self.read = io.BytesIO(data).read


@pytest.mark.parametrize("size", [9, 400_000])  # in memory, and on disk
@pytest.mark.parametrize("kind", ["async", "sync"])
def test_a_form_can_be_read_while_the_response_is_sent(app, kind, size):
    inputs = []

    @app.post("/")
    async def index():
        inputs.append(request.environ["wsgi.input"])

        async def generate():
            yield str(len(request.form["text"]))

        def generate_in_thread():
            yield str(len(request.form["text"]))

        return stream_with_context(generate() if kind == "async" else generate_in_thread())

    data = b"text=" + b"x" * size
    environ = EnvironBuilder("/", method="POST").get_environ()
    environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
    environ.update({"CONTENT_LENGTH": str(len(data)), "wsgi.input": Socket(data)})
    body, status, _ = run_wsgi_app(app, environ)

    assert b"".join(body) == str(size).encode()
    assert status == "200 OK"
    body.close()
    assert inputs[0].closed


def test_a_coroutine_cannot_be_streamed(app):
    async def text():
        return "text"

    with app.test_request_context("/"):
        with pytest.raises(TypeError, match="needs a generator, or another iterator"):
            stream_with_context(text())
        with pytest.raises(TypeError, match="contain a `yield`"):
            stream_with_context(text)()


def test_an_async_stream_outside_of_a_request_is_an_error(app):
    @stream_with_context
    async def generate():
        yield "a"

    with pytest.raises(RuntimeError, match="outside of a request"):
        generate()


def test_streams_of_functions_do_not_import_asyncio():
    program = (
        "import sys, retort\n"
        "app = retort.Flask('x')\n"
        "view = lambda: retort.stream_with_context(iter(['a']))\n"
        "app.add_url_rule('/', 'index', view)\n"
        "assert app.test_client().get('/').text == 'a'\n"
        "sys.exit('asyncio' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
