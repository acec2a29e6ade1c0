#include "sdk/core/http_response.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace kiln::sdk {
namespace {

using State = HttpResponse::State;

struct Parsed {
  State state = State::kMore;
  int status = 0;
  std::string body;
  std::string request_id;
  bool keep_alive = false;
  size_t end = 0;
  bool operator==(const Parsed&) const = default;
};

// Feeds `text` in pieces; each piece is in a fresh exact-size allocation, so that a sanitizer sees
// a read past its end.
Parsed parse(std::string_view text, size_t piece, bool then_end = false) {
  HttpResponse response;
  std::vector<char> buffer;
  State state = State::kMore;
  size_t given = 0;
  while (state == State::kMore && given < text.size()) {
    const size_t size = std::min(piece, text.size() - given);
    std::vector<char> grown(buffer.size() + size);
    std::copy(buffer.begin(), buffer.end(), grown.begin());
    std::copy_n(text.data() + given, size, grown.begin() + static_cast<ptrdiff_t>(buffer.size()));
    buffer.swap(grown);
    given += size;
    state = response.advance(buffer);
    EXPECT_LE(response.missing(buffer.size()), HttpResponse::kMaxBody);
  }
  if (state == State::kMore && then_end) state = response.end_of_stream(buffer.size());
  Parsed parsed;
  parsed.state = state;
  if (state == State::kDone) {
    const std::string_view view(buffer.data(), buffer.size());
    parsed.status = response.status();
    parsed.body = response.body(view);
    parsed.request_id = response.header(view, HttpResponse::kRequestId);
    parsed.keep_alive = response.keep_alive();
    parsed.end = response.end();
  }
  return parsed;
}

constexpr std::string_view kSized =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nlambda-RUNTIME-aws-request-id: \t abc "
    "\r\n"
    "Content-Length: 7\r\n\r\n{\"a\":1}";
constexpr std::string_view kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nLambda-Runtime-Aws-Request-Id: abc\r\n\r\n"
    "3\r\n{\"a\r\n3;name=value\r\n\":1\r\n01\r\n}\r\n0\r\nTrailer: x\r\n\r\n";

TEST(HttpResponse, ReadsTheSameWhereverTheBytesAreSplit) {
  for (const auto text : {kSized, kChunked}) {
    for (size_t piece = 1; piece <= text.size(); ++piece) {
      const Parsed parsed = parse(text, piece);
      EXPECT_EQ(parsed, (Parsed{State::kDone, 200, "{\"a\":1}", "abc", true, text.size()}))
          << piece;
    }
  }
}

TEST(HttpResponse, EveryPrefixIsIncomplete) {
  for (const auto text : {kSized, kChunked}) {
    for (size_t size = 1; size < text.size(); ++size) {
      EXPECT_EQ(parse(text.substr(0, size), 5).state, State::kMore) << size;
      EXPECT_EQ(parse(text.substr(0, size), 5, true).state, State::kBad) << size;
    }
  }
}

TEST(HttpResponse, StopsAtTheEndOfTheResponse) {
  const std::string two = std::string(kSized) + std::string(kSized);
  EXPECT_EQ(parse(two, two.size()).end, kSized.size());
}

TEST(HttpResponse, SkipsInterimResponses) {
  const std::string text =
      "HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\n" + std::string(kSized);
  EXPECT_EQ(parse(text, 1).body, "{\"a\":1}");
}

TEST(HttpResponse, KnowsWhenTheConnectionEnds) {
  EXPECT_FALSE(
      parse("HTTP/1.1 202 A\r\nConnection: foo, Close\r\nContent-Length: 0\r\n\r\n", 9).keep_alive);
  EXPECT_FALSE(parse("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 9).keep_alive);
  const Parsed until_close = parse("HTTP/1.1 200 OK\r\n\r\nabc", 4, true);
  EXPECT_EQ(until_close.body, "abc");
  EXPECT_FALSE(until_close.keep_alive);
}

TEST(HttpResponse, NoBodyWithoutOne) {
  EXPECT_EQ(parse("HTTP/1.1 204 No Content\r\n\r\n", 3).state, State::kDone);
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 3).body, "");
}

TEST(HttpResponse, RefusesWhatIsNoResponse) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  for (const std::string& text : {
           std::string("SSH-2.0-OpenSSH_9.2\r\n"),
           std::string("HTTX"),
           std::string("HTTP/2 200 OK\r\n\r\n"),
           std::string("HTTP/1.1 20x OK\r\n\r\n"),
           std::string("HTTP/1.1 099 OK\r\n\r\n"),
           std::string("HTTP/1.1 2000 OK\r\n\r\n"),
           head + "no colon\r\n\r\n",
           head + ": no name\r\n\r\n",
           head + "Content-Length: -1\r\n\r\n",
           head + "Content-Length: 1a\r\n\r\n",
           head + "Content-Length: \r\n\r\n",
           head + "Content-Length: 67108865\r\n\r\n",
           head + "Content-Length: 99999999999999999999\r\n\r\n",
           head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
           head + "Transfer-Encoding: gzip\r\n\r\n",
           head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
           head + "Transfer-Encoding: chunked\r\n\r\n\r\n",
           head + "Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
           head + "Transfer-Encoding: chunked\r\n\r\n4000001\r\n",
           head + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
           head + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(2000, 'x'),
       }) {
    EXPECT_EQ(parse(text, text.size()).state, State::kBad) << text.substr(0, 80);
    EXPECT_EQ(parse(text, 1).state, State::kBad) << text.substr(0, 80);
  }
}

