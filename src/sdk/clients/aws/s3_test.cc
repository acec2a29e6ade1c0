// The S3 client against scripted answers. server_s3_test.cc has it talk to a server.
#include "kiln/s3.h"

#include <gtest/gtest.h>

#include "sdk/clients/aws/s3_service.h"
#include "tests/support/http_double.h"

namespace kiln::s3 {
namespace {

using testing::HttpDouble;

class S3Test : public ::testing::Test {
 protected:
  S3Test()
      : server_([this](const HttpDouble::Request& request) {
          seen_.push_back(request.head.substr(0, request.head.find(" HTTP/")));
          return answer_(request);
        }) {
    config_.endpoint = "http://" + server_.address();
    config_.credentials = [] { return aws::Credentials{"id", "secret", "", {}}; };
    config_.sleep = [](auto) {};
  }
  static HttpDouble::Reply reply(int status, std::string_view body, std::string_view headers = "") {
    return {.bytes = HttpDouble::response(status, headers, body)};
  }
  static std::string code_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const aws::Error& e) {
      return e.code();
    }
    return "no error";
  }

  std::function<HttpDouble::Reply(const HttpDouble::Request&)> answer_ = [](const auto&) {
    return reply(200, "");
  };
  std::vector<std::string> seen_;
  aws::Config config_;
  HttpDouble server_;
};

TEST_F(S3Test, NamesThatWouldGoElsewhereAreNotSent) {
  Client s3(config_);
  EXPECT_EQ(code_of([&] { s3.remove("b", ""); }), "InvalidKey");
  for (const char* bucket : {"", "a/b", "a?b", "a b", "..", ".a", "a@b", "a#", "a\n"}) {
    EXPECT_EQ(code_of([&] { s3.get(bucket, "k"); }), "InvalidBucketName") << bucket;
    EXPECT_EQ(code_of([&] { s3.list(bucket); }), "InvalidBucketName") << bucket;
  }
  EXPECT_TRUE(seen_.empty());
  s3.put("b", "../x/./y//z", "v");
  EXPECT_EQ(seen_.back(), "PUT /b/../x/./y//z");
}

TEST_F(S3Test, BucketsAreInTheHostAtAwsAndInThePathElsewhere) {
  Service custom(config_);
  EXPECT_EQ(custom.on_object("Op", "GET", "bucket", "a b").path, "/bucket/a%20b");
  EXPECT_EQ(custom.on_bucket("Op", "GET", "bucket").path, "/bucket");
  config_.endpoint = "";
  Service aws_own(config_);
  EXPECT_EQ(aws_own.on_object("Op", "GET", "bucket", "k").host_prefix, "bucket.");
  EXPECT_EQ(aws_own.on_object("Op", "GET", "bucket", "k").path, "/k");
  EXPECT_EQ(aws_own.on_bucket("Op", "GET", "bucket").path, "/");
  for (const char* bucket : {"with.dots", "Capitals", "under_score"}) {
    EXPECT_EQ(aws_own.on_object("Op", "GET", bucket, "k").host_prefix, "") << bucket;
    EXPECT_EQ(aws_own.on_object("Op", "GET", bucket, "k").path, "/" + std::string(bucket) + "/k");
  }
}

TEST_F(S3Test, ListedKeysAreDecodedWhereTheyAreEncoded) {
  std::string body;
  answer_ = [&](const auto&) { return reply(200, body); };
  Client s3(config_);
  body =
      "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>a%2Bb+c%</Key><Size>7</"
      "Size></Contents>"
      "</ListBucketResult>";
  EXPECT_EQ(s3.list("b").at(0).key, "a+b c%");
  EXPECT_EQ(s3.list("b").at(0).size, 7u);
  body =
      "<ListBucketResult><Contents><Key>a%2Bb+c%</Key><Size>-7</Size></Contents></"
      "ListBucketResult>";
  EXPECT_EQ(s3.list("b").at(0).key, "a%2Bb+c%");
  EXPECT_EQ(s3.list("b").at(0).size, 0u);
}

TEST_F(S3Test, ListsComeInPages) {
  answer_ = [&](const HttpDouble::Request& request) {
    if (request.head.find("continuation-token=") == std::string::npos)
      return reply(200,
                   "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>1/"
                   "x+y=</NextContinuationToken>"
                   "<Contents><Key>a</Key></Contents></ListBucketResult>");
    return reply(200,
                 "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>b</Key></"
                 "Contents></ListBucketResult>");
  };
  const auto all = Client(config_).list("b", "p q/");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].key + all[1].key, "ab");
  EXPECT_EQ(seen_, (std::vector<std::string>{
                       "GET /b?list-type=2&encoding-type=url&max-keys=1000&prefix=p%20q%2F",
                       "GET "
                       "/b?list-type=2&encoding-type=url&max-keys=1000&prefix=p%20q%2F&"
                       "continuation-token=1%2Fx%2By%3D"}));
}

