// The forms are those of AWS's documentation ("CloudWatch search expression syntax" and
// "… examples").
#include "telemetry/search_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::telemetry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

MetricKey metric_named(const std::string& metric_namespace, const std::string& name,
                       Dimensions dimensions = {}) {
  return {"us-east-1", metric_namespace, name, std::move(dimensions)};
}

// By what each case is named.
const std::vector<std::pair<std::string, MetricKey>>& metrics() {
  static const std::vector<std::pair<std::string, MetricKey>> all = {
      {"cpu", metric_named("AWS/EC2", "CPUUtilization")},
      {"cpu-i1", metric_named("AWS/EC2", "CPUUtilization", {{"InstanceId", "i-1"}})},
      {"cpu-i2", metric_named("AWS/EC2", "CPUUtilization", {{"InstanceId", "i-2"}})},
      {"cpu-micro", metric_named("AWS/EC2", "CPUUtilization", {{"InstanceType", "t2.micro"}})},
      {"in-i1", metric_named("AWS/EC2", "NetworkPacketsIn", {{"InstanceId", "i-1"}})},
      {"read-ec2", metric_named("AWS/EC2", "DiskReadOps", {{"InstanceId", "i-1"}})},
      {"read-ebs", metric_named("AWS/EBS", "VolumeReadOps", {{"VolumeId", "ProjectA"}})},
      {"errors-a", metric_named("AWS/Lambda", "Errors", {{"FunctionName", "ProjectA"}})},
      {"calls-a", metric_named("AWS/Lambda", "Invocations", {{"FunctionName", "ProjectA"}})},
      {"calls-c", metric_named("AWS/Lambda", "Invocations", {{"FunctionName", "ProjectC"}})},
      {"calls-ar", metric_named("AWS/Lambda", "Invocations",
                                {{"FunctionName", "ProjectA"}, {"Resource", "ProjectA:live"}})},
      {"own", metric_named("MyNamespace", "CustomCount1")},
      {"odd", metric_named("My Namespace", "Europe\\France Traffic(Network)",
                           {{"Dimension@Name", "Custom:Name[Special_Characters"}})},
  };
  return all;
}

std::vector<std::string> found(const std::string& text) {
  const auto search = SearchExpression::parse(text);
  EXPECT_TRUE(search.ok()) << text << ": " << search.error().message;
  std::vector<std::string> out;
  if (!search) return out;
  for (const auto& [name, key] : metrics())
    if (search->finds(key)) out.push_back(name);
  return out;
}

