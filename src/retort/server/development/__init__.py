"""Serving in development: the reloader, and who may see errors."""
