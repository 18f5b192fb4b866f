"""Call a view with its declared inputs.

The function that takes the place of the view reads the inputs and calls it. All errors of a request
are reported at once. Annotations of views without a marker are not evaluated.
"""

from __future__ import annotations

import inspect
import typing as t
from functools import wraps
from weakref import WeakKeyDictionary

from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from ...errors import SetupError
from ...globals import current_request_context
from ...tracebacks import where
from .draft.attributes import attributes
from .errors import InputError, InvalidInput, Unreadable, input_error
from .forms import NOT_FILLED
from .forms.text import make_reader
from .returned import Returned
from .signatures import function_of, parameters_of
from .sources import reader_of

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from .parameters import Parameter
    from .sources import Read

V = t.TypeVar("V", bound="Callable[..., t.Any]")


class Inputs:
    """The declared inputs of a function.

    :param function: the function that declares them; it is not kept, so that the views of an
        application can be freed.
    :param parameters: at least one.
    :ivar check: compares a returned value with the return annotation; see `Returned.check`.
    """

    # For tools that compare a page with a type: they do not import this package.
    control_attributes = staticmethod(attributes)
    make_reader = staticmethod(make_reader)

    def __init__(self, function: Callable[..., t.Any], parameters: tuple[Parameter, ...]) -> None:
        self.check = Returned(function).check
        self.parameters = parameters
        self.readers: tuple[tuple[str, Read], ...] = tuple(
            (parameter.name, reader_of(parameter)) for parameter in parameters
        )

    def add_to(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """Add the inputs of the current request to the arguments of the view.

        :raises InputError: with the errors of all inputs.
        """
        context = current_request_context.get()
        request = context.made_request or context.request
        invalid: list[InvalidInput | InputError] = []
        for name, read in self.readers:
            try:
                value = read(request)
            except (InvalidInput, InputError) as error:
                invalid.append(error)
                continue
            except (BadRequest, RequestEntityTooLarge) as error:
                if type(error) not in (BadRequest, RequestEntityTooLarge):
                    raise  # such as of a client that has left
                invalid.append(Unreadable(error.description or "", error.code or 400))
                continue
            if value is NOT_FILLED:
                variables.pop(name, None)
            else:
                variables[name] = value
        if invalid:
            raise input_error(invalid)
        return variables


_known: WeakKeyDictionary[t.Any, Inputs | None] = WeakKeyDictionary()


def inputs_of(view: Callable[..., t.Any]) -> Inputs | None:
    """The declared inputs of a view; ``None`` if it has none, or reads them further inside.

    :raises SetupError: if a declaration is not valid; the message has the line and the fix.
    """
    function = getattr(view, "__func__", view)
    try:
        if function not in _known:
            _known[function] = _find(function)
        return _known[function]
    except TypeError:  # without weak references
        return _find(function)


def _find(function: Callable[..., t.Any]) -> Inputs | None:
    if getattr(function, "retort_inputs", None) is not None:
        return None  # @inputs has set the place
    if getattr(function, "views_by_method", None) is not None:
        return None  # it calls other views, each with its inputs
    parameters = parameters_of(function)
    return Inputs(function_of(function), parameters) if parameters else None


def bind(view: Callable[..., t.Any]) -> Callable[..., t.Any]:
    """The function to call in the place of a view: the view itself without declared inputs.

    Inputs that cannot be read are an error of the request, as one of the view.
    """
    try:
        found = inputs_of(view)
    except SetupError:
        return _bound_later(view)
    return view if found is None else _bound(view, found)


def _bound_later(view: Callable[..., t.Any]) -> Callable[..., t.Any]:
    """A function that reads the declaration of a view for each request, and raises its error."""

    def now() -> Callable[..., t.Any]:
        found = inputs_of(view)
        return view if found is None else _bound(view, found)

    if inspect.iscoroutinefunction(view):

        async def call_async(*args: t.Any, **variables: t.Any) -> t.Any:
            return await now()(*args, **variables)

        return call_async

    def call(*args: t.Any, **variables: t.Any) -> t.Any:
        return now()(*args, **variables)

    return call


def _bound(view: Callable[..., t.Any], declared: Inputs) -> Callable[..., t.Any]:
    add_inputs = declared.add_to
    check = declared.check
    if inspect.iscoroutinefunction(view):

        @wraps(view)
        async def call_async(*args: t.Any, **variables: t.Any) -> t.Any:
            return check(await view(*args, **add_inputs(variables)))

        call_async.declared_inputs = declared.parameters  # type: ignore[attr-defined]
        return call_async

    @wraps(view)
    def call(*args: t.Any, **variables: t.Any) -> t.Any:
        return check(view(*args, **add_inputs(variables)))

    call.declared_inputs = declared.parameters  # type: ignore[attr-defined]
    return call


def inputs(view: V) -> V:
    """Read the declared inputs of a view here, below the decorators that are written above.

    ::

        @app.post("/orders")
        @login_required
        @inputs
        def order(order: Body[Order]): ...

    Without it, inputs are read before all decorators of the view. A :class:`Draft` is read when it
    is used, so it needs no ``@inputs``.

    :raises SetupError: if the function declares no inputs.
    """
    cache: list[Callable[..., t.Any]] = []

    def bound() -> Callable[..., t.Any]:
        # At the first call: the types may be defined further down in the module.
        if not cache:
            parameters = parameters_of(view)
            if not parameters:
                raise SetupError(
                    f"@inputs is above {where(view)}, which declares no inputs."
                    " Write a marker at a parameter, as in `order: Body[Order]`, or remove @inputs."
                )
            cache.append(_bound(view, Inputs(view, parameters)))
        return cache[0]

    if inspect.iscoroutinefunction(view):

        @wraps(view)
        async def read_here_async(*args: t.Any, **variables: t.Any) -> t.Any:
            return await bound()(*args, **variables)

        placed: t.Any = read_here_async
    else:

        @wraps(view)
        def read_here(*args: t.Any, **variables: t.Any) -> t.Any:
            return bound()(*args, **variables)

        placed = read_here
    placed.retort_inputs = view
    return t.cast("V", placed)


def declared_inputs(view: Callable[..., t.Any]) -> Inputs | None:
    """The declared inputs of a view, also those that ``@inputs`` reads further inside."""
    placed = getattr(view, "retort_inputs", None)
    if placed is None:
        return inputs_of(view)
    parameters = parameters_of(placed)
    return Inputs(placed, parameters) if parameters else None
