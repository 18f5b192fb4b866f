"""Try `make run` and `make test` on fresh Debian systems, as root and as an ordinary user.

    sudo python3 tests/fresh/fresh.py bookworm trixie        # about an hour
    sudo python3 tests/fresh/fresh.py --only-run sid

By hand and before a release; README.md beside this file describes its requirements and output. Each
command runs in its own mount and process namespaces, so its mounts and processes end with it.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = "python3,make,git,ca-certificates"  # the requirements in README.md, and HTTPS
USER_ID = 1000
LAST_LINES = 4
START_SECONDS, TEST_SECONDS = 900, 7200  # far above what either takes
PASSED_ON = re.compile(r"(pip_|https?_proxy$|no_proxy$)", re.IGNORECASE)

# What a container has: devices of its own, a terminal, shared memory, its own processes.
MOUNTS = """
set -e
cd "$1"; shift
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs dev
for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
    IFS=: read -r name major minor <<.
$device
.
    mknod -m 666 "dev/$name" c "$major" "$minor"
done
ln -s /proc/self/fd dev/fd
mkdir dev/shm dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
set +e
chroot "$@" # no exec: this shell, process 1, is what ends with its parent (--kill-child)
exit $?
"""


class Failed(Exception):
    """A difference from README.md."""


@dataclass
class Run:
    """What a command printed, how it ended, and how long nothing moved on the terminal."""

    output: str
    status: int | None
    seconds: float
    longest_silence: float
    before_silence: str

    def last_lines(self) -> str:
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.output.replace("\r", "\n"))
        lines = [line for line in plain.splitlines() if line.strip()]
        return "\n".join(f"    {line[:160]}" for line in lines[-LAST_LINES:])


@dataclass
class System:
    """A copy of a fresh system with the project in the home of ``user``."""

    root: Path
    user: str
    logs: Path

    @property
    def home(self) -> str:
        return "/root" if self.user == "root" else f"/home/{self.user}"

    def start(self, command: str, output: int, *, user: str | None = None) -> subprocess.Popen:
        is_root = (user or self.user) == "root"
        env = {name: value for name, value in os.environ.items() if PASSED_ON.match(name)}
        env |= {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.home, "LANG": "C.UTF-8"}
        env |= {"TERM": "xterm", "USER": self.user}
        ids = "0:0" if is_root else f"{USER_ID}:{USER_ID}"
        line = f"cd {shlex.quote(self.home)}/retort && exec {command}"
        namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        words = ["sh", "-c", MOUNTS, "mounts", str(self.root), f"--userspec={ids}", ".", "sh"]
        return subprocess.Popen(
            [*namespaces, *words, "-c", line],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def run(self, name: str, command: str, seconds: float, *, user=None, is_done=None) -> Run:
        """Run a command on a terminal until it ends, or ``is_done()``; its output is a log, too."""
        print(f"  {command} ({user or self.user}) ...", flush=True)
        mine, theirs = os.openpty()
        process = self.start(command, theirs, user=user)
        os.close(theirs)
        try:
            with (self.logs / f"{self.root.name}-{name}.log").open("wb", buffering=0) as log:
                run = watch(mine, seconds, is_done or (lambda: False), log)
        finally:
            with contextlib.suppress(ProcessLookupError):
                if process.poll() is None and is_done:
                    process.kill()  # and with it, all in its namespace
            os.close(mine)
        try:
            run.status = process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            run.status = process.wait()
        print(
            f"    {run.seconds:.0f} s; nothing moved for {run.longest_silence:.0f} s at most,"
            f" after {run.before_silence!r}",
            flush=True,
        )
        return run


def watch(terminal: int, seconds: float, is_done, log: BinaryIO) -> Run:
    """Read a terminal into ``log`` until its last process ends, or ``is_done()``, or too long."""
    began = changed = time.monotonic()
    output = bytearray()
    longest, before = 0.0, ""
    while time.monotonic() - began < seconds and not is_done():
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # the last process on it has ended
                break
            now = time.monotonic()
            if now - changed > longest:
                longest = now - changed
                before = output[-200:].decode(errors="replace").strip().splitlines()[-1:] or [""]
                before = before[0][-60:]
            changed = now
            output += piece
            log.write(piece)
    else:
        if time.monotonic() - began >= seconds:
            output += f"\nNot over after {seconds:.0f} s: ended.\n".encode()
    return Run(
        output.decode(errors="replace"), None, time.monotonic() - began, longest, str(before)
    )


# What is tried.


def try_as_root(system: System, arguments: argparse.Namespace) -> None:
    try_run(system)
    if not arguments.only_run:
        try_tests(system)


def try_as_user(system: System, arguments: argparse.Namespace) -> None:
    """First what is missing has to be named, with the command; then nothing else may be missing."""
    goal = "run" if arguments.only_run else "test"
    refused = system.run("missing", f"make {goal}", START_SECONDS)
    print(refused.last_lines())
    found = re.search(r"sudo (apt-get install [-a-z0-9. ]+)", refused.output)
    if refused.status == 0 or found is None:
        raise Failed(f"make {goal} did not name what is missing")
    done = system.run("install", f"{found[1]} -y --no-install-recommends", 3600, user="root")
    if done.status != 0:
        raise Failed(f"{found[1]}: status {done.status}\n{done.last_lines()}")
    try_run(system)
    if not arguments.only_run:
        try_tests(system)


def try_tests(system: System) -> None:
    run = system.run("test", "make test", TEST_SECONDS)
    print(run.last_lines())
    if run.status != 0:
        raise Failed(f"make test: status {run.status}")


def try_run(system: System) -> None:
    for name in ("first", "second"):
        port = free_port()
        seen: list[str] = []
        run = system.run(
            f"run-{name}",
            f"make run PORT={port}",
            START_SECONDS,
            is_done=lambda port=port, seen=seen: has_form_answered(system, port, seen),
        )
        if not seen:
            raise Failed(f"make run: no answer\n{run.last_lines()}")
        print(f"    {name} start: {seen[0]} after {run.seconds:.1f} s")


def has_form_answered(system: System, port: int, seen: list[str]) -> bool:
    """Send the tutorial's form as a browser does, and follow where the answer leads."""
    with contextlib.suppress(ConnectionError):
        form = (system.root / f".{system.home}/retort/examples/login/login.html").read_text()
        action = re.search(r'action\s*=\s*"http://localhost:5000(/[^"]*)"', form)[1]
        field = re.search(r'type\s*=\s*"text"\s+name\s*=\s*"(\w+)"', form)[1]
        body = urllib.parse.urlencode({field: "Bob"})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        status, location, _ = ask(port, "POST", action, body, kind)
        if status != 302:
            raise Failed(f"POST {action}: {status}")
        status, _, text = ask(port, "GET", urllib.parse.urlsplit(location).path)
        if (status, text) != (200, "welcome Bob"):
            raise Failed(f"GET {location}: {status} {text!r}")
        seen.append(f"form, redirect and {text!r}")
    return bool(seen)


