// Wrong command lines, and what they are answered with.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "cli/client_environment.h"
#include "cli/usage_error.h"
#include "tests/support/cli_folder.h"
#include "tests/support/cli_program.h"

namespace kiln::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(UsageError, SizesAndTimesHaveUnits) {
  const auto value = [](const CLI::Validator& validator, std::string text) {
    const std::string wrong = validator(text);
    return wrong.empty() ? text : wrong;
  };
  const CLI::Validator memory = megabytes_between(128, 10'240);
  for (const char* text : {"1024", "1024MB", "1024 mb", "1024M", "1GB", "1G", "1gib", "1.0GB"})
    EXPECT_EQ(value(memory, text), "1024") << text;
  EXPECT_EQ(value(memory, "1.5GB"), "1536");
  EXPECT_EQ(value(memory, "128"), "128");
  EXPECT_EQ(value(memory, "10GB"), "10240");
  for (const char* text : {"127", "10241", "11GB", "1TB", "1024KB", "-1", "1.3MB", "GB", "", "x",
                           "nan", "1e9GB", "1GBx"})
    EXPECT_EQ(value(memory, text),
              "is '" + std::string(text) +
                  "'; it must be whole megabytes from 128 to 10240, as in 512 or 1GB");
  const CLI::Validator time = seconds_between(1, 900);
  for (const char* text : {"90", "90s", "1m30s", "90000ms"}) EXPECT_EQ(value(time, text), "90");
  EXPECT_EQ(value(time, "15m"), "900");
  for (const char* text : {"0", "901", "16m", "500ms", "1.5s", "-1", "", "5 min", "s"})
    EXPECT_EQ(value(time, text), "is '" + std::string(text) +
                                     "'; it must be whole seconds from 1 to 900, as in 30 or 5m");
}

TEST(UsageError, WordsOfOtherToolsAreAnsweredWithKilns) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"ls"}, "there is no command 'kiln ls'; `kiln list` lists functions, "},
      {{"start"}, "there is no command 'kiln start'; `kiln serve` starts the engine"},
      {{"lambda", "list-functions"},
       "there is no command 'kiln lambda'; `kiln aws lambda list-functions` runs the AWS CLI"},
      {{"invoke", "f", "--payload", "{}"},
       "kiln invoke has no option --payload; write the event after the name: "},
      {{"invoke", "--function-name", "f"},
       "kiln invoke has no option --function-name; write the name alone, without an option; "},
      {{"invoke", "f", "-e", "e.json"},
       "kiln invoke has no option -e; a file's event is `kiln invoke NAME @FILE`, "},
      {{"delete", "f", "--force"},
       "kiln delete has no option --force; --yes leaves the question out"},
      {{"destroy", "s", "--no-prompts"}, "kiln destroy has no option --no-prompts; --yes leaves "},
      {{"-v"}, "kiln has no option -v; --version prints Kiln's version"},
      {{"diff"},
       "there is no command 'kiln diff'; `kiln deploy PATH --plan` shows what would change"},
      {{"deploy", "-t", "x.yaml"}, "kiln deploy has no option -t; write the template's path alone"},
      {{"create", "f", "/tmp", "--memory-size", "1"},
       "kiln create has no option --memory-size; it is --memory here; `kiln create --help`"},
      {{"list", "--endpoint-url=http://x"},
       "kiln list has no option --endpoint-url; it is --endpoint here; "},
      {{"alarm", "ls"},
       "there is no command 'kiln alarm ls'; did you mean `kiln alarm list`? `kiln alarm --help`"},
      {{"alarm", "create", "x"},
       "there is no command 'kiln alarm create'; did you mean `kiln alarm set`? "},
      {{"layer", "create"},
       "there is no command 'kiln layer create'; did you mean `kiln layer publish`? "},
      {{"lambda", "invoke", "--function-name", "a b", "x"},
       "there is no command 'kiln lambda'; `kiln aws lambda invoke --function-name 'a b' x` runs "
       "the AWS CLI"},
      {{"create-function", "--function-name", "x"},
       "there is no command 'kiln create-function'; `kiln aws lambda create-function "
       "--function-name x` runs the AWS CLI"},
      {{"versions", "f"},
       "there is no command 'kiln versions'; `kiln aws lambda list-versions-by-function "
       "--function-name NAME` lists a function's versions"},
      {{"local", "start-api"},
       "there is no command 'kiln local'; `kiln serve` starts the engine, and `kiln invoke NAME` "},
      {{"new", "shop", "--runtime", "python3.11"},
       "kiln new has no option --runtime; kiln new makes projects in C++; in Python or "
       "JavaScript, "},
      {{"create", "f", "/tmp", "--reserved", "3"},
       "kiln create has no option --reserved; `kiln reserve NAME N` sets it afterwards; "},
      {{"serve", "--daemon"},
       "kiln serve has no option --daemon; `kiln serve --quiet &` runs it in the background; "},
      {{"describe-stacks"},
       "there is no command 'kiln describe-stacks'; `kiln aws cloudformation describe-stacks` "},
      {{"--region", "eu-west-1", "list"},
       "--region belongs behind the command: `kiln list --region VALUE`"},
      {{"--json", "alarm", "list"}, "--json belongs behind the command: `kiln alarm list --json`"},
      {{"create", "/tmp"},
       "kiln create needs DIR_OR_ZIP: `kiln create [OPTIONS] NAME DIR_OR_ZIP`; "
       "`kiln create tmp /tmp` names it tmp; "},
  };
  for (const auto& [arguments, message] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, kExitUsage) << testing::PrintToString(arguments);
    EXPECT_THAT(outcome.err, StartsWith("kiln: " + message)) << testing::PrintToString(arguments);
  }
}

