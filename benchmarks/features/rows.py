"""The rows of the table: what each says, its probe, and the packages that add what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .probes import inputs, live, methods, parts, safety

if TYPE_CHECKING:
    from collections.abc import Callable

    from .probes import Finding


@dataclass(frozen=True)
class Row:
    """:param purpose: which command serves the program; "" if the probe needs no server.
    :param added_by: by framework, a package that adds what is missing. Not run here.
    """

    group: str
    text: str
    probe: Callable[[Any], Finding]
    purpose: str = "default"
    added_by: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.text


FLASKS = "Flask programs"
HTTP = "HTTP"
FORMS = "Forms and inputs"
ASYNC = "Waiting and live connections"
SAFE = "Protection without settings"
SERVER = "Serving"
PARTS = "Parts of a site"
TOOLS = "Tools"

ON_FLASK = ("Retort", "Flask on Retort", "Flask")


def added(on_flask: str, **others: str) -> dict[str, str]:
    """What adds a feature: an extension of Flask, which runs on Retort too; others by framework."""
    return {**dict.fromkeys(ON_FLASK, on_flask), **others}


ROWS = (
    Row(FLASKS, "Runs a Flask program unchanged", inputs.flask_program, "flask"),
    Row(FLASKS, "Runs a Flask extension (Flask-Login) unchanged", inputs.extension, "extension"),
    Row(HTTP, "HEAD without a view of its own", methods.head),
    Row(HTTP, "OPTIONS without a view of its own", methods.options),
    Row(HTTP, "`Allow` of a 405 names the methods of all views", methods.allow),
    Row(HTTP, "501 for a method that does not exist", methods.unknown_method),
    Row(HTTP, "304 for a view with an entity tag", methods.not_modified_view),
    Row(
        HTTP,
        "412 for a change of an old version",
        methods.lost_update,
        added_by={"Flask on Retort": "`condition`"},
    ),
    Row(HTTP, "A range of a file", methods.file_range),
    Row(HTTP, "Compressed responses", methods.compressed, added_by=added("Flask-Compress")),
    Row(
        HTTP,
        "Cross-origin resource sharing (CORS)",
        safety.cors,
        added_by=added("Flask-CORS", Quart="Quart-CORS", Django="django-cors-headers"),
    ),
    Row(
        HTTP,
        "A limit for the rate of requests",
        safety.rate_limit,
        added_by=added("Flask-Limiter", Quart="Quart-Rate-Limiter", FastAPI="SlowAPI"),
    ),
    Row(FORMS, "A form sent with PUT is read", methods.form_by_put),
    Row(
        FORMS,
        "An HTML form can be a PUT or DELETE",
        methods.override,
        added_by={"Flask on Retort": "`METHOD_OVERRIDE`"},
    ),
    Row(FORMS, "400 for a multipart form that is cut off", methods.broken_form),
    Row(
        FORMS,
        "A form comes back with values and errors",
        inputs.form_given_back,
        added_by={"Flask on Retort": "`Draft`", "Flask": "Flask-WTF"},
    ),
    Row(
        FORMS,
        "Inputs typed by annotations",
        inputs.typed,
        added_by={
            "Flask on Retort": "`Query`",
            "Flask": "APIFlask",
            "Quart": "Quart-Schema",
            "Django": "Django Ninja",
        },
    ),
    Row(
        FORMS,
        "OpenAPI document",
        inputs.openapi,
        added_by={
            "Flask on Retort": "`OPENAPI_URL`",
            "Flask": "APIFlask",
            "Quart": "Quart-Schema",
            "Django": "Django Ninja",
        },
    ),
    Row(FORMS, "Dependencies are passed in by annotations", inputs.injected),
    Row(FORMS, "A declared return type leaves out other fields", inputs.filtered),
    Row(
        ASYNC,
        "WebSockets",
        live.websocket,
        "async",
        {"Flask on Retort": "`@app.websocket`", "Flask": "Flask-Sock", "Django": "Channels"},
    ),
    Row(ASYNC, "Server-sent events arrive at once", live.events, "async"),
    Row(ASYNC, "200 async views wait in one process", live.waiting_views, "async"),
    Row(
        SAFE,
        "Forms of other sites are refused",
        safety.cross_origin,
        added_by={
            "Flask on Retort": "`CROSS_ORIGIN_PROTECTION`",
            "Flask": "Flask-WTF",
            "Litestar": "`CSRFConfig`",
        },
    ),
    Row(
        SAFE,
        "... without tokens in the own forms",
        safety.without_tokens,
        added_by={"Flask on Retort": "`CROSS_ORIGIN_PROTECTION`"},
    ),
    Row(
        SAFE,
        "A body of 20 MiB is refused",
        safety.body_limit,
        added_by=added("`MAX_CONTENT_LENGTH`"),
    ),
    Row(
        SAFE,
        "Security headers",
        safety.security_headers,
        added_by={"Flask on Retort": "`SEND_SECURITY_HEADERS`", "Flask": "Flask-Talisman"},
    ),
    Row(
        SAFE,
        "A foreign `Host` is refused",
        safety.host_check,
        added_by=added(
            "`TRUSTED_HOSTS`", FastAPI="`TrustedHostMiddleware`", Litestar="`AllowedHostsConfig`"
        ),
    ),
    Row(SAFE, "Sessions in a cookie that cannot be forged", safety.signed_session),
    Row(SAFE, "Templates escape HTML", safety.escaped),
    Row(
        SERVER,
        "A server is installed with it",
        parts.has_server,
        "",
        {"FastAPI": "`fastapi[standard]`", "Litestar": "`litestar[standard]`"},
    ),
    Row(SERVER, "20 plain views block at once", live.blocking_views),
    Row(SERVER, "Slow headers are cut off", live.slow_headers, "slow"),
    Row(SERVER, "Slow bodies are cut off", live.slow_bodies, "slow"),
    Row(SERVER, "40 slow clients do not keep out others", live.others_served),
    Row(SERVER, "A reload by SIGHUP loses no request", live.reload, "reload"),
    Row(
        PARTS,
        "Database tables as classes (ORM)",
        parts.part_of_django("orm"),
        "",
        added("Flask-SQLAlchemy", FastAPI="SQLModel", Litestar="Advanced Alchemy"),
    ),
    Row(
        PARTS,
        "Migrations",
        parts.part_of_django("migrations"),
        "",
        added("Flask-Migrate", FastAPI="Alembic", Litestar="Alembic"),
    ),
    Row(PARTS, "Administration pages", inputs.admin, added_by=added("Flask-Admin")),
    Row(
        PARTS,
        "Users and permissions",
        parts.part_of_django("users"),
        "",
        added("Flask-Security", FastAPI="FastAPI Users"),
    ),
    Row(PARTS, "Translated texts", parts.part_of_django("i18n"), "", added("Flask-Babel")),
    Row(TOOLS, "Test client", parts.test_client, ""),
    Row(TOOLS, "Types in the package", parts.is_typed, "", {"Django": "django-stubs"}),
    Row(TOOLS, "The debug page shows the failing line", inputs.debug_page, "debug"),
    Row(TOOLS, "A command checks the settings for production", parts.deploy_check, ""),
)
GROUPS = tuple(dict.fromkeys(row.group for row in ROWS))
