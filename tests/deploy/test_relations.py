"""Numbers that depend on each other, for drawn settings: they fit, or there is no file."""

import math
import re

import hypothesis
import yaml
from hypothesis import given
from hypothesis import strategies as st

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
EXAMPLES = 500

DRAWN = st.fixed_dictionaries(
    {},
    optional={
        "--replicas": st.integers(1, 12),
        "--drain": st.integers(8, 60),
        "--grace": st.integers(0, 60),
        "--stop-timeout": st.integers(60, 400),
        "--start-timeout": st.integers(1, 900),
        "--port": st.integers(1020, 3000) | st.integers(120, 6553).map(lambda number: number * 10),
        "--ops-port": st.integers(120, 6553).map(lambda number: number * 10),
    },
)
RESOURCES = st.fixed_dictionaries(
    {},
    optional={
        "--cpu": st.integers(1, 8000).map("{}m".format) | st.integers(1, 16),
        "--memory": st.integers(64, 8192).map("{}Mi".format),
        "--workers": st.integers(1, 16),
    },
)
FOR_KUBERNETES = st.fixed_dictionaries(
    {},
    optional={
        "--max": st.integers(4, 50),
        "--migrate": st.just("retort db upgrade"),
        "--host": st.just("shop.example"),
        "--metrics-from": st.just("monitoring"),
        "--node-spread": st.sampled_from(["prefer", "require"]),
    },
)
drawn_settings = hypothesis.settings(max_examples=EXAMPLES)


def words_of(*parts):
    return [word for part in parts for name, value in part.items() for word in (name, str(value))]


def value_of(words, option):
    [value] = [word.partition("=")[2] for word in words if word.startswith(f"{option}=")]
    return int(value)


def load_timeout(words):
    given_words = [word for word in words if word.startswith("--load-timeout=")]
    return value_of(given_words, "--load-timeout") if given_words else 600


def number_in(text, pattern):
    return float(re.search(pattern, text)[1])


def mebibytes(text):
    return int(text.removesuffix("Mi"))


def workers_of(resources):
    """How many workers there are: as given, or one for each processor, rounded up."""
    cpu = str(resources.get("--cpu", "500m"))
    milli = int(cpu[:-1]) if cpu.endswith("m") else int(cpu) * 1000
    return resources.get("--workers", math.ceil(milli / 1000))


def may_fit(given_settings, needed_drain, *, most=99, memory="9999Mi"):
    """Whether these settings lose no request, computed without the code under test."""
    drain = given_settings.get("--drain", 15)
    total = drain + given_settings.get("--grace", 10)
    ports = given_settings.get("--port", 8000), given_settings.get("--ops-port", 9000)
    replicas = given_settings.get("--replicas", 2)
    return (
        drain > needed_drain
        and given_settings.get("--stop-timeout", total + 1) > total
        and min(ports) >= 1024
        and ports[0] != ports[1]
        and replicas <= given_settings.get("--max", most)
        and mebibytes(given_settings.get("--memory", memory)) >= 64 * workers_of(given_settings)
    )


def assert_refused(result):
    assert result.exit_code == 2
    assert result.stdout == ""
    assert re.search(r"^Error: --", result.stderr, re.M)


def seconds_to_fail(period, failures, timeout):
    """From the first bad response to the decision."""
    return period * failures + timeout


