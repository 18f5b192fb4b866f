"""Find the declared inputs in the signature of a view.

Annotations without a marker are not evaluated: names in them may be known to type checkers only.
"""

from __future__ import annotations

import ast
import inspect
import sys
import types
import typing as t
from functools import partial
from weakref import WeakKeyDictionary

from msgspec import NODEFAULT

from ...errors import SetupError
from ...tracebacks import where
from .draft import Draft
from .markers import Marker, Name
from .parameters import Parameter
from .types import describe, strip

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Views of an application factory are read where they are registered: later, the types that are
# local to the factory are not known.
_known: WeakKeyDictionary[t.Any, tuple[Parameter, ...]] = WeakKeyDictionary()


def parameters_of(view: Callable[..., t.Any]) -> tuple[Parameter, ...]:
    """The declared inputs in the signature of a function, or of the one that it wraps.

    :raises SetupError: if a declaration is not valid. If its cause is a ``NameError``, a type may
        be defined later.
    """
    function = function_of(view)
    if isinstance(view, partial):
        return tuple(_parameters(function, _left_open(view)))
    try:
        known = _known.get(function)
    except TypeError:  # without weak references
        return tuple(_parameters(function))
    if known is None:
        known = tuple(_parameters(function))
        if known:
            _known[function] = known
    return known


def function_of(view: t.Any) -> t.Any:
    """The function of the program that a view is or calls: without its decorators."""
    while True:
        if isinstance(view, partial):
            view = view.func
        elif hasattr(view, "__wrapped__"):
            view = view.__wrapped__
        else:
            break
    view = getattr(view, "__func__", view)
    if isinstance(view, (types.FunctionType, type)):
        return view
    call = type(view).__call__ if callable(view) else None
    return call if isinstance(call, types.FunctionType) else view


def _left_open(view: partial[t.Any]) -> set[str]:
    """The parameters that a ``partial`` has not set."""
    return set(inspect.signature(view).parameters) - view.keywords.keys()


def _parameters(function: t.Any, names: set[str] | None = None) -> Iterator[Parameter]:
    annotations = _annotations_of(function)
    known = _names(function) if any(map(_text_of, annotations.values())) else {}
    marked = {
        name: annotation
        for name, annotation in annotations.items()
        if name != "return" and _may_be_marked(annotation, known)
    }
    if not marked:
        return
    for parameter in inspect.signature(function).parameters.values():
        name = parameter.name
        if name in marked and (names is None or name in names):
            annotation = _evaluated(marked[name], name, function, known or _names(function))
            if _is_marked(annotation):
                yield _declared(function, parameter, annotation)


def _annotations_of(function: t.Any) -> dict[str, t.Any]:
    """The annotations of a function; names that are not defined stay text or references."""
    if not isinstance(function, types.FunctionType):
        return {}
    if sys.version_info >= (3, 14):
        import annotationlib

        found = annotationlib.get_annotations(function, format=annotationlib.Format.FORWARDREF)
        return dict(found)
    return dict(function.__annotations__)


# Names


def _names(function: t.Any) -> dict[str, t.Any]:
    """The names that annotations of a function may use."""
    if not isinstance(function, types.FunctionType):
        return {}
    names = dict(function.__globals__)
    if "<locals>" in function.__qualname__:
        names.update(_enclosing_names(function.__code__))
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            names[name] = cell.cell_contents
        except ValueError:  # set later
            continue
    return names


def _enclosing_names(code: types.CodeType) -> dict[str, t.Any]:
    """The local names of the functions that a function is written in, while they run."""
    names: dict[str, t.Any] = {}
    frame = inspect.currentframe()
    while frame is not None:
        if _contains(frame.f_code, code):
            names = {**frame.f_locals, **names}
        frame = frame.f_back
    return names


def _contains(outer: types.CodeType, code: types.CodeType) -> bool:
    return any(
        each is code or _contains(each, code)
        for each in outer.co_consts
        if isinstance(each, types.CodeType)
    )


# Markers


