#include "engine/runtime_launch.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace kiln::engine {
namespace {

model::FunctionConfig config_of(const std::string& runtime,
                                std::map<std::string, std::string> environment = {}) {
  model::FunctionConfig config;
  config.region = "eu-west-1";
  config.account = "000000000000";
  config.name = "f";
  config.runtime = runtime;
  config.handler = "index.handler";
  config.role = "arn:aws:iam::000000000000:role/r";
  config.environment = std::move(environment);
  return config;
}

LaunchContext context_of(const std::string& version) {
  LaunchContext context;
  context.task_dir = "/nowhere";
  context.interpreter = {"/x/22/bin/node", "/x/22", version, true, true, false};
  return context;
}

using Argv = std::vector<std::string>;

TEST(RuntimeLaunch, NodeHasLambdasFlagsWhereItKnowsThem) {
  const std::string node = "/var/lang/bin/node", script = "/var/runtime/nodejs/bootstrap.mjs";
  const std::string no_require = "--no-experimental-require-module",
                    no_detect = "--no-experimental-detect-module";
  const auto argv = [](const std::string& runtime, const std::string& version,
                       std::map<std::string, std::string> environment = {}) {
    return launch_spec(config_of(runtime, std::move(environment)), context_of(version)).argv;
  };
  EXPECT_EQ(argv("nodejs22.x", "22.11.0"), (Argv{node, no_require, no_detect, script}));
  EXPECT_EQ(argv("nodejs20.x", "20.20.2"), (Argv{node, no_require, script}));
  EXPECT_EQ(argv("nodejs24.x", "24.1.0"), (Argv{node, script}));
  // Node.js refuses to start with flags that it doesn't know.
  EXPECT_EQ(argv("nodejs22.x", "18.19.0"), (Argv{node, script}));
  EXPECT_EQ(argv("nodejs22.x", ""), (Argv{node, script}));
  EXPECT_EQ(argv("nodejs22.x", "22.11.0", {{"NODE_OPTIONS", "--experimental-require-module"}}),
            (Argv{node, no_detect, script}));
}

TEST(RuntimeLaunch, AWrapperGetsTheWholeCommandWithTheScriptLast) {
  auto context = context_of("3.12.1");
  context.interpreter.path = "/x/22/bin/python3.12";
  const auto spec =
      launch_spec(config_of("python3.12", {{"AWS_LAMBDA_EXEC_WRAPPER", "/opt/wrapper"}}), context);
  EXPECT_EQ(spec.argv, (Argv{"/bin/sh", "/var/runtime/exec_wrapper.sh", "/var/lang/bin/python3.12",
                             "-S", "/var/runtime/python/bootstrap.py"}));
  EXPECT_EQ(spec.lang_dir, "/x/22");
  EXPECT_EQ(
      launch_spec(config_of("provided.al2023", {{"AWS_LAMBDA_EXEC_WRAPPER", "/opt/w"}}), context)
          .argv,
      Argv{"/var/task/bootstrap"});
}

TEST(RuntimeLaunch, AnInterpreterMayBeStartedAheadUnlessItReadsTheFunctionsVariablesAtItsStart) {
  const auto ahead = [](const std::string& runtime, std::map<std::string, std::string> environment,
                        sandbox::Isolation isolation = sandbox::Isolation::kFull) {
    auto context = context_of("3.12");
    context.isolation = isolation;
    return !launch_spec(config_of(runtime, std::move(environment)), context).ahead_env.empty();
  };
  for (const char* runtime : {"python3.12", "nodejs20.x"}) {
    EXPECT_TRUE(ahead(runtime, {}));
    EXPECT_TRUE(ahead(runtime, {{"TABLE", "t"}, {"PATH", "/opt/bin"}, {"HOME", "/tmp"}}));
    for (const char* name :
         {"PYTHONPATH", "NODE_OPTIONS", "LD_PRELOAD", "LC_ALL", "LANG", "TZ", "MALLOC_ARENA_MAX",
          "UV_THREADPOOL_SIZE", "SSL_CERT_FILE", "AWS_LAMBDA_EXEC_WRAPPER"})
      EXPECT_FALSE(ahead(runtime, {{name, "x"}})) << name;
    EXPECT_FALSE(ahead(runtime, {}, sandbox::Isolation::kNone));
  }
  EXPECT_FALSE(ahead("provided.al2023", {}));
}

TEST(RuntimeLaunch, WhatIsKnownAheadIsTheSameForAllFunctionsOfARuntime) {
  auto other = config_of("python3.12", {{"TABLE", "t"}});
  other.name = "g";
  other.memory_mb = 512;
  const auto one = launch_spec(config_of("python3.12"), context_of("3.12"));
  EXPECT_EQ(one.account, "000000000000");
  const auto two = launch_spec(other, context_of("3.12"));
  EXPECT_EQ(one.ahead_env, two.ahead_env);
  EXPECT_EQ(one.argv, two.argv);
  for (const auto& variable : one.ahead_env)
    EXPECT_NE(std::find(one.env.begin(), one.env.end(), variable), one.env.end()) << variable;
}

TEST(RuntimeLaunch, WhatFunctionsMayNotSetIsKilns) {
  const auto spec =
      launch_spec(config_of("python3.12", {{"AWS_REGION", "mars"}, {"TZ", "Europe/Berlin"}}),
                  context_of("3.12"));
  const auto has = [&spec](const std::string& line) {
    return std::find(spec.env.begin(), spec.env.end(), line) != spec.env.end();
  };
  EXPECT_TRUE(has("AWS_REGION=eu-west-1"));
  EXPECT_TRUE(has("TZ=Europe/Berlin"));
}

TEST(RuntimeLaunch, TheChannelIsForInterpretersThatStartTheBootstrapThemselves) {
  EXPECT_TRUE(launch_spec(config_of("python3.12", {}), context_of("3.12")).direct_channel);
  EXPECT_TRUE(launch_spec(config_of("nodejs20.x", {}), context_of("20.1")).direct_channel);
  const auto wrapped = config_of("python3.12", {{"AWS_LAMBDA_EXEC_WRAPPER", "/opt/wrapper"}});
  EXPECT_FALSE(launch_spec(wrapped, context_of("3.12")).direct_channel);
}

TEST(RuntimeLaunch, PythonCanBeForkedAndKnowsNoLogStreamThen) {
  auto context = context_of("3.12");
  EXPECT_TRUE(launch_spec(config_of("python3.12", {}), context).snapshots);
  EXPECT_FALSE(launch_spec(config_of("nodejs20.x", {}), context_of("20.1")).snapshots);
  const auto wrapped = config_of("python3.12", {{"AWS_LAMBDA_EXEC_WRAPPER", "/opt/wrapper"}});
  EXPECT_FALSE(launch_spec(wrapped, context).snapshots);
  const auto log_variables = [&] {
    const auto spec = launch_spec(config_of("python3.12", {}), context);
    return std::count_if(spec.env.begin(), spec.env.end(), [](const std::string& line) {
      return line.starts_with("AWS_LAMBDA_LOG_GROUP_NAME=") ||
             line.starts_with("AWS_LAMBDA_LOG_STREAM_NAME=");
    });
  };
  EXPECT_EQ(log_variables(), 2);
  context.initialization_type = "snap-start";
  EXPECT_EQ(log_variables(), 0);
}

}  // namespace
}  // namespace kiln::engine
