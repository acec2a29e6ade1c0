#include "kiln/batch_processor.h"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

namespace kiln {
namespace {

using nlohmann::json;

constexpr std::chrono::system_clock::time_point kNow{std::chrono::milliseconds(1'700'000'000'123)};

json processed(const json& record) { return process_record(record, kNow); }

TEST(ProcessRecord, AResultHasTheRecordsCleanedFields) {
  EXPECT_EQ(
      processed({{"id", 7},
                 {"name", "  ada LOVELACE "},
                 {"email", "Ada@Example.ORG"},
                 {"age", "36"},
                 {"score", 9}}),
      (json{{"id", 7},
            {"processed_at", "2023-11-14T22:13:20.123Z"},
            {"data",
             {{"name", "Ada Lovelace"}, {"email", "ada@example.org"}, {"age", 36}, {"score", 9.0}}},
            {"validation_status", "valid"}}));
}

TEST(ProcessRecord, AbsentFieldsAreEmpty) {
  const json expected = {{"name", ""}, {"email", ""}, {"age", nullptr}, {"score", 0.0}};
  EXPECT_EQ(processed(json::object())["data"], expected);
  EXPECT_EQ(processed(json::object())["id"], nullptr);
  EXPECT_EQ(
      processed({{"name", nullptr}, {"email", nullptr}, {"age", nullptr}, {"score", ""}})["data"],
      expected);
}

TEST(ProcessRecord, Validation) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"Ada", "a@b", "valid"},  {"", "a@b", "invalid_name"},  {"  ", "a@b", "invalid_name"},
      {"", "", "invalid_name"}, {"Ada", "", "invalid_email"}, {"Ada", "ab", "invalid_email"},
  };
  for (const auto& [name, email, status] : cases) {
    EXPECT_EQ(processed({{"name", name}, {"email", email}})["validation_status"], status);
  }
}

TEST(ProcessRecord, Numbers) {
  const std::tuple<json, json> ages[] = {{36, 36},     {36.9, 36},  {-1.5, -1},  {0, 0},
                                         {" 42 ", 42}, {"+42", 42}, {"4e1", 40}, {"", nullptr}};
  for (const auto& [given, age] : ages) EXPECT_EQ(processed({{"age", given}})["data"]["age"], age);
  EXPECT_EQ(processed({{"score", "9.25"}})["data"]["score"], 9.25);
  for (const json& bad : {json("abc"), json("1x"), json("nan"), json("inf"), json("1e999"),
                          json(true), json::array(), json("--1"), json("+-1")}) {
    EXPECT_THROW(processed({{"age", bad}}), std::invalid_argument) << bad;
    EXPECT_THROW(processed({{"score", bad}}), std::invalid_argument) << bad;
  }
  EXPECT_THROW(processed({{"age", 1e16}}), std::invalid_argument);
}

TEST(ProcessRecord, WhatIsNoRecordIsRefused) {
  for (const json& bad : {json(), json(5), json::array(), json{{"name", 5}}, json{{"email", {1}}},
                          json{{"id", {1}}}, json{{"id", json::object()}}}) {
    EXPECT_THROW(processed(bad), std::invalid_argument) << bad;
  }
}

TEST(ProcessRecord, AnIdThatNestsDeeplyIsRefused) {
  constexpr size_t kDepth = 100'000;
  const auto id = std::string(kDepth, '[') + std::string(kDepth, ']');
  const json record = json::parse("{\"id\":" + id + "}");
  EXPECT_THROW(process_record(record, kNow), std::invalid_argument);
  MemoryProfiler profiler;
  profiler.start();
  DataProcessor processor({}, profiler, [](const ProcessedRecord&) {});
  processor.push(record);
  processor.push_text("{\"id\":" + std::string(500, '[') + std::string(500, ']') + "}");
  EXPECT_EQ(processor.processed_records(), 2u);
  EXPECT_EQ(processor.results_count(), 0u);
  EXPECT_THROW(processor.push_text("{\"id\":" + id + "}"), std::invalid_argument);
}

// What a text makes, the same in a tree makes, too.
class RecordText : public ::testing::Test {
 protected:
  RecordText() { profiler_.start(); }
  // Of the one record that `push` gives to a processor.
  json made_by(const std::function<void(DataProcessor&)>& push) {
    json result;
    DataProcessor processor(
        {}, profiler_, [&](const ProcessedRecord& record) { result = record; },
        [&](const json& record, size_t, const char* error) {
          result = {record, error};
        });
    push(processor);
    if (result.is_object()) result.erase("processed_at");
    return result;
  }
  json from_text(std::string_view text) {
    return made_by([&](DataProcessor& processor) { processor.push_text(text); });
  }
  json from_view(std::string_view text) {
    const JsonDocument document(text);
    const json result = made_by([&](DataProcessor& processor) { processor.push(document.root()); });
    if (result.is_object()) {
      EXPECT_EQ(json(process_record(document.root(), kNow))["data"], result["data"]);
    } else {
      EXPECT_THROW(process_record(document.root(), kNow), std::invalid_argument);
    }
    return result;
  }
  json from_tree(const json& record) {
    return made_by([&](DataProcessor& processor) { processor.push(record); });
  }
  MemoryProfiler profiler_;
};

