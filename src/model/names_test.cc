#include "model/names.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "model/function.h"

namespace kiln::model {
namespace {

constexpr std::string_view kRegion = "us-east-1";
constexpr std::string_view kAccount = "000000000000";
const std::string kArn = "arn:aws:lambda:us-east-1:000000000000:function:";
const std::string kWrongRegionArn = "arn:aws:lambda:invalid-region:000000000000:function:";

const std::vector<Operation> kAll = {Operation::kCreate, Operation::kGet, Operation::kDelete,
                                     Operation::kInvoke};
const std::vector<Operation> kExisting = {Operation::kGet, Operation::kDelete, Operation::kInvoke};
const std::vector<Operation> kCreate = {Operation::kCreate};
const std::vector<Operation> kDelete = {Operation::kDelete};
const std::vector<Operation> kGet = {Operation::kGet};
const std::vector<Operation> kInvoke = {Operation::kInvoke};
const std::vector<Operation> kGetInvoke = {Operation::kGet, Operation::kInvoke};
const std::vector<Operation> kGetDelete = {Operation::kGet, Operation::kDelete};

std::string as(size_t count) { return std::string(count, 'a'); }

std::string detected(const std::string& text) { return "1 validation error detected: " + text; }
std::string too_long(const std::string& value, const std::string& member, int limit) {
  return "Value '" + value + "' at '" + member +
         "' failed to satisfy constraint: Member must have length less than or equal to " +
         std::to_string(limit);
}
std::string bad_create_name(const std::string& value) {
  return "Value '" + value + "' at 'functionName' failed to satisfy constraint: Member must " +
         R"(satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2})"
         R"(((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+))"
         R"((:(\$LATEST|[a-zA-Z0-9-_]+))?)";
}
std::string bad_name(const std::string& value) {
  return "Value '" + value + "' at 'functionName' failed to satisfy constraint: Member must " +
         R"(satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2})"
         R"(((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+))"
         R"((:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?)";
}
std::string bad_qualifier(const std::string& value) {
  return "Value '" + value + "' at 'qualifier' failed to satisfy constraint: Member must " +
         R"(satisfy regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+)";
}

// What the caller of an operation sees when no function exists at all.
struct Refusal {
  std::string label;
  std::vector<Operation> operations;
  std::string value, qualifier;
  ErrorKind kind;
  std::string type, message;
};

std::vector<Refusal> refusals() {
  constexpr auto kBad = ErrorKind::kInvalid;
  constexpr auto kGone = ErrorKind::kNotFound;
  const std::string validation = "ValidationException", value = "InvalidParameterValueException",
                    missing = "ResourceNotFoundException";
  const std::string not_found = "Function not found: " + kArn;
  const std::string long_wrong = kWrongRegionArn + "my-function" + as(170);
  const std::string long_wrong_dash = kWrongRegionArn + "my-function-" + as(170);
  const std::string ec2 = "arn:aws:ec2:us-east-1:000000000000:instance:i-1234567890abcdef0";
  const std::string mismatch =
      "The derived qualifier from the function name does not match the specified qualifier.";
  std::vector<Refusal> rows = {
      {"bad qualifier", kExisting, "my-function", "invalid!", kBad, validation,
       detected(bad_qualifier("invalid!"))},
      {"qualifier of 129", kExisting, "my-function", as(129), kBad, validation,
       detected(too_long(as(129), "qualifier", 128))},
      {"value of 141 to create", kCreate, "my-function:" + as(129), "", kBad, validation,
       detected(too_long("my-function:" + as(129), "functionName", 140))},
      {"name of 65", kGetDelete, as(65), "", kGone, missing, not_found + as(65)},
      {"name of 65", kInvoke, as(65), "", kGone, missing, not_found + as(65) + ":$LATEST"},
      {"name of 65", kCreate, as(65), "", kBad, value,
       detected(too_long(as(65), "functionName", 64))},
      {"name of 65 in an ARN", kCreate, kArn + as(65), "", kBad, value,
       detected(too_long(as(65), "functionName", 64))},
      {"long name, wrong region", kExisting, long_wrong, "", kBad, validation,
       detected(bad_name(long_wrong))},
      {"long name, wrong region", kCreate, long_wrong, "", kBad, validation,
       "2 validation errors detected: " + too_long(long_wrong, "functionName", 140) + "; " +
           bad_create_name(long_wrong)},
      {"long ARN and qualifier, wrong region", kExisting, long_wrong_dash, as(129), kBad,
       validation,
       "2 validation errors detected: " + too_long(as(129), "qualifier", 128) + "; " +
           bad_name(long_wrong_dash)},
      {"long ARN and qualifier, wrong region", kCreate, long_wrong_dash + ":" + as(129), "", kBad,
       validation,
       "2 validation errors detected: " +
           too_long(long_wrong_dash + ":" + as(129), "functionName", 140) + "; " +
           bad_create_name(long_wrong_dash + ":" + as(129))},
      {"qualifier of 65", kGetInvoke, "my-function", as(65), kGone, missing,
       not_found + "my-function:" + as(65)},
      {"qualifier of 65", kDelete, "my-function", as(65), kBad, value,
       "Deletion of aliases is not currently supported."},
      {"qualifier of 65 in the name", kGetInvoke, "my-function:" + as(65), "", kGone, missing,
       not_found + "my-function:" + as(65)},
      {"qualifier of 65 in the name", kDelete, "my-function:" + as(65), "", kBad, value,
       "Deletion of aliases is not currently supported."},
      {"ARN without a name", kGetDelete, "arn:aws:lambda:us-east-1:000000000000:function", "",
       kGone, missing, not_found + "function"},
      {"ARN without a name", kInvoke, "arn:aws:lambda:us-east-1:000000000000:function", "", kGone,
       missing, not_found + "function:$LATEST"},
      {"$LATEST and 1", kExisting, kArn + "my-function:$LATEST", "1", kBad, value, mismatch},
      {"$latest", kGetInvoke, "my-function", "$latest", kGone, missing,
       not_found + "my-function:$latest"},
      {"$latest", kDelete, "my-function", "$latest", kGone, missing, not_found + "my-function"},
      {"version of no function", kDelete, "my-function", "1", kGone, missing,
       not_found + "my-function"},
      {"$LATEST twice", kGet, kArn + "some-function:$LATEST", "$LATEST", kGone, missing,
       not_found + "some-function:$LATEST"},
      {"$LATEST twice", kDelete, kArn + "some-function:$LATEST", "$LATEST", kBad, value,
       "$LATEST version cannot be deleted without deleting the function."},
      {"1 and $LATEST", kExisting, kArn + "some-function:1", "$LATEST", kBad, value, mismatch},
      {"another region", kAll, "arn:aws:lambda:eu-west-1:000000000000:function:my-function", "",
       kGone, missing, "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"},
      {"another account", kAll, "123456789012:function:my-function", "", ErrorKind::kForbidden,
       "AccessDeniedException",
       "Functions of account 123456789012 are not accessible: this is account 000000000000"},
      {"value of 257", kExisting, as(257), "", kBad, validation,
       detected(too_long(as(257), "functionName", 256))},
  };
  // The same answer for all, but for the pattern that it names.
  for (const auto& bad : {std::string("*"),
                          std::string("invalid:function:name"),
                          std::string("000000000000:$LATEST:1"),
                          std::string("my-function!"),
                          std::string("my-function:invalid!"),
                          std::string("invalid-account:function:my-function"),
                          kWrongRegionArn + "my-function",
                          ec2,
                          kArn + "my-function:1:2",
                          std::string("function:my-function:$LATEST:extra"),
                          kArn + "my-function:$LATEST:1",
                          kArn + "my-function:$latest",
                          std::string("arn:aws:lambda::000000000000:function:my-function"),
                          std::string("arn:aws:lambda:us-east-1::function:my-function"),
                          kArn + "my-function:$LATES",
                          std::string("arn:aws:lambda:us-east-1:000000000000@function:f"),
                          std::string("f:"),
                          std::string(":f"),
                          std::string("f::1"),
                          std::string("f\0g", 3),
                          std::string("f:1:2:3:4:5:6:7:8:9:10:11"),
                          std::string("función")}) {
    rows.push_back({"pattern", kExisting, bad, "", kBad, validation, detected(bad_name(bad))});
    rows.push_back({"pattern", kCreate, bad, "", kBad, validation, detected(bad_create_name(bad))});
  }
  return rows;
}

TEST(FunctionRef, RefusesWithTheTextsOfAws) {
  for (const Refusal& row : refusals()) {
    for (const Operation operation : row.operations) {
      SCOPED_TRACE(row.label + ", operation " + std::to_string(static_cast<int>(operation)) + ": " +
                   row.value + " ? " + row.qualifier);
      const auto ref = parse_function_ref(row.value, row.qualifier, kRegion, kAccount, operation);
      const Error error = ref ? function_not_found(*ref, kAccount, operation) : ref.error();
      EXPECT_EQ(error.kind, row.kind);
      EXPECT_EQ(error.type, row.type);
      EXPECT_EQ(error.message, row.message);
      EXPECT_EQ(ref.ok(), row.message.starts_with("Function not found"));
    }
  }
}

TEST(FunctionRef, SaysBothLengthAndPatternOfAnEmptyName) {
  const auto ref = parse_function_ref("", "", kRegion, kAccount, Operation::kGet);
  ASSERT_FALSE(ref);
  EXPECT_EQ(ref.error().message,
            "2 validation errors detected: Value '' at 'functionName' failed to satisfy "
            "constraint: Member must have length greater than or equal to 1; " +
                bad_name(""));
}

// Names come from strangers: whatever they repeat, the answer comes at once and no stack is used
// up.
TEST(FunctionRef, AVeryLongNameIsRefusedNotExplored) {
  for (const std::string part : {"a", ":", "arn:", "function:", "000000000000:", "us-east-1:"}) {
    std::string name;
    while (name.size() < 1'000'000) name += part;
    for (const Operation operation : kAll) {
      const auto ref = parse_function_ref(name, name, kRegion, kAccount, operation);
      ASSERT_FALSE(ref) << part;
      EXPECT_EQ(ref.error().type, "ValidationException") << part;
    }
    EXPECT_FALSE(parse_function_arn(name, kRegion, kAccount)) << part;
  }
}

struct Accepted {
  std::vector<Operation> operations;
  std::string value, qualifier;
  std::string name, want_qualifier;
};

TEST(FunctionRef, AcceptsEveryForm) {
  const std::vector<Accepted> rows = {
      {kAll, "f", "", "f", ""},
      {kAll, as(64), "", as(64), ""},
      {kExisting, as(256), "", as(256), ""},
      {kAll, "My_function-2", "", "My_function-2", ""},
      {kAll, "function", "", "function", ""},
      {kAll, "function:f", "", "f", ""},
      {kAll, "function:function", "", "function", ""},
      {kAll, "000000000000:function:f", "", "f", ""},
      {kAll, "000000000000:f", "", "f", ""},
      {kAll, "us-east-1:000000000000:function:f", "", "f", ""},
      {kAll, kArn + "f", "", "f", ""},
      {kAll, "arn:aws-cn:lambda:us-east-1:000000000000:function:f", "", "f", ""},
      {kAll, "000000000000", "", "000000000000", ""},
      {kExisting, "a.b", "", "a.b", ""},
      {kGetInvoke, "f:prod", "", "f", "prod"},
      {kGetInvoke, "f", "prod", "f", "prod"},
      {kGetInvoke, "f:prod", "prod", "f", "prod"},
      {kGetInvoke, "000000000000:function:f:prod", "", "f", "prod"},
      {kGetInvoke, kArn + "f:prod", "prod", "f", "prod"},
      {kGetInvoke, kArn + "f:$LATEST", "", "f", "$LATEST"},
      {kGetInvoke, "f", "$LATEST", "f", "$LATEST"},
      {kGetInvoke, "f:$LATEST.PUBLISHED", "", "f", "$LATEST.PUBLISHED"},
      {kGetInvoke, "f", "$LATEST.PUBLISHED", "f", "$LATEST.PUBLISHED"},
      {kGetInvoke, "f", as(128), "f", as(128)},
      {kExisting, "f:1", "", "f", "1"},
      {kExisting, "f", "12", "f", "12"},
      // Creating takes no qualifier: what the name carries is dropped.
      {kCreate, "my-function:" + as(65), "", "my-function", ""},
      {kCreate, "my-function:" + as(128), "", "my-function", ""},
      {kCreate, kArn + "f:$LATEST", "", "f", ""},
      {kCreate, "arn:aws:lambda:us-east-1:000000000000:function", "", "function", ""},
  };
  for (const Accepted& row : rows) {
    for (const Operation operation : row.operations) {
      SCOPED_TRACE(row.value + " ? " + row.qualifier + ", operation " +
                   std::to_string(static_cast<int>(operation)));
      const auto ref = parse_function_ref(row.value, row.qualifier, kRegion, kAccount, operation);
      ASSERT_TRUE(ref) << ref.error().message;
      EXPECT_EQ(ref->region, kRegion);
      EXPECT_EQ(ref->name, row.name);
      EXPECT_EQ(ref->qualifier, row.want_qualifier);
    }
  }
}

TEST(FunctionRef, KnowsTheRegionsOfEveryPartition) {
  for (const std::string region :
       {"eu-west-1", "us-gov-east-1", "us-iso-east-1", "us-isob-east-1", "eusc-de-east-1"}) {
    const auto ref = parse_function_ref("arn:aws:lambda:" + region + ":000000000000:function:f", "",
                                        region, kAccount, Operation::kInvoke);
    ASSERT_TRUE(ref) << region;
    EXPECT_EQ(ref->region, region);
    EXPECT_EQ(ref->name, "f");
  }
  for (const std::string region : {"eu-west", "eu-west-12", "EU-west-1", "eu--1", "e-west-1",
                                   "us-isobb-east-1", "us-gov", "eu-west-1-", "-east-1", "eusc-"})
    EXPECT_FALSE(parse_function_ref("arn:aws:lambda:" + region + ":000000000000:function:f", "",
                                    region, kAccount, Operation::kInvoke))
        << region;
}

TEST(TagResource, TakesUnqualifiedFunctionArns) {
  const auto ref = parse_function_arn(kArn + "f", kRegion, kAccount);
  ASSERT_TRUE(ref) << ref.error().message;
  EXPECT_EQ(ref->name, "f");
  EXPECT_EQ(ref->region, kRegion);
  EXPECT_EQ(ref->qualifier, "");
}

TEST(TagResource, RefusesTheRest) {
  constexpr auto kBad = ErrorKind::kInvalid;
  constexpr auto kGone = ErrorKind::kNotFound;
  const std::string base = "arn:aws:lambda:us-east-1:000000000000:";
  const std::string uuid = "01234567-89ab-CDEF-0123-456789abcdef";
  const auto pattern = [](const std::string& value) {
    return detected("Value '" + value + "' at 'resource' failed to satisfy constraint: Member ") +
           R"(must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*):lambda:(eusc-)?)"
           R"([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+)"
           R"((:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-)"
           R"([a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-)"
           R"([0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+))";
  };
  struct Row {
    std::string arn;
    ErrorKind kind;
    std::string type, message;
  };
  std::vector<Row> rows;
  for (const std::string& tail :
       {std::string("foobar:f"), std::string("function:f:1:2"), std::string("function:"),
        std::string("function:f:$LATES"), std::string("function:f:"), std::string("function"),
        "event-source-mapping:" + uuid + ":alias", std::string("event-source-mapping:f"),
        "event-source-mapping:" + uuid + "0", "event-source-mapping:g" + uuid.substr(1),
        std::string("code-signing-config:csc-0123456789abcdef"),
        std::string("code-signing-config:csc-0123456789ABCDEF0"),
        std::string("capacity-provider:f:alias"), std::string("layer:l:1")})
    rows.push_back({base + tail, kBad, "ValidationException", pattern(base + tail)});
  for (const std::string arn :
       {"arn:aws:something", "f", "arn::lambda:us-east-1:000000000000:function:f",
        "arn:aws:lambda:us-east-1:00000000000:function:f", "arn:aws:sqs:us-east-1:000000000000:f"})
    rows.push_back({arn, kBad, "ValidationException", pattern(arn)});
  for (const std::string qualifier : {"1", "$LATEST", "prod"})
    rows.push_back({kArn + "f:" + qualifier, kBad, "InvalidParameterValueException",
                    "Tags on function aliases and versions are not supported. Please specify a "
                    "function ARN."});
  rows.push_back({"arn:aws:lambda:eu-west-1:000000000000:function:f", kGone,
                  "ResourceNotFoundException",
                  "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"});
  rows.push_back({"arn:aws:lambda:us-east-1:123456789012:function:f", ErrorKind::kForbidden,
                  "AccessDeniedException",
                  "Functions of account 123456789012 are not accessible: this is account "
                  "000000000000"});
  for (const auto& [what, tail] :
       {std::pair<std::string, std::string>{"Event source mapping", "event-source-mapping:" + uuid},
        {"Capacity provider", "capacity-provider:c"},
        {"Layer", "layer:l"},
        {"Code signing config", "code-signing-config:csc-0123456789abcdef0"}})
    rows.push_back(
        {base + tail, kGone, "ResourceNotFoundException", what + " not found: " + base + tail});
  rows.push_back({kArn + as(210), kBad, "ValidationException",
                  detected(too_long(kArn + as(210), "resource", 256))});
  for (const Row& row : rows) {
    SCOPED_TRACE(row.arn);
    const auto ref = parse_function_arn(row.arn, kRegion, kAccount);
    ASSERT_FALSE(ref);
    EXPECT_EQ(ref.error().kind, row.kind);
    EXPECT_EQ(ref.error().type, row.type);
    EXPECT_EQ(ref.error().message, row.message);
  }
  EXPECT_TRUE(parse_function_arn(kArn + as(209), kRegion, kAccount));
}

TEST(Names, AliasNames) {
  for (const std::string& good : {std::string("a"), std::string("prod"), std::string("v1"),
                                  std::string("1-0"), std::string("_"), as(128)})
    EXPECT_TRUE(is_valid_alias_name(good)) << good;
  for (const std::string& bad : {std::string(), std::string("2024"), std::string("$LATEST"),
                                 std::string("a.b"), std::string("a b"), std::string("á"), as(129)})
    EXPECT_FALSE(is_valid_alias_name(bad)) << bad;
}

TEST(Names, Qualifiers) {
  for (const std::string& good :
       {std::string("$LATEST"), std::string("$LATEST.PUBLISHED"), std::string("$latest"),
        std::string("1"), std::string("prod"), as(128)})
    EXPECT_TRUE(is_valid_qualifier(good)) << good;
  for (const std::string& bad :
       {std::string(), std::string("a.b"), std::string("invalid!"), std::string("a:b"), as(129)})
    EXPECT_FALSE(is_valid_qualifier(bad)) << bad;
}

TEST(Names, Versions) {
  for (const std::string_view good : {"$LATEST", "1", "0", "123456"})
    EXPECT_TRUE(is_version(good)) << good;
  for (const std::string_view bad :
       {"", "$latest", "LATEST", "v1", "1a", "-1", "$LATEST.PUBLISHED"})
    EXPECT_FALSE(is_version(bad)) << bad;
}

}  // namespace
}  // namespace kiln::model
