import gc
import threading
import weakref

import pytest

import retort
from retort import (
    Flask,
    Response,
    abort,
    after_this_request,
    copy_current_request_context,
    current_app,
    g,
    has_app_context,
    has_request_context,
    request,
    session,
    url_for,
)
from retort.context import AppContext, RequestContext
from retort.globals import app_ctx, request_ctx
from retort.signals import appcontext_popped, appcontext_pushed, appcontext_tearing_down


def in_thread(function):
    """What ``function`` returns or raises, called in a thread of its own."""
    outcome = {}

    def run():
        try:
            outcome["value"] = function()
        except BaseException as error:
            outcome["error"] = error

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]


# App contexts


def test_an_app_context_makes_the_app_current(app):
    assert not has_app_context()

    with app.app_context() as context:
        assert has_app_context()
        assert not has_request_context()
        assert current_app._get_current_object() is app
        assert app_ctx._get_current_object() is context
        assert isinstance(context, AppContext)

    assert not has_app_context()


def test_app_contexts_can_be_nested(app):
    other = Flask("other")

    with app.app_context():
        g.name = "outer"
        with other.app_context():
            assert current_app._get_current_object() is other
            assert "name" not in g
        with app.app_context():
            assert "name" not in g
        assert current_app._get_current_object() is app
        assert g.name == "outer"


def test_an_app_context_can_be_pushed_and_popped_by_hand(app):
    context = app.app_context()

    context.push()
    assert current_app.name == "app under test"
    context.pop()

    assert not has_app_context()


def test_an_app_context_pushed_twice_ends_with_the_second_pop(app):
    ended = []
    app.teardown_appcontext(ended.append)

    with app.app_context() as context:
        g.name = "kept"
        with context:
            assert g.name == "kept"
        assert ended == []
        assert g.name == "kept"
    assert ended == [None]


def test_teardown_functions_get_the_error_of_an_app_context(app):
    ended = []
    app.teardown_appcontext(ended.append)
    error = ValueError("inside")

    with pytest.raises(ValueError, match="inside"), app.app_context():
        raise error

    assert ended == [error]


def test_an_error_may_be_passed_to_pop(app):
    ended = []
    app.teardown_appcontext(ended.append)
    error = ValueError()
    context = app.app_context()
    context.push()

    context.pop(error)

    assert ended == [error]


def test_pop_uses_the_error_that_is_being_handled(app):
    ended = []
    app.teardown_appcontext(ended.append)
    context = app.app_context()
    context.push()

    try:
        raise ValueError
    except ValueError:
        context.pop()

    assert type(ended[0]) is ValueError


def test_popping_a_context_that_is_not_the_current_one_is_an_error(app):
    first, second = app.app_context(), app.app_context()
    first.push()
    second.push()

    with pytest.raises(AssertionError, match="current"):
        first.pop()

    second.pop()
    first.pop()
    assert not has_app_context()


def test_signals_are_sent_in_the_life_of_an_app_context(app):
    told = []

    def note(name):
        def listen(sender, **values):
            told.append((name, sender is app, has_app_context()))

        return listen

    with (
        appcontext_pushed.connected_to(note("pushed"), app),
        appcontext_tearing_down.connected_to(note("tearing down"), app),
        appcontext_popped.connected_to(note("popped"), app),
        app.app_context(),
    ):
        pass

    assert told == [("pushed", True, True), ("tearing down", True, True), ("popped", True, False)]


def test_an_app_context_has_an_adapter_if_there_is_a_server_name(app):
    with app.app_context() as context:
        assert context.url_adapter is None

    app.config["SERVER_NAME"] = "example.com"
    with app.app_context() as context:
        assert context.url_adapter is not None


# g


def test_g_keeps_attributes(app):
    with app.app_context():
        g.name = "Ada"

        assert g.name == "Ada"
        assert "name" in g
        assert list(g) == ["name"]
        assert g.get("name") == "Ada"
        del g.name
        assert "name" not in g


def test_g_has_defaults_for_what_is_missing(app):
    with app.app_context():
        assert g.get("missing") is None
        assert g.get("missing", 5) == 5
        assert g.pop("missing", 5) == 5
        assert g.setdefault("set") is None
        assert g.setdefault("made", []) == []
        assert g.setdefault("made", "other") == []
        assert g.pop("made") == []


