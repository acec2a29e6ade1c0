#include "logs/tap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <mutex>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "logs/files.h"
#include "tests/support/test_dir.h"

namespace kiln::logs {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kTapBase = 1'769'000'040'000;  // the beginning of a minute
const LogStreamKey kTapStream{"eu-west-1", "group", "stream"};

std::string unpacked(const SubscribedBatch& batch) {
  const std::string data =
      base64_decode(json::parse(batch.payload).at("awslogs").at("data").get<std::string>()).value();
  std::string out(4 * 1024 * 1024, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

class LogTapTest : public testing::Test {
 protected:
  LogTapTest()
      : tap_("000000000000", {[this](FilteredValue&& v) { values_.push_back(std::move(v)); },
                              [this](SubscribedBatch&& b) { batches_.push_back(std::move(b)); },
                              [](int64_t timestamp_ms) { return timestamp_ms / 1000; },
                              [this](const std::string& line) { warnings_.push_back(line); }}) {}

  void metric(MetricFilter filter) {
    filter.metric_namespace = "n";
    filter.metric_name = "m";
    GroupFilters filters;
    filters.metrics["f"] = std::move(filter);
    tap_.set(kTapStream.region, kTapStream.group, filters);
  }
  void subscribe(const std::string& pattern) {
    GroupFilters filters;
    filters.subscriptions["Sub"].pattern = pattern;
    filters.subscriptions["Sub"].destination_arn = "arn";
    tap_.set(kTapStream.region, kTapStream.group, filters);
  }
  void put(int64_t at_ms, const std::string& message) {
    tap_.events(kTapStream, put_log_line(kTapBase + at_ms, kTapBase, message));
  }
  // Value and minute, from the first one.
  std::vector<std::pair<double, int64_t>> taken() {
    std::vector<std::pair<double, int64_t>> out;
    for (const auto& v : values_)
      out.emplace_back(v.value, (v.minute_s * 1000 - kTapBase) / kMinuteMs);
    values_.clear();
    return out;
  }

  std::vector<FilteredValue> values_;
  std::vector<SubscribedBatch> batches_;
  std::vector<std::string> warnings_;
  LogTap tap_;
};

TEST_F(LogTapTest, MatchingEventsAreValuesOfTheirMinute) {
  metric({"ERROR", 0, "", "", "1", {}, "Count", {}});
  put(0, "an ERROR");
  put(59'999, "another ERROR");
  put(60'000, "ERROR, a minute later");
  put(60'001, "error");
  ASSERT_THAT(values_, SizeIs(3));
  EXPECT_EQ(values_[0].region, "eu-west-1");
  EXPECT_EQ(values_[0].metric_namespace, "n");
  EXPECT_EQ(values_[0].name, "m");
  EXPECT_EQ(values_[0].unit, "Count");
  EXPECT_THAT(taken(), ElementsAre(std::pair(1.0, 0), std::pair(1.0, 0), std::pair(1.0, 1)));
}

TEST_F(LogTapTest, ValuesAndDimensionsComeFromTheEvent) {
  metric({"{ $.ms >= 0 }", 0, "", "", "$.ms", {}, "", {{"Who", "$.user.name"}}});
  put(0, R"({"ms": 12.5, "user": {"name": "ann"}})");
  put(0, R"({"ms": 7})");                                   // lacks the dimension
  put(0, R"({"ms": "nothing", "user": {"name": "ann"}})");  // doesn't match
  ASSERT_THAT(values_, SizeIs(1));
  EXPECT_EQ(values_[0].value, 12.5);
  EXPECT_THAT(values_[0].dimensions, ElementsAre(std::pair("Who", "ann")));

  values_.clear();
  metric({"[ip, ..., size]", 0, "", "", "$size", {}, "", {{"IP", "$ip"}}});
  put(0, "10.0.0.1 - - [x y] \"GET /\" 200 1534");
  put(0, "10.0.0.1 - - [x y] \"GET /\" 200 many");  // is no number
  ASSERT_THAT(values_, SizeIs(1));
  EXPECT_EQ(values_[0].value, 1534);
  EXPECT_THAT(values_[0].dimensions, ElementsAre(std::pair("IP", "10.0.0.1")));
}

TEST_F(LogTapTest, TheDefaultValueIsOfMinutesWithEventsAndNoMatch) {
  metric({"ERROR", 0, "", "", "1", 0.0, "", {}});
  put(0, "fine");
  put(1, "fine");
  put(60'000, "fine");
  put(60'001, "ERROR");
  put(180'000, "fine");
  EXPECT_THAT(taken(), ElementsAre(std::pair(1.0, 1)));
  tap_.collect(kTapBase / 1000 + 239);  // the last minute still runs
  EXPECT_THAT(taken(), ElementsAre(std::pair(0.0, 0)));
  tap_.collect(kTapBase / 1000 + 240);
  EXPECT_THAT(taken(), ElementsAre(std::pair(0.0, 3)));
  tap_.collect(kTapBase / 1000 + 300);
  EXPECT_THAT(taken(), IsEmpty());
}

TEST_F(LogTapTest, SubscribersGetAwsDocument) {
  subscribe("?one ?two");
  tap_.events(kTapStream, created_log_line(kTapBase) + put_log_line(kTapBase, kTapBase, "one") +
                              put_log_line(kTapBase, kTapBase, "nothing of it") +
                              put_log_line(kTapBase + 1, kTapBase, "two"));
  ASSERT_THAT(batches_, SizeIs(1));
  EXPECT_EQ(batches_[0].destination_arn, "arn");
  json document = json::parse(unpacked(batches_[0]));
  for (json& event : document["logEvents"]) {
    EXPECT_EQ(event["id"].get<std::string>().size(), 56U);
    event.erase("id");
  }
  EXPECT_EQ(document, (json{{"messageType", "DATA_MESSAGE"},
                            {"owner", "000000000000"},
                            {"logGroup", "group"},
                            {"logStream", "stream"},
                            {"subscriptionFilters", json::array({"Sub"})},
                            {"logEvents",
                             {{{"timestamp", kTapBase}, {"message", "one"}},
                              {{"timestamp", kTapBase + 1}, {"message", "two"}}}}}));
}

TEST_F(LogTapTest, BatchesBeyondAnInvocationsLimitAreDivided) {
  subscribe("");
  std::string lines;
  std::string noise;  // that gzip makes no smaller
  for (int i = 0; noise.size() < 900'000; ++i) noise += sha256_base64(std::to_string(i));
  for (int i = 0; i < 3; ++i)
    lines +=
        put_log_line(kTapBase + i, kTapBase, noise.substr(0, 500'000 + static_cast<size_t>(i)));
  tap_.events(kTapStream, lines);
  ASSERT_GT(batches_.size(), 1U);
  size_t events = 0;
  for (const auto& batch : batches_) {
    EXPECT_LE(batch.payload.size(), 1'048'576U);
    events += json::parse(unpacked(batch))["logEvents"].size();
  }
  EXPECT_EQ(events, 3U);
  EXPECT_THAT(warnings_, IsEmpty());
}

// As an earlier version took it.
TEST_F(LogTapTest, APatternThatCannotBeReadFindsNothingAndIsTold) {
  metric({"Status:", 0, "", "", "1", {}, "Count", {}});
  put(0, "Status: OK");
  subscribe("a-b");
  put(0, "a-b");
  EXPECT_TRUE(values_.empty());
  EXPECT_TRUE(batches_.empty());
  ASSERT_THAT(warnings_, SizeIs(2));
  EXPECT_THAT(warnings_[0], HasSubstr("metric filter f"));
  EXPECT_THAT(warnings_[1], HasSubstr("subscription filter Sub"));
}

TEST_F(LogTapTest, OnlyGroupsWithFiltersAreLookedAt) {
  EXPECT_FALSE(tap_.is_used());
  metric({"", 0, "", "", "1", {}, "", {}});
  EXPECT_TRUE(tap_.is_used());
  tap_.events({"eu-west-1", "other", "stream"}, put_log_line(kTapBase, kTapBase, "x"));
  tap_.events({"us-east-1", "group", "stream"}, put_log_line(kTapBase, kTapBase, "x"));
  EXPECT_THAT(values_, IsEmpty());
  tap_.set("eu-west-1", "group", {});
  EXPECT_FALSE(tap_.is_used());
}

TEST_F(LogTapTest, StoresTellTheirTapOfAllThatIsWritten) {
  const TestDir dir;
  metric({"", 0, "", "", "1", {}, "", {}});
  LogStore store(dir / "logs");
  store.set_tap(&tap_);
  store.append(kTapStream, "2026-01-21T11:30:00.000Z START\n2026-01-21T11:30:00.001Z text\n");
  store.flush();
  EXPECT_THAT(values_, SizeIs(2));
}

}  // namespace
}  // namespace kiln::logs
