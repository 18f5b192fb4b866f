"""Values that were sent are in no response and no log, for all families and sources."""

import dataclasses
import logging
from typing import Annotated, Literal, NamedTuple, TypedDict

import attrs
import msgspec
import pydantic
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Meta

from retort import Body, Control, Cookie, Form, Header, Path, Query, Retort

SECRET = "hunter2secret"
TEXTS = (
    SECRET,
    f"{SECRET}\0",
    f"{SECRET}\n",
    f" {SECRET} ",
    f"<b>{SECRET}</b>",
    f"{SECRET}@example.com",
    f"https://{SECRET}/",
    SECRET * 20,
)
Password = Annotated[str, Meta(min_length=3, max_length=5), Control(type="password")]


def refuse(value):
    """A validator with the text of a function of Python, which has the value."""
    if SECRET in str(value):
        int(value)
    return value


class OfStruct(msgspec.Struct, forbid_unknown_fields=True):
    password: Password = ""
    number: int = 0
    size: Literal["s"] = "s"
    items: list[int] = []
    any: str = ""

    def __post_init__(self):
        refuse(self.any)


@dataclasses.dataclass
class OfData:
    password: Password = ""
    number: int = 0
    size: Literal["s"] = "s"
    items: list[int] = dataclasses.field(default_factory=list)
    any: str = ""

    def __post_init__(self):
        refuse(self.any)


@attrs.define
class OfAttrs:
    password: str = attrs.field(default="", validator=attrs.validators.max_len(5))
    number: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    size: str = attrs.field(default="s", validator=attrs.validators.in_(["s"]))
    items: list[int] = attrs.field(factory=list)
    any: str = attrs.field(default="", validator=lambda owner, attribute, value: refuse(value))


class OfTuple(NamedTuple):
    password: Password = ""
    number: int = 0
    size: Literal["s"] = "s"
    items: list[int] = []
    any: Annotated[str, Meta(pattern="^$")] = ""


class OfDict(TypedDict, total=False):
    password: Password
    number: int
    size: Literal["s"]
    items: list[int]
    any: Annotated[str, Meta(pattern="^$")]


class OfModel(pydantic.BaseModel):
    password: str = pydantic.Field("", max_length=5)
    number: int = 0
    size: Literal["s"] = "s"
    items: list[int] = []
    any: str = ""

    @pydantic.field_validator("any")
    @classmethod
    def _any(cls, value):
        return refuse(value)

    @pydantic.model_validator(mode="before")
    @classmethod
    def _early(cls, values):
        return values


class OfPydanticTypes(pydantic.BaseModel):
    password: pydantic.SecretStr = pydantic.Field(pydantic.SecretStr(""), max_length=5)
    number: pydantic.PositiveInt = 1
    size: pydantic.HttpUrl | None = None
    items: list[pydantic.IPvAnyAddress] = []
    any: pydantic.Json[int] | None = None


FAMILIES = (OfStruct, OfData, OfAttrs, OfTuple, OfDict, OfModel, OfPydanticTypes)
FIELDS = ("password", "number", "size", "items", "any")
app = Retort("secrets")
app.config["PROPAGATE_EXCEPTIONS"] = False

for family in FAMILIES:

    def as_body(value):
        return "ok"

    def as_form(value):
        return "ok"

    def as_query(value):
        return "ok"

    name = family.__name__
    as_body.__annotations__ = {"value": Body[family]}
    as_form.__annotations__ = {"value": Form[family]}
    as_query.__annotations__ = {"value": Query[family]}
    app.add_url_rule(f"/body/{name}", f"body{name}", as_body, methods=["POST"])
    app.add_url_rule(f"/form/{name}", f"form{name}", as_form, methods=["POST"])
    app.add_url_rule(f"/query/{name}", f"query{name}", as_query, methods=["POST"])


@app.post("/scalar/<id>")
def scalar(
    id: Path[int],
    page: Query[int],
    password: Form[Password],
    token: Header[int],
    sid: Cookie[int],
    number: Form[int],
): ...


values = st.sampled_from(TEXTS) | st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3)
inputs = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, values))
accepts = st.sampled_from(["application/json", "text/html"])


class Log(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(logging.Formatter().format(record))


def sent(path, **options):
    """Send a request; its status, and what was sent and logged."""
    log = Log()
    root = logging.getLogger()
    level = root.level
    for logger in (root, app.logger):
        logger.addHandler(log)
    root.setLevel(logging.DEBUG)
    try:
        response = app.test_client().post(path, **options)
    finally:
        root.setLevel(level)
        for logger in (root, app.logger):
            logger.removeHandler(log)
    return response.status_code, f"{response.headers}{response.get_data(as_text=True)}{log.lines}"


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(given=inputs, accept=accepts)
@pytest.mark.parametrize("family", FAMILIES)
def test_no_value_of_an_object_is_shown(family, given, accept):
    name, headers = family.__name__, {"Accept": accept}
    requests = [
        sent(f"/body/{name}", json=given, headers=headers),
        sent(f"/form/{name}", data=given, headers=headers),
        sent(f"/query/{name}", query_string=given, headers=headers),
    ]

    for status, shown in requests:
        assert status in (200, 422)
        assert SECRET not in shown
    if given:
        assert requests[0][0] == 422 or set(given) <= {"any"}


@settings(max_examples=60)
@given(text=st.sampled_from(TEXTS[3:]), accept=accepts)
def test_no_value_of_a_field_is_shown(text, accept):
    headers = {"Accept": accept, "Token": text, "Cookie": f"sid={text}"}
    data = {"password": text, "number": [text, text + "x"]}

    for path in (f"/scalar/{SECRET}", "/scalar/1"):
        status, shown = sent(path, headers=headers, data=data, query_string={"page": text})
        assert status in (404, 422)
        assert SECRET not in shown


@pytest.mark.parametrize(
    "body",
    [
        f'{{"a": {SECRET}',
        f'"{SECRET}',
        f'{{"{SECRET}',
        SECRET,
        f'{{"password": "{SECRET}\\ud800"}}',
    ],
)
@pytest.mark.parametrize("family", FAMILIES)
def test_no_part_of_broken_json_is_shown(family, body):
    for content_type in ("application/json", f"text/{SECRET}"):
        status, shown = sent(f"/body/{family.__name__}", data=body, content_type=content_type)
        assert status in (400, 415, 422)
        assert SECRET not in shown
