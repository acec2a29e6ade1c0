// Custom resources over a double of their provider: what it is asked, in which order, and what
// becomes of its answers.
#include "stack/custom_resource.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "stack/stack_book.h"
#include "tests/support/state_doubles.h"

namespace kiln::stack {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kCustomRegion = "eu-west-1";
constexpr const char* kServiceToken = "arn:aws:lambda:eu-west-1:111111111111:function:provider";

class CustomResourceTest : public testing::Test {
 protected:
  CustomResourceTest() {
    StackBook::Options options{"111111111111", {}, state_, clock_, {}};
    options.api = [](const std::string& region) {
      return AwsApi([](net::Request&&) { return net::Response(); }, region, "h");
    };
    options.provider = [this](const ProviderCall& call) -> Result<json> {
      const std::lock_guard lock(mutex_);
      requests_.push_back(call.request);
      timeouts_.push_back(call.timeout_s);
      if (answers_.empty()) return json{{"Status", "SUCCESS"}, {"PhysicalResourceId", "id"}};
      auto answer = answers_.front();
      answers_.pop_front();
      return answer;
    };
    book_ = std::make_unique<StackBook>(std::move(options));
    book_->loaded();
  }

  static Wish wish(const json& properties, const json& outputs = json::object()) {
    json all = {{"ServiceToken", kServiceToken}};
    all.update(properties);
    Wish out;
    out.template_text = json{
        {"Resources", {{"C", {{"Type", "Custom::Seed"}, {"Properties", all}}}}},
        {"Outputs",
         outputs}}.dump();
    return out;
  }
  Stack create(const Wish& wanted) {
    const auto id = book_->create(kCustomRegion, "s", wanted, {});
    EXPECT_TRUE(id.ok()) << id.error().message;
    book_->drain();
    return *book_->find(kCustomRegion, "s");
  }
  Stack update(const Wish& wanted) {
    const auto id = book_->update(kCustomRegion, "s", wanted);
    EXPECT_TRUE(id.ok()) << id.error().message;
    book_->drain();
    return *book_->find(kCustomRegion, "s");
  }
  void answer(const std::string& id, const json& data = json::object()) {
    answers_.push_back(json{{"Status", "SUCCESS"}, {"PhysicalResourceId", id}, {"Data", data}});
  }
  void fail(const std::string& reason, const std::string& id) {
    answers_.push_back(json{
        {"Status", "FAILED"}, {"Reason", reason}, {"RequestId", "r1"}, {"PhysicalResourceId", id}});
  }
  // "Create", "Update one" …: what was asked, with the physical id.
  std::vector<std::string> asked() const {
    std::vector<std::string> out;
    for (const json& request : requests_)
      out.push_back(request.at("RequestType").get<std::string>() +
                    (request.contains("PhysicalResourceId")
                         ? " " + request["PhysicalResourceId"].get<std::string>()
                         : ""));
    return out;
  }

