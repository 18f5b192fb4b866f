"""`send_file`: names, types, conditional requests, ranges, ages, file objects, bad input."""

import os
from datetime import datetime, timedelta, timezone
from io import BytesIO, StringIO
from pathlib import Path

from flask import Flask, send_file
from steps import get, head

HERE = Path(__file__).parent
TEXT = HERE / "static" / "app.txt"
TIME = datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


class Pathlike:
    def __fspath__(self):
        return str(TEXT)


WAYS = {
    "path": lambda: send_file(str(TEXT)),
    "pathlib": lambda: send_file(TEXT),
    "pathlike": lambda: send_file(Pathlike()),
    "relative": lambda: send_file("static/app.txt"),
    "attachment": lambda: send_file(TEXT, as_attachment=True),
    "named": lambda: send_file(TEXT, as_attachment=True, download_name="bücher & <x>.txt"),
    "quoted": lambda: send_file(TEXT, as_attachment=True, download_name='a "b" ;.txt'),
    "inline-named": lambda: send_file(TEXT, download_name="other.pdf"),
    "type": lambda: send_file(TEXT, mimetype="text/x-own"),
    "no-etag": lambda: send_file(TEXT, etag=False),
    "etag": lambda: send_file(TEXT, etag="own"),
    "modified": lambda: send_file(TEXT, last_modified=TIME, etag="x"),
    "modified-number": lambda: send_file(TEXT, last_modified=TIME.timestamp(), etag="x"),
    "age": lambda: send_file(TEXT, max_age=60, etag="x"),
    "age-zero": lambda: send_file(TEXT, max_age=0, etag="x"),
    "age-function": lambda: send_file(TEXT, max_age=lambda path: len(path or "") // 1000, etag="x"),
    "unconditional": lambda: send_file(TEXT, conditional=False, etag="x"),
    "bytes": lambda: send_file(BytesIO(b"0123456789"), mimetype="text/plain"),
    "bytes-named": lambda: send_file(BytesIO(b"0123456789"), download_name="a.json"),
    "bytes-unnamed": lambda: send_file(BytesIO(b"x")),
    "bytes-attached": lambda: send_file(BytesIO(b"x"), "text/plain", as_attachment=True),
    "bytes-etag": lambda: send_file(
        BytesIO(b"0123456789"), "text/plain", etag="e", last_modified=TIME
    ),
    "bytes-middle": lambda: send_file(middle(), "text/plain"),
    "text": lambda: send_file(StringIO("x"), "text/plain"),
    "opened": lambda: send_file(TEXT.open("rb"), download_name="x.txt"),
    "opened-text": lambda: send_file(TEXT.open(), download_name="x.txt"),
    "missing": lambda: send_file("nothing.txt"),
    "folder": lambda: send_file(HERE),
    "unknown-type": lambda: send_file(TEXT, download_name="x.unheard-of"),
    "packed": lambda: send_file(TEXT, download_name="x.tar.gz"),
    "wrong-name": lambda: send_file(TEXT, attachment_filename="x"),
}


def middle():
    file = BytesIO(b"0123456789")
    file.seek(4)
    return file


def create_app(**config):
    app = Flask(__name__)
    app.config.update(config)
    app.add_url_rule("/<way>", "way", lambda way: WAYS[way]())
    return app


def by_config(app, client):
    seen = []
    for config in ({"SEND_FILE_MAX_AGE_DEFAULT": 3600}, {"USE_X_SENDFILE": True}):
        answer = create_app(**config).test_client().get("/path")
        headers = {name: answer.headers.get(name) for name in ("Cache-Control", "Content-Length")}
        sent_by_server = answer.headers.get("X-Sendfile", "").replace(str(HERE), "HERE")
        seen.append([headers, sent_by_server, answer.data])
        answer.close()
    return seen


def age_by_method(app, client):
    class Own(Flask):
        def get_send_file_max_age(self, filename):
            return len(os.path.basename(filename or ""))

    other = Own(__name__)
    other.add_url_rule("/<way>", "way", lambda way: WAYS[way]())
    seen = [other.test_client().get(path) for path in ("/path", "/bytes", "/age")]
    return [answer.headers["Cache-Control"] for answer in seen]


def ages(app, client):
    seen = []
    with app.app_context():
        for value in (None, 5, 0, timedelta(minutes=1)):
            app.config["SEND_FILE_MAX_AGE_DEFAULT"] = value
            seen.append(app.get_send_file_max_age("x"))
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = None
    return seen


def outside_of_a_request(app, client):
    with app.app_context():
        send_file(TEXT)


RANGES = {
    "first": "bytes=0-3",
    "last": "bytes=-3",
    "from": "bytes=4-",
    "beyond": "bytes=4-100",
    "outside": "bytes=100-",
    "two": "bytes=0-0,2-3",
    "backwards": "bytes=3-1",
    "unit": "items=0-1",
    "empty": "bytes=",
    "rubbish": "rubbish",
}
CONDITIONS = {
    "none-match": {"If-None-Match": '"e"'},
    "none-match-weak": {"If-None-Match": 'W/"e", "f"'},
    "none-match-any": {"If-None-Match": "*"},
    "none-match-other": {"If-None-Match": '"other"'},
    "since": {"If-Modified-Since": "Thu, 02 Jan 2020 03:04:05 GMT"},
    "since-before": {"If-Modified-Since": "Thu, 02 Jan 2019 03:04:05 GMT"},
    "since-rubbish": {"If-Modified-Since": "rubbish"},
    "match": {"If-Match": '"e"'},
    "match-other": {"If-Match": '"other"'},
    "unmodified": {"If-Unmodified-Since": "Thu, 02 Jan 2019 03:04:05 GMT"},
    "range": {"Range": "bytes=0-1", "If-Range": '"e"'},
    "range-other": {"Range": "bytes=0-1", "If-Range": '"other"'},
    "range-none-match": {"Range": "bytes=0-1", "If-None-Match": '"e"'},
}

STEPS = [
    *(get(f"/{way}") for way in WAYS),
    *(head(f"/{way}") for way in ("path", "bytes", "attachment")),
    *(get(f"/bytes-etag?{name}", headers={"Range": it}) for name, it in RANGES.items()),
    *(get(f"/path?{name}", headers={"Range": it}) for name, it in RANGES.items()),
    *(get(f"/bytes-etag?{name}", headers=them) for name, them in CONDITIONS.items()),
    *(head(f"/bytes-etag?{name}", headers=them) for name, them in CONDITIONS.items()),
    by_config,
    age_by_method,
    ages,
    outside_of_a_request,
]
