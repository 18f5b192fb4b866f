"""``retort deploy``: files for Kubernetes, Compose, systemd and HAProxy.

`files` has a function for each kind. `reading` makes a description (`description`) of the options,
with `names`, `quantities` and `images` for single values, and `relations` checks that its numbers
fit together. `kubernetes`, `compose`, `systemd` and `haproxy` say what each file needs, and
`writing` fills in `templates/`, with the quoting of `quoting`. Nothing is loaded, connected to or
written: only the command imports this package.
"""
