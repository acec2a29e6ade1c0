// The configuration file: what it sets, what it gives way to, and what is wrong with it.
#include "cli/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/cli_folder.h"
#include "tests/support/cli_program.h"

namespace kiln::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// The options that `kiln serve` runs with.
ServeOptions served(const std::vector<std::string>& arguments) {
  std::istringstream in;
  std::ostringstream out;
  Console console{in, out, out};
  ServeOptions got;
  EXPECT_EQ(run_program(arguments, console,
                        [&](const ServeOptions& options) {
                          got = options;
                          return 0;
                        }),
            0)
      << out.str();
  return got;
}

TEST(Config, AFileGivesDefaultsThatTheCommandLineOverrides) {
  const TestFolder folder;
  const std::string file = folder.write(
      "kiln.toml", "[serve]\nport = 4999\nspeed = 60\n[list]\nregion = \"eu-west-1\"\n");
  std::istringstream in;
  std::ostringstream out;
  Console console{in, out, out};
  ServeOptions got;
  const auto serve = [&](const ServeOptions& options) {
    got = options;
    return 0;
  };
  EXPECT_EQ(run_program({"--config", file, "serve"}, console, serve), 0) << out.str();
  EXPECT_EQ(got.port, 4999);
  EXPECT_EQ(got.speed, 60);
  EXPECT_EQ(run_program({"--config", file, "serve", "--port", "5000"}, console, serve), 0);
  EXPECT_EQ(got.port, 5000);
  const Environment variable("KILN_CONFIG", file);
  EXPECT_EQ(run_program({"serve"}, console, serve), 0);
  EXPECT_EQ(got.port, 4999);
  folder.write("kiln.toml", "[serve]\nport = 99999\n");
  EXPECT_EQ(run_program({"serve"}, console, serve), kExitUsage);
}

TEST(Config, EveryFormOfAValue) {
  const TestFolder folder;
  const std::string file = folder.write("kiln.toml",
                                        "# a comment\r\n"
                                        "[serve]  # and one here\r\n"
                                        "port=4999# no blanks\r\n"
                                        "idle-lifetime = \"90s\"  # \"quoted\"\r\n"
                                        "account = '123456789012'\r\n"
                                        "data-dir = \"/tmp/a # b\\\\c\\\"d\"\r\n"
                                        "strict-aws = false\r\n"
                                        "skip-unsupported = true\r\n"
                                        "allow-host = \"kiln,*.example.com\"\r\n"
                                        "forward = [\r\n"
                                        "  \"s3=http://127.0.0.1:9000\",  # an S3\r\n"
                                        "  'sqs=http://127.0.0.1:9324',\r\n"
                                        "]\r\n"
                                        "\r\n"
                                        "[alarm.set]\r\n"
                                        "period = \"1m\"");
  const ServeOptions got = served({"--config", file, "serve"});
  EXPECT_EQ(got.port, 4999);
  EXPECT_EQ(got.idle_lifetime, std::chrono::seconds(90));
  EXPECT_EQ(got.account, "123456789012");
  EXPECT_EQ(got.data_dir, "/tmp/a # b\\c\"d");
  EXPECT_TRUE(got.skip_unsupported);
  EXPECT_THAT(got.allowed_hosts, ElementsAre("kiln", "*.example.com"));
  EXPECT_THAT(got.forwards, ElementsAre(testing::Pair("s3", "http://127.0.0.1:9000"),
                                        testing::Pair("sqs", "http://127.0.0.1:9324")));
}

TEST(Config, GivesWayToVariablesAndToTheCommandLine) {
  const TestFolder folder;
  const std::string file = folder.write("kiln.toml",
                                        "[serve]\ndata-dir = \"/tmp/file\"\nallow-host = \"file\"\n"
                                        "[list]\nendpoint = \"http://127.0.0.1:1\"\n");
  EXPECT_EQ(served({"--config", file, "serve"}).data_dir, "/tmp/file");
  EXPECT_EQ(served({"--config", file, "serve", "--data-dir", "/tmp/line"}).data_dir, "/tmp/line");
  EXPECT_EQ(served({"--config", file, "serve", "--here"}).data_dir, ".kiln");
  const Environment data_dir("KILN_DATA_DIR", "/tmp/variable");
  const Environment host("KILN_ALLOW_HOST", "variable");
  EXPECT_EQ(served({"--config", file, "serve"}).data_dir, "/tmp/variable");
  EXPECT_THAT(served({"--config", file, "serve"}).allowed_hosts, ElementsAre("variable"));
  EXPECT_EQ(served({"--config", file, "serve", "--here"}).data_dir, ".kiln");
  EXPECT_EQ(served({"serve"}).data_dir, "/tmp/variable");
  EXPECT_THAT(run({"--config", file, "list"}).err, HasSubstr("http://127.0.0.1:1;"));
  const std::string silent = silent_endpoint();
  const Environment endpoint("AWS_ENDPOINT_URL", silent);
  EXPECT_THAT(run({"--config", file, "list"}).err, HasSubstr(silent + ";"));
}

