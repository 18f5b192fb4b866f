"""The way of a request through an application of which nobody has replaced a method.

It is the way of `wsgi.serve` by `RequestContext.push`, `dispatch.respond` and `Response.__call__`,
in one piece and without the steps that do nothing this time. Where there is something to
do, it is left to these from there on.
"""

from __future__ import annotations

import typing as t

from ..context import _plain_hosts
from ..dispatch import find_answer, plan_for
from ..globals import _cv_app, _cv_request
from ..heirs import UNCHANGED
from ..http.protection import security_fields
from ..http.response import in_words, type_field
from ..json.provider import text_for
from ..routing import look_up
from ..signals import (
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    request_finished,
    request_started,
    request_tearing_down,
)

if t.TYPE_CHECKING:
    from ..app import Flask
    from ..context import RequestContext
    from ..http import Response
    from ..http.response import Words


def respond(app: Flask, context: RequestContext) -> Response | Words:
    """Push the context and answer its request: the response, or what the server is told by it.

    That is for answers of which nobody can tell the difference.
    """
    context._app_push = (_cv_app.set(context), None, None)
    if appcontext_pushed.receivers:
        appcontext_pushed.send(app, _async_wrapper=app.ensure_sync)
    context._request_push = (_cv_request.set(context), context, None)
    answer: t.Any = _ask_view(app, context)
    steps = context.steps
    if _is_left_alone(context):
        if type(answer) is dict or type(answer) is list:
            words = _json_in_words(app, answer)
        else:
            words = in_words(answer, steps.text_type)  # type: ignore[arg-type]  # not None then
        if words is not None:
            if steps.config.get("SEND_SECURITY_HEADERS"):
                words[1].extend(security_fields(steps.config, context.environ))
            return words
    response: Response = steps.finalize_request(app, context, answer)
    return response


def _ask_view(app: Flask, context: RequestContext) -> t.Any:
    """What the view, a hook before it, or an error handler returns."""
    steps, environ = context.steps, context.environ
    config, path, method = steps.config, environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
    if (
        config["TRUSTED_HOSTS"] is not None
        or environ.get("HTTP_HOST") not in _plain_hosts
        or "HTTP_UPGRADE" in environ
        or not path.isascii()
    ):
        context.match_request()
        return find_answer(app, context)
    context._match = match = look_up(steps.url_map, path, method)  # type: ignore[arg-type]
    if match is None or context._request is not None:
        context.take_match(match)
        return find_answer(app, context)
    rule, arguments = match
    if (
        (method != "GET" and (method != "POST" or _may_stop_posts(config)))
        or rule.demands is not None  # type: ignore[attr-defined]  # see `compile.py`
        or request_started.receivers
        or steps.url_value_preprocessors
        or steps.before_request_funcs
        or not steps._got_first_request
    ):
        return find_answer(app, context)
    view = plan_for(app, steps, rule).view
    if view is None:
        return find_answer(app, context)
    try:
        return view(**arguments) if arguments else view()
    except Exception as error:
        return app.handle_user_exception(error)


def _may_stop_posts(config: dict[str, t.Any]) -> t.Any:
    """Whether there is something to look at before a form is let in; see `dispatch.let_in`."""
    return config.get("CROSS_ORIGIN_PROTECTION") or config.get("METHOD_OVERRIDE")


def _is_left_alone(context: RequestContext) -> bool:
    """Whether nobody is to see or change the response on its way."""
    steps, environ = context.steps, context.environ
    if not steps.heir.__flags__ & UNCHANGED:  # since the request began
        steps.check(context.app)
    return (
        steps.are_as_written
        and context._given_session is None
        and context._after is None
        and ("HTTP_COOKIE" not in environ or not context.may_have_unopened_session())
        and environ["REQUEST_METHOD"] != "HEAD"
        and not steps.after_request_funcs
        and not request_finished.receivers
        and not steps.config.get("AUTOMATIC_ETAGS")
        and not steps.opens_session_first
    )


def _json_in_words(app: Flask, answer: t.Any) -> Words | None:
    provider: t.Any = app.json
    text = text_for(provider, answer, is_debug=app.debug)
    return None if text is None else in_words(text, type_field(provider.mimetype))


# What a request has if its `close` has something to do.
_TO_BE_CLOSED = frozenset({"files", "close"})


def leave(context: RequestContext, error: BaseException | None) -> None:
    """What ``context.pop(error)`` does."""
    steps, request = context.steps, context._request
    request_push: t.Any = context._request_push
    app_push: t.Any = context._app_push
    if (
        not steps.are_as_written
        or steps.teardown_request_funcs
        or steps.teardown_appcontext_funcs
        or request_tearing_down.receivers
        or appcontext_tearing_down.receivers
        or appcontext_popped.receivers
        or _cv_request.get(None) is not context
        or _cv_app.get(None) is not context
        or request_push[2] is not None  # it was pushed again
        or app_push[2] is not None
        or (request is not None and not _TO_BE_CLOSED.isdisjoint(request.__dict__))
    ):
        context.pop(error)
        return
    if request is not None:
        context.environ["werkzeug.request"] = None
    _cv_request.reset(request_push[0])
    _cv_app.reset(app_push[0])
    context._request_push = context._app_push = None
