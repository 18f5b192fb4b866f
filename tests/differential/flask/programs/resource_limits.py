"""Limits on bodies and forms: by config, per request, at and over the edge."""

from io import BytesIO

from flask import Flask, Request, request
from steps import get, note, post

LIMITS = ("max_content_length", "max_form_memory_size", "max_form_parts")


def create_app(**config):
    app = Flask(__name__)
    app.config.update(config)

    @app.route("/form", methods=["POST"])
    def form():
        return {
            "form": {name: len(text) for name, text in request.form.items()},
            "files": len(request.files),
        }

    @app.route("/data", methods=["POST"])
    def data():
        return str(len(request.get_data()))

    @app.route("/stream", methods=["POST"])
    def stream():
        return str(len(request.stream.read()))

    @app.route("/json", methods=["POST"])
    def read_json():
        return str(len(request.json))

    @app.route("/ignored", methods=["POST"])
    def ignored():
        return "not read"

    @app.route("/own", methods=["POST"])
    def own():
        for name in LIMITS:
            if name in request.args:
                setattr(request, name, request.args.get(name, type=int))
        note([getattr(request, name) for name in LIMITS])
        return {"form": len(request.form), "files": len(request.files), "data": len(request.data)}

    return app


LONG = {"text": "x" * 200}
SHORT = {"text": "x" * 5}
MANY = {f"n{number}": "x" for number in range(20)}
FILES = {"file": (BytesIO(b"f" * 200), "f.txt")}
MULTIPART = "multipart/form-data"


def bodies():
    return {
        "short": {"data": SHORT},
        "long": {"data": LONG},
        "multipart": {"data": LONG, "content_type": MULTIPART},
        "many": {"data": MANY, "content_type": MULTIPART},
        "many-plain": {"data": MANY},
        "file": {"data": {"file": (BytesIO(b"f" * 200), "f.txt")}},
        "file-and-field": {"data": {"file": (BytesIO(b"f" * 200), "f.txt"), **SHORT}},
        "raw": {"data": b"r" * 200, "content_type": "text/plain"},
        "json": {"json": "j" * 200},
        "at-the-limit": {"data": b"r" * 100, "content_type": "text/plain"},
        "over-by-one": {"data": b"r" * 101, "content_type": "text/plain"},
        "empty": {},
    }


def answers(**config):
    client = create_app(**config).test_client()
    return {
        # Not how long they are: the boundary between the parts is another each time.
        f"{path} {name}": [answer.status_code, answer.text[:40].strip("0123456789")]
        for path in ("/form", "/data", "/stream", "/json", "/ignored")
        for name, body in bodies().items()
        for answer in [client.post(path, **body)]
    }


def no_limits(app, client):
    return answers(MAX_FORM_MEMORY_SIZE=None, MAX_FORM_PARTS=None)


def content_length(app, client):
    return answers(MAX_CONTENT_LENGTH=100)


def form_memory(app, client):
    return answers(MAX_FORM_MEMORY_SIZE=100)


def form_parts(app, client):
    return answers(MAX_FORM_PARTS=3)


def zero(app, client):
    return answers(MAX_CONTENT_LENGTH=0)


def without_a_length(app, client):
    """As a server hands over a body whose end it knows itself."""
    other = create_app(MAX_CONTENT_LENGTH=100)
    other = create_app(MAX_CONTENT_LENGTH=100)
    seen = []
    for size, ended in ((50, True), (150, True), (50, False)):
        environ = {"wsgi.input": BytesIO(b"x" * size), "CONTENT_LENGTH": ""}
        if ended:
            environ["wsgi.input_terminated"] = True
        answer = other.test_client().post("/data", environ_overrides=environ)
        seen.append([answer.status_code, answer.text[:3]])
    return seen


def lying_length(app, client):
    environ = {"wsgi.input": BytesIO(b"x" * 5), "CONTENT_LENGTH": "50"}
    answer = client.post("/data", environ_overrides=environ)
    return answer.status_code, answer.text[:30]


def bad_lengths(app, client):
    seen = []
    for length in ("abc", "-5", "1e3", "", "٣"):
        environ = {"wsgi.input": BytesIO(b"x" * 5), "CONTENT_LENGTH": length}
        answer = client.post("/data", environ_overrides=environ)
        seen.append([answer.status_code, answer.text[:30]])
    return seen


def by_class(app, client):
    class Small(Request):
        max_content_length = 10
        max_form_parts = 1

    other = create_app(MAX_CONTENT_LENGTH=500)
    other.request_class = Small
    client = other.test_client()
    return client.post("/data", data=b"x" * 20).status_code, client.post(
        "/data", data=b"x"
    ).status_code


def defaults(app, client):
    with app.test_request_context("/"):
        return [getattr(request, name) for name in LIMITS]


def without_an_app(app, client):
    one = Request({"REQUEST_METHOD": "GET", "wsgi.input": BytesIO()})
    return [getattr(one, name) for name in LIMITS]


def handled(app, client):
    other = create_app(MAX_CONTENT_LENGTH=10)
    other.register_error_handler(413, lambda error: ("too much", 413))
    answer = other.test_client().post("/form", data=LONG)
    return answer.status_code, answer.text


STEPS = [
    post("/own", data=LONG),
    post("/own?max_content_length=10", data=LONG),
    post("/own?max_content_length=10", data=SHORT),
    post("/own?max_form_memory_size=10", data=LONG, content_type=MULTIPART),
    post("/own?max_form_memory_size=10", data=FILES),
    post("/own?max_form_parts=2", data=MANY, content_type=MULTIPART),
    post("/own?max_form_parts=50", data=MANY, content_type=MULTIPART),
    post("/own?max_content_length=10", data=b"x" * 11, content_type="text/plain"),
    no_limits,
    content_length,
    form_memory,
    form_parts,
    zero,
    without_a_length,
    lying_length,
    bad_lengths,
    by_class,
    defaults,
    without_an_app,
    handled,
    get("/form"),
]
