from retort.errors import FileFieldError as DebugFilesKeyError
from retort.errors import RoutingRedirectError as FormDataRoutingRedirect

__all__ = [
    "DebugFilesKeyError",
    "FormDataRoutingRedirect",
]
