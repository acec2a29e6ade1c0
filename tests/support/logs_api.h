// CloudWatch Logs without sockets and threads: its operations over a store in a folder of its own.
// Tests only.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "base/time_format.h"
#include "services/logs/operations.h"
#include "tests/support/state_doubles.h"
#include "tests/support/test_dir.h"

namespace kiln::services {

class LogsApiTest : public testing::Test {
 protected:
  static constexpr int64_t kBase = 1769000000000;  // 2026-01-21T12:53:20.000Z
  static constexpr int64_t kDay = 24LL * 3600 * 1000;
  static constexpr const char* kGroup = "/aws/lambda/f";
  static inline const std::string kArn = "arn:aws:logs:eu-west-1:000000000000:log-group:";

  LogsApiTest() { restart(); }

  // As after a restart of the engine.
  void restart() {
    groups_.reset();
    store_ = std::make_unique<logs::LogStore>(dir_ / "logs");
    groups_ = std::make_unique<logs::LogGroups>(state_, *store_);
    policies_ = std::make_unique<logs::ResourcePolicies>(state_);
    for (const auto& [key, document] : state_.documents) {
      const auto& [kind, region, name] = key;
      if (kind == logs::LogGroups::kKind) groups_->load(region, name, document);
      if (kind == logs::ResourcePolicies::kKind) policies_->load(region, name, document);
    }
  }

  // As a function does, at kBase + at.
  void write(const std::string& stream, int64_t at, const std::string& text,
             const std::string& group = kGroup) {
    store_->append(
        {"eu-west-1", group, stream},
        format_iso_ms(WallTime(std::chrono::milliseconds(kBase + at))) + " " + text + "\n");
    store_->flush();
  }

  Result<nlohmann::json> answer(const std::string& operation, const nlohmann::json& input) {
    store_->flush();
    return LogsOperations(*groups_, *policies_, *store_, "eu-west-1", "000000000000",
                          WallTime(std::chrono::milliseconds(now_ms_)))
        .run(operation, input);
  }
  nlohmann::json run(const std::string& operation, const nlohmann::json& input) {
    auto output = answer(operation, input);
    EXPECT_TRUE(output.ok()) << output.error().message;
    return output.ok() ? *output : nlohmann::json();
  }
  Error refused(const std::string& operation, const nlohmann::json& input) {
    auto output = answer(operation, input);
    EXPECT_FALSE(output.ok());
    return output.ok() ? Error{} : output.error();
  }

  static std::vector<std::string> messages(const nlohmann::json& output) {
    std::vector<std::string> out;
    for (const nlohmann::json& event : output.at("events")) out.push_back(event.at("message"));
    return out;
  }
  // Times relative to kBase, and messages.
  nlohmann::json put(const std::string& group, const std::string& stream,
                     const std::vector<std::pair<int64_t, std::string>>& events) {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& [at, message] : events)
      list.push_back({{"timestamp", kBase + at}, {"message", message}});
    return {{"logGroupName", group}, {"logStreamName", stream}, {"logEvents", std::move(list)}};
  }

  TestDir dir_;
  tests::MemoryState state_;
  int64_t now_ms_ = kBase;
  std::unique_ptr<logs::LogStore> store_;
  std::unique_ptr<logs::LogGroups> groups_;
  std::unique_ptr<logs::ResourcePolicies> policies_;
};

}  // namespace kiln::services
