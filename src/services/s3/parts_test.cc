// The pure parts of S3: addresses, routes, ranges, tags.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/s3/address.h"
#include "services/s3/call.h"
#include "services/s3/object_document.h"
#include "services/s3/range.h"
#include "services/s3/xml.h"

namespace kiln::services {
namespace {

using net::http::verb;
using testing::HasSubstr;

TEST(S3Address, Table) {
  struct Case {
    const char* host;
    const char* path;
    const char* bucket;
    const char* key;
  };
  const Case cases[] = {
      {"127.0.0.1:4566", "/", "", ""},
      {"127.0.0.1:4566", "/b", "b", ""},
      {"localhost:4566", "/b/", "b", ""},
      {"localhost", "/b/k", "b", "k"},
      {"localhost", "/b//k", "b", "/k"},
      {"localhost", "/b/a/", "b", "a/"},
      {"localhost", "/b/a%2Fb%20c+d", "b", "a/b c+d"},
      {"localhost", "/b/../../x", "b", "../../x"},
      {"b.localhost:4566", "/a/k", "b", "a/k"},
      {"a.b.localhost", "/", "a.b", ""},
      {"s3.localhost:4566", "/b/k", "b", "k"},
      {"b.s3.localhost:4566", "/k", "b", "k"},
      {"s3.eu-west-1.amazonaws.com", "/b/k", "b", "k"},
      {"b.s3.eu-west-1.amazonaws.com", "/k", "b", "k"},
      {"b.s3-eu-west-1.amazonaws.com", "/k", "b", "k"},
      {"b.s3.amazonaws.com", "//k", "b", "/k"},
  };
  for (const Case& c : cases) {
    const S3Address address = s3_address(c.host, c.path);
    EXPECT_EQ(address.bucket, c.bucket) << c.host << c.path;
    EXPECT_EQ(address.key, c.key) << c.host << c.path;
  }
}

TEST(CopySource, Table) {
  EXPECT_EQ(copy_source("/b/a%20k")->key, "a k");
  EXPECT_EQ(copy_source("b%2Fa+k%2Bl")->key, "a k+l");
  EXPECT_EQ(copy_source("b/k/l?versionId=x")->key, "k/l");
  EXPECT_EQ(copy_source("b/k")->bucket, "b");
  for (const char* wrong : {"", "/", "b", "b/", "//k"}) EXPECT_FALSE(copy_source(wrong)) << wrong;
}

TEST(S3Route, Table) {
  struct Case {
    verb method;
    const char* path;
    const char* query;
    bool is_copy;
    const char* name;  // "!x": refused, naming x
  };
  const Case cases[] = {
      {verb::get, "/", "", false, "ListBuckets"},
      {verb::put, "/b", "", false, "CreateBucket"},
      {verb::get, "/b", "list-type=2&prefix=a", false, "ListObjectsV2"},
      {verb::get, "/b", "prefix=a", false, "ListObjects"},
      {verb::get, "/b", "policy", false, "policy"},
      {verb::put, "/b", "publicAccessBlock", false, "publicAccessBlock"},
      {verb::post, "/b", "delete", false, "DeleteObjects"},
      {verb::get, "/b", "replication", false, "!replication"},
      {verb::put, "/b", "notification", false, "!notification"},
      {verb::post, "/b", "policy", false, "!policy"},
      {verb::put, "/b/k", "", false, "PutObject"},
      {verb::put, "/b/k", "x-id=PutObject", false, "PutObject"},
      {verb::put, "/b/k", "", true, "CopyObject"},
      {verb::put, "/b/k", "partNumber=1&uploadId=u", false, "UploadPart"},
      {verb::put, "/b/k", "partNumber=1&uploadId=u", true, "UploadPartCopy"},
      {verb::put, "/b/k", "tagging", false, "PutObjectTagging"},
      {verb::put, "/b/k", "retention", false, "!retention"},
      {verb::get, "/b/k", "partNumber=1", false, "GetObject"},
      {verb::head, "/b/k", "partNumber=1", false, "HeadObject"},
      {verb::delete_, "/b/k", "partNumber=1", false, "!partNumber"},
      {verb::get, "/b/k", "uploadId=u", false, "ListParts"},
      {verb::post, "/b/k", "uploads", false, "CreateMultipartUpload"},
      {verb::post, "/b/k", "select&select-type=2", false, "!select"},
      {verb::head, "/b/k", "", false, "HeadObject"},
      {verb::options, "/b/k", "tagging", false, "OPTIONS"},
      {verb::options, "/", "", false, "!"},
  };
  for (const Case& c : cases) {
    const S3Route route = find_s3_route(c.method, s3_address("localhost", c.path),
                                        wire::QueryParams::parse(c.query), c.is_copy);
    const std::string name = c.name;
    const bool refused = name.starts_with('!');
    EXPECT_EQ(route.name, refused ? name.substr(1) : name) << c.path << "?" << c.query;
    EXPECT_EQ(route.operation == nullptr, refused) << c.path << "?" << c.query;
  }
}

TEST(S3Upload, OnlyContentsOfObjectsAndPartsAreTaken) {
  const auto is_upload = [](verb method, const char* path, const char* query, bool is_copy) {
    return is_s3_upload(method, s3_address("localhost", path), wire::QueryParams::parse(query),
                        is_copy);
  };
  EXPECT_TRUE(is_upload(verb::put, "/b/k", "", false));
  EXPECT_TRUE(is_upload(verb::put, "/b/k", "partNumber=1&uploadId=u", false));
  EXPECT_FALSE(is_upload(verb::put, "/b/k", "", true));
  EXPECT_FALSE(is_upload(verb::put, "/b/k", "tagging", false));
  EXPECT_FALSE(is_upload(verb::put, "/b", "", false));
  EXPECT_FALSE(is_upload(verb::post, "/b/k", "", false));
}

TEST(ReadRange, Table) {
  struct Case {
    const char* header;
    int64_t size;
    int64_t offset;  // -1: the whole, -2: InvalidRange
    int64_t length;
  };
  const Case cases[] = {
      {"", 10, -1, 0},           {"bytes=0-9", 10, 0, 10},
      {"bytes=0-99", 10, 0, 10}, {"bytes=3-3", 10, 3, 1},
      {"bytes=9-", 10, 9, 1},    {"bytes=10-", 10, -2, 0},
      {"bytes=-4", 10, 6, 4},    {"bytes=-40", 10, 0, 10},
      {"bytes=-0", 10, -2, 0},   {"bytes=5-4", 10, -1, 0},
      {"bytes=a-b", 10, -1, 0},  {"bytes=1", 10, -1, 0},
      {"items=0-1", 10, -1, 0},  {"bytes=0-1,4-5", 10, -1, 0},
      {"bytes=-", 10, -1, 0},    {"bytes=0-0", 0, -2, 0},
      {"bytes=-1", 0, -2, 0},    {"bytes=99999999999999999999-", 10, -1, 0},
  };
  for (const Case& c : cases) {
    const auto range = read_range(c.header, c.size);
    if (c.offset == -2) {
      ASSERT_FALSE(range) << c.header;
      EXPECT_EQ(range.error().type, "InvalidRange");
      continue;
    }
    ASSERT_TRUE(range) << c.header;
    EXPECT_EQ(range->has_value(), c.offset >= 0) << c.header;
    if (!*range) continue;
    EXPECT_EQ((*range)->offset, c.offset) << c.header;
    EXPECT_EQ((*range)->size, c.length) << c.header;
  }
  EXPECT_EQ(content_range({2, 3}, 10), "bytes 2-4/10");
}

TEST(CheckBucketName, BothSides) {
  for (const char* good : {"abc", "a.b-c", "1bucket", "192.168.0"})
    EXPECT_TRUE(check_bucket_name(good)) << good;
  EXPECT_TRUE(check_bucket_name(std::string(63, 'a')));
  for (const char* bad : {"", "ab", "Abc", "a_b", "-ab", "ab-", ".ab", "a..b", "192.168.0.1",
                          "xn--abc", "abc-s3alias", "a/b"})
    EXPECT_FALSE(check_bucket_name(bad)) << bad;
  EXPECT_FALSE(check_bucket_name(std::string(64, 'a')));
  EXPECT_TRUE(check_key(std::string(1024, 'k')));
  EXPECT_EQ(check_key(std::string(1025, 'k')).error().type, "KeyTooLongError");
}

TEST(CheckObjectTags, BothSides) {
  std::map<std::string, std::string> tags;
  for (char c = '0'; c <= '9'; ++c) tags[std::string(1, c)] = "v";
  EXPECT_TRUE(check_object_tags(tags));
  tags["x"] = "v";
  EXPECT_EQ(check_object_tags(tags).error().type, "BadRequest");
  EXPECT_TRUE(check_object_tags({{std::string(128, 'k'), std::string(256, 'v')}}));
  EXPECT_FALSE(check_object_tags({{std::string(129, 'k'), "v"}}));
  EXPECT_FALSE(check_object_tags({{"k", std::string(257, 'v')}}));
  EXPECT_FALSE(check_object_tags({{"", "v"}}));
}

TEST(ObjectDocument, WhatWasKeptComesBack) {
  net::Request request{verb::put, "/b/k", 11};
  request.set("Content-Type", "text/x");
  request.set("Content-Encoding", "aws-chunked, gzip");
  request.set("X-Amz-Meta-Who", "me");
  request.set("x-amz-tagging", "a=1&b=%40");
  request.set("Authorization", "secret");
  ObjectDocument document;
  ASSERT_TRUE(document.take_headers(request.base()));
  document.set_checksum(wire::ChecksumAlgorithm::kSha1, "abc=", "FULL_OBJECT");
  const ObjectDocument back = ObjectDocument::parse(document.text());
  const std::map<std::string, std::string> headers = {{"content-type", "text/x"},
                                                      {"content-encoding", "gzip"},
                                                      {"x-amz-meta-who", "me"},
                                                      {"x-amz-server-side-encryption", "AES256"}};
  EXPECT_EQ(back.headers, headers);
  EXPECT_EQ(back.tags.at("b"), "@");
  EXPECT_EQ(back.checksum_algorithm + back.checksum + back.checksum_type, "SHA1abc=FULL_OBJECT");
  EXPECT_TRUE(ObjectDocument::parse("nonsense").headers.empty());
}

TEST(XmlText, EscapesAndCloses) {
  XmlText xml("R");
  xml.open("A").text("B", "<&>\"\x01\x1f").number("C", 5);
  EXPECT_THAT(xml.answer().body,
              HasSubstr("<A><B>&lt;&amp;&gt;&quot;&#x1;&#x1f;</B><C>5</C></A></R>"));
}

TEST(HttpTime, ThereAndBack) {
  EXPECT_EQ(http_time(1'700'000'000'999), "Tue, 14 Nov 2023 22:13:20 GMT");
  EXPECT_EQ(parse_http_time("Tue, 14 Nov 2023 22:13:20 GMT"), 1'700'000'000'000);
  for (const char* wrong : {"", "yesterday", "Tue, 14 Nov 2023 22:13:20 GMT+1"})
    EXPECT_EQ(parse_http_time(wrong), std::nullopt) << wrong;
}

TEST(InQuotes, AndWithout) {
  EXPECT_EQ(in_quotes("a"), "\"a\"");
  EXPECT_EQ(without_quotes(" \"a\" "), "a");
  EXPECT_EQ(without_quotes("\"\""), "");
}

// Found by sweeping: a reader of XML stops at bytes that are no UTF-8.
TEST(S3Xml, HoldsOnlyUtf8) {
  const auto response = s3_error({ErrorKind::kNotFound, "NoSuchBucket", "none"}, "a\xff", "k");
  EXPECT_NE(response.body.find("<BucketName>a\xef\xbf\xbd</BucketName>"), std::string::npos)
      << response.body;
  EXPECT_NE(XmlText("R").text("Key", "ä\xc3").answer(200).body.find("<Key>ä\xef\xbf\xbd</Key>"),
            std::string::npos);
}

}  // namespace
}  // namespace kiln::services
