"""`retort deploy kubernetes`: what is in the objects, and whether Kubernetes accepts them."""

import copy
import json
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
from kubernetes_validate.utils import SchemaNotFoundError, all_versions, major_minor

EVERYTHING = (
    *("--host", "shop.example", "--max", "10", "--migrate", "retort db upgrade"),
    *("--secret", "FLASK_SECRET_KEY", "--secret", "DATABASE_URL=database/url", "--env", "A=1"),
    *("--namespace", "shops", "--pull-secret", "registry", "--node-spread", "require"),
    *("--from-namespace", "ingress", "--metrics-from", "monitoring", "--ingress-class", "nginx"),
    *("--allow-egress", "10.0.0.0/8:5432", "--allow-egress", "fd00::/8"),
)
GATEWAY = ("--host", "*.shop.example", "--route", "gateway", "--gateway", "public/web")
VERSIONS = [one for one in map(major_minor, all_versions()) if int(one.split(".")[1]) >= 29]
NEWEST = VERSIONS[-1]
SCHEMA = json.loads(Path(__file__).with_name("schemas").joinpath("httproute.json").read_text())


def closed(schema):
    """The schema without fields that it does not name, as `kubectl` validates strictly."""
    schema = copy.copy(schema)
    if "properties" in schema:
        schema["properties"] = {name: closed(one) for name, one in schema["properties"].items()}
        schema.setdefault("additionalProperties", False)
    if "items" in schema:
        schema["items"] = closed(schema["items"])
    return schema


def route_schema():
    schema = closed(SCHEMA)
    schema["properties"]["metadata"] = {"type": "object"}  # the same for all kinds
    return schema


@pytest.fixture(scope="module")
def everything(objects):
    return objects(*EVERYTHING)


@pytest.fixture(scope="module")
def web(everything):
    """The pod of the Deployment."""
    return everything["Deployment"]["spec"]["template"]["spec"]


