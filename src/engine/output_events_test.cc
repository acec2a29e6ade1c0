#include "engine/output_events.h"

#include <gtest/gtest.h>

#include <vector>

namespace kiln::engine {
namespace {

using Events = std::vector<std::string>;

std::string frame(const std::string& text, char kind = '\x03') {
  std::string out("\xa5\x5a\0", 3);
  out += kind;
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>(text.size() >> shift & 0xff);
  return out + std::string(8, '\x01') + text;
}

// The events of `bytes`, which come in parts of `part` bytes.
Events events_of(const std::string& bytes, size_t part, OutputFrames frames = OutputFrames::kYes) {
  Events out;
  OutputEvents events(frames);
  const auto take = [&out](std::string_view text) { out.emplace_back(text); };
  for (size_t at = 0; at < bytes.size(); at += part) events.feed(bytes.substr(at, part), take);
  events.end(take);
  return out;
}

TEST(OutputEvents, LinesAndFramesInAnyParts) {
  const std::string traceback = "[ERROR] E: no\nTraceback (most recent call last):\n  File x\n";
  const std::string bytes = "one\n\n\r\n" + frame(traceback) + "two\n" + frame("{}", '\x16') +
                            frame("") + "\xa5 begins a line\n\xa5\x5a\n" + "rest";
  const Events expected = {"one",
                           traceback.substr(0, traceback.size() - 1),
                           "two",
                           "{}",
                           "\xa5 begins a line",
                           "\xa5\x5a",
                           "rest"};
  for (const size_t part : {1, 2, 3, 7, 16, 17, 1000}) EXPECT_EQ(events_of(bytes, part), expected);
}

TEST(OutputEvents, WithoutFramesTheirBytesAreLines) {
  EXPECT_EQ(events_of(frame("a\nb"), 5, OutputFrames::kNo).size(), 2u);
}

TEST(OutputEvents, LongOnesAreCut) {
  const std::string large(OutputEvents::kMaxEvent + 10, 'x');
  for (const std::string& bytes : {large + "\n", frame(large)}) {
    const auto events = events_of(bytes, 60'000);
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].size(), OutputEvents::kMaxEvent);
    EXPECT_EQ(events[1], "xxxxxxxxxx");
  }
}

TEST(OutputEvents, AFrameThatEndsEarlyKeepsItsText) {
  const std::string whole = frame("a\nb c");
  EXPECT_EQ(events_of(whole.substr(0, whole.size() - 2), 4), Events{"a\nb"});
  EXPECT_EQ(events_of("x\n" + whole.substr(0, 9), 100), Events{"x"});
}

}  // namespace
}  // namespace kiln::engine
