// The contract between the loop and the platform, held against both transports.
#include "sdk/core/loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "base/channel_ring.h"
#include "sdk/core/channel_transport.h"
#include "sdk/core/http_transport.h"
#include "tests/support/http_double.h"

namespace kiln::sdk {
namespace {

using kiln::testing::HttpDouble;
using nlohmann::json;

struct SentEvent {
  std::string payload = "{}";
  std::string request_id = "6e3bb4c5-0a3e-4f4f-9a46-1f0d9a1f2f10";
  std::string deadline_ms = "4102444800000";
  std::string arn = "arn:aws:lambda:us-east-1:000000000000:function:f:PROD";
  std::string trace_id = "Root=1-5e1b4151-5ac6c58f5b5daa6532e5b8a2;Sampled=1";
  std::string client_context = R"({"custom":{"k":"v"}})";
  std::string cognito_identity = R"({"cognitoIdentityId":"i"})";
};

struct Outcome {
  enum Kind { kResult, kError, kInitError } kind;
  std::string request_id;
  std::string category;
  std::string body;
};

// Serves some events to a handler and says what came back. After the last event the platform goes
// away.
class Platform {
 public:
  virtual ~Platform() = default;
  virtual std::vector<Outcome> serve(const std::vector<SentEvent>& events,
                                     const Function& function) = 0;
};

class HttpPlatform final : public Platform {
 public:
  std::vector<Outcome> serve(const std::vector<SentEvent>& events,
                             const Function& function) override {
    std::vector<Outcome> outcomes;
    size_t next = 0;
    HttpDouble server([&](const HttpDouble::Request& request) {
      const std::string prefix = "/2018-06-01/runtime/";
      if (request.head.starts_with("GET " + prefix + "invocation/next HTTP/1.1\r\n")) {
        if (next == events.size())
          return HttpDouble::Reply{.bytes = HttpDouble::response(500, "", "{}")};
        const SentEvent& e = events[next++];
        return HttpDouble::Reply{
            .bytes = HttpDouble::response(
                200,
                "Lambda-Runtime-Aws-Request-Id: " + e.request_id +
                    "\r\nLambda-Runtime-Deadline-Ms: " + e.deadline_ms +
                    "\r\nLambda-Runtime-Invoked-Function-Arn: " + e.arn +
                    "\r\nLambda-Runtime-Trace-Id: " + e.trace_id +
                    "\r\nLambda-Runtime-Client-Context: " + e.client_context +
                    "\r\nLambda-Runtime-Cognito-Identity: " + e.cognito_identity + "\r\n",
                e.payload)};
      }
      Outcome outcome{Outcome::kInitError, "", "", request.body};
      const std::string invocation = "POST " + prefix + "invocation/";
      if (request.head.starts_with(invocation)) {
        const size_t slash = request.head.find('/', invocation.size());
        outcome.request_id = request.head.substr(invocation.size(), slash - invocation.size());
        outcome.kind = request.head.substr(slash).starts_with("/response ") ? Outcome::kResult
                                                                            : Outcome::kError;
      } else {
        EXPECT_TRUE(request.head.starts_with("POST " + prefix + "init/error ")) << request.head;
      }
      const std::string header = "Lambda-Runtime-Function-Error-Type: ";
      if (const size_t at = request.head.find(header); at != std::string::npos) {
        outcome.category = request.head.substr(at + header.size(),
                                               request.head.find('\r', at) - at - header.size());
      }
      outcomes.push_back(outcome);
      return HttpDouble::Reply{.bytes = HttpDouble::response(202, "", R"({"status":"OK"})")};
    });
    HttpTransport transport(*Endpoint::parse(server.address()));
    run_loop(transport, function);
    return outcomes;
  }
};

// The engine's side of base/channel_ring.h, by hand: it wants a byte for each answer.
class RingPlatform final : public Platform {
 public:
  std::vector<Outcome> serve(const std::vector<SentEvent>& events,
                             const Function& function) override {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    std::vector<Outcome> outcomes;
    std::thread engine([&, engine_fd = pair[0]] {
      const UniqueFd fd(engine_fd);
      FrameHeader header{};
      if (!read_exactly(fd.get(), &header, sizeof header)) return;
      std::string meta(header.meta_size, '\0'), body(header.body_size, '\0');
      EXPECT_TRUE(read_exactly(fd.get(), meta.data(), meta.size()));
      EXPECT_TRUE(read_exactly(fd.get(), body.data(), body.size()));
      if (header.type == FrameType::kInitError) {
        MetaReader reader(meta);
        Outcome outcome{Outcome::kInitError, std::string(reader.next().value_or("none")), "", body};
        outcome.category = reader.next().value_or("none");
        outcomes.push_back(outcome);
        return;
      }
      EXPECT_EQ(meta, ring::kRingOffer);
      const UniqueFd memory(::memfd_create("ring", MFD_CLOEXEC));
      EXPECT_EQ(::ftruncate(memory.get(), ring::kSize), 0);
      char* at = static_cast<char*>(
          ::mmap(nullptr, ring::kSize, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0));
      auto& h = *new (at) ring::Header();
      send_descriptor(fd.get(), memory.get());
      uint32_t number = 0;
      for (const SentEvent& e : events) {
        std::string event_meta;
        MetaWriter(event_meta)
            .add(e.request_id)
            .add(e.deadline_ms)
            .add(e.arn)
            .add(e.trace_id)
            .add(e.client_context)
            .add(e.cognito_identity);
        const std::string both = event_meta + e.payload;
        both.copy(at + ring::place(true, both.size()), both.size());
        h.event.meta_size = static_cast<uint32_t>(event_meta.size());
        h.event.body_size = e.payload.size();
        h.engine_sleeps = 1;
        h.event.number = ++number;
        if (h.function_sleeps.exchange(0) != 0)
          ::syscall(SYS_futex, &h.event.number, FUTEX_WAKE, 1, nullptr, nullptr, 0);
        char byte;
        if (!read_exactly(fd.get(), &byte, 1)) break;
        EXPECT_EQ(h.answer.number, number);
        const uint32_t meta_size = h.answer.meta_size;
        const uint64_t size = h.answer.body_size;
        const uint64_t there = size > ring::kLargestAnswer ? 0 : size;
        const char* from = at + ring::place(false, meta_size + there);
        MetaReader reader({from, meta_size});
        const bool result = h.answer.type == static_cast<uint32_t>(FrameType::kResult);
        Outcome outcome{result ? Outcome::kResult : Outcome::kError,
                        std::string(reader.next().value_or("none")), "",
                        std::string(from + meta_size, there)};
        if (!result) outcome.category = reader.next().value_or("none");
        // Of one beyond the limit the size alone comes.
        if (size > there) outcome.body.assign(size, 'x');
        outcomes.push_back(outcome);
      }
      // The platform goes away, as by SIGTERM.
      h.event.number.fetch_or(ring::kStopBit);
      ::syscall(SYS_futex, &h.event.number, FUTEX_WAKE, 1, nullptr, nullptr, 0);
      ::munmap(at, ring::kSize);
    });
    {
      ChannelTransport transport{UniqueFd(pair[1])};
      run_loop(transport, function);
    }
    engine.join();
    return outcomes;
  }