def test_g_without_the_attribute_is_an_error(app):
    with app.app_context():
        with pytest.raises(AttributeError, match="missing"):
            _ = g.missing
        with pytest.raises(AttributeError, match="missing"):
            del g.missing
        with pytest.raises(KeyError, match="missing"):
            g.pop("missing")


def test_g_shows_which_app_it_belongs_to(app):
    with app.app_context():
        assert repr(g) == "<flask.g of 'app under test'>"
        held = g._get_current_object()
    assert "_AppCtxGlobals object" in repr(held)


def test_g_can_be_of_a_class_of_the_program_s_own():
    class Own(retort.context._AppCtxGlobals):
        extra = "there"

    class OwnApp(Flask):
        app_ctx_globals_class = Own

    with OwnApp("own").app_context():
        assert g.extra == "there"


def test_g_is_new_for_each_request(app, client):
    @app.get("/")
    def index():
        g.count = g.get("count", 0) + 1
        return str(g.count)

    assert [client.get("/").text, client.get("/").text] == ["1", "1"]


# Request contexts


def test_a_request_context_makes_request_and_app_current(app):
    with app.test_request_context("/path?q=1", method="PUT") as context:
        assert has_request_context()
        assert has_app_context()
        assert current_app._get_current_object() is app
        assert request.path == "/path"
        assert request.method == "PUT"
        assert request.args["q"] == "1"
        assert request_ctx._get_current_object() is context
        assert isinstance(context, RequestContext)
        assert context.app is app
        assert context.request is request._get_current_object()

    assert not has_request_context()
    assert not has_app_context()


def test_a_request_context_inside_of_an_app_context_shares_g(app):
    with app.app_context():
        g.name = "outer"
        with app.test_request_context():
            assert g.name == "outer"
            g.added = "inner"
        assert g.added == "inner"


def test_a_request_context_of_another_app_has_its_own_g(app):
    other = Flask("other")

    with app.app_context():
        g.name = "outer"
        with other.test_request_context():
            assert "name" not in g
            assert current_app._get_current_object() is other
        assert g.name == "outer"


def test_request_contexts_can_be_nested(app):
    with app.test_request_context("/outer"):
        with app.test_request_context("/inner"):
            assert request.path == "/inner"
        assert request.path == "/outer"


def test_a_request_context_can_be_pushed_and_popped_by_hand(app):
    context = app.test_request_context("/path")

    context.push()
    assert request.path == "/path"
    context.pop()

    with pytest.raises(RuntimeError, match="request context"):
        _ = request.path


def test_a_request_context_pushed_twice_ends_with_the_second_pop(app):
    ended = []
    app.teardown_request(ended.append)

    with app.test_request_context() as context:
        with context:
            pass
        assert ended == []
    assert ended == [None]


def test_a_request_context_used_again_has_the_same_request(app):
    context = app.test_request_context("/path")

    with context:
        first = request._get_current_object()
    with context:
        assert request._get_current_object() is first


def test_popping_a_request_context_that_is_not_the_current_one_is_an_error(app):
    first, second = app.test_request_context("/1"), app.test_request_context("/2")
    first.push()
    second.push()

    with pytest.raises(AssertionError, match="current"):
        first.pop()

    second.pop()
    first.pop()


def test_a_request_context_matches_its_url(app):
    app.add_url_rule("/user/<name>", "user", lambda name: name)

    with app.test_request_context("/user/Ada"):
        assert request.endpoint == "user"
        assert request.view_args == {"name": "Ada"}
        assert request.url_rule.rule == "/user/<name>"
    with app.test_request_context("/nothing-here"):
        assert request.endpoint is None
        assert request.view_args is None
        assert request.routing_exception.code == 404


def test_a_made_up_request_can_be_dispatched_by_hand(app):
    app.add_url_rule("/user/<name>", "user", lambda name: (f"user {name}", 201))
    app.before_request(lambda: abort(403) if request.args else None)

    with app.test_request_context("/user/Ada"):
        assert app.preprocess_request() is None
        assert app.dispatch_request() == ("user Ada", 201)
        assert app.full_dispatch_request().status_code == 201
    with app.test_request_context("/user/Ada?x"):
        assert app.full_dispatch_request().status_code == 403


