"""Kiln as a person starts it: fresh folders, defaults, relative paths."""

import os
import pathlib
import subprocess

import pytest

from harness import BINARY, Kiln

PYTHON = "def lambda_handler(event, context):\n    return {'hello': event.get('name', 'world')}\n"


def serve_in(folder, *args, **variables):
    """`kiln serve` with `folder` as its current folder, on a free port, and no --data-dir."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("KILN_", "AWS_", "XDG_"))}
    return Kiln(args=args, data_dir=False, cwd=folder, env={**environment, "HOME": str(folder / "home"), **variables})


@pytest.mark.parametrize(
    "args, variables, state",
    [
        ([], {}, "home/.local/share/kiln"),
        ([], {"XDG_DATA_HOME": "FOLDER/xdg"}, "xdg/kiln"),
        (["--here"], {}, ".kiln"),
        (["--data-dir", "a/b"], {}, "a/b"),
        (["--data-dir", "./a/../c"], {}, "c"),
        ([], {"KILN_DATA_DIR": "d"}, "d"),
    ],
)
def test_the_first_start_runs_a_packaged_function(tmp_path, args, variables, state):
    variables = {k: v.replace("FOLDER", str(tmp_path)) for k, v in variables.items()}
    engine = serve_in(tmp_path, *args, **variables)
    try:
        assert (tmp_path / state / "kiln.db").is_file()
        (tmp_path / "hello").mkdir()
        (tmp_path / "hello" / "lambda_function.py").write_text(PYTHON)
        engine.cli("create", "hello", str(tmp_path / "hello"))
        assert engine.cli("invoke", "hello", '{"name": "Ada"}').stdout == '{"hello": "Ada"}\n'
    finally:
        engine.stop()


def test_a_project_folder_is_packed_without_state_and_history(tmp_path):
    (tmp_path / "lambda_function.py").write_text("import os\ndef lambda_handler(event, context):\n    return sorted(os.listdir('.'))\n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "debug.log").write_text("x")
    engine = serve_in(tmp_path, "--here")
    try:
        made = subprocess.run([str(BINARY), "create", "me", "."], cwd=tmp_path, env=engine.environment(), capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        assert made.stderr.startswith("packed 2 files, ")
        assert "left out .git (version control), .kiln (the data folder of a Kiln), debug.log (.gitignore)" in made.stderr
        assert engine.cli("invoke", "me").stdout == '[".gitignore", "lambda_function.py"]\n'
    finally:
        engine.stop()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    done = subprocess.run([str(BINARY), "serve", "--port", "0", "--data-dir", "file/state"], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "file/state" in done.stderr and "--data-dir" in done.stderr
