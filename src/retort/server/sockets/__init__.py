"""Listening sockets, certificates, and the connections that were accepted."""