TEST(HttpResponse, HeadsMayBeOneMebibyteAndNotMore) {
  const std::string begin = "HTTP/1.1 200 OK\r\nX: ";
  const std::string end = "\r\nContent-Length: 0\r\n\r\n";
  const std::string largest =
      begin + std::string(HttpResponse::kMaxHead + 4 - begin.size() - end.size(), 'x') + end;
  EXPECT_EQ(parse(largest, 65536).state, State::kDone);
  const std::string larger = begin + "x" + largest.substr(begin.size());
  EXPECT_EQ(parse(larger, 65536).state, State::kBad);
  EXPECT_EQ(parse(begin + std::string(HttpResponse::kMaxHead + 70000, 'x'), 65536).state,
            State::kBad);
}

TEST(HttpResponse, SaysHowMuchOfTheBodyIsMissing) {
  HttpResponse response;
  std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 6000000\r\n\r\nabc";
  EXPECT_EQ(response.advance(text), State::kMore);
  EXPECT_EQ(response.missing(text.size()), 6'000'000u - 3);
}

// Broken answers of every kind: whatever comes, the parser reads only what is there and ends in one
// of its states, and the result does not depend on where the bytes were split.
TEST(HttpResponse, SurvivesMutations) {
  std::mt19937 random(20260101);
  const std::string seeds[] = {std::string(kSized), std::string(kChunked),
                               "HTTP/1.1 100 Continue\r\n\r\n" + std::string(kChunked),
                               "HTTP/1.0 200 OK\r\n\r\nbody",
                               "HTTP/1.1 202 Accepted\r\nContent-Length: 15\r\nConnection: "
                               "close\r\n\r\n{\"status\":\"OK\"}"};
  const std::string_view tokens[] = {"\r\n",
                                     "\r",
                                     "\n",
                                     ":",
                                     "0",
                                     "ffffffff",
                                     "HTTP/1.1 ",
                                     "\r\n\r\n",
                                     "Content-Length: ",
                                     "Transfer-Encoding: chunked\r\n",
                                     ";",
                                     "\0"};
  int done = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = seeds[random() % std::size(seeds)];
    for (auto edits = 1 + random() % 4; edits > 0; --edits) {
      const size_t at = random() % (text.size() + 1);
      switch (random() % 4) {
        case 0:
          if (at < text.size()) text[at] = static_cast<char>(random());
          break;
        case 1:
          text.insert(at, tokens[random() % std::size(tokens)]);
          break;
        case 2:
          text.erase(at, random() % 8);
          break;
        default:
          text.insert(at, text.substr(random() % (text.size() + 1), random() % 40));
      }
    }
    const Parsed whole = parse(text, text.size() + 1, true);
    const Parsed split = parse(text, 1 + random() % 7, true);
    EXPECT_EQ(whole.state, split.state) << ::testing::PrintToString(text);
    if (whole.state == State::kDone && split.state == State::kDone) {
      EXPECT_EQ(whole, split) << ::testing::PrintToString(text);
      ++done;
    }
  }
  EXPECT_GT(done, 1000);  // the mutations are not all fatal
}

}  // namespace
}  // namespace kiln::sdk
