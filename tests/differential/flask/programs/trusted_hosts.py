"""`TRUSTED_HOSTS` and `SERVER_NAME`: whom the app answers, and how."""

from flask import Flask, request, url_for
from steps import get, note

HOSTS = ["example.org", "www.example.org", "a.b.example.org", "evil.net", "example.org.evil.net"]
HOSTS += ["localhost", "EXAMPLE.org", "example.org:8080", "bad host", "example.org."]


def create_app(**config):
    app = Flask(__name__)
    app.config["TRUSTED_HOSTS"] = ["example.org", ".example.org"]
    app.config.update(config)
    app.before_request(lambda: note("before", request.endpoint))

    @app.route("/")
    def index():
        return f"{request.host} {url_for('index', _external=True)} {request.trusted_hosts}"

    @app.errorhandler(400)
    def bad(error):
        return f"bad request: {type(error).__name__}", 400

    return app


def with_config(app, client):
    seen = {}
    for config in (
        {"TRUSTED_HOSTS": None},
        {"TRUSTED_HOSTS": []},
        {"TRUSTED_HOSTS": ["localhost"]},
        {"TRUSTED_HOSTS": None, "SERVER_NAME": "example.org"},
        {"SERVER_NAME": "example.org:8080"},
    ):
        client = create_app(**config).test_client()
        answers = [client.get("/", headers={"Host": host}) for host in HOSTS]
        seen[str(config)] = [[answer.status_code, answer.text] for answer in answers]
    return seen


def changed_later(app, client):
    other = create_app(TRUSTED_HOSTS=None)
    client = other.test_client()
    seen = [client.get("/", base_url="http://evil.net").status_code]
    other.config["TRUSTED_HOSTS"] = ["example.org"]
    return [*seen, client.get("/", base_url="http://evil.net").status_code]


STEPS = [*(get("/", headers={"Host": host}) for host in HOSTS), with_config, changed_later]
