"""The built-in converters that Retort fixes; all others are Werkzeug's own."""

from __future__ import annotations

from werkzeug.routing import IntegerConverter as _IntegerConverter
from werkzeug.routing import ValidationError


class IntegerConverter(_IntegerConverter):
    """Werkzeug's, but a number with too many digits for Python does not match (404).

    Python converts at most 4,300 digits (``sys.int_info.default_max_str_digits``).
    """

    def to_python(self, value: str) -> int:
        """Convert the segment to an integer.

        :raises werkzeug.routing.ValidationError: if it is out of the rule's range.
        """
        try:
            return int(super().to_python(value))
        except ValueError as error:
            raise ValidationError(str(error)) from None
