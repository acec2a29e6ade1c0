// file_operations against an S3 and a DynamoDB server.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "handler.h"
#include "tests/support/dynamodb_fixture.h"
#include "tests/support/s3_fixture.h"

namespace optimized_imports {
namespace {

using nlohmann::json;

class Backends : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    s3_ = std::make_unique<kiln::testing::S3Fixture>();
    tables_ = std::make_unique<kiln::testing::DynamodbFixture>();
    tables_->create("items", "id");
    ::setenv("AWS_ENDPOINT_URL_S3", s3_->url().c_str(), 1);
    ::setenv("AWS_ENDPOINT_URL_DYNAMODB", tables_->url().c_str(), 1);
    ::setenv("AWS_ACCESS_KEY_ID", "S3RVER", 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", "S3RVER", 1);
  }
  static void TearDownTestSuite() {
    tables_.reset();
    s3_.reset();
  }

  // The results of operations, written as JSON.
  json run(const std::string& operations) {
    kiln::Context context;
    context.deadline = std::chrono::system_clock::now() + std::chrono::minutes(5);
    const json answer = json::parse(handler_.handle(
        R"({"action":"file_operations","operations":)" + operations + "}", context));
    EXPECT_EQ(answer["statusCode"], 200) << answer;
    json results = json::array();
    const json body = json::parse(answer["body"].get<std::string>());
    for (const json& entry : body["result"]["results"]) {
      results.push_back(entry["result"]);
    }
    return results;
  }

  static inline std::unique_ptr<kiln::testing::S3Fixture> s3_;
  static inline std::unique_ptr<kiln::testing::DynamodbFixture> tables_;
  Handler handler_{"dev"};
};

TEST_F(Backends, WhatIsUploadedIsDownloaded) {
  const json results =
      run(R"([{"type":"s3_upload","bucket":"b","key":"a b/ä.txt","content":"h\u00e9llo\n"},
                               {"type":"s3_download","bucket":"b","key":"a b/ä.txt"}])");
  EXPECT_EQ(results[0],
            (json{{"success", true}, {"bucket", "b"}, {"key", "a b/ä.txt"}, {"size", 7}}));
  EXPECT_EQ(results[1]["content"], "héllo\n");
  EXPECT_EQ(results[1]["content_length"], 7);
  EXPECT_EQ(results[1]["last_modified"].get<std::string>().size(), 24u);
}

TEST_F(Backends, AnObjectInPartsArrivesWhole) {
  std::string content(20 << 20, '\0');
  std::mt19937 random(1);
  for (char& c : content) c = static_cast<char>('a' + random() % 26);
  const json results = run(
      json::array({{{"type", "s3_upload"}, {"bucket", "b"}, {"key", "big"}, {"content", content}},
                   {{"type", "s3_download"}, {"bucket", "b"}, {"key", "big"}}})
          .dump());
  EXPECT_EQ(results[0]["size"], content.size());
  EXPECT_EQ(results[1]["content_length"], content.size());
  EXPECT_EQ(results[1]["content_omitted"], "longer than 1048576 bytes");
  kiln::s3::Client client;
  EXPECT_TRUE(client.get("b", "big").body == content);
}

TEST_F(Backends, ContentHasALimitOnBothSides) {
  kiln::s3::Client client;
  client.put("b", "fits", std::string(FileOperations::kMaxContent, 'x'));
  client.put("b", "more", std::string(FileOperations::kMaxContent + 1, 'x'));
  client.put("b", "bytes", "\xff\xfe");
  const json results = run(R"([{"type":"s3_download","bucket":"b","key":"fits"},
      {"type":"s3_download","bucket":"b","key":"more"},{"type":"s3_download","bucket":"b","key":"bytes"}])");
  EXPECT_EQ(results[0]["content"].get<std::string>().size(), FileOperations::kMaxContent);
  EXPECT_FALSE(results[1].contains("content"));
  EXPECT_EQ(results[2]["content_omitted"], "not UTF-8 text");
  EXPECT_EQ(results[2]["content_length"], 2);
}

TEST_F(Backends, NumbersKeepAllTheirDigits) {
  const json results = run(R"([
      {"type":"dynamodb_put","table":"items","item":{"id":"i","big":12345678901234567890.123456789,"n":0.1,"list":[1,"x",null,true,{"d":1e2}]}},
      {"type":"dynamodb_get","table":"items","key":{"id":"i"}},
      {"type":"dynamodb_get","table":"items","key":{"id":"none"}}])");
  EXPECT_EQ(results[0], (json{{"success", true}, {"table", "items"}, {"item_id", "i"}}));
  EXPECT_EQ(results[1]["item_found"], true);
  EXPECT_EQ(results[1]["item"]["big"], "12345678901234567890.123456789");
  EXPECT_EQ(results[1]["item"]["n"], 0.1);
  EXPECT_EQ(results[1]["item"]["list"], (json{1, "x", nullptr, true, {{"d", 100}}}));
  EXPECT_EQ(
      results[2],
      (json{{"success", true}, {"table", "items"}, {"item_found", false}, {"item", nullptr}}));
}

TEST_F(Backends, AFailureIsOneEntryAndTheOthersGoOn) {
  const json results = run(R"([{"type":"s3_download","bucket":"b","key":"none"},
      {"type":"s3_upload","bucket":"no-such-bucket","key":"k","content":"x"},
      {"type":"dynamodb_get","table":"no_such_table","key":{"id":"i"}},
      {"type":"dynamodb_put","table":"items","item":{"without":"its key"}},
      {"type":"s3_upload","bucket":"b","key":"after","content":"x"}])");
  EXPECT_EQ(results.size(), 5u);
  const char* codes[] = {"NoSuchKey", "NoSuchBucket", "ResourceNotFoundException",
                         "ValidationException"};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(results[i]["success"], false);
    EXPECT_NE(results[i]["error"].get<std::string>().find(codes[i]), std::string::npos)
        << results[i];
  }
  EXPECT_EQ(results[4]["success"], true);
}

}  // namespace
}  // namespace optimized_imports
