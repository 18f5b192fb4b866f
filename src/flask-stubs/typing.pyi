from retort.typing import HeadersValue, ResponseReturnValue, ResponseValue, RouteCallable

__all__ = [
    "HeadersValue",
    "ResponseReturnValue",
    "ResponseValue",
    "RouteCallable",
]
