"""Names that Flask, its libraries and Python removed, with what to write instead.

Data only: `removed.py` recognises their use. The versions are those of the change logs and of the
sources of Flask, Werkzeug, Jinja, MarkupSafe and ItsDangerous.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Removal:
    """A removed name.

    :param since: the release without it: ``Flask 3.0``.
    :param module: the module that has the name, or its replacement; empty if there is none.
    :param name: the name there; empty if it did not change.
    :param instead: what to write, as an imperative sentence, if there is no ``module``.
    """

    since: str
    module: str = ""
    name: str = ""
    instead: str = ""


def _moved(since: str, module: str, *names: str) -> Iterator[tuple[str, Removal]]:
    """Names that ``module`` has; ``old=new`` for a new name."""
    for pair in " ".join(names).split():
        old, _, new = pair.partition("=")
        yield old, Removal(since, module, new)


def _gone(since: str, names: str, instead: str) -> Iterator[tuple[str, Removal]]:
    """Names without a direct replacement."""
    for name in names.split():
        yield name, Removal(since, instead=instead)


_CONTEXTS = "Use g, request, session and current_app, which are proxies of the current context."
_JSON = (
    "Write a subclass of flask.json.provider.DefaultJSONProvider, and assign an instance of it to"
    " app.json."
)
_NO_TEST = "Leave the test out: it is always true."
_ONCE = (
    "Call the function where the application is created, inside 'with app.app_context():' if it"
    " needs the application."
)
_SETTING = "Use app.debug, or a setting of your own."
_JWS = (
    "Use URLSafeTimedSerializer for signed values, or a package such as PyJWT for JSON Web Tokens."
)
_QUOTING = (
    "url_quote=quote url_quote_plus=quote_plus url_unquote=unquote url_unquote_plus=unquote_plus"
    " url_encode=urlencode"
)
_FUNCTIONS = "contextfunction=pass_context evalcontextfunction=pass_eval_context"
_FILTERS = "contextfilter=pass_context evalcontextfilter=pass_eval_context"
_OF_ENVIRONMENTS = "environmentfunction=pass_environment", "environmentfilter=pass_environment"

#: Module -> its removed names.
NAMES: Mapping[str, Mapping[str, Removal]] = {
    "flask": dict(
        [
            *_moved("Flask 3.0", "markupsafe", "Markup escape"),
            *_moved("Flask 2.1", "werkzeug.utils", "safe_join"),
            *_gone("Flask 3.0", "_app_ctx_stack _request_ctx_stack", _CONTEXTS),
            *_gone("Flask 3.0", "signals_available", _NO_TEST),
            *_gone("Flask 2.0", "json_available", _NO_TEST),
            *_gone("Flask 0.11", "Module", "Write a Blueprint."),
        ]
    ),
    "flask.globals": dict(_gone("Flask 3.0", "_app_ctx_stack _request_ctx_stack", _CONTEXTS)),
    "flask.helpers": dict(
        [
            *_moved("Flask 2.1", "werkzeug.utils", "safe_join"),
            *_moved("Flask 3.0", "werkzeug.utils", "locked_cached_property=cached_property"),
            *_gone("Flask 2.1", "total_seconds", "Call total_seconds() of the timedelta."),
            *_gone("Flask 2.3", "get_env", _SETTING),
        ]
    ),
    "flask.json": dict(
        [
            *_gone("Flask 2.3", "JSONEncoder JSONDecoder", _JSON),
            *_gone("Flask 2.3", "htmlsafe_dumps htmlsafe_dump", "Use the template filter tojson."),
        ]
    ),
    "flask.signals": dict(_gone("Flask 3.0", "signals_available", _NO_TEST)),
    # The top level of Werkzeug had most names of its modules.
    "werkzeug": dict(
        [
            *_moved(
                "Werkzeug 1.0",
                "werkzeug.utils",
                "secure_filename cached_property environ_property header_property import_string",
                "find_modules redirect append_slash_redirect",
            ),
            *_moved(
                "Werkzeug 1.0", "werkzeug.security", "generate_password_hash check_password_hash"
            ),
            *_moved(
                "Werkzeug 1.0",
                "werkzeug.datastructures",
                "FileStorage MultiDict CombinedMultiDict ImmutableMultiDict ImmutableDict",
                "TypeConversionDict Headers EnvironHeaders Authorization WWWAuthenticate",
                "FileMultiDict CallbackDict ETags MIMEAccept Accept CharsetAccept LanguageAccept",
                "RequestCacheControl ResponseCacheControl HeaderSet",
            ),
            *_moved(
                "Werkzeug 1.0",
                "werkzeug.http",
                "parse_options_header parse_accept_header parse_etags parse_date http_date",
                "dump_cookie parse_cookie quote_etag unquote_etag generate_etag dump_header",
                "parse_dict_header parse_list_header is_resource_modified HTTP_STATUS_CODES",
            ),
            *_moved(
                "Werkzeug 1.0",
                "werkzeug.local",
                "Local LocalProxy LocalStack LocalManager release_local",
            ),
            *_moved(
                "Werkzeug 1.0",
                "werkzeug.wsgi",
                "responder get_host get_current_url wrap_file ClosingIterator FileWrapper",
            ),
            *_moved(
                "Werkzeug 1.0", "werkzeug.wrappers", "BaseResponse=Response BaseRequest=Request"
            ),
            *_moved("Werkzeug 1.0", "werkzeug.middleware.dispatcher", "DispatcherMiddleware"),
            *_moved("Werkzeug 1.0", "werkzeug.middleware.shared_data", "SharedDataMiddleware"),
            *_moved("Werkzeug 1.0", "werkzeug.exceptions", "abort Aborter"),
            *_moved("Werkzeug 1.0", "werkzeug.test", "create_environ run_wsgi_app"),
            *_moved("Werkzeug 1.0", "werkzeug.debug", "DebuggedApplication"),
            *_moved("Werkzeug 1.0", "urllib.parse", _QUOTING),
            *_moved("Werkzeug 1.0", "markupsafe", "escape"),
        ]
    ),
    "werkzeug.http": dict(
        [
            *_moved("Werkzeug 2.1", "werkzeug.http", "cookie_date=http_date"),
            *_gone("Werkzeug 3.0", "parse_authorization_header", "Use Authorization.from_header."),
            *_gone(
                "Werkzeug 3.0", "parse_www_authenticate_header", "Use WWWAuthenticate.from_header."
            ),
        ]
    ),
    "werkzeug.local": dict(_gone("Werkzeug 2.1", "get_ident", "Use threading.get_ident.")),
    "werkzeug.security": dict(
        [
            *_moved("Werkzeug 2.1", "hmac", "safe_str_cmp=compare_digest"),
            *_gone("Werkzeug 2.1", "pbkdf2_hex pbkdf2_bin", "Use hashlib.pbkdf2_hmac."),
        ]
    ),
    "werkzeug.urls": dict(
        [
            *_moved("Werkzeug 3.0", "urllib.parse", _QUOTING),
            *_moved(
                "Werkzeug 3.0",
                "urllib.parse",
                "url_parse=urlsplit url_join=urljoin url_unparse=urlunsplit",
            ),
            *_moved("Werkzeug 3.0", "werkzeug.urls", "url_fix=iri_to_uri"),
            *_gone("Werkzeug 3.0", "url_decode", "Use urllib.parse.parse_qsl."),
            *_gone("Werkzeug 2.1", "Href", "Use url_for, or urllib.parse."),
        ]
    ),
    "werkzeug.utils": dict(
        [
            *_gone("Werkzeug 2.1", "unescape", "Call unescape() of a markupsafe.Markup."),
            *_gone("Werkzeug 2.1", "HTMLBuilder", "Use a template."),
            *_gone("Werkzeug 2.1", "format_string", "Use string.Template."),
            *_gone("Werkzeug 2.1", "bind_arguments validate_arguments", "Use inspect.signature."),
            *_gone("Werkzeug 2.1", "invalidate_cached_property", "Delete the attribute with del."),
        ]
    ),
    "werkzeug.wrappers": dict(
        [
            *_moved(
                "Werkzeug 2.1", "werkzeug.wrappers", "BaseRequest=Request BaseResponse=Response"
            ),
            *_gone(
                "Werkzeug 2.1",
                "AcceptMixin AuthorizationMixin CommonRequestDescriptorsMixin"
                " CommonResponseDescriptorsMixin ETagRequestMixin ETagResponseMixin"
                " PlainRequest ResponseStreamMixin StreamOnlyMixin UserAgentMixin"
                " WWWAuthenticateMixin",
                "Leave the mixin out: Request and Response have its methods.",
            ),
        ]
    ),
    "werkzeug.wsgi": dict(
        [
            *_moved("Werkzeug 1.0", "werkzeug.middleware.dispatcher", "DispatcherMiddleware"),
            *_moved("Werkzeug 1.0", "werkzeug.middleware.shared_data", "SharedDataMiddleware"),
            *_moved("Werkzeug 1.0", "werkzeug.middleware.http_proxy", "ProxyMiddleware"),
        ]
    ),
    "jinja2": dict(
        [
            *_moved("Jinja 3.1", "markupsafe", "Markup escape"),
            *_moved("Jinja 3.1", "jinja2", _FUNCTIONS, _FILTERS, *_OF_ENVIRONMENTS),
        ]
    ),
    "jinja2.ext": dict(
        _gone(
            "Jinja 3.1", "AutoEscapeExtension WithExtension", "Leave the extension out: it is on."
        )
    ),
    "jinja2.filters": dict(_moved("Jinja 3.1", "jinja2", _FILTERS, _OF_ENVIRONMENTS[1])),
    "jinja2.utils": dict(
        [
            *_moved("Jinja 3.1", "markupsafe", "Markup escape"),
            *_moved("Jinja 3.0", "markupsafe", "soft_unicode=soft_str"),
            *_moved("Jinja 3.1", "jinja2.utils", "unicode_urlencode=url_quote"),
            *_moved("Jinja 3.1", "jinja2", _FUNCTIONS, _OF_ENVIRONMENTS[0]),
        ]
    ),
    "collections": dict(
        _moved(
            "Python 3.10",
            "collections.abc",
            "Mapping MutableMapping Sequence MutableSequence Set MutableSet Iterable Iterator",
            "Callable Hashable Sized Container Generator",
        )
    ),
    "fractions": dict(_moved("Python 3.9", "math", "gcd")),
    "itertools": dict(
        _gone("Python 3", "izip imap ifilter", "Use zip, map or filter, which need no import.")
    ),
    "string": dict(
        _moved(
            "Python 3",
            "string",
            "letters=ascii_letters lowercase=ascii_lowercase uppercase=ascii_uppercase",
        )
    ),
    "sys": dict(_moved("Python 3", "sys", "maxint=maxsize")),
    "time": dict(_moved("Python 3.8", "time", "clock=perf_counter")),
    "urllib": dict(
        [
            *_moved("Python 3", "urllib.parse", "urlencode quote quote_plus unquote unquote_plus"),
            *_moved("Python 3", "urllib.request", "urlopen urlretrieve"),
        ]
    ),
    "markupsafe": dict(_moved("MarkupSafe 2.1", "markupsafe", "soft_unicode=soft_str")),
    "itsdangerous": dict(
        [
            *_gone(
                "ItsDangerous 2.1",
                "TimedJSONWebSignatureSerializer JSONWebSignatureSerializer",
                _JWS,
            ),
            *_gone("ItsDangerous 2.1", "json", "Write import json."),
        ]
    ),
}

#: Removed modules; an entry stands for the modules in it, too.
MODULES: Mapping[str, Removal] = {
    "flask._compat": Removal("Flask 2.0", instead="Write plain Python 3."),
    "werkzeug._compat": Removal("Werkzeug 2.0", instead="Write plain Python 3."),
    "werkzeug.contrib": Removal(
        "Werkzeug 1.0",
        instead="Use werkzeug.middleware for the middleware, the package cachelib for"
        " contrib.cache, and itsdangerous for contrib.securecookie.",
    ),
    "werkzeug.contrib.cache": Removal("Werkzeug 1.0", instead="Use the package cachelib."),
    "werkzeug.contrib.fixers": Removal("Werkzeug 1.0", "werkzeug.middleware.proxy_fix"),
    "werkzeug.contrib.lint": Removal("Werkzeug 1.0", "werkzeug.middleware.lint"),
    "werkzeug.contrib.profiler": Removal("Werkzeug 1.0", "werkzeug.middleware.profiler"),
    "werkzeug.posixemulation": Removal("Werkzeug 2.0", instead="Use os.replace."),
    "werkzeug.useragents": Removal("Werkzeug 2.1", instead="Use request.user_agent.string."),
    "werkzeug.wrappers.json": Removal(
        "Werkzeug 2.1", instead="Leave JSONMixin out: Request and Response have its methods."
    ),
}

#: Class -> its removed attributes and methods.
ATTRIBUTES: Mapping[str, Mapping[str, Removal]] = {
    "Flask": dict(
        [
            *_gone("Flask 2.3", "before_first_request", _ONCE),
            *_gone("Flask 2.3", "json_encoder json_decoder", _JSON),
            *_gone("Flask 2.3", "env", _SETTING),
            *_gone("Flask 3.0", "got_first_request", "Use a variable of your own."),
            *_gone("Flask 2.3", "session_cookie_name", "Use app.config['SESSION_COOKIE_NAME']."),
            *_gone(
                "Flask 2.3",
                "send_file_max_age_default",
                "Use app.config['SEND_FILE_MAX_AGE_DEFAULT'].",
            ),
            *_gone("Flask 2.3", "use_x_sendfile", "Use app.config['USE_X_SENDFILE']."),
            *_gone("Flask 2.3", "propagate_exceptions", "Use app.config['PROPAGATE_EXCEPTIONS']."),
            *_gone(
                "Flask 2.3", "templates_auto_reload", "Use app.config['TEMPLATES_AUTO_RELOAD']."
            ),
            *_gone("Flask 1.0", "logger_name", "Use app.logger.name."),
        ]
    ),
    "Blueprint": dict(
        [
            *_gone("Flask 2.3", "before_app_first_request", _ONCE),
            *_gone("Flask 2.3", "json_encoder json_decoder", _JSON),
        ]
    ),
    "Config": dict(_gone("Flask 2.1", "from_json", "Use from_file(name, load=json.load).")),
    "Request": dict(
        _gone(
            "Werkzeug 1.0",
            "is_xhr",
            "Write request.headers.get('X-Requested-With') == 'XMLHttpRequest'.",
        )
    ),
}

_FILE_ARGUMENTS = {
    "attachment_filename": "download_name",
    "cache_timeout": "max_age",
    "add_etags": "etag",
}

#: Function -> its arguments that Flask 2.2 renamed.
ARGUMENTS: Mapping[str, Mapping[str, str]] = {
    "send_file": _FILE_ARGUMENTS,
    "send_from_directory": {**_FILE_ARGUMENTS, "filename": "path"},
}
ARGUMENTS_SINCE = "Flask 2.2"

#: Removed keys of ``app.config``.
KEYS: Mapping[str, Removal] = dict(
    [
        *_gone("Flask 2.3", "ENV", _SETTING),
        *_gone("Flask 2.3", "JSON_AS_ASCII", "Use app.json.ensure_ascii."),
        *_gone("Flask 2.3", "JSON_SORT_KEYS", "Use app.json.sort_keys."),
        *_gone("Flask 2.3", "JSONIFY_MIMETYPE", "Use app.json.mimetype."),
        *_gone("Flask 2.3", "JSONIFY_PRETTYPRINT_REGULAR", "Use app.json.compact."),
        *_gone("Flask 2.2", "PRESERVE_CONTEXT_ON_EXCEPTION", "Leave it out."),
    ]
)

#: Names that are often imported from Flask or Werkzeug, and the modules that have them.
ELSEWHERE: Mapping[str, str] = {
    "Bcrypt": "flask_bcrypt",
    "CORS": "flask_cors",
    "CSRFProtect": "flask_wtf",
    "FlaskForm": "flask_wtf",
    "HTTPException": "werkzeug.exceptions",
    "LoginManager": "flask_login",
    "Mail": "flask_mail",
    "Migrate": "flask_migrate",
    "ProxyFix": "werkzeug.middleware.proxy_fix",
    "SQLAlchemy": "flask_sqlalchemy",
    "UserMixin": "flask_login",
    "check_password_hash": "werkzeug.security",
    "current_user": "flask_login",
    "datetime": "datetime",
    "generate_password_hash": "werkzeug.security",
    "login_required": "flask_login",
    "login_user": "flask_login",
    "logout_user": "flask_login",
    "secure_filename": "werkzeug.utils",
    "timedelta": "datetime",
    "wraps": "functools",
}