def ask(port: int, method: str, path: str, body=None, headers=None) -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.headers.get("Location", ""), response.read().decode()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


# The systems.


def base_system(suite: str, folder: Path, mirror: str) -> Path:
    """The system as debootstrap leaves it; made once, never changed."""
    base = folder / suite
    if not base.exists():
        print(f"Making {base} with debootstrap: some minutes.", flush=True)
        new = folder / f"{suite}.new"
        remove(new)
        words = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, str(new)]
        subprocess.run([*words, mirror], check=True, stdout=subprocess.DEVNULL)
        new.rename(base)
    return base


def build_sdist(folder: Path) -> Path:
    """The source distribution, as it would be uploaded."""
    python = folder / "build" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder / "build")], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "build"], check=True)
    shutil.rmtree(folder / "dist", ignore_errors=True)
    words = ["-m", "build", "--sdist", "--outdir", str(folder / "dist"), str(CHECKOUT)]
    subprocess.run([str(python), *words], check=True, stdout=subprocess.DEVNULL)
    (sdist,) = (folder / "dist").glob("*.tar.gz")
    return sdist


def new_system(
    base: Path, user: str, folder: Path, *, ca_bundle: str | None, sdist: Path | None
) -> System:
    """A copy of the system for a user, with the project in the home."""
    root = folder / f"{base.name}-{user}"
    remove(root)
    subprocess.run(["cp", "-a", str(base), str(root)], check=True)
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    hosts = root / "etc/hosts"
    if not hosts.exists():  # Debian 12 leaves it to its installer
        hosts.write_text("127.0.0.1 localhost\n::1 localhost\n")
    if ca_bundle:  # a network whose HTTPS goes through a proxy with an authority of its own
        shutil.copy(ca_bundle, root / "etc/ssl/certs/ca-certificates.crt")
    system = System(root, user, folder)
    if user != "root":
        add = ["useradd", "--create-home", "--uid", str(USER_ID), user]
        subprocess.run(["chroot", str(root), *add], check=True)
    clone = root / f".{system.home}/retort"
    if sdist is None:
        words = ["git", "clone", "--quiet", "--no-hardlinks", str(CHECKOUT), str(clone)]
    else:
        clone.mkdir()
        words = ["tar", "xzf", str(sdist), "-C", str(clone), "--strip-components=1"]
    subprocess.run(words, check=True)
    if user != "root":
        subprocess.run(["chown", "-R", f"{USER_ID}:{USER_ID}", str(clone)], check=True)
    return system


