// SNS without sockets and threads: its operations over a book that is kept nowhere. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "services/sns/operations.h"
#include "tests/support/state_doubles.h"

namespace kiln::services {

class SnsOperationsTest : public testing::Test {
 protected:
  using json = nlohmann::json;
  static constexpr const char* kRegion = "eu-west-1";
  static constexpr const char* kArn = "arn:aws:sns:eu-west-1:000000000000:t";
  static constexpr const char* kQueue = "arn:aws:sqs:eu-west-1:000000000000:q";

  Result<json> answer(const std::string& operation, const json& input,
                      const std::string& region = kRegion) {
    SnsOperations::Ports ports;
    ports.publish = [&](const notify::Topic& topic, const notify::Message& message) {
      published_.emplace_back(topic.arn.name, message);
      return notify::Published{"id-" + std::to_string(published_.size()),
                               topic.arn.is_fifo() ? "10000000000000000000" : ""};
    };
    ports.text = [&](const std::string& phone, const std::string& message) {
      texts_.emplace_back(phone, message);
      return std::string("text-1");
    };
    ports.trace_header = trace_header_;
    ports.ask_confirmation = [&](notify::Confirmation what, const notify::SubscriptionPtr& s) {
      (what == notify::Confirmation::kSubscribe ? asked_ : asked_back_).push_back(s);
    };
    return SnsOperations(book_, std::move(ports)).run(operation, input, region);
  }
  json run(const std::string& operation, const json& input) {
    auto output = answer(operation, input);
    EXPECT_TRUE(output.ok()) << operation << ": " << output.error().message;
    return output.ok() ? *output : json();
  }
  std::string refused(const std::string& operation, const json& input,
                      const std::string& region = kRegion) {
    const auto output = answer(operation, input, region);
    return output.ok() ? "accepted" : output.error().type + " | " + output.error().message;
  }
  void topic() { run("CreateTopic", {{"Name", "t"}}); }
  std::string subscribe(const std::string& protocol, const std::string& endpoint,
                        const json& attributes = json::array()) {
    return run("Subscribe", {{"TopicArn", kArn},
                             {"Protocol", protocol},
                             {"Endpoint", endpoint},
                             {"Attributes", attributes},
                             {"ReturnSubscriptionArn", "true"}})
        .at("SubscriptionArn");
  }
  // {"Attributes": [{"key": …, "value": …}]} as an object.
  json attributes_of(const json& output) {
    json out = json::object();
    for (const json& entry : output.at("Attributes")) {
      EXPECT_FALSE(out.contains(entry.at("key"))) << entry;
      out[entry.at("key").get<std::string>()] = entry.at("value");
    }
    return out;
  }
  json topic_attributes() { return attributes_of(run("GetTopicAttributes", {{"TopicArn", kArn}})); }
  json subscription_attributes(const std::string& arn) {
    return attributes_of(run("GetSubscriptionAttributes", {{"SubscriptionArn", arn}}));
  }

  tests::NoState port_;
  notify::TopicBook book_{"000000000000", port_};
  std::vector<std::pair<std::string, std::string>> texts_;  // phone, message
  std::vector<std::pair<std::string, notify::Message>> published_;
  std::string trace_header_;
  std::vector<notify::SubscriptionPtr> asked_;       // to confirm
  std::vector<notify::SubscriptionPtr> asked_back_;  // whether to end
};

inline nlohmann::json entry(const std::string& key, const std::string& value) {
  return {{"key", key}, {"value", value}};
}
inline nlohmann::json tag(const std::string& key, const std::string& value) {
  return {{"Key", key}, {"Value", value}};
}

}  // namespace kiln::services
