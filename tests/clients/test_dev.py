"""`kiln dev` runs a function from its folder, and anew after each change."""

import os
import signal
import subprocess

import pytest

from harness import BINARY, ROOT, wait_for

MAIN = """#include <kiln/run.h>

#include <string>

int main() {
  return kiln::run([](std::string_view, const kiln::Context&) { return std::string("\\"one\\""); });
}
"""
CMAKE = f"""cmake_minimum_required(VERSION 3.25)
project(tool LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
add_executable(bootstrap main.cc)
target_include_directories(bootstrap PRIVATE {ROOT}/include)
target_link_libraries(bootstrap PRIVATE {BINARY.parent}/src/sdk/core/libkiln_sdk.a -static)
add_custom_command(TARGET bootstrap POST_BUILD COMMAND zip -q -j ${{CMAKE_BINARY_DIR}}/tool.zip $<TARGET_FILE:bootstrap>)
"""


class Dev:
    def __init__(self, kiln, folder, *words):
        environment = {**kiln.environment(), "CCACHE_DISABLE": "1"}
        self.errors = open(folder.parent / f"{folder.name}.errors", "w+b")
        self.process = subprocess.Popen([str(BINARY), "dev", str(folder), *words], env=environment, stdout=subprocess.PIPE, stderr=self.errors)

    def said(self):
        return pathlib_text(self.errors.name)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=30)
        assert self.process.returncode == 0
        self.errors.close()
        return out.decode()


def pathlib_text(name):
    with open(name, "rb") as file:
        return file.read().decode()


@pytest.fixture
def dev(kiln):
    started = []

    def start(folder, *words):
        started.append(Dev(kiln, folder, *words))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()


def test_a_folder_runs_in_place(kiln, dev, tmp_path):
    folder = tmp_path / "draft"
    folder.mkdir()
    code = "def lambda_handler(event, context):\n    print('working')\n    return {}\n"
    (folder / "lambda_function.py").write_text(code.format(1))
    session = dev(folder)
    wait_for(lambda: "watching" in session.said(), what="dev watches")
    assert kiln.invoke("draft")["Body"] == 1
    (folder / "lambda_function.py").write_text(code.format(2))
    wait_for(lambda: "changed: lambda_function.py" in session.said(), what="dev saw the change")
    wait_for(lambda: kiln.invoke("draft")["Body"] == 2, what="the new code answers")
    assert "working" in session.stop(), "the function's log"


def test_the_only_handler_of_a_folder_is_found(kiln, dev, tmp_path):
    folder = tmp_path / "found"
    folder.mkdir()
    (folder / "app.py").write_text("def lambda_handler(event, context):\n    return 'app'\n")
    session = dev(folder)
    wait_for(lambda: "watching" in session.said(), what="dev watches")
    assert kiln.invoke("found")["Body"] == "app"
    session.stop()


def test_a_handler_of_another_name_is_given_once(kiln, dev, tmp_path):
    folder = tmp_path / "hello_world"
    folder.mkdir()
    (folder / "app.py").write_text("def run(event, context):\n    return 'app'\ndef other(event, context):\n    return 'other'\n")
    unknown = subprocess.run([str(BINARY), "dev", str(folder)], env=kiln.environment(), capture_output=True, text=True, timeout=60)
    assert unknown.returncode == 1 and "give --handler app.run, or app.other\n" in unknown.stderr
    session = dev(folder, "--handler", "app.run")
    wait_for(lambda: "watching" in session.said(), what="dev watches")
    assert kiln.invoke("hello_world")["Body"] == "app"
    session.stop()
    # The function has its handler by now.
    again = dev(folder)
    wait_for(lambda: "watching" in again.said(), what="dev watches")
    assert kiln.invoke("hello_world")["Body"] == "app"
    again.stop()


def test_cmake_projects_are_built_on_save(kiln, dev, tmp_path):
    folder = tmp_path / "tool"
    folder.mkdir()
    (folder / "CMakeLists.txt").write_text(CMAKE)
    (folder / "main.cc").write_text(MAIN)
    session = dev(folder)
    wait_for(lambda: "watching" in session.said(), seconds=90, what="dev watches")
    assert kiln.invoke("tool")["Body"] == "one"
    # A build that fails says why, and leaves the last version.
    (folder / "main.cc").write_text(MAIN.replace("return kiln::run", "retrun kiln::run"))
    wait_for(lambda: "the last version that was built stays" in session.said(), seconds=90, what="the build fails")
    assert "retrun" in session.said()
    assert kiln.invoke("tool")["Body"] == "one"
    # An editor's way to save: a new file in the place of the old one.
    (folder / "main.cc.new").write_text(MAIN.replace("one", "two"))
    os.rename(folder / "main.cc.new", folder / "main.cc")
    wait_for(lambda: kiln.invoke("tool")["Body"] == "two", seconds=90, what="the new code answers")
    session.stop()


def test_a_folder_that_is_none_is_named(kiln, tmp_path):
    done = subprocess.run([str(BINARY), "dev", str(tmp_path / "nope")], env=kiln.environment(), capture_output=True, text=True)
    assert done.returncode == 2 and "there is no file or folder" in done.stderr
