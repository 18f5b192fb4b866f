"""Several view functions for one URL and endpoint, one per method.

::

    @app.get("/login")
    def login(): ...

    @login.post
    def login(): ...

The equivalent of :class:`~retort.views.MethodView` for functions.
"""

from __future__ import annotations

import typing as t
from functools import partial, update_wrapper
from inspect import iscoroutinefunction
from types import FunctionType

from .awaited import set_awaited
from .declared import bound, check_route
from .globals import current_app, request

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from .scaffold import Scaffold
    from .typing import RouteCallable

V = t.TypeVar("V", bound="RouteCallable")


def let_more_methods(
    scaffold: Scaffold, view: V, rule: str, method: str, options: dict[str, t.Any]
) -> V:
    """Add decorators for other methods of the URL to ``view``: ``@view.post``."""
    if type(view) is FunctionType:
        endpoint = options.get("endpoint") or view.__name__
        ViewsOfEndpoint(scaffold, rule, endpoint, method, view).offer_on(view)
    return view


def _adder(method: str) -> Callable[..., t.Any]:
    def add(self: ViewsOfEndpoint, view: t.Any = None, /, **options: t.Any) -> t.Any:
        return self.add(method, view, options)

    return add


class ViewsOfEndpoint:
    """The view functions of one endpoint, by method.

    Every view that is registered by its method has such an object, though few use it. So it is
    small.
    """

    __slots__ = ("dispatcher", "endpoint", "marks", "rule", "scaffold", "views")

    def __init__(
        self, scaffold: Scaffold, rule: str, endpoint: str, method: str, view: RouteCallable
    ) -> None:
        self.scaffold = scaffold
        self.rule = rule
        self.endpoint = endpoint
        self.views = {method: view}
        self.marks = dict(vars(view))  # takes precedence over views for this method only
        self.dispatcher: Callable[..., t.Any] | None = None

    get, post, put = _adder("GET"), _adder("POST"), _adder("PUT")
    patch, delete, query = _adder("PATCH"), _adder("DELETE"), _adder("QUERY")

    def offer_on(self, view: RouteCallable) -> None:
        """Set ``view.post`` and the others, unless the function has such attributes."""
        for name in _OFFERED:
            if name not in view.__dict__:
                setattr(view, name, getattr(self, name))

    def add(self, method: str, view: t.Any, options: dict[str, t.Any]) -> t.Any:
        """Register ``view`` for ``method``; without a view, return a decorator.

        :param options: of the rule, as for :meth:`Scaffold.route`.
        """
        if view is None:
            return partial(self.add, method, options=options)
        check_route(self.rule, None, view, {method})
        self.scaffold.add_url_rule(self.rule, self.endpoint, methods=[method], **options)
        if self.dispatcher is None:
            self.dispatcher = self._make_dispatcher()
        self.views[method] = view
        self.scaffold.replace_view(self.endpoint, self.dispatcher)
        self.offer_on(view)
        return view

    def _make_dispatcher(self) -> Callable[..., t.Any]:
        """The view for all methods; it has the metadata of the first function."""

        def by_method(**url_variables: t.Any) -> t.Any:
            method = request.method
            if method == "HEAD" and method not in self.views:
                method = "GET"
            return current_app.ensure_sync(bound(self.views[method]))(**url_variables)

        (first,) = self.views.values()
        update_wrapper(by_method, first, updated=())
        # Exemption marks are on these functions, not on the dispatching one.
        vars(by_method).update(self.marks, views_by_method=self.views)
        set_awaited(by_method, self._find_awaited)
        return by_method

    def _find_awaited(self, method: str) -> Callable[..., t.Any] | None:
        if method == "HEAD" and method not in self.views:
            method = "GET"
        view = self.views.get(method)
        return bound(view) if view is not None and iscoroutinefunction(view) else None


_OFFERED = ("get", "post", "put", "patch", "delete", "query")
