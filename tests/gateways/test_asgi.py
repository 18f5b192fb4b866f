"""`app.asgi` by messages, without a server: scopes, bodies, disconnects and responses."""

import asyncio
import threading
from contextvars import ContextVar

import pytest

import retort
from retort import has_request_context, request
from retort.globals import request_ctx


class Exchange:
    """One call of an ASGI application.

    :param messages: what ``receive`` returns, one after the other; then it waits.
    """

    def __init__(self, *messages, disconnects=None):
        self.messages = list(messages)
        self.disconnects = disconnects  # an event, after which the client has disconnected
        self.sent = []
        self.received = 0

    async def receive(self):
        self.received += 1
        if self.messages:
            return self.messages.pop(0)
        await (self.disconnects or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.sent.append(message)

    @property
    def status(self):
        return self.sent[0]["status"]

    @property
    def headers(self):
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def pieces(self):
        return [message["body"] for message in self.sent[1:]]

    @property
    def body(self):
        return b"".join(self.pieces)

    def check(self):
        """The messages of a response are in the order that ASGI defines."""
        start, *bodies = self.sent
        assert start["type"] == "http.response.start"
        assert {message["type"] for message in bodies} == {"http.response.body"}
        assert [message["more_body"] for message in bodies] == [True] * (len(bodies) - 1) + [False]
        for name, value in start["headers"]:
            assert name == name.lower()
            assert isinstance(value, bytes)


def scope_of(path="/", **changes):
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"example.test")],
        "client": ("192.0.2.1", 4000),
        "server": ("example.test", 8000),
    }
    scope.update(changes)
    return {name: value for name, value in scope.items() if value is not ...}


def run(app, exchange, scope):
    async def call():
        await app.asgi(scope, exchange.receive, exchange.send)

    asyncio.run(asyncio.wait_for(call(), 60))
    return exchange


def ask(app, path="/", *messages, **changes):
    exchange = Exchange(*(messages or [{"type": "http.request", "body": b""}]))
    run(app, exchange, scope_of(path, **changes)).check()
    return exchange


def part(body, *, more=True):
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.fixture(params=["async", "sync"])
def add(app, request):
    """Add a view: ``add(rule, function)``, as a function or a coroutine function."""

    def add(rule, function, **options):
        async def view(**values):
            await asyncio.sleep(0)
            return function(**values)

        def sync_view(**values):
            return function(**values)

        chosen = view if request.param == "async" else sync_view
        app.add_url_rule(rule, rule, chosen, **options)

    return add


def described():
    return {
        "url": request.url,
        "root": request.script_root,
        "path": request.path,
        "full": request.full_path,
        "uri": request.environ["REQUEST_URI"],
        "client": request.remote_addr,
        "protocol": request.environ["SERVER_PROTOCOL"],
        "server": f"{request.environ['SERVER_NAME']}:{request.environ['SERVER_PORT']}",
        "headers": dict(request.headers),
        "cookies": dict(request.cookies),
    }


def seen(app, path="/", **changes):
    import json

    exchange = ask(app, path, **changes)
    assert exchange.status == 200, exchange.body
    return json.loads(exchange.body)


@pytest.fixture
def describing(app, add):
    for rule in ("/", "/a/<path:rest>", "/é"):
        add(rule, lambda **values: {**described(), **values})
    return app


def test_an_ordinary_scope_becomes_a_request(describing):
    found = seen(describing, "/a/b", query_string=b"x=1&y=%C3%A9")

    assert found["url"] == "http://example.test/a/b?x=1&y=é"
    assert found["uri"] == "/a/b?x=1&y=%C3%A9"
    assert found["client"] == "192.0.2.1"
    assert found["protocol"] == "HTTP/1.1"
    assert found["server"] == "example.test:8000"


@pytest.mark.parametrize("root", ["/mounted", "/mounted/"])
@pytest.mark.parametrize("path", ["/mounted/a/b", "/a/b"], ids=["with root", "without root"])
def test_the_root_path_is_no_part_of_the_path(describing, root, path):
    found = seen(describing, path, root_path=root)

    assert (found["root"], found["path"], found["rest"]) == ("/mounted", "/a/b", "b")
    assert found["url"] == "http://example.test/mounted/a/b"


def test_a_path_that_only_begins_like_the_root_path_is_whole(describing):
    assert seen(describing, "/a/b", root_path="/a/bc")["path"] == "/a/b"


