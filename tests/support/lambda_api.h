// The Lambda control plane without sockets and threads: a route's preparation and operation over a
// registry and a code store in a folder of their own. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "base/digest.h"
#include "services/lambda/call.h"
#include "services/lambda/parameters.h"
#include "services/lambda/routes.h"
#include "store/database.h"
#include "store/document_store.h"
#include "store/object_store.h"
#include "store/zip_builder.h"
#include "tests/support/test_dir.h"
#include "wire/rest_json_error.h"

namespace kiln::services {

// An answer as the client sees it.
struct Answer {
  unsigned status = 0;
  std::string type;     // x-amzn-ErrorType, "" on success
  std::string message;  // of the error
  nlohmann::json body;
};

inline void PrintTo(const Answer& a, std::ostream* out) {
  *out << a.status << " " << a.type << " " << a.body;
}

class LambdaApiTest : public testing::Test {
 protected:
  static constexpr const char* kAccount = "111111111111";
  static constexpr const char* kRole = "arn:aws:iam::111111111111:role/r";
  static inline const std::string kArn = "arn:aws:lambda:us-east-1:111111111111:function:";

  explicit LambdaApiTest(store::CodeLimits limits = {}) : code_store_(dir_ / "code", limits) {}
  void SetUp() override { reopen(); }

  // As after a restart of the engine.
  void reopen() {
    registry_.reset();
    layers_.reset();
    documents_.reset();
    store_.reset();
    database_.reset();
    auto opened = store::Database::open(dir_ / "kiln.db");
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    database_ = *std::move(opened);
    store_ = std::make_unique<store::FunctionStore>(*database_);
    registry_ = std::make_unique<engine::Registry>(
        *store_, clock_, kAccount,
        [](const std::string&, const std::string&, const model::FunctionPtr&) {});
    ASSERT_TRUE(registry_->load().ok());
    documents_ = std::make_unique<store::DocumentStore>(*database_);
    layers_ = std::make_unique<engine::LayerBook>(*documents_);
    const auto loaded =
        documents_->load_all([this](const std::string& kind, const std::string& region,
                                    const std::string& key, const std::string& document) {
          EXPECT_TRUE(layers_->load(kind, region, key, document).ok());
        });
    ASSERT_TRUE(loaded.ok());
  }

  // Time does not move between two calls unless a test moves it.
  Answer call(const std::string& method, const std::string& target,
              const nlohmann::json& body = nlohmann::json::object(),
              const std::string& region = "us-east-1") {
    auto uri = wire::Uri::parse(target);
    auto route = find_lambda_route(method, uri);
    if (route.operation == nullptr) return {0, "no route", std::string(route.name), {}};
    if (const auto fits = check_parameter_values(route, uri.query); !fits)
      return answer(fits.error());
    LambdaCall c{*registry_,       code_store_,    accounts_,      board_,       *layers_,  region,
                 "localhost:4566", route.function, route.argument, route.detail, uri.query, body};
    c.fetch_object = [this](const std::string& bucket, const std::string& key, int64_t most) {
      return objects_.read(bucket, key, most);
    };
    c.vpc = vpc_;
    c.tags_by = tags_by_;
    if (route.prepare != nullptr) {
      if (const auto prepared = route.prepare(c); !prepared) return answer(prepared.error());
    }
    auto result = route.operation(c);
    note_ = c.note;
    if (!result) return answer(result.error());
    return {result->status, "", "",
            result->body.empty() ? nlohmann::json() : nlohmann::json::parse(result->body)};
  }

  static Answer answer(const Error& error) {
    const auto response = wire::rest_json_error(error, "id");
    const auto body = nlohmann::json::parse(response.body);
    return {response.status, error.type, error.message, body};
  }

  static std::string zip(const std::string& content = "def handler(e, c): return e") {
    return base64_encode(store::ZipBuilder().file("index.py", content).finish());
  }

  static nlohmann::json create_body(const std::string& name,
                                    const nlohmann::json& more = nlohmann::json::object()) {
    nlohmann::json body = {{"FunctionName", name},
                           {"Runtime", "python3.12"},
                           {"Role", kRole},
                           {"Handler", "index.handler"},
                           {"Code", {{"ZipFile", zip()}}}};
    body.update(more);
    return body;
  }

  Answer create(const std::string& name, const nlohmann::json& more = nlohmann::json::object()) {
    return call("POST", "/2015-03-31/functions", create_body(name, more));
  }
  Answer get(const std::string& name_and_query) {
    return call("GET", "/2015-03-31/functions/" + name_and_query);
  }
  Answer update(const std::string& name, const nlohmann::json& body) {
    return call("PUT", "/2015-03-31/functions/" + name + "/configuration", body);
  }
  Answer publish(const std::string& name, const nlohmann::json& body = nlohmann::json::object()) {
    return call("POST", "/2015-03-31/functions/" + name + "/versions", body);
  }

  VpcPolicy vpc_ = VpcPolicy::kRefuse;
  model::TagAuthor tags_by_ = model::TagAuthor::kUser;
  std::string note_;  // of the last operation

  TestDir dir_;
  ManualClock clock_{
      WallTime(std::chrono::milliseconds(1'674'300'600'000))};  // 2023-01-21T11:30:00Z
  store::CodeStore code_store_;
  store::ObjectStore objects_{dir_ / "objects", kAccount, clock_};
  engine::AccountBook accounts_{model::AccountQuota{}};
  engine::ProvisionedBoard board_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::FunctionStore> store_;
  std::unique_ptr<engine::Registry> registry_;
  std::unique_ptr<store::DocumentStore> documents_;
  std::unique_ptr<engine::LayerBook> layers_;
};

// Status, type and message of an error answer.
inline void expect_error(const Answer& got, unsigned status, const std::string& type,
                         const std::string& message) {
  EXPECT_EQ(got.status, status);
  EXPECT_EQ(got.type, type);
  EXPECT_EQ(got.message, message);
}
inline void expect_invalid(const Answer& got, const std::string& message) {
  expect_error(got, 400, "InvalidParameterValueException", message);
}
inline void expect_not_found(const Answer& got, const std::string& message) {
  expect_error(got, 404, "ResourceNotFoundException", message);
}
inline void expect_stale_revision(const Answer& got,
                                  const std::string& api = "GetFunction/GetAlias") {
  expect_error(got, 412, "PreconditionFailedException",
               "The Revision Id provided does not match the latest Revision Id. Call the " + api +
                   " API to retrieve the latest Revision Id");
}

}  // namespace kiln::services
