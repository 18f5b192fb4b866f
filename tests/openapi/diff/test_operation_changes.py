"""The verdict of each change of paths, parameters, bodies, responses and security.

A row has the old document, the new one, and all changes. ``B``, ``R`` and ``F`` are breaking, risky
and fine.
"""

import copy

import pytest

VERDICTS = {"B": "breaking", "R": "risky", "F": "fine"}
TEXT = {"type": "string"}
INTEGER = {"type": "integer"}
OK = {"200": {"description": "Found"}}


def expanded(text):
    pairs = [line.split() for line in text.split(", ") if line]
    return sorted(f"{VERDICTS[letter]} {rule}" for letter, rule in pairs)


def paths(*names, **members):
    return {"paths": {name: {"get": {"responses": OK}} for name in names}, **members}


def get(path="/orders", **operation):
    return {"paths": {path: {"get": {"responses": OK, **operation}}}}


def post(**operation):
    return {"paths": {"/orders": {"post": {"responses": OK, **operation}}}}


def query(name="page", schema=TEXT, **members):
    return {"name": name, "in": "query", "schema": schema, **members}


def header(name, **members):
    return {"name": name, "in": "header", "schema": TEXT, **members}


def variable(name):
    return {"name": name, "in": "path", "required": True, "schema": TEXT}


def parameters(*some):
    return get(parameters=list(some))


def on_path(*some):
    return {"paths": {"/orders": {"parameters": list(some), "get": {"responses": OK}}}}


def content(*media_types, schema=TEXT):
    return {"content": {media_type: {"schema": schema} for media_type in media_types}}


def body(*media_types, **members):
    return post(requestBody={**content(*media_types), **members})


def responses(*statuses):
    return get(responses={status: {"description": "Done"} for status in statuses})


def response(*media_types, **members):
    return get(responses={"200": {"description": "Found", **content(*media_types), **members}})


def headers(**some):
    fields = {name.replace("_", "-"): {"schema": TEXT, **one} for name, one in some.items()}
    return get(responses={"200": {"description": "Found", "headers": fields}})


SCHEMES = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "password": {"type": "http", "scheme": "basic"},
    "login": {"type": "oauth2", "flows": {}},
}


def secured(*requirements, schemes=SCHEMES):
    return get(security=list(requirements)) | {"components": {"securitySchemes": schemes}}


def for_all(*requirements):
    return paths("/orders", security=list(requirements)) | {
        "components": {"securitySchemes": SCHEMES}
    }