def test_an_encoded_path_is_decoded_once(describing):
    found = seen(describing, "/a/x%2Fy", raw_path=b"/a/x%252Fy")
    assert found["rest"] == "x%2Fy"
    found = seen(describing, "/é", raw_path=b"/%C3%A9")
    assert (found["path"], found["uri"]) == ("/é", "/%C3%A9")


def test_a_scope_without_raw_path_has_its_path(describing):
    assert seen(describing, "/é", raw_path=...)["path"] == "/é"
    assert seen(describing, "/a/b c", raw_path=None)["rest"] == "b c"


def test_a_scope_without_server_and_client_is_handled(describing):
    found = seen(describing, server=None, client=None)
    assert (found["server"], found["client"]) == ("localhost:80", None)
    found = seen(describing, server=..., client=..., scheme="https")
    assert found["server"] == "localhost:443"


def test_a_unix_socket_has_no_name_of_a_server(describing):
    found = seen(describing, server=("/run/app.sock", None), client=None, headers=[])

    assert found["server"] == "localhost:80"
    assert found["url"] == "http://localhost/"


@pytest.mark.parametrize(
    ("version", "protocol"),
    [("1.0", "HTTP/1.0"), ("1.1", "HTTP/1.1"), ("2", "HTTP/2"), ("3", "HTTP/3")],
)
def test_the_version_of_http_is_passed_on(describing, version, protocol):
    assert seen(describing, http_version=version)["protocol"] == protocol


def test_fields_that_are_sent_more_than_once_are_joined(describing):
    headers = [
        *[(b"host", b"example.test"), (b"cookie", b"a=1"), (b"cookie", b"b=2")],
        *[(b"x-own", b"1"), (b"x-own", b"2"), (b"x_own", b"forged")],
        *[(b"content-type", b"text/a"), (b"content-type", b"text/b")],
    ]
    found = seen(describing, headers=headers, http_version="2")

    assert found["cookies"] == {"a": "1", "b": "2"}
    assert found["headers"]["X-Own"] == "1, 2"
    assert found["headers"]["Content-Type"] == "text/a"


# Bodies of requests


@pytest.fixture
def echo(app, add):
    add("/echo", lambda: request.get_data(), methods=["POST"])
    add("/form", lambda: request.form["a"], methods=["POST"])
    add("/small", lambda: request.get_data(), methods=["POST"], max_content_length=10)
    add("/large", lambda: request.get_data(), methods=["POST"], max_content_length=10_000)
    add("/unlimited", lambda: request.get_data(), methods=["POST"], max_content_length=None)
    return app


def post(app, path, *parts, length=None, chunked=False, fields=(), **changes):
    headers = [(b"host", b"example.test"), *fields]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    if chunked:
        headers.append((b"transfer-encoding", b"chunked"))
    messages = [part(body, more=number < len(parts)) for number, body in enumerate(parts, 1)]
    return ask(app, path, *messages, method="POST", headers=headers, **changes)


@pytest.mark.parametrize("parts", [[b"abc"], [b"a", b"", b"bc"], [b"abc", b""], [b"", b"abc"]])
def test_a_body_may_come_in_many_messages(echo, parts):
    assert post(echo, "/echo", *parts, length=3).body == b"abc"
    assert post(echo, "/echo", *parts, chunked=True).body == b"abc"
    assert post(echo, "/echo", *parts, http_version="2").body == b"abc"


def test_a_long_body_is_complete(echo):
    parts = [bytes([65 + number]) * 50_000 for number in range(20)]
    assert post(echo, "/echo", *parts, length=1_000_000).body == b"".join(parts)
    form = [(b"content-type", b"application/x-www-form-urlencoded")]
    echo.config["MAX_FORM_MEMORY_SIZE"] = None
    answer = post(echo, "/form", b"a=", *parts, length=1_000_002, fields=form)
    assert answer.body == b"".join(parts)


def test_a_request_without_a_body_receives_no_message(echo):
    echo.add_url_rule("/none", "none", lambda: "none")
    exchange = Exchange()

    run(echo, exchange, scope_of("/none"))

    assert (exchange.status, exchange.received) == (200, 0)


