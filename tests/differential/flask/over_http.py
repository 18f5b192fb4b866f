"""Send the requests of a program to a server, by its test client."""

import http.client
from urllib.parse import quote, urlsplit

import recorder
import steps

# Fields that belong to a connection or a server.
_OF_SERVERS = {"connection", "date", "server", "transfer-encoding", "keep-alive"}

# Options of the test client that no request over HTTP has.
_OF_ENVIRONS = {"environ_overrides", "environ_base", "url_scheme"}


def by_client(name):
    """What the program answers to its test client; see `_record`."""
    return _record(name, None)


def by_server(name, port):
    """What a server of `every_program.py` answers."""
    return _record(name, port)


def _record(name, port):
    """For each request before the first step that is a function: what was answered."""
    program = recorder.load(name)
    app = program.create_app()
    if port is not None:
        app.wsgi_app = Sender(name, port)
    client = app.test_client()
    recording = {}
    for step in program.STEPS:
        if not isinstance(step, steps.Ask):
            break
        number = f"{len(recording)}: {step.label}"
        if step.options.keys() & _OF_ENVIRONS or not _may_be_sent(step.options.get("base_url")):
            recording[number] = {"raised": ["it cannot be sent so"]}
            continue
        seen = recorder.record_step(step, app, client)
        del seen["events"], seen["warnings"]
        if "status" in seen:  # names of fields and phrases are those of the server
            seen["status"] = seen["status"][:3]
            fields = [(name.lower(), value) for name, value in seen["headers"]]
            seen["headers"] = [field for field in fields if field[0] not in _OF_SERVERS]
            seen["redirected from"] = [text[:3] for text in seen["redirected from"]]
        recording[number] = seen
    return recording


def _may_be_sent(base_url):
    """Whether a request has the scheme of the server, and the server need not be mounted."""
    parts = urlsplit(base_url or "http://localhost/")
    return parts.scheme == "http" and parts.path in ("", "/")


class Sender:
    """A WSGI application that sends its requests over HTTP.

    :param name: the program, for the header field that `every_program.py` reads.
    """

    def __init__(self, name, port):
        self.name = name
        self.port = port

    def __call__(self, environ, start_response):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        path = quote((environ["SCRIPT_NAME"] + environ["PATH_INFO"]).encode("latin-1"), "/;=:@,!$*")
        if environ["QUERY_STRING"]:
            # As a browser sends it: with escapes for what a request line cannot have.
            path += "?" + quote(environ["QUERY_STRING"], "%/;=:@,!$&+?'()*~", "latin-1")
        body = environ["wsgi.input"].read()
        connection.putrequest(
            environ["REQUEST_METHOD"], path or "/", skip_host=True, skip_accept_encoding=True
        )
        for field, value in _fields_of(environ):
            connection.putheader(field, value.encode("latin-1"))
        connection.putheader("X-Program", self.name)
        connection.putheader("Connection", "close")
        connection.endheaders(body or None)
        try:
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        fields = [pair for pair in response.getheaders() if pair[0].lower() not in _OF_SERVERS]
        fields = [(name.title(), value) for name, value in fields]  # as `recorder.py` reads them
        start_response(f"{response.status} {response.reason}", fields)
        return [content]


def _fields_of(environ):
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name[5:].replace("_", "-").title(), value
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name) not in (None, "", "0"):
            yield name.replace("_", "-").title(), environ[name]
