"""Gateways: convert a server's call to a request context, and return the response to it."""
