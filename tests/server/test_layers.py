"""The middleware for operators: only enabled features add any."""

import pytest

from retort.server.operations.health import Pages
from retort.server.operations.middleware import add_middleware
from retort.server.operations.request_record import RequestRecorder
from retort.server.options import Operations


def application(environ, start_response):
    start_response("200 OK", [])
    return [b"hello"]


def no():
    return False


def test_disabled_features_add_no_middleware():
    assert (
        add_middleware(application, Operations(), program=application, is_shutting_down=no)
        is application
    )


@pytest.mark.parametrize(
    ("operations", "kind"),
    [
        (Operations(access_log="-"), RequestRecorder),
        (Operations(request_id=True), RequestRecorder),
        (Operations(health=True), Pages),
        (Operations(health=True, access_log="-"), Pages),
    ],
)
def test_enabled_features_add_middleware(operations, kind):
    assert (
        type(add_middleware(application, operations, program=application, is_shutting_down=no))
        is kind
    )


def test_proxies_are_outermost_so_that_logs_have_the_client():
    asked = Operations(proxies=1, health=True, request_id=True)

    layer = add_middleware(application, asked, program=application, is_shutting_down=no)

    assert type(layer).__name__ == "ProxyFix"
    assert isinstance(layer.app, Pages)
    assert isinstance(layer.app.fallback, RequestRecorder)


def test_a_program_that_is_not_flask_has_the_ready_page():
    layer = add_middleware(
        application, Operations(health=True), program=application, is_shutting_down=no
    )
    statuses = []
    environ = {"PATH_INFO": "/-/ready", "REQUEST_METHOD": "GET"}

    list(layer(environ, lambda status, headers: statuses.append(status)))

    assert statuses == ["200 OK"]
