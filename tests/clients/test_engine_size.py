"""What a start loads and keeps: libraries, and memory that is the engine's own."""

import os
import re

from harness import Kiln, wait_for

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


def test_an_idle_environment_holds_three_descriptors(tmp_path):
    """Of a C++ function, its output, its channel and its pidfd: 5,000 of them fit into 20,000."""
    kiln = Kiln(data_dir=tmp_path / "data")
    try:
        client = kiln.client("lambda")
        kiln.create_echo("f", MemorySize=128)
        client.publish_version(FunctionName="f")

        def descriptors(environments):
            client.put_provisioned_concurrency_config(FunctionName="f", Qualifier="1", ProvisionedConcurrentExecutions=environments)
            wait_for(lambda: client.get_provisioned_concurrency_config(FunctionName="f", Qualifier="1")["Status"] == "READY", 120, "READY")
            return count()

        def count():
            """Without log files, of which some stay open."""
            folder = f"/proc/{kiln.engine}/fd"
            return sum(not os.readlink(f"{folder}/{fd}").endswith(".log") for fd in os.listdir(folder) if os.path.lexists(f"{folder}/{fd}"))

        few = descriptors(10)
        descriptors(210)
        # With up to 2 more sandboxes that wait for a function, of five each; what a start needs for a moment goes.
        wait_for(lambda: count() - few <= 200 * 3 + 2 * 5 + 10, what="three descriptors for each")
    finally:
        kiln.stop()
