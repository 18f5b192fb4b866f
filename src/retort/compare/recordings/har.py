"""Read HAR 1.2 files, as browsers write them."""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..messages import Request, Response
from ..options import CompareError
from .har_body import body_of
from .recorded import Recorded, Recording, sent_fields, sent_method, sent_target

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE_BYTES = 300 * 1024 * 1024
MAX_BODY_BYTES = 16 * 1024 * 1024
_DEFAULT_PORTS = {"http": 80, "https": 443}


def read_har(file: Path) -> Recording:
    """The requests of a HAR file to the program.

    The program is the host that most pages came from. Requests to other hosts, WebSockets, requests
    that were aborted, and bodies of more than 16 MiB are left out, and counted in a note.

    :raises CompareError: if the file is larger than 300 MiB, no HAR, or has no such request.
    """
    entries = _entries(file)
    host = _host_of(entries)
    found = Recording()
    left_out: Counter[str] = Counter()
    for number, entry in enumerate(entries, 1):
        reason = _why_not(entry, host)
        if reason is None:
            try:
                found.entries.append(_recorded(entry, f"{file.name}, entry {number}"))
            except _TooLong:
                reason = f"a body of more than {MAX_BODY_BYTES // 2**20} MiB"
            except (KeyError, TypeError, ValueError, AttributeError):
                reason = "cannot be read"
        if reason is not None:
            left_out[reason] += 1
    if not found.entries:
        raise CompareError(
            f"{file} has no request to the program. {_sum(left_out)}"
            " Record a visit with the developer tools of a browser, and save it as HAR."
        )
    if left_out:
        found.notes.append(f"{file.name}, host {host}: left out were {_sum(left_out)}")
    return found


class _TooLong(ValueError):
    """A body is longer than `MAX_BODY_BYTES`."""


def _sum(left_out: Counter[str]) -> str:
    parts = [f"{count} ({reason})" for reason, count in left_out.most_common()]
    return f"{', '.join(parts) or 'none'}."


def _entries(file: Path) -> list[dict[str, Any]]:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise CompareError(
                f"{file} has more than {MAX_FILE_BYTES // 2**20} MiB. Record a shorter visit, or"
                " save it without the contents of files."
            )
        data = json.loads(file.read_bytes())
        entries = data["log"]["entries"]
    except OSError as error:
        raise CompareError(f"{file} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise CompareError(f"{file} is no HAR file, because it is no JSON: {error}.") from None
    except (KeyError, TypeError):
        raise CompareError(f"{file} is JSON, but no HAR file: it has no log.entries.") from None
    if not isinstance(entries, list):
        raise CompareError(f"{file} is no HAR file: log.entries is no list.")
    return [entry if isinstance(entry, dict) else {} for entry in entries]


def _url(entry: dict[str, Any]) -> str:
    request = entry.get("request")
    url = request.get("url") if isinstance(request, dict) else None
    return url if isinstance(url, str) else ""


def _host(url: str) -> str:
    """The host and the port, without the default port of the scheme; empty if there is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    host = parts.hostname or ""
    is_default = port is None or port == _DEFAULT_PORTS.get(parts.scheme)
    return host if is_default or not host else f"{host}:{port}"


def _host_of(entries: list[dict[str, Any]]) -> str:
    """The host of most pages, of the first of them if several have as many.

    If there is no page, as in a recording of an API, requests count instead.
    """
    pages = [entry for entry in entries if _is_page(entry)]
    hosts = Counter(host for entry in pages or entries if (host := _host(_url(entry))))
    return hosts.most_common(1)[0][0] if hosts else ""


def _is_page(entry: dict[str, Any]) -> bool:
    """Whether it is a document; browsers that do not say so have its media type."""
    kind = entry.get("_resourceType")
    if isinstance(kind, str):
        return kind == "document"
    response = entry.get("response")
    found = response.get("content") if isinstance(response, dict) else None
    return isinstance(found, dict) and str(found.get("mimeType", "")).startswith("text/html")


def _why_not(entry: dict[str, Any], host: str) -> str | None:
    url = _url(entry)
    if not url:
        return "without an address"
    if "_webSocketMessages" in entry or url.startswith(("ws:", "wss:")):
        return "WebSocket"
    if _host(url) != host:
        return "another host"
    response = entry.get("response")
    if isinstance(response, dict) and response.get("status") == 0:
        return "aborted"
    return None


def _recorded(entry: dict[str, Any], origin: str) -> Recorded:
    request = entry["request"]
    target = sent_target(request["url"])
    if target is None:
        raise ValueError("the address has no path")
    fields = [(str(one["name"]), str(one["value"])) for one in request.get("headers") or ()]
    body, sent = body_of(request.get("postData") or {}, sent_fields(fields))
    if len(body) > MAX_BODY_BYTES:
        raise _TooLong
    made = Request(sent_method(str(request["method"])), target, sent, body)
    return Recorded(made, origin, _response(entry.get("response")))


def _response(found: object) -> Response | None:
    """The recorded response; without a body if that cannot be read."""
    if not isinstance(found, dict) or not isinstance(found.get("status"), int):
        return None
    content = found.get("content")
    content = content if isinstance(content, dict) else {}
    text = content.get("text") or ""
    try:
        is_base64 = content.get("encoding") == "base64"
        body = base64.b64decode(text) if is_base64 else str(text).encode("utf-8", "surrogatepass")
    except (binascii.Error, ValueError):
        body = b""
    fields = [(str(one["name"]), str(one["value"])) for one in found.get("headers") or ()]
    # The content is recorded without its encoding.
    kept = tuple((n, v) for n, v in fields if n.lower() != "content-encoding")
    return Response(found["status"], str(found.get("statusText", "")), kept, body)
