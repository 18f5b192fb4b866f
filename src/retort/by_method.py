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


def let_more_methods(
    scaffold: Scaffold, view: V, rule: str, method: str, options: dict[str, t.Any]
) -> V:
    """Let ``view`` be a decorator for other methods of its URL: ``@view.post``."""
    if type(view) is FunctionType:
        endpoint = options.get("endpoint") or view.__name__
        ViewsOfEndpoint(scaffold, rule, endpoint, method, view).offer_on(view)
    return view


def _adder(method: str) -> Callable[..., t.Any]:
    def add(self: ViewsOfEndpoint, view: t.Any = None, /, **options: t.Any) -> t.Any:
        return self.add(method, view, options)

    return add


class ViewsOfEndpoint:
    """The functions that answer the methods of one endpoint.

    Every view that is registered by its method has one of these, and few need it: so it is small.
    """

    __slots__ = ("dispatcher", "endpoint", "marks", "rule", "scaffold", "views")

    def __init__(
        self, scaffold: Scaffold, rule: str, endpoint: str, method: str, view: RouteCallable
    ) -> None:
        self.scaffold = scaffold
        self.rule = rule
        self.endpoint = endpoint
        self.views = {method: view}
        self.marks = dict(vars(view))  # before any that are meant for this method alone
        self.dispatcher: Callable[..., t.Any] | None = None

    get, post, put = _adder("GET"), _adder("POST"), _adder("PUT")
    patch, delete, query = _adder("PATCH"), _adder("DELETE"), _adder("QUERY")

    def offer_on(self, view: RouteCallable) -> None:
        """Make ``view.post`` and the others decorators, where the function has no such thing."""
        for name in _OFFERED:
            if name not in view.__dict__:
                setattr(view, name, getattr(self, name))

    def add(self, method: str, view: t.Any, options: dict[str, t.Any]) -> t.Any:
        """Answer ``method`` with ``view``; without a view, a decorator that does.

        :param options: of the rule, as for :meth:`Scaffold.route`.
        """
        if view is None:
            return partial(self.add, method, options=options)
        self.scaffold.add_url_rule(self.rule, self.endpoint, methods=[method], **options)
        if self.dispatcher is None:
            self.dispatcher = self._make_dispatcher()
        self.views[method] = view
        self.scaffold.replace_view(self.endpoint, self.dispatcher)
        self.offer_on(view)
        return view

    def _make_dispatcher(self) -> Callable[..., t.Any]:
        """What is called for all methods; it looks like the first of the functions."""

        def by_method(**url_variables: t.Any) -> t.Any:
            method = request.method
            if method == "HEAD" and method not in self.views:
                method = "GET"
            return current_app.ensure_sync(self.views[method])(**url_variables)

        (first,) = self.views.values()
        update_wrapper(by_method, first, updated=())
        # What is marked is one of these, and not the function that calls them.
        vars(by_method).update(self.marks, views_by_method=self.views)
        return by_method


_OFFERED = ("get", "post", "put", "patch", "delete", "query")
