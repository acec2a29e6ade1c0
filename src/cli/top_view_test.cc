// The full-screen view without a screen: what is drawn at each width, and what keys do.
#include "cli/top_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace kiln::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using KeyKind = Key::Kind;

json function(const std::string& name, int in_use, int invocations) {
  return {{"region", "us-east-1"},
          {"name", name},
          {"inUse", in_use},
          {"reserved", 20},
          {"provisionedConfigured", 5},
          {"provisionedReady", 3},
          {"environments", 4},
          {"idle", 2},
          {"invocations", invocations},
          {"errors", 1},
          {"throttles", 0},
          {"coldStarts", 4},
          {"p50Ms", 1.25},
          {"p99Ms", nullptr}};
}

json status(std::vector<json> functions) {
  return {{"version", "0.1.0"},
          {"functions", functions},
          {"alarms", json::array({{{"region", "us-east-1"},
                                   {"name", "errors"},
                                   {"state", "ALARM"},
                                   {"reason", "Threshold Crossed"}}})},
          {"queuedEvents", 7},
          {"accountConcurrency", 1000},
          {"speed", 60},
          {"machineTime", 1'769'000'400},
          {"metricTime", 1'769'004'000}};
}

class TopViewTest : public testing::Test {
 protected:
  TopViewTest() {
    view_.update(status({function("alpha", 3, 100), function("beta", 9, 50)}), now_);
    now_ += std::chrono::seconds(2);
    view_.update(status({function("alpha", 3, 300), function("beta", 9, 50)}), now_);
  }

  std::vector<std::string> draw(int columns = 80, int rows = 24) {
    return view_.render(console_, {columns, rows});
  }
  std::string page(int columns = 80, int rows = 24) {
    std::string out;
    for (const std::string& line : draw(columns, rows)) out += line + "\n";
    return out;
  }
  void type(const std::string& text) {
    for (const char c : text) view_.on_key({KeyKind::kText, c});
  }
  void press(KeyKind kind) { view_.on_key({kind}); }

  std::istringstream in_;
  std::ostringstream out_, err_;
  Console console_{in_, out_, err_};
  TopView view_{"http://127.0.0.1:4566"};
  SteadyTime now_{};
};

int line_width(const std::string& line) {
  int width = 0;
  for (const char c : line)
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++width;
  return width;
}

TEST_F(TopViewTest, FillsTheScreenAndNeverMoreAtAnyWidth) {
  for (const int columns : {60, 61, 79, 80, 100, 140, 300}) {
    for (const int rows : {10, 24, 40}) {
      const std::vector<std::string> lines = draw(columns, rows);
      EXPECT_EQ(lines.size(), static_cast<size_t>(rows));
      for (const std::string& line : lines) EXPECT_LE(line_width(line), columns) << line;
      // The functions and what they do are there at every width.
      EXPECT_THAT(page(columns, rows), HasSubstr("alpha"));
      EXPECT_THAT(page(columns, rows), HasSubstr("INV/S"));
    }
  }
}

TEST_F(TopViewTest, NarrowScreensLeaveOutWhatMattersLess) {
  EXPECT_THAT(page(80), HasSubstr("P99 MS"));
  EXPECT_THAT(page(80), Not(HasSubstr("PROVISIONED")));
  EXPECT_THAT(page(140), HasSubstr("PROVISIONED"));
  EXPECT_THAT(page(140), HasSubstr("3/5"));
}

TEST_F(TopViewTest, TheHeadHasAccountClocksAndAlarms) {
  const std::vector<std::string> lines = draw();
  EXPECT_EQ(lines[0], "kiln 0.1.0  http://127.0.0.1:4566  12/1000 in use  7 queued");
  EXPECT_EQ(lines[1], "machine 13:00:00  metrics 14:00:00  ×60  2 functions");
  EXPECT_EQ(lines[2], "1 of 1 alarm in ALARM: errors");
}

TEST_F(TopViewTest, RatesAreThoseBetweenTwoSnapshots) {
  EXPECT_THAT(draw()[4], testing::MatchesRegex("alpha +100 .*"));
  // A Kiln that was started anew counts from 0.
  now_ += std::chrono::seconds(1);
  view_.update(status({function("alpha", 3, 5)}), now_);
  EXPECT_THAT(draw()[4], testing::MatchesRegex("alpha +- .*"));
}

TEST_F(TopViewTest, SortsReversesAndFilters) {
  EXPECT_THAT(draw()[4], StartsWith("alpha"));
  type("ss");  // by INV/S, then by IN USE
  EXPECT_THAT(draw()[3], HasSubstr("*IN USE"));
  EXPECT_THAT(draw()[4], StartsWith("beta"));
  type("r");
  EXPECT_THAT(draw()[4], StartsWith("alpha"));
  type("/bet");
  EXPECT_THAT(page(), HasSubstr("filter: bet_"));
  press(KeyKind::kEnter);
  EXPECT_THAT(draw()[4], StartsWith("beta"));
  EXPECT_THAT(page(), Not(HasSubstr("alpha")));
  press(KeyKind::kEscape);
  EXPECT_THAT(page(), HasSubstr("alpha"));
}

TEST_F(TopViewTest, EnterShowsOneFunctionWithItsHistoryAndLog) {
  press(KeyKind::kDown);
  press(KeyKind::kDown);
  press(KeyKind::kEnter);
  ASSERT_TRUE(view_.detailed());
  EXPECT_EQ(view_.detailed()->name, "beta");
  view_.add_log({{1, "s", "START RequestId: x\n"}, {2, "s", "[ERROR] ValueError: \033[31mbad\n"}});
  const std::string text = page();
  EXPECT_THAT(text, HasSubstr("in use 9   reserved 20   provisioned 3/5"));
  EXPECT_THAT(text, HasSubstr("concurrency, of 20 reserved"));
  EXPECT_THAT(text, HasSubstr("▄▄"));  // 9 of 20, twice
  EXPECT_THAT(text, HasSubstr("last errors\n[ERROR] ValueError:  [31mbad"));
  EXPECT_THAT(text, HasSubstr("log\nSTART RequestId: x\n"));
  EXPECT_EQ(text.find('\033'), std::string::npos);
  press(KeyKind::kEscape);
  EXPECT_FALSE(view_.detailed());
  EXPECT_EQ(view_.on_key({KeyKind::kText, 'q'}), TopView::Next::kQuit);
}

TEST_F(TopViewTest, AFunctionThatGoesAwayAndAServerThatDoesAreSaid) {
  press(KeyKind::kEnter);
  view_.update(status({}), now_);
  EXPECT_THAT(page(), HasSubstr("it is gone"));
  view_.set_problem("nothing answers");
  EXPECT_THAT(page(), HasSubstr("nothing answers"));
  view_.update(json("no object"), now_);
  EXPECT_EQ(draw().size(), 24U);
}

TEST(TakeKey, ReadsKeysOneByOne) {
  std::string typed = "q\033[A\033[B\r\033[99~x\x7f\033";
  std::vector<KeyKind> kinds;
  while (!typed.empty()) kinds.push_back(take_key(typed).kind);
  EXPECT_THAT(kinds, testing::ElementsAre(KeyKind::kText, KeyKind::kUp, KeyKind::kDown,
                                          KeyKind::kEnter, KeyKind::kNone, KeyKind::kText,
                                          KeyKind::kBackspace, KeyKind::kEscape));
  std::string unfinished = "\033[";
  EXPECT_EQ(take_key(unfinished).kind, KeyKind::kNone);
  EXPECT_EQ(unfinished, "");
}

}  // namespace
}  // namespace kiln::cli