TEST(UsageError, UnsetNamesEveryVariableThatEnvSets) {
  const Outcome outcome = run({"env", "--unset"});
  for (const auto& [name, value] : client_environment({}))
    EXPECT_THAT(outcome.err, testing::ContainsRegex("[` ]" + name + "[` ]"));
}

TEST(UsageError, IsASentenceWithTheNextStepAndExitCodeTwo) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"lst"},
       "there is no command 'kiln lst'; did you mean `kiln list`? `kiln --help` lists "
       "the commands"},
      {{"xyzzy"}, "there is no command 'kiln xyzzy'; `kiln --help` lists the commands"},
      {{"alarm", "lits"},
       "there is no command 'kiln alarm lits'; did you mean `kiln alarm list`? "
       "`kiln alarm --help` lists the commands"},
      {{"alarm"},
       "kiln alarm needs a command: list, set, state, history, or delete; `kiln alarm --help` says "
       "more"},
      {{"list", "--shell"},  // not --help
       "kiln list has no option --shell; `kiln list --help` shows what it takes"},
      {{"list", "--jsno"},
       "kiln list has no option --jsno; did you mean --json? `kiln list --help` "
       "shows what it takes"},
      {{"list", "--wat"}, "kiln list has no option --wat; `kiln list --help` shows what it takes"},
      {{"serve", "4567"},
       "kiln serve has no place for '4567'; `kiln serve --port 4567` listens there; `kiln serve "},
      {{"list", "more"},
       "kiln list has no place for 'more'; `kiln list --help` shows what it "
       "takes"},
      {{"invoke", "f", "{name:", "Ada}"},
       "kiln invoke has no place for 'Ada}'; JSON needs quotes, as in '{\"a\": 1}'; `kiln invoke "
       "--help` shows what it takes"},
      {{"invoke"},
       "kiln invoke needs NAME[:QUALIFIER]: `kiln invoke [OPTIONS] NAME[:QUALIFIER] "
       "[JSON|@FILE|-]`; `kiln invoke --help` shows what it takes"},
      {{"create", "f"}, "kiln create needs DIR_OR_ZIP: `kiln create [OPTIONS] NAME DIR_OR_ZIP`; "},
      {{"--nope"}, "kiln has no option --nope; `kiln --help` shows what it takes"},
      {{"alarm", "--json"}, "kiln alarm has no option --json; "},
      {{"reference", "pdf"}, "there is no command 'kiln reference pdf'; "},
      {{"serve", "--port"}, "--port needs a value: PORT; `kiln serve --help` shows what it takes"},
      {{"cost", "--diff", "a.yaml"}, "--diff needs more values: OLD NEW; `kiln cost --help`"},
      {{"serve", "--speed", "0"}, "--speed is '0'; it must be a number from 1 to 3600"},
      {{"serve", "--speed", "fast"}, "--speed is 'fast'; it must be a number from 1 to 3600"},
      {{"serve", "--host", "nowhere.example"},
       "--host is 'nowhere.example'; it must be an IP address, such as 127.0.0.1 or 0.0.0.0"},
      {{"serve", "--runtimes", "/no/such"}, "--runtimes is '/no/such'; it must be a folder"},
      {{"serve", "--io", "aio"}, "--io is 'aio'; it must be auto, epoll, or uring"},
      {{"serve", "--here", "--data-dir", "x"},
       "--data-dir and --here can't go together; leave one out"},
      {{"list", "--region", "moon"}, "--region is 'moon'; a Region has a name such as us-east-1"},
      {{"list", "--region", ""}, "--region is ''; a Region has a name such as us-east-1"},
      {{"list", "--region", "us-east1"}, "--region is 'us-east1'; a Region has a name such as"},
      {{"list", "--region", "eu-west-1a"}, "--region is 'eu-west-1a'; a Region has a name such as"},
      {{"lint", ".", "--region=-1"}, "--region is '-1'; a Region has a name such as"},
      {{"list", "--endpoint", "localhost:4566"},
       "the endpoint 'localhost:4566' is not a URL; write it as http://localhost:4566"},
      {{"list", "--endpoint", "http://"},
       "the endpoint 'http://' is not a URL; write it as http://127.0.0.1:4566"},
      {{"list", "--endpoint", "http://127.0.0.1:99999"},
       "the endpoint 'http://127.0.0.1:99999' is not a URL; write it as http://127.0.0.1:4566"},
      {{"invoke", ""}, "function is empty"},
      {{"create", "f", "/tmp", "--memory", "64"},
       "--memory is '64'; it must be whole megabytes from 128 to 10240"},
      {{"create", "f", "/tmp", "--timeout", "901"},
       "--timeout is '901'; it must be whole seconds from 1 to 900"},
      {{"alarm", "set", "a", "--above", "1", "--statistic", "Maximun"},
       "--statistic is 'Maximun'; it must be Sum, Average, Minimum, Maximum, SampleCount, or a "
       "percentile such as p99 (did you mean Maximum?)"},
      {{"alarm", "set", "a", "--above", "1", "--missing", "maybe"},
       "--missing is 'maybe'; it must be missing, ignore, breaching, or notBreaching"},
      {{"alarm", "set", "a", "--above", "1", "--period", "7s"},
       "--period is '7s'; it must be 10s, 20s, 30s, or a number of minutes"},
      {{"alarm", "set", "a", "--above", "1", "--datapoints", "2"},
       "--datapoints 2 is more than --periods 1"},
      {{"alarm", "set", "a", "--above", "1", "--action", "ops"},
       "--action is 'ops'; it must be an ARN"},
      {{"alarm", "set", "a", "--above", "inf"}, "--above is 'inf'; it must be a number"},
      {{"alarm", "state", "a", "RED"},
       "state is 'RED'; it must be OK, ALARM, or INSUFFICIENT_DATA"},
      {{"scale", "f:live", "--min", "5", "--max", "2"}, "--min 5 is more than --max 2"},
      {{"serve", "--port", "99999"},
       "--port is '99999'; it must be a whole number from 0 to 65535"},
      {{"serve", "--port", "x"}, "--port is 'x'; it must be a whole number from 0 to 65535"},
      {{"serve", "--account", "1"}, "--account is '1'; an account id has 12 digits"},
      {{"create", "f", "/tmp", "--memory", "many"},
       "--memory is 'many'; it must be whole megabytes from 128 to 10240"},
      {{"invoke", "f", "@/tmp"}, "can't read '/tmp': it is a folder"},
      {{"invoke", "f", "@/no/such"}, "can't read '/no/such': No such file or directory"},
      {{"invoke", "f", "--event", "s33"},
       "there is no sample event 's33'; did you mean s3? `kiln "
       "event` lists them"},
      {{"invoke", "f", "--event", "e.json"},
       "--event takes the name of a sample event; to send the file 'e.json', write `kiln invoke f "
       "@e.json`"},
      {{"invoke", "f", "--event", "@my e.json"},
       "--event takes the name of a sample event; to send the file 'my e.json', write `kiln invoke "
       "f '@my e.json'`"},
      {{"invoke", "f", "--event", "{}"},
       "--event takes the name of a sample event; write an event of your own as `kiln invoke f "
       "JSON`"},
      {{"load", "f", "--rate", "5"}, "--rate: '5' is not traffic; a rate has a unit: 5/s or 5/m"},
      {{"cost", "/no/such"},
       "there is no file or folder '/no/such'; without it, `kiln cost` prices what ran"},
      {{"provision", "f", "3"}, "'f' names no version or alias; "},
      {{"env", "--form", "csh"}, "--form is 'csh'; it must be sh, fish, dotenv, or json"},
      {{"completion", "csh"},
       "there is no completion for 'csh'; there is one for bash, zsh, and "
       "fish"},
  };
  for (const auto& [arguments, message] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, kExitUsage) << testing::PrintToString(arguments);
    EXPECT_THAT(outcome.err, StartsWith("kiln: " + message)) << testing::PrintToString(arguments);
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(UsageError, ARegionOfTheEnvironmentIsNamedByItsVariable) {
  const Environment second("AWS_DEFAULT_REGION", "moon");
  for (const char* command : {"list", "stacks"})
    EXPECT_THAT(run({command}).err,
                StartsWith("kiln: AWS_DEFAULT_REGION is 'moon'; a Region has a name such as"));
  const Environment first("AWS_REGION", "mars");
  EXPECT_THAT(run({"list"}).err, StartsWith("kiln: AWS_REGION is 'mars'; a Region has a name"));
  EXPECT_THAT(run({"lint", "."}).err,
              StartsWith("kiln: AWS_REGION is 'mars'; a Region has a name"));
  EXPECT_THAT(run({"list", "--region", "us-east-1"}).err, testing::Not(HasSubstr("mars")));
}

TEST(UsageError, AForeignServerIsExitCodeThree) {
  const TestServer server([](const TestRequest&) {
    return TestResponse{404, "<html>Not Found</html>"};
  });
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"list"}, {"invoke", "f"}, {"stacks"}, {"top"}}) {
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.end(), {"--endpoint", server.endpoint()});
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, kExitNoAnswer) << command[0];
    EXPECT_THAT(outcome.err, HasSubstr("the server answers HTTP 404, but not as Kiln or AWS does"));
  }
}

TEST(UsageError, OutputThatCannotBeWrittenIsAnError) {
  std::istringstream in;
  std::ofstream full("/dev/full");
  std::ostringstream err;
  Console console{in, full, err};
  const int code = run_program({"event", "s3"}, console, [](const ServeOptions&) { return 0; });
  EXPECT_EQ(code, kExitFailed);
  EXPECT_THAT(err.str(), HasSubstr("can't write the output"));
}

}  // namespace
}  // namespace kiln::cli
