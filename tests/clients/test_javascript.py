"""The AWS SDK for JavaScript v3 against a running engine; its CloudWatch client speaks CBOR."""

import subprocess

import pytest

from harness import ROOT, Kiln


@pytest.fixture(scope="module")
def fast():
    engine = Kiln(args=["--speed", "60"])
    yield engine
    engine.stop()


# story: metrics, an alarm, SNS and log events; concurrency: reserved and provisioned; scaling: target tracking.
@pytest.mark.slow
@pytest.mark.parametrize("story", ["story", "concurrency", "scaling"])
def test_the_javascript_sdk_drives_a_whole_story(fast, story):
    done = subprocess.run(["node", str(ROOT / "tests" / "node" / f"{story}.mjs"), fast.url], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
