// Real sandboxes with small programs in them. As root these run in full isolation; as anyone else
// in what there is.
#include "sandbox/sandbox.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sandbox/direct_channel.h"
#include "sandbox/runtime_api.h"

namespace kiln::sandbox {
namespace {

namespace fs = std::filesystem;

class Recorder : public SandboxOwner {
 public:
  void on_ready() override { ++ready; }
  void on_answer(std::string&& payload, std::string_view type) override {
    answers.push_back(payload);
    answer_types.emplace_back(type);
  }
  void on_bad_answer(std::string_view type) override { bad.emplace_back(type); }
  void on_init_error(std::string&& document, std::string_view) override { init_error = document; }
  void on_output(std::string_view bytes) override { output += bytes; }
  void on_exit(const Exit& e) override { exit = e; }

  int ready = 0;
  std::vector<std::string> answers, answer_types, bad;
  std::string init_error, output;
  std::optional<Exit> exit;
};

class SandboxTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/kiln-sandbox-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    dir_ = name;
    ::chmod(name, 0755);
    fs::create_directories(dir_ + "/runtimes");
    fs::create_directories(dir_ + "/task");
    auto launcher = LauncherProcess::start({dir_, dir_ + "/runtimes", 1});
    ASSERT_TRUE(launcher) << launcher.error().message;
    launcher_ = std::move(*launcher);
    loop_ = std::make_unique<net::IoLoop>(0, clock_);
    client_ = std::make_unique<LauncherClient>(launcher_->take_socket(0), *loop_);
    cgroups_ = std::make_unique<CgroupFactory>(
        CgroupFactory::detect({}, std::to_string(::getpid()) + "-test"));
    api_ = std::make_unique<RuntimeApi>(*loop_);
    ASSERT_TRUE(api_->listen());
    host_ = std::make_unique<SandboxHost>(
        SandboxHost{*loop_, *client_, *cgroups_, *api_, launcher_->isolation()});
  }

  void TearDown() override {
    if (sandbox_ && !recorder_.exit) {
      sandbox_->kill();
      run_until([this] { return recorder_.exit.has_value(); });
    }
    sandbox_.reset();
    api_->close();
    loop_->context().poll();
    host_.reset();
    fs::remove_all(dir_);
  }

  // Runs the loop until `done`; fails after 20 s.
  template <class F>
  void run_until(F done) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up) << "output so far: " << recorder_.output;
      loop_->context().run_one_for(std::chrono::milliseconds(100));
    }
  }

  void start_script(const std::string& script, int memory_mb = 256, int ephemeral_mb = 512) {
    std::ofstream(dir_ + "/task/bootstrap") << "#!/bin/sh\n" << script << "\n";
    fs::permissions(dir_ + "/task/bootstrap", fs::perms(0755));
    start({launcher_->isolation() == Isolation::kNone ? dir_ + "/task/bootstrap"
                                                      : "/var/task/bootstrap"},
          memory_mb, ephemeral_mb);
  }

  void start(std::vector<std::string> argv, int memory_mb = 256, int ephemeral_mb = 512) {
    sandbox_ = std::make_unique<Sandbox>(*host_, recorder_);
    SandboxSpec spec;
    spec.argv = std::move(argv);
    spec.env = {"PATH=/usr/bin:/bin"};
    spec.task_dir = dir_ + "/task";
    spec.layers_dir = layers_dir_;
    spec.limits.memory_mb = memory_mb;
    spec.ephemeral_mb = ephemeral_mb;
    sandbox_->start(spec);
  }

  void run_to_exit() {
    run_until([this] { return recorder_.exit.has_value(); });
  }

  bool isolated() const { return launcher_->isolation() == Isolation::kFull; }

  SystemClock clock_;
  std::string dir_;
  std::string layers_dir_;
  std::unique_ptr<LauncherProcess> launcher_;
  std::unique_ptr<net::IoLoop> loop_;
  std::unique_ptr<LauncherClient> client_;
  std::unique_ptr<CgroupFactory> cgroups_;
  std::unique_ptr<RuntimeApi> api_;
  std::unique_ptr<SandboxHost> host_;
  Recorder recorder_;
  std::unique_ptr<Sandbox> sandbox_;
};

