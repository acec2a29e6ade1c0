// Both sides of every limit, and AWS's texts.
#include "model/validation.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "model/runtimes.h"

namespace kiln::model {
namespace {

using Change = std::function<void(FunctionConfig&)>;

FunctionConfig good() {
  FunctionConfig c;
  c.region = "us-east-1";
  c.account = "111111111111";
  c.name = "f";
  c.runtime = "python3.12";
  c.handler = "index.handler";
  c.role = "arn:aws:iam::111111111111:role/r";
  return c;
}

std::string text(const Result<void>& result) {
  return result.ok() ? "ok" : result.error().type + ": " + result.error().message;
}

std::string created(const Change& change) {
  FunctionConfig c = good();
  change(c);
  return text(validate_create(c));
}

std::string violation(const std::string& value, const std::string& member,
                      const std::string& constraint) {
  return "ValidationException: 1 validation error detected: Value '" + value + "' at '" + member +
         "' failed to satisfy constraint: " + constraint;
}

TEST(ValidateCreateTest, NumbersWithinTheirRanges) {
  const struct {
    int FunctionConfig::*member;
    const char* name;
    int least, most;
  } cases[] = {{&FunctionConfig::timeout_s, "timeout", 1, 900},
               {&FunctionConfig::ephemeral_mb, "ephemeralStorage.size", 512, 10'240}};
  for (const auto& c : cases) {
    const auto with = [&](int value) {
      return created([&](FunctionConfig& f) { f.*c.member = value; });
    };
    EXPECT_EQ(with(c.least), "ok");
    EXPECT_EQ(with(c.most), "ok");
    EXPECT_EQ(with(c.least - 1), violation(std::to_string(c.least - 1), c.name,
                                           "Member must have value greater than or equal to " +
                                               std::to_string(c.least)));
    EXPECT_EQ(with(c.most + 1),
              violation(std::to_string(c.most + 1), c.name,
                        "Member must have value less than or equal to " + std::to_string(c.most)));
  }
}

// The service model allows more than the service does; each limit has its own text.
TEST(ValidateCreateTest, Memory) {
  const auto with = [](int value) {
    return created([&](FunctionConfig& f) { f.memory_mb = value; });
  };
  const std::string too_much =
      "InvalidParameterValueException: 'MemorySize' value failed to satisfy constraint: Member "
      "must have value less than or equal to 10240";
  EXPECT_EQ(with(127),
            violation("127", "memorySize", "Member must have value greater than or equal to 128"));
  EXPECT_EQ(with(128), "ok");
  EXPECT_EQ(with(10'240), "ok");
  EXPECT_EQ(with(10'241), too_much);
  EXPECT_EQ(with(32'768), too_much);
  EXPECT_EQ(with(32'769),
            violation("32769", "memorySize", "Member must have value less than or equal to 32768"));
}

TEST(ValidateCreateTest, Role) {
  const auto with = [](const std::string& role) {
    return created([&](FunctionConfig& f) { f.role = role; });
  };
  const std::string pattern =
      "Member must satisfy regular expression pattern: "
      "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+";
  for (const char* role :
       {"arn:aws:iam::111111111111:role/r", "arn:aws-cn:iam::111111111111:role/path/r+=,.@-_",
        "arn:aws:iam::111111111111:rolex", "arn:aws:iam::111111111111:role/"})
    EXPECT_EQ(with(role), "ok") << role;
  for (const char* role :
       {"r1", "arn:aws:iam::11111111111:role/r", "arn:aws:iam::111111111111:user/u",
        "arn:aws:iam::111111111111:role", "arn:aws:iam::111111111111:role/a b",
        "arn:xyz:iam::111111111111:role/r"})
    EXPECT_EQ(with(role), violation(role, "role", pattern));
  EXPECT_EQ(with(""),
            "ValidationException: 1 validation error detected: Value null at 'role' failed to "
            "satisfy constraint: "
            "Member must not be null");
}

TEST(ValidateCreateTest, Runtime) {
  const auto with = [](const std::string& runtime) {
    return created([&](FunctionConfig& f) { f.runtime = runtime; });
  };
  for (const char* runtime :
       {"provided.al2", "provided.al2023", "python3.8", "python3.14", "nodejs16.x", "nodejs24.x"})
    EXPECT_EQ(with(runtime), "ok") << runtime;
  for (const std::string runtime : {"non-existent-runtime", "PYTHON3.9", "python3.99"})
    EXPECT_EQ(
        with(runtime),
        "InvalidParameterValueException: Value " + runtime +
            " at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            "[nodejs20.x, "
            "python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, "
            "python3.10, "
            "python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, "
            "nodejs16.x, dotnet10, "
            "dotnet8, java11, dotnet6, nodejs18.x, provided.al2, java8.al2] or be a valid ARN");
  for (const std::string runtime : {"java8", "go1.x", "provided", "ruby2.7", "nodejs14.x",
                                    "python3.7", "dotnetcore3.1", "nodejs12.x"})
    EXPECT_EQ(with(runtime), "InvalidParameterValueException: The runtime parameter of " + runtime +
                                 " is no longer supported for creating or updating AWS Lambda "
                                 "functions. We recommend you use a "
                                 "supported runtime while creating or updating functions.");
  for (const std::string runtime : {"java21", "ruby3.4", "dotnet8", "java8.al2"})
    EXPECT_TRUE(with(runtime).starts_with("InvalidParameterValueException: Kiln does not run " +
                                          runtime +
                                          ". It runs provided.al2, provided.al2023, python3.8"))
        << with(runtime);
  EXPECT_EQ(with(""),
            "InvalidParameterValueException: Runtime and Handler are mandatory parameters for "
            "functions created with "
            "deployment packages.");
}

TEST(ValidateCreateTest, Handler) {
  const auto with = [](const std::string& handler) {
    return created([&](FunctionConfig& f) { f.handler = handler; });
  };
  EXPECT_EQ(with(std::string(128, 'h')), "ok");
  EXPECT_EQ(with(std::string(129, 'h')),
            violation(std::string(129, 'h'), "handler",
                      "Member must have length less than or equal to 128"));
  EXPECT_EQ(with("a b"),
            violation("a b", "handler", "Member must satisfy regular expression pattern: [^\\s]+"));
  EXPECT_TRUE(
      with("").starts_with("InvalidParameterValueException: Runtime and Handler are mandatory"));
}

TEST(ValidateCreateTest, Description) {
  const auto with = [](size_t n) {
    return created([&](FunctionConfig& f) { f.description = std::string(n, 'd'); });
  };
  EXPECT_EQ(with(256), "ok");
  EXPECT_EQ(with(257), violation(std::string(257, 'd'), "description",
                                 "Member must have length less than or equal to 256"));
}

TEST(ValidateCreateTest, DescriptionsCountCharacters) {
  std::string description;
  for (int i = 0; i < 256; ++i) description += "é";
  EXPECT_EQ(text(validate_description(description)), "ok");
  EXPECT_EQ(created([&](FunctionConfig& f) { f.description = description; }), "ok");
  description += "é";
  const std::string refused =
      violation(description, "description", "Member must have length less than or equal to 256");
  EXPECT_EQ(text(validate_description(description)), refused);
  EXPECT_EQ(created([&](FunctionConfig& f) { f.description = description; }), refused);
}

TEST(ValidateCreateTest, LogGroup) {
  const auto with = [](const std::string& group) {
    return created([&](FunctionConfig& f) { f.logging.change().log_group = group; });
  };
  EXPECT_EQ(with("/aws/lambda/a.b-c_d#e"), "ok");
  EXPECT_EQ(with(std::string(512, 'g')), "ok");
  EXPECT_EQ(with(std::string(513, 'g')),
            violation(std::string(513, 'g'), "loggingConfig.logGroup",
                      "Member must have length less than or equal to 512"));
  EXPECT_EQ(with("a b"),
            violation("a b", "loggingConfig.logGroup",
                      "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"));
}

TEST(ValidateCreateTest, LogLevelsGoWithJsonOnly) {
  const auto with = [](LogFormat format, const std::string& application,
                       const std::string& system) {
    return created([&](FunctionConfig& f) {
      f.logging = LoggingConfig{format, application, system, ""};
    });
  };
  for (const char* level : {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"})
    EXPECT_EQ(with(LogFormat::kJson, level, "INFO"), "ok") << level;
  for (const char* level : {"DEBUG", "INFO", "WARN"})
    EXPECT_EQ(with(LogFormat::kJson, "INFO", level), "ok") << level;
  EXPECT_EQ(with(LogFormat::kJson, "INFO", "ERROR"),
            violation("ERROR", "loggingConfig.systemLogLevel",
                      "Member must satisfy enum value set: [DEBUG, INFO, WARN]"));
  EXPECT_EQ(with(LogFormat::kText, "", ""), "ok");
  const std::string refused =
      "InvalidParameterValueException: Log level is not supported when LogFormat is Text. Remove "
      "it, or use LogFormat JSON.";
  EXPECT_EQ(with(LogFormat::kText, "INFO", ""), refused);
  EXPECT_EQ(with(LogFormat::kText, "", "INFO"), refused);
}

TEST(ValidateUpdateTest, ChecksLikeCreate) {
  FunctionConfig config = good();
  EXPECT_EQ(text(validate_update(config)), "ok");
  config.timeout_s = 901;
  EXPECT_EQ(text(validate_update(config)),
            violation("901", "timeout", "Member must have value less than or equal to 900"));
  config = good();
  config.runtime = "java8";
  EXPECT_TRUE(text(validate_update(config)).starts_with("InvalidParameterValueException: The run"));
  config = good();
  config.handler.clear();
  EXPECT_EQ(text(validate_update(config)),
            violation("", "handler", "Member must satisfy regular expression pattern: [^\\s]+"));
}

TEST(ValidateCreateTest, Architectures) {
  const auto with = [](std::vector<std::string> a) {
    return created([&](FunctionConfig& f) { f.architectures = a; });
  };
  EXPECT_EQ(with({"arm64"}), "ok");
  EXPECT_EQ(with({"x86_64", "arm64"}),
            violation("[x86_64, arm64]", "architectures",
                      "Member must have length less than or equal to 1"));
  EXPECT_EQ(with({"X86_64"}), violation("[X86_64]", "architectures",
                                        "Member must satisfy constraint: [Member must satisfy enum "
                                        "value set: [x86_64, arm64], Member "
                                        "must not be null]"));
  EXPECT_EQ(with({}),
            violation("[]", "architectures", "Member must have length greater than or equal to 1"));
}

TEST(NearRuntime, IsOfTheSameVersionElseTheNewestOfTheLanguage) {
  const auto here = [](const std::string& language) {
    return language == "python" ? "python3.11" : language == "nodejs" ? "nodejs20.x" : "";
  };
  const std::pair<const char*, const char*> cases[] = {
      {"python4.0", "python3.11"},
      {"python3.15", "python3.11"},
      {"python", "python3.11"},
      {"python2.7", "python3.11"},
      {"pyhton3.12", "python3.12"},
      {"Python3.12", "python3.12"},
      {"python312", "python3.12"},
      {"py3.9", "python3.9"},
      {"nodejs26.x", "nodejs20.x"},
      {"node20", "nodejs20.x"},
      {"node22.x", "nodejs22.x"},
      {"nodejs18", "nodejs18.x"},
      {"node", "nodejs20.x"},
      {"provided.al2022", "provided.al2023"},
      {"provided", "provided.al2023"},
      {"go1.x", "provided.al2023"},
      {"rust", "provided.al2023"},
      {"java21", ""},
      {"java26", ""},
      {"ruby3.9", ""},
      {"dotnet11", ""},
      {"cobol", ""},
      {"", ""},
  };
  for (const auto& [name, near] : cases) EXPECT_EQ(near_runtime(name, here), near) << name;
  EXPECT_EQ(near_runtime("python4.0", {}), "python3.14");
  EXPECT_EQ(near_runtime("nodejs4.3", {}), "nodejs24.x");
}

TEST(NewestRuntime, IsTheFirstThatIsThereFromTheNewestDown) {
  const struct {
    const char* language;
    std::set<std::string> there;
    const char* newest;
  } cases[] = {
      {"python", {"python3.11"}, "python3.11"},
      {"python", {"python3.9", "python3.10"}, "python3.10"},
      {"python", {"python3.8", "python3.12", "nodejs22.x"}, "python3.12"},
      {"python", {"nodejs22.x"}, ""},
      {"python", {"python3.15"}, ""},  // AWS has none
      {"nodejs", {"nodejs18.x", "nodejs20.x"}, "nodejs20.x"},
      {"nodejs", {"nodejs14.x"}, ""},  // AWS takes it no more
      {"nodejs", {}, ""},
  };
  for (const auto& c : cases)
    EXPECT_EQ(
        newest_runtime(c.language, [&](const std::string& name) { return c.there.contains(name); }),
        c.newest);
}

TEST(ValidateCreateTest, SnapStartIsForSomeRuntimesAndAPlainTmp) {
  const auto with = [](const std::string& runtime, int ephemeral_mb) {
    return created([&](FunctionConfig& f) {
      f.snap_start = "PublishedVersions";
      f.runtime = runtime;
      f.ephemeral_mb = ephemeral_mb;
    });
  };
  for (const char* runtime : {"python3.12", "python3.14", "provided.al2023"})
    EXPECT_EQ(with(runtime, 512), "ok") << runtime;
  for (const std::string runtime : {"python3.11", "nodejs22.x"})
    EXPECT_EQ(with(runtime, 512), "InvalidParameterValueException: " + runtime +
                                      " is not supported for SnapStart enabled functions.");
  EXPECT_EQ(
      with("python3.12", 513),
      "InvalidParameterValueException: Ephemeral storage greater than 512 MB is not supported "
      "for SnapStart enabled functions.");
}

TEST(ValidateCreateTest, EnumsNameTheirValues) {
  EXPECT_EQ(created([](FunctionConfig& f) { f.snap_start = "invalidOption"; }),
            violation("invalidOption", "snapStart.applyOn",
                      "Member must satisfy enum value set: [PublishedVersions, None]"));
  EXPECT_EQ(created([](FunctionConfig& f) { f.tracing_mode = "on"; }),
            violation("on", "tracingConfig.mode",
                      "Member must satisfy enum value set: [Active, PassThrough]"));
  EXPECT_EQ(
      created([](FunctionConfig& f) {
        f.logging.change().format = LogFormat::kJson;
        f.logging.change().application_level = "LOUD";
        f.logging.change().system_level = "INFO";
      }),
      violation("LOUD", "loggingConfig.applicationLogLevel",
                "Member must satisfy enum value set: [TRACE, DEBUG, INFO, WARN, ERROR, FATAL]"));
}

TEST(ValidateCreateTest, EnvironmentOf4Kb) {
  const auto with = [](size_t n) {
    return created([&](FunctionConfig& f) {
      f.environment = {{"LARGE_VAR", std::string(n, 'x')}};
    });
  };
  // Measured as JSON: {"LARGE_VAR":"xxx"}.
  EXPECT_EQ(with(4096 - 16), "ok");
  EXPECT_EQ(with(4096 - 16 + 1),
            "InvalidParameterValueException: Lambda was unable to configure your environment "
            "variables because the "
            "environment variables you have provided exceeded the 4KB limit. String measured: "
            "{\"LARGE_VAR\":\"" +
                std::string(4096 - 16 + 1, 'x') + "\"}");
}

// As recorded.
TEST(ValidateCreateTest, TheMeasuredEnvironmentIsInAwsOrder) {
  const std::string large(4096, 'x');
  EXPECT_EQ(created([&](FunctionConfig& f) {
              f.environment = {{"SMALL_VAR", "ok"}, {"LARGE_VAR", large}};
            }),
            "InvalidParameterValueException: Lambda was unable to configure your environment "
            "variables because the environment variables you have provided exceeded the 4KB limit. "
            "String measured: {\"SMALL_VAR\":\"ok\",\"LARGE_VAR\":\"" +
                large + "\"}");
}

TEST(ValidateCreateTest, EnvironmentNames) {
  const auto with = [](std::map<std::string, std::string> e) {
    return created([&](FunctionConfig& f) { f.environment = std::move(e); });
  };
  EXPECT_EQ(with({{"ab", ""}, {"A_1", "x"}, {"AWS_ENDPOINT_URL", "http://x"}}), "ok");
  for (const std::string name : {"a", "1A", "a-b", "_a", "a.b", ""})
    EXPECT_EQ(
        with({{name, "v"}}),
        violation(
            "{" + name + "=v}", "environment.variables",
            "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: "
            "[a-zA-Z]([a-zA-Z0-9_])+, Member must not be null]"));
  const std::string reserved =
      "InvalidParameterValueException: Lambda was unable to configure your environment variables "
      "because the "
      "environment variables you have provided contains reserved keys that are currently not "
      "supported for "
      "modification. Reserved keys used in this request: ";
  EXPECT_EQ(with({{"AWS_REGION", "x"}, {"OK", "y"}, {"_HANDLER", "z"}}),
            reserved + "AWS_REGION, _HANDLER");
}

TEST(ValidateCreateTest, ViolationsAreJoined) {
  EXPECT_EQ(created([](FunctionConfig& f) {
              f.role = "r1";
              f.memory_mb = 1;
            }),
            "ValidationException: 2 validation errors detected: Value 'r1' at 'role' failed to "
            "satisfy constraint: "
            "Member must satisfy regular expression pattern: "
            "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+; Value '1' at "
            "'memorySize' failed to "
            "satisfy constraint: Member must have value greater than or equal to 128");
}

TEST(ValidateTagsTest, AtMost50) {
  std::map<std::string, std::string> tags;
  for (int i = 0; i < 50; ++i) tags[std::to_string(i)] = "";
  EXPECT_EQ(text(validate_tag_count(tags)), "ok");
  tags["one more"] = "";
  EXPECT_EQ(text(validate_tag_count(tags)),
            "InvalidParameterValueException: Number of tags exceeds resource tag limit.");
}

TEST(ValidateTagsTest, KeysAndValues) {
  const auto with = [](const std::string& key, const std::string& value) {
    return text(validate_tags({{key, value}}, TagAuthor::kUser));
  };
  std::string long_key, long_value;
  for (int i = 0; i < 128; ++i) long_key += "é";
  for (int i = 0; i < 256; ++i) long_value += "é";
  const std::string bad = "InvalidParameterValueException: ";
  EXPECT_EQ(with("k", ""), "ok");
  EXPECT_EQ(with(long_key, long_value), "ok");
  EXPECT_EQ(with(long_key + "k", ""),
            bad + "Tag key '" + long_key + "k' must have 1 to 128 characters.");
  EXPECT_EQ(with("", "v"), bad + "Tag key '' must have 1 to 128 characters.");
  EXPECT_EQ(with("k", long_value + "v"),
            bad + "The value of tag 'k' must have at most 256 characters.");
  for (const std::string key : {"aws", "aws-x", "xaws:y", "a"}) EXPECT_EQ(with(key, ""), "ok");
  for (const std::string key : {"aws:", "aws:x", "AWS:x", "aWs:x"})
    EXPECT_EQ(with(key, ""), bad + "Tag key '" + key +
                                 "' begins with 'aws:', which is reserved; use another prefix.");
}

TEST(ValidateAliasTest, Name) {
  EXPECT_EQ(text(validate_alias_name("2024-01-02")), "ok");
  EXPECT_EQ(
      text(validate_alias_name("2024")),
      violation("2024", "name",
                "Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"));
  EXPECT_EQ(text(validate_alias_name(std::string(129, 'a'))),
            violation(std::string(129, 'a'), "name",
                      "Member must have length less than or equal to 128"));
}

TEST(ValidateAliasTest, Routing) {
  const auto routing = [](const std::string& version, std::map<std::string, double> weights) {
    return text(validate_alias_routing(version, weights));
  };
  const std::string value_constraint =
      "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, "
      "Member must have value "
      "greater than or equal to 0.0, Member must not be null]";
  EXPECT_EQ(routing("1", {}), "ok");
  EXPECT_EQ(routing("$LATEST", {}), "ok");
  EXPECT_EQ(routing("1", {{"2", 0.0}}), "ok");
  EXPECT_EQ(routing("1", {{"2", 1.0}}), "ok");
  EXPECT_EQ(routing("1", {{"2", 2.0}}),
            violation("{2=2.0}", "routingConfig.additionalVersionWeights", value_constraint));
  EXPECT_EQ(routing("1", {{"2", -1.0}}),
            violation("{2=-1.0}", "routingConfig.additionalVersionWeights", value_constraint));
  EXPECT_EQ(routing("1", {{"$LATEST", 0.5}}),
            violation("{$LATEST=0.5}", "routingConfig.additionalVersionWeights",
                      "Map keys must satisfy constraint: [Member must have length less than or "
                      "equal to 1024, Member "
                      "must have length greater than or equal to 1, Member must satisfy regular "
                      "expression pattern: "
                      "[0-9]+]"));
  EXPECT_EQ(routing("1", {{"2", 0.1}, {"3", 0.1}}),
            "InvalidParameterValueException: Number of items in AdditionalVersionWeights cannot be "
            "greater than 1");
  EXPECT_EQ(routing("1", {{"1", 0.1}}),
            "InvalidParameterValueException: Invalid function version 1. Function version 1 is "
            "already included in "
            "routing configuration.");
  EXPECT_EQ(routing("$LATEST", {{"1", 0.1}}),
            "InvalidParameterValueException: $LATEST is not supported for an alias pointing to "
            "more than 1 version");
}

}  // namespace
}  // namespace kiln::model
