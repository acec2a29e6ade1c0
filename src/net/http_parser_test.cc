// Requests as they come: whole, byte by byte, several at once; and what must not pass as one.
#include "net/http_parser.h"

#include <gtest/gtest.h>

#include <vector>

namespace kiln::net {
namespace {

using Step = HttpParser::Step;

struct Parsed {
  Step last = Step::kMore;
  std::string head;  // METHOD TARGET|NAME=VALUE|…
  std::string body;
  std::string rest;
  std::string fault;
};

// Gives `text` in pieces of `piece` bytes, until the first request has ended.
Parsed parse(std::string_view text, size_t piece = std::string_view::npos, uint64_t limit = 1000,
             HttpParser::Limits limits = {.header_bytes = 4096, .fields = 100}) {
  HttpParser parser(limits);
  Parsed out;
  while (!text.empty()) {
    std::string_view in = text.substr(0, piece);
    const size_t given = in.size();
    do {
      out.last = parser.put(in);
      if (out.last == Step::kHead) {
        parser.set_body_limit(limit);
        if (parser.is_done()) out.last = Step::kDone;
      }
    } while (!in.empty() && (out.last == Step::kMore || out.last == Step::kHead));
    text.remove_prefix(given - in.size());
    if (out.last != Step::kMore && out.last != Step::kHead) break;
  }
  out.rest = text;
  out.fault = parser.fault();
  if (!parser.is_head_done()) return out;
  const RequestHeader& header = parser.header();
  out.head = std::string(header.method_string()) + " " + std::string(header.target());
  for (const auto& field : header)
    out.head += "|" + std::string(field.name_string()) + "=" + std::string(field.value());
  out.body = parser.body();
  return out;
}

TEST(HttpParser, ARequestInEveryKindOfPieces) {
  const std::string text =
      "POST /a%20b?c=d HTTP/1.1\r\nHost: h\r\nX-Empty:\r\nX-Blank: \t v w \t\r\n"
      "Content-Length: 5\r\n\r\nhello";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    const Parsed parsed = parse(text, piece);
    EXPECT_EQ(parsed.last, Step::kDone) << piece;
    EXPECT_EQ(parsed.head, "POST /a%20b?c=d|Host=h|X-Empty=|X-Blank=v w|Content-Length=5");
    EXPECT_EQ(parsed.body, "hello");
  }
}

TEST(HttpParser, ChunksWithExtensionsAndTrailersInEveryKindOfPieces) {
  const std::string text =
      "PUT / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n00A;x=\"y\" ; z\r\n"
      "0123456789\r\n0\r\nX-One: 1\r\nX-Two:2\r\n\r\nGET /next";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    const Parsed parsed = parse(text, piece);
    EXPECT_EQ(parsed.last, Step::kDone) << piece;
    EXPECT_EQ(parsed.head, "PUT /|Transfer-Encoding=Chunked|X-One=1|X-Two=2");
    EXPECT_EQ(parsed.body, "abc0123456789");
    EXPECT_EQ(parsed.rest, "GET /next");
  }
}

TEST(HttpParser, WhatFollowsStaysForTheNextRequest) {
  HttpParser parser({});
  std::string_view in = "GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.0\r\nContent-Length: 1\r\n\r\nxGET";
  ASSERT_EQ(parser.put(in), Step::kHead);
  EXPECT_TRUE(parser.is_done());
  EXPECT_TRUE(parser.header().keep_alive());
  parser.reset();
  ASSERT_EQ(parser.put(in), Step::kHead);
  EXPECT_FALSE(parser.is_done());
  EXPECT_EQ(parser.header().version(), 10U);
  EXPECT_FALSE(parser.header().keep_alive());
  ASSERT_EQ(parser.put(in), Step::kDone);
  EXPECT_EQ(parser.body(), "x");
  EXPECT_EQ(in, "GET");
}

