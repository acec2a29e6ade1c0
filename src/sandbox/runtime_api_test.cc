// The Runtime API and the direct channel, as runtimes in real sandboxes use them.
#include "sandbox/runtime_api.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include "tests/support/sandbox_fixture.h"

namespace kiln::sandbox {
namespace {

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
    ASSERT_TRUE(sandbox_->send(event));
    run_until([this, before] { return recorder_.ready > before; });
    sandbox_->drain_output();
  }
};

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

// A child that works on, a thread of it, and what they start.
constexpr char kBusyRuntime[] = R"(
import os, http.client, subprocess, sys, threading
def spin():
    while True: pass
c = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
def call(method, path, body=None):
    c.request(method, '/2018-06-01/runtime/' + path, body)
    r = c.getresponse()
    return r.headers, r.read()
subprocess.Popen([sys.executable, '-c', 'while True: pass'])
threading.Thread(target=spin, daemon=True).start()
while True:
    headers, body = call('GET', 'invocation/next')
    call('POST', 'invocation/' + headers['Lambda-Runtime-Aws-Request-Id'] + '/response', body)
)";

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

// Calls out of turn, and what they are told.
constexpr char kHastyRuntime[] = R"(
import os, http.client
c = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
def call(method, path, body=None, headers={}):
    c.request(method, path, body, headers)
    r = c.getresponse()
    return r, r.read().decode()
def say(*call_of): r, body = call(*call_of); print(r.status, body.strip(), flush=True)
runtime = '/2018-06-01/runtime/'
say('PUT', '/2022-07-01/telemetry', '{}')
say('PUT', '/2020-08-15/logs', '{}')
r, body = call('GET', runtime + 'invocation/next')
this = runtime + 'invocation/' + r.headers['Lambda-Runtime-Aws-Request-Id']
say('POST', runtime + 'init/error', '{}')
say('GET', runtime + 'invocation/next')
call('POST', this + '/response', body)
say('POST', this + '/response', body)
say('POST', this + '/error', '{}')
r, body = call('GET', runtime + 'invocation/next')
say('POST', this + '/response', '1', {'Lambda-Runtime-Function-Response-Mode': 'other'})
call('GET', runtime + 'invocation/next')
)";

TEST_F(RuntimeApiTest, WhatIsRefusedNamesTheStates) {
  start_runtime(kHastyRuntime);
  invoke("1");
  const auto refused = [](const std::string& from, const std::string& to) {
    return R"(403 {"errorMessage":"State transition from )" + from + " to " + to +
           R"( failed for runtime. Error: State transition is not allowed",)"
           R"("errorType":"InvalidStateTransition"})"
           "\n";
  };
  EXPECT_EQ(
      recorder_.output,
      R"(202 {"errorMessage":"Telemetry API is not supported","errorType":"Telemetry.NotSupported"})"
      "\n"
      R"(202 {"errorMessage":"Logs API is not supported","errorType":"Logs.NotSupported"})"
      "\n" +
          refused("Running", "InitError") + refused("Running", "Ready") +
          refused("RuntimeResponseSentState", "InvocationResponse") +
          refused("RuntimeResponseSentState", "InvocationErrorResponse"));
  recorder_.output.clear();
  invoke("2");
  EXPECT_EQ(recorder_.output, R"(400 {"errorMessage":"Invalid function response mode",)"
                              R"("errorType":"InvalidFunctionResponseMode"})"
                              "\n");
}

// Opens connections without end; each that is closed again shows it.
constexpr char kCrowdingRuntime[] = R"(
import os, http.client, socket
host, port = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')
crowd = [socket.create_connection((host, int(port))) for _ in range(100)]
c = http.client.HTTPConnection(host, int(port))
def call(method, path, body=None):
    c.request(method, '/2018-06-01/runtime/' + path, body)
    r = c.getresponse()
    return r.headers, r.read()
def is_closed(s):
    try: return s.recv(1, socket.MSG_DONTWAIT) == b''
    except BlockingIOError: return False
while True:
    headers, body = call('GET', 'invocation/next')
    print(sum(map(is_closed, crowd)), flush=True)
    call('POST', 'invocation/' + headers['Lambda-Runtime-Aws-Request-Id'] + '/response', body)
)";

