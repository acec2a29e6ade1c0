"""What tools/check refuses: the checks that are programs of their own, on small trees and on this one."""
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def check(name, root):
    ended = subprocess.run([sys.executable, ROOT / "tools" / name, root], capture_output=True, text=True, timeout=60)
    return ended.returncode, ended.stdout


def json_said(folder, lines, file="a.cc"):
    path = folder / "src" / "stack" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#include <nlohmann/json.hpp>\n" + lines)
    return check("check_json.py", folder)


@pytest.mark.parametrize("bare, called", [
    ("text = document.dump();", "dump()"),
    ("text = answer->dump(-1, ' ', false, json::error_handler_t::replace);", "dump()"),
    ("auto a = document[\"a\"].get<std::string>();", "get<>()"),
    ("auto a = found->get<std::vector<std::string>>();", "get<>()"),
    ("auto& a = found->get_ref<const std::string&>();", "get_ref<>()"),
    ("document[\"a\"].get_to(a);", "get_to()"),
    ("auto a = document.value(\"a\", \"\");", "value()"),
    ("auto a = document\n    .value(name, json::object());", "value()"),
    ("auto a = document.at(\"a\");", "at()"),
    ("auto a = json::parse(text);", "parse()"),
    ("auto a = nlohmann::ordered_json::parse(text, nullptr, false);", "parse()"),
])
def test_the_ways_of_the_json_library_that_throw_are_refused(tmp_path, bare, called):
    code, said = json_said(tmp_path, f"// document.dump() in a comment\n{bare}\n")
    assert code == 1
    assert f"src/stack/a.cc:3: {called} " in said or f"src/stack/a.cc:4: {called} " in said


@pytest.mark.parametrize("fine", [
    "text = json_dump(document);",
    "auto a = in.get<std::string>(\"a\");",  # of a DocumentReader
    "use(item.key(), item.value());",  # of an iterator
    "auto a = evaluator.value(node);",
    "auto a = optional.value();",
    "auto& a = metrics.at(key);",
    "auto* a = found->get_ptr<const std::string*>();",
])
def test_what_does_not_throw_is_not_refused(tmp_path, fine):
    assert json_said(tmp_path, fine + "\n") == (0, "")


def test_tests_and_base_may_use_the_json_library_as_it_is(tmp_path):
    assert json_said(tmp_path, "text = document.dump();\n", "a_test.cc") == (0, "")
    (tmp_path / "src" / "base").mkdir()
    (tmp_path / "src" / "base" / "a.cc").write_text("// nlohmann\ntext = document.dump();\n")
    assert check("check_json.py", tmp_path) == (0, "")


@pytest.mark.parametrize("name", ["check_json.py", "check_includes.py"])
def test_the_sources_pass(name):
    assert check(name, ROOT) == (0, "")


THREADS = """#include <string>

#include "base/mutex.h"

class Names {
 public:
  void set(std::string name) {
    LOCK
    last_ = std::move(name);
  }

 private:
  kiln::Mutex mutex_;
  std::string last_ KILN_GUARDED_BY(mutex_);
};
"""


def threads_said(folder, text):
    (folder / "src" / "base").mkdir(parents=True)
    shutil.copy(ROOT / "src" / "base" / "mutex.h", folder / "src" / "base")
    (folder / "src" / "net").mkdir(exist_ok=True)
    (folder / "src" / "net" / "names.h").write_text(text)
    (folder / "src" / "net" / "names.cc").write_text('#include "net/names.h"\n')
    return check("check_threads.py", folder)


def test_guarded_data_is_used_with_its_mutex(tmp_path):
    assert threads_said(tmp_path, THREADS.replace("LOCK", "const kiln::MutexLock lock(mutex_);")) == (0, "")


def test_guarded_data_without_its_mutex_is_found(tmp_path):
    code, said = threads_said(tmp_path, THREADS.replace("    LOCK\n", ""))
    assert code == 1
    assert "requires holding mutex 'mutex_' exclusively" in said


def test_guarded_data_is_found_behind_headers_that_only_include_it(tmp_path):
    header = THREADS.replace("  LOCK", "").replace("private:", "protected:").replace("last_ = std::move(name);", "")
    for name, text in (("more.h", '#include "net/names.h"\n'), ("most.h", '#include "net/more.h"\n'),
                       ("use.cc", '#include "net/most.h"\nstruct Bad : Names { void clear() { last_.clear(); } };\n')):
        (tmp_path / "src" / "net").mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / "net" / name).write_text(text)
    code, said = threads_said(tmp_path, header)
    assert code == 1
    assert "src/net/use.cc:2" in said and "requires holding mutex 'mutex_'" in said


def test_mutexes_that_guard_nothing_by_name_are_refused(tmp_path):
    code, said = threads_said(tmp_path, "#include <mutex>\nstatic std::mutex mutex;\n")
    assert (code, said.splitlines()[0]) == (
        1, "src/net/names.h:2: std::mutex: use base/mutex.h, and mark what it guards")
