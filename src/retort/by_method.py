"""Several functions for one URL, one per method, with one endpoint.

::

    @app.get("/login")
    def login(): ...

    @login.post
    def login(): ...

What a class does with :class:`~retort.views.MethodView`, for functions.
"""

from __future__ import annotations

import typing as t
from functools import partial, update_wrapper
from types import FunctionType

from .globals import current_app, request

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from .scaffold import Scaffold
    from .typing import RouteCallable

V = t.TypeVar("V", bound="RouteCallable")

_OFFERED = ("get", "post", "put", "patch", "delete", "query")


def let_more_methods(
    scaffold: Scaffold, view: V, rule: str, method: str, options: dict[str, t.Any]
) -> V:
    """Let ``view`` be a decorator for other methods of its URL: ``@view.post``."""
    if type(view) is FunctionType:
        endpoint = options.get("endpoint") or view.__name__
        ViewsOfEndpoint(scaffold, rule, endpoint, method, view).offer_on(view)
    return view


class ViewsOfEndpoint:
    """The functions that answer the methods of one endpoint."""

    def __init__(
        self, scaffold: Scaffold, rule: str, endpoint: str, method: str, view: RouteCallable
    ) -> None:
        self.scaffold = scaffold
        self.rule = rule
        self.endpoint = endpoint
        self.views = {method: view}
        self.dispatcher = update_wrapper(self._make_dispatcher(), view)
        # What is marked is one of these, and not the function that calls them.
        self.dispatcher.views_by_method = self.views  # type: ignore[attr-defined]

    def offer_on(self, view: RouteCallable) -> None:
        """Make ``view.post`` and the others decorators, where the function has no such thing."""
        for name in _OFFERED:
            if name not in view.__dict__:
                setattr(view, name, partial(self.add, name.upper()))

    def add(self, method: str, view: t.Any = None, /, **options: t.Any) -> t.Any:
        """Answer ``method`` with ``view``; without a view, a decorator that does.

        :param options: of the rule, as for :meth:`Scaffold.route`.
        """
        if view is None:
            return partial(self.add, method, **options)
        self.scaffold.add_url_rule(self.rule, self.endpoint, methods=[method], **options)
        self.views[method] = view
        self.scaffold._replace_view(self.endpoint, self.dispatcher)
        self.offer_on(view)
        return view

    def _make_dispatcher(self) -> Callable[..., t.Any]:
        def by_method(**url_variables: t.Any) -> t.Any:
            method = request.method
            if method == "HEAD" and method not in self.views:
                method = "GET"
            return current_app.ensure_sync(self.views[method])(**url_variables)

        return by_method