TEST_F(RuntimeApiTest, OneEnvironmentHasNoMoreThanItsShareOfConnections) {
  start_runtime(kCrowdingRuntime);
  invoke("1");
  EXPECT_EQ(recorder_.output, "37\n");  // 64 of 101 are left
  EXPECT_EQ(recorder_.answers, (std::vector<std::string>{"1"}));
}

TEST_F(RuntimeApiTest, AnAnswerBeyondTheLimitIs413AndTheRuntimeLivesOn) {
  start_runtime(kHttpRuntime);
  invoke("\"large\"");
  EXPECT_EQ(recorder_.output, "413\n");
  EXPECT_EQ(recorder_.bad, (std::vector<std::string>{"Function.ResponseSizeTooLarge"}));
  invoke("1");
  EXPECT_EQ(recorder_.answers, (std::vector<std::string>{"1"}));
}

// Sends bodies that are larger than others may be, or none that can be read, as its event says.
constexpr char kLargeAnswers[] = R"(
import os, http.client, socket
address = os.environ['AWS_LAMBDA_RUNTIME_API']
host, port = address.split(':')
c = http.client.HTTPConnection(address)
root = '/2018-06-01/runtime/'
def read(s):
    r = http.client.HTTPResponse(s)
    r.begin()
    print(r.status, r.read().decode().split('errorType":"')[-1].rstrip('"}\n'), flush=True)
def begin(path, size, body=b'x', more=''):
    s = socket.create_connection((host, int(port)))
    s.sendall(f'POST {root}{path} HTTP/1.1\r\nHost: x\r\n{more}'.encode() + (f'Content-Length: {size}\r\n\r\n'.encode() if size else b'Transfer-Encoding: chunked\r\n\r\n') + body)
    return s
while True:
    c.request('GET', root + 'invocation/next')
    r = c.getresponse()
    id, event = r.headers['Lambda-Runtime-Aws-Request-Id'], r.read()
    this = f'invocation/{id}/response'
    large = 3_000_000
    if event == b'"other"':
        read(begin('invocation/some-other-id/response', large))
        read(begin('invocation/some-other-id/error', large))
        read(begin('init/error', large))
        first = begin(this, large)
        c.request('GET', '/ping'); c.getresponse().read()
        read(begin(this, large))
        first.sendall(b'x' * (large - 1))
        read(first)
        read(begin(this, large))
    elif event == b'"malformed"':
        read(begin(this, None, b'3\r\nabc\r\nno size\r\n'))
    elif event == b'"malformed error"':
        read(begin(f'invocation/{id}/error', None, b'3\r\nabc\r\nno size\r\n'))
    elif event == b'"large error"':
        read(begin(f'invocation/{id}/error', 40 << 20))
    else:
        read(begin(this, len(event), event))
)";

TEST_F(RuntimeApiTest, OnlyOneAnswerToTheRequestInHandMayBeLarge) {
  start_runtime(kLargeAnswers);
  invoke("\"other\"");
  EXPECT_EQ(recorder_.output,
            "400 InvalidRequestID\n400 InvalidRequestID\n403 InvalidStateTransition\n"
            "403 InvalidStateTransition\n202 {\"status\":\"OK\n403 InvalidStateTransition\n");
  EXPECT_EQ(recorder_.answers, std::vector<std::string>{std::string(3'000'000, 'x')});
  EXPECT_TRUE(recorder_.bad.empty());
}

TEST_F(RuntimeApiTest, AnAnswerThatCannotBeReadEndsItsInvocation) {
  start_runtime(kLargeAnswers);
  for (const char* event : {"\"malformed\"", "\"malformed error\"", "\"large error\""}) {
    recorder_.bad.clear();
    recorder_.output.clear();
    invoke(event);
    const bool is_large = std::string_view(event) == "\"large error\"";
    EXPECT_EQ(recorder_.bad, std::vector<std::string>{is_large ? "Function.ResponseSizeTooLarge"
                                                               : "Runtime.TruncatedResponse"});
    EXPECT_TRUE(recorder_.output.starts_with(is_large ? "413 " : "400 ")) << recorder_.output;
  }
  invoke("1");
  EXPECT_EQ(recorder_.answers, std::vector<std::string>{"1"});
}

