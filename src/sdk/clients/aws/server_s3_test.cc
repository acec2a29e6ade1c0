// The S3 client against a server. It wants signatures of the right form and does not compute them;
// sigv4_test.cc has those of AWS's own clients.
#include <gtest/gtest.h>

#include "kiln/s3.h"
#include "tests/support/s3_fixture.h"

namespace kiln::s3 {
namespace {

class S3Server : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<testing::S3Fixture>(); }
  static void TearDownTestSuite() { server_.reset(); }

  static inline std::unique_ptr<testing::S3Fixture> server_;
  Client s3_{server_->config()};
};

std::string code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const aws::Error& e) {
    return e.code();
  }
  return "no error";
}

TEST_F(S3Server, WhatIsPutComesBack) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i);
  const std::string etag = s3_.put("b", "plain", bytes, {.content_type = "application/x-test"});
  const Object object = s3_.get("b", "plain");
  EXPECT_EQ(object.body, bytes);
  EXPECT_EQ(object.size, 1000u);
  EXPECT_EQ(object.content_type, "application/x-test");
  EXPECT_EQ(object.etag, etag);
  ASSERT_TRUE(object.last_modified);
  EXPECT_LT(std::chrono::system_clock::now() - *object.last_modified, std::chrono::minutes(5));
  const ObjectInfo info = s3_.head("b", "plain");
  EXPECT_EQ(info.size, 1000u);
  EXPECT_EQ(info.etag, etag);
  EXPECT_EQ(s3_.put("b", "empty", "").size(), etag.size());
  EXPECT_EQ(s3_.get("b", "empty").body, "");
}

TEST_F(S3Server, KeysOfAllKindsAreSignedAsTheyAreSent) {
  const std::string keys[] = {"a/b c",  "a+b",       "a%20b", "100%",
                              "ä/日本", "a=b&c?d#e", "~-_.",  "q'\"*()!$,;:@"};
  for (const std::string& key : keys) {
    s3_.put("b", "keys/" + key, key);
    EXPECT_EQ(s3_.get("b", "keys/" + key).body, key);
  }
  const auto listed = s3_.list("b", "keys/");
  std::vector<std::string> expected, found;
  for (const auto& key : keys) expected.push_back("keys/" + key);
  for (const auto& entry : listed) found.push_back(entry.key);
  std::sort(expected.begin(), expected.end());
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, expected);
}

TEST_F(S3Server, PartsOfAnObject) {
  s3_.put("b", "digits", "0123456789");
  const Object part = s3_.get_range("b", "digits", 2, 4);
  EXPECT_EQ(part.body, "234");
  EXPECT_EQ(part.size, 10u);
  EXPECT_EQ(s3_.get_range("b", "digits", 8, 100).body, "89");
  EXPECT_EQ(code_of([&] { s3_.get_range("b", "digits", 10, 11); }), "InvalidRange");
  std::string pieces;
  const ObjectInfo info = s3_.get_to("b", "digits", [&](std::string_view piece) {
    pieces += piece;
    return true;
  });
  EXPECT_EQ(pieces, "0123456789");
  EXPECT_EQ(info.size, 10u);
  EXPECT_EQ(code_of([&] { s3_.get_to("b", "digits", [](std::string_view) { return false; }); }),
            "Stopped");
}

TEST_F(S3Server, WhatIsNotThere) {
  EXPECT_EQ(code_of([&] { s3_.get("b", "none"); }), "NoSuchKey");
  EXPECT_EQ(code_of([&] { s3_.head("b", "none"); }), "NotFound");
  EXPECT_EQ(code_of([&] { s3_.get("no-bucket", "none"); }), "NoSuchBucket");
  EXPECT_EQ(code_of([&] { s3_.list("no-bucket"); }), "NoSuchBucket");
  s3_.put("b", "gone", "x");
  s3_.remove("b", "gone");
  EXPECT_EQ(code_of([&] { s3_.get("b", "gone"); }), "NoSuchKey");
  s3_.remove("b", "gone");
}

TEST_F(S3Server, ListsWithPrefixesAndFolders) {
  for (int i = 0; i < 7; ++i)
    s3_.put("b", "list/" + std::to_string(i), std::string(static_cast<size_t>(i), 'x'));
  s3_.put("b", "list/sub/a", "");
  s3_.put("b", "list/sub/b", "");
  const std::vector<Listed> all = s3_.list("b", "list/");
  ASSERT_EQ(all.size(), 9u);
  EXPECT_EQ(all[3].key, "list/3");
  EXPECT_EQ(all[3].size, 3u);
  EXPECT_TRUE(all[3].last_modified);
  const ListPage folders = s3_.list_page("b", {.prefix = "list/", .delimiter = "/"});
  EXPECT_EQ(folders.objects.size(), 7u);
  EXPECT_EQ(folders.common_prefixes, std::vector<std::string>{"list/sub/"});
  EXPECT_TRUE(s3_.list("b", "nothing/").empty());
}

TEST_F(S3Server, ABigObjectGoesUpInParts) {
  std::string content(20 << 20, '\0');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 >> 7);
  s3_.put("b", "big object", content, {.content_type = "text/x"});
  const Object object = s3_.get("b", "big object");
  EXPECT_TRUE(object.body == content);
  EXPECT_EQ(object.content_type, "text/x");
  // One byte above what goes up in one piece.
  const size_t limit = 8 << 20;
  s3_.put("b", "limit", std::string_view(content).substr(0, limit + 1));
  EXPECT_EQ(s3_.head("b", "limit").size, limit + 1);
}

}  // namespace
}  // namespace kiln::s3