@pytest.mark.parametrize("kind", ["length", "chunked"])
def test_a_body_over_the_limit_is_413(echo, kind):
    echo.config["MAX_CONTENT_LENGTH"] = 1000

    def status(path, size):
        options = {"length": size} if kind == "length" else {"chunked": True}
        return post(echo, path, b"x" * (size // 2), b"x" * (size - size // 2), **options).status

    assert status("/echo", 1000) == 200
    assert status("/echo", 1001) == 413
    assert status("/small", 11) == 413
    # The limit of a route is in place of that of the application.
    assert status("/large", 10_000) == 200
    assert status("/large", 10_001) == 413
    assert status("/unlimited", 300_000) == 200


@pytest.mark.parametrize("kind", ["length", "chunked"])
def test_a_body_over_all_limits_is_not_received(app, add, kind):
    app.config["MAX_CONTENT_LENGTH"] = 1000
    add("/", lambda: request.get_data(), methods=["POST"])
    field = (
        (b"content-length", b"90000") if kind == "length" else (b"transfer-encoding", b"chunked")
    )
    exchange = Exchange(*[part(b"x" * 600)] * 150)

    run(app, exchange, scope_of(method="POST", headers=[field]))

    assert exchange.status == 413
    assert exchange.received <= 2


def test_a_length_that_is_no_number_is_400(echo):
    assert post(echo, "/echo", b"abc", length="x").status == 400


# Disconnects


def test_a_client_that_disconnects_in_the_body_gets_no_response(echo):
    exchange = Exchange(part(b"a"), {"type": "http.disconnect"})

    run(echo, exchange, scope_of("/echo", method="POST", headers=[(b"content-length", b"9")]))

    assert exchange.sent == []


@pytest.fixture
def log(app):
    log = []
    app.teardown_request(lambda error: log.append(("teardown", type(error).__name__)))
    return log


async def logged(log, entry):
    """Wait until a view, perhaps in a thread, has logged this."""
    while entry not in log:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


def leave_during(app, path, log):
    """Disconnect when the view has logged that it waits."""

    async def call():
        exchange = Exchange(disconnects=asyncio.Event())
        task = asyncio.create_task(app.asgi(scope_of(path), exchange.receive, exchange.send))
        await logged(log, "waiting")
        exchange.disconnects.set()
        await task
        await asyncio.sleep(0)  # a cancellation that came too late would be raised here
        return exchange

    return asyncio.run(asyncio.wait_for(call(), 60))


def test_a_disconnect_cancels_an_async_view(app, log):
    @app.get("/")
    async def index():
        log.append("waiting")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    assert leave_during(app, "/", log).sent == []
    assert log == ["waiting", "cancelled", ("teardown", "CancelledError")]


def test_a_view_that_opts_out_is_not_cancelled(app, log):
    @app.get("/", on_disconnect="finish")
    async def index():
        log.append("waiting")
        await asyncio.sleep(1)  # the disconnect is noticed meanwhile
        log.append("finished")
        return "text"

    assert leave_during(app, "/", log).body == b"text"
    assert log == ["waiting", "finished", ("teardown", "NoneType")]


def test_a_sync_view_finishes_when_its_client_disconnects(app, log):
    may_end = threading.Event()

    @app.get("/")
    def index():
        log.append("waiting")
        may_end.wait(1)
        return "text"

    assert leave_during(app, "/", log).body == b"text"
    assert log == ["waiting", ("teardown", "NoneType")]


def test_a_stream_is_not_begun_for_a_client_that_has_disconnected(app, log):
    may_end = threading.Event()

    @app.get("/")
    def index():
        log.append("waiting")
        may_end.wait(1)

        async def generate():
            log.append("begun")
            yield "begun"
            await asyncio.Event().wait()

        return generate()

    assert leave_during(app, "/", log).sent == []
    assert "begun" not in log


@pytest.mark.parametrize("is_quiet", [False, True])
def test_a_disconnect_closes_an_async_generator(app, log, is_quiet):
    @app.get("/")
    async def index():
        async def generate():
            try:
                yield "begun"
                log.append("waiting")
                while True:
                    await (asyncio.Event().wait() if is_quiet else asyncio.sleep(0.01))
                    yield "more"
            finally:
                log.append("closed")

        return generate()

    exchange = leave_during(app, "/", log)
    assert exchange.pieces[0] == b"begun"
    assert log == [("teardown", "NoneType"), "waiting", "closed"]


def test_a_disconnect_ends_an_endless_generator(app, log):
    @app.get("/")
    def index():
        def generate():
            try:
                while True:
                    threading.Event().wait(0.01)
                    log.append("waiting")
                    yield "more"
            finally:
                log.append("closed")

        return generate()

    leave_during(app, "/", log)

    assert log[-1] == "closed"


def test_a_cancellation_by_the_server_is_passed_on(app, log):
    @app.get("/")
    async def index():
        log.append("waiting")
        await asyncio.Event().wait()

    async def call():
        exchange = Exchange()
        task = asyncio.create_task(app.asgi(scope_of(), exchange.receive, exchange.send))
        await logged(log, "waiting")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(call())
    assert log == ["waiting", ("teardown", "CancelledError")]


# Responses


def test_a_response_in_memory_is_one_message(app, add):
    add("/", lambda: ("text", 201, [("X-Own", "a"), ("X-Own", "b")]))

    answer = ask(app)

    assert (answer.status, answer.pieces) == (201, [b"text"])
    assert [value for name, value in answer.sent[0]["headers"] if name == b"x-own"] == [b"a", b"b"]


def test_a_generator_is_sent_in_pieces(app, add, log):
    def generate():
        try:
            yield "a"
            yield b""
            yield "b"
        finally:
            log.append("closed")

    add("/", generate)

    assert ask(app).pieces == [b"a", b"", b"b", b""]
    assert log == [("teardown", "NoneType"), "closed"]


def test_a_file_is_sent(app, add):
    add("/", lambda: retort.send_file(__file__, conditional=True))
    with open(__file__, "rb") as file:
        content = file.read()

    assert ask(app).body == content
    answer = ask(app, headers=[(b"range", b"bytes=1-4")])
    assert (answer.status, answer.body) == (206, content[1:5])


@pytest.mark.parametrize("kind", ["text", "stream"])
def test_head_has_no_body(app, add, kind):
    add("/", lambda: "text" if kind == "text" else iter(["text"]))

    answer = ask(app, method="HEAD")

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers.get("content-length") == ("4" if kind == "text" else None)


def test_the_write_function_of_pep_3333_comes_first(app, add):
    def own(environ, start_response):
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"written ")
        return [b"and ", b"returned"]

    def streamed(environ, start_response):
        write = start_response("200 OK", [])
        write(b"written ")

        def generate():
            yield b"and "
            write(b"again ")
            yield b"streamed"

        return generate()

    add("/", lambda: app.response_class.force_type(own, request.environ))
    app.wsgi_app = choosing(app.wsgi_app, {"/own": own, "/streamed": streamed})

    assert ask(app, "/own").body == b"written and returned"
    assert ask(app, "/streamed").body == b"written and again streamed"


def choosing(app, others):
    def choose(environ, start_response):
        return others.get(environ["PATH_INFO"], app)(environ, start_response)

    return choose


def test_start_response_may_be_called_again_with_an_error_before_the_first_piece(app):
    def replaced(environ, start_response):
        start_response("200 OK", [])
        try:
            raise ZeroDivisionError
        except ZeroDivisionError as error:
            start_response("500 Oh", [], (type(error), error, error.__traceback__))
        return [b"replaced"]

    def twice(environ, start_response):
        start_response("200 OK", [])
        start_response("201 Created", [])
        return []

    def late(environ, start_response):
        start_response("200 OK", [])
        yield b"begun"
        try:
            raise ZeroDivisionError("late")
        except ZeroDivisionError as error:
            start_response("500 Oh", [], (type(error), error, error.__traceback__))

    def never(environ, start_response):
        return [b"text"]

    app.wsgi_app = choosing(
        app.wsgi_app, {"/replaced": replaced, "/twice": twice, "/late": late, "/never": never}
    )

    answer = ask(app, "/replaced")
    assert (answer.status, answer.body) == (500, b"replaced")
    with pytest.raises(AssertionError, match="a second time"):
        ask(app, "/twice")
    with pytest.raises(AssertionError, match="did not call start_response"):
        ask(app, "/never")
    exchange = Exchange()
    with pytest.raises(ZeroDivisionError, match="late"):
        run(app, exchange, scope_of("/late"))
    assert exchange.pieces == [b"begun"]


def test_an_error_is_500_before_the_first_piece_and_raised_after_it(app, add):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.logger.disabled = True

    def late():
        def generate():
            yield "begun"
            raise LookupError("late")

        return generate()

    def fail():
        raise ZeroDivisionError

    add("/error", fail)
    add("/late", late)

    assert ask(app, "/error").status == 500
    exchange = Exchange()
    with pytest.raises(LookupError, match="late"):
        run(app, exchange, scope_of("/late"))
    assert exchange.pieces == [b"begun"]


@pytest.mark.parametrize("status", ["0 Oh", "100 Continue", "1000 Large", "none", "", "²00 OK"])
def test_a_status_that_cannot_be_sent_does_not_reach_the_server(app, status):
    def own(environ, start_response):
        start_response(status, [])
        return [b"text"]

    app.wsgi_app = own
    exchange = Exchange()

    with pytest.raises(ValueError, match=f"The status {status!r} cannot be sent"):
        run(app, exchange, scope_of())
    assert exchange.sent == []


def test_errors_of_routing_are_those_of_wsgi(app, add):
    add("/", lambda: "text")

    assert ask(app, "/nowhere").status == 404
    answer = ask(
        app, "/", part(b"", more=False), method="POST", headers=[(b"content-length", b"0")]
    )
    assert (answer.status, set(answer.headers["allow"].split(", "))) == (
        405,
        {"GET", "HEAD", "OPTIONS"},
    )
    assert ask(app, method="OPTIONS").status == 200


def test_middleware_of_asgi_and_of_wsgi_is_called(app, add):
    add("/", lambda: "text")
    inner, wsgi = app.asgi_app, app.wsgi_app
    seen = []

    async def middleware(scope, receive, send):
        seen.append("asgi")
        await inner(scope, receive, send)

    def wsgi_middleware(environ, start_response):
        seen.append("wsgi")
        return [b"".join(wsgi(environ, start_response)).upper()]

    app.asgi_app, app.wsgi_app = middleware, wsgi_middleware

    assert ask(app).body == b"TEXT"
    assert seen == ["asgi", "wsgi"]


def test_a_sync_view_has_the_context_variables_of_the_server(app):
    from contextvars import ContextVar

    variable = ContextVar("variable", default="unset")
    inner = app.asgi_app

    async def middleware(scope, receive, send):
        variable.set("set")
        await inner(scope, receive, send)

    app.asgi_app = middleware
    app.get("/")(lambda: variable.get())

    assert ask(app).body == b"set"


def test_many_requests_wait_at_the_same_time(app):
    count = 200
    inside = []

    @app.get("/<int:number>")
    async def index(number):
        inside.append(number)
        if len(inside) == count:
            app.extensions["everyone"].set()
        await app.extensions["everyone"].wait()
        return f"{number} {request.path}"

    async def call():
        app.extensions["everyone"] = asyncio.Event()
        exchanges = [Exchange() for _ in range(count)]
        await asyncio.gather(
            *(
                app.asgi(scope_of(f"/{number}"), exchange.receive, exchange.send)
                for number, exchange in enumerate(exchanges)
            )
        )
        return exchanges

    exchanges = asyncio.run(asyncio.wait_for(call(), 60))
    assert [exchange.body.decode() for exchange in exchanges] == [
        f"{number} /{number}" for number in range(count)
    ]


def test_a_view_that_is_replaced_by_a_coroutine_function_runs_on_the_loop_from_then_on(app):
    @app.get("/")
    def index():
        return str(threading.get_ident())

    async def replaced():
        return str(threading.get_ident())

    own = str(threading.get_ident())  # `ask` runs the loop in this thread
    assert ask(app).body.decode() != own
    app.view_functions["index"] = replaced
    assert ask(app).body.decode() == own
    assert ask(app).body.decode() == own
    app.view_functions["index"] = index
    assert ask(app).body.decode() != own


def test_the_context_of_a_request_on_the_loop_can_be_pushed_again(app, log):
    @app.get("/")
    async def index():
        context = request_ctx._get_current_object()
        with context:
            await asyncio.sleep(0)
            log.append(request.path)
        return request.path

    assert ask(app).body == b"/"
    assert ask(app).body == b"/"
    assert log == ["/", ("teardown", "NoneType")] * 2


def test_context_variables_of_an_async_view_are_its_own(app):
    number = ContextVar("number", default=0)

    @app.get("/")
    async def index():
        number.set(number.get() + 1)
        await asyncio.sleep(0)
        return f"{number.get()} {has_request_context()}"

    async def call():
        exchanges = [Exchange() for _ in range(3)]
        for exchange in exchanges:  # in the same task, as servers do not
            await app.asgi(scope_of(), exchange.receive, exchange.send)
        return [exchange.body for exchange in exchanges], number.get(), has_request_context()

    assert asyncio.run(call()) == ([b"1 True"] * 3, 0, False)


@pytest.mark.parametrize("kind", ["smtp", "", None])
def test_an_unknown_type_of_scope_is_an_error_that_names_it(app, kind):
    with pytest.raises(ValueError, match=f"type {kind!r}"):
        run(app, Exchange(), {"type": kind})