// Asks for the next event before it has read the last one; says whether that still comes.
constexpr char kUnreadEvents[] = R"(
import os, http.client, socket
host, port = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')
root = '/2018-06-01/runtime/invocation/'
def ask():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect((host, int(port)))
    s.sendall(f'GET {root}next HTTP/1.1\r\nHost: x\r\n\r\n'.encode())
    r = http.client.HTTPResponse(s)
    r.begin()
    return s, r
def whole(r):
    try:
        return len(r.read()) > 5000000
    except (http.client.IncompleteRead, ConnectionError):
        return False
last = None
while True:
    s, r = ask()
    if last: print(whole(last), flush=True)
    c = http.client.HTTPConnection(host, int(port))
    c.request('POST', root + r.headers['Lambda-Runtime-Aws-Request-Id'] + '/response', '1')
    c.getresponse().read()
    last, keep = r, s
)";

TEST_F(RuntimeApiTest, AnEventThatIsNotReadGoesWithTheRequestForTheNext) {
  start_runtime(kUnreadEvents);
  const std::string large = "\"" + std::string(5'000'000, 'y') + "\"";
  invoke(large);
  invoke(large);
  EXPECT_EQ(recorder_.output, "False\n");
  EXPECT_EQ(recorder_.answers, (std::vector<std::string>{"1", "1"}));
}

// What the official clients and runtimes do beyond events: causes in headers, calls of other APIs,
// and the internal extension by which Go's and Rust's ask for SIGTERM.
constexpr char kCallingRuntime[] = R"(
import os, http.client, json, threading
address = os.environ['AWS_LAMBDA_RUNTIME_API']
def call(method, path, body=None, headers={}):
    c = http.client.HTTPConnection(address)
    c.request(method, path, body, headers)
    r = c.getresponse()
    return r, r.read()
def extension(method, path, id=None, body=None, **headers):
    return call(method, '/2020-01-01/extension/' + path, body, {**({'Lambda-Extension-Identifier': id} if id else {}), **headers})
def say(*what): print(*what, flush=True)
def said(answer): return answer[0].status, json.loads(answer[1])['errorType']
r, body = extension('POST', 'register', body='{"events":[]}', **{'Lambda-Extension-Name': 'sigterm'})
silent = r.headers['Lambda-Extension-Identifier']
say(r.status, json.loads(body))
say(*said(extension('POST', 'register', body='{}')))
say(*said(extension('POST', 'register', body='{"events":["SHUTDOWN"]}', **{'Lambda-Extension-Name': 'x'})))
say(*said(extension('POST', 'register', body='{}', **{'Lambda-Extension-Name': 'sigterm'})))
say(*said(extension('GET', 'event/next')), *said(extension('GET', 'event/next', 'no')))
follower = extension('POST', 'register', body='{"events":["INVOKE"]}', **{'Lambda-Extension-Name': 'f'})[0].headers['Lambda-Extension-Identifier']
threading.Thread(target=lambda: extension('GET', 'event/next', silent), daemon=True).start()
event = []
def follow(): event.append(json.loads(extension('GET', 'event/next', follower)[1]))
thread = threading.Thread(target=follow)
thread.start()
say(*said(call('POST', '/2018-06-01/runtime/nothing', 'x' * 1000)), *said(call('POST', '/nothing', 'x' * 100000)))
r, body = call('GET', '/2018-06-01/runtime/invocation/next')
id = r.headers['Lambda-Runtime-Aws-Request-Id']
thread.join()
threading.Thread(target=follow, daemon=True).start()
say(event[0]['eventType'], event[0]['requestId'], event[0]['invokedFunctionArn'])
say(*said(extension('POST', 'register', body='{}', **{'Lambda-Extension-Name': 'late'})))
cause = '{"working_directory":"' + 'x' * 50000 + '"}'
say(call('POST', f'/2018-06-01/runtime/invocation/{id}/error', '{"errorMessage":"no"}', {'Lambda-Runtime-Function-Error-Type': 'Function.X', 'Lambda-Runtime-Function-XRay-Error-Cause': cause})[0].status)
call('GET', '/2018-06-01/runtime/invocation/next')
)";

