"""What the Makefile's targets do: `python3 dev.py setup | run | test | check | bench | chaos | screenshots`.

Needs only Python's standard library, so that it works in a fresh clone.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = str(BIN / "python")
STAMP = VENV / "installed.json"
RUN_LOCK = ROOT / "requirements.txt"
DEV_LOCK = ROOT / "requirements-dev.txt"
UV = "uv==0.13.9"
# pip's option -> the variable uv reads for the same thing.
UV_VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}
COMMA_SEPARATED = {"UV_FIND_LINKS"}


def main(arguments: list[str]) -> int:
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        found = ".".join(map(str, sys.version_info[:2]))
        return stop(f"Python 3.11, 3.12 or 3.13 is needed; this is {found}. Try: make {arguments[0]} PYTHON=python3.12")
    targets = {"setup": setup, "run": run, "test": test, "check": check, "bench": bench, "chaos": chaos}
    targets["screenshots"] = screenshots
    if len(arguments) != 1 or arguments[0] not in targets:
        return stop(f"Usage: python3 dev.py {' | '.join(targets)}")
    try:
        return targets[arguments[0]]()
    except subprocess.CalledProcessError as failed:
        return stop(f"This failed: {' '.join(map(str, failed.cmd))}")
    except KeyboardInterrupt:
        return 130


def stop(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


def setup() -> int:
    install(DEV_LOCK)
    return 0


def run() -> int:
    """Become the supervisor: Ctrl-C and SIGTERM then reach it without anybody in between."""
    install(RUN_LOCK)
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(PYTHON, [PYTHON, "-m", "config.supervisor"])


def check() -> int:
    install(DEV_LOCK)
    return report(run_checks())


def test() -> int:
    install(DEV_LOCK)
    ensure_chromium()
    workers = str(min(4, max(2, os.cpu_count() or 2)))
    pytest = [tool("pytest")]
    results = run_checks()
    results["tests on SQLite"] = timed([*pytest, "-n", workers])
    # Whatever may differ between the databases is marked, and runs again on a real Postgres.
    on_postgres = [PYTHON, "-m", "tests.postgres", *pytest, "-n", workers, "-m", "both_databases"]
    results["tests on Postgres"] = timed(on_postgres)
    results["tests in the browser"] = timed([*pytest, "tests/browser"])
    results["tests of make run"] = timed([*pytest, "tests/supervisor"])
    return report(results)


def bench() -> int:
    """The figures of benchmarks/RESULTS.md; BENCH holds further arguments, such as --quick or --postgres."""
    install(DEV_LOCK)
    command = [PYTHON, "-m", "benchmarks.run", *os.environ.get("BENCH", "").split()]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def screenshots() -> int:
    """docs/images/*.png, of the running product."""
    install(DEV_LOCK)
    ensure_chromium()
    environment = dict(os.environ, DJANGO_SETTINGS_MODULE="tests.settings")
    command = [PYTHON, "-m", "tests.browser.screenshots"]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def chaos() -> int:
    """Everything of tests/chaos, the long runs too; each prints the seed it was drawn from."""
    install(DEV_LOCK)
    os.environ.setdefault("CHAOS_PROCESSES", "25")
    os.environ.setdefault("CHAOS_SCHEDULES", "1000")
    os.environ.setdefault("CHAOS_TWO_WAYS", "4000")
    results = {
        "schedules": timed([tool("pytest"), "-n", "2", "-rP", "tests/chaos"]),
        "ten thousand items": timed([tool("pytest"), "-s", "tests/chaos/long_run.py"]),
    }
    return report(results)


def run_checks() -> dict[str, tuple[bool, float]]:
    """Every check, also after one has failed: what is wrong is said at once, not one thing a day."""
    manage = [PYTHON, "manage.py"]
    checks: dict[str, list[str]] = {
        "ruff check": [tool("ruff"), "check", "--output-format", "concise"],
        "ruff format": [tool("ruff"), "format", "--check", "--output-format", "concise"],
        "mypy": [tool("mypy")],
        "djlint": [tool("djlint"), "--lint", "--quiet", "templates", "stories_qa", "jira_integration"],
        "import rules": [tool("lint-imports")],
        "django check": [*manage, "check", "--fail-level", "WARNING"],
        "migrations": [*manage, "makemigrations", "--check", "--dry-run"],
    }
    return {name: timed(command) for name, command in checks.items()}


def timed(command: list[str]) -> tuple[bool, float]:
    """Run it in the checkout with the test settings; whether it ended well, and the seconds it took."""
    print(f"\n$ {' '.join(map(shown, command))}", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="stories-qa-") as data_dir:
        environment = dict(os.environ, DJANGO_SETTINGS_MODULE="tests.settings", DATA_DIR=data_dir)
        environment.pop("DATABASE_URL", None)
        environment.pop("REDIS_URL", None)
        ended = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    return ended.returncode == 0, time.monotonic() - started


def shown(path: str | Path) -> str:
    """Without the checkout's own folder, where it begins with that."""
    return str(path).removeprefix(f"{ROOT}{os.sep}")


def tool(name: str) -> str:
    return str(BIN / name)


def report(results: dict[str, tuple[bool, float]]) -> int:
    """Print a line for each step; 1 when any failed."""
    print()
    for name, (passed, seconds) in results.items():
        print(f"{'ok    ' if passed else 'FAILED'}  {name:<22} {seconds:7.1f} s")
    failed = [name for name, (passed, _) in results.items() if not passed]
    print(f"\nFailed: {', '.join(failed)}." if failed else "\nAll passed.")
    return 1 if failed else 0


def install(lock: Path) -> None:
    """Bring .venv to what `lock` names, hashes checked; nothing happens while the lock stays as it is."""
    make_venv()
    hashes = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in (RUN_LOCK, DEV_LOCK)}
    stamp: dict[str, str] = json.loads(STAMP.read_text()) if STAMP.exists() else {}
    # The list for development holds the other one whole.
    enough = {lock.name, DEV_LOCK.name}
    if any(stamp.get(name) == hashes[name] for name in enough):
        return
    print(f"Installing {lock.name} into {shown(VENV)}.", flush=True)
    if not install_with_uv(lock):
        pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)
    still_right = {name: known for name, known in stamp.items() if known == hashes.get(name)}
    STAMP.write_text(json.dumps(still_right | {lock.name: hashes[lock.name]}))


def make_venv() -> None:
    """Make .venv unless one is there and works; Debian keeps a part of Python's own venv in a package of its own."""
    if works([PYTHON, "-m", "pip", "--version"]):
        return
    if importlib.util.find_spec("ensurepip") is None:
        package = f"python3.{sys.version_info[1]}-venv"
        if not apt_install(package):
            sys.exit(f"Python's venv is incomplete here. Install it first: apt-get install {package}")
    print(f"Making {shown(VENV)}.", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)


def works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install_with_uv(lock: Path) -> bool:
    """Install by uv, about twenty times as fast as pip; False where uv cannot be had or does not manage."""
    if not works([tool("uv"), "--version"]):
        pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", UV]
        if subprocess.run(pip, check=False).returncode:
            return False
    uv = [tool("uv"), "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r", str(lock)]
    return subprocess.run(uv, env=uv_environment(), check=False).returncode == 0


def uv_environment() -> dict[str, str]:
    """This environment with pip's configuration as uv reads it: uv itself looks neither at pip.conf nor at PIP_…."""
    listed = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    configured = pip_configuration(listed.stdout)
    environment = dict(os.environ)
    for option, variable in UV_VARIABLES.items():
        if option in configured:
            values = configured[option].split()
            environment.setdefault(variable, ("," if variable in COMMA_SEPARATED else " ").join(values))
    # pip takes the best version of all its indexes. The hashes say what is the right file, wherever it is.
    environment.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return environment


def pip_configuration(listing: str) -> dict[str, str]:
    """Option -> value from `pip config list`: the environment before [install] before [global], as pip does."""
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        section, _, option = key.rpartition(".")
        if section in found:
            found[section][option] = str(ast.literal_eval(value))
    return {**found["global"], **found["install"], **found[":env:"]}


def ensure_chromium() -> None:
    """Leave when there is a browser to test with; as root, get Debian's; else say what to install."""
    look = [PYTHON, "-m", "tests.browser.chromium"]
    if works_here(look) or (apt_install("chromium", "fonts-liberation") and works_here(look)):
        return
    subprocess.run(look, cwd=ROOT, check=False)  # says which browsers would do
    sys.exit(1)


def works_here(command: list[str]) -> bool:
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


def apt_install(*packages: str) -> bool:
    """Install Debian packages when we are root and may; whether that ended well."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    print(f"Installing {' '.join(packages)} with apt-get.", flush=True)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    quiet = subprocess.DEVNULL
    subprocess.run([apt, "-qq", "update"], env=environment, stdout=quiet, check=False)
    command = [apt, "-qq", "install", "--yes", "--no-install-recommends", *packages]
    return subprocess.run(command, env=environment, stdout=quiet, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
