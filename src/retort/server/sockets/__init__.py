"""Listening sockets, TLS files and accepted connections."""
