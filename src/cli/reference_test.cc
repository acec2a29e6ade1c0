// What is made from the parser: completions, manual pages, and docs/cli.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/command_shape.h"
#include "cli/completion_text.h"
#include "cli/sample_events.h"
#include "tests/support/cli_folder.h"
#include "tests/support/cli_program.h"

namespace kiln::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(Reference, TheCommandLinesPageIsThatOfTheParser) {
  std::ifstream file(KILN_SOURCE_FOLDER "/docs/cli.md", std::ios::binary);
  const std::string written{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(run({"reference", "markdown"}).out, written)
      << "docs/cli.md is old; make it anew: build/release/kiln reference markdown > docs/cli.md";
}

TEST(Reference, EveryCommandHasAManualPage) {
  const TestFolder folder;
  EXPECT_EQ(run({"reference", "man", folder.path() + "/man1"}).code, kExitOk);
  std::ifstream page(folder.path() + "/man1/kiln-alarm-set.1");
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  EXPECT_THAT(text, HasSubstr(".TH kiln-alarm-set 1"));
  EXPECT_THAT(text, HasSubstr("\\-\\-metric METRIC"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() + "/man1/kiln.1"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/man1/kiln-reference.1"));
}

TEST(Completion, KnowsCommandsAndOptionsInEveryShell) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Outcome outcome = run({"completion", shell});
    EXPECT_EQ(outcome.code, kExitOk);
    for (const char* word : {"invoke", "provision", "alarm", "history"})
      EXPECT_THAT(outcome.out, HasSubstr(word)) << shell;
  }
}

TEST(Event, EverySampleIsJsonAndListed) {
  EXPECT_GE(sample_events().size(), 20U);
  const json list = json::parse(run({"event", "--json"}).out);
  EXPECT_EQ(list.size(), sample_events().size());
  for (const SampleEvent& event : sample_events()) {
    const Outcome outcome = run({"event", std::string(event.source)});
    EXPECT_EQ(outcome.code, kExitOk);
    EXPECT_TRUE(json::parse(outcome.out, nullptr, false).is_object()) << event.source;
    EXPECT_THAT(run({"event"}).out, HasSubstr(event.source));
  }
}

TEST(Env, PrintsTheSameVariablesInEveryForm) {
  const std::vector<std::string> endpoint = {"--endpoint", "http://h:1/", "--region", "eu-west-1"};
  const auto env = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"env"};
    arguments.insert(arguments.end(), endpoint.begin(), endpoint.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments).out;
  };
  EXPECT_THAT(env({}), HasSubstr("export AWS_ENDPOINT_URL=http://h:1\n"));
  EXPECT_THAT(env({}), HasSubstr("export AWS_DEFAULT_REGION=eu-west-1\n"));
  EXPECT_THAT(env({"--form", "fish"}), HasSubstr("set -gx AWS_ENDPOINT_URL http://h:1\n"));
  EXPECT_THAT(env({"--form", "dotenv"}), testing::StartsWith("AWS_ENDPOINT_URL=http://h:1\n"));
  EXPECT_EQ(json::parse(env({"--json"}))["KILN_ENDPOINT"], "http://h:1");
}

TEST(Env, UnsetsWhatBelongsToOtherKeys) {
  for (const std::string name : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"}) {
    const Environment other(name.c_str(), "other");
    EXPECT_THAT(run({"env"}).out, HasSubstr("unset " + name + "\n"));
    EXPECT_THAT(run({"env", "--form", "fish"}).out, HasSubstr("set -e " + name + "\n"));
    EXPECT_THAT(run({"env", "--form", "dotenv"}).out, testing::Not(HasSubstr(name)));
  }
}

TEST(Doctor, SaysWhatItFoundAsTextAndJson) {
  const std::vector<std::string> nowhere = {"--endpoint", silent_endpoint()};
  std::vector<std::string> arguments = {"doctor"};
  arguments.insert(arguments.end(), nowhere.begin(), nowhere.end());
  const Outcome text = run(arguments);
  for (const char* check :
       {"system", "namespaces", "cgroup", "python", "node", "endpoint", "state"})
    EXPECT_THAT(text.out, HasSubstr(check));
  EXPECT_THAT(text.out, HasSubstr("nothing listens at"));
  arguments.emplace_back("--json");
  const json list = json::parse(run(arguments).out);
  for (const json& check : list)
    EXPECT_EQ(check["health"] == "ok", check["advice"] == "") << check.dump();
}

}  // namespace
}  // namespace kiln::cli