TEST_F(SandboxTest, CapturesOutputAndExitStatus) {
  start_script("echo out; echo err >&2; exit 3");
  run_to_exit();
  EXPECT_EQ(recorder_.output, "out\nerr\n");
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kExited);
  EXPECT_EQ(recorder_.exit->value, 3);
}

TEST_F(SandboxTest, ReportsTheSignalThatEndedIt) {
  start_script("kill -ABRT $$");
  run_to_exit();
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kSignaled);
  EXPECT_EQ(recorder_.exit->value, SIGABRT);
}

TEST_F(SandboxTest, MissingProgramAndMissingRunBit) {
  start({"/var/task/nothing"});
  run_to_exit();
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kNotStarted);
  EXPECT_EQ(recorder_.exit->error, ENOENT);
  recorder_.exit.reset();
  std::ofstream(dir_ + "/task/plain") << "#!/bin/sh\n";
  start({launcher_->isolation() == Isolation::kNone ? dir_ + "/task/plain" : "/var/task/plain"});
  run_to_exit();
  EXPECT_EQ(recorder_.exit->error, EACCES);
}

TEST_F(SandboxTest, KillEndsEveryProcessOfTheSandbox) {
  start_script("sleep 1000 & sleep 1000 & echo up; wait");
  run_until([this] { return recorder_.output == "up\n"; });
  sandbox_->kill();
  run_to_exit();
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kKilledByUs);
}

TEST_F(SandboxTest, TerminateReachesTheFunction) {
  start_script("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done");
  run_until([this] { return recorder_.output == "up\n"; });
  sandbox_->terminate();
  run_to_exit();
  EXPECT_EQ(recorder_.output, "up\nbye\n");
  EXPECT_EQ(recorder_.exit->value, 0);
}

TEST_F(SandboxTest, SeesItsCodeReadOnlyItsOwnTmpAndNoHost) {
  if (launcher_->isolation() == Isolation::kNone) GTEST_SKIP() << "no namespaces here";
  std::ofstream("/tmp/kiln-host-file-" + std::to_string(::getpid())) << "x";
  start_script(
      "touch /var/task/x 2>/dev/null && echo code-writable; touch /x 2>/dev/null && echo "
      "root-writable;"
      "ls /tmp | wc -l; ls -A /.host | wc -l; touch /tmp/mine && echo tmp; grep NoNewPrivs "
      "/proc/self/status;"
      "grep CapEff /proc/self/status; pwd");
  run_to_exit();
  EXPECT_EQ(recorder_.output, "0\n0\ntmp\nNoNewPrivs:\t1\nCapEff:\t0000000000000000\n/var/task\n");
  fs::remove("/tmp/kiln-host-file-" + std::to_string(::getpid()));
}

TEST_F(SandboxTest, SeesItsLayersReadOnlyInOpt) {
  if (launcher_->isolation() == Isolation::kNone) GTEST_SKIP() << "no namespaces here";
  constexpr const char* kScript =
      "ls /opt; touch /opt/x 2>/dev/null && echo writable; rm /opt/file 2>/dev/null && echo gone; "
      "echo end";
  start_script(kScript);
  run_to_exit();
  EXPECT_EQ(recorder_.output, "end\n") << "no layers, nothing there";

  recorder_ = {};
  layers_dir_ = dir_ + "/layers";
  fs::create_directories(layers_dir_);
  std::ofstream(layers_dir_ + "/file") << "x";
  start_script(kScript);
  run_to_exit();
  EXPECT_EQ(recorder_.output, "file\nend\n");
}

TEST_F(SandboxTest, TmpHasTheSizeOfEphemeralStorage) {
  if (launcher_->isolation() == Isolation::kNone) GTEST_SKIP() << "no namespaces here";
  start_script(
      "head -c 3145728 /dev/zero > /tmp/fits && echo fits; head -c 4194304 /dev/zero > /tmp/over "
      "2>/dev/null || echo full",
      256, 4);
  run_to_exit();
  EXPECT_EQ(recorder_.output, "fits\nfull\n");
}

TEST_F(SandboxTest, HasAUidOfItsOwn) {
  if (!isolated()) GTEST_SKIP() << "needs root";
  start_script("id -u; id -g; id -G");
  run_to_exit();
  EXPECT_EQ(recorder_.output, "900000\n900000\n900000\n");
}

