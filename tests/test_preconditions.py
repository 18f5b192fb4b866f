"""The decorator `condition`. The numbers R31 to R38 are of the list of requirements."""

from datetime import datetime, timezone

import pytest

from retort import abort, condition, g, make_response
from retort.errors import SetupError
from retort.views import MethodView

MODIFIED = datetime(2026, 5, 4, 12, 0, 0, tzinfo=timezone.utc)
BEFORE, SAME = "Mon, 04 May 2026 11:59:59 GMT", "Mon, 04 May 2026 12:00:00 GMT"
EVERY_METHOD = ["GET", "PUT", "PATCH", "DELETE", "POST", "QUERY"]


class Notes:
    """Notes with versions, and which views ran."""

    def __init__(self):
        self.texts = {1: "first"}
        self.versions = {1: "v1"}
        self.ran = []

    def version(self, id):
        return self.versions.get(id)


@pytest.fixture
def notes(app):
    notes = Notes()

    @app.route("/notes/<int:id>", methods=EVERY_METHOD)
    @condition(etag=notes.version)
    def note(id):
        notes.ran.append(id)
        return notes.texts[id] if id in notes.texts else abort(404)

    return notes


def ask(client, method="GET", path="/notes/1", **fields):
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    if method == "QUERY":
        headers["Content-Type"] = "text/plain"  # its Content-Type is required
    return client.open(path, method=method, headers=headers)


# Reading


def test_the_response_has_the_validators(client, notes):
    response = ask(client)

    assert (response.status_code, response.text) == (200, "first")
    assert response.headers["ETag"] == '"v1"'


@pytest.mark.parametrize("method", ["GET", "HEAD", "QUERY"])
@pytest.mark.parametrize("known", ['"v1"', 'W/"v1"', "*", '"v0", "v1"'])
def test_a_version_that_the_client_has_is_not_made_again(client, notes, method, known):
    """R34; R25 for QUERY."""
    response = ask(client, method, If_None_Match=known)

    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["ETag"] == '"v1"'
    assert "Date" in response.headers  # R35
    assert "Content-Length" not in response.headers
    assert notes.ran == []


def test_another_version_is_made(client, notes):
    assert ask(client, If_None_Match='"v0"').text == "first"
    assert notes.ran == [1]


def test_what_is_not_there_is_not_found_whatever_is_expected(client, notes):
    """R36."""
    for fields in ({"If_Match": '"v1"'}, {"If_Match": "*"}, {"If_None_Match": "*"}):
        assert ask(client, path="/notes/2", **fields).status_code == 404


def test_an_error_of_the_view_does_not_pass_for_a_version(app, client):
    @app.get("/")
    @condition(etag="v1", headers={"Cache-Control": "max-age=60"})
    def view():
        return "forbidden", 403

    response = client.get("/")

    assert response.status_code == 403
    assert "ETag" not in response.headers
    assert "Cache-Control" not in response.headers


def test_a_304_repeats_the_fields_for_caches(app, client):
    """R35."""
    said = {"Cache-Control": "private, max-age=60", "Vary": "Cookie", "Content-Location": "/n/1"}

    @app.get("/")
    @condition(etag="v1", headers={**said, "Expires": SAME})
    def view():
        return "hello", {"Vary": "Accept"}

    first = client.get("/")
    again = client.get("/", headers={"If-None-Match": '"v1"'})

    assert again.status_code == 304
    for name, value in {**said, "Expires": SAME}.items():
        assert again.headers[name] == value
    assert first.headers["Cache-Control"] == said["Cache-Control"]
    assert first.headers["Vary"] == "Accept"  # the view sets its own


def test_a_view_may_set_its_own_validators(app, client):
    @app.get("/")
    @condition(etag="v1", last_modified=MODIFIED)
    def view():
        return "hello", {"ETag": '"mine"', "Last-Modified": BEFORE}

    response = client.get("/")

    assert response.headers["ETag"] == '"mine"'
    assert response.headers.getlist("Last-Modified") == [BEFORE]