def flow(url):
    return {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": url, "scopes": {}}}}


def webhook(schema, **members):
    body = {"content": {"application/json": {"schema": schema}}, **members}
    return {"paths": {}, "webhooks": {"paid": {"post": {"requestBody": body, "responses": OK}}}}


def callback(schema, name="paid"):
    item = {
        "post": {
            "requestBody": {"content": {"application/json": {"schema": schema}}},
            "responses": OK,
        }
    }
    return post(callbacks={name: {"{$request.body#/url}": item}})


def thing(*required, **fields):
    return {"type": "object", "required": list(required), "properties": fields}


ROWS = {
    # paths and methods
    "a path is gone": (paths("/a", "/b"), paths("/a"), "B path-removed"),
    "a path is new": (paths("/a"), paths("/a", "/b"), "F path-added"),
    "a path has another name": (paths("/a"), paths("/b"), "B path-removed, F path-added"),
    "a slash more is another path": (paths("/a"), paths("/a/"), "B path-removed, F path-added"),
    "a method is gone": (
        {"paths": {"/a": {"get": {"responses": OK}, "put": {"responses": OK}}}},
        paths("/a"),
        "B method-removed",
    ),
    "another method": (
        paths("/a"),
        {"paths": {"/a": {"post": {"responses": OK}}}},
        "B method-removed, F method-added",
    ),
    "QUERY": (
        paths("/a"),
        {"paths": {"/a": {"get": {"responses": OK}, "query": {"responses": OK}}}},
        "F method-added",
    ),
    "a method of the program's own": (
        {"paths": {"/a": {"additionalOperations": {"LOCK": {"responses": OK}}}}},
        {"paths": {"/a": {}}},
        "B method-removed",
    ),
    "a renamed variable": (
        get("/users/{id}", parameters=[variable("id")]),
        get("/users/{user_id}", parameters=[variable("user_id")]),
        "R path-variable-renamed",
    ),
    "a renamed variable of another type": (
        get("/users/{id}", parameters=[variable("id")]),
        get("/users/{key}", parameters=[variable("key") | {"schema": INTEGER}]),
        "R path-variable-renamed, B type-changed",
    ),
    "a variable instead of a fixed name": (
        paths("/users/me"),
        paths("/users/{id}"),
        "B path-removed, F path-added",
    ),
    # names and marks of operations
    "another operationId": (
        get(operationId="list_orders"),
        get(operationId="orders"),
        "R operation-id-changed",
    ),
    "an operationId": (get(), get(operationId="orders"), "R operation-id-changed"),
    "another first tag": (get(tags=["a", "b"]), get(tags=["b"]), "R tag-changed"),
    "another second tag": (get(tags=["a", "b"]), get(tags=["a", "c"]), ""),
    "deprecated": (get(), get(deprecated=True), "F deprecated"),
    "no longer deprecated": (get(deprecated=True), get(), "F deprecation-withdrawn"),
    "a description": (get(summary="All"), get(summary="All of them", description="..."), ""),
    "an extension": (get(), get(**{"x-inferred": True}), ""),
    # servers
    "another base address": (
        paths("/a", servers=[{"url": "/v1"}]),
        paths("/a", servers=[{"url": "/v2"}]),
        "F server-added, R server-removed",
    ),
    "a second base address": (
        paths("/a", servers=[{"url": "/v1"}]),
        paths("/a", servers=[{"url": "/v1"}, {"url": "/v2"}]),
        "F server-added",
    ),
    "the default base address is written": (paths("/a"), paths("/a", servers=[{"url": "/"}]), ""),
    # parameters
    "a required parameter": (
        parameters(),
        parameters(query(required=True)),
        "B required-parameter-added",
    ),
    "an optional parameter": (parameters(), parameters(query()), "F parameter-added"),
    "a parameter is gone": (parameters(query()), parameters(), "R parameter-removed"),
    "a parameter becomes required": (
        parameters(query()),
        parameters(query(required=True)),
        "B parameter-required",
    ),
    "a parameter becomes optional": (
        parameters(query(required=True)),
        parameters(query()),
        "F parameter-optional",
    ),
    "another type of a parameter": (
        parameters(query(schema=TEXT)),
        parameters(query(schema=INTEGER)),
        "B type-changed",
    ),
    "another default of a parameter": (
        parameters(query(schema=INTEGER | {"default": 10})),
        parameters(query(schema=INTEGER | {"default": 20})),
        "R default-changed",
    ),
    "a required header": (
        parameters(),
        parameters(header("X-Trace", required=True)),
        "B required-parameter-added",
    ),
    "a header in other letters": (parameters(header("X-Trace")), parameters(header("x-trace")), ""),
    "headers that OpenAPI ignores": (
        parameters(),
        parameters(header("Authorization", required=True), header("accept", required=True)),
        "",
    ),
    "a parameter of another place": (
        parameters(query("key", required=True)),
        parameters(header("key", required=True)),
        "B required-parameter-added, R parameter-removed",
    ),
    "a parameter moves from the operation to its path": (
        parameters(query()),
        on_path(query()),
        "",
    ),
    "a parameter of the path becomes required": (
        on_path(query()),
        on_path(query(required=True)),
        "B parameter-required",
    ),
    "a parameter of the operation instead of that of the path": (
        on_path(query(schema=INTEGER)),
        {
            "paths": {
                "/orders": {
                    "parameters": [query(schema=INTEGER)],
                    "get": {"parameters": [query(schema=TEXT)], "responses": OK},
                }
            }
        },
        "B type-changed",
    ),
    "lists are written in another way": (
        parameters(query(schema={"type": "array", "items": TEXT})),
        parameters(query(schema={"type": "array", "items": TEXT}, explode=False)),
        "B parameter-style-changed",
    ),
    "the default style is written": (
        parameters(query(schema={"type": "array", "items": TEXT})),
        parameters(query(schema={"type": "array", "items": TEXT}, style="form", explode=True)),
        "",
    ),
    "the style makes no difference for one value": (
        parameters(query()),
        parameters(query(explode=False)),
        "",
    ),
    # bodies
    "a required body": (
        post(),
        body("application/json", required=True),
        "B required-body-added",
    ),
    "an optional body": (post(), body("application/json"), "F body-added"),
    "a body is gone": (body("application/json"), post(), "B body-removed"),
    "a body becomes required": (
        body("application/json"),
        body("application/json", required=True),
        "B body-required",
    ),
    "a body becomes optional": (
        body("application/json", required=True),
        body("application/json"),
        "F body-optional",
    ),
    "a media type of a request is gone": (
        body("application/json", "text/plain"),
        body("application/json"),
        "B media-type-removed",
    ),
    "a media type of a request is new": (
        body("application/json"),
        body("application/json", "text/plain"),
        "F media-type-added",
    ),
    "a media type with a parameter": (
        body("application/json"),
        body("application/json; charset=utf-8"),
        "",
    ),
    "a range has the media type": (body("image/png"), body("image/*"), "F media-type-added"),
    "a media type of a range": (
        body("image/*"),
        body("image/png"),
        "B media-type-removed",
    ),
    "the encoding of a field": (
        post(requestBody=content("multipart/form-data")),
        post(
            requestBody={
                "content": {
                    "multipart/form-data": {
                        "schema": TEXT,
                        "encoding": {"photo": {"contentType": "image/png"}},
                    }
                }
            }
        ),
        "R encoding-changed",
    ),
    # responses
    "a status is gone": (responses("200", "201"), responses("200"), "B status-removed"),
    "a status is new": (responses("200"), responses("200", "202"), "R status-added"),
    "an error is gone": (responses("200", "404"), responses("200"), "R error-status-removed"),
    "an error is new": (responses("200"), responses("200", "422"), "F error-status-added"),
    "a status is one of a class": (responses("200"), responses("2XX"), "R status-added"),
    "an error is one of the default": (
        responses("200", "404", "default"),
        responses("200", "default"),
        "",
    ),
    "a redirect is gone": (responses("200", "303"), responses("200"), "B status-removed"),
    "a media type of a response is gone": (
        response("application/json", "text/csv"),
        response("application/json"),
        "B media-type-removed",
    ),
    "a media type of a response is new": (
        response("application/json"),
        response("application/json", "text/csv"),
        "F media-type-added",
    ),
    "no body": (response("application/json"), responses("200"), "B media-type-removed"),
    "a header of a response is gone": (headers(ETag={}), headers(), "R header-removed"),
    "a required header of a response is gone": (
        headers(ETag={"required": True}),
        headers(),
        "B required-header-removed",
    ),
    "a header of a response is new": (headers(), headers(ETag={}), "F header-added"),
    "a header of a response becomes optional": (
        headers(ETag={"required": True}),
        headers(ETag={}),
        "B header-optional",
    ),
    "another type of a header of a response": (
        headers(X_Total={}),
        headers(X_Total={"schema": INTEGER}),
        "B type-changed",
    ),
    # security
    "a login": (get(), secured({"key": []}), "B security-stricter"),
    "no login": (
        secured({"key": []}),
        secured(),
        "F security-looser",
    ),
    "one of two logins": (
        secured({"key": []}),
        secured({"key": []}, {"password": []}),
        "F security-looser",
    ),
    "one login less": (
        secured({"key": []}, {"password": []}),
        secured({"key": []}),
        "B security-stricter",
    ),
    "two logins at once": (
        secured({"key": []}),
        secured({"key": [], "password": []}),
        "B security-stricter",
    ),
    "another login": (secured({"key": []}), secured({"password": []}), "B security-stricter"),
    "a login that is optional": (
        secured({"key": []}),
        secured({"key": []}, {}),
        "F security-looser",
    ),
    "an optional login where there was none": (secured(), secured({"key": []}, {}), ""),
    "a scope more": (
        secured({"login": ["read"]}),
        secured({"login": ["read", "write"]}),
        "B security-stricter",
    ),
    "a scope less": (
        secured({"login": ["read", "write"]}),
        secured({"login": ["read"]}),
        "F security-looser",
    ),
    "a login for all": (for_all(), for_all({"key": []}), "B security-stricter"),
    "a login for all becomes one for each": (for_all({"key": []}), secured({"key": []}), ""),
    "another name of a login": (
        secured({"key": []}),
        secured({"token": []}, schemes={"token": SCHEMES["key"]}),
        "",
    ),
    "another header of a login": (
        secured({"key": []}),
        secured({"key": []}, schemes={"key": SCHEMES["key"] | {"name": "X-Token"}}),
        "B security-stricter",
    ),
    "another address for tokens": (
        secured({"login": []}, schemes={"login": flow("/token")}),
        secured({"login": []}, schemes={"login": flow("/oauth/token")}),
        "R login-address-changed",
    ),
    # webhooks and callbacks: the server sends the request
    "a field of a webhook is gone": (
        webhook(thing(a=TEXT)),
        webhook(thing()),
        "B field-removed",
    ),
    "a required field of a webhook": (
        webhook(thing()),
        webhook(thing("a", a=TEXT)),
        "F required-field-added",
    ),
    "a longer text in a webhook": (
        webhook(TEXT | {"maxLength": 5}),
        webhook(TEXT | {"maxLength": 9}),
        "B limit-widened",
    ),
    "a webhook is gone": (webhook(TEXT), {"paths": {}}, "B webhook-removed"),
    "a webhook is new": ({"paths": {}}, webhook(TEXT), "F webhook-added"),
    "a type in a callback": (
        callback(INTEGER),
        callback({"type": "number"}),
        "B type-widened",
    ),
    "another callback": (
        callback(TEXT),
        callback(TEXT, name="failed"),
        "B callback-removed, R callback-added",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_change_of_an_operation_has_its_verdict(name, lines_of):
    old, new, expected = copy.deepcopy(ROWS[name])

    assert sorted(lines_of(old, new, version="3.2.0")) == expanded(expected)


@pytest.mark.parametrize("name", ROWS)
def test_a_document_does_not_differ_from_itself(name, lines_of):
    for document in ROWS[name][:2]:
        assert lines_of(document, copy.deepcopy(document), version="3.2.0") == []