TEST_F(S3Test, APutIsInOnePieceUpToTheLimit) {
  answer_ = [&](const HttpDouble::Request& request) {
    if (request.head.starts_with("PUT")) return reply(200, "", "ETag: \"e\"\r\n");
    return reply(200, "<R><UploadId>u</UploadId><ETag>all</ETag></R>");
  };
  Client s3(config_, 4);
  s3.put("b", "k", "0123");
  EXPECT_EQ(seen_, std::vector<std::string>{"PUT /b/k"});
  seen_.clear();
  s3.put("b", "k", "01234");
  EXPECT_EQ(seen_.size(), 4u);
}

TEST_F(S3Test, ListsThatAreNone) {
  std::string body;
  answer_ = [&](const auto&) { return reply(200, body); };
  Client s3(config_);
  for (const char* bad :
       {"", "{}", "<html/>", "<ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>same</"
        "NextContinuationToken></ListBucketResult>"}) {
    body = bad;
    seen_.clear();
    EXPECT_EQ(code_of([&] { s3.list("b"); }), "BadAnswer") << bad;
    EXPECT_LE(seen_.size(), 2u);
  }
}

TEST_F(S3Test, AFailedUploadInPartsIsAborted) {
  std::string failing;
  answer_ = [&](const HttpDouble::Request& request) {
    if (!failing.empty() && request.head.find(failing) != std::string::npos)
      return reply(403, "<Error><Code>AccessDenied</Code></Error>");
    if (request.head.find("?uploads") != std::string::npos)
      return reply(200,
                   "<InitiateMultipartUploadResult><UploadId>u "
                   "1</UploadId></InitiateMultipartUploadResult>");
    if (request.head.starts_with("PUT")) return reply(200, "", "ETag: \"e\"\r\n");
    return reply(
        200, "<CompleteMultipartUploadResult><ETag>\"all\"</ETag></CompleteMultipartUploadResult>");
  };
  Client s3(config_, 4);
  EXPECT_EQ(s3.put("b", "k", "0123456789"), "\"all\"");
  EXPECT_EQ(seen_, (std::vector<std::string>{
                       "POST /b/k?uploads=", "PUT /b/k?partNumber=1&uploadId=u%201",
                       "PUT /b/k?partNumber=2&uploadId=u%201",
                       "PUT /b/k?partNumber=3&uploadId=u%201", "POST /b/k?uploadId=u%201"}));
  for (const char* where : {"partNumber=2", "POST /b/k?uploadId"}) {
    failing = where;
    seen_.clear();
    EXPECT_EQ(code_of([&] { s3.put("b", "k", "0123456789"); }), "AccessDenied");
    EXPECT_EQ(seen_.back(), "DELETE /b/k?uploadId=u%201");
  }
  failing = "?uploads";
  seen_.clear();
  EXPECT_EQ(code_of([&] { s3.put("b", "k", "0123456789"); }), "AccessDenied");
  EXPECT_EQ(seen_.size(), 1u);
}

TEST_F(S3Test, AnErrorInACompletionOfStatus200IsAnError) {
  answer_ = [&](const HttpDouble::Request& request) {
    if (request.head.find("?uploads") != std::string::npos)
      return reply(200, "<R><UploadId>u</UploadId></R>");
    if (request.head.starts_with("PUT")) return reply(200, "", "ETag: \"e\"\r\n");
    return reply(200, "<Error><Code>InternalError</Code><Message>m</Message></Error>");
  };
  Client s3(config_, 4);
  EXPECT_EQ(code_of([&] { s3.put("b", "k", "0123456789"); }), "InternalError");
  EXPECT_EQ(seen_.back(), "DELETE /b/k?uploadId=u");
}

TEST_F(S3Test, TenThousandPartsAreTheMost) {
  const size_t wanted = 8 << 20;
  EXPECT_EQ(part_size_for(wanted + 1, wanted), wanted);
  EXPECT_EQ(part_size_for(wanted * 10'000, wanted), wanted);
  EXPECT_EQ(part_size_for(wanted * 10'000 + 1, wanted), wanted + 1);
}

TEST_F(S3Test, ABodyThatBreaksIsNotPassedOnTwice) {
  answer_ = [&](const auto&) {
    return HttpDouble::Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart",
                             .then = HttpDouble::Then::kClose};
  };
  Client s3(config_);
  std::string taken;
  EXPECT_EQ(code_of([&] {
              s3.get_to("b", "k", [&](std::string_view piece) {
                taken += piece;
                return true;
              });
            }),
            "ConnectionError");
  EXPECT_EQ(taken, "part");
  EXPECT_EQ(seen_.size(), 1u);
  EXPECT_EQ(code_of([&] { s3.get("b", "k"); }), "ConnectionError");
  EXPECT_EQ(seen_.size(), 4u);
}

}  // namespace
}  // namespace kiln::s3
