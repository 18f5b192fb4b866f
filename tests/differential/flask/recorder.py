"""Run one program, and write down everything that its steps did, as JSON.

A recording is a list, one entry per step, of what could be seen: status, headers, body,
cookies, then in one list and in order the signals, log records and notes, the warnings, and
the exception that came out. What differs between any two runs is masked: addresses in memory
and times. Messages of exceptions are each framework's own words, so only types are kept.
"""

import contextlib
import contextvars
import importlib.util
import logging
import re
import sys
import time
import warnings
from email.utils import parsedate_to_datetime
from pathlib import Path

import steps
from itsdangerous import BadSignature, TimestampSigner, base64_decode
from steps import events, note
from werkzeug.http import parse_cookie

PROGRAMS = Path(__file__).parent / "programs"
FRAMEWORKS = {"flask", "retort"}

# An app sends signals only where someone listens, which is another path through it.
LISTENED = ("with listeners", "without listeners")


def record(name):
    """What the program ``name`` does, with receivers on all signals and with none.

    A program that has receivers of its own says ``LISTENS = True``: receivers of one signal
    are called in no order, so it gets no others.
    """
    listens = getattr(load(name), "LISTENS", False)
    return {
        # In a context of its own: what one run leaves current, the next does not see.
        listened: contextvars.Context().run(_record_once, name, listened == LISTENED[0])
        for listened in (LISTENED[1:] if listens else LISTENED)
    }


def _record_once(name, listen):
    program = load(name)
    _forget_logger(program.__name__)
    with _signals_heard() if listen else contextlib.nullcontext(), _log_records_seen():
        app = program.create_app()
        client = app.test_client()
        recording = {}
        for step in program.STEPS:
            label = _unique(_label(step), recording)
            recording[label] = record_step(step, app, client)
    return recording


def load(name):
    """Its module, made anew: nothing of the last run is left in it."""
    module_name = f"programs_{name}"
    spec = importlib.util.spec_from_file_location(module_name, PROGRAMS / f"{name}.py")
    module = sys.modules[module_name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _forget_logger(name):
    logger = logging.getLogger(name)
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)


def _label(step):
    return step.label if isinstance(step, steps.Ask) else step.__name__


def _unique(label, taken):
    """The second step of a name is "GET / (2)"."""
    number, unique = 1, label
    while unique in taken:
        number += 1
        unique = f"{label} ({number})"
    return unique


def record_step(step, app, client):
    events.clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            seen = (
                _send(step, app, client)
                if isinstance(step, steps.Ask)
                else _call(step, app, client)
            )
        except BaseException as error:  # a program may raise anything
            seen = {"raised": error_types(error)}
    return {
        **seen,
        "events": list(events),
        # Of files left open, Python tells whenever it comes to collect them.
        "warnings": [_warning(one) for one in caught if one.category is not ResourceWarning],
    }


def _call(function, app, client):
    return {"value": _plain(function(app, client))}


def _send(step, app, client):
    response = step.send(app, client)
    note("answered")
    try:
        body = response.get_data()
    finally:
        response.close()
    return {
        "status": response.status,
        "headers": sorted(_header(*item) for item in response.headers if item[0] != "Set-Cookie"),
        "cookies": [_cookie(text, app) for text in response.headers.getlist("Set-Cookie")],
        "body": _text(body, response),
        "redirected from": [f"{one.status} {one.request.path}" for one in response.history],
    }


# What it looks like


def _text(body, response):
    text = body.decode("utf-8", "surrogateescape")
    boundary = response.mimetype_params.get("boundary")
    return mask(text if boundary is None else text.replace(boundary, "..."))


def error_types(error):
    """What it can be caught as; without the classes that only one framework has."""
    return sorted(
        cls.__name__
        for cls in type(error).__mro__
        if cls.__module__.partition(".")[0] not in FRAMEWORKS
        and cls not in (object, BaseException, Exception)
    )


def mask(text):
    return re.sub(r"0x[0-9a-f]{6,}", "0x...", text)


def _plain(value):
    """``value`` as JSON has it; anything else as its masked text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, BaseException):
        return error_types(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if value is None or type(value) in (bool, int, float, str):
        return mask(value) if type(value) is str else value
    return mask(repr(value))


def _header(name, value):
    if name == "Allow":  # comes out of a set, in no order
        return [name, ", ".join(sorted(value.split(", ")))]
    if name in {"Date", "Expires"}:
        return [name, "a time"]
    return [name, re.sub("boundary=.*", "boundary=...", value)]


def _cookie(text, app):
    """One Set-Cookie header: name, value, and attributes in the order of their names."""
    first, *attributes = text.split("; ")
    ((name, value),) = parse_cookie(first).items() or [("", "")]
    return [name, _cookie_value(value, app), *sorted(map(_attribute, attributes))]


def _attribute(text):
    """The time it expires, as minutes from now, or "in the past"."""
    name, _, value = text.partition("=")
    if name != "Expires":
        return text
    seconds = parsedate_to_datetime(value).timestamp() - time.time()
    return f"{name} in {round(seconds / 60)} minutes" if seconds > 0 else f"{name} in the past"


def _cookie_value(value, app):
    """A session's content, and the place of the key that signed it; no time."""
    keys = [*(app.config.get("SECRET_KEY_FALLBACKS") or ()), app.secret_key]
    for place, key in enumerate(reversed(keys)):
        content = _signed_content(value, key)
        if content is not None:
            return ["signed with key", place, content]
    return value


def _signed_content(value, key):
    signer = TimestampSigner(
        key or "none", salt="cookie-session", key_derivation="hmac", digest_method=_sha1()
    )
    try:
        packed = signer.unsign(value)
    except BadSignature:
        return None
    if packed.startswith(b"."):
        import zlib

        return "packed: " + zlib.decompress(base64_decode(packed[1:])).decode()
    return base64_decode(packed).decode()


def _sha1():
    import hashlib

    return hashlib.sha1


def _warning(warning):
    in_program = Path(warning.filename).parent == PROGRAMS
    return [warning.category.__name__, "in the program" if in_program else "elsewhere"]


# Signals and log records


@contextlib.contextmanager
def _signals_heard():
    import flask.signals
    from blinker import NamedSignal

    signals = [one for one in vars(flask.signals).values() if isinstance(one, NamedSignal)]
    hear = [_receiver(signal) for signal in signals]
    for signal, receiver in zip(signals, hear, strict=True):
        signal.connect(receiver)
    try:
        yield
    finally:
        for signal, receiver in zip(signals, hear, strict=True):
            signal.disconnect(receiver)


def _receiver(signal):
    def receive(sender, **sent):
        details = {name: _detail(value) for name, value in sorted(sent.items())}
        events.append(["signal", signal.name, type(sender).__name__, details])

    return receive


def _detail(value):
    if hasattr(value, "status_code"):
        return value.status_code
    if isinstance(value, dict):  # a template's context
        return sorted(value)
    if isinstance(value, BaseException):
        return error_types(value)
    return _plain(getattr(value, "name", value))


@contextlib.contextmanager
def _log_records_seen():
    """See every record that is made, without a handler: handlers change what apps do."""
    make = logging.getLogRecordFactory()

    def make_and_see(*args, **kwargs):
        record = make(*args, **kwargs)
        error = record.exc_info and record.exc_info[1]
        types = error_types(error) if error else None
        events.append(["log", record.name, record.levelname, mask(record.getMessage()), types])
        return record

    logging.setLogRecordFactory(make_and_see)
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)
