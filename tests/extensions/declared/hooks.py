"""Cases that schemathesis leaves out, each with its reason: `schemathesis.toml` names this file."""

import re

import schemathesis

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
LISTS_IN_HEADERS = ("X-Kinds",)


def is_empty(value):
    if isinstance(value, list):
        return not value or any(map(is_empty, value))
    return value is None or (isinstance(value, str) and not value.strip(" \t\n\f\r"))


def has_empty_values(case):
    """Whether an empty value is sent that does not count.

    A field of a form or a query that is empty is not filled in, and an empty element of a list in a
    header is no element (RFC 9110 section 5.6.1). OpenAPI has `allowEmptyValue` for parameters of a
    query alone, and not for the items of a list.
    """
    fields = case.body if case.media_type in FORMS and isinstance(case.body, dict) else {}
    lists = [case.headers.get(name, "-").split(",") for name in LISTS_IN_HEADERS]
    return any(map(is_empty, [*fields.values(), *case.query.values(), *lists]))


def has_unreadable_names(case):
    r"""Whether a name of a multipart form ends with a backslash.

    schemathesis writes it as `name="a\"`, where it escapes the quotation mark.
    """
    is_multipart = case.media_type == FORMS[1] and isinstance(case.body, dict)
    return is_multipart and any(name.endswith("\\") for name in case.body)


def has_valid_texts(case):
    """Whether a list of texts in the query is another type: sent, it is a list of texts.

    A number is a text there, and one value is a list with one item.
    """
    items = case.query.get("tags", [])
    return not isinstance(items, list) or not all(isinstance(item, str) for item in items)


def has_unreadable_cookies(case):
    """Whether a cookie has white space or a quotation mark, which RFC 6265 does not allow.

    Such a cookie counts as not sent, as in Flask.
    """
    return any(re.search(r'[\s"]', str(value)) for value in case.cookies.values())


@schemathesis.hook
def filter_case(context, case):
    if has_unreadable_names(case) or has_unreadable_cookies(case):
        return False
    is_positive = case.meta.generation.mode.is_positive
    return is_positive or not (has_empty_values(case) or has_valid_texts(case))