// What two readers could take for two different things (RFC 9112, 2.2, 5.1, 6.1, 6.3, 7.1).
TEST(HttpParser, WhatIsNoRequestIsRefused) {
  for (const char* text : {
           "GET\r\n\r\n",
           "GET /\r\n\r\n",
           "GET  / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1 \r\n\r\n",
           " GET / HTTP/1.1\r\n\r\n",
           "\r\nGET / HTTP/1.1\r\n\r\n",
           "G\xe9T / HTTP/1.1\r\n\r\n",
           "GET /\x01 HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.2\r\n\r\n",
           "GET / HTTP/2.0\r\n\r\n",
           "GET / http/1.1\r\n\r\n",
           "GET / HTTP/1.1\nHost: x\n\n\r\n\r\n",
           "GET / HTTP/1.1\r\nno colon\r\n\r\n",
           "GET / HTTP/1.1\r\n: no name\r\n\r\n",
           "GET / HTTP/1.1\r\nName : v\r\n\r\n",
           "GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
           "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n",
           "GET / HTTP/1.1\r\nA: b\nc: d\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: 1 2\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
           "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: \x0b"
           "chunked\r\n\r\n",
           "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1 a\r\nb\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;x=\"y\r\nb\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 1\r\n\r\n",
           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n",
       }) {
    for (const size_t piece : {std::string_view(text).size(), size_t{1}, size_t{7}}) {
      const Parsed parsed = parse(text, piece);
      EXPECT_EQ(parsed.last, Step::kBad) << text << " in pieces of " << piece;
      EXPECT_FALSE(parsed.fault.empty()) << text;
    }
  }
}

TEST(HttpParser, GarbageIsRefusedBeforeAnEndOfItComes) {
  EXPECT_EQ(parse("\x16\x03\x01\x02").last, Step::kBad);
  EXPECT_EQ(parse("SSH-2.0-OpenSSH_9\r\n").last, Step::kBad);
  EXPECT_EQ(parse("PRI * HTTP/2.0\r\n").last, Step::kBad);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHo").last, Step::kMore);
}

