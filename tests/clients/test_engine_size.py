"""What a start loads and keeps: libraries, and memory that is the engine's own."""

import re

from harness import Kiln

# Opened by what first calls them: see src/base/lazy_library.h. The rest comes with these.
LATER = ("libcrypto", "libssl", "libarchive", "libpcre2", "libxml2", "libicudata", "libcurl")
PY = {"index.py": "def handler(event, context):\n    return event\n"}


def libraries(pid):
    with open(f"/proc/{pid}/maps") as maps:
        return set(re.findall(r"/(lib[a-z0-9_]+)[^/]*\.so", maps.read()))


def test_a_start_loads_no_library_that_it_does_not_need(tmp_path):
    kiln = Kiln(data_dir=tmp_path / "data")
    try:
        assert libraries(kiln.engine).isdisjoint(LATER)
        kiln.create("f", PY)
        # A package's digest and its files.
        assert {"libcrypto", "libarchive"} <= libraries(kiln.engine)
        assert kiln.invoke("f", "7")["Body"] == "7"
    finally:
        kiln.stop()


def test_an_idle_engine_has_little_memory_of_its_own(tmp_path):
    kiln = Kiln(data_dir=tmp_path / "data")
    try:
        with open(f"/proc/{kiln.engine}/status") as status:
            own = int(re.search(r"RssAnon:\s+(\d+)", status.read())[1])
        # 0.9 MiB, measured; buffers of threads once made it 4.8.
        assert own < 2048
    finally:
        kiln.stop()
