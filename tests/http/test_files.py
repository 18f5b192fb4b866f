"""Files by their path: the fields are Werkzeug's, and the content is as it is now."""

import mimetypes
import os
from functools import partial

import pytest
import werkzeug.utils
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.utils import get_content_type
from werkzeug.wsgi import FileWrapper

import retort
from retort.http import files
from retort.http.files import send_path

WHOLE = b"<p>a page</p>\n" * 100


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "page.html").write_bytes(WHOLE)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "größe.txt").write_bytes(b"deep")
    (tmp_path / "empty").write_bytes(b"")
    return tmp_path


@pytest.fixture
def app(folder):
    app = retort.Flask("files", static_folder=str(folder), static_url_path="/static")
    app.testing = True
    return app


@pytest.fixture
def ask(client):
    """Send a request; the file behind the answer is closed."""
    return partial(client.open, buffered=True)


def sent(response):
    fields = [(name, value) for name, value in response.headers if name not in ("Date", "Expires")]
    return response.status, fields, response.data, list(response.headers.keys())


NAMES = [
    "page.html",
    "deep/größe.txt",
    "empty",
    "missing",
    "deep",
    "../escape",
    "deep/../page.html",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("max_age", [None, 0, 60])
def test_a_file_is_sent_again_as_it_was_sent(app, ask, name, max_age):
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = max_age
    first, *others = [sent(ask(f"/static/{name}")) for _ in range(3)]
    assert others == [first, first]


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """Paths of files: large and small, old and of odd names."""
    folder = tmp_path_factory.mktemp("names")
    sizes = {"a.txt": 3, "b.tar.gz": 0, "größe.html": 10, "c;d e.unknown": 5, "large.bin": 140_000}
    for time, (name, size) in enumerate(sizes.items()):
        (folder / name).write_bytes(b"x" * size)
        os.utime(folder / name, (time * 1e8 + 0.75, time * 1e8 + 0.75))
    return [str(folder / name) for name in sizes]


class OfWerkzeug(werkzeug.wrappers.Response):
    make_conditional = retort.Response.make_conditional  # ours does more, and is tested elsewhere


class Own(retort.Response):
    pass


@given(
    which=st.integers(0, 4),
    options=st.fixed_dictionaries(
        {},
        optional={
            "mimetype": st.sampled_from(["text/plain", "a/b"]),
            "as_attachment": st.booleans(),
            "download_name": st.sampled_from(["x.txt", "ü.tar.gz", 'a"b', "none"]),
            "conditional": st.booleans(),
            "etag": st.sampled_from([True, False, "tag"]),
            "last_modified": st.sampled_from([0, 1e9 + 0.5]),
            "max_age": st.sampled_from([None, 0, 60, lambda path: len(path)]),
            "use_x_sendfile": st.booleans(),
        },
    ),
    method=st.sampled_from(["GET", "HEAD", "POST"]),
    conditions=st.dictionaries(
        st.sampled_from(["HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH", "HTTP_RANGE"]),
        st.sampled_from(["*", '"tag"', "bytes=0-1", "bytes=1-1,0-0"]),
    ),
    response_class=st.sampled_from([retort.Response, Own]),
)
def test_a_file_has_the_fields_and_content_of_werkzeugs(
    names, which, options, method, conditions, response_class
):
    def sent(send, kind):
        environ = {"REQUEST_METHOD": method, **conditions}
        response = send(names[which], environ, response_class=kind, **options)
        told = []
        body = response(environ, lambda *words: told.extend(words))
        content = b"".join(body)
        body.close() if hasattr(body, "close") else response.close()
        fields = {name: value for name, value in told[1] if name not in ("Date", "Expires")}
        boundary = fields.get("Content-Type", "").partition("boundary=")[2]
        if boundary:  # is another one each time
            fields["Content-Type"] = fields["Content-Type"].replace(boundary, "x")
            content = content.replace(boundary.encode(), b"x")
        return told[0], fields, {name for name, _ in told[1]}, content

    assert sent(send_path, response_class) == sent(werkzeug.utils.send_file, OfWerkzeug)


def test_what_has_changed_is_sent_as_it_is_now(ask, folder):
    page = folder / "page.html"
    tags = set()
    for content in (b"one", b"two, longer", b"one"):
        page.write_bytes(content)
        os.utime(page, (len(tags), len(tags)))
        for _ in range(2):
            answer = ask("/static/page.html")
            assert answer.data == content
        tags.add(answer.headers["ETag"])
    assert len(tags) == 3


def test_the_same_time_and_size_with_another_content_is_no_old_response(ask, folder):
    for content in (b"one", b"two"):
        (folder / "page.html").write_bytes(content)
        os.utime(folder / "page.html", (1, 1))
        assert ask("/static/page.html").data == content


def remove(file):
    file.unlink()


def put_a_folder_there(file):
    file.unlink()
    file.mkdir()


def put_a_pipe_there(file):
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize("change", [remove, put_a_folder_there, put_a_pipe_there])
def test_what_is_no_file_any_more_is_not_found(ask, folder, change):
    assert ask("/static/page.html").status_code == 200
    change(folder / "page.html")
    assert ask("/static/page.html").status_code == 404


def test_methods_and_conditions_are_heeded_after_that(ask):
    first = ask("/static/page.html")
    tag = first.headers["ETag"]
    assert ask("/static/page.html", headers={"If-None-Match": tag}).status_code == 304
    assert ask("/static/page.html", headers={"If-Match": '"other"'}).status_code == 412
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert ask("/static/page.html", headers=since).status_code == 304
    part = ask("/static/page.html", headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.data) == (206, WHOLE[1:4])
    head = ask("/static/page.html", method="HEAD")
    assert (head.status_code, head.data, head.content_length) == (200, b"", len(WHOLE))
    assert ask("/static/page.html", method="POST").status_code == 405


def test_a_hook_receives_a_response_like_the_first(app, ask):
    seen = []

    @app.after_request
    def look(response):
        seen.append((response.direct_passthrough, type(response.response), response.is_streamed))
        seen.append((response.status_code, response.mimetype, response.content_length))
        response.headers["X-Seen"] = "yes"
        return response

    answers = [ask("/static/page.html") for _ in range(2)]
    assert {answer.data for answer in answers} == {WHOLE}
    assert {answer.headers["X-Seen"] for answer in answers} == {"yes"}
    assert seen[:2] == seen[2:]
    assert seen[0] == (True, FileWrapper, True)


def test_a_hook_may_take_the_body_and_change_it(app, ask):
    @app.after_request
    def change(response):
        response.direct_passthrough = False
        response.set_data(response.get_data().upper())
        return response

    assert [ask("/static/page.html").data for _ in range(2)] == [WHOLE.upper()] * 2


def test_a_hook_may_set_another_status(app, ask):
    @app.after_request
    def change(response):
        response.status_code = 203
        return response

    answers = [ask("/static/page.html") for _ in range(2)]
    assert [(answer.status_code, answer.data) for answer in answers] == [(203, WHOLE)] * 2


@pytest.fixture
def types():
    """The tables of media types, which are afterwards what they were."""
    mimetypes.guess_type("reads the tables.txt")
    tables = (mimetypes.types_map, mimetypes.encodings_map, mimetypes.suffix_map)
    before = [table.copy() for table in tables]
    yield mimetypes
    for table, content in zip(tables, before, strict=True):
        table.clear()
        table.update(content)


@pytest.mark.usefixtures("types")
@pytest.mark.parametrize(
    "name", ["a.retort", "b.txt", "c.TXT", "d.RETORT", "e.tar.gz", "f:.txt", "g"]
)
def test_a_type_that_is_registered_later_counts(ask, folder, name):
    (folder / name).write_bytes(b"")

    def kind():
        return ask(f"/static/{name}").headers.get_all("Content-Type")

    def guessed():
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return [get_content_type(kind, "utf-8")]

    changes = [
        lambda: mimetypes.add_type("text/x-retort", ".retort"),
        lambda: mimetypes.add_type("text/x-other", ".txt"),
        lambda: mimetypes.add_type("text/x-tar", ".tar"),
        lambda: mimetypes.encodings_map.update({".retort": "gzip"}),
        lambda: mimetypes.suffix_map.update({".txt": ".html.gz"}),
        lambda: mimetypes.types_map.pop(".txt"),
    ]
    for change in changes:
        kind()
        change()
        assert kind() == guessed()


def test_a_file_whose_type_is_registered_later_gets_it(ask, folder, types):
    (folder / "a.retort").write_bytes(b"")
    assert ask("/static/a.retort").mimetype == "application/octet-stream"
    types.add_type("text/x-retort", ".retort")
    assert ask("/static/a.retort").mimetype == "text/x-retort"


def test_a_class_may_define_the_cache_lifetime_of_each_file(folder):
    class Site(retort.Flask):
        seconds = 10

        def get_send_file_max_age(self, filename):
            return self.seconds

    site = Site("files", static_folder=str(folder), static_url_path="/static")
    ask = partial(site.test_client().open, buffered=True)
    for seconds in (10, 20):
        site.seconds = seconds
        for _ in range(2):
            assert ask("/static/page.html").cache_control.max_age == seconds


def test_a_class_of_responses_of_the_program_is_used(app, ask):
    assert ask("/static/page.html").status_code == 200
    made = []

    class Own(retort.Response):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            made.append(self)

    app.response_class = Own
    for _ in range(2):
        assert ask("/static/page.html").data == WHOLE
    assert len(made) == 2


def test_a_view_sends_from_a_folder_of_its_own(app, ask, folder):
    @app.get("/own/<path:name>")
    def own(name):
        return retort.send_from_directory(str(folder), name, max_age=5)

    @app.get("/saved/<path:name>")
    def saved(name):
        return retort.send_from_directory(str(folder), name, as_attachment=True)

    for _ in range(2):
        assert ask("/own/page.html").cache_control.max_age == 5
        kept = ask("/saved/page.html")
        assert kept.headers["Content-Disposition"] == "attachment; filename=page.html"
        assert (kept.data, kept.cache_control.max_age) == (WHOLE, None)


def test_a_large_file_is_sent_piece_by_piece(ask, folder):
    (folder / "large").write_bytes(bytes(200_000))
    for _ in range(2):
        assert ask("/static/large").data == bytes(200_000)


@given(
    base=st.text("ab:.,;/=Z", max_size=6),
    ending=st.sampled_from(["", ".", ".txt", ".TXT", ".gz", ".tgz", ".tar.gz", ".html", ".zz"]),
)
def test_the_type_of_a_name_is_the_one_that_python_guesses(base, ending):
    name = base + ending
    assert files._guess_type(name) == mimetypes.guess_type(name)


def test_a_type_that_the_program_adds_is_used(monkeypatch):
    assert files._guess_type("a.own-type") == (None, None)
    monkeypatch.setitem(mimetypes.types_map, ".own-type", "x/own")

    assert files._guess_type("a.own-type") == ("x/own", None)
