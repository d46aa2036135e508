"""The wheel: it holds everything, installs into an empty environment and serves from an empty directory."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
import zipfile
from pathlib import Path
from urllib.parse import urljoin

import pytest
from setuptools import find_packages

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.timeout(900)  # a first installation downloads everything
PIP = ["-m", "pip", "--disable-pip-version-check", "--quiet"]


def run(command, *, cwd, env=None) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=600)


def clean_environment() -> dict[str, str]:
    """This process's environment without settings, and with the node that `make` may have put beside this Python."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("HELPDESK_", "PYTHON"))}
    return {**env, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', '')}"}


def fresh_clone(target: Path) -> list[str]:
    """Copy what is, or would be, in the repository; the copied names."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    names = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)
    return names


def build(tree: Path, env: dict[str, str]) -> subprocess.CompletedProcess:
    command = [sys.executable, *PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", "dist", "."]
    return run(command, cwd=tree, env=env)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """(the built wheel, the names of the repository's files); the front end is built by the hook if it is not there."""
    tree = tmp_path_factory.mktemp("clone")
    names = fresh_clone(tree)
    if (ROOT / "static/dist/manifest.json").is_file():
        shutil.copytree(ROOT / "static/dist", tree / "static/dist")
    built = build(tree, clean_environment())
    assert built.returncode == 0, built.stdout + built.stderr
    [file] = (tree / "dist").glob("*.whl")
    return file, names


def test_the_wheel_holds_every_file_of_the_packages_and_the_mapped_folders(wheel):
    file, names = wheel
    packed = set(zipfile.ZipFile(file).namelist())
    expected = {name for name in names if name.startswith(("helpdesk/", "channels/"))}
    expected |= {f"helpdesk/{name}" for name in names if name.startswith(("templates/", "config/"))}
    assert len(expected) > 20
    assert expected - packed == set()


def test_the_wheel_holds_nothing_else(wheel):
    file, names = wheel
    packed = {name for name in zipfile.ZipFile(file).namelist() if ".dist-info/" not in name}
    known = set(names) | {f"helpdesk/{name}" for name in names}
    extra = {name for name in packed if name not in known and not name.startswith("helpdesk/static/dist/")}
    assert extra == set()
    assert not any("static/src" in name or name.startswith(("tests/", "static/")) for name in packed)


def test_the_wheel_holds_the_built_front_end(wheel):
    file, _ = wheel
    packed = set(zipfile.ZipFile(file).namelist())
    manifest = zipfile.ZipFile(file).read("helpdesk/static/dist/manifest.json").decode()
    files = re.findall(r'": "([^"]+)"', manifest)
    assert len(files) >= 6
    assert {f"helpdesk/static/dist/{name}" for name in [*files, "widget.js"]} <= packed


def test_every_folder_with_python_files_is_a_package():
    found = set(find_packages(str(ROOT), include=["channels", "channels.*", "helpdesk", "helpdesk.*"]))
    folders = {file.parent for top in ("channels", "helpdesk") for file in (ROOT / top).rglob("*.py")}
    assert {".".join(folder.relative_to(ROOT).parts) for folder in folders} == found


def test_without_front_end_and_node_the_build_says_what_to_do(tmp_path):
    fresh_clone(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    built = build(tmp_path, {**clean_environment(), "PATH": str(empty)})
    assert built.returncode != 0
    assert "static/dist is not built and npm was not found" in built.stdout + built.stderr
    assert not list(tmp_path.glob("dist/*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The `bin` folder of an environment that holds the locked requirements and the wheel, and nothing else."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=True)
    python = str(home / "bin" / "python")
    for what in (["--require-hashes", "-r", str(ROOT / "requirements/run.txt")], ["--no-deps", str(wheel[0])]):
        done = run([python, *PIP, "install", *what], cwd=home, env=clean_environment())
        assert done.returncode == 0, done.stdout + done.stderr
    return home / "bin"


def get(url: str) -> tuple[int, str, str]:
    """(status, content type, text) of a page."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get_content_type(), answer.read().decode(errors="replace")


@pytest.fixture(scope="module")
def server(installed, tmp_path_factory):
    """(address, working directory) of `helpdesk serve`, started in an empty directory."""
    empty = tmp_path_factory.mktemp("empty")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("log") / "serve.log"
    with log.open("w") as output:
        command = [str(installed / "helpdesk"), "serve", "--port", str(port)]
        process = subprocess.Popen(command, cwd=empty, env=clean_environment(), stdout=output, stderr=output)
    try:
        wait_until_it_answers(process, port, log)
        yield f"http://127.0.0.1:{port}", empty
    finally:
        process.terminate()
        try:
            process.wait(30)
        finally:
            process.kill()
    assert "Traceback" not in log.read_text(), log.read_text()


def wait_until_it_answers(process, port, log, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"helpdesk serve does not answer (exit code {process.poll()}):\n{log.read_text()}")


def test_the_installed_packages_fit_together(installed):
    checked = run([str(installed / "python"), *PIP, "check"], cwd=installed)
    assert checked.returncode == 0, checked.stdout


def test_the_installed_command_explains_itself(installed, tmp_path):
    shown = run([str(installed / "helpdesk"), "--help"], cwd=tmp_path, env=clean_environment())
    assert shown.returncode == 0, shown.stderr
    assert "serve" in shown.stdout and "doctor" in shown.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_installed_helpdesk_is_alive(server):
    address, _ = server
    assert get(f"{address}/health/live")[0] == 200


def test_the_installed_sign_in_page_finds_its_stylesheet(server):
    address, _ = server
    status, _, page = get(f"{address}/sign-in")
    assert status == 200
    sheets = [tag for tag in re.findall(r"<link\b[^>]*>", page) if "stylesheet" in tag]
    assert sheets
    for tag in sheets:
        status, kind, text = get(urljoin(address, re.search(r'href="([^"]+)"', tag)[1]))
        assert (status, kind) == (200, "text/css") and text.strip()


def test_doctor_finds_the_installed_helpdesk_healthy(installed, server):
    _, directory = server
    report = run([str(installed / "helpdesk"), "doctor"], cwd=directory, env=clean_environment())
    assert report.returncode == 0, report.stdout + report.stderr
