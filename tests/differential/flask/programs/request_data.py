"""What a request tells: URL parts, arguments, forms, files, headers, odd input."""

from io import BytesIO

from flask import Flask, Request, request
from steps import get, note, post, put


def create_app():
    app = Flask(__name__)

    @app.route("/url/<path:rest>")
    @app.route("/url/")
    def url(rest=""):
        names = """
            path full_path script_root url base_url root_url host_url host scheme is_secure
            query_string method remote_addr access_route endpoint view_args blueprint blueprints
            url_root remote_user is_multithread
        """.split()
        return {name: show(getattr(request, name)) for name in names}

    @app.route("/args")
    def args():
        return {
            "items": list(request.args.items(multi=True)),
            "number": request.args.get("number", type=int),
            "default": request.args.get("bad", 5, type=int),
            "list": request.args.getlist("list", type=int),
            "dict": request.args.to_dict(),
            "values": sorted(request.values.items(multi=True)),
        }

    @app.route("/form", methods=["POST", "PUT"])
    def form():
        return {
            "form": list(request.form.items(multi=True)),
            "files": [
                [name, file.filename, file.mimetype, file.read().decode("latin-1")]
                for name, file in request.files.items(multi=True)
            ],
            "values": sorted(request.values.items(multi=True)),
            "data": request.get_data(as_text=True),
            "mimetype": request.mimetype,
            "length": request.content_length is not None,
        }

    @app.route("/headers")
    def headers():
        return {
            "accept": [list(map(str, pair)) for pair in request.accept_mimetypes],
            "best": request.accept_mimetypes.best_match(["text/html", "application/json"]),
            "languages": request.accept_languages.best_match(["de", "en"]),
            "own": request.headers.get("X-Own"),
            "own list": request.headers.getlist("x-own"),
            "authorization": str(request.authorization and request.authorization.username),
            "if": [str(request.if_modified_since), str(request.if_none_match)],
            "referrer": request.referrer,
            "agent": request.user_agent.string,
            "cache": str(request.cache_control),
            "range": str(request.range),
            "date": str(request.date),
            "xhr": request.headers.get("X-Requested-With"),
        }

    @app.route("/read", methods=["POST"])
    def read():
        first = request.stream.read(3)
        note("then", first.decode(), request.get_data(cache=False, as_text=True))
        return {"form": request.form, "want": request.want_form_data_parsed}

    @app.route("/data-first", methods=["POST"])
    def data_first():
        return [
            request.get_data(as_text=True),
            dict(request.form),
            request.get_data(parse_form_data=True, as_text=True),
        ]

    return app


def show(value):
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return str(value)


def its_own_class(app, client):
    class Own(Request):
        user = "own attribute"

        @property
        def is_secure(self):
            return "always"

    other = create_app()
    other.request_class = Own
    other.add_url_rule(
        "/own", "own", lambda: f"{request.user} {request.is_secure} {type(request).__name__}"
    )
    return other.test_client().get("/own").text


def attributes_before_matching(app, client):
    one = Request({"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.input": BytesIO()})
    return [
        one.url_rule,
        one.view_args,
        one.endpoint,
        one.blueprint,
        one.blueprints,
        one.routing_exception,
    ]


MULTIPART = b"""\
--xx\r
Content-Disposition: form-data; name="a"\r
\r
1\r
--xx\r
Content-Disposition: form-data; name="f"; filename="../n\xc3\xa4me.txt"\r
Content-Type: text/x-own\r
\r
content\r
--xx--\r
"""
BAD_BODIES = {
    "cut": MULTIPART[:60],
    "no end": MULTIPART[:-8],
    "other boundary": MULTIPART.replace(b"--xx", b"--yy"),
    "empty": b"",
    "rubbish": b"rubbish",
    "bad header": b"--xx\r\nno colon\r\n\r\nx\r\n--xx--\r\n",
    "no name": b"--xx\r\nContent-Disposition: form-data\r\n\r\nx\r\n--xx--\r\n",
}

STEPS = [
    get("/url/a/b%20c/%C3%A4?x=%C3%A4&y"),
    get("/url/", base_url="https://example.org:8443/mounted"),
    get("/url/", base_url="http://example.org:80"),
    get("/url/?", headers={"Host": "EXAMPLE.org"}),
    get("/url/", headers={"Host": ""}),
    get("/url/", headers={"Host": "bad host"}),
    get("/url/", headers={"Host": "[::1]:5000"}),
    get("/url/", headers={"X-Forwarded-For": "1.2.3.4, 5.6.7.8", "X-Forwarded-Host": "other"}),
    get("/url/%FF%FE?%FF=%FE"),
    get("/url/", environ_overrides={"REMOTE_USER": "ada", "REMOTE_ADDR": "10.0.0.9"}),
    get("/args?number=5&bad=x&list=1&list=x&list=2&empty=&novalue&=noname&a=b=c&plus=a+b"),
    get("/args?%zz&a=%&ä=ö;b=c"),
    post("/form", data={"a": ["1", "ä"], "b": ""}),
    post("/form?q=1", data={"q": "2"}),
    put("/form", data={"a": "1"}),
    post("/form?not utf-8", data="a=1&b=%FF", content_type="application/x-www-form-urlencoded"),
    post("/form", data="a=1", content_type="application/x-www-form-urlencoded; charset=latin-1"),
    post("/form", data="a=1", content_type="text/plain"),
    post("/form", data={"f": (BytesIO(b"\xff"), "n\xe4me.bin"), "a": "1"}),
    post("/form", data={"f": [(BytesIO(b"1"), "1"), (BytesIO(b"2"), "2")]}),
    post("/form", data=MULTIPART, content_type="multipart/form-data; boundary=xx"),
    post("/form?no boundary", data=MULTIPART, content_type="multipart/form-data"),
    *(
        post(f"/form?{name}", data=body, content_type="multipart/form-data; boundary=xx")
        for name, body in BAD_BODIES.items()
    ),
    get("/headers"),
    get(
        "/headers",
        headers=[
            ("Accept", "text/html;q=0.5, application/json, */*;q=0.1"),
            ("Accept-Language", "en;q=0.5, de"),
            ("X-Own", "1"),
            ("X-Own", "2"),
            ("Authorization", "Basic YWRhOnNlY3JldA=="),
            ("If-Modified-Since", "Thu, 02 Jan 2020 03:04:05 GMT"),
            ("If-None-Match", '"a", W/"b"'),
            ("Referer", "http://elsewhere/"),
            ("User-Agent", "own agent"),
            ("Cache-Control", "no-cache, max-age=5"),
            ("Range", "bytes=0-5"),
            ("Date", "rubbish"),
        ],
    ),
    get(
        "/headers",
        headers={"Authorization": "rubbish", "Accept": ";;,", "Range": "x", "Cookie": "="},
    ),
    post("/read", data="abcdef", content_type="text/plain"),
    post("/data-first", data={"a": "1"}),
    get("/form"),
    its_own_class,
    attributes_before_matching,
]