def test_the_session_of_a_request_context_can_be_changed(app):
    with app.test_request_context():
        session["name"] = "Ada"
        assert session["name"] == "Ada"
        assert request_ctx.session["name"] == "Ada"


def test_a_context_can_be_made_of_an_environ(app):
    with app.test_request_context("/path") as made:
        environ = made.request.environ

    with app.request_context(environ):
        assert request.path == "/path"


def test_the_representation_of_a_request_context_shows_url_method_and_app(app):
    context = app.test_request_context("/path")

    assert repr(context) == ("<RequestContext 'http://localhost/path' [GET] of app under test>")


def test_a_view_has_the_same_context_throughout(app, client):
    seen = []

    def look():
        seen.append((request_ctx._get_current_object(), app_ctx._get_current_object()))

    app.before_request(look)
    app.teardown_request(lambda error: look())
    app.teardown_appcontext(lambda error: seen.append((seen[0][0], app_ctx._get_current_object())))
    app.add_url_rule("/", view_func=lambda: look() or "")

    client.get("/")

    assert len(seen) == 4
    assert len({id(one) for one, _ in seen}) == 1
    assert len({id(one) for _, one in seen}) == 1


def test_two_requests_never_share_a_context(app, client):
    contexts = []

    @app.get("/")
    def index():
        contexts.append((request_ctx._get_current_object(), app_ctx._get_current_object()))
        return ""

    client.get("/")
    client.get("/")

    (first_request, first_app), (second_request, second_app) = contexts
    assert first_request is not second_request
    assert first_app is not second_app


def test_contexts_can_be_referred_to_weakly_and_carry_attributes(app):
    with app.test_request_context() as context:
        for proxy in (request_ctx, app_ctx, current_app, request):
            held = proxy._get_current_object()
            assert weakref.ref(held)() is held
            proxy.an_extension_s_mark = "marked"
            assert held.an_extension_s_mark == "marked"
        assert context.an_extension_s_mark == "marked"


def test_a_context_is_freed_after_its_request(app, client):
    held = []

    @app.get("/")
    def index():
        held.append(weakref.ref(request_ctx._get_current_object()))
        held.append(weakref.ref(request._get_current_object()))
        return ""

    gc.disable()
    try:
        # The raw call: the test client keeps the request for its response.
        with app.test_request_context("/") as made:
            environ = {
                key: value
                for key, value in made.request.environ.items()
                if not key.startswith("werkzeug.request")
            }
        del made
        list(app(environ, lambda status, headers, exc_info=None: None))
        assert [one() for one in held] == [None, None]
    finally:
        gc.enable()


def test_an_unreferenced_app_is_freed():
    app = Flask("short-lived")
    held = weakref.ref(app)
    with app.app_context():
        pass

    del app
    gc.collect()

    assert held() is None


# Outside


@pytest.mark.parametrize(
    "use",
    [
        lambda: current_app.name,
        lambda: g.name,
        lambda: app_ctx.app,
        lambda: url_for("index"),
    ],
)
def test_outside_of_an_app_context_the_error_has_the_fix(use):
    with pytest.raises(RuntimeError, match=r"(?s)outside of application context.*app_context\(\)"):
        use()


@pytest.mark.parametrize(
    "use",
    [
        lambda: request.path,
        lambda: session["name"],
        lambda: request_ctx.app,
        lambda: session.get("name"),
    ],
)
def test_outside_of_a_request_the_error_has_the_fix(app, use):
    with app.app_context(), pytest.raises(RuntimeError, match="outside of request context"):
        use()


@pytest.mark.parametrize("function", [after_this_request, copy_current_request_context])
def test_functions_about_the_current_request_need_one(app, function):
    with app.app_context(), pytest.raises(RuntimeError, match=function.__name__):
        function(lambda *args: None)


def test_proxies_are_false_outside_of_their_context():
    assert not current_app
    assert not request
    assert not has_app_context()
    assert not has_request_context()


# Threads


def test_a_thread_has_no_context_of_its_own(app):
    with app.test_request_context():
        assert in_thread(has_request_context) is False
        assert in_thread(has_app_context) is False


