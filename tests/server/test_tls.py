"""TLS: client certificates, versions, keys with a password, files that are no good, and reload."""

import shutil
import signal
import socket
import ssl
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CERT = str(HERE / "localhost.pem")  # with its key
OTHER_CERT = str(HERE / "tls" / "localhost-2.pem")
ENCRYPTED_KEY = str(HERE / "tls" / "localhost-2.encrypted-key.pem")
CLIENTS_CA = str(HERE / "tls" / "clients-ca.pem")
CLIENT = str(HERE / "tls" / "client.pem")  # signed by it
STRANGER = str(HERE / "tls" / "stranger.pem")  # signed by itself
PASSWORD = "open sesame"

PROGRAM = """
    import os

    from flask import Flask, request

    app = Flask(__name__)

    @app.get("/")
    def index():
        names = [name for name in request.environ if "SSL" in name or "CERT" in name.upper()]
        return f"{os.getpid()} {request.scheme} {names}"
"""


@pytest.fixture
def run_tls(start):
    def run_tls(*options, cert=CERT, key=CERT, env=None):
        words = ("-m", "retort", "run", "--port", "0", "--cert", cert, "--key", key)
        return start(PROGRAM, words=(*words, *options, "{file}"), env=env)

    return run_tls


def context(client=None, newest=None):
    made = ssl.create_default_context()
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    if client is not None:
        made.load_cert_chain(client)
    if newest is not None:
        made.maximum_version = newest
    return made


def ask(program, client=None, newest=None, request=b"GET / HTTP/1.0\r\n\r\n"):
    """The complete response; the handshake's error if there is none."""
    with program.connect() as plain, context(client, newest).wrap_socket(plain) as encrypted:
        encrypted.sendall(request)
        return b"".join(iter(lambda: encrypted.recv(65536), b"")).decode()


def certificate_of(program):
    with program.connect() as plain, context().wrap_socket(plain) as encrypted:
        return encrypted.getpeercert(binary_form=True)


def der_of(file):
    text = Path(file).read_text()
    begin = text.index("-----BEGIN CERTIFICATE-----")
    end = text.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----")
    return ssl.PEM_cert_to_DER_cert(text[begin:end])


def test_a_client_needs_a_certificate_of_the_authority(run_tls):
    program = run_tls("--client-ca", CLIENTS_CA)

    answer = ask(program, CLIENT)

    assert answer.startswith("HTTP/1.0 200")
    assert answer.endswith("https []")  # the program does not get the certificate: see the docs
    for client in (None, STRANGER):
        with pytest.raises(OSError, match=r"(?i)certificate|unknown|reset|broken pipe|eof"):
            ask(program, client)


def test_a_certificate_can_be_optional_but_not_wrong(run_tls):
    program = run_tls("--client-ca", CLIENTS_CA, "--client-cert", "optional")

    assert ask(program).startswith("HTTP/1.0 200")
    assert ask(program, CLIENT).startswith("HTTP/1.0 200")
    with pytest.raises(OSError, match=r"(?i)certificate|unknown|reset|broken pipe|eof"):
        ask(program, STRANGER)


def test_the_oldest_version_of_tls_can_be_chosen(run_tls):
    program = run_tls("--tls-min", "1.3")

    assert ask(program).startswith("HTTP/1.0 200")
    with pytest.raises(ssl.SSLError):
        ask(program, newest=ssl.TLSVersion.TLSv1_2)


def test_tls_1_2_is_the_default_minimum(run_tls):
    assert ask(run_tls(), newest=ssl.TLSVersion.TLSv1_2).startswith("HTTP/1.0 200")


def protocol_chosen(program, offers=("h2", "http/1.1")):
    wanted = context()
    wanted.set_alpn_protocols(list(offers))
    with program.connect() as plain, wanted.wrap_socket(plain) as encrypted:
        return encrypted.selected_alpn_protocol()


def test_http_2_is_offered_over_tls_by_default(run_tls):
    assert protocol_chosen(run_tls()) == "h2"
    assert protocol_chosen(run_tls("--http", "1")) == "http/1.1"


