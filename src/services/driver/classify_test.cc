#include "services/driver/classify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kiln::services {
namespace {

using net::http::verb;
using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

net::Request make(verb method, const std::string& target, const std::string& signed_for = "",
                  const std::string& amz_target = "", const std::string& body = "") {
  net::Request request{method, target, 11};
  if (!signed_for.empty()) {
    request.set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/" +
                                     signed_for + "/aws4_request, SignedHeaders=host, Signature=a");
  }
  if (!amz_target.empty()) {
    request.set("X-Amz-Target", amz_target);
    request.set("Content-Type", "application/x-amz-json-1.1");
  }
  request.body() = body;
  return request;
}

struct Case {
  net::Request request;
  Api api;
  const char* service = "";
  const char* operation = "";
};

TEST(Classify, Table) {
  const Case cases[] = {
      {make(verb::post, "/2015-03-31/functions/f/invocations?Qualifier=p", "lambda"), Api::kLambda},
      {make(verb::get, "/2015-03-31/functions/"), Api::kLambda},
      {make(verb::get, "/2015-03-31/functions?MaxItems=1"), Api::kLambda},
      {make(verb::get, "/2016-08-19/account-settings"), Api::kLambda},
      {make(verb::get, "/2017-03-31/tags/arn%3Aaws%3Alambda"), Api::kLambda},
      {make(verb::put, "/2017-10-31/functions/f/concurrency"), Api::kLambda},
      {make(verb::get, "/2018-10-31/layers"), Api::kLambda},
      {make(verb::get, "/2019-09-25/functions/f/event-invoke-config"), Api::kLambda},
      {make(verb::get, "/2020-06-30/functions/f/code-signing-config"), Api::kLambda},
      {make(verb::post, "/2021-11-15/functions/f/response-streaming-invocations"), Api::kLambda},
      // A dated path that is nobody's is Lambda's to refuse.
      {make(verb::get, "/2015-03-31/nonsense"), Api::kLambda},
      // Other services have dated paths, too: the signature tells.
      {make(verb::get, "/2020-05-31/distribution", "cloudfront"), Api::kAbsent, "cloudfront",
       "GET /2020-05-31/distribution"},
      {make(verb::get, "/2015-02-01/file-systems?x=y", "elasticfilesystem"), Api::kAbsent,
       "elasticfilesystem", "GET /2015-02-01/file-systems"},
      {make(verb::post, "/", "logs", "Logs_20140328.FilterLogEvents", "{}"), Api::kLogs, "logs",
       "FilterLogEvents"},
      {make(verb::post, "/", "", "Logs_20140328.GetLogEvents"), Api::kLogs, "logs", "GetLogEvents"},
      {make(verb::post, "/", "dynamodb", "DynamoDB_20120810.PutItem"), Api::kAbsent, "dynamodb",
       "PutItem"},
      {make(verb::post, "/", "monitoring", "GraniteServiceVersion20100801.PutMetricData"),
       Api::kCloudWatch, "cloudwatch", "PutMetricData"},
      {make(verb::post, "/", "secretsmanager", "secretsmanager.GetSecretValue"), Api::kAbsent,
       "secretsmanager", "GetSecretValue"},
      {make(verb::post, "/", "", "", "Action=GetCallerIdentity&Version=2011-06-15"), Api::kSts,
       "sts", "GetCallerIdentity"},
      {make(verb::post, "/", "sts", "", "Action=AssumeRole&Version=2011-06-15"), Api::kSts, "sts",
       "AssumeRole"},
      {make(verb::get, "/?Action=GetCallerIdentity&Version=2011-06-15"), Api::kSts, "sts",
       "GetCallerIdentity"},
      {make(verb::post, "/?Action=Publish&Version=2010-03-31", "sns"), Api::kSns, "sns", "Publish"},
      {make(verb::post, "/?Action=Publish", "sns", "", "Action=CreateTopic&Version=2010-03-31"),
       Api::kSns, "sns", "CreateTopic"},
      {make(verb::post, "/", "sns", "", "Action=Publish&Version=2010-03-31"), Api::kSns, "sns",
       "Publish"},
      {make(verb::post, "/", "monitoring", "", "Action=PutMetricData&Version=2010-08-01"),
       Api::kCloudWatch, "cloudwatch", "PutMetricData"},
      {make(verb::get, "/?Action=ConfirmSubscription&TopicArn=a&Token=t"), Api::kSns, "sns",
       "ConfirmSubscription"},
      {make(verb::post, "/", "", "", "Action=CreateStack&Version=2010-05-15"), Api::kCloudFormation,
       "cloudformation", "CreateStack"},
      {make(verb::post, "/", "", "", "Action=X&Version=1999-01-01"), Api::kAbsent,
       "of version 1999-01-01", "X"},
      {make(verb::post, "/service/GraniteServiceVersion20100801/operation/PutMetricData"),
       Api::kCloudWatch, "cloudwatch", "PutMetricData"},
      {make(verb::put, "/bucket/a/b%20c", "s3"), Api::kS3, "s3", "PUT /bucket/a/b%20c"},
      {make(verb::get, "/", "s3"), Api::kS3, "s3", "GET /"},
      // A key may look like anything of another service.
      {make(verb::put, "/service/a/operation/b", "s3"), Api::kS3, "s3",
       "PUT /service/a/operation/b"},
      {make(verb::get, "/b/k?AWSAccessKeyId=a&Signature=s&Expires=1"), Api::kS3, "s3", "GET /b/k"},
      {make(verb::post, "/", "ssm", "AmazonSSM.GetParameter"), Api::kSsm, "ssm", "GetParameter"},
      {make(verb::post, "/", "compute-optimizer", "ComputeOptimizerService.GetEnrollmentStatus"),
       Api::kComputeOptimizer, "compute-optimizer", "GetEnrollmentStatus"},
      {make(verb::post, "/TraceSegments", "xray"), Api::kAbsent, "xray", "POST /TraceSegments"},
      {make(verb::get, "/_kiln/health"), Api::kHealth},
      {make(verb::get, "/"), Api::kHealth},
      {make(verb::head, "/"), Api::kHealth},
      {make(verb::get, "/_kiln/status"), Api::kStatus, "", "GET /_kiln/status"},
      {make(verb::get, "/metrics"), Api::kMetrics, "", "GET /metrics"},
      {make(verb::get, "/metrics", "s3"), Api::kS3, "s3", "GET /metrics"},
      {make(verb::get, "/_kiln/environments"), Api::kDebug, "", "GET /_kiln/environments"},
      {make(verb::delete_, "/_kiln/environments/f"), Api::kDebug, "",
       "DELETE /_kiln/environments/f"},
      {make(verb::delete_, "/_kiln/environments"), Api::kUnknown, "", "DELETE /_kiln/environments"},
      {make(verb::post, "/_kiln/debug/f"), Api::kDebug, "", "POST /_kiln/debug/f"},
      {make(verb::delete_, "/_kiln/debug/f"), Api::kDebug, "", "DELETE /_kiln/debug/f"},
      {make(verb::get, "/_kiln/debug/f"), Api::kUnknown, "", "GET /_kiln/debug/f"},
      {make(verb::post, "/_kiln/debug"), Api::kUnknown, "", "POST /_kiln/debug"},
      {make(verb::put, "/_kiln/stack-responses/abc"), Api::kCloudFormation, "cloudformation",
       "PUT /_kiln/stack-responses/abc"},
      {make(verb::get, "/_kiln/stack-responses/abc"), Api::kUnknown, "",
       "GET /_kiln/stack-responses/abc"},
      {make(verb::get, "/_kiln/code/abc.zip"), Api::kLambda},
      {make(verb::put, "/_kiln/code/abc.zip"), Api::kUnknown, "", "PUT /_kiln/code/abc.zip"},
      {make(verb::post, "/_kiln/health"), Api::kUnknown, "", "POST /_kiln/health"},
      {make(verb::get, "/favicon.ico"), Api::kUnknown, "", "GET /favicon.ico"},
      {make(verb::post, "/"), Api::kUnknown, "", "POST /"},
      {make(verb::get, "/20ab-03-31/functions"), Api::kUnknown, "", "GET /20ab-03-31/functions"},
      {make(verb::get, "/2015-03-31"), Api::kUnknown, "", "GET /2015-03-31"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.request.method_string()) + " " + std::string(c.request.target()) +
                 " " + c.request.body());
    const Classification what = classify(c.request);
    EXPECT_EQ(static_cast<int>(what.api), static_cast<int>(c.api));
    if (c.api == Api::kLambda || c.api == Api::kHealth) continue;
    EXPECT_EQ(what.service, c.service);
    EXPECT_EQ(what.operation, c.operation);
  }
}

