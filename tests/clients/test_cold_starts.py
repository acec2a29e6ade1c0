"""Cold starts with an interpreter that was started ahead: functions see what they see with one of their own."""

import pytest

PYTHON = """
import json, os, resource, sys
def handler(event, context):
    own = ('AWS_LAMBDA_LOG_STREAM_NAME', 'AWS_LAMBDA_RUNTIME_API', 'AWS_SESSION_TOKEN', '_X_AMZN_TRACE_ID', 'TURN')
    # One that was started ahead has more room there than it needs.
    shown = open('/proc/self/environ', 'rb').read()
    return {
        'ahead': shown.endswith(b'\\0\\0\\0'), 'turn': os.environ['TURN'],
        'hash': hash('fresh'), 'pid': os.getpid(), 'memory': context.memory_limit_in_mb,
        'same': {
            'env': {k: v for k, v in os.environ.items() if k not in own},
            'shown': sorted(v.decode() for v in shown.split(b'\\0') if v and v.decode().split('=')[0] not in own), 'cwd': os.getcwd(), 'path': sys.path, 'argv': sys.argv,
            'modules': sorted(sys.modules), 'fds': sorted(os.listdir('/proc/self/fd')),
            'ids': [os.getuid() == os.geteuid() == os.getgid() != 0, os.getgroups()], 'umask': os.umask(0o22),
            'limits': [resource.getrlimit(getattr(resource, n)) for n in dir(resource) if n.startswith('RLIMIT_')],
            'status': [l for l in open('/proc/self/status') if l.startswith(('Cap', 'NoNew', 'Sig', 'Seccomp:'))],
            'folders': [sorted(os.listdir(d)) for d in ('/', '/opt', '/tmp', '/var', '/var/task')],
            'session': os.getsid(0) == os.getpid(), 'name': open('/proc/self/comm').read(),
        }}
"""
NODE = """
const fs = require('fs'), os = require('os');
exports.handler = async (event, context) => {
  const own = ['AWS_LAMBDA_LOG_STREAM_NAME', 'AWS_LAMBDA_RUNTIME_API', 'AWS_SESSION_TOKEN', '_X_AMZN_TRACE_ID', 'TURN'];
  const shown = fs.readFileSync('/proc/self/environ', 'utf8');
  return {
    ahead: shown.endsWith('\\0\\0\\0'), turn: process.env.TURN,
    hash: require('crypto').randomUUID(), memory: context.memoryLimitInMB,
    same: {
      env: Object.fromEntries(Object.entries(process.env).filter(([k]) => !own.includes(k)).sort()),
      shown: shown.split('\\0').filter((v) => v && !own.includes(v.split('=')[0])).sort(), cwd: process.cwd(),
      argv: process.argv, execArgv: process.execArgv, paths: module.paths, global: require('module').globalPaths,
      home: os.homedir(), user: os.userInfo().username, zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      language: Intl.DateTimeFormat().resolvedOptions().locale,
      status: fs.readFileSync('/proc/self/status', 'utf8').split('\\n').filter((l) => /^(Cap|NoNew|Sig(Blk|Ign)|Seccomp:)/.test(l)),
      limits: fs.readFileSync('/proc/self/limits', 'utf8'), folders: ['/', '/opt', '/tmp', '/var', '/var/task'].map((d) => fs.readdirSync(d).sort()),
    } };
};
"""


def environments(kiln, name, turns):
    """Answers of new environments, one after the other: a change of the configuration makes each."""
    aws = kiln.client("lambda")
    for turn in range(turns):
        aws.update_function_configuration(FunctionName=name, MemorySize=256 + turn, Environment={"Variables": {"TURN": str(turn)}})
        answer = kiln.invoke(name)["Body"]
        assert (answer["turn"], answer["memory"]) == (str(turn), str(256 + turn))
        yield answer


@pytest.mark.parametrize("runtime, files", [("python3.12", {"index.py": PYTHON}), ("nodejs20.x", {"index.js": NODE})])
def test_an_interpreter_started_ahead_is_not_to_be_told_from_one_on_demand(own_kiln, name, runtime, files):
    kiln = own_kiln()
    kiln.create(name, files, runtime=runtime, Timeout=60, Environment={"Variables": {"TURN": "-"}})
    first = kiln.invoke(name, {})["Body"]
    assert not first["ahead"], "nobody knew that it would be needed"
    # One is started when the machine has nothing better to do.
    ahead = next(answer for answer in environments(kiln, name, 50) if answer["ahead"])
    for answer in (first, ahead):
        shown = dict(line.split("=", 1) for line in answer["same"].pop("shown"))
        env = {key: value for key, value in answer["same"]["env"].items() if key != "LC_CTYPE"}  # set by the interpreter
        assert env.items() <= shown.items()
        assert set(shown) - set(env) == {"_LAMBDA_TELEMETRY_LOG_FD", "KILN_CHANNEL_FD"}, "which the bootstrap takes out"
    first["same"]["env"]["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = ahead["memory"]
    assert ahead["same"] == first["same"]
    assert ahead["hash"] != first["hash"]


def test_a_variable_that_an_interpreter_reads_at_its_start_means_one_of_its_own(own_kiln, name):
    kiln = own_kiln()
    kiln.create(name, {"index.py": PYTHON}, Timeout=60, Environment={"Variables": {"TURN": "-"}})
    kiln.invoke(name, {})
    assert any(answer["ahead"] for answer in environments(kiln, name, 50)), "there are some"
    variables = {"TURN": "x", "PYTHONPATH": "/tmp/mine"}
    kiln.client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    answer = kiln.invoke(name, {})["Body"]
    assert not answer["ahead"] and "/tmp/mine" in answer["same"]["path"]