TEST(Config, WhatIsWrongIsSaidWithFileAndLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[serve]\nport 4567\n",
       "2: 'port 4567' has no '='; write NAME = VALUE, as in port = 4567 or here = true"},
      {"[serve]\nhere\n", "2: 'here' has no '='; "},
      {"[serve]\nx\n", "2: 'x' has no '='; "},
      {"[serve\nport = 1\n", "1: '[serve' has no ']' at its end; "},
      {"[serve] port = 1\n", "1: '[serve] port = 1' is not a section; "},
      {"[[serve]]\n", "1: '[[serve]]' is not a section; "},
      {"[]\n", "1: '[]' has no name of a command or an option"},
      {"[ser ve]\n", "1: '[ser ve]' has no name of a command or an option"},
      {"[srve]\nport = 1\n", "1: there is no command 'kiln srve'; did you mean serve?"},
      {"[alarm.sets]\n", "1: there is no command 'kiln alarm sets'; did you mean set?"},
      {"[xyzzy]\n", "1: there is no command 'kiln xyzzy'; `kiln --help` lists the commands"},
      {"\n\nport = 1\n", "3: 'port' stands above the first section; "},
      {"[serve]\nprot = 1\n", "2: kiln serve has no option 'prot'; did you mean port?"},
      {"[serve]\nxyzzy = 1\n",
       "2: kiln serve has no option 'xyzzy'; `kiln serve --help` shows what it takes"},
      {"[serve]\nhelp = true\n", "2: kiln serve has no option 'help'; "},
      {"[serve]\n= 1\n", "2: '= 1' has no name of a command or an option"},
      {"[serve]\nport =\n", "2: port has no value; "},
      {"[serve]\nport = # none\n", "2: port has no value; "},
      {"[serve]\nport = 99999\n", "2: port is '99999'; it must be a whole number from 0 to 65535"},
      {"[serve]\nport = \"4567\n", "2: the value of port has no \" at its end"},
      {"[serve]\nport = '4567", "2: the value of port has no ' at its end"},
      {"[serve]\nport = \"4567\" 8\n", "2: nothing may follow the value of port, but there is '8'"},
      {"[serve]\nport = 45 67\n", "2: put quotes around the value of port: '45 67'"},
      {"[serve]\ndata-dir = \"C:\\kiln\"\n",
       "2: the value of data-dir has a backslash that means nothing in \"…\"; "},
      {"[serve]\nport = [1, 2]\n", "2: port takes one value, not a list"},
      {"[serve]\nport = 1\nport = 2\n", "3: port is set on line 2 already"},
      {"[serve]\nforward = \"s3=http://a\"\nforward = \"sqs=http://a\"\n",
       "3: forward is set on line 2 already; write all its values as a list, as in forward = ["},
      {"[serve]\nforward = [\"s3=http://a\"\n\"sqs=http://a\"]\n",
       "3: the values of forward need commas between them"},
      {"[serve]\nforward = [\"s3=http://a\",\n", "2: the list of forward has no ']' at its end"},
      {"[serve]\nforward = [,]\n", "2: forward has no value; "},
      {"[serve]\nforward = \"dynamobd=http://a\"\n",
       "2: AWS has no service 'dynamobd'; did you mean dynamodb?"},
      {"[serve]\nhere = yes\n", "2: here is 'yes'; it must be true or false"},
      {std::string("[serve]\n\0\1\x1b[31m = 1\n", 20), "2: '???[31m = 1' has no name of "},
  };
  const TestFolder folder;
  for (const auto& [text, said] : cases) {
    const std::string file = folder.write("kiln.toml", text);
    // Whichever command runs, since nobody sees a wrong line of another one otherwise.
    const Outcome outcome = run({"--config", file, "version"});
    EXPECT_EQ(outcome.code, kExitUsage) << text;
    EXPECT_EQ(outcome.out, "") << text;
    EXPECT_THAT(outcome.err, StartsWith("kiln: " + file + ", line " + said)) << text;
  }
}

TEST(Config, AFileThatIsNamedMustBeReadable) {
  const TestFolder folder;
  Outcome outcome = run({"--config", "/no/such", "version"});
  EXPECT_EQ(outcome.code, kExitUsage);
  EXPECT_EQ(outcome.err,
            "kiln: can't read the configuration file '/no/such': No such file or directory; "
            "--config and KILN_CONFIG name one\n");
  outcome = run({"--config", folder.path(), "version"});
  EXPECT_THAT(outcome.err, HasSubstr("': it is a folder; "));
  {
    const Environment variable("KILN_CONFIG", folder.path().c_str());
    outcome = run({"version"});
    EXPECT_EQ(outcome.code, kExitUsage);
    EXPECT_THAT(outcome.err, HasSubstr("': it is a folder; "));
    EXPECT_EQ(run({"version", "--help"}).code, kExitOk);
  }
  const Environment variable("KILN_CONFIG", "/no/such");
  EXPECT_EQ(run({"version"}).code, kExitOk);
}

TEST(Config, ALargeFileIsNone) {
  const TestFolder folder;
  const std::string file = folder.write("kiln.toml", std::string(1 << 20, '\n'));
  EXPECT_EQ(run({"--config", file, "version"}).code, kExitOk);
  folder.write("kiln.toml", std::string((1 << 20) + 1, '\n'));
  EXPECT_THAT(run({"--config", file, "version"}).err, HasSubstr(" has more than 1 MB, too much"));
}

}  // namespace
}  // namespace kiln::cli