# Changing


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
@pytest.mark.parametrize(
    "fields",
    [
        {"If_Match": '"v0"'},
        {"If_Match": 'W/"v1"'},  # R37
        {"If_None_Match": '"v1"'},  # R34
        {"If_None_Match": "*"},
        {"If_Match": '"v1"', "If_None_Match": "*"},
    ],
)
def test_a_change_of_something_unexpected_is_refused_before_it_is_made(
    client, notes, method, fields
):
    """R32 and R34."""
    response = ask(client, method, **fields)

    assert response.status_code == 412
    assert "first" not in response.text
    assert notes.ran == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
@pytest.mark.parametrize("fields", [{}, {"If_Match": '"v1"'}, {"If_Match": "*"}])
def test_a_change_of_what_is_expected_is_made(client, notes, method, fields):
    response = ask(client, method, **fields)

    assert response.status_code == 200
    assert notes.ran == [1]
    assert "ETag" not in response.headers  # it would be of the version before


def test_a_new_one_does_not_replace_another(app, client, notes):
    """R34."""

    @app.put("/new/<int:id>")
    @condition(etag=notes.version)
    def create(id):
        notes.versions[id] = "v1"
        return "made", 201

    assert ask(client, "PUT", "/new/7", If_None_Match="*").status_code == 201
    assert ask(client, "PUT", "/new/7", If_None_Match="*").status_code == 412
    assert ask(client, "PUT", "/new/8", If_Match="*").status_code == 412


def test_a_tag_is_compared_as_it_is_at_that_moment(client, notes):
    notes.versions[1] = "v2"

    assert ask(client, "PUT", If_Match='"v1"').status_code == 412
    assert ask(client, "PUT", If_Match='"v2"').status_code == 200


def test_a_refusal_can_have_a_page_of_the_programs_own(app, client, notes):
    app.register_error_handler(412, lambda error: ({"error": "changed"}, 412))

    assert ask(client, "PUT", If_Match='"v0"').json == {"error": "changed"}


def test_options_has_no_preconditions(app, client):
    @app.route("/", methods=["OPTIONS"])
    @condition(etag="v1", required=True)
    def view():
        return "options"

    assert ask(client, "OPTIONS", "/", If_Match='"v0"', If_None_Match="*").text == "options"


# By date


@pytest.fixture
def dated(app):
    @app.route("/", methods=EVERY_METHOD)
    @condition(last_modified=lambda: MODIFIED)
    def dated():
        return "dated"


@pytest.mark.usefixtures("dated")
def test_a_version_can_be_identified_by_its_date(client):
    """R33."""
    assert client.get("/").headers["Last-Modified"] == SAME
    assert ask(client, path="/", If_Modified_Since=SAME).status_code == 304
    assert ask(client, path="/", If_Modified_Since=BEFORE).status_code == 200
    assert ask(client, "PUT", "/", If_Unmodified_Since=BEFORE).status_code == 412
    assert ask(client, "PUT", "/", If_Unmodified_Since=SAME).status_code == 200
    assert ask(client, "PUT", "/", If_Modified_Since=SAME).status_code == 200


@pytest.mark.parametrize("given", [MODIFIED, MODIFIED.timestamp(), MODIFIED.replace(tzinfo=None)])
def test_the_date_may_be_fixed(app, client, given):
    app.add_url_rule("/", view_func=condition(last_modified=given)(lambda: "dated"))

    assert client.get("/").headers["Last-Modified"] == SAME


def test_the_epoch_is_a_date_too(app, client):
    app.add_url_rule("/", view_func=condition(last_modified=0)(lambda: "old"))

    assert client.get("/").headers["Last-Modified"] == "Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"If_Match": '"v1"', "If_Unmodified_Since": BEFORE}, 200),
        ({"If_None_Match": '"v0"', "If_Modified_Since": SAME}, 200),
        ({"If_None_Match": '"v1"', "If_Modified_Since": BEFORE}, 304),
        ({"If_Match": '"v0"', "If_None_Match": '"v1"'}, 412),
    ],
)
def test_preconditions_are_taken_in_the_order_of_the_standard(app, client, fields, status):
    """R31."""
    view = condition(etag="v1", last_modified=MODIFIED)(lambda: "both")
    app.add_url_rule("/", view_func=view)

    assert ask(client, path="/", **fields).status_code == status


