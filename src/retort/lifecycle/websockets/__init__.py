"""WebSockets of an application: from the handshake to the end of the view.

`request.py` runs the plan of a handshake, `upgrade.py` has the connection that it becomes,
`facade.py` what programs use of it. `options.py` reads the configuration, `origins.py` refuses
pages of other sites.
"""