TEST_F(RuntimeApiTest, InternalExtensionsLongHeadersAndUnknownCalls) {
  start_runtime(kCallingRuntime);
  invoke("{}");
  EXPECT_EQ(recorder_.output,
            "200 {'functionName': '', 'functionVersion': '', 'handler': ''}\n"
            "403 Extension.InvalidExtensionName\n403 Extension.InvalidEventType\n"
            "403 Extension.InvalidExtensionState\n"
            "403 Extension.MissingExtensionIdentifier 403 Extension.InvalidExtensionIdentifier\n"
            "404 InvalidPath 404 InvalidPath\nINVOKE request-1 arn\n"
            "403 Extension.RegistrationClosed\n202\n");
  EXPECT_EQ(recorder_.answers, (std::vector<std::string>{"{\"errorMessage\":\"no\"}"}));
}

TEST_F(RuntimeApiTest, WhatIsFrozenStandsStillUntilTheNextEventAndEndsWhenToldTo) {
  start_runtime(kBusyRuntime);
  const auto works = [this] {
    const uint64_t before = sandbox_->cpu_ns();
    for (int i = 0; i < 200; ++i) {
      ::usleep(1000);
      if (sandbox_->cpu_ns() > before + 1'000'000) return true;
    }
    return false;
  };
  // What it did until it was frozen may be counted later, and a busy machine takes a while over it.
  const auto comes_to_rest = [&works] {
    for (int i = 0; i < 50; ++i)
      if (!works()) return true;
    return false;
  };
  EXPECT_TRUE(works());
  ASSERT_TRUE(sandbox_->freeze());
  EXPECT_TRUE(comes_to_rest());
  invoke("1");
  EXPECT_EQ(recorder_.answers, std::vector<std::string>{"1"});
  EXPECT_TRUE(works()) << "thawed";
  ASSERT_TRUE(sandbox_->freeze());
  EXPECT_TRUE(comes_to_rest()) << "a second time";
  sandbox_->terminate();
  run_to_exit();
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kKilledByUs);
}

// A runtime that says when SIGTERM comes.
constexpr char kToldRuntime[] = R"(
import os, http.client, signal
def ask(*request):
    c = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
    c.request(*request)
    return c.getresponse().read()
def told(number, frame):
    os.write(1, b'told')
    os._exit(3)
signal.signal(signal.SIGTERM, told)
)";
constexpr char kNext[] = "ask('GET', '/2018-06-01/runtime/invocation/next')\n";

TEST_F(RuntimeApiTest, WithoutAnExtensionThereIsNoSigterm) {
  start_runtime((std::string(kToldRuntime) + kNext).c_str());
  sandbox_->terminate();
  run_to_exit();
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kKilledByUs);
  EXPECT_EQ(recorder_.output, "");
}

TEST_F(RuntimeApiTest, WithAnExtensionSigtermComes) {
  const std::string registers =
      "ask('POST', '/2020-01-01/extension/register', '{}', {'Lambda-Extension-Name': 'x'})\n";
  start_runtime((kToldRuntime + registers + kNext).c_str());
  sandbox_->terminate();
  run_to_exit();
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kExited);
  EXPECT_EQ(recorder_.exit->value, 3);
  EXPECT_EQ(recorder_.output, "told");
}

