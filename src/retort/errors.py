"""Retort's exceptions, each a subclass of the exception that Flask raises."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from werkzeug.routing import RequestRedirect

    from .http import Request
    from .typing import RouteCallable


class SetupError(AssertionError):
    """The program registered something invalid; the message describes the fix.

    An ``AssertionError``, because that is what Flask raises in the same places.
    """


class SharedEndpointError(SetupError):
    """Two views were registered for one endpoint.

    :param first: the view that has the endpoint.
    :param second: the view that was to be registered.
    :param name: a free endpoint for the second view, made of its rule.
    """

    def __init__(
        self, message: str, endpoint: str, first: RouteCallable, second: RouteCallable, name: str
    ) -> None:
        super().__init__(message)
        self.endpoint = endpoint
        self.first = first
        self.second = second
        self.name = name


class ServingError(RuntimeError):
    """A function that runs before or after serving has failed; the message names it."""


class ContextError(AssertionError):
    """The popped context is not the current one."""


class FileFieldError(AssertionError, KeyError):
    """The program looked up a file in ``request.files``, but the form did not send it as a file.

    Raised in debug mode only; a subclass of the ``KeyError`` that the look-up raises otherwise.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


def file_field_error(key: str, request: Request) -> FileFieldError:
    """Explain why ``request.files[key]`` is missing although the form has such a field."""
    names = ", ".join(repr(name) for name in request.form.getlist(key))
    return FileFieldError(
        f"There is no file {key!r} in request.files: the form was sent as"
        f" {request.mimetype!r}, so no file contents were transmitted, only the name."
        f" This was submitted: {names}."
        ' Write <form method="post" enctype="multipart/form-data"> to send the file itself.'
    )


class RoutingRedirectError(AssertionError):
    """A form was sent to a URL that redirects, and the redirect would lose its data.

    Raised in debug mode only, instead of the redirect.
    """

    def __init__(self, request: Request) -> None:
        redirect = t.cast("RequestRedirect", request.routing_exception)
        message = (
            f"{request.method} {request.url} is redirected to the canonical URL"
            f" {redirect.new_url!r} (status {redirect.code}), which loses the submitted data."
        )
        if f"{request.base_url}/" == redirect.new_url.partition("?")[0]:
            message += (
                " The rule of the view ends with a slash: send the form to the URL with"
                " the slash, or remove it from the rule."
            )
        message += " Make the redirect only for URLs that are opened with GET."
        super().__init__(message + " (This error is shown in debug mode only.)")