def remove(tree: Path) -> None:
    """Remove a copy of a system, but never one in which something is mounted."""
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    inside = [place for place in mounted if Path(place).is_relative_to(tree.resolve())]
    if inside:
        raise SystemExit(f"Unmount first: {' '.join(inside)}")
    if tree.exists():
        shutil.rmtree(tree)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("suites", nargs="+", help="Debian's names: bookworm, trixie, sid")
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp/retort-fresh"))
    parser.add_argument("--bases", type=Path, help="where untouched systems are or will be made")
    parser.add_argument("--user", choices=("root", "someone"), help="only as this user")
    parser.add_argument("--only-run", action="store_true", help="leave `make test` out")
    parser.add_argument("--sdist", action="store_true", help="unpack an sdist instead of cloning")
    parser.add_argument("--keep", action="store_true", help="keep the systems that were tried")
    parser.add_argument("--mirror", default="http://deb.debian.org/debian")
    parser.add_argument("--ca-bundle", default=os.environ.get("SSL_CERT_FILE"))
    return parser.parse_args()


def main() -> None:
    arguments = options()
    if os.geteuid() != 0:
        raise SystemExit("Only root can make systems: sudo python3 tests/fresh/fresh.py ...")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = arguments.folder.resolve()
    commit = ["git", "-C", str(CHECKOUT), "log", "-1", "--format=%h %s"]
    print(subprocess.run(commit, capture_output=True, text=True, check=True).stdout, flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    sdist = build_sdist(folder) if arguments.sdist else None
    failures = []
    for suite in arguments.suites:
        bases = (arguments.bases or folder / "bases").resolve()
        bases.mkdir(parents=True, exist_ok=True)
        base = base_system(suite, bases, arguments.mirror)
        for user, attempt in (("root", try_as_root), ("someone", try_as_user)):
            if arguments.user in (None, user):
                print(f"{suite}, {user}:", flush=True)
                system = new_system(base, user, folder, ca_bundle=arguments.ca_bundle, sdist=sdist)
                try:
                    attempt(system, arguments)
                except Failed as failure:
                    failures.append(f"{suite}, {user}: {failure}")
                    print(f"  FAILED: {failure}", flush=True)
                if not arguments.keep:
                    remove(system.root)
    print(f"Logs: {folder}/*.log")
    if failures:
        raise SystemExit("\n".join(["FAILED", *failures]))
    print("All passed.")


if __name__ == "__main__":
    main()