TEST_F(RuntimeApiTest, OnlyTheSandboxItselfMayCallAtItsAddress) {
  if (!isolated()) GTEST_SKIP() << "needs root";
  start_script("echo $AWS_LAMBDA_RUNTIME_API; sleep 1000");
  run_until([this] { return recorder_.output.ends_with("\n"); });
  const size_t colon = recorder_.output.find(':');
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(std::stoi(recorder_.output.substr(colon + 1))));
  ASSERT_EQ(::inet_pton(AF_INET, recorder_.output.substr(0, colon).c_str(), &address.sin_addr), 1);
  // This process has another uid than the sandbox: it is connected, and dropped without an answer.
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  constexpr std::string_view kPing = "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_EQ(::send(socket.get(), kPing.data(), kPing.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(kPing.size()));
  ssize_t got = -1;
  int error = EAGAIN;
  run_until([&] {
    char byte;
    got = ::recv(socket.get(), &byte, 1, MSG_DONTWAIT);
    error = got < 0 ? errno : 0;
    return error != EAGAIN;
  });
  EXPECT_LE(got, 0);
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
  ASSERT_TRUE(sandbox_->send(event));
  run_until([this] { return !recorder_.bad.empty(); });
  EXPECT_EQ(recorder_.bad, (std::vector<std::string>{"Runtime.Unknown"}));
}

// A frame header, sent by a function that has no event in hand, that promises `body_size` bytes.
std::string promising(const char* kind, const char* body_size) {
  return std::string(
             "import os, socket, struct, time\n"
             "s = socket.socket(fileno=int(os.environ['KILN_CHANNEL_FD']))\n"
             "s.sendall(struct.pack('<IIQ', ") +
         kind + ", 0, " + body_size + "))\ntime.sleep(1000)\n";
}

TEST_F(RuntimeApiTest, AFrameThatPromisesMoreThanTheLimitEndsTheSandbox) {
  for (const char* size : {"1 << 63", "(1 << 64) - 1", "(32 << 20) + 1"}) {
    recorder_ = {};
    const std::string code = promising("3", size);
    start({"/usr/bin/python3", "-c", code});
    run_to_exit();
    EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kKilledByUs) << size;
    EXPECT_EQ(recorder_.exit->value, SIGKILL) << size;
  }
}

TEST_F(RuntimeApiTest, NothingIsReadOfABrokenChannel) {
  start({"/usr/bin/python3", "-c",
         "import os, socket, time\n"
         "s = socket.socket(fileno=int(os.environ['KILN_CHANNEL_FD']))\n"
         "for i in range(64): s.sendall(b'\\xff' * 64)\n"
         "time.sleep(1000)\n"});
  run_to_exit();
  EXPECT_EQ(recorder_.exit->value, SIGKILL);
}

// It would get the next event in the middle of this one, and another caller's bytes with it.
TEST_F(RuntimeApiTest, AnAnswerToAnEventThatWasNotReadEndsIt) {
  start_runtime(
      "import os, socket, struct, time\n"
      "s = socket.socket(fileno=int(os.environ['KILN_CHANNEL_FD']))\n"
      "s.sendall(struct.pack('<IIQ', 1, 0, 0))\n"
      "head = s.recv(200)\n"
      "n, = struct.unpack('<I', head[16:20]); id = head[20:20+n]\n"
      "m = struct.pack('<I', n) + id\n"
      "s.sendall(struct.pack('<IIQ', 3, len(m), 2) + m + b'{}')\n"
      "time.sleep(1000)\n");
  const std::string payload = "\"" + std::string(3'000'000, 'y') + "\"";
  Event event;
  event.request_id = "request-1";
  event.payload = payload;
  ASSERT_TRUE(sandbox_->send(event));
  run_until([this] { return !recorder_.bad.empty(); });
  EXPECT_EQ(recorder_.bad, (std::vector<std::string>{"Runtime.Unknown"}));
  EXPECT_TRUE(recorder_.answers.empty());
  EXPECT_EQ(recorder_.ready, 1);
}

constexpr char kDroppingRuntime[] = R"(
import os, socket, time
host, port = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')
s = socket.create_connection((host, int(port)))
s.sendall(b'GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n')
time.sleep(0.02)
s.close()
time.sleep(1000)
)";

TEST_F(RuntimeApiTest, ADroppedCallTakesNoEvent) {
  start({"/usr/bin/python3", "-c", kDroppingRuntime});
  run_until([this] { return recorder_.withdrawn == 1; });
  EXPECT_EQ(recorder_.ready, 1);
  Event event;
  event.request_id = "request-1";
  event.payload = "{}";
  EXPECT_FALSE(sandbox_->send(event));
}

}  // namespace
}  // namespace kiln::sandbox