 private:
  static void send_descriptor(int socket, int descriptor) {
    FrameHeader header{FrameType::kRing, 0, 0};
    struct iovec part = {&header, sizeof header};
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    struct msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    struct cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(c), &descriptor, sizeof descriptor);
    EXPECT_EQ(::sendmsg(socket, &message, MSG_NOSIGNAL), static_cast<ssize_t>(sizeof header));
  }
  static bool read_exactly(int fd, void* to, size_t size) {
    size_t done = 0;
    while (done < size) {
      const ssize_t n = ::read(fd, static_cast<char*>(to) + done, size - done);
      if (n <= 0) return false;
      done += static_cast<size_t>(n);
    }
    return true;
  }
};

class ChannelPlatform final : public Platform {
 public:
  std::vector<Outcome> serve(const std::vector<SentEvent>& events,
                             const Function& function) override {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    std::vector<Outcome> outcomes;
    std::thread engine([&, engine_fd = pair[0]] {
      const UniqueFd fd(engine_fd);
      size_t next = 0;
      FrameHeader header{};
      while (read_exactly(fd.get(), &header, sizeof header)) {
        std::string meta(header.meta_size, '\0');
        std::string body(header.body_size, '\0');
        EXPECT_TRUE(read_exactly(fd.get(), meta.data(), meta.size()));
        EXPECT_TRUE(read_exactly(fd.get(), body.data(), body.size()));
        if (header.type != FrameType::kReady) {
          MetaReader reader(meta);
          Outcome outcome{header.type == FrameType::kResult  ? Outcome::kResult
                          : header.type == FrameType::kError ? Outcome::kError
                                                             : Outcome::kInitError,
                          std::string(reader.next().value_or("none")), "", body};
          if (header.type != FrameType::kResult) outcome.category = reader.next().value_or("none");
          outcomes.push_back(outcome);
          if (header.type == FrameType::kInitError) return;
        }
        if (next == events.size()) return;
        const SentEvent& e = events[next++];
        std::string event_meta;
        MetaWriter(event_meta)
            .add(e.request_id)
            .add(e.deadline_ms)
            .add(e.arn)
            .add(e.trace_id)
            .add(e.client_context)
            .add(e.cognito_identity);
        const FrameHeader event{FrameType::kEvent, static_cast<uint32_t>(event_meta.size()),
                                e.payload.size()};
        std::string frame(reinterpret_cast<const char*>(&event), sizeof event);
        frame += event_meta;
        frame += e.payload;
        size_t sent = 0;
        while (sent < frame.size()) {
          const ssize_t n =
              ::send(fd.get(), frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
          if (n <= 0) return;
          sent += static_cast<size_t>(n);
        }
      }
    });
    {
      ChannelTransport transport{UniqueFd(pair[1])};
      run_loop(transport, function);
    }
    engine.join();
    return outcomes;
  }

 private:
  static bool read_exactly(int fd, void* data, size_t size) {
    auto* at = static_cast<char*>(data);
    while (size > 0) {
      const ssize_t n = ::read(fd, at, size);
      if (n <= 0) return false;
      at += n;
      size -= static_cast<size_t>(n);
    }
    return true;
  }
};

class LoopContract : public ::testing::TestWithParam<const char*> {
 protected:
  template <class H>
  std::vector<Outcome> serve(const std::vector<SentEvent>& events, H handler) {
    const Function function{&handler, [](void*) {},
                            [](void* h, std::string_view payload, const Context& context) {
                              return (*static_cast<H*>(h))(payload, context);
                            }};
    return platform().serve(events, function);
  }
  Platform& platform() {
    if (std::string_view(GetParam()) == "http") {
      platform_ = std::make_unique<HttpPlatform>();
    } else if (std::string_view(GetParam()) == "ring") {
      platform_ = std::make_unique<RingPlatform>();
    } else {
      platform_ = std::make_unique<ChannelPlatform>();
    }
    return *platform_;
  }

