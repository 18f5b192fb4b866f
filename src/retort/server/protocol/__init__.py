"""Adapt Granian's protocol objects to WSGI: requests, responses and their bodies."""