TEST_F(SandboxTest, AProgramOverItsMemoryIsKilledAndSaidToBe) {
  if (cgroups_->kind() == LimitsKind::kRlimit) GTEST_SKIP() << "no cgroup here";
  start({"/usr/bin/python3", "-c", "x = bytearray(200 * 1024 * 1024)\nprint(len(x))"}, 128);
  run_to_exit();
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kSignaled);
  EXPECT_EQ(recorder_.exit->value, SIGKILL);
  EXPECT_TRUE(recorder_.exit->out_of_memory);
}

TEST_F(SandboxTest, AProgramWithinItsMemoryIsNot) {
  if (cgroups_->kind() == LimitsKind::kRlimit) GTEST_SKIP() << "no cgroup here";
  start({"/usr/bin/python3", "-c", "x = bytearray(200 * 1024 * 1024)\nprint(len(x))"}, 256);
  run_until([this] { return !recorder_.output.empty(); });
  EXPECT_GE(sandbox_->peak_memory_bytes(), 200u * 1024 * 1024);
  EXPECT_LE(sandbox_->peak_memory_bytes(), 256u * 1024 * 1024);
  run_to_exit();
  EXPECT_EQ(recorder_.exit->value, 0);
  EXPECT_FALSE(recorder_.exit->out_of_memory);
}

TEST_F(SandboxTest, ForksAreLimited) {
  start({"/usr/bin/python3", "-c",
         "import os\n"
         "n = 0\n"
         "try:\n"
         "  while n < 3000:\n"
         "    if os.fork() == 0:\n"
         "      import time; time.sleep(1000)\n"
         "    n += 1\n"
         "except OSError as e:\n"
         "  print('stopped', 900 < n < 1100)\n"
         "  import sys; sys.stdout.flush()\n"
         "os._exit(0)"},
        2048);
  run_to_exit();
  if (cgroups_->kind() != LimitsKind::kRlimit || isolated()) {
    EXPECT_EQ(recorder_.output, "stopped True\n");
  }
}

// The same contract over both transports.
constexpr char kHttpRuntime[] = R"(
import os, http.client
c = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
def call(method, path, body=None, headers={}):
    c.request(method, '/2018-06-01/runtime/' + path, body, headers)
    r = c.getresponse()
    return r, r.read()
while True:
    r, body = call('GET', 'invocation/next')
    id = r.headers['Lambda-Runtime-Aws-Request-Id']
    if body == b'"fail"':
        print(call('POST', f'invocation/{id}/error', b'{"errorMessage":"no"}', {'Lambda-Runtime-Function-Error-Type': 'Function.X'})[0].status, flush=True)
        continue
    if body == b'"other"':
        print(call('POST', 'invocation/some-other-id/response', b'1')[0].status, flush=True)
    if body == b'"large"':
        print(call('POST', f'invocation/{id}/response', b'x' * 6291557)[0].status, flush=True)
        continue
    print(call('POST', f'invocation/{id}/response', body)[0].status, flush=True)
    if body == b'"twice"':
        print(call('POST', f'invocation/{id}/response', body)[0].status, flush=True)
)";

class RuntimeApiTest : public SandboxTest {
 protected:
  void start_runtime(const char* code) {
    start({"/usr/bin/python3", "-c", code});
    run_until([this] { return recorder_.ready == 1; });
  }
  void invoke(const std::string& payload) {
    const int before = recorder_.ready;
    Event event;
    event.request_id = "request-1";
    event.payload = payload;
    event.function_arn = "arn";
    sandbox_->send(event);
    run_until([this, before] { return recorder_.ready > before; });
    sandbox_->drain_output();
  }
};

TEST_F(RuntimeApiTest, AnswersAndErrorsOverHttp) {
  start_runtime(kHttpRuntime);
  invoke("{\"a\":1}");
  invoke("\"fail\"");
  EXPECT_EQ(recorder_.answers,
            (std::vector<std::string>{"{\"a\":1}", "{\"errorMessage\":\"no\"}"}));
  EXPECT_EQ(recorder_.answer_types, (std::vector<std::string>{"", "Function.X"}));
}