def test_a_copied_context_has_the_request_and_session_in_a_thread(app, client):
    @app.get("/")
    def index():
        session["name"] = "Ada"
        g.mark = "of the view"

        @copy_current_request_context
        def work(word):
            assert current_app._get_current_object() is app
            return f"{word} {request.args['q']} {session['name']} {'mark' in g}"

        return in_thread(lambda: work("read"))

    assert client.get("/?q=1").text == "read 1 Ada False"


def test_a_copied_context_outlives_the_request(app, client):
    kept = []

    @app.get("/path")
    def index():
        kept.append(copy_current_request_context(lambda: request.path))
        return ""

    client.get("/path")

    assert in_thread(kept[0]) == "/path"
    assert in_thread(kept[0]) == "/path"
    assert not has_request_context()


def test_a_copied_context_may_be_used_in_several_threads_at_once(app):
    ready = threading.Barrier(3)
    paths = []

    with app.test_request_context("/path"):

        @copy_current_request_context
        def work():
            ready.wait(10)
            paths.append(request.path)
            ready.wait(10)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert paths == ["/path"] * 3


def test_a_copied_context_keeps_the_name_of_the_function(app):
    with app.test_request_context():

        @copy_current_request_context
        def work():
            """Work."""

    assert (work.__name__, work.__doc__) == ("work", "Work.")


def test_a_context_can_be_copied_and_pushed_elsewhere(app):
    with app.test_request_context("/path") as context:
        copy = context.copy()

    assert copy is not context
    assert copy.request is context.request
    with copy:
        assert request.path == "/path"


def test_threads_that_enter_the_app_have_a_g_of_their_own(app):
    def work():
        with app.app_context():
            g.name = threading.current_thread().name
            return g.name, current_app.name

    with app.app_context():
        g.name = "main"
        assert in_thread(work)[1] == "app under test"
        assert g.name == "main"


def test_an_async_view_has_the_context(app, client):
    @app.get("/<word>")
    async def index(word):
        g.word = word
        session["seen"] = True
        return f"{request.path} {g.word} {current_app.name}"

    assert client.get("/one").text == "/one one app under test"


# Uploads and copied contexts

LARGE = b"x" * (600 * 1024)  # stored in a file on disk


def upload_of(content):
    """The arguments of a request with a file in the field ``doc``."""
    head = b'--b\r\nContent-Disposition: form-data; name="doc"; filename="doc.txt"\r\n\r\n'
    return {
        "method": "POST",
        "data": head + content + b"\r\n--b--\r\n",
        "content_type": "multipart/form-data; boundary=b",
    }


@pytest.fixture
def upload(client):
    """Send an upload to the application, and return the text of the response."""

    def upload(content=LARGE):
        return client.open("/", **upload_of(content)).text

    return upload


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["in memory", "on disk"])
def test_a_copy_that_ends_leaves_the_uploads_open_for_the_view(app, upload, content):
    @app.post("/")
    def index():
        file = request.files["doc"]
        read_by_copy = in_thread(copy_current_request_context(lambda: len(file.read(2))))
        return f"{read_by_copy} {len(file.read())}"

    assert upload(content) == f"2 {len(content) - 2}"


def test_a_copy_that_raises_leaves_the_uploads_open_for_the_view(app, upload):
    @app.post("/")
    def index():
        file = request.files["doc"]

        @copy_current_request_context
        def work():
            raise LookupError(request.path)

        with pytest.raises(LookupError):
            in_thread(work)
        return str(len(file.read()))

    assert upload() == str(len(LARGE))


def test_the_end_of_the_view_leaves_the_uploads_open_for_a_copy_that_runs(app, upload):
    begun, view_ended = threading.Event(), threading.Event()
    lengths = []

    @app.post("/")
    def index():
        _ = request.files

        @copy_current_request_context
        def work():
            begun.set()
            view_ended.wait(10)
            lengths.append(len(request.files["doc"].read()))

        threads.append(threading.Thread(target=work))
        threads[0].start()
        begun.wait(10)
        return ""

    threads = []
    upload()
    view_ended.set()
    threads[0].join()

    assert lengths == [len(LARGE)]


