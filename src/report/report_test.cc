#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "report/axis.h"
#include "report/chart.h"
#include "report/markup.h"
#include "report/page.h"

namespace kiln::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Markup, EscapesWhatHtmlReads) {
  EXPECT_EQ(escape(R"(<a href="x">&'</a>)"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&lt;/a&gt;");
  EXPECT_EQ(escape("Zoë €\n\x01"), "Zoë €  ");
  EXPECT_EQ(escape("\xff\xc0\xaf\xed\xa0\x80x"),
            "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDx");
}

TEST(Markup, NumbersAsPeopleWriteThem) {
  EXPECT_EQ(number(0), "0");
  EXPECT_EQ(number(-0.0), "0");
  EXPECT_EQ(number(12.3456), "12.35");
  EXPECT_EQ(number(0.000419), "0.000419");
  EXPECT_EQ(number(999.96), "1,000");
  EXPECT_EQ(number(1234567.2), "1,234,567");
  EXPECT_EQ(number(-1500), "-1,500");
  EXPECT_EQ(number(std::nan("")), "-");
}

std::vector<std::string> labels(const Axis& axis, Range range) {
  std::vector<std::string> found;
  for (const Tick& tick : ticks(axis, range, 5)) found.push_back(tick.label);
  return found;
}

TEST(Axes, TicksAreRound) {
  EXPECT_THAT(labels({}, {0, 230}), ElementsAre("0", "50", "100", "150", "200"));
  EXPECT_THAT(labels({.scale = Scale::kTime}, {0, 3 * 3600.0}),
              ElementsAre("0", "1 h", "2 h", "3 h"));
  EXPECT_THAT(labels({.scale = Scale::kTime}, {0, 60}), ElementsAre("0", "30 s", "1 min"));
  EXPECT_THAT(labels({.scale = Scale::kLog}, {1, 100}),
              ElementsAre("1", "2", "5", "10", "20", "50", "100"));
}

TEST(Axes, LogarithmicOnesFromZeroHaveRoundEnds) {
  const Range range = widened({92, 251}, Scale::kLog, From::kZero);
  EXPECT_NEAR(range.low, 50, 1e-9);
  EXPECT_NEAR(range.high, 500, 1e-9);
  EXPECT_NEAR(widened({0.02, 1000}, Scale::kLog, From::kZero).low, 0.02, 1e-9);
  EXPECT_NEAR(widened({0.02, 1000}, Scale::kLog, From::kZero).high, 1000, 1e-6);
  EXPECT_EQ(widened({92, 251}, Scale::kLog, From::kLeast).low, 92);
}

TEST(Axes, EveryRangeCanBeDivided) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const Scale scale : {Scale::kLinear, Scale::kLog, Scale::kTime}) {
    for (const Range range : {Range{kInfinity, -kInfinity}, Range{0, 0}, Range{5, 5}, Range{-3, -3},
                              Range{0, 7}, Range{1e-12, 1e12}}) {
      const Range wide = widened(range, scale, From::kZero);
      EXPECT_LT(wide.low, wide.high);
      EXPECT_TRUE(std::isfinite(place(range.low, wide, scale)) || !std::isfinite(range.low));
      EXPECT_LE(ticks({.scale = scale}, wide, 5).size(), 100U);
    }
  }
}

Chart durations() {
  Chart chart{.title = "Time by <size>", .summary = "Faster & dearer."};
  chart.x = {.title = "Memory (MB)", .scale = Scale::kLog, .ticks = {{128, "128"}, {512, "512"}}};
  chart.y.title = "Duration (ms)";
  chart.series = {{.name = "p50", .points = {{128, 40}, {512, 10}}, .band = {{30, 50}, {9, 12}}},
                  {.name = "p99", .points = {{128, 60}, {512, 20}}}};
  chart.highlights = {{512, "recommended"}};
  return chart;
}

TEST(Charts, NameThemselvesToScreenReaders) {
  const std::string picture = svg(durations(), "c7");
  EXPECT_THAT(picture, HasSubstr(R"(role="img" aria-labelledby="c7t c7d")"));
  EXPECT_THAT(picture, HasSubstr(R"(<title id="c7t">Time by &lt;size&gt;</title>)"));
  EXPECT_THAT(picture, HasSubstr(R"(<desc id="c7d">Faster &amp; dearer.</desc>)"));
  EXPECT_THAT(picture, HasSubstr("recommended"));
  EXPECT_THAT(picture, HasSubstr("<title>p99: Memory (MB) 512, Duration (ms) 20</title>"));
}

TEST(Charts, TheirValuesStandInATable) {
  const Table table = values(durations());
  ASSERT_EQ(table.columns.size(), 4U);
  EXPECT_EQ(table.columns[2].title, "p50, from - to");
  EXPECT_THAT(table.rows, ElementsAre(ElementsAre("128", "40", "30 - 50", "60"),
                                      ElementsAre("512", "10", "9 - 12", "20")));
}

TEST(Charts, GapsBreakTheLine) {
  Chart chart;
  chart.series = {{.points = {{0, 1}, {1, std::nan("")}, {2, 1}}}};
  const std::string picture = svg(chart, "c");
  EXPECT_THAT(picture, HasSubstr("M72.0"));
  EXPECT_THAT(picture, HasSubstr("M740.0"));
  EXPECT_THAT(picture, Not(HasSubstr("nan")));
  EXPECT_EQ(values(chart).rows[1][1], "-");
}

TEST(Charts, EmptyOnesAreDrawnToo) {
  EXPECT_THAT(svg(Chart{}, "c"), testing::AllOf(HasSubstr("</svg>"), Not(HasSubstr("nan"))));
  EXPECT_TRUE(values(Chart{}).rows.empty());
}

// A year of minutes with one minute of a peak.
TEST(Charts, AYearOfMinutesStaysSmallAndKeepsItsPeak) {
  Chart chart{.title = "A year"};
  chart.x.scale = Scale::kTime;
  Series series{.name = "in use"};
  for (int i = 0; i < 525'600; ++i) series.points.push_back({i * 60.0, i == 300'000 ? 950.0 : 10});
  chart.series = {series};
  EXPECT_TRUE(is_averaged(chart));
  const std::string page = html({.title = "t", .sections = {chart}});
  EXPECT_LT(page.size(), 100'000U);
  EXPECT_LE(values(chart).rows.size(), 201U);
  EXPECT_THAT(page, HasSubstr(">1,000</text>"));  // the axis reaches beyond the peak
  EXPECT_THAT(page, HasSubstr("bands reach from the least to the greatest"));
}

TEST(Pages, HoldEverythingThemselves) {
  Page page{.title = "a <b>", .lead = "lead", .foot = "made by kiln"};
  page.sections = {Text{"Heading", "One.\n\nTwo."}, Figures{{{"size", "512 MB", "cheapest"}}},
                   Table{.title = "T",
                         .columns = {{"A"}, {"B", Align::kRight}},
                         .rows = {{"x"}, {"y", "2"}},
                         .marked = 1},
                   durations()};
  const std::string text = html(page);
  EXPECT_THAT(text, HasSubstr("<title>a &lt;b&gt;</title>"));
  EXPECT_THAT(text, HasSubstr("<p>One.</p><p>Two.</p>"));
  EXPECT_THAT(text, HasSubstr(R"(<tr class="marked"><th scope="row">y</th><td class="r">2</td>)"));
  EXPECT_THAT(text, HasSubstr("default-src 'none'"));
  for (const char* foreign : {"<script", "http://", "https://", "@import", "url("})
    EXPECT_THAT(text, Not(HasSubstr(foreign)));
}

}  // namespace
}  // namespace kiln::report