 private:
  std::unique_ptr<Platform> platform_;
};

INSTANTIATE_TEST_SUITE_P(Transports, LoopContract, ::testing::Values("http", "channel", "ring"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(LoopContract, AnswersEachEventUnderItsOwnRequestId) {
  const auto outcomes =
      serve({{.payload = "1", .request_id = "a"}, {.payload = "2", .request_id = "b"}},
            [](std::string_view payload, const Context& context) {
              return std::string(context.request_id) + std::string(payload);
            });
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[0].request_id, "a");
  EXPECT_EQ(outcomes[0].body, "a1");
  EXPECT_EQ(outcomes[1].request_id, "b");
  EXPECT_EQ(outcomes[1].body, "b2");
  EXPECT_EQ(outcomes[1].kind, Outcome::kResult);
}

TEST_P(LoopContract, TheContextSaysWhatThePlatformSaid) {
  ::setenv("AWS_LAMBDA_FUNCTION_NAME", "f", 1);
  ::setenv("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST", 1);
  ::setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024", 1);
  ::setenv("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/f", 1);
  ::setenv("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]0", 1);
  const auto outcomes = serve({{}}, [](std::string_view, const Context& c) {
    EXPECT_EQ(c.deadline.time_since_epoch(), std::chrono::milliseconds(4102444800000));
    EXPECT_GT(c.remaining_time(), std::chrono::hours(24));
    EXPECT_EQ(c.invoked_function_arn, SentEvent{}.arn);
    EXPECT_EQ(c.trace_id, SentEvent{}.trace_id);
    EXPECT_EQ(c.client_context, SentEvent{}.client_context);
    EXPECT_EQ(c.cognito_identity, SentEvent{}.cognito_identity);
    EXPECT_EQ(c.function_name, "f");
    EXPECT_EQ(c.function_version, "$LATEST");
    EXPECT_EQ(c.memory_limit_mb, 1024);
    EXPECT_EQ(c.log_group, "/aws/lambda/f");
    EXPECT_EQ(c.log_stream, "2026/01/01/[$LATEST]0");
    return std::string("ok");
  });
  EXPECT_EQ(outcomes.at(0).body, "ok");
}

TEST_P(LoopContract, RemainingTimeIsNeverNegative) {
  serve({{.deadline_ms = "1000"}}, [](std::string_view, const Context& c) {
    EXPECT_EQ(c.remaining_time().count(), 0);
    return std::string();
  });
}

// The platform refuses it by its size; the loop goes on with the next event.
TEST_P(LoopContract, AnAnswerBeyondTheLimitArrivesAsOne) {
  const std::string large(40 * 1024 * 1024, 'x');
  const auto outcomes = serve({{.payload = "1"}, {.payload = "2"}},
                              [&large](std::string_view payload, const Context&) {
                                return payload == "1" ? large : std::string("small");
                              });
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[0].kind, Outcome::kResult);
  EXPECT_GT(outcomes[0].body.size(), 6'291'556u);
  EXPECT_EQ(outcomes[1].body, "small");
}

TEST_P(LoopContract, NoDeadlineIsNoDeadline) {
  for (const char* none : {"0", ""})
    serve({{.deadline_ms = none}}, [](std::string_view, const Context& c) {
      EXPECT_GT(c.remaining_time(), std::chrono::hours(24 * 365));
      return std::string();
    });
}

TEST_P(LoopContract, TheTraceVariableFollowsTheInvocation) {
  std::vector<std::string> seen;
  serve({{.trace_id = "Root=1"},
         {.trace_id = "Root=2;Sampled=0"},
         {.trace_id = ""},
         {.trace_id = "Root=4"}},
        [&](std::string_view, const Context&) {
          const char* value = std::getenv("_X_AMZN_TRACE_ID");
          seen.emplace_back(value ? value : "none");
          return std::string();
        });
  EXPECT_EQ(seen, (std::vector<std::string>{"Root=1", "Root=2;Sampled=0", "none", "Root=4"}));
}

TEST_P(LoopContract, AnExceptionBecomesTheInvocationsErrorAndTheLoopGoesOn) {
  const auto outcomes = serve({{.payload = "bad"}, {.payload = "good"}},
                              [](std::string_view payload, const Context&) {
                                if (payload == "bad")
                                  throw std::out_of_range("no \"such\" thing\xFF");
                                return std::string(payload);
                              });
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[0].kind, Outcome::kError);
  EXPECT_EQ(outcomes[0].request_id, SentEvent{}.request_id);
  EXPECT_EQ(outcomes[0].category, "Function.UnhandledException");
  EXPECT_EQ(json::parse(outcomes[0].body), (json{{"errorMessage", "no \"such\" thing\xEF\xBF\xBD"},
                                                 {"errorType", "std::out_of_range"},
                                                 {"stackTrace", json::array()}}));
  EXPECT_EQ(outcomes[1].kind, Outcome::kResult);
  EXPECT_EQ(outcomes[1].body, "good");
}

TEST_P(LoopContract, ThingsThatAreNoStdExceptionAreErrorsToo) {
  struct Odd {};
  const auto outcomes = serve({{.payload = "int"}, {.payload = "text"}, {.payload = "odd"}},
                              [](std::string_view payload, const Context&) -> std::string {
                                if (payload == "int") throw 42;
                                if (payload == "text") throw "plain text";
                                throw Odd{};
                              });
  ASSERT_EQ(outcomes.size(), 3u);
  EXPECT_EQ(json::parse(outcomes[0].body)["errorType"], "int");
  EXPECT_EQ(json::parse(outcomes[1].body)["errorMessage"], "plain text");
  EXPECT_NE(json::parse(outcomes[2].body)["errorType"].get<std::string>().find("Odd"),
            std::string::npos);
}

TEST_P(LoopContract, AHugeErrorMessageIsCut) {
  const auto outcomes = serve({{}}, [](std::string_view, const Context&) -> std::string {
    throw std::runtime_error(std::string(10'000'000, 'x'));
  });
  EXPECT_EQ(json::parse(outcomes.at(0).body)["errorMessage"].get<std::string>().size(), 64u * 1024);
}

TEST_P(LoopContract, AFailedInitIsReportedAndNothingElse) {
  const Function function{nullptr, [](void*) { throw std::runtime_error("no database"); },
                          [](void*, std::string_view, const Context&) { return std::string(); }};
  const auto outcomes = platform().serve({{}}, function);
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].kind, Outcome::kInitError);
  EXPECT_EQ(outcomes[0].category, "Function.InitException");
  EXPECT_EQ(json::parse(outcomes[0].body), (json{{"errorMessage", "no database"},
                                                 {"errorType", "std::runtime_error"},
                                                 {"stackTrace", json::array()}}));
}

