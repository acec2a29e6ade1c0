#include "services/driver/pending_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/fence.h"
#include "base/memory_reserve.h"

namespace kiln::services {
namespace {

using net::http::verb;
using testing::HasSubstr;

class PendingAnswerTest : public testing::Test {
 protected:
  PendingAnswerTest() : before_(internal_errors()) {
    set_fence_listener([this](std::string_view where, std::string_view what) {
      told_.push_back(std::string(where) + ": " + std::string(what));
    });
  }
  ~PendingAnswerTest() override { set_fence_listener({}); }

  Reply reply(Shape shape, Api api = Api::kSns, const std::string& operation = "Publish") {
    Classification what;
    what.api = api;
    what.shape = shape;
    what.operation = operation;
    return with_answer([this](net::Response&& r) { answers_.push_back(std::move(r)); },
                       net::Request{verb::post, "/2015-03-31/functions/f?token=secret", 11}, what,
                       stopping_);
  }

  const uint64_t before_;
  std::vector<std::string> told_;
  std::vector<net::Response> answers_;
  std::shared_ptr<std::atomic<bool>> stopping_ = std::make_shared<std::atomic<bool>>(false);
};

TEST_F(PendingAnswerTest, AnAnswerGoesThroughOnce) {
  {
    const Reply answer = reply(Shape::kQuery);
    const Reply copy = answer;
    net::Response response;
    response.status = 202;
    answer(std::move(response));
    copy(net::Response());
  }
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].status, 202u);
  EXPECT_EQ(told_, std::vector<std::string>{"Publish: it was answered twice"});
}

// Each service's own 500, as its API reference has it among the common errors.
TEST_F(PendingAnswerTest, ADroppedRequestIsAnsweredInTheServicesShape) {
  struct Case {
    Shape shape;
    const char* code;
  };
  for (const auto& [shape, code] :
       {Case{Shape::kQuery, "<Code>InternalFailure</Code>"},
        Case{Shape::kJson11, "InternalFailure"}, Case{Shape::kJson10, "InternalFailure"},
        Case{Shape::kCbor, "InternalFailure"},
        Case{Shape::kRestXml, "<Code>InternalError</Code>"}}) {
    answers_.clear();
    reply(shape);
    ASSERT_EQ(answers_.size(), 1u);
    EXPECT_EQ(answers_[0].status, 500u);
    EXPECT_THAT(answers_[0].body, HasSubstr(code));
  }
  answers_.clear();
  reply(Shape::kRestJson, Api::kLambda, "");
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].status, 500u);
  EXPECT_THAT(answers_[0].headers,
              testing::Contains(testing::Pair("x-amzn-ErrorType", "ServiceException")));
  EXPECT_EQ(internal_errors() - before_, 6u);
  // The query may hold what is nobody's business.
  EXPECT_EQ(told_.back(), "POST /2015-03-31/functions/f: it was dropped without an answer");
}

TEST_F(PendingAnswerTest, WhatIsDroppedForLackOfMemoryIsNothingToReport) {
  {
    const Reply dropped = reply(Shape::kRestXml);
    note_memory_refusal();
  }
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].status, 500u);
  EXPECT_THAT(answers_[0].body, HasSubstr("there is no memory for it; let less run at a time"));
  EXPECT_THAT(answers_[0].body, testing::Not(HasSubstr("report")));
  EXPECT_EQ(told_, std::vector<std::string>{"Publish: " + std::string(kNoMemory)});
}

TEST_F(PendingAnswerTest, WhatIsDroppedWhileTheEngineStopsIsNoDefect) {
  *stopping_ = true;
  for (const Shape shape : {Shape::kQuery, Shape::kJson11, Shape::kCbor, Shape::kRestXml}) {
    answers_.clear();
    reply(shape);
    ASSERT_EQ(answers_.size(), 1u);
    EXPECT_EQ(answers_[0].status, 503u);
    EXPECT_THAT(answers_[0].body, HasSubstr("ServiceUnavailable"));
    EXPECT_THAT(answers_[0].body, HasSubstr("Kiln is stopping"));
  }
  answers_.clear();
  reply(Shape::kRestJson, Api::kFunctionUrl, "");
  EXPECT_EQ(answers_.at(0).status, 503u);
  EXPECT_EQ(internal_errors(), before_);
}

}  // namespace
}  // namespace kiln::services