def test_http_2_without_tls_is_an_option(start):
    program = start(
        PROGRAM, words=("-m", "retort", "run", "--port", "0", "--http", "auto", "{file}")
    )

    with socket.create_connection(("127.0.0.1", program.port), 30) as connection:
        # RFC 9113 section 3.4: the preface, and an empty SETTINGS frame.
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
        frame = connection.recv(9)

    assert frame[3] == 4  # SETTINGS
    assert program.get("/").status == 200


def test_a_reload_takes_the_new_certificate(run_tls, tmp_path):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    shutil.copy(CERT, cert)
    shutil.copy(CERT, key)
    program = run_tls(cert=str(cert), key=str(key), env={"FLASK_RUN_WORKERS": "2"})
    # A worker that starts between the two copies below would read a pair that does not match.
    answers = set()
    program.wait_for(lambda: answers.add(ask(program).split()[-3]) or len(answers) == 2)
    assert certificate_of(program) == der_of(CERT)
    newer = HERE / "tls" / "localhost-3.pem"
    shutil.copy(newer, cert)
    shutil.copy(newer, key)

    program.process.send_signal(signal.SIGHUP)

    program.wait_for_output("All workers serve the program as it is now")
    assert certificate_of(program) == der_of(newer)
    assert ask(program).startswith("HTTP/1.0 200")
    cert.write_text("no certificate")
    program.process.send_signal(signal.SIGHUP)
    program.wait_for_output("cannot use .*cert.pem")
    assert certificate_of(program) == der_of(newer)
    assert "panicked" not in program.output


def test_a_throw_away_certificate_lasts_as_long_as_the_server(start, tmp_path):
    pytest.importorskip("cryptography")
    words = ["-m", "retort", "run", "--port", "0", "--cert", "adhoc", "{file}"]
    program = start(PROGRAM, words=words, env={"TMPDIR": str(tmp_path)})
    certificate = certificate_of(program)
    (first,) = program.workers

    program.process.send_signal(signal.SIGHUP)
    program.wait_for(lambda: first not in program.workers)
    program.process.send_signal(signal.SIGHUP)

    program.wait_for_output("(?s)(All workers serve the program as it is now.*){2}")
    assert certificate_of(program) == certificate
    assert program.end() == 0
    assert list(tmp_path.glob("retort-*")) == []


def test_a_key_with_a_password(run_tls, tmp_path):
    pytest.importorskip("cryptography")
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n")

    program = run_tls("--key-password-file", str(secret), cert=OTHER_CERT, key=ENCRYPTED_KEY)

    assert ask(program).startswith("HTTP/1.0 200")
    assert certificate_of(program) == der_of(OTHER_CERT)


@pytest.mark.parametrize(
    ("options", "key", "status", "message"),
    [
        ((), ENCRYPTED_KEY, 1, "has a password: give it by --key-password-file"),
        ((), CERT, 1, "the key has to be the certificate's"),
        (("--client-ca", "{file}"), None, 1, "as --client-ca"),
        (("--client-cert", "required"), None, 2, "--client-cert requires --client-ca"),
        (("--tls-min", "1.1"), None, 2, "'1.1' is not one of '1.2', '1.3'"),
        (("--http", "3"), None, 2, "'3' is not one of '1', '2', 'auto'"),
    ],
)
def test_an_unusable_file_is_reported_before_serving(run_tls, options, key, status, message):
    cert = CERT if key is None else OTHER_CERT
    program = run_tls(*options, cert=cert, key=key or CERT)

    assert program.wait() == status
    assert message in program.output
    assert "panicked" not in program.output


@pytest.mark.parametrize("option", ["--client-ca", "--key-password-file"])
def test_options_of_tls_need_a_certificate(start, option):
    program = start(PROGRAM, words=("-m", "retort", "run", option, CLIENTS_CA, "{file}"))

    assert program.wait() == 2
    assert f"{option} requires --cert and --key" in program.output