TEST_P(LoopContract, PayloadsOfSixMegabytesPassUnchanged) {
  std::string large(6 * 1024 * 1024, 'x');
  for (size_t i = 0; i < large.size(); i += 997) large[i] = static_cast<char>(i);
  const auto outcomes =
      serve({{.payload = large}, {.payload = "{}"}, {.payload = large}, {.payload = ""}},
            [](std::string_view payload, const Context&) { return std::string(payload); });
  ASSERT_EQ(outcomes.size(), 4u);
  EXPECT_TRUE(outcomes[0].body == large);
  EXPECT_EQ(outcomes[1].body, "{}");
  EXPECT_TRUE(outcomes[2].body == large);
  EXPECT_EQ(outcomes[3].body, "");
}

TEST(ChannelTransport, FramesThatAreNoEventsEndTheLoop) {
  const auto frame = [](FrameType type, uint32_t meta, uint64_t body, std::string_view rest) {
    const FrameHeader header{type, meta, body};
    return std::string(reinterpret_cast<const char*>(&header), sizeof header) + std::string(rest);
  };
  std::string empty_id;
  MetaWriter(empty_id).add("").add("1").add("").add("").add("").add("");
  std::string bad_deadline;
  MetaWriter(bad_deadline).add("id").add("soon").add("").add("").add("").add("");
  for (const std::string& bytes : {
           frame(FrameType::kResult, 0, 0, ""),
           frame(FrameType::kEvent, kMaxFrameMeta + 1, 0, ""),
           frame(FrameType::kEvent, 0, uint64_t{1} << 40, ""),
           frame(FrameType::kEvent, 4, 0, "abcd"),
           frame(FrameType::kEvent, static_cast<uint32_t>(empty_id.size()), 0, empty_id),
           frame(FrameType::kEvent, static_cast<uint32_t>(bad_deadline.size()), 0, bad_deadline),
           frame(FrameType::kEvent, 10, 0, "short"),
           std::string("HTTP"),
       }) {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    const UniqueFd engine(pair[0]);
    ChannelTransport transport{UniqueFd(pair[1])};
    ASSERT_EQ(::send(engine.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
    ::shutdown(engine.get(), SHUT_WR);
    Event event;
    EXPECT_EQ(transport.next(event), Transport::Next::kLost) << ::testing::PrintToString(bytes);
    EXPECT_FALSE(transport.problem().empty());
  }
}

TEST(ChannelTransport, TheVariableIsTakenAndHidden) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  const UniqueFd engine(pair[0]);
  ::setenv("KILN_CHANNEL_FD", std::to_string(pair[1]).c_str(), 1);
  const auto transport = ChannelTransport::from_environment();
  ASSERT_NE(transport, nullptr);
  EXPECT_EQ(std::getenv("KILN_CHANNEL_FD"), nullptr);
  EXPECT_EQ(::fcntl(pair[1], F_GETFD), FD_CLOEXEC);
  for (const char* none : {"", "x", "-1", "12x", "999999"}) {
    ::setenv("KILN_CHANNEL_FD", none, 1);
    EXPECT_EQ(ChannelTransport::from_environment(), nullptr) << none;
  }
}

}  // namespace
}  // namespace kiln::sdk
