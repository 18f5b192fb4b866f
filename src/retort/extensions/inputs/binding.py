"""Call a view with its declared inputs.

The function that takes the place of the view reads the inputs and calls it. All errors of a request
are reported at once. Annotations of views without a marker are not evaluated.
"""

from __future__ import annotations

import ast
import inspect
import sys
import typing as t
from functools import wraps
from weakref import WeakKeyDictionary

from msgspec import NODEFAULT

from ...errors import SetupError
from ...globals import current_request_context
from ...tracebacks import where
from .draft import Draft
from .draft.attributes import attributes
from .errors import InvalidInput, input_error
from .forms import NOT_FILLED
from .forms.text import make_reader
from .markers import Marker, Name
from .parameters import Parameter
from .returned import Returned
from .sources import reader_of
from .types import describe, strip

if t.TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from .sources import Read

V = t.TypeVar("V", bound="Callable[..., t.Any]")

_BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE", "QUERY"})


class Inputs:
    """The declared inputs of a function.

    :param function: the function that declares them.
    :param parameters: at least one.
    """

    # For tools that compare a page with a type: they do not import this package.
    control_attributes = staticmethod(attributes)
    make_reader = staticmethod(make_reader)

    def __init__(self, function: Callable[..., t.Any], parameters: tuple[Parameter, ...]) -> None:
        self.function = function
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
        invalid: list[InvalidInput] = []
        for name, read in self.readers:
            try:
                value = read(request)
            except InvalidInput as error:
                invalid.append(error)
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
        return None  # it calls the function for the method, which has inputs of its own
    parameters = tuple(_parameters(function))
    return Inputs(inspect.unwrap(function), parameters) if parameters else None


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
    check = Returned(declared.function).check
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
            parameters = tuple(_parameters(view))
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
    parameters = tuple(_parameters(placed))
    return Inputs(placed, parameters) if parameters else None


# Reading a signature


def _parameters(function: Callable[..., t.Any]) -> Iterator[Parameter]:
    """The declared inputs in the signature of a function, or of the one that it wraps."""
    inner = inspect.unwrap(function)
    annotations = _annotations_of(inner)
    if not any(_may_be_marked(each, inner) for each in annotations.values()):
        return
    try:
        signature = inspect.signature(inner)
    except (TypeError, ValueError):  # not a function of Python
        return
    for parameter in signature.parameters.values():
        annotation = annotations.get(parameter.name)
        if annotation is not None and _may_be_marked(annotation, inner):
            found = _declared(inner, parameter, _evaluated(annotation, parameter.name, inner))
            if found is not None:
                yield found


def _annotations_of(function: t.Any) -> dict[str, t.Any]:
    """The annotations of a function; names that are not defined stay text or references."""
    if sys.version_info >= (3, 14):
        import annotationlib

        found = annotationlib.get_annotations(function, format=annotationlib.Format.FORWARDREF)
        return dict(found)
    return dict(getattr(function, "__annotations__", None) or {})


def _may_be_marked(annotation: t.Any, function: t.Any) -> bool:
    """Whether an annotation names a marker; a text is searched for the names of markers."""
    text = _text_of(annotation)
    if text is None:
        return _is_marked(annotation)
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        return False
    return any(_is_marked(_look_up(node, function)) for node in ast.walk(tree))


def _text_of(annotation: t.Any) -> str | None:
    if isinstance(annotation, str):
        return annotation
    return getattr(annotation, "__forward_arg__", None)


def _look_up(node: ast.AST, function: t.Any) -> t.Any:
    if isinstance(node, ast.Name):
        return _names(function).get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(_look_up(node.value, function), node.attr, None)
    return None


def _names(function: t.Any) -> dict[str, t.Any]:
    try:
        nonlocals = inspect.getclosurevars(function).nonlocals
    except (TypeError, ValueError):
        nonlocals = {}
    return {**getattr(function, "__globals__", {}), **nonlocals}


def _is_marked(annotation: t.Any) -> bool:
    if annotation is Draft or t.get_origin(annotation) is Draft:
        return True
    if any(isinstance(each, Marker) for each in getattr(annotation, "__metadata__", ())):
        return True
    return any(_is_marked(each) for each in t.get_args(annotation))


def _evaluated(annotation: t.Any, name: str, function: t.Any) -> t.Any:
    """The type that an annotation with a marker means.

    :raises SetupError: if a name in it is not defined.
    """
    text = _text_of(annotation)
    if text is None:
        return annotation
    try:
        return eval(text, _names(function))  # as Python evaluates annotations
    except Exception as error:
        raise SetupError(
            f"The type of {name!r} in {where(function)} is {text!r}, and it cannot be evaluated"
            f" there: {error}. Define or import the type in the module of the function, not in"
            " another function, and not below `if TYPE_CHECKING:`."
        ) from error


