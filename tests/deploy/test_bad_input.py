"""Options from which no file can be written: the error says which and what to do."""

import pytest

IMAGE = ("--image", "shop:1")
HOST = ("--host", "shop.example")
GATEWAY = ("--route", "gateway", "--gateway")


def in_cluster(*options):
    return ("kubernetes", "shop", *IMAGE, *options)


BAD = [
    # Names.
    (in_cluster("--name", "Shop"), "--name 'Shop' is no DNS label"),
    (in_cluster("--name", "shop_2"), "--name 'shop_2' is no DNS label"),
    (in_cluster("--name", "2shop"), "first a letter"),
    (in_cluster("--name", "shop-"), "--name 'shop-' is no DNS label"),
    (in_cluster("--name", "a" * 47), "up to 46 characters"),
    (in_cluster("--name", ""), "--name '' is no DNS label"),
    (in_cluster("--name", "shop\n"), "is no DNS label"),
    (in_cluster("--name", "büro"), "is no DNS label"),
    (("kubernetes", "2024.py", *IMAGE), "'2024.py' gives the deployment no name"),
    (("kubernetes", ":app", *IMAGE), "Add --name NAME."),
    (("systemd", "--", "-x"), "'-x' is no program: write it as for 'retort run'"),
    (("systemd", "shop:f('\n')"), "The name of the program: the value has a line break"),
    (in_cluster("--namespace", "Shops"), "--namespace 'Shops' is no namespace"),
    (in_cluster("--namespace", "a" * 64), "up to 63 characters"),
    (in_cluster("--from-namespace", "a.b"), "--from-namespace 'a.b' is no namespace"),
    (in_cluster("--metrics-from", "-"), "--metrics-from '-' is no namespace"),
    (in_cluster("--pull-secret", "A b"), "--pull-secret 'A b' is no name of an object"),
    (in_cluster(*HOST, "--ingress-class", "a_b"), "--ingress-class 'a_b' is no name"),
    (in_cluster(*HOST, "--tls-secret", "a..b"), "--tls-secret 'a..b' is no name"),
    (in_cluster(*HOST, *GATEWAY, "a/b/c"), "--gateway 'a/b' is no namespace"),
    (in_cluster(*HOST, *GATEWAY, "a/"), "--gateway '' is no name of an object"),
    # Images.
    (("kubernetes", "shop"), "Missing option '--image'"),
    (("compose", "shop", "--image", "shop"), "--image 'shop' has no tag"),
    (("compose", "shop", "--image", "shop"), "Name the version: shop:1."),
    (("kubernetes", "shop", "--image", "a.b:5000/shop"), "Name the version: a.b:5000/shop:1."),
    (("kubernetes", "shop", "--image", "shop:latest"), "has the tag 'latest'"),
    (("kubernetes", "shop", "--image", "Shop:1"), "is no name of an image"),
    (("kubernetes", "shop", "--image", "shop:1 2"), "is no name of an image"),
    (("kubernetes", "shop", "--image", "shop@sha256:12"), "is no name of an image"),
    (("kubernetes", "shop", "--image", "shop:"), "is no name of an image"),
    (("kubernetes", "shop", "--image", "https://a/shop:1"), "is no name of an image"),
    # How many.
    (in_cluster("--replicas", "0"), "--replicas 0: there is no service then. Write 1 or more"),
    (in_cluster("--replicas", "-1"), "--replicas -1"),
    (in_cluster("--replicas", "3", "--max", "2"), "--max 2 is less than --replicas 3"),
    (in_cluster("--replicas", "1001"), "--replicas 1001: write 1000 or less."),
    (in_cluster("--max", "1001"), "--max 1001: write 1000 or less."),
    (in_cluster("--max", "0"), "--max 0 is less than --replicas 2"),
    (in_cluster("--workers", "0"), "Invalid value for '--workers'"),
    (("haproxy", "shop", "--replicas", "10"), "one machine has up to 9 instances"),
    # Times.
    (in_cluster("--drain", "9"), "--drain 9 is too short: a check of readiness has failed after"),
    (in_cluster("--drain", "0"), "Write 10 or more."),
    (("compose", "shop", *IMAGE, "--drain", "2"), "Write 3 or more."),
    (("haproxy", "shop", "--drain", "2"), "--drain 2 is too short"),
    (in_cluster("--drain", "30", "--stop-timeout", "40"), "take 40 s. Write 41 or more"),
    (in_cluster("--drain", "60", "--stop-timeout", "30"), "--stop-timeout 30 ends the server"),
    (("systemd", "shop", "--stop-timeout", "25"), "--drain 15 and --grace 10 together take 25 s"),
    (in_cluster("--start-timeout", "0"), "Invalid value for '--start-timeout'"),
    (in_cluster("--grace", "-1"), "Invalid value for '--grace'"),
    (("haproxy", "shop", "--response-timeout", "0"), "Invalid value for '--response-timeout'"),
    # Ports.
    (in_cluster("--port", "80"), "--port 80: write a port from 1024 to 65535"),
    (in_cluster("--ops-port", "65536"), "--ops-port 65536: write a port"),
    (in_cluster("--port", "9000"), "--port and --ops-port are both 9000"),
    (("systemd", "shop", "--port", "8001"), "--port 8001: the last digit is that of the instance"),
    (("systemd", "shop", "--port", "8001"), "Write 8000, for 8001 and so on."),
    (("systemd", "shop", "--ops-port", "65530"), "--ops-port 65530: "),
    # Hosts and routes.
    (in_cluster("--host", "https://shop.example"), "without a scheme, a port and a path"),
    (in_cluster("--host", "shop.example:80"), "is no host name such as 'shop.example'"),
    (in_cluster("--host", "shop_1.example"), "is no host name"),
    (in_cluster("--host", "10.0.0.1"), "it is an address"),
    (in_cluster("--host", "bücher.example"), "such as 'xn--bcher-kva.example'"),
    (in_cluster("--host", "*"), "--host '*' is no host name"),
    (in_cluster("--host", "a.*.example"), "is no host name"),
    (in_cluster("--host", "a." + "b" * 64), "is no host name"),
    (in_cluster("--host", ""), "--host '' is no host name"),
    (in_cluster("--route", "ingress"), "--route ingress needs the name of the site: add --host"),
    (in_cluster(*HOST, "--route", "none"), "--host has no use with --route none"),
    (in_cluster(*HOST, "--route", "gateway"), "add --gateway NAME or --gateway NAMESPACE/NAME"),
    (in_cluster(*HOST, "--gateway", "web"), "--gateway has no use without --route gateway"),
    (in_cluster(*HOST, *GATEWAY, "a", "--tls-secret", "b"), "--tls-secret is of an Ingress"),
    (in_cluster("--ingress-class", "nginx"), "--ingress-class is of an Ingress, and there is none"),
    # Sizes.
    (in_cluster("--cpu", "0"), "--cpu '0' is no processor time: write 500m"),
    (in_cluster("--cpu", "0.0001"), "is no processor time"),
    (in_cluster("--cpu", "-1"), "is no processor time"),
    (in_cluster("--cpu", "2000000m"), "is no processor time"),
    (in_cluster("--cpu", "half"), "is no processor time"),
    (in_cluster("--memory", "256"), "is 256 bytes, and a server needs 64Mi or more"),
    (in_cluster("--memory", "256m"), "--memory '256m' is no size: write 256Mi"),
    (in_cluster("--memory", "63Mi"), "needs 64Mi or more"),
    (in_cluster("--memory", "0Gi"), "is no size"),
    (in_cluster("--cpu", "4100m"), "too little for the 5 workers that --cpu 4100m gives"),
    (in_cluster("--cpu", "8"), "Write 512Mi or more, or fewer workers."),
    (in_cluster("--workers", "5"), "--memory 256Mi is too little for --workers 5"),
    (("systemd", "shop", "--cpu", "3", "--memory", "100Mi"), "Write 192Mi or more"),
    # Variables and secrets.
    (in_cluster("--env", "A"), "--env 'A' has no '=': write --env NAME=VALUE."),
    (in_cluster("--env", "A B=1"), "--env 'A B' is no name of a variable"),
    (in_cluster("--env", "1A=1"), "--env '1A' is no name of a variable"),
    (in_cluster("--env", "FLASK_SECRET_KEY=x"), "Name it with --secret FLASK_SECRET_KEY"),
    (in_cluster("--env", "MAIL_PASSWORD=x"), "--env MAIL_PASSWORD=... has a secret"),
    (in_cluster("--env", "A=1\n2"), "--env A: the value has a line break"),
    (in_cluster("--secret", "a b"), "--secret 'a b' is no name of a variable"),
    (in_cluster("--secret", "KEY=hunter2"), "write --secret KEY, or --secret KEY=SECRET/KEY"),
    (in_cluster("--secret", "KEY=A/b"), "--secret KEY 'A' is no name of an object"),
    (in_cluster("--secret", "KEY=a/b c"), "'b c' is no key of a Secret"),
    (in_cluster("--secret", "A", "--env", "A=1"), "The variable A is set twice"),
    (("systemd", "shop", "--secret", "A=b/c"), "names a Secret, which only Kubernetes has"),
    (("compose", "shop", *IMAGE, "--secret", "A=b/c"), "Write --secret A."),
    # Commands, paths and addresses.
    (in_cluster("--migrate", "flask 'db"), "is no command: No closing quotation."),
    (in_cluster("--migrate", " "), "--migrate is empty"),
    (in_cluster("--migrate", "a\nb"), "--migrate: the value has a line break"),
    (in_cluster("--executable", "a b"), "--executable 'a b' is no path"),
    (in_cluster("--executable", "-c"), "--executable '-c' is no path"),
    (in_cluster("--uid", "0"), "Invalid value for '--uid'"),
    (in_cluster("--allow-egress", "db.example:5432"), "A NetworkPolicy has no host names."),
    (in_cluster("--allow-egress", "10.0.0.1/8"), "is no range of addresses"),
    (in_cluster("--allow-egress", "10.0.0.0/8:0"), "is no range of addresses"),
    (("systemd", "shop", "--directory", "srv"), "--directory 'srv' does not begin with '/'"),
    (("systemd", "shop", "--directory", "/a b"), "--directory '/a b' is no path"),
    (("systemd", "shop", "--directory", "/a%i"), "--directory '/a%i' is no path"),
    (("systemd", "shop", "--executable", "retort"), "--executable 'retort' does not begin"),
    (("systemd", "shop", "--user", "root"), "--user 'root' is no user for a service"),
    (("systemd", "shop", "--name", "a" * 40), "is no user for a service"),
    (("systemd", "shop", "--address", "shop.example"), "is no IP address of this machine"),
    (("haproxy", "shop", "--certificate", "a.pem"), "--certificate 'a.pem' does not begin"),
    (("compose", "shop", *IMAGE, "--certificate", "a b"), "--certificate 'a b' is no path"),
    (("haproxy", "shop", "--server", "a b"), "--server 'a b' is no server"),
    (("haproxy", "shop", "--server", "10.0.0.1:0"), "is no server"),
    (("haproxy", "shop", "--server", "10.0.0.1:1:2:3"), "is no server"),
    (("haproxy", "shop", "--server", "10.0.0.1:"), "is no server"),
    (("haproxy", "shop", "--server", "fd00::1"), "An IPv6 address is in brackets"),
    (("haproxy", "shop", "--server", "[a]:1"), "is no server"),
    (("haproxy", "shop", "--server", "[::1]8000"), "is no server"),
    (("haproxy", "shop", "--server", ""), "--server '' is no server"),
]


