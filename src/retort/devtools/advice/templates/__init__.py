"""Advice on templates: missing files, syntax, filters, and names without a value."""
