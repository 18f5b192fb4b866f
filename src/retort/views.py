"""Class-based views: `View` with one method, `MethodView` with one per HTTP method.

`View.as_view` converts a class to a view function; routing and dispatch use only that function.
"""

from __future__ import annotations

from functools import partial
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, ClassVar, cast

from .awaited import set_awaited
from .declared import bound
from .errors import SetupError
from .globals import current_app, request

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine

    from .typing import ResponseReturnValue, RouteCallable

# The names of a `MethodView`'s methods that handle requests.
http_method_funcs = frozenset({"delete", "get", "head", "options", "patch", "post", "put", "trace"})
_CALLED = http_method_funcs | {"dispatch_request", "query"}


class View:
    """A class-based view: override `dispatch_request`, register `as_view`.

    ::

        class Hello(View):
            def dispatch_request(self, name):
                return f"Hello, {escape(name)}!"

        app.add_url_rule("/hello/<name>", view_func=Hello.as_view("hello"))

    Flask doc: Class-based Views.
    """

    #: HTTP methods of the view; ``None``: those of the route, by default GET.
    methods: ClassVar[Collection[str] | None] = None
    #: Whether OPTIONS is handled without calling the view; ``None``: the app decides.
    provide_automatic_options: ClassVar[bool | None] = None
    #: Whether pages of other sites may send to the view; see :func:`~retort.cross_origin_exempt`.
    cross_origin_exempt: ClassVar[bool] = False
    #: Decorators applied to the view function, the first one innermost.
    decorators: ClassVar[list[Callable[..., Any]]] = []
    #: Create an instance for each request. With ``False``, one instance handles all requests, also
    #: concurrently in several threads: then store no request data on ``self``.
    init_every_request: ClassVar[bool] = True

    def dispatch_request(self) -> ResponseReturnValue:
        """Handle one request; URL variables are passed as keyword arguments.

        :raises NotImplementedError: if a subclass does not override it.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no dispatch_request()."
            " Define it; its return value is the response."
        )

    @classmethod
    def as_view(cls, name: str, *class_args: Any, **class_kwargs: Any) -> RouteCallable:
        """Create the view function to register with a route.

        :param name: name of the function, and so the default endpoint.
        :param class_args: passed to the class when an instance is created.
        :param class_kwargs: the same.
        :raises TypeError: if the class does not accept these arguments; immediately without
            ``init_every_request``, otherwise with the first request.
        """
        if cls.init_every_request:
            # Tools may replace the class of a registered view, and flask-injector reads the
            # arguments from this closure by their names.
            def view(**url_variables: Any) -> ResponseReturnValue:
                instance = registered.view_class(*class_args, **class_kwargs)
                return _dispatch(instance, url_variables)

            def make() -> View:
                return cast("View", registered.view_class(*class_args, **class_kwargs))

        else:
            instance = cls(*class_args, **class_kwargs)

            def view(**url_variables: Any) -> ResponseReturnValue:
                return _dispatch(instance, url_variables)

            def make() -> View:
                return instance

        registered = cls._decorated(view, name)
        if registered is view:
            set_awaited(view, partial(_find_awaited, view, make))
        return cast("RouteCallable", registered)

    @classmethod
    def _decorated(cls, view: Any, name: str) -> Any:
        """Apply the decorators, and set the attributes that routing and tools read."""
        # Decorators that use `functools.wraps` copy these two; others do not.
        view.__name__ = name
        view.__module__ = cls.__module__
        for decorator in cls.decorators:
            view = decorator(view)
        view.__name__ = name
        view.__doc__ = cls.__doc__
        view.__module__ = cls.__module__
        view.view_class = cls
        view.methods = cls.methods
        view.provide_automatic_options = cls.provide_automatic_options
        return view


class MethodView(View):
    """A class-based view with one method per HTTP method.

    ::

        class Entry(MethodView):
            def get(self, id): ...
            def delete(self, id): ...

        app.add_url_rule("/entries/<int:id>", view_func=Entry.as_view("entry"))

    ``methods`` is derived from the methods of the class and its parents, unless the class sets it.
    ``get`` handles HEAD if there is no ``head``. If a class has ``accepts``, the list of accepted
    media types, its method ``query`` handles QUERY.
    Flask doc: Class-based Views, Method Dispatching.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "methods" not in vars(cls):
            cls.methods = _methods_of(cls) or None

    def dispatch_request(self, **kwargs: Any) -> ResponseReturnValue:
        """Call the method with the name of the request method.

        :raises SetupError: an ``AssertionError``, if the route accepts a method that the class does
            not have.
        """
        name = request.method.lower()
        handler = getattr(self, name, None)
        if handler is None and name == "head":
            handler = getattr(self, "get", None)
        if handler is None:
            raise SetupError(_unimplemented(self, name))
        return cast("ResponseReturnValue", current_app.ensure_sync(bound(handler))(**kwargs))


def _find_awaited(
    view: Any, make: Callable[[], View], method: str
) -> Callable[..., Coroutine[Any, Any, Any]] | None:
    """The coroutine function that a view function calls for a request method."""
    cls = view.view_class
    name = "dispatch_request"
    if cls.dispatch_request is MethodView.dispatch_request:
        name = method.lower()
        if name == "head" and not hasattr(cls, name):
            name = "get"
    if name not in _CALLED or not iscoroutinefunction(getattr(cls, name, None)):
        return None

    async def call(**url_variables: Any) -> Any:
        return await bound(getattr(make(), name))(**url_variables)

    return call


def _dispatch(view: View, url_variables: dict[str, Any]) -> ResponseReturnValue:
    dispatch_request = current_app.ensure_sync(bound(view.dispatch_request))
    return cast("ResponseReturnValue", dispatch_request(**url_variables))


def _methods_of(cls: type[View]) -> set[str]:
    """The HTTP methods that the class implements, and those its parents declare."""
    methods = {name.upper() for name in http_method_funcs if hasattr(cls, name)}
    if hasattr(cls, "query") and getattr(cls, "accepts", None) is not None:
        methods.add("QUERY")  # only with `accepts`: `query` is a common name for other methods
    for base in cls.__bases__:
        methods.update(getattr(base, "methods", None) or ())
    return methods


def _unimplemented(view: View, name: str) -> str:
    return (
        f"Unimplemented method {name.upper()!r}: the route accepts it,"
        f" but {type(view).__name__} has no method {name}()."
        f" Write `def {name}(self, ...)`, or remove it from the route's methods."
    )