@drawn_settings
@given(common=DRAWN, resources=RESOURCES, more=FOR_KUBERNETES)
def test_the_objects_of_kubernetes_fit_together(common, resources, more, deploy):
    words = words_of(common, resources, more)
    result = deploy("kubernetes", "shop", "--image", "shop:1", *words)
    if not may_fit({**common, **resources, **more}, needed_drain=9, memory="256Mi"):
        assert_refused(result)
        return

    found = {one["kind"]: one["spec"] for one in yaml.load_all(result.stdout, LOADER)}
    deployment = found["Deployment"]
    pod = deployment["template"]["spec"]
    [container] = pod["containers"]
    command = container["command"]
    replicas = common.get("--replicas", 2)

    # The way from SIGTERM to SIGKILL.
    readiness, liveness, startup = (
        container[f"{name}Probe"] for name in ("readiness", "liveness", "startup")
    )
    drain, grace = value_of(command, "--drain"), value_of(command, "--grace")
    assert drain > seconds_to_fail(
        readiness["periodSeconds"], readiness["failureThreshold"], readiness["timeoutSeconds"]
    )
    assert pod["terminationGracePeriodSeconds"] > drain + grace
    started = startup["periodSeconds"] * startup["failureThreshold"]
    assert started == common.get("--start-timeout", 60) <= load_timeout(command)
    repaired = 30 + started  # --worker-timeout, and a worker that is loaded again
    assert liveness["periodSeconds"] * liveness["failureThreshold"] > repaired

    # How many there are.
    assert deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    least = deployment.get("replicas")
    if "HorizontalPodAutoscaler" in found:
        scaler = found["HorizontalPodAutoscaler"]
        assert least is None
        least = scaler["minReplicas"]
        assert scaler["maxReplicas"] == more["--max"] >= least
        [policy] = scaler["behavior"]["scaleDown"]["policies"]
        assert policy["periodSeconds"] >= pod["terminationGracePeriodSeconds"]
        assert policy["periodSeconds"] <= 1800  # the limit of Kubernetes
    assert least == replicas
    assert ("PodDisruptionBudget" in found) == (least > 1)
    if least > 1:
        assert found["PodDisruptionBudget"]["maxUnavailable"] < least

    # Ports, by their names.
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    assert ports == {"http": value_of(command, "--port"), "ops": value_of(command, "--ops-port")}
    assert [one["targetPort"] for one in found["Service"]["ports"]] == ["http"]
    assert {readiness["httpGet"]["port"], liveness["httpGet"]["port"]} == {"ops"}
    policy = found["NetworkPolicy"]
    assert {one["port"] for rule in policy["ingress"] for one in rule["ports"]} <= set(ports)

    # Who is selected: the pods of the site, and those of a migration only by the policy.
    labels = deployment["template"]["metadata"]["labels"].items()
    selectors = [found["Service"]["selector"], deployment["selector"]["matchLabels"]]
    selectors += [one["labelSelector"]["matchLabels"] for one in pod["topologySpreadConstraints"]]
    if least > 1:
        selectors.append(found["PodDisruptionBudget"]["selector"]["matchLabels"])
    assert all(selector.items() <= labels for selector in selectors)
    assert policy["podSelector"]["matchLabels"].items() <= labels
    if "Job" in found:
        others = found["Job"]["template"]["metadata"]["labels"].items()
        assert not any(selector.items() <= others for selector in selectors)
        assert policy["podSelector"]["matchLabels"].items() <= others

    # Workers: given, or from the request; the memory is enough for them.
    limits = container["resources"]["limits"]
    assert mebibytes(limits["memory"]) >= 64 * workers_of(resources)
    variables = {one["name"] for one in container["env"]}
    has_option = any(word.startswith("--workers=") for word in command)
    assert has_option == ("--workers" in resources)
    assert has_option != ("FLASK_RUN_WORKERS" in variables)


