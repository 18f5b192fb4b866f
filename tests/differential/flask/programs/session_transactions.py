"""`session_transaction` of the test client, and what makes it refuse."""

from flask import Flask, has_request_context, request, session
from flask.sessions import SessionInterface
from steps import get, note


def create_app():
    app = Flask(__name__)
    app.secret_key = "key"
    app.before_request(lambda: note("before"))
    app.teardown_request(lambda error: note("teardown"))

    @app.route("/")
    def index():
        return dict(session)

    return app


def written_and_read(app, client):
    with client.session_transaction() as transaction:
        transaction["user"] = "ada"
        transaction["list"] = [1, (2,)]
        note("inside", has_request_context())
    answer = client.get("/").json
    with client.session_transaction() as transaction:
        seen = dict(transaction)
        del transaction["list"]
    return answer, seen, client.get("/").json


def cleared(app, client):
    with client.session_transaction() as transaction:
        transaction.clear()
    return client.get("/").json, client.get_cookie("session") is None


def untouched(app, client):
    with app.test_client().session_transaction() as transaction:
        return transaction.modified, dict(transaction)


def permanent(app, client):
    other = app.test_client()
    with other.session_transaction() as transaction:
        transaction.permanent = True
    return other.get_cookie("session").expires is not None, other.get("/").json


def for_a_path(app, client):
    other = app.test_client()
    with other.session_transaction(
        "/path", method="POST", base_url="http://example.org"
    ) as transaction:
        note(has_request_context())
        transaction["a"] = 1
    return other.get("/").json, other.get("/", base_url="http://example.org").json


def inside_a_request_context(app, client):
    with app.test_request_context("/own"):
        with client.session_transaction() as transaction:
            transaction["a"] = 1
            note(request.path)
        return request.path


def that_raises(app, client):
    other = app.test_client()
    try:
        with other.session_transaction() as transaction:
            transaction["a"] = 1
            raise LookupError
    except LookupError:
        return other.get("/").json


def without_cookies(app, client):
    with app.test_client(use_cookies=False).session_transaction():
        pass


def without_a_session(app, client):
    class Nothing(SessionInterface):
        def open_session(self, app, request):
            return None

    other = Flask("x")
    other.session_interface = Nothing()
    with other.test_client().session_transaction():
        pass


def kept_with_the_client(app, client):
    with app.test_client() as other:
        other.get("/")
        with other.session_transaction() as transaction:
            transaction["a"] = 1
        other.get("/")
        return session["a"]


def with_a_domain(app, client):
    other = create_app()
    other.config.update(SERVER_NAME="example.org", SESSION_COOKIE_DOMAIN="example.org")
    client = other.test_client()
    with client.session_transaction() as transaction:
        transaction["a"] = 1
    return client.get("/").json


STEPS = [
    get("/"),
    written_and_read,
    cleared,
    untouched,
    permanent,
    for_a_path,
    inside_a_request_context,
    that_raises,
    without_cookies,
    without_a_session,
    kept_with_the_client,
    with_a_domain,
]
