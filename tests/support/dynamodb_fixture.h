// DynamodbFixture: a DynamoDB server (dynalite) without tables, for the life of the object.
//
//   DynamodbFixture tables;
//   tables.create("orders", "id");               // hash key "id", a text
//   tables.create("events", "id", "at");         // and a range key "at", a number
//   kiln::dynamodb::Client client(tables.config());
#pragma once

#include "kiln/aws.h"
#include "kiln/http.h"
#include "tests/support/node_server.h"

namespace kiln::testing {

class DynamodbFixture {
 public:
  DynamodbFixture()
      : server_(R"(
          const server = require("dynalite")({createTableMs: 0});
          server.listen(0, "127.0.0.1", () => console.log(server.address().port));)") {}

  std::string url() const { return server_.url(); }
  aws::Config config() const {
    aws::Config config;
    config.endpoint = url();
    config.credentials = [] { return aws::Credentials{"id", "secret", "", {}}; };
    return config;
  }

  // There and usable when this returns. Throws std::runtime_error.
  void create(const std::string& table, const std::string& hash, const std::string& range = "") {
    std::string attributes = R"({"AttributeName":")" + hash + R"(","AttributeType":"S"})";
    std::string keys = R"({"AttributeName":")" + hash + R"(","KeyType":"HASH"})";
    if (!range.empty()) {
      attributes += R"(,{"AttributeName":")" + range + R"(","AttributeType":"N"})";
      keys += R"(,{"AttributeName":")" + range + R"(","KeyType":"RANGE"})";
    }
    send("CreateTable", R"({"TableName":")" + table + R"(","AttributeDefinitions":[)" + attributes +
                            R"(],"KeySchema":[)" + keys + R"(],"BillingMode":"PAY_PER_REQUEST"})");
    const std::string question = R"({"TableName":")" + table + R"("})";
    while (send("DescribeTable", question).find("\"ACTIVE\"") == std::string::npos) {
    }
  }

 private:
  // dynalite wants to see a signature, and does not check it.
  std::string send(const std::string& operation, const std::string& body) const {
    http::Client client;
    const auto answer = client.send(
        {.method = "POST",
         .url = url(),
         .headers = {{"content-type", "application/x-amz-json-1.0"},
                     {"x-amz-target", "DynamoDB_20120810." + operation},
                     {"x-amz-date", "20260101T000000Z"},
                     {"authorization",
                      "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, "
                      "SignedHeaders=host, Signature=0"}},
         .body = body});
    if (answer.status != 200) throw std::runtime_error(operation + ": " + answer.body);
    return answer.body;
  }

  NodeServer server_;
};

}  // namespace kiln::testing
