"""The program for Falcon. It has no templates and no sessions: its users add these packages."""

import falcon
from itsdangerous import BadSignature, URLSafeTimedSerializer
from jinja2 import Environment, FileSystemLoader
from material import HELLO, ROWS, SECRET, SECTIONS, STATIC, TEMPLATES, TITLE, document, with_total
from material import city as find_city

templates = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
signer = URLSafeTimedSerializer(SECRET)


class Hello:
    def on_get(self, req, resp):
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = HELLO


class Success:
    def on_get(self, req, resp, name):
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = f"welcome {name}"


class Login:
    def on_get(self, req, resp):
        raise falcon.HTTPSeeOther(f"/success/{req.get_param('nm', required=True)}")

    def on_post(self, req, resp):
        raise falcon.HTTPSeeOther(f"/success/{req.get_media()['nm']}")


class Document:
    def on_get(self, req, resp):
        resp.media = document()

    def on_post(self, req, resp):
        resp.media = with_total(req.get_media())


class Table:
    def on_get(self, req, resp):
        resp.content_type = falcon.MEDIA_HTML
        resp.text = templates.get_template("table.html").render(title=TITLE, rows=ROWS)


class City:
    def on_get(self, req, resp, number):
        resp.media = find_city(number)


class Count:
    def on_get(self, req, resp):
        count = counted(req.get_cookie_values("session")) + 1
        resp.set_cookie("session", signer.dumps({"count": count}), path="/", secure=False)
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = str(count)


def counted(cookies):
    try:
        return signer.loads(cookies[0])["count"] if cookies else 0
    except BadSignature:
        return 0


class Upload:
    def on_post(self, req, resp):
        resp.content_type = falcon.MEDIA_TEXT
        for part in req.get_media():
            if part.name == "file":
                resp.text = str(len(part.stream.read()))


class Section:
    def __init__(self, section):
        self.section = section

    def on_get(self, req, resp, item):
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = f"section {self.section} item {item}"


app = falcon.App()
app.req_options.media_handlers[falcon.MEDIA_MULTIPART].parse_options.max_body_part_buffer_size = (
    4 << 20
)
app.add_route("/hello", Hello())
app.add_route("/success/{name}", Success())
app.add_route("/login", Login())
app.add_route("/json", Document())
app.add_route("/table", Table())
app.add_route("/city/{number:int}", City())
app.add_route("/count", Count())
app.add_route("/upload", Upload())
app.add_static_route("/static", STATIC)
for number in range(SECTIONS):
    app.add_route(f"/section{number}/item/{{item}}", Section(number))
