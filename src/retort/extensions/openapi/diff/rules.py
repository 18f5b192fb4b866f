"""What each kind of change means for clients: data only.

A rule has two verdicts. The first is for what the client sends: requests, and its responses to
webhooks and callbacks. The second is for what the client receives.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Verdict(str, Enum):
    """Whether clients of the old document work with the new one."""

    BREAKING = "breaking"  # some do not
    RISKY = "risky"  # the documents do not show it
    FINE = "fine"  # all do

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Verdict).index(self)


class Direction(Enum):
    """Who sends a message."""

    REQUEST = "request"  # the client
    RESPONSE = "response"  # the server

    @property
    def opposite(self) -> Direction:
        """The direction of the answer."""
        return Direction.RESPONSE if self is Direction.REQUEST else Direction.REQUEST


class Ruling(NamedTuple):
    """A verdict and its reason."""

    verdict: Verdict
    why: str


class Rule(NamedTuple):
    """One kind of change.

    :param title: the change in words, after its place.
    :param sent: for what the client sends.
    :param received: for what the client receives.
    :param is_text: it changes what people read, and no message.
    """

    title: str
    sent: Ruling
    received: Ruling
    is_text: bool = False

    def ruling(self, direction: Direction) -> Ruling:
        """The verdict for a direction."""
        return self.sent if direction is Direction.REQUEST else self.received


def _breaking(why: str) -> Ruling:
    return Ruling(Verdict.BREAKING, why)


def _risky(why: str) -> Ruling:
    return Ruling(Verdict.RISKY, why)


def _fine(why: str) -> Ruling:
    return Ruling(Verdict.FINE, why)


_REFUSED = _breaking("Requests that were valid are refused.")
_STILL_VALID = _fine("Requests that were valid still are.")
_UNEXPECTED = _breaking("Clients receive values that the old document excludes.")
_AS_EXPECTED = _fine("All that clients receive agrees with the old document.")
_UNDECIDED = _risky("The two conditions cannot be compared.")
_UNUSED = _fine("Clients do not depend on it yet.")
_REPLACED_SENT = _breaking("Requests that were valid are refused: the new values are others.")
_REPLACED_RECEIVED = _breaking("Clients receive other values than the old document describes.")
_GENERATED = _risky("Generated clients use it for names in code.")
_TEXT = _fine("No message changes.")


def _narrower(title: str) -> Rule:
    return Rule(title, _REFUSED, _AS_EXPECTED)


def _wider(title: str) -> Rule:
    return Rule(title, _STILL_VALID, _UNEXPECTED)


def _replaced(title: str) -> Rule:
    return Rule(title, _REPLACED_SENT, _REPLACED_RECEIVED)


def _both(title: str, ruling: Ruling) -> Rule:
    return Rule(title, ruling, ruling)


RULES: dict[str, Rule] = {
    # Operations
    "path-removed": _both("path removed", _breaking("Requests to it get 404.")),
    "path-added": _both("path added", _UNUSED),
    "method-removed": _both("method removed", _breaking("Requests with it get 405.")),
    "method-added": _both("method added", _UNUSED),
    "path-variable-renamed": _both("path variable renamed", _GENERATED),
    "operation-id-changed": _both("operationId changed", _GENERATED),
    "tag-changed": _both("first tag changed", _GENERATED),
    "deprecated": _both("deprecated", _fine("It works as before.")),
    "deprecation-withdrawn": _both("no longer deprecated", _fine("It works as before.")),
    "security-stricter": Rule(
        "security requirement added",
        _breaking("Requests that were authorized are refused."),
        _risky("The server must authenticate in another way."),
    ),
    "security-looser": Rule(
        "security requirement removed",
        _fine("Requests that were authorized still are."),
        _risky("The server no longer has to authenticate."),
    ),
    "login-address-changed": _both(
        "address of the login changed", _risky("Clients with the old address may get no token.")
    ),
    "server-removed": _both(
        "server removed", _risky("Clients with this base address may not reach the program.")
    ),
    "server-added": _both("server added", _UNUSED),
    "webhook-removed": _both("webhook removed", _breaking("Clients wait for it in vain.")),
    "webhook-added": _both("webhook added", _fine("Clients choose which ones they receive.")),
    "callback-removed": _both("callback removed", _breaking("Clients wait for it in vain.")),
    "callback-added": _both("callback added", _risky("Clients may not answer it.")),
    # Parameters
    "required-parameter-added": Rule("required parameter added", _REFUSED, _AS_EXPECTED),
    "parameter-added": Rule("optional parameter added", _STILL_VALID, _AS_EXPECTED),
    "parameter-removed": Rule(
        "parameter removed",
        _risky("The server ignores or refuses it."),
        _breaking("Clients do not receive it any more."),
    ),
    "parameter-required": Rule("parameter is required now", _REFUSED, _AS_EXPECTED),
    "parameter-optional": Rule(
        "parameter is optional now", _STILL_VALID, _breaking("It may be missing.")
    ),
    "parameter-style-changed": _replaced("parameter is written in another way"),
    # Bodies and responses
    "required-body-added": Rule("required request body added", _REFUSED, _AS_EXPECTED),
    "body-added": Rule("optional request body added", _STILL_VALID, _AS_EXPECTED),
    "body-removed": Rule(
        "request body removed",
        _breaking("Requests with a body are refused or ignored."),
        _breaking("Clients do not receive it any more."),
    ),
    "body-required": Rule("request body is required now", _REFUSED, _AS_EXPECTED),
    "body-optional": Rule(
        "request body is optional now", _STILL_VALID, _breaking("It may be missing.")
    ),
    "media-type-removed": Rule(
        "media type removed",
        _breaking("Bodies of this type get 415."),
        _breaking("Clients do not receive this type any more."),
    ),
    "media-type-added": Rule(
        "media type added", _STILL_VALID, _fine("Clients get it only if they accept it.")
    ),
    "encoding-changed": _both(
        "encoding of a form field changed", _risky("The field may be written in another way.")
    ),
    "status-removed": Rule(
        "status removed",
        _breaking("The server does not expect this response."),
        _breaking("Clients wait for this status in vain."),
    ),
    "status-added": Rule(
        "status added",
        _fine("Responses that were valid still are."),
        _risky("Clients may treat only the old ones as success."),
    ),
    "error-status-removed": _both(
        "error status removed", _risky("Generated clients have no type for this error any more.")
    ),
    "error-status-added": _both(
        "error status added",
        _fine("A status that is not known is handled by its class (RFC 9110)."),
    ),
    "required-header-removed": Rule(
        "required response header removed",
        _risky("The server may ignore it."),
        _breaking("Clients do not receive it any more."),
    ),
    "header-removed": _both(
        "optional response header removed", _risky("Clients that use it do not receive it.")
    ),
    "required-header-added": Rule("required response header added", _REFUSED, _AS_EXPECTED),
    "header-added": _both("response header added", _UNUSED),
    "header-required": Rule("response header is required now", _REFUSED, _AS_EXPECTED),
    "header-optional": Rule(
        "response header is optional now", _STILL_VALID, _breaking("It may be missing.")
    ),
    # Types and values
    "type-narrowed": _narrower("type allows less"),
    "type-widened": _wider("type allows more"),
    "type-changed": _replaced("type changed"),
    "null-removed": _narrower("null is not allowed any more"),
    "null-added": _wider("null is allowed now"),
    "values-restricted": _narrower("restricted to certain values"),
    "values-unrestricted": _wider("not restricted to certain values any more"),
    "value-removed": _narrower("value removed"),
    "value-added": Rule(
        "value added", _STILL_VALID, _risky("Clients that know the old values only may fail.")
    ),
    "values-replaced": _replaced("all values replaced"),
    "format-added": _narrower("format added"),
    "format-removed": _wider("format removed"),
    "format-narrowed": _narrower("format allows less"),
    "format-widened": _wider("format allows more"),
    "format-changed": _replaced("format changed"),
    "default-changed": Rule(
        "default changed",
        _risky("Requests without it may have another result."),
        _fine("A default describes what the client leaves out."),
    ),
    # Fields
    "required-field-added": Rule("required field added", _REFUSED, _AS_EXPECTED),
    "field-added": Rule("optional field added", _STILL_VALID, _AS_EXPECTED),
    "field-added-to-closed": Rule(
        "field added; the old document excludes unknown fields",
        _STILL_VALID,
        _risky("Clients that validate responses may refuse it."),
    ),
    "field-removed": Rule(
        "field removed",
        _risky("The server ignores or refuses it."),
        _breaking("Clients do not receive it any more."),
    ),
    "field-refused": Rule(
        "field removed; unknown fields are refused",
        _REFUSED,
        _breaking("Clients do not receive it any more."),
    ),
    "field-required": Rule("field is required now", _REFUSED, _AS_EXPECTED),
    "field-optional": Rule("field is optional now", _STILL_VALID, _breaking("It may be missing.")),
    "fields-closed": _narrower("fewer unknown fields are allowed"),
    "fields-opened": Rule(
        "more unknown fields are allowed",
        _STILL_VALID,
        _risky("Clients that validate responses may refuse them."),
    ),
    # Limits and other conditions
    "limit-narrowed": _narrower("limit allows less"),
    "limit-widened": _wider("limit allows more"),
    "limit-changed": _replaced("condition changed"),
    "pattern-changed": _both("pattern changed", _UNDECIDED),
    "condition-added": _narrower("condition added"),
    "condition-removed": _wider("condition removed"),
    "condition-changed": _both("condition changed", _UNDECIDED),
    "alternative-removed": _narrower("alternative removed"),
    "alternative-added": _wider("alternative added"),
    "several-allowed": Rule(
        "several alternatives may be valid at once",
        _STILL_VALID,
        _risky("Clients may expect exactly one."),
    ),
    "exactly-one-required": Rule(
        "exactly one alternative must be valid",
        _risky("Requests for which several are valid are refused."),
        _AS_EXPECTED,
    ),
    "discriminator-changed": _both(
        "discriminator changed", _risky("Generated clients choose the type by it.")
    ),
    # What people read
    "text-changed": Rule("text changed", _TEXT, _TEXT, is_text=True),
}