TEST_F(RecordText, IsTheSameAsItsTree) {
  for (const char* text :
       {R"({"id":7,"name":" ada L ","email":"A@B","age":"36","score":9})",
        "{}",
        " { } ",
        R"({"id":"a\"b","name":"\u00e4da","email":"x\/@y","age":null,"score":""})",
        R"({"id":-1,"name":"Ärger ß","email":"É@x","age":-1.5e1,"score":0.25})",
        R"({"id":null,"name":null,"age":0,"score":-0})",
        R"({"id":true,"age":12E+1,"score":1e-2})",
        R"({"id":18446744073709551615,"id":1.5,"name":"a","name":"b"})",
        R"({"other":{"name":[1,2]},"n\u0061me":"ada","email":"@"})",
        "5",
        "[]",
        "null",
        R"("x")",
        R"({"id":[1],"name":"a"})",
        R"({"id":{"a":1}})",
        R"({"name":5})",
        R"({"name":["a"]})",
        R"({"email":true})",
        R"({"age":true})",
        R"({"age":"x"})",
        R"({"score":[]})",
        R"({"score":{}})",
        R"({"age":1e16})",
        R"({"age":"1e999"})"}) {
    EXPECT_EQ(from_text(text), from_tree(json::parse(text))) << text;
    EXPECT_EQ(from_view(text), from_tree(json::parse(text))) << text;
  }
}

TEST_F(RecordText, ANumberTooLargeIsABadRecord) {
  MemoryProfiler profiler;
  profiler.start();
  DataProcessor processor({}, profiler, [](const ProcessedRecord&) {});
  processor.push_text(R"({"score":1e999})");
  processor.push_text(R"({"score":1e308})");
  EXPECT_EQ(processor.processed_records(), 2u);
  EXPECT_EQ(processor.results_count(), 1u);
}

TEST_F(RecordText, WhatIsNoJsonIsRefused) {
  for (const char* text : {"",
                           "  ",
                           "{",
                           "{\"a\"}",
                           "nothing",
                           "{\"age\":01}",
                           "{\"age\":1.}",
                           "{\"age\":.5}",
                           "{\"age\":+1}",
                           "{\"age\":-}",
                           "{\"age\":1e}",
                           "{\"age\":inf}",
                           "{\"age\":nan}",
                           "{\"name\":\"a\nb\"}",
                           "{\"name\":\"\xff\"}",
                           "{\"name\":\"\\x\"}",
                           "{\"id\":x}",
                           "{\"id\":[1,]}",
                           "{\"other\":tru}",
                           "{\"other\":[1 2]}",
                           "[1,]",
                           "{} {}"}) {
    EXPECT_THROW(from_text(text), std::invalid_argument) << text;
  }
}

// The array's elements one by one, and all at once.
TEST_F(RecordText, AnArrayIsItsRecords) {
  const std::vector<std::string> records = {
      R"({"id":7,"name":" ada L ","email":"A@B","age":"36","score":9})",
      R"({"score":1.5,"id":"x","email":"a@b","name":"\u00e4da lovelace-KING","age":null})",
      R"({"id":[1],"name":"a"})",
      R"({"id":-0,"name":"n","email":"@","extra":{"id":[1,"]"]},"age":1e2})",
      "5",
      "{}",
      R"( { "id" : true , "name" : "b c" , "email" : "" } )",
      R"({"id":8,"name":" ada L ","email":"A@B","age":36,"score":9.25})"};
  std::string array = " [";
  std::vector<json> expected;
  for (const std::string& record : records) {
    array += record + ",";
    expected.push_back(from_text(record));
  }
  array.back() = ']';
  std::vector<json> found;
  DataProcessor processor(
      {}, profiler_,
      [&](const ProcessedRecord& record) {
        found.push_back(record);
        found.back().erase("processed_at");
      },
      [&](const json& record, size_t, const char* error) {
        found.push_back({record, error});
      });
  processor.push_array(array + "\n");
  EXPECT_EQ(found, expected);
  EXPECT_EQ(processor.processed_records(), records.size());
}