TEST(HttpParser, LimitsOnBothSides) {
  const std::string start = "GET / HTTP/1.1\r\nX: ";
  const auto with = [&](size_t size) {
    return start + std::string(size - start.size() - 4, 'x') + "\r\n\r\n";
  };
  for (const size_t piece : {std::string_view::npos, size_t{1}, size_t{1000}}) {
    EXPECT_EQ(parse(with(4096), piece).last, Step::kDone);
    EXPECT_EQ(parse(with(4097), piece).last, Step::kHeadTooLarge);
    EXPECT_EQ(parse(with(100'000), piece).last, Step::kHeadTooLarge);
  }
  const auto fields = [](int n) {
    std::string text = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < n; ++i) text += "a:b\r\n";
    return text + "\r\n";
  };
  EXPECT_EQ(parse(fields(100)).last, Step::kDone);
  EXPECT_EQ(parse(fields(101)).last, Step::kHeadTooLarge);

  const auto body = [](size_t n) {
    return "POST / HTTP/1.1\r\nContent-Length: " + std::to_string(n) + "\r\n\r\n" +
           std::string(n, 'b');
  };
  EXPECT_EQ(parse(body(1000)).last, Step::kDone);
  EXPECT_EQ(parse(body(1001)).last, Step::kBodyTooLarge);
  const std::string chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string half = "1f4\r\n" + std::string(500, 'b') + "\r\n";
  EXPECT_EQ(parse(chunked + half + half + "0\r\n\r\n").last, Step::kDone);
  EXPECT_EQ(parse(chunked + half + half + "1\r\n").last, Step::kBodyTooLarge);
  EXPECT_EQ(parse(chunked + "fffffffffffffff\r\n").last, Step::kBodyTooLarge);
  EXPECT_EQ(parse(chunked + "1;" + std::string(1000, 'e') + "\r\n").last, Step::kBad);
  EXPECT_EQ(parse(chunked + "0\r\nX: " + std::string(5000, 't')).last, Step::kHeadTooLarge);
}

// Gives all of `text`; what it took of memory, at most, and how often it asked for more.
struct Memory {
  uint64_t most = 0;
  int asked = 0;
};
Memory memory_of(HttpParser& parser, std::string_view text, size_t piece = std::string_view::npos) {
  Memory out;
  while (!text.empty()) {
    std::string_view in = text.substr(0, piece);
    text.remove_prefix(in.size());
    while (!in.empty()) {
      const size_t before = parser.body().capacity();
      const Step step = parser.put(in);
      EXPECT_TRUE(step == Step::kMore || step == Step::kHead || step == Step::kDone ||
                  step == Step::kRoom);
      EXPECT_LE(parser.body().capacity(), std::max<uint64_t>({before, 1000, out.most}));
      if (step != Step::kRoom) continue;
      ++out.asked;
      out.most = parser.wanted();
      parser.grant(out.most);
    }
  }
  return out;
}

TEST(HttpParser, MemoryIsAskedForBeforeItIsTaken) {
  const HttpParser::Limits limits{.header_bytes = 1 << 20, .unasked_bytes = 1000};
  constexpr size_t kLarge = 5'000'000;
  const auto post = [](const std::string& framing) {
    return "POST / HTTP/1.1\r\n" + framing + "\r\n\r\n";
  };
  for (const size_t piece : {size_t{7000}, size_t{64} << 10, size_t{100'000'000}}) {
    HttpParser known(limits), chunked(limits), small(limits);
    const Memory of_known =
        memory_of(known, post("Content-Length: 5000000") + std::string(kLarge, 'b'), piece);
    EXPECT_TRUE(known.is_done());
    EXPECT_LE(of_known.most, kLarge + 1000) << "no more than the body";
    EXPECT_LE(of_known.asked, 4);
    const std::string chunk = "4c4b40\r\n" + std::string(kLarge, 'b') + "\r\n0\r\n";
    const Memory of_chunked =
        memory_of(chunked, post("Transfer-Encoding: chunked") + chunk + "T: t\r\n\r\n", piece);
    EXPECT_TRUE(chunked.is_done());
    EXPECT_LE(of_chunked.most, 2 * kLarge + 2000);
    EXPECT_EQ(memory_of(small, post("Content-Length: 900") + std::string(900, 'b'), piece).asked,
              0);
  }
}

TEST(HttpParser, ALengthAloneTakesLittleMemory) {
  HttpParser parser({.unasked_bytes = 1000});
  const std::string head = "POST / HTTP/1.1\r\nContent-Length: 69000000\r\n\r\n";
  memory_of(parser, head + "{");
  EXPECT_LE(parser.body().capacity(), size_t{64} << 10);
  memory_of(parser, std::string(100'000, 'b'));
  EXPECT_LE(parser.body().capacity(), size_t{1} << 20);
}

TEST(HttpParser, ALargeHeadAsksToo) {
  HttpParser parser({.header_bytes = 1 << 20, .unasked_bytes = 1000});
  const Memory memory =
      memory_of(parser, "GET / HTTP/1.1\r\nX: " + std::string(500'000, 'x'), 30'000);
  EXPECT_GE(memory.most, 500'000U);
  EXPECT_LE(memory.most, 1'100'000U);
  EXPECT_GT(memory.asked, 0);
  memory_of(parser, "\r\n\r\n");
  EXPECT_TRUE(parser.is_done());
}

TEST(HttpParser, ExpectIsAnsweredWhereHttp11AsksForIt) {
  const auto expects = [](std::string_view text) {
    HttpParser parser({});
    EXPECT_EQ(parser.put(text), Step::kHead);
    return parser.expects_continue();
  };
  EXPECT_TRUE(expects("PUT / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n"));
  EXPECT_FALSE(expects("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"));
  EXPECT_FALSE(expects("PUT / HTTP/1.1\r\nExpect: more\r\nContent-Length: 1\r\n\r\n"));
}

TEST(RequestHeader, FieldsAreFoundWhateverTheirCaseAndCanBeSet) {
  Request request(http::verb::post, "/t");
  request.set("X-One", "1");
  request.insert("x-one", "2");
  EXPECT_EQ(request["X-ONE"], "1");
  EXPECT_EQ(request.count("x-one"), 2U);
  request.set("x-one", request["X-ONE"]);
  EXPECT_EQ(request.count("x-one"), 1U);
  EXPECT_EQ(request["x-one"], "1");
  EXPECT_EQ(request["x-two"], "");
  EXPECT_EQ(request.method_string(), "POST");
  EXPECT_EQ(request.target(), "/t");
  EXPECT_TRUE(request.keep_alive());
  request.set("Connection", "Upgrade, Close");
  EXPECT_FALSE(request.keep_alive());
}

// A value from outside can't add a header or end the head.
TEST(ResponseHead, NoNameOrValueEndsItsLine) {
  Response response;
  response.content_type = "a\r\nX-Bad: 1";
  response.headers.emplace_back("X-Context", std::string("{\n\"a\":\r\n1}\0", 11));
  response.headers.push_back({"X\r\nY", "1"});
  response.body = "b";
  std::string head;
  write_head(head, response, true);
  EXPECT_EQ(head,
            "HTTP/1.1 200 OK\r\nContent-Type: a  X-Bad: 1\r\nContent-Length: 1\r\n"
            "X-Context: { \"a\":  1} \r\nX  Y: 1\r\n\r\n");
  Request request(http::verb::get, "/");
  request.insert("X-Context", "a\r\nb");
  EXPECT_EQ(request["X-Context"], "a  b");
}

}  // namespace
}  // namespace kiln::net