TEST(SearchExpression, Schemas) {
  EXPECT_THAT(found(R"({AWS/EC2,InstanceId} MetricName="CPUUtilization")"),
              ElementsAre("cpu-i1", "cpu-i2"));
  EXPECT_THAT(found(R"( {AWS/EC2} MetricName="CPUUtilization" )"), ElementsAre("cpu"));
  EXPECT_THAT(found("{AWS/Lambda, Resource, FunctionName}"), ElementsAre("calls-ar"));
  EXPECT_THAT(found(R"({AWS/Lambda,FunctionName}, MetricName="Errors")"), ElementsAre("errors-a"));
  EXPECT_THAT(found(R"({"My Namespace", "Dimension@Name"}, "Custom:Name[Special_Characters")"),
              ElementsAre("odd"));
  EXPECT_THAT(found("{AWS/Lambda,functionname}"), IsEmpty());
  EXPECT_THAT(found("{aws/ec2}"), IsEmpty());
}

TEST(SearchExpression, ExactTexts) {
  EXPECT_THAT(found(R"({MyNamespace} "CustomCount1")"), ElementsAre("own"));
  EXPECT_THAT(found(R"({MyNamespace}, "customcount1")"), IsEmpty());
  EXPECT_THAT(found(R"({MyNamespace}, "Custom")"), IsEmpty());
  EXPECT_THAT(found(R"x("Europe\\France Traffic\(Network\)")x"), ElementsAre("odd"));
  EXPECT_THAT(found(R"("AWS/EBS")"), ElementsAre("read-ebs"));
  EXPECT_THAT(found(R"("VolumeId")"), ElementsAre("read-ebs"));
}

TEST(SearchExpression, Properties) {
  EXPECT_THAT(found("InstanceType=micro"), ElementsAre("cpu-micro"));
  EXPECT_THAT(found(R"(InstanceType="t2.micro" Namespace="AWS/EC2")"), ElementsAre("cpu-micro"));
  EXPECT_THAT(found("InstanceType=i-1"), IsEmpty());
  EXPECT_THAT(found(R"("Dimension@Name"="Custom:Name[Special_Characters")"), ElementsAre("odd"));
  EXPECT_THAT(found("{AWS/EC2,InstanceId} InstanceId=(i-1 OR i-2) MetricName = CPUUtilization"),
              ElementsAre("cpu-i1", "cpu-i2"));
  EXPECT_THAT(found("NOT Namespace=AWS"), ElementsAre("own", "odd"));
}

TEST(SearchExpression, BooleanOperators) {
  EXPECT_THAT(found("{AWS/EC2,InstanceId} network AND packets"), ElementsAre("in-i1"));
  EXPECT_THAT(found("{AWS/EC2,InstanceId} network packets"), ElementsAre("in-i1"));
  EXPECT_THAT(found(R"({AWS/EC2,InstanceId} MetricName="CPUUtilization" NOT i-1)"),
              ElementsAre("cpu-i2"));
  EXPECT_THAT(found(R"({AWS/EC2,InstanceId} NOT "i-1" NOT "i-2")"), IsEmpty());
  EXPECT_THAT(found("(EC2 OR EBS) AND MetricName=ReadOps"), ElementsAre("read-ec2", "read-ebs"));
  EXPECT_THAT(found("(EC2 OR EBS) MetricName=ReadOps"), ElementsAre("read-ec2", "read-ebs"));
  EXPECT_THAT(found("(EC2 OR EBS) AND ReadOps AND ProjectA"), ElementsAre("read-ebs"));
  EXPECT_THAT(found(R"({AWS/Lambda,FunctionName} MetricName="Errors" OR
                       (MetricName="Invocations" AND (ProjectA OR ProjectB)))"),
              ElementsAre("errors-a", "calls-a"));
  // AND binds closer; NOT closest.
  EXPECT_THAT(found("{AWS/Lambda,FunctionName} Errors OR Invocations ProjectC"),
              ElementsAre("errors-a", "calls-c"));
  EXPECT_THAT(found("{AWS/Lambda,FunctionName} NOT Errors ProjectA"), ElementsAre("calls-a"));
  EXPECT_THAT(found("{AWS/Lambda,FunctionName} NOT NOT Errors"), ElementsAre("errors-a"));
  // In small letters, they are words.
  EXPECT_THAT(found("network and packets"), IsEmpty());
}

TEST(SearchExpression, Refuses) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "character 1: a search needs a {Namespace} or a word"},
      {"  ", "a search needs"},
      {"{}", "character 2: expected a name"},
      {"{AWS/EC2", "expected ',' or '}'"},
      {"{AWS/EC2,}", "expected a name"},
      {"{\"AWS/EC2}", "does not end"},
      {"\"x", "the text in quotes does not end"},
      {"\"\"", "the text in quotes is empty"},
      {"(a", "expected ')'"},
      {"a)", "expected a word, AND, OR, NOT or the end"},
      {"()", "expected a word to search for"},
      {"AND a", "stands in quotes"},
      {"a AND", "expected a word"},
      {"a OR OR b", "stands in quotes"},
      {"NOT", "expected a word"},
      {"MetricName=", "expected a word"},
      {"=a", "expected a word"},
      {"a=b=c", "expected a word"},
  };
  for (const auto& [text, wanted] : cases) {
    const auto search = SearchExpression::parse(text);
    ASSERT_FALSE(search.ok()) << text;
    EXPECT_EQ(search.error().type, "ValidationError");
    EXPECT_THAT(search.error().message, HasSubstr(wanted)) << text;
  }
}

TEST(SearchExpression, Limits) {
  EXPECT_TRUE(SearchExpression::parse(std::string(SearchExpression::kMaxLength, 'a')).ok());
  const auto long_one = SearchExpression::parse(std::string(SearchExpression::kMaxLength + 1, 'a'));
  ASSERT_FALSE(long_one.ok());
  EXPECT_EQ(long_one.error().message,
            "The search has 1025 characters, which exceeds the limit of 1024");
  const auto nested = [](int depth) {
    return std::string(static_cast<size_t>(depth), '(') + "a" +
           std::string(static_cast<size_t>(depth), ')');
  };
  EXPECT_TRUE(SearchExpression::parse(nested(SearchExpression::kMaxDepth - 1)).ok());
  EXPECT_FALSE(SearchExpression::parse(nested(SearchExpression::kMaxDepth)).ok());
}

}  // namespace
}  // namespace kiln::telemetry
