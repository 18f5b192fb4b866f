"""Gateways: what a server passes becomes a context, and a response what it gets back."""