def container(found, kind="Deployment"):
    return found[kind]["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.parametrize("options", [(), EVERYTHING, GATEWAY], ids=["least", "most", "gateway"])
def test_kubernetes_accepts_each_object(options, objects, is_long):
    versions = VERSIONS if is_long else (VERSIONS[0], NEWEST)
    for kind, one in objects(*options).items():
        if kind == "HTTPRoute":
            jsonschema.validate(one, route_schema())
            continue
        for version in versions:
            assert kubernetes_validate.validate(one, version, strict=True) == version


def test_the_schemas_refuse_what_they_do_not_know(everything, objects):
    wrong = copy.deepcopy(everything["Deployment"])
    container({"Deployment": wrong})["livenesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, NEWEST, strict=True)
    with pytest.raises(SchemaNotFoundError):
        kubernetes_validate.validate({**wrong, "apiVersion": "apps/v1beta1"}, NEWEST, strict=True)
    route = objects(*GATEWAY)["HTTPRoute"]
    route["spec"]["rules"][0]["backendRef"] = []
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(route, route_schema())


def test_the_objects_are_those_that_the_options_ask_for(objects):
    least = {"Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"}

    assert set(objects()) == least
    assert set(objects("--host", "shop.example")) == {*least, "Ingress"}
    assert set(objects(*GATEWAY)) == {*least, "HTTPRoute"}
    assert set(objects("--max", "3")) == {*least, "HorizontalPodAutoscaler"}
    assert set(objects("--migrate", "true")) == {*least, "Job"}
    # A budget for one replica would either keep its node from being drained or do nothing.
    assert set(objects("--replicas", "1")) == least - {"PodDisruptionBudget"}


def test_the_migration_comes_first(write):
    text = write("kubernetes", "shop", "--image", "shop:1", "--migrate", "retort db upgrade")

    assert text.index("kind: Job") < text.index("kind: Deployment")


def test_each_object_is_in_the_namespace_and_has_the_recommended_labels(everything):
    for kind, one in everything.items():
        metadata = one["metadata"]
        assert metadata["namespace"] == "shops"
        assert metadata["labels"] == {
            "app.kubernetes.io/name": "shop",
            "app.kubernetes.io/instance": "shop",
            "app.kubernetes.io/component": "migrate" if kind == "Job" else "web",
            "app.kubernetes.io/version": "1",
            "app.kubernetes.io/managed-by": "retort-deploy",
        }


def test_without_a_namespace_that_of_kubectl_is_used(objects):
    assert all("namespace" not in one["metadata"] for one in objects().values())


def test_the_version_is_that_of_the_image_where_a_label_can_have_it(objects):
    def version(image):
        found = objects(image=image)["Deployment"]
        assert found["metadata"]["labels"] == found["spec"]["template"]["metadata"]["labels"]
        return found["metadata"]["labels"].get("app.kubernetes.io/version")

    assert version("shop:2.1_a") == "2.1_a"
    assert version("localhost:5000/shop:7") == "7"
    assert version("shop@sha256:" + "0" * 64) is None
    assert version("shop:" + "1" * 64) is None


@pytest.mark.parametrize("kind", ["Deployment", "Job"])
def test_pods_fulfil_the_restricted_pod_security_standard(kind, everything):
    pod = everything[kind]["spec"]["template"]["spec"]
    for_pod, for_container = pod["securityContext"], pod["containers"][0]["securityContext"]

    assert for_pod["runAsNonRoot"] is True
    assert for_pod["runAsUser"] == for_pod["runAsGroup"] == for_pod["fsGroup"] == 10001
    assert for_pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert for_container["allowPrivilegeEscalation"] is False
    assert for_container["capabilities"] == {"drop": ["ALL"]}
    assert for_container["readOnlyRootFilesystem"] is True
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)


@pytest.mark.parametrize("kind", ["Deployment", "Job"])
def test_only_tmp_can_be_written_to(kind, everything):
    pod = everything[kind]["spec"]["template"]["spec"]

    assert pod["containers"][0]["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]
    assert pod["volumes"] == [{"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}}]


@pytest.mark.parametrize("kind", ["Deployment", "Job"])
def test_secrets_are_references(kind, everything):
    env = {one["name"]: one for one in container(everything, kind)["env"]}

    assert env["FLASK_SECRET_KEY"]["valueFrom"] == {
        "secretKeyRef": {"name": "shop-secrets", "key": "FLASK_SECRET_KEY"}
    }
    assert env["DATABASE_URL"]["valueFrom"] == {"secretKeyRef": {"name": "database", "key": "url"}}
    assert env["A"]["value"] == "1"


def test_workers_are_as_many_as_the_request_has_processors(objects):
    first = container(objects("--cpu", "1500m"))
    variables = {one["name"]: one for one in first["env"]}

    # Kubernetes rounds up: two.
    assert variables["FLASK_RUN_WORKERS"]["valueFrom"] == {
        "resourceFieldRef": {"resource": "requests.cpu", "divisor": "1"}
    }
    assert not [word for word in first["command"] if word.startswith("--workers")]
    given = container(objects("--workers", "3"))
    assert "--workers=3" in given["command"]
    assert "FLASK_RUN_WORKERS" not in {one["name"] for one in given["env"]}


def test_memory_is_limited_to_its_request_and_processor_time_is_not(objects):
    resources = container(objects("--cpu", "2", "--memory", "1Gi"))["resources"]

    assert resources == {
        "requests": {"cpu": "2", "memory": "1Gi"},
        "limits": {"memory": "1Gi"},
    }


def test_probes_do_not_use_the_port_of_the_site(web):
    first = web["containers"][0]
    probes = {
        name: first[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")
    }

    assert probes == {
        "startup": {"path": "/-/health", "port": "ops"},
        "readiness": {"path": "/-/ready", "port": "ops"},
        "liveness": {"path": "/-/health", "port": "ops"},
    }


def test_replicas_are_spread_over_nodes_and_zones(everything, objects):
    def spread(found):
        constraints = found["Deployment"]["spec"]["template"]["spec"]["topologySpreadConstraints"]
        return {one["topologyKey"]: one for one in constraints}

    node, zone = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
    assert spread(everything)[node]["whenUnsatisfiable"] == "DoNotSchedule"
    assert spread(everything)[zone]["whenUnsatisfiable"] == "ScheduleAnyway"
    assert spread(objects())[node]["whenUnsatisfiable"] == "ScheduleAnyway"
    for one in spread(everything).values():
        assert one["labelSelector"] == everything["Deployment"]["spec"]["selector"]
        assert one["maxSkew"] == 1


def test_the_autoscaler_alone_sets_the_number_of_replicas(everything, objects):
    scaler = everything["HorizontalPodAutoscaler"]["spec"]

    assert "replicas" not in everything["Deployment"]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 10)
    assert scaler["scaleTargetRef"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "shop",
    }
    assert objects("--replicas", "3")["Deployment"]["spec"]["replicas"] == 3


def test_the_longest_times_are_within_the_limits_of_kubernetes(objects):
    times = ("--drain", "3600", "--grace", "3600", "--start-timeout", "3600", "--max", "1000")
    found = objects(*times)
    [policy] = found["HorizontalPodAutoscaler"]["spec"]["behavior"]["scaleDown"]["policies"]

    assert policy["periodSeconds"] == 1800
    assert "--load-timeout=3600" in container(found)["command"]
    for one in found.values():
        kubernetes_validate.validate(one, NEWEST, strict=True)


def test_an_ingress_has_all_hosts_and_their_certificate(objects):
    hosts = ("--host", "Shop.Example", "--host", "*.shop.example")
    spec = objects(*hosts, "--ingress-class", "traefik")["Ingress"]["spec"]

    assert spec["ingressClassName"] == "traefik"
    names = ["shop.example", "*.shop.example"]
    assert spec["tls"] == [{"hosts": names, "secretName": "shop-tls"}]
    assert [rule["host"] for rule in spec["rules"]] == names
    for rule in spec["rules"]:
        [path] = rule["http"]["paths"]
        assert (path["path"], path["pathType"]) == ("/", "Prefix")
        assert path["backend"] == {"service": {"name": "shop", "port": {"name": "http"}}}
    assert (
        objects(*hosts, "--tls-secret", "wild")["Ingress"]["spec"]["tls"][0]["secretName"] == "wild"
    )
    assert "tls" not in objects(*hosts, "--tls-secret", "none")["Ingress"]["spec"]


def test_a_route_belongs_to_its_gateway(objects):
    spec = objects(*GATEWAY)["HTTPRoute"]["spec"]

    assert spec["parentRefs"] == [{"name": "web", "namespace": "public"}]
    assert spec["hostnames"] == ["*.shop.example"]
    assert spec["rules"][0]["backendRefs"] == [{"name": "shop", "port": 80}]
    here = objects("--host", "shop.example", "--route", "gateway", "--gateway", "web")
    assert here["HTTPRoute"]["spec"]["parentRefs"] == [{"name": "web"}]


def test_the_network_policy_allows_what_the_options_name(everything):
    spec = everything["NetworkPolicy"]["spec"]

    def namespace(name):
        labels = {"kubernetes.io/metadata.name": name}
        return [{"namespaceSelector": {"matchLabels": labels}}]

    assert spec["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "shop"}
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["ingress"] == [
        {"from": namespace("ingress"), "ports": [{"port": "http"}]},
        {"from": namespace("monitoring"), "ports": [{"port": "ops"}]},
    ]
    assert spec["egress"] == [
        {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
        {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 5432}]},
        {"to": [{"ipBlock": {"cidr": "fd00::/8"}}]},
    ]


def test_without_options_pods_connect_to_everything_and_all_pods_to_the_site(objects):
    spec = objects()["NetworkPolicy"]["spec"]

    assert spec["policyTypes"] == ["Ingress"]
    assert spec["ingress"] == [{"ports": [{"port": "http"}]}]
    assert "egress" not in spec


def test_metrics_are_served_where_a_namespace_may_read_them(everything, objects):
    assert "--metrics" in container(everything)["command"]
    assert "--metrics" not in container(objects())["command"]


def test_proxies_are_trusted_where_there_is_one(objects):
    def trusted(*options):
        words = container(objects(*options))["command"]
        return [word for word in words if word.startswith("--proxy")]

    assert trusted("--host", "shop.example") == ["--proxy=1"]
    assert trusted("--host", "shop.example", "--proxy", "2") == ["--proxy=2"]
    assert trusted("--host", "shop.example", "--proxy", "0") == []
    assert trusted("--proxy", "1") == ["--proxy=1"]
    assert trusted() == []  # a Service adds no X-Forwarded-For: it would be that of a client


def test_another_version_has_another_migration(objects):
    def job(command, image):
        return objects("--migrate", command, image=image)["Job"]["metadata"]["name"]

    names = [
        job(*one) for one in (("a", "shop:1"), ("a", "shop:2"), ("b", "shop:1"), ("a", "shop:1"))
    ]
    assert len(set(names[:3])) == 3
    assert names[3] == names[0]
    assert all(len(name) == len("shop-migrate-") + 8 for name in names)


def test_the_longest_name_gives_a_migration_with_a_valid_name(objects):
    found = objects("--name", "a" * 46, "--migrate", "true")

    assert len(found["Job"]["metadata"]["name"]) == 63


def test_the_words_of_the_migration_are_those_of_a_shell(objects):
    command = container(objects("--migrate", "alembic -x 'a b' upgrade \"head\""), "Job")["command"]

    assert command == ["alembic", "-x", "a b", "upgrade", "head"]


def test_the_executable_and_the_target_are_as_they_were_given(objects):
    target = 'shop.web:create_app("live", debug=False)'
    found = objects("--executable", ".venv/bin/retort", target=target)

    assert container(found)["command"][:3] == [".venv/bin/retort", "run", target]
    assert found["Deployment"]["metadata"]["name"] == "shop"


def test_the_file_is_the_same_each_time_and_explains_itself(write):
    first, second = (write("kubernetes", "shop", "--image", "shop:1", *EVERYTHING) for _ in "12")

    assert first == second
    lines = first.splitlines()
    assert max(len(line) for line in lines) <= 110
    assert sum(line.lstrip().startswith("#") for line in lines) > 25
    assert "" not in lines
    assert all(line == line.rstrip() for line in lines)
    assert "No `preStop` that sleeps" in first
