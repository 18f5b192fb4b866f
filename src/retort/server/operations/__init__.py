"""Logs, metrics and health checks for operators, and the middleware that adds them."""