def test_the_end_of_the_view_leaves_the_uploads_open_for_copies_that_start_later(app, upload):
    kept = []

    @app.post("/")
    def index():
        _ = request.files
        kept.append(copy_current_request_context(read_uploads))
        kept.append(copy_current_request_context(read_uploads))
        return ""

    def read_uploads():
        file = request.files["doc"]
        file.seek(0)
        return len(file.read())

    upload()

    for work in (kept[0], kept[0], kept[1]):
        assert in_thread(work) == len(LARGE)


def test_the_end_of_a_failed_view_leaves_the_uploads_open_for_a_copy(app, upload):
    kept = []

    @app.post("/")
    def index():
        _ = request.files
        kept.append(copy_current_request_context(lambda: len(request.files["doc"].read())))
        abort(409)

    assert "409" in upload()
    assert in_thread(kept[0]) == len(LARGE)


@pytest.mark.parametrize("calls", [0, 1, 3])
def test_the_uploads_are_closed_after_the_view_and_the_last_copy(app, upload, calls):
    kept = []
    files = []

    @app.post("/")
    def index():
        files.append(request.files["doc"].stream)
        kept.extend(copy_current_request_context(lambda: request.path) for _ in range(3))
        return ""

    upload()
    for number in range(calls):
        in_thread(kept[number])
    assert not files[0].closed
    kept.clear()

    assert files[0].closed


def test_the_uploads_are_closed_with_the_view_if_its_copies_are_gone(app, upload):
    files = []

    @app.post("/")
    def index():
        files.append(request.files["doc"].stream)
        in_thread(copy_current_request_context(lambda: request.path))
        assert not files[0].closed
        return ""

    upload()

    assert files[0].closed


def test_the_uploads_are_closed_once_several_threads_have_ended(app, upload):
    gate = threading.Barrier(8)
    lengths, files, threads = [], [], []

    @app.post("/")
    def index():
        files.append(request.files["doc"].stream)

        @copy_current_request_context
        def work():
            gate.wait(10)
            lengths.append(request.content_length > len(LARGE) and not files[0].closed)

        threads.extend(threading.Thread(target=work) for _ in range(8))
        for thread in threads:
            thread.start()
        return ""

    upload()
    for thread in threads:
        thread.join()

    assert lengths == [True] * 8
    assert files[0].closed


def test_a_context_copied_by_hand_leaves_the_uploads_open_until_its_end(app):
    with app.test_request_context("/", **upload_of(LARGE)) as context:
        file = request.files["doc"].stream
        copy = context.copy()
    assert not file.closed

    with copy:
        assert not file.closed

    assert file.closed


def test_a_context_that_is_still_pushed_further_out_keeps_the_uploads_open(app):
    with app.test_request_context("/", **upload_of(LARGE)) as context:
        file = request.files["doc"].stream
        copy_current_request_context(lambda: None)()
        with context:
            pass
        assert not file.closed

    assert file.closed


# Sessions and contexts


def test_the_session_is_opened_before_the_request_is_matched():
    """A custom session interface is called first, so a converter can use the session."""
    steps = []

    class Interface(retort.sessions.SecureCookieSessionInterface):
        def open_session(self, app, request):
            steps.append(("open", request.url_rule))
            return super().open_session(app, request)

    app = Flask("own")
    app.session_interface = Interface()
    app.secret_key = "key"
    app.add_url_rule("/", "index", lambda: "")

    with app.test_request_context("/"):
        assert request.endpoint == "index"

    assert steps == [("open", None)]


def test_the_response_can_be_finalized_in_a_made_up_request(app):
    with app.test_request_context():
        response = app.finalize_request("text")
        assert isinstance(response, Response)
        assert app.process_response(Response("x")).data == b"x"


def test_a_context_is_matched_by_the_rules_that_are_there_when_it_is_pushed(app):
    context = app.test_request_context("/later")
    app.add_url_rule("/later", "later", lambda: "")

    with context:
        assert retort.request.endpoint == "later"


def test_a_context_that_is_pushed_again_has_the_hooks_of_that_time(app):
    context = app.test_request_context("/")
    ended = []
    with context:
        pass
    app.teardown_request(lambda error: ended.append(error))

    with context:
        pass

    assert ended == [None]
