// Answers that a runtime streams over the Runtime API, and runtimes that break off, say too much or
// come twice.
#include <gtest/gtest.h>

#include "sandbox/stream_pace.h"
#include "tests/support/sandbox_fixture.h"

namespace kiln::sandbox {
namespace {

class Parts final : public AnswerStream {
 public:
  void begin(std::string_view, std::string_view content_type) override { type = content_type; }
  void put(std::string&& part, std::function<void()> more) override {
    bytes += part;
    if (!holds_up) return more();
    held.push_back(std::move(more));
  }

  std::string type, bytes;
  bool holds_up = false;
  std::vector<std::function<void()>> held;
};

// The event is a list of pieces of the request to send, each behind the answer's path; "ID" in them
// is the request's id; one that ends with # is broken off there. What the Runtime API answers is
// printed.
constexpr char kRuntime[] = R"(
import os, json, socket
host, number = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')
def open_one():
    s = socket.create_connection((host, int(number)))
    return s, s.makefile('rb')
def read(f):
    status = f.readline()
    headers = {}
    while (line := f.readline()) not in (b'\r\n', b''):
        name, value = line.decode().split(':', 1)
        headers[name.lower()] = value.strip()
    return status, headers, f.read(int(headers.get('content-length', 0)))
main, answers = open_one()
while True:
    main.sendall(b'GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n')
    status, headers, body = read(answers)
    if b' 200 ' not in status: continue  # it has not been heard yet that the last one broke off
    id = headers['lambda-runtime-aws-request-id']
    for request in json.loads(body):
        s, f = open_one()
        s.sendall(request.rstrip('#').replace('ID', id).encode())
        if request.endswith('#'):
            s.shutdown(socket.SHUT_WR)
            f.read()  # who is gone before it is heard is nobody
        else:
            status = read(f)[0].decode().split()
            print(status[1] if status else 'closed', flush=True)
        f.close()
        s.close()
)";

constexpr char kHead[] =
    R"(POST /2018-06-01/runtime/invocation/ID/response HTTP/1.1\r\nHost: x\r\n)"
    R"(Content-Type: text/own\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n)";

std::string chunked(const std::string& chunks) {
  return std::string(R"(")") + kHead + R"(Transfer-Encoding: chunked\r\n\r\n)" + chunks + R"(")";
}

class StreamedAnswersTest : public SandboxTest {
 protected:
  void SetUp() override {
    SandboxTest::SetUp();
    start({"/usr/bin/python3", "-c", kRuntime});
    run_until([this] { return recorder_.ready == 1; });
    recorder_.parts = parts_;
  }
  void invoke(const std::string& requests) {
    const int before = recorder_.ready;
    Event event;
    event.request_id = "request-1";
    const std::string payload = "[" + requests + "]";
    event.payload = payload;
    event.function_arn = "arn";
    ASSERT_TRUE(sandbox_->send(event));
    run_until([this, before] { return recorder_.ready > before; });
    sandbox_->drain_output();
  }

  const std::shared_ptr<Parts> parts_ = std::make_shared<Parts>();
};

TEST_F(StreamedAnswersTest, PartsAndTheirEnd) {
  invoke(chunked(R"(3\r\none\r\n5\r\n, two\r\n0\r\n\r\n)"));
  EXPECT_EQ(parts_->bytes, "one, two");
  EXPECT_EQ(parts_->type, "text/own");
  EXPECT_EQ(recorder_.stream_ends, std::vector<std::string>{"|"});
  EXPECT_EQ(recorder_.output, "202\n");
  EXPECT_TRUE(recorder_.answers.empty());
}

TEST_F(StreamedAnswersTest, AnErrorOnTheWayIsInItsTrailers) {
  invoke(chunked(R"(3\r\none\r\n0\r\nLambda-Runtime-Function-Error-Type: Own.Error\r\n)"
                 R"(Lambda-Runtime-Function-Error-Body: e30=\r\n\r\n)"));
  EXPECT_EQ(recorder_.stream_ends, std::vector<std::string>{"Own.Error|{}"});
}

TEST_F(StreamedAnswersTest, WhereNobodyTakesPartsTheAnswerIsGathered) {
  recorder_.parts = nullptr;
  invoke(chunked(R"(3\r\none\r\n5\r\n, two\r\n0\r\n\r\n)"));
  EXPECT_EQ(recorder_.answers, std::vector<std::string>{"one, two"});
  EXPECT_TRUE(recorder_.stream_ends.empty());
}

TEST_F(StreamedAnswersTest, OneThatBreaksOffIsTold) {
  invoke(chunked(R"(3\r\none\r\n#)"));
  EXPECT_EQ(parts_->bytes, "one");
  EXPECT_EQ(recorder_.bad, std::vector<std::string>{"Runtime.TruncatedResponse"});
}

TEST_F(StreamedAnswersTest, AChunkThatIsNoneEndsIt) {
  invoke(chunked(R"(3\r\none\r\nno size\r\n)"));
  EXPECT_EQ(recorder_.bad, std::vector<std::string>{"Runtime.TruncatedResponse"});
  EXPECT_EQ(recorder_.output, "400\n");
  EXPECT_TRUE(recorder_.stream_ends.empty());
}

TEST_F(StreamedAnswersTest, TheLimitOnBothSides) {
  const auto announced = [](uint64_t bytes, const char* body) {
    return std::string(R"(")") + kHead + "Content-Length: " + std::to_string(bytes) +
           R"(\r\n\r\n)" + body + R"(")";
  };
  invoke(announced(kMaxStreamBytes, "abc#"));
  EXPECT_EQ(recorder_.bad, std::vector<std::string>{"Runtime.TruncatedResponse"});
  recorder_.parts = std::make_shared<Parts>();
  invoke(announced(kMaxStreamBytes + 1, ""));
  EXPECT_EQ(recorder_.bad.back(), "Function.ResponseSizeTooLarge");
  EXPECT_EQ(recorder_.output, "413\n");
}

// A second stream for the same event, and one for an event that has its answer, go to nobody.
TEST_F(StreamedAnswersTest, ASecondAnswerIsNobodys) {
  const std::string one = chunked(R"(3\r\none\r\n0\r\n\r\n)");
  invoke(one + "," + chunked(R"(5\r\nother\r\n0\r\n\r\n)"));
  EXPECT_EQ(recorder_.output, "202\n403\n");
  EXPECT_EQ(parts_->bytes, "one");
  EXPECT_EQ(recorder_.stream_ends.size(), 1u);
}

// Of another request's id, also where it is the next one's.
TEST_F(StreamedAnswersTest, AnotherRequestsIdGetsNoStream) {
  std::string other = chunked(R"(5\r\nother\r\n0\r\n\r\n)");
  other.replace(other.find("ID"), 2, "request-2");
  invoke(other + "," + chunked(R"(3\r\none\r\n0\r\n\r\n)"));
  EXPECT_EQ(recorder_.output, "400\n202\n");
  EXPECT_EQ(parts_->bytes, "one");
}

// What nobody has taken yet holds the runtime up.
TEST_F(StreamedAnswersTest, AReaderHoldsTheRuntimeUp) {
  parts_->holds_up = true;
  const int before = recorder_.ready;
  Event event;
  event.request_id = "request-1";
  const std::string payload = "[" + chunked(R"(3\r\none\r\n0\r\n\r\n)") + "]";
  event.payload = payload;
  ASSERT_TRUE(sandbox_->send(event));
  run_until([this] { return !parts_->held.empty(); });
  EXPECT_TRUE(recorder_.stream_ends.empty());
  parts_->held.front()();
  run_until([this, before] { return recorder_.ready > before; });
  EXPECT_EQ(recorder_.stream_ends.size(), 1u);
}

}  // namespace
}  // namespace kiln::sandbox
