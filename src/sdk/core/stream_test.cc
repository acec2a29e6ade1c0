// Streaming handlers over both transports.
#include "kiln/stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/channel_frame.h"
#include "sdk/core/channel_transport.h"
#include "sdk/core/http_transport.h"
#include "sdk/core/loop.h"
#include "sdk/core/text.h"
#include "tests/support/runtime_api_double.h"

namespace kiln {
namespace {

using kiln::testing::RuntimeApiDouble;
using nlohmann::json;

template <class H>
sdk::Function streaming(H& handler) {
  return {&handler, [](void*) {}, nullptr,
          [](void* h, std::string_view payload, const Context& context, ResponseStream& out) {
            (*static_cast<H*>(h))(payload, context, out);
          }};
}

// What a handler posts over HTTP, one post per event.
template <class H>
std::vector<RuntimeApiDouble::Post> serve(std::vector<std::string> events, H handler) {
  RuntimeApiDouble api(std::move(events));
  {
    sdk::HttpTransport transport(*sdk::Endpoint::parse(api.address()));
    sdk::run_loop(transport, streaming(handler));
  }
  return api.posts();
}

bool has(const std::string& head, const std::string& line) {
  return head.find("\r\n" + line + "\r\n") != std::string::npos;
}

TEST(Stream, EachWriteIsAChunkAndThePayloadStaysReadable) {
  const std::string large(3'000'000, 'x');
  const auto posts =
      serve({"abc", "d"}, [&](std::string_view payload, const Context&, ResponseStream& out) {
        out.write("first ");
        out.write("");
        out.write(large);
        out.write(payload);
      });
  ASSERT_EQ(posts.size(), 2u);
  EXPECT_TRUE(posts[0].head.starts_with("POST /2018-06-01/runtime/invocation/0/response HTTP/1.1"));
  EXPECT_TRUE(has(posts[0].head, "Lambda-Runtime-Function-Response-Mode: streaming"));
  EXPECT_TRUE(has(posts[0].head, "Transfer-Encoding: chunked"));
  EXPECT_TRUE(has(posts[0].head, "Content-Type: application/octet-stream"));
  EXPECT_TRUE(has(posts[0].head,
                  "Trailer: Lambda-Runtime-Function-Error-Type, "
                  "Lambda-Runtime-Function-Error-Body"));
  EXPECT_TRUE(posts[0].chunks == (std::vector<std::string>{"first ", large, "abc"}));
  EXPECT_EQ(posts[0].trailers, "");
  EXPECT_EQ(posts[1].chunks.back(), "d");
}

TEST(Stream, AHandlerThatWritesNothingHasAnEmptyAnswer) {
  const auto posts = serve({"{}"}, [](std::string_view, const Context&, ResponseStream& out) {
    out.content_type("text/plain");
  });
  ASSERT_EQ(posts.size(), 1u);
  EXPECT_TRUE(has(posts[0].head, "Content-Type: text/plain"));
  EXPECT_EQ(posts[0].body, "");
}

TEST(Stream, TheHttpPreludeComesBeforeTheBody) {
  const auto handler = [](std::string_view, const Context&, ResponseStream& out) {
    out.http({.status = 201,
              .headers = {{"Content-Type", "text/plain"}, {"X-Quote", "\""}},
              .cookies = {"a=1", "b=2"}});
    out.write("body");
    EXPECT_THROW(out.http({}), std::logic_error);
    EXPECT_THROW(out.content_type("x"), std::logic_error);
  };
  const auto posts = serve({"{}"}, handler);
  ASSERT_EQ(posts.size(), 1u);
  EXPECT_TRUE(
      has(posts[0].head, "Content-Type: application/vnd.awslambda.http-integration-response"));
  const size_t nul = posts[0].body.find('\0');
  EXPECT_EQ(json::parse(posts[0].body.substr(0, nul)),
            (json{{"statusCode", 201},
                  {"headers", {{"Content-Type", "text/plain"}, {"X-Quote", "\""}}},
                  {"cookies", {"a=1", "b=2"}}}));
  EXPECT_EQ(posts[0].body.substr(nul), std::string(8, '\0') + "body");

  CollectedStream collected;
  handler("", {}, collected);
  EXPECT_EQ(collected.bytes(), posts[0].body);
  EXPECT_EQ(collected.type(), "application/vnd.awslambda.http-integration-response");
}

TEST(Stream, AnErrorBeforeTheFirstWriteIsAnOrdinaryOne) {
  const auto posts = serve({"{}"}, [](std::string_view, const Context&, ResponseStream& out) {
    out.http({});
    throw std::range_error("too early");
  });
  ASSERT_EQ(posts.size(), 1u);
  EXPECT_TRUE(posts[0].head.starts_with("POST /2018-06-01/runtime/invocation/0/error "));
  EXPECT_EQ(json::parse(posts[0].body)["errorMessage"], "too early");
}

TEST(Stream, AnErrorAfterItIsSentAsTrailersAndTheLoopGoesOn) {
  const auto posts =
      serve({"bad", "good"}, [](std::string_view payload, const Context&, ResponseStream& out) {
        out.write("begun");
        if (payload == "bad") throw std::range_error(std::string(1'000'000, '\x01'));
      });
  ASSERT_EQ(posts.size(), 2u);
  EXPECT_EQ(posts[0].body, "begun");
  const std::string type = "Lambda-Runtime-Function-Error-Type: Function.UnhandledException\r\n";
  ASSERT_TRUE(posts[0].trailers.starts_with(type + "Lambda-Runtime-Function-Error-Body: "));
  std::string expected;
  sdk::append_base64(expected, "{\"errorMessage\":\"");
  EXPECT_NE(posts[0].trailers.find(expected.substr(0, 20)), std::string::npos);
  EXPECT_LT(posts[0].trailers.size(), 40'000u);
  EXPECT_EQ(posts[1].body, "begun");
  EXPECT_EQ(posts[1].trailers, "");
}

TEST(Stream, AContentTypeCantSmuggleHeaders) {
  CollectedStream out;
  EXPECT_THROW(out.content_type("text/plain\r\nX: y"), std::invalid_argument);
}

TEST(Stream, AServerThatIsGoneClosesTheStream) {
  bool closed = false;
  const auto handler = [&](std::string_view payload, const Context&, ResponseStream& out) {
    const std::string piece(1 << 20, 'x');
    try {
      for (int i = 0; i < 1000; ++i) out.write(piece);
    } catch (const StreamClosed&) {
      closed = true;
      throw;
    }
    (void)payload;
  };
  auto copy = handler;
  // Gives out one event and closes at the first byte of the answer.
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 4), 0);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  std::thread server([&] {
    const UniqueFd client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    char byte[4096];
    (void)!::recv(client.get(), byte, sizeof byte, 0);
    const std::string event =
        "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: 0\r\nContent-Length: 0\r\n\r\n";
    (void)!::send(client.get(), event.data(), event.size(), MSG_NOSIGNAL);
    (void)!::recv(client.get(), byte, 1, 0);
  });
  sdk::HttpTransport transport(
      *sdk::Endpoint::parse("127.0.0.1:" + std::to_string(ntohs(address.sin_port))));
  EXPECT_EQ(sdk::run_loop(transport, streaming(copy)), 1);
  server.join();
  EXPECT_TRUE(closed);
}

TEST(Stream, OverTheDirectChannelAnAnswerIsCollected) {
  struct Case {
    const char* payload;
    FrameType type;
    const char* body;
  };
  for (const Case& c : {Case{"good", FrameType::kResult, "one two"},
                        Case{"bad", FrameType::kError, "\"errorMessage\":\"late\""}}) {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    UniqueFd engine(pair[0]);
    std::string meta;
    MetaWriter(meta).add("id").add("1").add("").add("").add("").add("");
    const std::string payload = c.payload;
    const FrameHeader header{FrameType::kEvent, static_cast<uint32_t>(meta.size()), payload.size()};
    const std::string frame =
        std::string(reinterpret_cast<const char*>(&header), sizeof header) + meta + payload;
    ASSERT_EQ(::send(engine.get(), frame.data(), frame.size(), 0),
              static_cast<ssize_t>(frame.size()));
    ::shutdown(engine.get(), SHUT_WR);
    auto handler = [](std::string_view event, const Context&, ResponseStream& out) {
      out.write("one ");
      out.write("two");
      if (event == "bad") throw std::range_error("late");
    };
    {
      sdk::ChannelTransport transport{UniqueFd(pair[1])};
      EXPECT_EQ(sdk::run_loop(transport, streaming(handler)), 0);
    }
    std::string received(65536, '\0');
    const ssize_t got = ::recv(engine.get(), received.data(), received.size(), MSG_WAITALL);
    received.resize(static_cast<size_t>(got));
    FrameHeader result{};
    ASSERT_GE(received.size(), 2 * sizeof result);
    FrameHeader ready{};
    std::memcpy(&ready, received.data(), sizeof ready);
    ASSERT_GE(received.size(), 2 * sizeof result + ready.meta_size);
    std::memcpy(&result, received.data() + sizeof ready + ready.meta_size, sizeof result);
    EXPECT_EQ(result.type, c.type);
    EXPECT_NE(received.find(c.body), std::string::npos);
  }
}

TEST(Stream, FactoriesAndHandlersRun) {
  ::unsetenv("AWS_LAMBDA_RUNTIME_API");
  // The header's example.
  EXPECT_EQ(run([](std::string_view payload, const Context&, ResponseStream& out) {
              out.http({.status = 200, .headers = {{"Content-Type", "text/plain"}}});
              out.write("first ");
              out.write(payload);
            }),
            1);
  EXPECT_EQ(run([] {
              return [owned = std::make_unique<int>(1)](std::string_view, const Context&,
                                                        ResponseStream& out) { out.write("x"); };
            }),
            1);
}

}  // namespace
}  // namespace kiln
