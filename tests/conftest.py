import itertools
import sys
import pathlib

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from harness import Kiln  # noqa: E402
from stacks import CloudAssembly  # noqa: E402

counter = itertools.count(1)


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than a few seconds")


@pytest.fixture(scope="session")
def kiln():
    engine = Kiln()
    yield engine
    engine.stop()


@pytest.fixture
def own_kiln(tmp_path):
    """An engine of one test's own; more may be started on the same folder after it was killed."""
    started = []

    def start(**options):
        started.append(Kiln(**{"data_dir": tmp_path / "data", **options}))
        return started[-1]

    yield start
    for engine in started:
        engine.stop()


@pytest.fixture(scope="session")
def assembly(tmp_path_factory):
    """cdk.out of the two stacks."""
    return CloudAssembly(tmp_path_factory.mktemp("cdk") / "cdk.out")


@pytest.fixture
def name():
    return f"f{next(counter)}"