def _declared(function: t.Any, parameter: inspect.Parameter, annotation: t.Any) -> Parameter | None:
    place = f"{parameter.name!r} in {where(function)}"
    default = parameter.default
    if default is inspect.Parameter.empty:
        default = NODEFAULT
    if annotation is Draft or t.get_origin(annotation) is Draft:
        return Parameter(parameter.name, "draft", None, _describe_draft(annotation, place))
    metadata = strip(annotation)[1]
    markers = [each for each in metadata if isinstance(each, Marker)]
    if len(markers) != 1:
        raise SetupError(
            f"The type of {place} is {annotation!r}. Write one marker around the whole type, as"
            f" in `{parameter.name}: Query[int | None]`."
        )
    try:
        described = describe(annotation)
    except SetupError as error:
        raise SetupError(f"The type of {place} cannot be read. {error}") from error
    source = markers[0].source
    names = [each.name for each in metadata if isinstance(each, Name)]
    key: str | None = names[-1] if names else _default_key(parameter.name, source)
    if not names and (described.is_structured or (source == "body" and described.is_many)):
        key = None
    return Parameter(parameter.name, source, key, described, default)


def _default_key(name: str, source: str) -> str:
    return name.replace("_", "-").title() if source == "header" else name


def _describe_draft(annotation: t.Any, place: str) -> t.Any:
    arguments = t.get_args(annotation)
    described = describe(arguments[0]) if arguments else None
    if described is None or described.record is None:
        raise SetupError(
            f"The type of {place} is a Draft without a class with fields. Write"
            " Draft[Signup], where Signup is a msgspec.Struct, a dataclass or the like."
        )
    return described


# Checks at registration


def check_route(
    rule: str, variables: Collection[str] | None, view: Callable[..., t.Any], methods: set[str]
) -> None:
    """Check the declared inputs of a view that is registered for a rule.

    A type that is not defined yet is checked with the first request.

    :param variables: those of the whole rule, if it is known.
    :raises SetupError: if they do not fit the rule.
    """
    for function, own in _functions_of(view, methods):
        try:
            parameters = tuple(_parameters(function))
        except SetupError as error:
            if isinstance(error.__cause__, NameError):
                continue
            raise
        if variables is not None:
            for parameter in parameters:
                _check_variable(rule, variables, parameter, function)
        _check_bodies(rule, parameters, function, own)


def _functions_of(
    view: Callable[..., t.Any], methods: set[str]
) -> Iterator[tuple[Callable[..., t.Any], set[str]]]:
    """The functions that a view calls, each with its methods."""
    cls = getattr(view, "view_class", None)
    if cls is None:
        yield inspect.unwrap(view), methods
        return
    for method in methods:
        function = getattr(cls, method.lower(), None)
        if function is not None:
            yield inspect.unwrap(function), {method}
    yield inspect.unwrap(cls.dispatch_request), methods


def _check_variable(
    rule: str, variables: Collection[str], parameter: Parameter, function: t.Any
) -> None:
    name = parameter.name
    place = f"{name!r} in {where(function)}"
    is_variable = (parameter.key if parameter.source == "path" else name) in variables
    if parameter.source == "path" and not is_variable:
        raise SetupError(
            f"{place} is marked with Path, and the rule {rule!r} has no variable {name!r}."
            f" Add <{name}> to the rule, or write another marker, such as Query."
        )
    if parameter.source != "path" and is_variable:
        marker = parameter.source.title()
        raise SetupError(
            f"{place} is a variable of the rule {rule!r}, and it is marked with {marker}. Mark it"
            " with Path, remove the marker, or give the parameter another name."
        )


def _check_bodies(
    rule: str, parameters: Collection[Parameter], function: t.Any, methods: set[str]
) -> None:
    bodies = [each for each in parameters if each.source in ("body", "form", "draft")]
    kinds = {"body" if each.source == "body" else "form" for each in bodies}
    if len(kinds) > 1:
        names = " and ".join(repr(each.name) for each in bodies)
        raise SetupError(
            f"{names} in {where(function)}: a request has one body, either JSON (Body) or a form"
            " (Form, Draft). Use one of them, or write two views."
        )
    whole = [each.name for each in bodies if each.key is None]
    if len(whole) > 1:
        raise SetupError(
            f"{' and '.join(map(repr, whole))} in {where(function)} take the whole body each."
            " Write one class with the fields of both."
        )
    if any(each.source != "draft" for each in bodies) and methods.isdisjoint(_BODY_METHODS):
        raise SetupError(
            f"{bodies[0].name!r} in {where(function)} is read from the body of the request, and"
            f" the rule {rule!r} takes {', '.join(sorted(methods))} only. Add"
            " methods=['POST'], or write Query, if it is in the address."
        )