def _may_be_marked(annotation: t.Any, names: Mapping[str, t.Any]) -> bool:
    """Whether an annotation names a marker; a text is searched for the names of markers."""
    text = _text_of(annotation)
    if text is None:
        return _is_marked(annotation)
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        return False
    return any(_is_marked(_look_up(node, names)) for node in ast.walk(tree))


def _text_of(annotation: t.Any) -> str | None:
    if isinstance(annotation, t.ForwardRef):
        return annotation.__forward_arg__
    return annotation if isinstance(annotation, str) else None


def _look_up(node: ast.AST, names: Mapping[str, t.Any]) -> t.Any:
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _look_up(node.value, names)
        # Attributes of other objects may be computed, or need a request.
        if isinstance(owner, (types.ModuleType, type)):
            return getattr(owner, node.attr, None)
    return None


def _is_marked(annotation: t.Any) -> bool:
    if annotation is Draft:
        return True
    kind = type(annotation)
    if kind.__module__ not in ("typing", "types"):
        return False
    if kind.__name__ == "TypeAliasType":
        try:
            return _is_marked(annotation.__value__)
        except NameError:
            return False
    if any(isinstance(each, Marker) for each in getattr(annotation, "__metadata__", ())):
        return True
    return t.get_origin(annotation) is Draft or any(map(_is_marked, t.get_args(annotation)))


def _evaluated(annotation: t.Any, name: str, function: t.Any, names: dict[str, t.Any]) -> t.Any:
    """The type that an annotation with a marker means.

    :raises SetupError: if a name in it is not defined.
    """

    def holder() -> None: ...

    holder.__annotations__ = {"value": annotation}
    try:
        hint = t.get_type_hints(holder, names, names, include_extras=True)["value"]
        return _evaluate_items(hint, names)
    except Exception as error:  # evaluating it runs any code
        text = _text_of(annotation)
        raise SetupError(
            f"The type of {name!r} in {where(function)} is {text or annotation!r}, and it cannot"
            f" be evaluated there: {error}. Define or import the type in the module of the"
            " function, not below `if TYPE_CHECKING:`; in a function such as create_app(), above"
            " the view."
        ) from error


def _evaluate_items(hint: t.Any, names: Mapping[str, t.Any]) -> t.Any:
    """A type with the texts inside of ``list["Node"]`` evaluated.

    In Python 3.10, ``typing.get_type_hints`` leaves them as they are.

    :raises NameError: if a name in them is not known.
    """
    if sys.version_info >= (3, 11):
        return hint
    if isinstance(hint, str):
        return eval(hint, dict(names))
    if t.get_origin(hint) is t.Literal:
        return hint
    arguments = getattr(hint, "__args__", ())
    evaluated = tuple(_evaluate_items(each, names) for each in arguments)
    if evaluated == arguments:
        return hint
    if isinstance(hint, types.UnionType):
        return t.Union[evaluated]  # noqa: UP007  # made at run time
    if isinstance(hint, types.GenericAlias):
        return types.GenericAlias(t.cast("type", hint.__origin__), evaluated)
    return hint.copy_with(evaluated)


# Declarations


def _declared(function: t.Any, parameter: inspect.Parameter, annotation: t.Any) -> Parameter:
    place = f"{parameter.name!r} in {where(function)}"
    if parameter.kind not in _BY_NAME:
        raise SetupError(
            f"{place} has a marker, and inputs are given by name. Remove the"
            f" {_KINDS[parameter.kind]} from the signature, or the marker."
        )
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
            f" in `{parameter.name}: Query[int | None]` or `{parameter.name}: Draft[Signup]`."
        )
    try:
        described = describe(annotation)
    except SetupError as error:
        raise SetupError(f"The type of {place} cannot be read. {error}") from error.__cause__
    source = markers[0].source
    names = [each.name for each in metadata if isinstance(each, Name)]
    key: str | None = names[-1] if names else _default_key(parameter.name, source)
    if not names and (described.is_structured or (source == "body" and described.is_many)):
        key = None
    return Parameter(parameter.name, source, key, described, default)


_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "`/`",
    inspect.Parameter.VAR_POSITIONAL: "`*`",
    inspect.Parameter.VAR_KEYWORD: "`**`",
}


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
