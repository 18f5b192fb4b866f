"""Parse a form: one field, fifty fields, and a file, as browsers send them.

.venv-bench/bin/python -m benchmarks.micro.form --fast
"""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any

from .sides import compare, environ_of, program, runner

if TYPE_CHECKING:
    from collections.abc import Callable

FIELDS = {f"field{n}": f"a value & {n}" for n in range(50)}
FORMS: dict[str, dict[str, Any]] = {
    "one field": {"data": {"nm": "Ada"}},
    "50 fields": {"data": FIELDS},
    "50 fields, multipart": {"data": FIELDS, "content_type": "multipart/form-data"},
    "a file of 64 KiB": {"data": {"file": (io.BytesIO(bytes(range(256)) * 256), "a.bin")}},
}


def parsing(which: str, side: str) -> Callable[[], object]:
    app = program(side)
    environ = environ_of("/login", method="POST", **FORMS[which])
    body = environ["wsgi.input"].read()

    def run() -> object:
        request = app.request_class({**environ, "wsgi.input": io.BytesIO(body)})
        return request.form, request.files

    return run


def main() -> None:
    runs = runner("benchmarks.micro.form")
    for which in FORMS:
        compare(runs, f"form, {which}", functools.partial(parsing, which))


if __name__ == "__main__":
    main()
