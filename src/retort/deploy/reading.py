"""Options of the command -> a description.

Each function takes what is left of the options, by name, and reads what it knows.
"""

from __future__ import annotations

import ipaddress
import shlex
from typing import TYPE_CHECKING, Any

from . import haproxy, images, names, quantities
from .description import Balancer, Cluster, Composition, Deployment, Egress, Machine, Secret
from .errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Callable


def deployment(target: str, options: dict[str, Any]) -> Deployment:
    """What all kinds of files have in common; its options are removed.

    :raises DeployError: for an invalid value.
    """
    name = options.pop("name", None)
    fields = Deployment.__dataclass_fields__
    given = {key: options.pop(key) for key in list(options) if key in fields}
    readers: dict[str, Callable[[Any], Any]] = {
        "cpu": quantities.cpu,
        "memory": quantities.memory,
        "hosts": _hosts,
        "env": _env,
        "secrets": lambda words: tuple(_secret(word) for word in words),
        "executable": lambda word: names.path(word, "--executable"),
    }
    values = {
        key: readers[key](value) if key in readers else value
        for key, value in given.items()
        if value is not None
    }
    made = Deployment(
        name=names.name_of(target) if name is None else names.label(name, "--name"),
        target=_target(target),
        **values,
    )
    _check_variables(made)
    return made


def cluster(made: Deployment, options: dict[str, Any]) -> Cluster:
    """What only Kubernetes has.

    :raises DeployError: for an invalid value.
    """
    tls = options.pop("tls_secret")
    route = options.pop("route") or ("ingress" if made.hosts else "none")
    for option, value in (("--tls-secret", tls), ("--ingress-class", options["ingress_class"])):
        if value is not None and route != "ingress":
            raise DeployError(f"{option} is of an Ingress, and there is none: leave it out.")
    return Cluster(
        image=images.image(options.pop("image")),
        route=route,
        tls_secret=_tls_secret(made, tls),
        migrate=_command(options.pop("migrate")),
        requires_spread=options.pop("node_spread") == "require",
        namespace=_given(options, "namespace", names.namespace),
        ingress_class=_given(options, "ingress_class", names.subdomain),
        pull_secret=_given(options, "pull_secret", names.subdomain),
        metrics_from=_given(options, "metrics_from", names.namespace),
        gateway=_given(options, "gateway", _gateway),
        from_namespaces=tuple(
            names.namespace(one, "--from-namespace") for one in options.pop("from_namespaces")
        ),
        egress=tuple(_egress(one) for one in options.pop("egress")),
        **options,
    )


def composition(options: dict[str, Any]) -> Composition:
    """What only Compose has.

    :raises DeployError: for an invalid value.
    """
    return Composition(
        image=images.image(options.pop("image")),
        migrate=_command(options.pop("migrate")),
        certificate=_given(options, "certificate", names.path),
        **options,
    )


def machine(made: Deployment, options: dict[str, Any]) -> Machine:
    """What only systemd has.

    :raises DeployError: for an invalid value.
    """
    directory = options.pop("directory") or f"/srv/{made.name}"
    address = options.pop("address")
    if not names.is_address(address) or address.startswith("["):
        raise DeployError(
            f"--address {address!r} is no IP address of this machine: write one such as 10.0.0.1."
        )
    return Machine(
        directory=names.absolute_path(directory, "--directory"),
        user=names.user(options.pop("user") or made.name, "--user"),
        address=address,
    )


def balancer(made: Deployment, options: dict[str, Any]) -> Balancer:
    """What only HAProxy has.

    :raises DeployError: for an invalid value.
    """
    servers = tuple(haproxy.server(one, made) for one in options.pop("servers"))
    return Balancer(
        servers=servers or haproxy.instances(made),
        certificate=_given(options, "certificate", names.absolute_path),
        **options,
    )


def _given(options: dict[str, Any], name: str, read: Any) -> Any:
    value = options.pop(name)
    return None if value is None else read(value, f"--{name.replace('_', '-')}")


def _target(word: str) -> str:
    if word.startswith("-"):
        raise DeployError(f"{word!r} is no program: write it as for 'retort run', such as shop.")
    return names.text(word, "The name of the program")


def _hosts(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names.host(word) for word in words))


def _env(words: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(_variable(word) for word in words)


def _variable(word: str) -> tuple[str, str]:
    name, sign, value = word.partition("=")
    if not sign:
        raise DeployError(f"--env {word!r} has no '=': write --env NAME=VALUE.")
    names.variable(name, "--env")
    return name, names.public_value(name, value)


def _secret(word: str) -> Secret:
    """``NAME``, or for Kubernetes ``NAME=SECRET/KEY``."""
    name, sign, place = word.partition("=")
    names.variable(name, "--secret")
    if not sign:
        return Secret(name, None, name)
    secret, slash, key = place.partition("/")
    if not slash:
        raise DeployError(
            f"--secret {name}=... does not name a place: write --secret {name}, or"
            f" --secret {name}=SECRET/KEY for a key of a Secret. Values do not belong here: they"
            " would be in the history of the shell."
        )
    option = f"--secret {name}"
    return Secret(name, names.subdomain(secret, option), names.secret_key(key, option))


def check_without_places(made: Deployment) -> None:
    """Check that secrets are only names: other files than those of Kubernetes have no Secrets.

    :raises DeployError: if one has a place.
    """
    for one in made.secrets:
        if one.secret is not None:
            raise DeployError(
                f"--secret {one.variable}=... names a Secret, which only Kubernetes has. Write"
                f" --secret {one.variable}."
            )


def _check_variables(made: Deployment) -> None:
    variables = [name for name, _ in made.env] + [one.variable for one in made.secrets]
    for name in variables:
        if variables.count(name) > 1:
            raise DeployError(f"The variable {name} is set twice. Keep one --env or --secret.")


def _command(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    try:
        words = tuple(shlex.split(names.text(text, "--migrate")))
    except ValueError as error:
        raise DeployError(f"--migrate {text!r} is no command: {error}.") from error
    if not words:
        raise DeployError("--migrate is empty: write the command, or leave the option out.")
    return words


def _tls_secret(made: Deployment, name: str | None) -> str | None:
    if name == "none":
        return None
    return f"{made.name}-tls" if name is None else names.subdomain(name, "--tls-secret")


def _gateway(word: str, option: str) -> str:
    namespace, slash, name = word.rpartition("/")
    if slash:
        names.namespace(namespace, option)
    names.subdomain(name, option)
    return word


def _egress(word: str) -> Egress:
    address, colon, port = word.rpartition(":")
    if not colon or "/" in port:  # of an IPv6 address
        address, port = word, ""
    try:
        network = ipaddress.ip_network(address.strip("[]"))
    except ValueError:
        network = None
    is_port = not port or (port.isascii() and port.isdigit() and 0 < int(port) < 65536)
    if network is None or not is_port:
        raise DeployError(
            f"--allow-egress {word!r} is no range of addresses: write 10.0.0.0/8, 10.1.2.3/32:5432"
            " or [fd00::/8]:5432. A NetworkPolicy has no host names."
        )
    return Egress(str(network), int(port) if port else None)