@hypothesis.settings(max_examples=150)
@given(common=DRAWN, resources=RESOURCES)
def test_a_compose_file_fits_together(common, resources, deploy):
    result = deploy("compose", "shop", "--image", "shop:1", *words_of(common, resources))
    if not may_fit({**common, **resources}, needed_drain=2):
        assert_refused(result)
        return

    content = yaml.load(result.stdout, LOADER)
    web = content["services"]["web"]
    command = web["entrypoint"]
    proxy = content["configs"]["haproxy"]["content"]
    drain, grace = value_of(command, "--drain"), value_of(command, "--grace")
    assert int(web["stop_grace_period"].removesuffix("s")) > drain + grace
    assert drain > seconds_of_balancer(proxy)
    start = common.get("--start-timeout", 60)
    assert web["healthcheck"]["start_period"] == f"{start}s"
    assert start <= load_timeout(command)
    ports = value_of(command, "--port"), value_of(command, "--ops-port")
    assert web["expose"] == [str(port) for port in ports]
    places, port, ops_port = re.search(
        r"server-template web (\d+) web:(\d+) check port (\d+)", proxy
    ).groups()
    assert (int(port), int(ops_port)) == ports
    assert int(places) >= 2 * web["deploy"]["replicas"] == 2 * common.get("--replicas", 2)
    if "--cpu" in resources:
        text = str(resources["--cpu"])
        cpus = int(text[:-1]) / 1000 if text.endswith("m") else int(text)
        assert float(web["deploy"]["resources"]["limits"]["cpus"]) == cpus
    assert f"--workers={resources.get('--workers', 'auto')}" in command


@hypothesis.settings(max_examples=150)
@given(common=DRAWN, resources=RESOURCES)
def test_units_of_systemd_and_their_haproxy_fit_together(common, resources, deploy):
    replicas = common.pop("--replicas", 2)
    times = {name: common[name] for name in ("--drain",) if name in common}
    ports = {name: common[name] for name in ("--port", "--ops-port") if name in common}
    words = words_of(common, resources)
    service, socket = (deploy("systemd", "shop", "--unit", one, *words) for one in UNITS)
    balancer = deploy("haproxy", "shop", *words_of(ports, times, {"--replicas": replicas}))
    if not has_ports_for_instances(common) or not may_fit({**common, **resources}, needed_drain=2):
        assert_refused(service)
        assert_refused(socket)
        return
    if replicas > 9:
        assert_refused(balancer)
        return

    unit = service.stdout
    drain, grace = number_in(unit, r"--drain=(\d+)"), number_in(unit, r"--grace=(\d+)")
    assert number_in(unit, r"(?m)^TimeoutStopSec=(\d+)$") > drain + grace
    start = number_in(unit, r"(?m)^TimeoutStartSec=(\d+)$")
    assert start == common.get("--start-timeout", 60)
    assert number_in(unit, r"(?m)^WatchdogSec=(\d+)$") > 30 + start
    assert drain > seconds_of_balancer(balancer.stdout)
    servers = re.findall(r"^    server shop-(\d) 127.0.0.1:(\d+) check port (\d+)$",
        balancer.stdout, re.M)  # fmt: skip
    port, ops_port = (
        port_of(r"ListenStream=127.0.0.1:", socket.stdout),
        port_of("--ops-port=", unit),
    )
    assert servers == [
        (str(one), port.replace("%i", str(one)), ops_port.replace("%i", str(one)))
        for one in range(1, replicas + 1)
    ]
    assert len({number for server in servers for number in server[1:]}) == 2 * replicas
    if "--cpu" in resources:
        text = str(resources["--cpu"])
        percent = math.ceil(int(text[:-1]) / 10) if text.endswith("m") else int(text) * 100
        assert number_in(unit, r"(?m)^CPUQuota=(\d+)%$") == percent


UNITS = ("service", "socket")


def seconds_of_balancer(configuration):
    return seconds_to_fail(
        number_in(configuration, r"inter (\d+)ms") / 1000,
        number_in(configuration, r"fall (\d+)"),
        number_in(configuration, r"timeout check (\d+)s"),
    )


def port_of(prefix, text):
    """The port in a unit, with ``%i``."""
    return re.search(re.escape(prefix).replace("127\\.0\\.0\\.1", "127.0.0.1") + r"(\d+%i)", text)[
        1
    ]


def has_ports_for_instances(common):
    ports = common.get("--port", 8000), common.get("--ops-port", 9000)
    return all(port % 10 == 0 and port + 9 <= 65535 for port in ports)
