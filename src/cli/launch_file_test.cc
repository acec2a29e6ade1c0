#include "cli/launch_file.h"

#include <gtest/gtest.h>

namespace kiln::cli {
namespace {

using nlohmann::ordered_json;

// The names of attributes are those of the editors' own documentation: of the C/C++ extension
// ("miDebuggerServerAddress"), of the JavaScript debugger ("address", "localRoot", "remoteRoot"),
// of debugpy ("connect", "pathMappings").
TEST(LaunchFile, EachDebuggerHasItsOwnForm) {
  DebugTarget target{"shop", "gdbserver", "127.0.0.1", 2345, "/var/task", "/src/shop", "/b/shop"};
  ordered_json cpp = launch_configuration(target);
  EXPECT_EQ(cpp["name"], "kiln: shop");
  EXPECT_EQ(cpp["type"], "cppdbg");
  EXPECT_EQ(cpp["program"], "/b/shop");
  EXPECT_EQ(cpp["miDebuggerServerAddress"], "127.0.0.1:2345");
  target.debugger = "inspector";
  ordered_json node = launch_configuration(target);
  EXPECT_EQ(node["type"], "node");
  EXPECT_EQ(node["request"], "attach");
  EXPECT_EQ(node["port"], 2345);
  EXPECT_EQ(node["localRoot"], "/src/shop");
  EXPECT_EQ(node["remoteRoot"], "/var/task");
  target.debugger = "debugpy";
  ordered_json python = launch_configuration(target);
  EXPECT_EQ(python["type"], "debugpy");
  EXPECT_EQ(python["connect"]["port"], 2345);
  EXPECT_EQ(python["pathMappings"][0]["localRoot"], "/src/shop");
  EXPECT_EQ(python["pathMappings"][0]["remoteRoot"], "/var/task");
}

TEST(LaunchFile, OtherConfigurationsStay) {
  const ordered_json one = {{"name", "kiln: a"}, {"port", 1}};
  const ordered_json again = {{"name", "kiln: a"}, {"port", 2}};
  Result<std::string> text = with_configuration("", one);
  ASSERT_TRUE(text);
  EXPECT_EQ(ordered_json::parse(*text)["version"], "0.2.0");
  const std::string mine =
      R"({"version":"0.2.0","configurations":[{"name":"mine"},{"name":"kiln: a","port":1}],"inputs":[]})";
  text = with_configuration(mine, again);
  ASSERT_TRUE(text);
  const ordered_json document = ordered_json::parse(*text);
  ASSERT_EQ(document["configurations"].size(), 2u);
  EXPECT_EQ(document["configurations"][0]["name"], "mine");
  EXPECT_EQ(document["configurations"][1]["port"], 2);
  EXPECT_TRUE(document.contains("inputs"));
}

TEST(LaunchFile, AFileWithCommentsIsLeftAlone) {
  EXPECT_FALSE(with_configuration("{ // mine\n}", {{"name", "kiln: a"}}));
  EXPECT_FALSE(with_configuration("[]", {{"name", "kiln: a"}}));
  EXPECT_FALSE(with_configuration(R"({"configurations": {}})", {{"name", "kiln: a"}}));
}

}  // namespace
}  // namespace kiln::cli
