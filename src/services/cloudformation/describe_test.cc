// Pages of CloudFormation's lists, between which entries come and go.
#include <gtest/gtest.h>

#include "services/cloudformation/operations.h"
#include "tests/support/state_doubles.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using stack::StackBook;
using stack::StackRecord;
using Texts = std::vector<std::string>;

constexpr const char* kRegion = "eu-west-1";
constexpr size_t kPage = 100;  // of these lists

class CloudFormationPages : public testing::Test {
 protected:
  static stack::Stack stack_named(const std::string& name) {
    stack::Stack stack;
    stack.name = name;
    stack.id = "arn:aws:cloudformation:eu-west-1:111111111111:stack/" + name + "/1";
    stack.region = kRegion;
    stack.status = "CREATE_COMPLETE";
    return stack;
  }

  // From the members of one page of what these stacks are asked.
  Texts ask(const std::vector<stack::Stack>& stacks, const std::string& operation, json input,
            const char* list, const char* member) {
    StackBook book({"111111111111", {}, state_, clock_, {}});
    for (const stack::Stack& each : stacks) {
      EXPECT_TRUE(
          book.load(StackRecord::kStackKind, kRegion, each.id, to_document(each).dump()).ok());
      for (const stack::StackEvent& event : each.events)
        EXPECT_TRUE(book.load(StackRecord::kEventKind, kRegion,
                              each.id + "#" + std::to_string(event.number),
                              to_document(event).dump())
                        .ok());
    }
    book.loaded();
    if (!token_.empty()) input["NextToken"] = token_;
    const auto answer = CloudFormationOperations(book, {}).run(operation, input, kRegion);
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    if (!answer) return {};
    token_ = answer->value("NextToken", "");
    Texts out;
    for (const json& each : answer->at(list))
      out.push_back(each.is_string() ? each.get<std::string>()
                                     : each.at(member).get<std::string>());
    return out;
  }

  // The first page of all stacks, and then what those are asked that it hasn't shown.
  Texts ask_and_delete(std::vector<stack::Stack> stacks, const std::string& operation,
                       const json& input, const char* list, const char* member) {
    Texts seen = ask(stacks, operation, input, list, member);
    EXPECT_EQ(seen.size(), kPage);
    std::erase_if(stacks, [&](const stack::Stack& each) {
      return std::find(seen.begin(), seen.end(), each.name) != seen.end();
    });
    const Texts more = ask(stacks, operation, input, list, member);
    EXPECT_EQ(token_, "");
    seen.insert(seen.end(), more.begin(), more.end());
    return seen;
  }

  ManualClock clock_{WallTime(std::chrono::seconds(1'700'000'000))};
  tests::NoState state_;
  std::string token_;
};

// "s10-1": the ids of stacks, "…/s10-1/1", are in another order than their names.
std::vector<stack::Stack> with_dashes(stack::Stack (*make)(const std::string&)) {
  std::vector<stack::Stack> out;
  for (int i = 0; i < 60; ++i)
    for (const char* end : {"", "-1"}) out.push_back(make("s" + std::to_string(100 + i) + end));
  return out;
}

Texts sorted_names(const std::vector<stack::Stack>& stacks) {
  Texts out;
  for (const stack::Stack& each : stacks) out.push_back(each.name);
  std::sort(out.begin(), out.end());
  return out;
}

TEST_F(CloudFormationPages, StacksMadeInOneMoment) {
  const auto stacks = with_dashes(stack_named);
  for (const auto& [operation, list] :
       {std::pair("DescribeStacks", "Stacks"), std::pair("ListStacks", "StackSummaries")}) {
    token_.clear();
    Texts seen = ask_and_delete(stacks, operation, json::object(), list, "StackName");
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, sorted_names(stacks)) << operation;
  }
}

TEST_F(CloudFormationPages, Importers) {
  auto stacks = with_dashes(stack_named);
  for (stack::Stack& each : stacks) each.imports = {"x"};
  const Texts seen = ask_and_delete(stacks, "ListImports", {{"ExportName", "x"}}, "Imports", "");
  EXPECT_EQ(seen, sorted_names(stacks));
}

TEST_F(CloudFormationPages, EventsWhoseOldestGo) {
  auto stack = stack_named("s");
  const auto add = [&](uint64_t number) {
    stack.events.push_back({number, std::to_string(number), {}, "s", "", "T", "S", "", "", ""});
  };
  for (uint64_t i = 1000; i < 1250; ++i) add(i);
  Texts seen = ask({stack}, "DescribeStackEvents", {{"StackName", "s"}}, "StackEvents", "EventId");
  ASSERT_EQ(seen.size(), kPage);
  EXPECT_EQ(seen.front(), "1249");
  stack.events.erase(stack.events.begin(), stack.events.begin() + 80);
  for (uint64_t i = 1250; i < 1330; ++i) add(i);
  const Texts more =
      ask({stack}, "DescribeStackEvents", {{"StackName", "s"}}, "StackEvents", "EventId");
  ASSERT_EQ(more.size(), 70U);
  EXPECT_EQ(more.front(), "1149");
  EXPECT_EQ(more.back(), "1080");
}

}  // namespace
}  // namespace kiln::services
