"""Every command of README.md and docs/, run in the order in which a reader meets it, in the folder of a fresh clone,
with an installed Kiln, as an ordinary user; what a reader starts with as root, too."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from documents import blocks, script
from harness import BINARY, ROOT, install
from own_network import in_own_network

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
WITH_COMMANDS = [path for path in DOCUMENTS if script(path)[1] > 0]
NOBODY = 65534
# The others use nothing else of what root may do, and take minutes.
AS_ROOT_TOO = {"README.md", "tutorial-python.md", "tutorial-nodejs.md"}
READERS = [(path, "ordinary") for path in WITH_COMMANDS] + [(path, "root") for path in WITH_COMMANDS if path.name in AS_ROOT_TOO]


@contextlib.contextmanager
def open_folder():
    """A temporary folder that everybody may enter; pytest's own are for one user."""
    with tempfile.TemporaryDirectory(prefix="kiln-documents-") as folder:
        os.chmod(folder, 0o755)
        yield pathlib.Path(folder)


@pytest.fixture(scope="module")
def prefix():
    """Kiln as `cmake --install` leaves it, readable for everybody."""
    with open_folder() as folder:
        install(folder)
        yield folder


def clone(to):
    """The files of the work tree as a clone has them, and what `./setup.sh` and a build add."""
    files = subprocess.run(["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"], check=True, capture_output=True, text=True).stdout
    for name in files.splitlines():
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    if (ROOT / "stacks" / "node_modules").exists():
        (to / "stacks" / "node_modules").symlink_to(ROOT / "stacks" / "node_modules")
    (to / "build" / "release").mkdir(parents=True)
    for name in ("functions", "runtimes", "kiln"):
        (to / "build" / "release" / name).symlink_to(BINARY.parent / name)


def run(path, folder, prefix, uid):
    text, commands, left_out = script(path)
    home = folder / "home"
    home.mkdir()
    (folder / "kiln").mkdir()
    clone(folder / "kiln")
    (folder / "script").write_text(text)
    # The user's own pipe: /dev/stdout of another's can't be opened.
    command = ["bash", "-c", f"set -o pipefail; bash {folder / 'script'} 2>&1 | cat"]
    if uid != os.getuid():
        for part in [folder, *folder.rglob("*")]:
            if not part.is_symlink():
                os.chown(part, uid, uid)
        command = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *command]
    environment = {
        "HOME": str(home), "USER": "ada", "LANG": "C.UTF-8", "TERM": "xterm", "TMPDIR": str(home),
        "PATH": f"{prefix}/bin:/usr/local/bin:/usr/bin:/bin", "CMAKE_PREFIX_PATH": str(prefix),
    }
    done = subprocess.run(
        in_own_network(command),
        cwd=folder / "kiln", env=environment, capture_output=True, text=True, timeout=300,
    )
    assert done.returncode == 0, f"{path.name} failed after its last line '== …':\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    assert processes_in(folder) == [], f"{path.name} leaves processes behind"
    return commands, left_out


def processes_in(folder):
    """Those whose current folder is in this one."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if pathlib.Path(os.readlink(entry / "cwd")).is_relative_to(folder):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            pass
    return found


@pytest.mark.parametrize("path, user", READERS, ids=[f"{path.name}-{user}" for path, user in READERS])
def test_every_command_of_the_documents_works(path, user, prefix, record_property):
    if os.getuid() != 0 and user == "root":
        pytest.skip("only root can be root")
    uid = 0 if user == "root" else NOBODY if os.getuid() == 0 else os.getuid()
    with open_folder() as folder:
        commands, left_out = run(path, folder, prefix, uid)
    record_property("commands", commands)
    print(f"{path.name}: {commands} commands as {user}; {len(left_out)} blocks elsewhere: {left_out}")


def test_every_fence_has_a_language_and_every_block_that_is_left_out_a_reason():
    for path in DOCUMENTS:
        script(path)


def test_a_block_that_another_test_runs_names_one_that_is_there():
    for path in DOCUMENTS:
        for block in blocks(path):
            if block.directive == "by":
                # The first with its folder; others may follow without.
                named = re.findall(r"[\w/-]+\.py", block.argument)
                assert named, f"{path.name}:{block.line}: {block.argument} names no test"
                for name in named:
                    test = ROOT / name if "/" in name else (ROOT / named[0]).with_name(name)
                    assert test.exists(), f"{path.name}:{block.line}: there is no {test}"


def anchors(path):
    """The ids of a page's headings, as GitHub makes them."""
    text = re.sub(r"^(`{3,}).*?^\1", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", text, flags=re.M)}


def test_links_of_the_documents_lead_somewhere():
    for path in DOCUMENTS:
        text = re.sub(r"^(`{3,}).*?^\1", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
        for target, heading in re.findall(r"\]\(([^)#\s]*)(?:#([^)]*))?\)", text):
            if not target.startswith(("http://", "https://", "mailto:")):
                page = path.parent / target if target else path
                assert page.exists(), f"{path.name} links to {target}"
                assert not heading or heading in anchors(page), f"{path.name} links to {target}#{heading}"


def test_configuration_files_of_the_documents_are_read(tmp_path):
    found = [(path, block) for path in DOCUMENTS for block in blocks(path) if block.language == "toml"]
    assert found
    for path, block in found:
        (tmp_path / "kiln.toml").write_text(block.text)
        done = subprocess.run([str(BINARY), "version"], cwd=tmp_path, capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, f"{path.name}:{block.line}: {done.stderr}"
