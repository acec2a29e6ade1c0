// The engine with real sandboxes: functions are shell scripts that speak the Runtime API by curl,
// or Python programs.
#include "engine/engine.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <regex>

#include "logs/store.h"
#include "sandbox/launcher.h"

namespace kiln::engine {
namespace {

namespace fs = std::filesystem;

// A runtime in Python's standard library: the event says what to do.
constexpr char kBootstrap[] = R"(#!/usr/bin/python3
import os, http.client, json, sys, time, signal
if os.path.exists('/var/task/fail-init'): sys.exit(7)
c = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
def call(method, path, body=None, headers={}):
    c.request(method, '/2018-06-01/runtime/' + path, body, headers)
    r = c.getresponse()
    return r, r.read()
if os.path.exists('/var/task/init-error'):
    call('POST', 'init/error', b'{"errorType":"My.Init","errorMessage":"no","stackTrace":[]}', {'Lambda-Runtime-Function-Error-Type': 'Function.Init'})
    sys.exit(1)
n = 0
while True:
    r, body = call('GET', 'invocation/next')
    id = r.headers['Lambda-Runtime-Aws-Request-Id']
    event = json.loads(body)
    n += 1
    do = event.get('do') if isinstance(event, dict) else None
    if do == 'print': print('line one\nline two', flush=True)
    if do == 'exit': sys.exit(event['status'])
    if do == 'signal': os.kill(os.getpid(), event['signal'])
    if do == 'sleep': time.sleep(event['seconds'])
    if do == 'memory': x = bytearray(event['mb'] << 20)
    if do == 'error':
        call('POST', f'invocation/{id}/error', b'{"errorType":"E","errorMessage":"m"}', {'Lambda-Runtime-Function-Error-Type': 'Function.E'})
        continue
    if do == 'truncate':
        import socket
        host, port = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')
        s = socket.create_connection((host, int(port)))
        s.sendall(f'POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc'.encode())
        s.close()
        time.sleep(100)
    if do == 'large':
        call('POST', f'invocation/{id}/response', b'x' * event['bytes'])
        continue
    out = {'n': n, 'event': event, 'arn': r.headers['Lambda-Runtime-Invoked-Function-Arn'], 'env': dict(os.environ)}
    call('POST', f'invocation/{id}/response', json.dumps(out))
)";

class EngineTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/kiln-engine-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    dir_ = name;
    ::chmod(name, 0755);
    fs::create_directories(dir_ + "/runtimes");
    fs::create_directories(dir_ + "/data");
    open(1);
  }

  void open(int loops) {
    auto launcher = sandbox::LauncherProcess::start({dir_ + "/data", dir_ + "/runtimes", loops});
    ASSERT_TRUE(launcher) << launcher.error().message;
    launcher_ = std::move(*launcher);
    EngineOptions options;
    options.data_dir = dir_ + "/data";
    options.runtimes_dir = dir_ + "/runtimes";
    options.loops = loops;
    options.idle_lifetime = idle_lifetime_;
    engine_ = std::make_unique<Engine>(options, *launcher_, clock_);
    const auto started = engine_->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  void close() {
    engine_.reset();
    launcher_.reset();
  }
  void TearDown() override {
    close();
    fs::remove_all(dir_);
  }

  std::string folder(const std::string& name) {
    const std::string path = dir_ + "/" + name;
    fs::create_directories(path);
    std::ofstream(path + "/bootstrap") << kBootstrap;
    fs::permissions(path + "/bootstrap", fs::perms(0755));
    return path;
  }

  template <class F>
  auto on_control(F work) {
    std::promise<decltype(work())> result;
    engine_->post_control([&] { result.set_value(work()); });
    return result.get_future().get();
  }

  void create(const std::string& name, int memory_mb = 256, int timeout_s = 20) {
    auto code = engine_->code_store().add_hot_reload(folder(name));
    ASSERT_TRUE(code) << code.error().message;
    auto config = std::make_shared<model::FunctionConfig>();
    config->region = "us-east-1";
    config->account = "000000000000";
    config->name = name;
    config->runtime = "provided.al2023";
    config->handler = "x";
    config->memory_mb = memory_mb;
    config->timeout_s = timeout_s;
    config->code = *code;
    auto function = std::make_shared<model::Function>();
    function->latest = config;
    ASSERT_TRUE(on_control([&] { return engine_->registry().put(function).ok(); }));
  }

  std::future<InvokeReply> send(const std::string& name, const std::string& payload) {
    auto result = std::make_shared<std::promise<InvokeReply>>();
    InvokeRequest request;
    request.region = "us-east-1";
    request.function_name = name;
    request.payload = payload;
    request.request_id = "id-" + std::to_string(++ids_);
    request.want_log_tail = true;
    net::IoLoop* loop = engine_->loops()[ids_ % engine_->loops().size()];
    loop->post([this, request = std::move(request), result]() mutable {
      engine_->invoke(std::move(request),
                      [result](InvokeReply&& reply) { result->set_value(std::move(reply)); });
    });
    return result->get_future();
  }
  InvokeReply invoke(const std::string& name, const std::string& payload) {
    auto reply = send(name, payload);
    EXPECT_EQ(reply.wait_for(std::chrono::seconds(60)), std::future_status::ready);
    return reply.get();
  }

  // All that stands in a function's log.
  std::string log_of(const std::string& name) {
    engine_->log_store().flush();
    std::string all;
    const auto scanned = engine_->log_store().scan("us-east-1", "/aws/lambda/" + name, {}, {},
                                                   [&](logs::LogEvent&& e) {
                                                     all += e.message + "\n";
                                                     return true;
                                                   });
    EXPECT_TRUE(scanned) << scanned.error().message;
    return all;
  }

  SystemClock clock_;
  Duration idle_lifetime_ = std::chrono::minutes(10);
  std::string dir_;
  std::unique_ptr<sandbox::LauncherProcess> launcher_;
  std::unique_ptr<Engine> engine_;
  size_t ids_ = 0;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(EngineTest, ColdThenWarmWithLambdasLogLines) {
  create("f");
  const auto cold = invoke("f", R"({"do":"print"})");
  EXPECT_FALSE(cold.function_error) << cold.payload;
  EXPECT_TRUE(has(cold.payload, "\"n\": 1"));
  EXPECT_EQ(cold.executed_version, "$LATEST");
  EXPECT_TRUE(std::regex_search(
      cold.log_tail,
      std::regex(
          R"(^START RequestId: id-1 Version: \$LATEST\nline one\nline two\nEND RequestId: id-1\nREPORT RequestId: id-1\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB\tMax Memory Used: [1-9]\d* MB\tInit Duration: \d+\.\d\d ms\t\n)")))
      << cold.log_tail;
  EXPECT_TRUE(has(log_of("f"), "INIT_START Runtime Version: provided:al2023"));
  const auto warm = invoke("f", "{}");
  EXPECT_TRUE(has(warm.payload, "\"n\": 2"));
  EXPECT_FALSE(has(warm.log_tail, "Init Duration"));
  engine_->log_store().flush();
  const auto streams = engine_->log_store().streams("us-east-1", "/aws/lambda/f");
  ASSERT_EQ(streams.size(), 1u);
  EXPECT_TRUE(
      std::regex_match(streams[0].name, std::regex(R"(\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32})")));
}

TEST_F(EngineTest, ConcurrentInvocationsGetEnvironmentsOfTheirOwn) {
  create("f");
  auto a = send("f", R"({"do":"sleep","seconds":0.3})");
  auto b = send("f", R"({"do":"sleep","seconds":0.3})");
  EXPECT_TRUE(has(a.get().payload, "\"n\": 1"));
  EXPECT_TRUE(has(b.get().payload, "\"n\": 1"));
}

struct FaultCase {
  const char* event;
  const char* type;
  const char* message;
  const char* status;
};

void PrintTo(const FaultCase& c, std::ostream* out) { *out << c.type; }

class EngineFaultTest : public EngineTest, public testing::WithParamInterface<FaultCase> {};

TEST_P(EngineFaultTest, SaysWhatAwsSaysAndLivesOn) {
  // Only what is to time out gets a short time: at 128 MB a function has 7 % of a CPU.
  create("f", 128, has(GetParam().event, "sleep") ? 2 : 60);
  const auto reply = invoke("f", GetParam().event);
  EXPECT_TRUE(reply.function_error);
  EXPECT_TRUE(has(reply.payload, std::string("\"errorType\":\"") + GetParam().type + "\""))
      << reply.payload;
  EXPECT_TRUE(has(reply.payload, GetParam().message)) << reply.payload;
  EXPECT_TRUE(has(reply.log_tail, GetParam().status)) << reply.log_tail;
  const auto next = invoke("f", "{}");
  EXPECT_FALSE(next.function_error) << next.payload;
}

INSTANTIATE_TEST_SUITE_P(
    Faults, EngineFaultTest,
    testing::Values(
        FaultCase{R"({"do":"exit","status":0})", "Runtime.ExitError",
                  "RequestId: id-1 Error: Runtime exited without providing a reason",
                  "Status: error\tError Type: Runtime.ExitError\n"},
        FaultCase{R"({"do":"exit","status":9})", "Runtime.ExitError",
                  "Error: Runtime exited with error: exit status 9",
                  "Status: error\tError Type: Runtime.ExitError\n"},
        FaultCase{R"({"do":"signal","signal":9})", "Runtime.ExitError",
                  "Error: Runtime exited with error: signal: killed",
                  "Error Type: Runtime.ExitError\n"},
        FaultCase{R"({"do":"signal","signal":11})", "Runtime.ExitError",
                  "signal: segmentation fault", "Error Type: Runtime.ExitError\n"},
        FaultCase{R"({"do":"sleep","seconds":60})", "Sandbox.Timedout",
                  "Error: Task timed out after 2.00 seconds", "Status: timeout\n"},
        FaultCase{R"({"do":"memory","mb":300})", "Runtime.OutOfMemory", "signal: killed",
                  "Max Memory Used: 128 MB"},
        FaultCase{R"({"do":"truncate"})", "Runtime.TruncatedResponse", "broke off",
                  "Error Type: Runtime.TruncatedResponse\n"},
        FaultCase{R"({"do":"large","bytes":6291557})", "Function.ResponseSizeTooLarge",
                  "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
                  "Error Type: Function.ResponseSizeTooLarge\n"},
        FaultCase{R"({"do":"error"})", "E", "m", "REPORT"}));

TEST_F(EngineTest, TheLargestAnswerPasses) {
  create("f");
  EXPECT_EQ(invoke("f", R"({"do":"large","bytes":6291556})").payload.size(), 6'291'556u);
}

TEST_F(EngineTest, AFailedInitIsTriedAgainWithinTheInvocation) {
  create("f");
  std::ofstream(dir_ + "/f/fail-init") << "";
  const auto reply = invoke("f", "{}");
  EXPECT_TRUE(has(reply.payload, "Runtime exited with error: exit status 7")) << reply.payload;
  EXPECT_TRUE(has(reply.log_tail, "START RequestId: id-1")) << reply.log_tail;
  EXPECT_TRUE(has(log_of("f"), "Phase: init\tStatus: error\tError Type: Runtime.ExitError\n"));
  EXPECT_TRUE(has(reply.log_tail, "Phase: invoke\tStatus: error\tError Type: Runtime.ExitError\n"));
}

TEST_F(EngineTest, AnInitErrorIsTheAnswer) {
  create("f");
  std::ofstream(dir_ + "/f/init-error") << "";
  const auto reply = invoke("f", "{}");
  EXPECT_EQ(reply.payload, R"({"errorType":"My.Init","errorMessage":"no","stackTrace":[]})");
  EXPECT_TRUE(has(reply.log_tail, "Error Type: Function.Init\n")) << reply.log_tail;
}

TEST_F(EngineTest, MissingAndUnrunnableBootstraps) {
  create("f");
  fs::remove(dir_ + "/f/bootstrap");
  auto reply = invoke("f", "{}");
  EXPECT_TRUE(
      has(reply.payload, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"))
      << reply.payload;
  EXPECT_TRUE(has(reply.payload, "Runtime.InvalidEntrypoint"));
  std::ofstream(dir_ + "/f/bootstrap") << "#!/bin/sh\n";
  reply = invoke("f", "{}");
  EXPECT_TRUE(has(reply.payload, "fork/exec /var/task/bootstrap: permission denied"))
      << reply.payload;
}

TEST_F(EngineTest, AChangedFolderStartsNewEnvironments) {
  create("f");
  EXPECT_TRUE(has(invoke("f", "{}").payload, "\"n\": 1"));
  EXPECT_TRUE(has(invoke("f", "{}").payload, "\"n\": 2"));
  std::ofstream(dir_ + "/f/more") << "x";
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!has(invoke("f", "{}").payload, "\"n\": 1"))
    ASSERT_LT(std::chrono::steady_clock::now(), give_up);
}

TEST_F(EngineTest, ChangesOfWhatIsNoCodeStartNothing) {
  for (const char* name : {"f", "g"}) create(name);
  std::ofstream(dir_ + "/f/.kilnignore") << "*.log\nnotes/\n";
  std::filesystem::create_directories(dir_ + "/f/.git");
  std::filesystem::create_directories(dir_ + "/f/notes");
  EXPECT_TRUE(has(invoke("f", "{}").payload, "\"n\": 1"));
  EXPECT_TRUE(has(invoke("g", "{}").payload, "\"n\": 1"));
  for (const char* file : {"/f/a.log", "/f/.git/index", "/f/notes/a"})
    std::ofstream(dir_ + file) << "x";
  // One loop watches both folders, so when it has seen this change it has seen the others.
  std::ofstream(dir_ + "/g/more") << "x";
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  do {
    ASSERT_LT(std::chrono::steady_clock::now(), give_up);
  } while (!has(invoke("g", "{}").payload, "\"n\": 1"));
  EXPECT_TRUE(has(invoke("f", "{}").payload, "\"n\": 2"));
}

TEST_F(EngineTest, IdleEnvironmentsEnd) {
  close();
  idle_lifetime_ = std::chrono::milliseconds(200);
  open(1);
  create("f");
  EXPECT_TRUE(has(invoke("f", "{}").payload, "\"n\": 1"));
  // Each answer is a new environment's first once the last has been idle for long enough.
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  auto pause = std::chrono::milliseconds(250);
  std::promise<void> never;
  const auto future = never.get_future();
  while (true) {
    future.wait_for(pause);
    if (has(invoke("f", "{}").payload, "\"n\": 1")) break;
    pause *= 2;
    ASSERT_LT(std::chrono::steady_clock::now(), give_up);
  }
}

TEST_F(EngineTest, UnknownFunctionsAreNamed) {
  const auto reply = invoke("nope", "{}");
  EXPECT_EQ(reply.error.type, "ResourceNotFoundException");
  EXPECT_EQ(reply.error.message,
            "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nope:$LATEST");
}

TEST_F(EngineTest, FunctionsAreOwnedByOneOfSeveralLoops) {
  close();
  open(3);
  for (const char* name : {"a", "b", "c", "d"}) create(name, 256, 20);
  std::vector<std::future<InvokeReply>> replies;
  for (int round = 0; round < 5; ++round)
    for (const char* name : {"a", "b", "c", "d"}) replies.push_back(send(name, "{}"));
  for (auto& reply : replies) EXPECT_FALSE(reply.get().function_error);
}

TEST_F(EngineTest, EnvironmentVariablesAreThoseOfLambda) {
  create("f");
  const std::string payload = invoke("f", "{}").payload;
  for (const char* part :
       {"\"AWS_REGION\": \"us-east-1\"", "\"AWS_LAMBDA_FUNCTION_NAME\": \"f\"",
        "\"AWS_LAMBDA_FUNCTION_VERSION\": \"$LATEST\"",
        "\"AWS_LAMBDA_FUNCTION_MEMORY_SIZE\": \"256\"",
        "\"AWS_LAMBDA_LOG_GROUP_NAME\": \"/aws/lambda/f\"",
        "\"AWS_LAMBDA_INITIALIZATION_TYPE\": \"on-demand\"", "\"LAMBDA_TASK_ROOT\": \"/var/task\"",
        "\"TZ\": \":UTC\"", "\"arn\": \"arn:aws:lambda:us-east-1:000000000000:function:f\""})
    EXPECT_TRUE(has(payload, part)) << part << " in " << payload;
  EXPECT_FALSE(has(payload, "AWS_EXECUTION_ENV")) << "absent for provided.*";
}

TEST_F(EngineTest, StoppingAnswersWhatIsInHand) {
  create("f");
  auto reply = send("f", R"({"do":"sleep","seconds":60})");
  invoke("f", "{}");  // the sleeping one has been handed over by now
  engine_->stop();
  EXPECT_EQ(reply.get().error.type, "ServiceException");
}

}  // namespace
}  // namespace kiln::engine
