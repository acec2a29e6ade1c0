import itertools
import sys
import pathlib

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from harness import Kiln  # noqa: E402
from pages import Browser  # noqa: E402
from runtime_processes import NODE, PYTHON, Function, RuntimeApi  # noqa: E402
from stacks import CloudAssembly  # noqa: E402

counter = itertools.count(1)

# What takes longest begins first, so that no process works alone at the end. See `pytest --durations=0`.
LONGEST = [f"test_{name}.py" for name in (
    # clients
    "documents", "packages", "cdk", "command_line_stories", "function_orders", "advise", "stacks", "deploy_command", "terminal",
    "runtimes_node", "tune", "scaling", "invoke", "wrong_inputs", "s3", "function_optimized_cold_start",
    # faults and installs
    "installs", "function_faults_orders", "kills", "function_faults_cpu_memory", "poor_machines", "hostile_functions",
    "function_faults_cold_start", "memory", "function_faults_imports", "stack_faults", "model_sweep", "stack_kills", "bad_input",
)]


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than a few seconds")
    config.addinivalue_line("markers", "alone: measures the machine or needs all of it, so nothing else runs beside it")


def pytest_collection_modifyitems(items):
    rank = {file: place for place, file in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


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


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    it = Browser(tmp_path_factory.mktemp("browser"))
    yield it
    it.close()


@pytest.fixture
def name():
    return f"f{next(counter)}"


@pytest.fixture
def s3(kiln):
    return kiln.client("s3")


@pytest.fixture
def bucket(s3, name):
    s3.create_bucket(Bucket=f"bucket-{name}")
    return f"bucket-{name}"


@pytest.fixture
def start_runtime(tmp_path):
    """Starts bootstraps of managed runtimes, each against a Runtime API of its own."""
    started = []

    def make(command, files, handler, **environment):
        api = RuntimeApi()
        started.append(api)
        folder = tmp_path / f"task{len(started)}"
        folder.mkdir()
        function = Function(api, folder, command, files, handler, environment)
        started.insert(0, function)
        return function

    yield make
    for one in started:
        one.close()


@pytest.fixture
def python(start_runtime):
    def make(code, handler="main.handler", files=None, **environment):
        return start_runtime(PYTHON, {"main.py": code, **(files or {})}, handler, **environment)

    return make


@pytest.fixture
def node(start_runtime):
    def make(code, handler="index.handler", file="index.js", files=None, **environment):
        environment.setdefault("AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING", "1")
        return start_runtime(NODE, {file: code, **(files or {})}, handler, **environment)

    return make
