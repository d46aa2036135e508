"""What holds for the repository as a whole: lock files, secrets, versions, the size of files."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import helpdesk

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
BINARY = {".png", ".jpg", ".gif", ".webp", ".ico", ".mp3", ".woff2", ".pdf", ".gz", ".zip"}
SECRET = re.compile(
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bgithub_pat_[A-Za-z0-9_]{60,}"
    r"|\bxox[abprs]-[0-9A-Za-z-]{20,}"
    r"|\bsk_live_[0-9A-Za-z]{16,}"
    r"|\bEAA[A-Za-z0-9]{80,}"
    r"|\bnpm_[A-Za-z0-9]{36}\b|\bpypi-AgE[A-Za-z0-9_-]{50,}"
)


def our_files() -> list[Path]:
    """Every file that is, or would be, in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_there_are_files_to_check():
    names = {str(file.relative_to(ROOT)) for file in our_files()}
    assert {"pyproject.toml", "helpdesk/settings.py", "package-lock.json"} <= names


def test_what_is_built_or_private_is_not_in_the_repository():
    for file in our_files():
        top = file.relative_to(ROOT).parts
        assert not {"node_modules", ".venv", "__pycache__"} & set(top), file
        assert top[:2] != ("static", "dist") and top[0] != "data" and top != ("config", "local.toml"), file


@pytest.mark.parametrize("lock", LOCKS, ids=lambda file: file.name)
def test_python_lock_files_pin_and_hash_everything_and_name_no_index(lock):
    text = lock.read_text()
    assert "//" not in text and "--index" not in text and "--extra-index" not in text and "--find-links" not in text
    requirements = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^\s*#.*\n?", "", text)).split("\n")
    requirements = [line for line in requirements if line.strip()]
    assert requirements
    for line in requirements:
        assert re.fullmatch(r"[a-z0-9-]+==[\w.+!-]+(?: ; [^#]+?)?(?: +--hash=sha256:[0-9a-f]{64})+\s*", line), line[:80]


def test_the_test_lock_agrees_with_the_run_lock():
    def pins(name):
        return dict(re.findall(r"(?m)^([a-z0-9-]+)==([\w.+!-]+)", (ROOT / "requirements" / name).read_text()))

    run, test = pins("run.txt"), pins("test.txt")
    assert len(run) > 20 and "psycopg" in run and "redis" in run
    assert run.items() <= test.items()


def test_the_encoder_of_make_run_is_the_one_of_the_extra():
    def pins(name):
        return dict(re.findall(r"(?m)^([a-z0-9-]+)==([\w.+!-]+)", (ROOT / "requirements" / name).read_text()))

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [wanted] = project["optional-dependencies"]["multilingual"]
    name, version = wanted.split("==")
    assert pins("multilingual.txt") == {name: version, "numpy": pins("run.txt")["numpy"]}
    assert pins("multilingual.txt").items() <= pins("test.txt").items()


def test_the_lock_names_every_dependency_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + [one for group in project["optional-dependencies"].values() for one in group]
    names = {re.match(r"[\w.-]+", one)[0].lower().replace("_", "-").replace(".", "-") for one in wanted}
    locked = set(re.findall(r"(?m)^([a-z0-9-]+)==", (ROOT / "requirements" / "test.txt").read_text()))
    assert names - locked == set()


def test_the_npm_lock_names_no_addresses_and_has_every_hash():
    text = (ROOT / "package-lock.json").read_text()
    assert '"resolved"' not in text
    packages = json.loads(text)["packages"]
    ours = packages.pop("")
    assert packages and all(one["integrity"].startswith("sha512-") for one in packages.values())
    wanted = json.loads((ROOT / "package.json").read_text())
    for group in ("dependencies", "devDependencies"):
        assert ours[group] == wanted[group]


def test_npm_packages_are_pinned_exactly():
    wanted = json.loads((ROOT / "package.json").read_text())
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name


def test_npm_runs_no_scripts_of_packages_and_writes_no_addresses():
    assert {"ignore-scripts=true", "omit-lockfile-registry-resolved=true"} <= set((ROOT / ".npmrc").read_text().split())
    assert "registry=" not in (ROOT / ".npmrc").read_text()


def test_no_secret_is_in_the_repository():
    assert SECRET.search("-----BEGIN RSA " + "PRIVATE KEY-----") and SECRET.search("AK" + "IA" + "Q" * 16)
    found = []
    for file in our_files():
        if file.suffix not in BINARY:
            hits = SECRET.findall(file.read_text(errors="replace"))
            found += [f"{file.relative_to(ROOT)}: {hit[:12]}…" for hit in hits]
    assert found == []


def test_the_changelog_starts_with_the_version_of_the_package():
    versions = re.findall(r"(?m)^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text())
    assert versions[0] == helpdesk.__version__


@pytest.mark.parametrize("package", ["helpdesk", "channels"])
def test_files_stay_short(package):
    long = {}
    for file in sorted((ROOT / package).rglob("*.py")):
        if file.parent.name == "versions":
            continue        # a step of the schema is written by a program and never read as a whole
        lines = len(file.read_text().splitlines())
        if lines > 400:
            long[str(file.relative_to(ROOT))] = lines
    assert long == {}