TEST_F(RecordText, WhatFollowsARecordThatIsNoJsonIsNotLookedAt) {
  DataProcessor processor({}, profiler_, [](const ProcessedRecord&) {});
  for (const char* array : {R"([{"id":1},{"id":2},{"id"}])", R"([{"id":1},{"id":2}{}])",
                            R"([{"id":1},{"id":2}] x)", R"([{"id":1},{"id":2})"}) {
    const size_t before = processor.processed_records();
    EXPECT_THROW(processor.push_array(array), std::invalid_argument) << array;
    EXPECT_EQ(processor.processed_records() - before, 2u) << array;
  }
  EXPECT_THROW(processor.push_array("{}"), std::invalid_argument);
  EXPECT_NO_THROW(processor.push_array("[]"));
}

TEST_F(RecordText, ARecordTakenByValueIsTheCallees) {
  std::vector<ProcessedRecord> kept;
  DataProcessor processor({}, profiler_,
                          [&](ProcessedRecord record) { kept.push_back(std::move(record)); });
  processor.push_array(
      R"([{"id":"first","name":"ada"},{"name":"a name longer than a string object"}])");
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].id, "first");
  EXPECT_EQ(kept[0].name, "Ada");
  EXPECT_EQ(kept[1].id, nullptr);
  EXPECT_EQ(kept[1].name, "A Name Longer Than A String Object");
}

class DataProcessorTest : public ::testing::Test {
 protected:
  DataProcessorTest() { profiler_.start(); }

  void run(DataProcessor::Options options, size_t records) {
    DataProcessor processor(
        options, profiler_, [this](ProcessedRecord record) { ids_.push_back(record.id); },
        [this](const json&, size_t index, const char*) { bad_.push_back(index); });
    for (size_t i = 0; i < records; ++i) {
      processor.push(i % 7 == 3 ? json(i) : json{{"id", i}, {"name", "n"}, {"email", "a@b"}});
    }
    processor.finish();
    done_ = processor.processed_records();
    results_ = processor.results_count();
  }
  std::vector<std::string> labels() const {
    std::vector<std::string> result;
    for (const auto& snapshot : profiler_.report().snapshots) result.push_back(snapshot.label);
    return result;
  }

  MemoryProfiler profiler_;
  std::vector<json> ids_;
  std::vector<size_t> bad_;
  size_t done_ = 0;
  size_t results_ = 0;
};

TEST_F(DataProcessorTest, BadRecordsAreSkippedAndTheRestGoesOn) {
  run({.batch_size = 4}, 10);
  EXPECT_EQ(done_, 10u);
  EXPECT_EQ(results_, 9u);
  EXPECT_EQ(bad_, std::vector<size_t>{3});
  EXPECT_EQ(ids_, (std::vector<json>{0, 1, 2, 4, 5, 6, 7, 8, 9}));
}

TEST_F(DataProcessorTest, WhatFailsWithAResultFailsThePush) {
  DataProcessor processor({}, profiler_,
                          [](const ProcessedRecord&) { throw std::runtime_error("full"); });
  EXPECT_THROW(processor.push(json::object()), std::runtime_error);
  EXPECT_EQ(processor.processed_records(), 1u);
}

TEST_F(DataProcessorTest, NoRecordsAreNoBatch) {
  run({}, 0);
  EXPECT_EQ(done_, 0u);
  EXPECT_EQ(labels(), (std::vector<std::string>{"processing_start", "processing_complete"}));
}

TEST_F(DataProcessorTest, EveryTenthBatchHasASnapshot) {
  run({.batch_size = 2}, 43);  // 22 batches: 0 to 21
  EXPECT_EQ(labels(), (std::vector<std::string>{"processing_start", "batch_0", "batch_10",
                                                "batch_20", "processing_complete"}));
}

TEST_F(DataProcessorTest, AboveTheThresholdMemoryIsGivenBack) {
  const double now_mb = resident_memory_mb();
  run({.memory_limit_mb = now_mb / 0.8 * 2, .batch_size = 5}, 10);
  EXPECT_EQ(labels(),
            (std::vector<std::string>{"processing_start", "batch_0", "processing_complete"}));
  run({.memory_limit_mb = 1, .batch_size = 5}, 10);
  EXPECT_EQ(labels(),
            (std::vector<std::string>{"processing_start", "batch_0", "processing_complete",
                                      "processing_start", "after_release_batch_0", "batch_0",
                                      "after_release_batch_1", "processing_complete"}));
}

TEST_F(DataProcessorTest, ABatchHasAtLeastOneRecord) {
  EXPECT_THROW(run({.batch_size = 0}, 1), std::invalid_argument);
  EXPECT_NO_THROW(run({.batch_size = 1}, 1));
}

}  // namespace
}  // namespace kiln