# required=True


@pytest.fixture
def guarded(app):
    @app.route("/", methods=EVERY_METHOD)
    @condition(etag="v1", last_modified=MODIFIED, required=True)
    def guarded():
        return "done"


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 428),
        ({"If_None_Match": '"v0"'}, 428),
        ({"If_Modified_Since": SAME}, 428),
        ({"If_Unmodified_Since": "yesterday"}, 428),  # ignored, so it guards nothing
        ({"If_Match": '"v1"'}, 200),
        ({"If_Unmodified_Since": SAME}, 200),
        ({"If_Match": '"v0"'}, 412),
        ({"If_Unmodified_Since": BEFORE}, 412),
        ({"If_None_Match": "*"}, 412),
    ],
)
def test_a_change_can_be_made_to_need_a_precondition(client, method, fields, status):
    """R38."""
    assert ask(client, method, "/", **fields).status_code == status


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize("method", ["GET", "HEAD", "QUERY"])
def test_reading_never_needs_one(client, method):
    """R38."""
    assert ask(client, method, "/").status_code == 200


def test_a_428_names_the_field_to_send(app, client):
    """R38."""
    for path, known in (("/tag", {"etag": "v1"}), ("/date", {"last_modified": MODIFIED})):
        view = condition(**known, required=True)(lambda: "done")
        app.add_url_rule(path, path, view, methods=["PUT"])

    assert "Send If-Match with its ETag" in client.put("/tag").text
    assert "Send If-Unmodified-Since with its Last-Modified" in client.put("/date").text


def test_making_something_new_needs_one_too(app, client):
    """R38: else two clients could make the same thing, and one of them lose it."""
    view = condition(etag=lambda: None, required=True)(lambda: "made")
    app.add_url_rule("/", view_func=view, methods=["PUT"])

    assert ask(client, "PUT", "/").status_code == 428
    assert ask(client, "PUT", "/", If_None_Match="*").status_code == 200
    assert ask(client, "PUT", "/", If_Match='"v1"').status_code == 412


# The views it can be put on


@pytest.mark.parametrize("is_async", [False, True])
def test_a_view_may_be_async(app, client, is_async):
    async def version_later(id):
        return f"v{id}"

    @app.route("/<int:id>", methods=EVERY_METHOD)
    @condition(etag=version_later if is_async else lambda id: f"v{id}", required=True)
    async def view(id):
        return f"number {id}"

    assert ask(client, path="/3").text == "number 3"
    assert ask(client, path="/3").headers["ETag"] == '"v3"'
    assert ask(client, path="/3", If_None_Match='"v3"').status_code == 304
    assert ask(client, "PUT", "/3", If_Match='"v2"').status_code == 412
    assert ask(client, "PUT", "/3").status_code == 428


def test_a_sync_view_may_have_async_functions(app, client):
    async def modified():
        return MODIFIED

    app.add_url_rule("/", view_func=condition(last_modified=modified)(lambda: "hello"))

    assert ask(client, path="/", If_Modified_Since=SAME).status_code == 304


def test_methods_of_a_class_can_have_it(app, client):
    class Note(MethodView):
        @condition(etag=lambda id: f"v{id}")
        def get(self, id):
            return f"note {id}"

        @condition(etag=lambda id: f"v{id}", required=True)
        async def put(self, id):
            return "changed"

        def delete(self, id):
            return "deleted"

    app.add_url_rule("/<int:id>", view_func=Note.as_view("note"))

    assert ask(client, path="/3", If_None_Match='"v3"').status_code == 304
    assert ask(client, "HEAD", "/3", If_None_Match='"v3"').status_code == 304
    assert ask(client, "PUT", "/3").status_code == 428
    assert ask(client, "PUT", "/3", If_Match='"v3"').text == "changed"
    assert ask(client, "DELETE", "/3", If_Match='"v0"').text == "deleted"