TEST(Classify, TheHostOfAFunctionUrlGoesBeforeEveryPath) {
  for (const char* target :
       {"/", "/metrics", "/_kiln/status", "/2015-03-31/functions/f/invocations",
        "/?Action=GetCallerIdentity&Version=2011-06-15"}) {
    net::Request request = make(verb::get, target, "s3");
    request.set("Host", "0123456789abcdef0123456789abcdef.lambda-url.eu-west-1.localhost:4566");
    EXPECT_EQ(classify(request).api, Api::kFunctionUrl) << target;
    EXPECT_EQ(body_limit(request.base()), kMaxInvokeBytes) << target;
    request.set("Host", "localhost:4566");
    EXPECT_NE(classify(request).api, Api::kFunctionUrl) << target;
  }
}

TEST(Classify, QueryRequestsComeParsed) {
  const auto what = classify(make(verb::post, "/", "sts", "", "Action=A&Version=2011-06-15&X=y"));
  ASSERT_TRUE(what.query);
  EXPECT_EQ(what.query->get("X"), "y");
}

net::Response answer(const net::Request& request) { return not_here(classify(request), "id-1"); }

TEST(NotHere, EachProtocolInItsShape) {
  auto r = answer(make(verb::post, "/", "dynamodb", "DynamoDB_20120810.PutItem"));
  EXPECT_EQ(r.status, 400U);
  EXPECT_EQ(json::parse(r.body)["__type"], "UnknownOperationException");
  EXPECT_THAT(json::parse(r.body)["message"].get<std::string>(),
              testing::AllOf(HasSubstr("dynamodb"), HasSubstr("PutItem")));

  r = answer(make(verb::post, "/", "sns", "", "Action=Publish&Version=2010-03-31"));
  EXPECT_EQ(r.status, 400U);
  EXPECT_THAT(r.body, HasSubstr("<Error><Type>Sender</Type><Code>InvalidAction</Code>"));
  EXPECT_THAT(r.body, HasSubstr("service sns (operation Publish)"));

  r = answer(make(verb::put, "/bucket/key", "cloudfront"));
  EXPECT_EQ(r.status, 501U);
  EXPECT_THAT(r.body, HasSubstr("<Error><Code>NotImplemented</Code>"));
  EXPECT_THAT(r.body, HasSubstr("service cloudfront (operation PUT /bucket/key)"));

  r = answer(make(verb::post, "/TraceSegments", "xray"));
  EXPECT_EQ(r.status, 404U);
  EXPECT_THAT(r.headers, Contains(Pair("x-amzn-ErrorType", "UnknownOperationException")));
  EXPECT_THAT(json::parse(r.body)["message"].get<std::string>(), HasSubstr("POST /TraceSegments"));

  r = answer(make(verb::post, "/service/GraniteServiceVersion20100801/operation/PutMetricData"));
  EXPECT_EQ(r.content_type, "application/cbor");
  EXPECT_THAT(json::from_cbor(r.body)["message"].get<std::string>(), HasSubstr("PutMetricData"));
}