@pytest.mark.parametrize(("words", "message"), BAD)
def test_a_bad_value_is_an_error_and_no_file(words, message, deploy):
    result = deploy(*words)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in " ".join(result.stderr.split())


def test_a_secret_is_not_repeated_in_the_error(deploy):
    words = ("--env", "URL=postgresql://shop:hunter2@db/shop")
    for options in (words, ("--env", "API_KEY=hunter2"), ("--secret", "A=hunter2")):
        result = deploy(*in_cluster(*options))
        assert result.exit_code == 2
        assert "hunter2" not in result.stderr


@pytest.mark.parametrize(
    "name",
    [
        *("SECRET_KEY", "FLASK_SECRET_KEY_FALLBACKS", "MAIL_PASSWORD", "PGPASSWORD", "DB_PASS"),
        *("API_TOKEN", "github_tokens", "AWS_SECRET_ACCESS_KEY", "SENTRY_DSN", "KEY", "PASSWORD_2"),
    ],
)
def test_a_variable_with_the_name_of_a_secret_is_refused(name, deploy):
    result = deploy(*in_cluster("--env", f"{name}=x"))

    assert result.exit_code == 2
    assert f"Name it with --secret {name}" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    "variable",
    [
        *("FLASK_SESSION_COOKIE_SECURE=true", "TOKEN_LIFETIME=3600", "CSRF_ENABLED=1", "MONKEY=1"),
        *("SECRET_KEY_FILE=/run/key", "KEYBOARD=us", "REDIS_URL=redis://redis:6379/0", "A="),
    ],
)
def test_a_public_variable_is_written(variable, write):
    name, _, value = variable.partition("=")

    assert f"\n      {name}: " in write("compose", "shop", *IMAGE, "--env", variable)
    assert value in write("compose", "shop", *IMAGE, "--env", variable)


@pytest.mark.parametrize(
    "target", ["shop", "shop.py", "src/shop.py", "shop:app", "shop.web:create_app('a')", "./shop"]
)
def test_the_name_is_that_of_the_program(target, write):
    assert "\n  name: shop\n" in write("kubernetes", target, *IMAGE)


def test_an_underscore_in_the_name_of_a_program_is_a_hyphen(write):
    assert "\n  name: my-shop\n" in write("kubernetes", "My_Shop.py", *IMAGE)
