"""Views written as classes: `View` with one method, `MethodView` with one per HTTP method.

A class becomes a view function by `View.as_view`; routing and dispatch see only
that function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from .errors import SetupError
from .globals import current_app, request

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from .typing import ResponseReturnValue, RouteCallable

# The names of a `MethodView`'s methods that answer requests.
http_method_funcs = frozenset({"delete", "get", "head", "options", "patch", "post", "put", "trace"})


class View:
    """A view as a class: override `dispatch_request`, register `as_view`.

    ::

        class Hello(View):
            def dispatch_request(self, name):
                return f"Hello, {escape(name)}!"

        app.add_url_rule("/hello/<name>", view_func=Hello.as_view("hello"))

    Flask doc: Class-based Views.
    """

    #: HTTP methods the view answers; ``None`` leaves them to the route, which takes GET.
    methods: ClassVar[Collection[str] | None] = None
    #: Whether OPTIONS is answered without calling the view; ``None`` leaves it to the app.
    provide_automatic_options: ClassVar[bool | None] = None
    #: Whether pages of other sites may send to the view; see :func:`~retort.cross_origin_exempt`.
    cross_origin_exempt: ClassVar[bool] = False
    #: Wrapped around the view function, the first one innermost.
    decorators: ClassVar[list[Callable[..., Any]]] = []
    #: Make an instance for each request. With ``False`` one instance serves all, also
    #: at the same time in several threads: then keep nothing of a request on ``self``.
    init_every_request: ClassVar[bool] = True

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer one request; the variables of the URL come as keyword arguments.

        :raises NotImplementedError: if a subclass does not override it.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no dispatch_request()."
            " Define it: what it returns is the response."
        )

    @classmethod
    def as_view(cls, name: str, *class_args: Any, **class_kwargs: Any) -> RouteCallable:
        """Make the view function to register with a route.

        :param name: name of the function, and so the endpoint, unless the route names
            another.
        :param class_args: given to the class when an instance is made.
        :param class_kwargs: the same.
        :raises TypeError: if the class does not take these arguments; at once without
            ``init_every_request``, otherwise with the first request.
        """
        if cls.init_every_request:
            # A tool may replace the class of a registered view, and flask-injector reads
            # the arguments out of this closure, by their names.
            def view(**url_variables: Any) -> ResponseReturnValue:
                instance = registered.view_class(*class_args, **class_kwargs)
                return _dispatch(instance, url_variables)

        else:
            instance = cls(*class_args, **class_kwargs)

            def view(**url_variables: Any) -> ResponseReturnValue:
                return _dispatch(instance, url_variables)

        registered = cls._decorated(view, name)
        return cast("RouteCallable", registered)

    @classmethod
    def _decorated(cls, view: Any, name: str) -> Any:
        """The view inside its decorators, carrying what routing and tools read."""
        # Decorators such as `functools.wraps` copy these two; not all of them do.
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
    """A view as a class with one method per HTTP method.

    ::

        class Entry(MethodView):
            def get(self, id): ...
            def delete(self, id): ...

        app.add_url_rule("/entries/<int:id>", view_func=Entry.as_view("entry"))

    ``methods`` is made from the methods the class and its parents have, unless the
    class sets it. HEAD is answered by ``get`` if there is no ``head``. A class that has
    ``accepts``, the list of media types it takes, answers QUERY with ``query``.
    Flask doc: Class-based Views, Method Dispatching.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "methods" not in vars(cls):
            cls.methods = _methods_of(cls) or None

    def dispatch_request(self, **kwargs: Any) -> ResponseReturnValue:
        """Call the method named as the request's.

        :raises SetupError: an ``AssertionError``, if the route takes a method that
            the class does not have.
        """
        name = request.method.lower()
        handler = getattr(self, name, None)
        if handler is None and name == "head":
            handler = getattr(self, "get", None)
        if handler is None:
            raise SetupError(_unimplemented(self, name))
        return cast("ResponseReturnValue", current_app.ensure_sync(handler)(**kwargs))


def _dispatch(view: View, url_variables: dict[str, Any]) -> ResponseReturnValue:
    dispatch_request = current_app.ensure_sync(view.dispatch_request)
    return cast("ResponseReturnValue", dispatch_request(**url_variables))


def _methods_of(cls: type[View]) -> set[str]:
    """HTTP methods the class has functions for, and those its parents declare."""
    methods = {name.upper() for name in http_method_funcs if hasattr(cls, name)}
    if hasattr(cls, "query") and getattr(cls, "accepts", None) is not None:
        methods.add("QUERY")  # only then: `query` is a usual name for other things
    for base in cls.__bases__:
        methods.update(getattr(base, "methods", None) or ())
    return methods


def _unimplemented(view: View, name: str) -> str:
    return (
        f"Unimplemented method {name.upper()!r}: the route takes it,"
        f" but {type(view).__name__} has no method {name}()."
        f" Write `def {name}(self, ...)`, or leave it out of the route's methods."
    )