TEST(NotHere, UnknownPathsNameMethodAndPath) {
  const auto r = answer(make(verb::delete_, "/nowhere?x=1"));
  EXPECT_EQ(r.status, 404U);
  EXPECT_THAT(json::parse(r.body)["message"].get<std::string>(), HasSubstr("DELETE /nowhere"));
  // A hostile name is cut.
  EXPECT_LT(answer(make(verb::get, "/" + std::string(50'000, 'x'))).body.size(), 1000U);
}

net::Request event_invoke() {
  auto request = make(verb::post, "/2015-03-31/functions/f/invocations");
  request.set("X-Amz-Invocation-Type", "Event");
  return request;
}

TEST(InvokedFunction, IsWhatStandsInThePathOfAPost) {
  const auto invoked = [](verb method, std::string_view target) {
    return std::string(invoked_function(make(method, std::string(target))));
  };
  EXPECT_EQ(invoked(verb::post, "/2015-03-31/functions/f/invocations"), "f");
  EXPECT_EQ(invoked(verb::post, "/2015-03-31/functions/f%3A1/invocations?Qualifier=p"), "f%3A1");
  // The name's own check refuses it, with Lambda's words.
  EXPECT_EQ(invoked(verb::post, "/2015-03-31/functions/a/b/invocations"), "a/b");
  EXPECT_EQ(invoked(verb::get, "/2015-03-31/functions/f/invocations"), "");
  EXPECT_EQ(invoked(verb::post, "/2015-03-31/functions/invocations"), "");
  EXPECT_EQ(invoked(verb::post, "/2015-03-31/functions//invocations"), "");
  EXPECT_EQ(invoked(verb::post, "/2015-03-31/functions/f/invocations/more"), "");
  EXPECT_EQ(invoked(verb::post, "/2015-03-31/functions/f?x=/invocations"), "");
  EXPECT_EQ(invoked(verb::post, "/2014-11-13/functions/f/invocations"), "");
  EXPECT_EQ(invoked(verb::post, "/2015-03-31/functions/"), "");
}

TEST(BodyLimit, Table) {
  struct LimitCase {
    net::Request request;
    uint64_t limit;
  };
  const LimitCase cases[] = {
      {make(verb::post, "/2015-03-31/functions/f/invocations?Qualifier=x"), 6'291'556},
      {event_invoke(), 1'048'576},
      {make(verb::post, "/2014-11-13/functions/f/invoke-async"), 1'048'576},
      {make(verb::post, "/2015-03-31/functions"), 70'167'211},
      {make(verb::post, "/2015-03-31/functions/"), 70'167'211},
      {make(verb::put, "/2015-03-31/functions/f/code"), 70'167'211},
      {make(verb::post, "/2018-10-31/layers/l/versions"), 70'167'211},
      {make(verb::post, "/2018-10-31/layers/l/versions/1/policy"), 1'048'576},
      {make(verb::put, "/2015-03-31/functions/f/configuration"), 1'048'576},
      {make(verb::post, "/2015-03-31/functions/code/versions"), 1'048'576},
      {make(verb::post, "/", "logs", "Logs_20140328.PutLogEvents"), 8'388'608},
      {make(verb::post, "/", "monitoring", "GraniteServiceVersion20100801.PutMetricData"),
       2'097'152},
  };
  for (const LimitCase& c : cases) {
    EXPECT_EQ(body_limit(c.request), c.limit) << c.request.target();
  }
}

TEST(TooLarge, AwsTexts) {
  auto r = too_large(make(verb::post, "/2015-03-31/functions/f/invocations"), "id");
  EXPECT_EQ(r.status, 413U);
  EXPECT_THAT(r.headers, Contains(Pair("x-amzn-ErrorType", "RequestEntityTooLargeException")));
  EXPECT_EQ(json::parse(r.body)["message"],
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation");

  auto event = event_invoke();
  event.set("Content-Length", "1048577");
  EXPECT_EQ(json::parse(too_large(event, "id").body)["message"],
            "1048577 byte payload is too large for the Event invocation type (limit 1048576 "
            "bytes)");
  // In chunks: nobody knows how large it would have been.
  EXPECT_EQ(json::parse(too_large(event_invoke(), "id").body)["message"],
            "Request must be smaller than 1048576 bytes for the InvokeFunction operation");

  r = too_large(make(verb::post, "/2015-03-31/functions"), "id");
  EXPECT_EQ(r.status, 413U);
  EXPECT_THAT(r.headers, Contains(Pair("x-amzn-ErrorType", "RequestEntityTooLargeException")));
  EXPECT_EQ(json::parse(r.body)["message"],
            "Request must be smaller than 70167211 bytes for the CreateFunction operation");

  r = too_large(make(verb::put, "/2015-03-31/functions/f/code"), "id");
  EXPECT_THAT(r.body, HasSubstr("for the UpdateFunctionCode operation"));

  r = too_large(make(verb::post, "/", "logs", "Logs_20140328.GetLogEvents"), "id");
  EXPECT_EQ(r.status, 413U);
  EXPECT_EQ(json::parse(r.body)["__type"], "RequestEntityTooLargeException");

  // Nobody would read it: the service that is not here is what matters.
  EXPECT_THAT(too_large(make(verb::put, "/bucket/key", "cloudfront"), "id").body,
              HasSubstr("NotImplemented"));
}

}  // namespace
}  // namespace kiln::services
