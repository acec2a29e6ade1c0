// A book of topics over a port that keeps documents, and refuses when told.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>

#include "notify/topic_book.h"
#include "tests/support/state_doubles.h"

namespace kiln::tests {

using notify::Attributes;
using notify::SubscriptionPtr;
using notify::Topic;
using notify::TopicBook;

inline constexpr const char* kRegion = "eu-west-1";
inline constexpr const char* kAccount = "000000000000";
inline constexpr const char* kQueue = "arn:aws:sqs:eu-west-1:000000000000:q";
inline const std::string kArnStart = "arn:aws:sns:eu-west-1:000000000000:";

template <class T>
std::string refusal(const Result<T>& result) {
  return result ? "accepted" : result.error().type + " | " + result.error().message;
}

class TopicBookTest : public testing::Test {
 protected:
  std::string topic(const std::string& name, const Attributes& attributes = {},
                    const Attributes& tags = {}) {
    const auto arn = book_.create_topic(kRegion, name, attributes, tags);
    EXPECT_TRUE(arn.ok()) << arn.error().message;
    return arn ? *arn : "";
  }
  SubscriptionPtr subscribe(const std::string& topic_arn, const std::string& protocol,
                            const std::string& endpoint, const Attributes& attributes = {}) {
    const auto made = book_.subscribe(kRegion, topic_arn, protocol, endpoint, attributes);
    EXPECT_TRUE(made.ok()) << made.error().message;
    return made ? *made : nullptr;
  }
  const Topic& at(const std::string& arn) { return **book_.find_topic(kRegion, arn); }

  MemoryState port_;
  TopicBook book_{kAccount, port_};
};

}  // namespace kiln::tests
