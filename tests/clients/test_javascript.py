"""The AWS SDK for JavaScript v3 against a running engine; its CloudWatch client speaks CBOR."""

import subprocess

from harness import ROOT, Kiln


def test_the_javascript_sdk_drives_a_whole_story():
    kiln = Kiln(args=["--speed", "60"])
    try:
        done = subprocess.run(["node", str(ROOT / "tests" / "node" / "story.mjs"), kiln.url], capture_output=True, text=True, timeout=300)
        assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
    finally:
        kiln.stop()
