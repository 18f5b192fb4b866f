"""Blueprint: records set-up calls and replays them on an application.

Each set-up call that concerns an application is stored as a function. `register` calls these
functions with a :class:`BlueprintSetupState`, which has the prefix and the names.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping
from functools import update_wrapper

from .errors import SetupError
from .registries import RecordedList
from .scaffold import (
    Scaffold,
    configured_max_age,
    endpoint_of_view,
    open_below,
    send_from_static_folder,
    setupmethod,
)
from .serving_hooks import check_serving_function, check_serving_generator

if t.TYPE_CHECKING:
    import os

    from .http import Response
    from .scaffold import (
        T_after_request,
        T_after_websocket,
        T_before_request,
        T_before_websocket,
        T_error_handler,
        T_teardown,
        T_template_context_processor,
        T_url_defaults,
        T_url_value_preprocessor,
    )
    from .setup import App
    from .typing import (
        RouteCallable,
        ServingCallable,
        ServingGenerator,
        TemplateFilterCallable,
        TemplateGlobalCallable,
        TemplateTestCallable,
    )

DeferredSetupFunction = Callable[["BlueprintSetupState"], None]

T_template_filter = t.TypeVar("T_template_filter", bound="TemplateFilterCallable")
T_template_global = t.TypeVar("T_template_global", bound="TemplateGlobalCallable")
T_template_test = t.TypeVar("T_template_test", bound="TemplateTestCallable")

T_serving = t.TypeVar("T_serving", bound="ServingCallable")
T_while_serving = t.TypeVar("T_while_serving", bound="ServingGenerator")

_unset: t.Any = object()


class BlueprintSetupState:
    """One registration of a blueprint on an application, for the recorded functions.

    Made by :meth:`Blueprint.make_setup_state`. Flask's "API" page.
    """

    def __init__(
        self,
        blueprint: Blueprint,
        app: App,
        options: t.Any,
        first_registration: bool,
    ) -> None:
        #: The application the blueprint is registered on.
        self.app = app
        #: The blueprint.
        self.blueprint = blueprint
        #: The keyword arguments given to ``register_blueprint``.
        self.options = options
        #: Whether it is the blueprint's first registration on this application.
        self.first_registration = first_registration

        def chosen(option: str, default: t.Any) -> t.Any:
            value = options.get(option)
            return default if value is None else value

        #: Subdomain of the rules, or ``None``.
        self.subdomain: str | None = chosen("subdomain", blueprint.subdomain)
        #: Prefix of the rules, or ``None``.
        self.url_prefix: str | None = chosen("url_prefix", blueprint.url_prefix)
        #: Name of the blueprint in this registration, without its parents.
        self.name: str = options.get("name", blueprint.name)
        #: Names of its parent blueprints, dotted.
        self.name_prefix: str = options.get("name_prefix", "")
        #: Defaults for the variables of all rules.
        self.url_defaults: dict[str, t.Any] = {
            **blueprint.url_values_defaults,
            **(options.get("url_defaults") or {}),
        }

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: RouteCallable | None = None,
        **options: t.Any,
    ) -> None:
        """Add a rule to the application, with prefix, subdomain, defaults and full name."""
        if self.url_prefix is not None:
            rule = _join(self.url_prefix, rule)
        options.setdefault("subdomain", self.subdomain)
        if endpoint is None:
            endpoint = endpoint_of_view(view_func)
        defaults = {**self.url_defaults, **options.pop("defaults", {})}
        self.app.add_url_rule(
            rule, self._full_name(endpoint), view_func, defaults=defaults, **options
        )

    def replace_view(self, endpoint: str, view: RouteCallable) -> None:
        """Set the view of an endpoint of the blueprint."""
        self.app.replace_view(self._full_name(endpoint), view)

    def _full_name(self, endpoint: str) -> str:
        return f"{self.name_prefix}.{self.name}.{endpoint}".lstrip(".")


def _join(prefix: str, rule: str) -> str:
    """Join prefix and rule: ``/a`` and ``/b`` are ``/a/b``; an empty rule is the prefix."""
    if not rule:
        return prefix
    return f"{prefix.rstrip('/')}/{rule.lstrip('/')}"


class Blueprint(Scaffold):
    """A part of an application: routes, hooks, handlers, templates and files of its own.

    :param name: its name, the prefix of its endpoints: ``name.endpoint``.
    :param import_name: name of the module that creates it: ``__name__``.
    :param static_folder: folder of files to serve below the blueprint's prefix.
    :param static_url_path: URL prefix of these files.
    :param template_folder: folder of templates, searched after the application's.
    :param url_prefix: prefix of its rules.
    :param subdomain: subdomain of its rules.
    :param url_defaults: defaults for variables in all of its rules.
    :param root_path: base of relative paths; found by ``import_name`` if not given.
    :param cli_group: name of the group its commands go into: its own name by default,
        ``None`` for the application's own group.
    :raises ValueError: if the name is empty or has a dot.

    Flask's "Modular Applications with Blueprints".
    """

    _got_registered_once = False

    def __init__(
        self,
        name: str,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        url_prefix: str | None = None,
        subdomain: str | None = None,
        url_defaults: dict[str, t.Any] | None = None,
        root_path: str | None = None,
        cli_group: str | None = _unset,
    ) -> None:
        super().__init__(
            import_name,
            static_folder=static_folder,
            static_url_path=static_url_path,
            template_folder=template_folder,
            root_path=root_path,
        )
        _check_name("name", name)
        self.name = name
        self.url_prefix = url_prefix
        self.subdomain = subdomain
        self.url_values_defaults: dict[str, t.Any] = dict(url_defaults or {})
        self.cli_group = cli_group
        self.deferred_functions: list[DeferredSetupFunction] = []
        self._blueprints: list[tuple[Blueprint, dict[str, t.Any]]] = []

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_registered_once:
            raise SetupError(
                f"{f_name!r} was called on the blueprint {self.name!r} after the blueprint"
                " was registered. It would have no effect, so it can no longer be"
                " called. Do all set-up of a blueprint, its imports included, before"
                " app.register_blueprint()."
            )

    # Recording

    @setupmethod
    def record(self, func: DeferredSetupFunction) -> None:
        """Call ``func`` with the :class:`BlueprintSetupState` at each registration."""
        self.deferred_functions.append(func)

    @setupmethod
    def record_once(self, func: DeferredSetupFunction) -> None:
        """Call ``func`` at the first registration on an application only."""

        def first_time_only(state: BlueprintSetupState) -> None:
            if state.first_registration:
                func(state)

        self.record(update_wrapper(first_time_only, func))

    def _record_for_app(self, records: str, scope: str | None, f: t.Any) -> None:
        """Append ``f`` to one of the application's lists, once."""

        def append(state: BlueprintSetupState) -> None:
            functions = RecordedList[t.Any](state.app.registry_changes)
            getattr(state.app, records).setdefault(scope, functions).append(f)

        self.record_once(append)

    def make_setup_state(
        self, app: App, options: dict[str, t.Any], first_registration: bool = False
    ) -> BlueprintSetupState:
        """Create the state for the recorded functions; override it to use another class."""
        return BlueprintSetupState(self, app, options, first_registration)

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: t.Any) -> None:
        """Nest ``blueprint`` in this one; options as for :meth:`Flask.register_blueprint`.

        :raises ValueError: if it is this blueprint itself.
        """
        if blueprint is self:
            raise ValueError(f"The blueprint {self.name!r} cannot be nested in itself.")
        self._blueprints.append((blueprint, options))

    # Replaying

    def register(self, app: App, options: dict[str, t.Any]) -> None:
        """Replay the recorded functions on ``app``; called by :meth:`Flask.register_blueprint`.

        :param options: ``name``, ``name_prefix``, ``url_prefix``, ``subdomain``,
            ``url_defaults``, ``cli_group``.
        :raises ValueError: if the name is taken on the application.
        """
        name = self._take_name(app, options)
        first_of_blueprint = self not in app.blueprints.values()
        first_of_name = name not in app.blueprints
        app.blueprints[name] = self
        self._got_registered_once = True
        state = self.make_setup_state(app, options, first_of_blueprint)

        if self.has_static_folder:
            state.add_url_rule(
                f"{self.static_url_path}/<path:filename>",
                view_func=self.send_static_file,
                endpoint="static",
            )
        if first_of_blueprint or first_of_name:
            self._merge_blueprint_funcs(app, name)
        for deferred in self.deferred_functions:
            deferred(state)
        self._register_commands(app, name, options)
        for nested, nested_options in self._blueprints:
            nested.register(app, _nested_options(state, nested, nested_options, name))

    def _take_name(self, app: App, options: dict[str, t.Any]) -> str:
        own = options.get("name", self.name)
        name = f"{options.get('name_prefix', '')}.{own}".lstrip(".")
        taken_by = app.blueprints.get(name)
        if taken_by is not None:
            which = "this blueprint is" if taken_by is self else f"{taken_by!r} is"
            raise ValueError(
                f"The name {name!r} is already registered for a blueprint on {app.name!r}:"
                f" {which}. Register it under another name: app.register_blueprint(...,"
                " name='another_name')."
            )
        return name

    def _merge_blueprint_funcs(self, app: App, name: str) -> None:
        """Copy views, hooks and handlers to the application, in the scope ``name``."""

        def scope(key: str | None) -> str:
            return name if key is None else f"{name}.{key}"

        for records in (
            "before_request_funcs",
            "after_request_funcs",
            "teardown_request_funcs",
            "before_websocket_funcs",
            "after_websocket_funcs",
            "teardown_websocket_funcs",
            "url_default_functions",
            "url_value_preprocessors",
            "template_context_processors",
        ):
            target = getattr(app, records)
            for key, functions in getattr(self, records).items():
                target[scope(key)].extend(functions)
        for key, by_code in self.error_handler_spec.items():
            for code, by_class in by_code.items():
                app.error_handler_spec[scope(key)][code].update(by_class)
        app.view_functions.update(self.view_functions)

    def _register_commands(self, app: App, name: str, options: dict[str, t.Any]) -> None:
        if "cli" not in self.__dict__ or not self.cli.commands:
            return
        group = options.get("cli_group", self.cli_group)
        if group is None:
            app.cli.commands.update(self.cli.commands)
            return
        self.cli.name = name if group is _unset else group
        app.cli.add_command(self.cli)

    # Routes

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        """Add a rule below the blueprint's prefix; see :meth:`Flask.add_url_rule`.

        :raises ValueError: if the endpoint or the view's name has a dot.
        """
        if endpoint:
            _check_name("endpoint", endpoint)
        view_name = getattr(view_func, "__name__", None)
        if view_name is not None:
            _check_name("view_func", view_name)
        self.record(
            lambda state: state.add_url_rule(
                rule,
                endpoint,
                view_func,
                provide_automatic_options=provide_automatic_options,
                **options,
            )
        )

    def replace_view(self, endpoint: str, view: RouteCallable) -> None:
        self.record(lambda state: state.replace_view(endpoint, view))

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """The cache lifetime of a file in seconds; ``None``: browsers revalidate each time.

        By default the config ``SEND_FILE_MAX_AGE_DEFAULT``. Override it to decide by name.
        """
        return configured_max_age()

    def send_static_file(self, filename: str) -> Response:
        """The response for a file of the static folder; the view of the static rule.

        :raises werkzeug.exceptions.NotFound: if there is no such file.
        :raises RuntimeError: if there is no static folder.
        """
        return send_from_static_folder(self, filename)

    def open_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = "utf-8"
    ) -> t.IO[t.Any]:
        """Open a file below :attr:`root_path` for reading.

        :param resource: its path, relative to the root path.
        :param mode: ``"r"``, ``"rt"`` or ``"rb"``.
        :param encoding: of text; ignored with ``"rb"``.
        :raises ValueError: if the mode is for writing.
        """
        return open_below(self.root_path, resource, mode, encoding)

    # Registrations for the whole application

    @setupmethod
    def before_app_request(self, f: T_before_request) -> T_before_request:
        """:meth:`Flask.before_request`, for every request of the application."""
        self._record_for_app("before_request_funcs", None, f)
        return f

    @setupmethod
    def after_app_request(self, f: T_after_request) -> T_after_request:
        """:meth:`Flask.after_request`, for every request of the application."""
        self._record_for_app("after_request_funcs", None, f)
        return f

    @setupmethod
    def teardown_app_request(self, f: T_teardown) -> T_teardown:
        """:meth:`Flask.teardown_request`, for every request of the application."""
        self._record_for_app("teardown_request_funcs", None, f)
        return f

    @setupmethod
    def before_app_websocket(self, f: T_before_websocket) -> T_before_websocket:
        """:meth:`Flask.before_websocket`, for every WebSocket of the application."""
        self._record_for_app("before_websocket_funcs", None, f)
        return f

    @setupmethod
    def after_app_websocket(self, f: T_after_websocket) -> T_after_websocket:
        """:meth:`Flask.after_websocket`, for every WebSocket of the application."""
        self._record_for_app("after_websocket_funcs", None, f)
        return f

    @setupmethod
    def teardown_app_websocket(self, f: T_teardown) -> T_teardown:
        """:meth:`Flask.teardown_websocket`, for every WebSocket of the application."""
        self._record_for_app("teardown_websocket_funcs", None, f)
        return f

    @setupmethod
    def before_app_serving(self, f: T_serving) -> T_serving:
        """:meth:`Flask.before_serving` of the application."""
        check_serving_function("before_app_serving", f)
        self.record_once(lambda state: state.app.before_serving_funcs.append(f))
        return f

    @setupmethod
    def after_app_serving(self, f: T_serving) -> T_serving:
        """:meth:`Flask.after_serving` of the application."""
        check_serving_function("after_app_serving", f)
        self.record_once(lambda state: state.app.after_serving_funcs.append(f))
        return f

    @setupmethod
    def while_app_serving(self, f: T_while_serving) -> T_while_serving:
        """:meth:`Flask.while_serving` of the application."""
        check_serving_generator(f, "while_app_serving")
        self.record_once(lambda state: state.app.while_serving_gens.append(f))
        return f

    @setupmethod
    def app_context_processor(
        self, f: T_template_context_processor
    ) -> T_template_context_processor:
        """:meth:`Flask.context_processor`, for every template of the application."""
        self._record_for_app("template_context_processors", None, f)
        return f

    @setupmethod
    def app_url_value_preprocessor(self, f: T_url_value_preprocessor) -> T_url_value_preprocessor:
        """:meth:`Flask.url_value_preprocessor`, for every request of the application."""
        self._record_for_app("url_value_preprocessors", None, f)
        return f

    @setupmethod
    def app_url_defaults(self, f: T_url_defaults) -> T_url_defaults:
        """:meth:`Flask.url_defaults`, for every URL of the application."""
        self._record_for_app("url_default_functions", None, f)
        return f

    @setupmethod
    def app_errorhandler(
        self, code: type[Exception] | int
    ) -> Callable[[T_error_handler], T_error_handler]:
        """:meth:`Flask.errorhandler`, for errors anywhere in the application."""

        def register(handler: T_error_handler) -> T_error_handler:
            self.record_once(lambda state: state.app.register_error_handler(code, handler))
            return handler

        return register

    @setupmethod
    def app_template_filter(
        self, name: str | None = None
    ) -> Callable[[T_template_filter], T_template_filter]:
        """:meth:`Flask.template_filter`, for every template of the application."""

        def register(f: T_template_filter) -> T_template_filter:
            self.add_app_template_filter(f, name=name)
            return f

        return register

    @setupmethod
    def add_app_template_filter(self, f: TemplateFilterCallable, name: str | None = None) -> None:
        """:meth:`app_template_filter` without a decorator."""
        self.record_once(lambda state: state.app.add_template_filter(f, name))

    @setupmethod
    def app_template_test(
        self, name: str | None = None
    ) -> Callable[[T_template_test], T_template_test]:
        """:meth:`Flask.template_test`, for every template of the application."""

        def register(f: T_template_test) -> T_template_test:
            self.add_app_template_test(f, name=name)
            return f

        return register

    @setupmethod
    def add_app_template_test(self, f: TemplateTestCallable, name: str | None = None) -> None:
        """:meth:`app_template_test` without a decorator."""
        self.record_once(lambda state: state.app.add_template_test(f, name))

    @setupmethod
    def app_template_global(
        self, name: str | None = None
    ) -> Callable[[T_template_global], T_template_global]:
        """:meth:`Flask.template_global`, for every template of the application."""

        def register(f: T_template_global) -> T_template_global:
            self.add_app_template_global(f, name=name)
            return f

        return register

    @setupmethod
    def add_app_template_global(self, f: TemplateGlobalCallable, name: str | None = None) -> None:
        """:meth:`app_template_global` without a decorator."""
        self.record_once(lambda state: state.app.add_template_global(f, name))


def _check_name(what: str, name: str) -> None:
    if not name:
        raise ValueError(f"A blueprint's '{what}' may not be empty.")
    if "." in name:
        raise ValueError(
            f"The '{what}' of a blueprint may not contain a dot '.' character: {name!r}."
            " Dots separate the names of nested blueprints."
        )


def _nested_options(
    outer: BlueprintSetupState,
    nested: Blueprint,
    options: Mapping[str, t.Any],
    name: str,
) -> dict[str, t.Any]:
    """The registration options of a nested blueprint, combined with those of its parent."""
    merged = dict(options)

    subdomain = options.get("subdomain", nested.subdomain)
    if subdomain is None:
        merged["subdomain"] = outer.subdomain
    elif outer.subdomain is not None:
        merged["subdomain"] = f"{subdomain}.{outer.subdomain}"

    prefix = options.get("url_prefix")
    if prefix is None:
        prefix = nested.url_prefix
    if outer.url_prefix is not None:
        prefix = outer.url_prefix if prefix is None else _join(outer.url_prefix, prefix)
    if prefix is not None:
        merged["url_prefix"] = prefix

    merged["name_prefix"] = name
    return merged


__all__ = ["Blueprint", "BlueprintSetupState"]
