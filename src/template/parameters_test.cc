#include "template/parameters.h"

#include <gtest/gtest.h>

#include "template/parameter_type.h"

namespace kiln::cfn {
namespace {

using Given = std::map<std::string, std::string>;

Template with_parameter(const std::string& fields) {
  const Reading reading = read_template("Parameters:\n  P: {" + fields +
                                        "}\nResources:\n  R: {Type: AWS::SNS::Topic}\n");
  for (const Problem& problem : reading.problems) ADD_FAILURE() << text_of(problem) << fields;
  return reading.ok() ? *reading.parsed : Template{};
}

// The value of P, or the error's message.
std::string value_of_parameter(const std::string& fields, const Given& given,
                               const SsmLookup& ssm = {}) {
  const Template parsed = with_parameter(fields);
  const auto values = resolve_parameters(parsed, given, ssm);
  if (!values) {
    EXPECT_EQ(values.error().type, "ValidationError");
    return values.error().message;
  }
  return values->at("P").dump();
}

struct ParameterCase {
  const char *fields, *given, *result;
};

TEST(Parameters, ValuesByType) {
  constexpr ParameterCase kCases[] = {
      {"Type: String", "x", R"("x")"},
      {"Type: String", "", R"("")"},
      {"Type: Number", "12", R"("12")"},
      {"Type: Number", "-1.5", R"("-1.5")"},
      {"Type: Number", "1e3", R"("1e3")"},
      {"Type: Number", "x", "Parameter 'P' must be a number."},
      {"Type: Number", "", "Parameter 'P' must be a number."},
      {"Type: Number", "nan", "Parameter 'P' must be a number."},
      {"Type: Number", "inf", "Parameter 'P' must be a number."},
      {"Type: Number", "1 ", "Parameter 'P' must be a number."},
      {"Type: CommaDelimitedList", "a, b ,c", R"(["a","b","c"])"},
      {"Type: CommaDelimitedList", "", "[]"},
      {"Type: CommaDelimitedList", "a,,b", R"(["a","","b"])"},
      {"Type: List<Number>", "1,2", R"(["1","2"])"},
      {"Type: List<Number>", "1,x", "Parameter 'P' must be a number."},
      {"Type: 'List<AWS::EC2::Subnet::Id>'", "subnet-1,subnet-2", R"(["subnet-1","subnet-2"])"},
      {"Type: 'AWS::EC2::VPC::Id'", "vpc-1", R"("vpc-1")"},
      {"Type: 'AWS::SSM::Parameter::Name'", "/a", R"("/a")"},
  };
  for (const ParameterCase& each : kCases)
    EXPECT_EQ(value_of_parameter(each.fields, {{"P", each.given}}), each.result)
        << each.fields << " " << each.given;
}

TEST(Parameters, ConstraintsHoldOnBothSides) {
  constexpr ParameterCase kCases[] = {
      {"Type: String, AllowedValues: [a, b]", "b", R"("b")"},
      {"Type: String, AllowedValues: [a, b]", "c", "Parameter 'P' must be one of AllowedValues"},
      {"Type: String, AllowedValues: [yes, no]", "true", R"("true")"},  // as CloudFormation has it
      {"Type: Number, MinValue: 2, MaxValue: 5", "2", R"("2")"},
      {"Type: Number, MinValue: 2, MaxValue: 5", "5", R"("5")"},
      {"Type: Number, MinValue: 2, MaxValue: 5", "1.99",
       "Parameter 'P' must be a number not less than 2.0"},
      {"Type: Number, MinValue: 2, MaxValue: 5", "5.01",
       "Parameter 'P' must be a number not greater than 5.0"},
      {"Type: String, MinLength: 2, MaxLength: 3", "ab", R"("ab")"},
      {"Type: String, MinLength: 2, MaxLength: 3", "abc", R"("abc")"},
      {"Type: String, MinLength: 2, MaxLength: 3", "\u00e9\u00e9\u00e9", "\"\u00e9\u00e9\u00e9\""},
      {"Type: String, MinLength: 2, MaxLength: 3", "a",
       "Parameter 'P' must contain at least 2 characters"},
      {"Type: String, MinLength: 2, MaxLength: 3", "abcd",
       "Parameter 'P' must contain at most 3 characters"},
      {"Type: String, AllowedPattern: '[a-z]+'", "abc", R"("abc")"},
      {"Type: String, AllowedPattern: '[a-z]+'", "abc1", "Parameter 'P' must match pattern [a-z]+"},
      // Java's expressions: lookahead, and repeats of more than a thousand.
      {"Type: String, AllowedPattern: '^(?=.*[A-Z])(?=.*[0-9]).{8,}$'", "Passw0rd123",
       R"("Passw0rd123")"},
      {"Type: String, AllowedPattern: '^(?=.*[A-Z])(?=.*[0-9]).{8,}$'", "password",
       "Parameter 'P' must match pattern ^(?=.*[A-Z])(?=.*[0-9]).{8,}$"},
      {"Type: String, AllowedPattern: '[a-z]{1,2048}'", "abc", R"("abc")"},
      {"Type: String, AllowedPattern: '\\p{Alpha}[\\p{Digit}\\p{Punct}]+'", "a1!", R"("a1!")"},
      {"Type: String, AllowedPattern: '\\p{Alpha}[\\p{Digit}\\p{Punct}]+'", "ab",
       "Parameter 'P' must match pattern \\p{Alpha}[\\p{Digit}\\p{Punct}]+"},
      {"Type: CommaDelimitedList, AllowedPattern: '[a-z]+'", "a,b", R"(["a","b"])"},
      {"Type: CommaDelimitedList, AllowedPattern: '[a-z]+'", "a,1",
       "Parameter 'P' must match pattern [a-z]+"},
      {"Type: String, MinLength: 2, ConstraintDescription: must be longer.", "a",
       "Parameter 'P' failed to satisfy constraint: must be longer."},
  };
  for (const ParameterCase& each : kCases)
    EXPECT_EQ(value_of_parameter(each.fields, {{"P", each.given}}), each.result)
        << each.fields << " " << each.given;
}

// The test's time limit is the assertion.
TEST(Parameters, APatternThatTakesTooLongEnds) {
  EXPECT_TRUE(value_of_parameter("Type: String, AllowedPattern: '(?:a|aa)+[bc]'",
                                 {{"P", std::string(4000, 'a')}})
                  .starts_with("Template error: the AllowedPattern of 'P' can't be matched"));
}

TEST(Parameters, DefaultsAreCheckedToo) {
  EXPECT_EQ(value_of_parameter("Type: Number, Default: 3", {}), R"("3")");
  EXPECT_EQ(value_of_parameter("Type: Number, Default: 3", {{"P", "4"}}), R"("4")");
  EXPECT_EQ(value_of_parameter("Type: String, Default: c, AllowedValues: [a]", {}),
            "Parameter 'P' must be one of AllowedValues");
}

TEST(Parameters, MissingAndUnknownOnesAreNamed) {
  const Reading reading = read_template(
      "Parameters: {A: {Type: String}, B: {Type: String}, C: {Type: String, Default: x}}\n"
      "Resources: {R: {Type: AWS::SNS::Topic}}");
  ASSERT_TRUE(reading.ok());
  const auto message = [&](const Given& given) {
    const auto values = resolve_parameters(*reading.parsed, given, {});
    return values ? "fine" : values.error().message;
  };
  EXPECT_EQ(message({}), "Parameters: [A, B] must have values");
  EXPECT_EQ(message({{"A", "1"}}), "Parameters: [B] must have values");
  EXPECT_EQ(message({{"A", "1"}, {"B", "2"}}), "fine");
  EXPECT_EQ(message({{"A", "1"}, {"B", "2"}, {"X", ""}, {"Y", ""}}),
            "Parameters: [X, Y] do not exist in the template");
}

TEST(Parameters, OfSsm) {
  const SsmLookup ssm = [](const std::string& name) -> std::optional<SsmParameter> {
    if (name == "/stage") return SsmParameter{"String", "prod"};
    if (name == "/zones") return SsmParameter{"StringList", "a, b ,c"};
    return std::nullopt;
  };
  const std::string text = "Type: 'AWS::SSM::Parameter::Value<String>'";
  EXPECT_EQ(value_of_parameter(text, {{"P", "/stage"}}, ssm), R"("prod")");
  EXPECT_EQ(value_of_parameter("Type: 'AWS::SSM::Parameter::Value<List<String>>'",
                               {{"P", "/zones"}}, ssm),
            R"(["a","b","c"])");
  EXPECT_EQ(value_of_parameter("Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>'",
                               {{"P", "/stage"}}, ssm),
            R"("prod")");
  const std::string gone =
      "Unable to fetch parameters [/none] from parameter store for this account.";
  EXPECT_EQ(value_of_parameter(text, {{"P", "/none"}}, ssm), gone);
  EXPECT_EQ(value_of_parameter(text, {{"P", "/none"}}), gone);
}

TEST(Parameters, AllThatSsmHasNotAreNamed) {
  const std::string store = ": {Type: 'AWS::SSM::Parameter::Value<String>', Default: ";
  const Reading reading =
      read_template("Parameters:\n  A" + store + "/a}\n  B" + store + "/there}\n  C" + store +
                    "/c}\nResources: {R: {Type: AWS::SNS::Topic}}\n");
  const SsmLookup ssm = [](const std::string& name) -> std::optional<SsmParameter> {
    if (name == "/there") return SsmParameter{"String", "x"};
    return std::nullopt;
  };
  EXPECT_EQ(resolve_parameters(*reading.parsed, {}, ssm).error().message,
            "Unable to fetch parameters [/a, /c] from parameter store for this account.");
}

TEST(Parameters, OfSsmHaveTheTypeThatTheTemplateSays) {
  const SsmLookup ssm = [](const std::string& name) -> std::optional<SsmParameter> {
    if (name == "/secret") return SsmParameter{"SecureString", "s"};
    return SsmParameter{name == "/list" ? "StringList" : "String", "a,b"};
  };
  const std::string text = "Type: 'AWS::SSM::Parameter::Value<String>'";
  const std::string list = "Type: 'AWS::SSM::Parameter::Value<CommaDelimitedList>'";
  EXPECT_EQ(value_of_parameter(text, {{"P", "/secret"}}, ssm),
            "Parameters [/secret] referenced by template have types not supported by "
            "CloudFormation.");
  EXPECT_EQ(value_of_parameter(text, {{"P", "/list"}}, ssm),
            "Types for SSM parameters [/list] defined in CFN template and SSM are incompatible");
  EXPECT_EQ(value_of_parameter(list, {{"P", "/text"}}, ssm),
            "Types for SSM parameters [/text] defined in CFN template and SSM are incompatible");
}

TEST(Parameters, OfSsmAreConstrainedByTheirName) {
  const SsmLookup ssm = [](const std::string&) { return SsmParameter{"String", "hello-v2"}; };
  const std::string text = "Type: 'AWS::SSM::Parameter::Value<String>', AllowedPattern: ";
  EXPECT_EQ(value_of_parameter(text + "'^hello-.*$'", {{"P", "/app/str"}}, ssm),
            "Parameter 'P' must match pattern ^hello-.*$");
  EXPECT_EQ(value_of_parameter(text + "'^/app.*$'", {{"P", "/app/str"}}, ssm), R"("hello-v2")");
}

TEST(Parameters, AValueHasAtMost4096Bytes) {
  EXPECT_EQ(
      value_of_parameter("Type: String", {{"P", std::string(kMaxParameterBytes, 'x')}}).size(),
      kMaxParameterBytes + 2);
  EXPECT_EQ(value_of_parameter("Type: String", {{"P", std::string(kMaxParameterBytes + 1, 'x')}}),
            "Parameter 'P' has 4097 bytes; at most 4096 are allowed");
}

TEST(Parameters, TypesThatThereAre) {
  for (const char* name :
       {"String", "Number", "List<Number>", "CommaDelimitedList", "AWS::EC2::KeyPair::KeyName",
        "List<AWS::EC2::SecurityGroup::Id>", "AWS::SSM::Parameter::Name",
        "AWS::SSM::Parameter::Value<String>", "AWS::SSM::Parameter::Value<List<String>>",
        "AWS::SSM::Parameter::Value<CommaDelimitedList>",
        "AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>"})
    EXPECT_TRUE(is_parameter_type(name)) << name;
  for (const char* name :
       {"", "string", "Boolean", "List<", "List<>", "List<List<String>>", "AWS::Nothing::Id",
        "AWS::SSM::Parameter::Value<", "AWS::SSM::Parameter::Value<Number>",
        "AWS::SSM::Parameter::Value<AWS::SSM::Parameter::Value<String>>"})
    EXPECT_FALSE(is_parameter_type(name)) << name;
}

}  // namespace
}  // namespace kiln::cfn