def test_a_whole_class_can_have_it(app, client):
    class Note(MethodView):
        decorators = [condition(etag=lambda id: f"v{id}")]

        def get(self, id):
            return f"note {id}"

        def put(self, id):
            return "changed"

    app.add_url_rule("/<int:id>", view_func=Note.as_view("note"))

    assert ask(client, path="/3", If_None_Match='"v3"').status_code == 304
    assert ask(client, "PUT", "/3", If_Match='"v0"').status_code == 412
    assert set(ask(client, "OPTIONS", "/3").allow) >= {"GET", "HEAD", "PUT", "OPTIONS"}


def test_the_view_keeps_its_name_and_may_be_of_any_kind(app, client):
    @app.get("/made")
    @condition(etag="v1")
    def made():
        """What it makes."""
        return make_response("made", 203)

    @app.get("/stream")
    @condition(etag="v2")
    def stream():
        yield "a"
        yield "b"

    assert (made.__name__, made.__doc__) == ("made", "What it makes.")
    assert client.get("/made").status_code == 203
    assert client.get("/stream").text == "ab"
    assert client.get("/stream").headers["ETag"] == '"v2"'


def test_permission_checks_run_before_preconditions(app, client):
    """Decorators above it, and hooks, run before it."""

    def members_only(view):
        return lambda: abort(401)

    @app.get("/")
    @members_only
    @condition(etag="v1")
    def view():
        return "hello"

    assert ask(client, path="/", If_None_Match='"v1"').status_code == 401


def test_the_functions_may_abort_and_leave_something_for_the_view(app, client):
    def find(id):
        g.note = {1: "first"}.get(id) or abort(404)
        return g.note

    @app.route("/<int:id>", methods=["GET", "DELETE"])
    @condition(etag=find)
    def view(id):
        return g.note.upper()

    assert client.get("/1").text == "FIRST"
    assert ask(client, "DELETE", "/2", If_Match='"x"').status_code == 404


def test_after_hooks_and_sessions_receive_the_304(app, client):
    @app.after_request
    def mark(response):
        response.headers["X-Seen"] = str(response.status_code)
        return response

    app.add_url_rule("/", view_func=condition(etag="v1")(lambda: "hello"))

    assert ask(client, path="/", If_None_Match="*").headers["X-Seen"] == "304"


def test_it_agrees_with_automatic_tags(app, client, notes):
    app.config["AUTOMATIC_ETAGS"] = True

    assert ask(client).headers["ETag"] == '"v1"'
    assert ask(client, If_Match='"v1"').status_code == 200
    assert ask(client, If_None_Match='"v1"').status_code == 304


# Mistakes


def test_without_a_validator_there_is_nothing_to_compare():
    with pytest.raises(SetupError, match=r"@condition\(etag="):
        condition(required=True)


def test_the_brackets_cannot_be_forgotten():
    with pytest.raises(TypeError):

        @condition
        def view():
            return "hello"


def test_an_invalid_tag_is_reported_when_the_program_starts():
    with pytest.raises(ValueError, match="'v 1' cannot be an entity tag"):
        condition(etag="v 1")


def test_an_invalid_tag_of_a_function_is_reported_in_the_request(app, client):
    app.add_url_rule("/", view_func=condition(etag=lambda: "a title")(lambda: "hello"))

    with pytest.raises(ValueError, match="'a title' cannot be an entity tag"):
        client.get("/")


@pytest.mark.parametrize("given", [7, 7.5, b"v1"])
def test_a_tag_is_a_string(given):
    with pytest.raises(TypeError, match=f"is a string, not {given!r}"):
        condition(etag=given)
