"""Gateways: a server's words to a Request, a Response to the server's words."""