TEST_F(RuntimeApiTest, ASecondAnswerIsAWrongState) {
  start_runtime(kHttpRuntime);
  invoke("\"twice\"");
  EXPECT_EQ(recorder_.output, "202\n403\n");
  EXPECT_EQ(recorder_.answers.size(), 1u);
}

TEST_F(RuntimeApiTest, AnotherRequestsIdIsRefused) {
  start_runtime(kHttpRuntime);
  invoke("\"other\"");
  EXPECT_EQ(recorder_.output, "400\n202\n");
}

TEST_F(RuntimeApiTest, AnAnswerBeyondTheLimitIs413AndTheRuntimeLivesOn) {
  start_runtime(kHttpRuntime);
  invoke("\"large\"");
  EXPECT_EQ(recorder_.output, "413\n");
  EXPECT_EQ(recorder_.bad, (std::vector<std::string>{"Function.ResponseSizeTooLarge"}));
  invoke("1");
  EXPECT_EQ(recorder_.answers, (std::vector<std::string>{"1"}));
}

TEST_F(RuntimeApiTest, OnlyTheSandboxItselfMayCallAtItsAddress) {
  if (!isolated()) GTEST_SKIP() << "needs root";
  start_script("echo $AWS_LAMBDA_RUNTIME_API; sleep 1000");
  run_until([this] { return recorder_.output.ends_with("\n"); });
  const size_t colon = recorder_.output.find(':');
  const auto address = boost::asio::ip::make_address(recorder_.output.substr(0, colon));
  const auto port = static_cast<uint16_t>(std::stoi(recorder_.output.substr(colon + 1)));
  // This process has another uid than the sandbox: it is connected, and dropped without an answer.
  boost::asio::ip::tcp::socket socket(loop_->context());
  bool dropped = false;
  char byte;
  socket.connect({address, port});
  boost::asio::write(socket,
                     boost::asio::buffer(std::string("GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")));
  socket.async_read_some(boost::asio::buffer(&byte, 1), [&](boost::system::error_code ec, size_t) {
    dropped = static_cast<bool>(ec);
  });
  run_until([&] { return dropped; });
}

constexpr char kChannelRuntime[] = R"(
import os, socket, struct
s = socket.socket(fileno=int(os.environ['KILN_CHANNEL_FD']))
def meta(*fields): return b''.join(struct.pack('<I', len(f)) + f for f in fields)
def send(kind, m, body): s.sendall(struct.pack('<IIQ', kind, len(m), len(body)) + m + body)
def read(n):
    out = b''
    while len(out) < n:
        part = s.recv(n - len(out))
        if not part: raise SystemExit
        out += part
    return out
send(1, b'', b'')
while True:
    kind, m, b = struct.unpack('<IIQ', read(16))
    m, body = read(m), read(b)
    n, = struct.unpack('<I', m[:4]); id = m[4:4+n]
    if body == b'"fail"': send(4, meta(id, b'Function.X'), b'{"errorMessage":"no"}')
    elif body == b'"garbage"': s.sendall(b'\xff' * 64)
    elif body == b'"large"': send(3, meta(id), b'x' * 6291557)
    else: send(3, meta(id), body)
)";

TEST_F(RuntimeApiTest, AnswersAndErrorsOverTheDirectChannel) {
  start_runtime(kChannelRuntime);
  invoke("{\"a\":1}");
  invoke("\"fail\"");
  invoke("\"large\"");
  const std::string large = "\"" + std::string(5'000'000, 'y') + "\"";
  invoke(large);
  EXPECT_EQ(recorder_.answers,
            (std::vector<std::string>{"{\"a\":1}", "{\"errorMessage\":\"no\"}", large}));
  EXPECT_EQ(recorder_.bad, (std::vector<std::string>{"Function.ResponseSizeTooLarge"}));
}

TEST_F(RuntimeApiTest, GarbageOnTheDirectChannelEndsTheAnswer) {
  start_runtime(kChannelRuntime);
  Event event;
  event.request_id = "request-1";
  event.payload = "\"garbage\"";
  sandbox_->send(event);
  run_until([this] { return !recorder_.bad.empty(); });
  EXPECT_EQ(recorder_.bad, (std::vector<std::string>{"Runtime.Unknown"}));
}

}  // namespace
}  // namespace kiln::sandbox
