"""Content negotiation by the Accept header field."""

import pytest

from retort.devtools.negotiate import wanted_form


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "plain"),
        ("", "plain"),
        ("*/*", "plain"),
        ("text/*", "plain"),
        ("text/plain", "plain"),
        ("image/png", "plain"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"),
        ("application/xhtml+xml", "html"),
        ("TEXT/HTML", "html"),
        ("text/html;q=0", "plain"),
        ("text/html;q=0, */*", "plain"),
        ("application/json", "problem"),
        ("application/problem+json", "problem"),
        ("application/vnd.api+json", "problem"),
        ("application/json, text/plain, */*", "problem"),
        ("application/json, text/html;q=0.9", "problem"),
        ("application/json;q=0.5, text/html", "html"),
        ("text/html, application/json", "html"),
        ("text/plain, application/json;q=0.5", "plain"),
        ("application/json;q=broken", "plain"),
        ("; ;,,", "plain"),
    ],
)
def test_what_is_named_with_the_highest_quality_is_sent(accept, form):
    environ = {} if accept is None else {"HTTP_ACCEPT": accept}

    assert wanted_form(environ) == form
