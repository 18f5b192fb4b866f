"""WebSocket connections (RFC 6455), without an application or a context."""