  tests::NoState state_;
  SystemClock clock_;
  std::mutex mutex_;
  std::vector<json> requests_;
  std::vector<int> timeouts_;
  std::deque<Result<json>> answers_;
  std::unique_ptr<StackBook> book_;
};

TEST(CustomNames, AreThoseOfCloudFormation) {
  EXPECT_TRUE(is_custom_name("Custom::Seed"));
  EXPECT_TRUE(is_custom_name("Custom::S3Auto_Delete@1-x"));
  EXPECT_FALSE(is_custom_name("Custom::"));
  EXPECT_FALSE(is_custom_name("Custom::a b"));
  EXPECT_TRUE(is_custom_name("Custom::" + std::string(52, 'a')));
  EXPECT_FALSE(is_custom_name("Custom::" + std::string(53, 'a')));
}

TEST_F(CustomResourceTest, IsAskedAsCloudFormationAsks) {
  answer("one", {{"Answer", "42"}});
  const Stack made = create(wish({{"Count", 3}, {"On", true}, {"Deep", {{"List", {1, "a"}}}}},
                                 {{"Out", {{"Value", {{"Fn::GetAtt", {"C", "Answer"}}}}}}}));
  ASSERT_EQ(made.status, "CREATE_COMPLETE");
  EXPECT_EQ(made.resources.at("C").physical_id, "one");
  EXPECT_EQ(made.outputs.at(0).value, "42");
  ASSERT_EQ(requests_.size(), 1U);
  json request = requests_[0];
  EXPECT_EQ(request["RequestId"].get<std::string>().size(), 36U);
  request.erase("RequestId");
  EXPECT_EQ(request, json({{"RequestType", "Create"},
                           {"StackId", made.id},
                           {"LogicalResourceId", "C"},
                           {"ResourceType", "Custom::Seed"},
                           {"ServiceToken", kServiceToken},
                           {"ResourceProperties",
                            {{"ServiceToken", kServiceToken},
                             {"Count", "3"},
                             {"On", "true"},
                             {"Deep", {{"List", {"1", "a"}}}}}}}));
  EXPECT_EQ(timeouts_, std::vector<int>{3600});
}

TEST_F(CustomResourceTest, AnUpdateTellsTheOldProperties) {
  answer("one");
  create(wish({{"A", "1"}}));
  answer("one", {{"New", "x"}});
  const Stack now = update(wish({{"A", "2"}, {"ServiceTimeout", 7}}));
  EXPECT_EQ(now.status, "UPDATE_COMPLETE");
  EXPECT_THAT(asked(), ElementsAre("Create", "Update one"));
  EXPECT_EQ(requests_[1]["OldResourceProperties"],
            json({{"ServiceToken", kServiceToken}, {"A", "1"}}));
  EXPECT_EQ(requests_[1]["ResourceProperties"],
            json({{"ServiceToken", kServiceToken}, {"A", "2"}, {"ServiceTimeout", "7"}}));
  EXPECT_EQ(timeouts_[1], 7);
  EXPECT_EQ(now.resources.at("C").attributes, json({{"New", "x"}}));
}

TEST_F(CustomResourceTest, AnotherIdIsAReplacementWhoseOldOneIsDeleted) {
  answer("one");
  create(wish({{"A", "1"}}));
  answer("two");
  const Stack now = update(wish({{"A", "2"}}));
  EXPECT_EQ(now.status, "UPDATE_COMPLETE");
  EXPECT_EQ(now.resources.at("C").physical_id, "two");
  EXPECT_THAT(asked(), ElementsAre("Create", "Update one", "Delete one"));
  EXPECT_EQ(requests_[2]["ResourceProperties"],
            json({{"ServiceToken", kServiceToken}, {"A", "1"}}));
  EXPECT_TRUE(now.leftovers.empty());
}

TEST_F(CustomResourceTest, DeletingIsAskedByItsId) {
  answer("one");
  create(wish(json::object()));
  ASSERT_TRUE(book_->remove(kCustomRegion, "s", {}, "").ok());
  book_->drain();
  EXPECT_THAT(asked(), ElementsAre("Create", "Delete one"));
}

TEST_F(CustomResourceTest, ADeletionThatFailsIsTold) {
  answer("one");
  const std::string id = create(wish(json::object())).id;
  fail("still in use", "one");
  ASSERT_TRUE(book_->remove(kCustomRegion, "s", {}, "").ok());
  book_->drain();
  const auto now = book_->find(kCustomRegion, id);
  EXPECT_EQ(now->status, "DELETE_FAILED");
  EXPECT_THAT(now->reason, HasSubstr("Received response status [FAILED] from custom resource. "
                                     "Message returned: still in use (RequestId: r1)"));
}

TEST_F(CustomResourceTest, WhatFailedIsDeletedByTheIdThatItGave) {
  fail("no room", "half");
  const Stack now = create(wish(json::object()));
  EXPECT_EQ(now.status, "ROLLBACK_COMPLETE");
  EXPECT_THAT(asked(), ElementsAre("Create", "Delete half"));
  bool told = false;
  for (const StackEvent& event : now.events)
    told = told || (event.status == "CREATE_FAILED" &&
                    event.reason ==
                        "Received response status [FAILED] from custom resource. "
                        "Message returned: no room (RequestId: r1)");
  EXPECT_TRUE(told);
}

TEST_F(CustomResourceTest, WhatNeverAnsweredIsDeletedByTheNameThatWasChosen) {
  answers_.push_back(Error{ErrorKind::kInvalid, kHalfMade, "did not receive a response"});
  const Stack now = create(wish(json::object()));
  EXPECT_EQ(now.status, "ROLLBACK_COMPLETE");
  ASSERT_EQ(requests_.size(), 2U);
  EXPECT_THAT(asked()[1], testing::StartsWith("Delete s-C-"));
}

TEST_F(CustomResourceTest, AnUpdateThatFailsGoesBack) {
  answer("one");
  create(wish({{"A", "1"}}));
  fail("no", "one");
  answer("one");
  const Stack now = update(wish({{"A", "2"}}));
  EXPECT_EQ(now.status, "UPDATE_ROLLBACK_COMPLETE");
  // The old properties are set again: nobody knows what the failed update has done.
  EXPECT_THAT(asked(), ElementsAre("Create", "Update one", "Update one"));
  EXPECT_EQ(requests_[2]["ResourceProperties"],
            json({{"ServiceToken", kServiceToken}, {"A", "1"}}));
  EXPECT_EQ(requests_[2]["OldResourceProperties"],
            json({{"ServiceToken", kServiceToken}, {"A", "2"}}));
  EXPECT_EQ(now.resources.at("C").properties["A"], "1");
}

TEST_F(CustomResourceTest, AReplacementThatIsTakenBackDeletesWhatItMade) {
  answer("one");
  create(wish({{"A", "1"}}));
  answer("two");  // the change
  answer("one");  // and the way back
  Wish wanted = wish({{"A", "2"}}, {{"Out", {{"Value", {{"Fn::GetAtt", {"C", "Nothing"}}}}}}});
  const Stack now = update(wanted);  // whose output can't be had
  EXPECT_EQ(now.status, "UPDATE_ROLLBACK_COMPLETE");
  EXPECT_THAT(asked(), ElementsAre("Create", "Update one", "Update two", "Delete two"));
  EXPECT_EQ(now.resources.at("C").physical_id, "one");
  EXPECT_TRUE(now.leftovers.empty());
}

TEST_F(CustomResourceTest, RefusesWhatCloudFormationRefuses) {
  const auto refused = [&](const json& properties) {
    const auto id = book_->create(kCustomRegion, "x", wish(properties), {});
    return id ? std::string("accepted") : id.error().message;
  };
  EXPECT_THAT(refused({{"ServiceToken", "provider"}}), HasSubstr("Invalid service token."));
  answers_.push_back(json{{"Status", "SUCCESS"}});
  EXPECT_EQ(create(wish(json::object())).status, "ROLLBACK_COMPLETE");
}

TEST_F(CustomResourceTest, AnAttributeThatIsNotThereFails) {
  answer("one", {{"Answer", "42"}});
  const Stack now =
      create(wish(json::object(), {{"Out", {{"Value", {{"Fn::GetAtt", {"C", "Question"}}}}}}}));
  EXPECT_EQ(now.status, "ROLLBACK_COMPLETE");
  bool told = false;
  for (const StackEvent& event : now.events)
    told = told || event.reason.find(
                       "CustomResource attribute error: Vendor response doesn't "
                       "contain Question attribute in object") != std::string::npos;
  EXPECT_TRUE(told);
}

TEST_F(CustomResourceTest, IsLeftOutWhenItFailsAndThatWasAskedFor) {
  fail("there is no DynamoDB", "half");
  Wish wanted = wish(json::object());
  wanted.unsupported = Wish::Unsupported::kSkip;
  const Stack now = create(wanted);
  EXPECT_EQ(now.status, "CREATE_COMPLETE");
  EXPECT_THAT(now.resources.at("C").reason, HasSubstr("Left out: Received response status"));
}

}  // namespace
}  // namespace kiln::stack
