#include "services/cloudformation/provider_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stack/resource_type.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kFunction = "arn:aws:lambda:eu-west-1:000000000000:function:f";

class ProviderCallsTest : public testing::Test {
 protected:
  stack::ProviderCall call(const std::string& token = kFunction, int timeout_s = 3600) {
    return {"eu-west-1",
            token,
            {{"RequestId", "r1"}, {"RequestType", "Create"}},
            timeout_s,
            cancelled_};
  }
  // What a provider does with the event that it gets, before its invocation ends.
  using Provider = std::function<net::Response(const net::Request& request)>;
  Result<json> ask(const Provider& provider, const stack::ProviderCall& call) {
    calls_ = std::make_unique<ProviderCalls>(
        [&](net::Request&& request, Reply reply) {
          target_ = std::string(net::target(request));
          authorization_ = std::string(net::field(request, "Authorization"));
          body_ = std::string(request.body());
          reply(provider(request));
        },
        [] { return std::string("http://127.0.0.1:4566"); });
    return calls_->call(call);
  }
  // To the address that the event says.
  net::Response put(const std::string& text) {
    const std::string url = json::parse(body_).at("ResponseURL");
    return calls_->take(url.substr(url.rfind('/') + 1), text);
  }

  std::atomic<bool> cancelled_{false};
  std::unique_ptr<ProviderCalls> calls_;
  std::string target_, authorization_, body_;
};

net::Response ended(const std::string& body = "null", bool error = false) {
  net::Response response;
  response.body = body;
  if (error) response.headers.emplace_back("X-Amz-Function-Error", "Unhandled");
  response.headers.emplace_back("x-amzn-RequestId", "11111111-2222");
  return response;
}

TEST_F(ProviderCallsTest, TheAnswerIsWhatIsPutToTheResponseUrl) {
  const auto answer = ask(
      [&](const net::Request&) {
        EXPECT_EQ(put(R"({"Status":"SUCCESS","Data":{"a":"b"}})").status, 200U);
        return ended();
      },
      call());
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(*answer, json({{"Status", "SUCCESS"}, {"Data", {{"a", "b"}}}}));
  EXPECT_EQ(target_,
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A000000000000%3Afunction%3Af/"
            "invocations");
  EXPECT_THAT(authorization_, HasSubstr("/eu-west-1/lambda/aws4_request"));
  const json event = json::parse(body_);
  EXPECT_EQ(event["RequestType"], "Create");
  EXPECT_THAT(event["ResponseURL"].get<std::string>(),
              StartsWith("http://127.0.0.1:4566/_kiln/stack-responses/"));
}

TEST_F(ProviderCallsTest, AnErrorAfterTheAnswerChangesNothing) {
  const auto answer = ask(
      [&](const net::Request&) {
        put(R"({"Status":"SUCCESS"})");
        return ended(R"({"errorType":"E"})", true);
      },
      call());
  EXPECT_TRUE(answer.ok());
}

TEST_F(ProviderCallsTest, AFunctionThatBreaksEndsTheWait) {
  const auto answer = ask(
      [](const net::Request&) {
        return ended(R"({"errorType":"KeyError","errorMessage":"'region'"})", true);
      },
      call());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().type, stack::kHalfMade);
  EXPECT_EQ(
      answer.error().message,
      "CloudFormation did not receive a response from your Custom Resource. Please check your "
      "logs for requestId [11111111-2222]. If you are using the Python cfn-response module, "
      "you may need to update your Lambda function code so that CloudFormation can attach the "
      "updated version. The function ended with KeyError: 'region'");
}

TEST_F(ProviderCallsTest, AFunctionThatIsNotThereHasNotBegunAnything) {
  const auto answer = ask(
      [](const net::Request&) {
        net::Response response = ended(R"({"Message":"Function not found: f"})");
        response.status = 404;
        return response;
      },
      call());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().type, "ValidationError");
  EXPECT_THAT(answer.error().message, HasSubstr("Function not found: f"));
}

TEST_F(ProviderCallsTest, NobodyAnswersInTime) {
  const auto answer = ask([](const net::Request&) { return ended(); }, call(kFunction, 0));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().type, stack::kHalfMade);
  EXPECT_THAT(answer.error().message, HasSubstr("requestId [r1]"));
}

TEST_F(ProviderCallsTest, WaitingEndsWhenItsDeploymentDoes) {
  const auto answer = ask(
      [&](const net::Request&) {
        cancelled_ = true;
        return ended();
      },
      call());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().type, "Cancelled");
}

TEST_F(ProviderCallsTest, AnswersHaveALimit) {
  for (const auto& [text, message] : std::initializer_list<std::pair<std::string, const char*>>{
           {std::string(ProviderCalls::kMaxAnswerBytes + 1, ' '), "Response object is too long."},
           {"[]", "Invalid response object"},
           {"no JSON", "Invalid response object"}}) {
    const auto answer = ask(
        [&](const net::Request&) {
          put(text);
          return ended();
        },
        call());
    ASSERT_FALSE(answer.ok());
    EXPECT_THAT(answer.error().message, HasSubstr(message));
  }
  const std::string whole = R"({"Status":"SUCCESS","Reason":")";
  const std::string most =
      whole + std::string(ProviderCalls::kMaxAnswerBytes - whole.size() - 2, 'x') + "\"}";
  EXPECT_TRUE(ask(
                  [&](const net::Request&) {
                    put(most);
                    return ended();
                  },
                  call())
                  .ok());
}

TEST_F(ProviderCallsTest, ATopicsSubscribersMayAnswer) {
  const auto answer = ask(
      [&](const net::Request& request) {
        EXPECT_EQ(net::target(request), "/");
        EXPECT_THAT(body_, HasSubstr("Action=Publish"));
        EXPECT_THAT(body_, HasSubstr("TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A000000000000%3At"));
        const size_t mark = body_.find("stack-responses%2F");
        const std::string token = body_.substr(mark + 18, 36);
        calls_->take(token, R"({"Status":"SUCCESS"})");
        return ended("<PublishResponse/>");
      },
      call("arn:aws:sns:eu-west-1:000000000000:t"));
  EXPECT_TRUE(answer.ok());
  EXPECT_THAT(authorization_, HasSubstr("/eu-west-1/sns/aws4_request"));
}

TEST_F(ProviderCallsTest, AnAnswerThatNobodyWaitsForIsNotFound) {
  (void)ask([](const net::Request&) { return ended(); }, call(kFunction, 0));
  EXPECT_EQ(put("{}").status, 404U);
}

}  // namespace
}  // namespace kiln::services
