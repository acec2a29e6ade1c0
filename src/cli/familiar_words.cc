#include "cli/familiar_words.h"

#include <algorithm>
#include <array>

#include "cli/shell.h"

namespace kiln::cli {
namespace {

struct FamiliarCommand {
  std::string_view word, advice;
};
constexpr std::string_view kServeInstead = "`kiln serve` starts the engine";
constexpr std::string_view kStopInstead = "Ctrl-C in the terminal of `kiln serve` ends it";
constexpr std::string_view kInvokeInstead = "`kiln invoke NAME` invokes a function";
constexpr std::string_view kListInstead =
    "`kiln list` lists functions, `kiln list --json` with all their settings";
constexpr std::string_view kDeleteInstead =
    "`kiln delete NAME` deletes a function, `kiln destroy` stacks";
constexpr std::string_view kUpdateInstead =
    "`kiln create NAME DIR --update` replaces a function's code";
constexpr std::string_view kDevInstead =
    "`kiln dev DIR` updates a function whenever you save a file";
constexpr std::string_view kBuildInstead =
    "`kiln create NAME DIR` packs a folder as it is, and `kiln dev DIR` builds C++";
constexpr std::string_view kEventInstead = "`kiln event` prints sample events";
constexpr std::string_view kStatusInstead =
    "`kiln top --once` shows what runs, and `kiln doctor` what the machine lets Kiln do";
constexpr std::string_view kPlanInstead = "`kiln deploy PATH --plan` shows what would change";
constexpr std::string_view kConfigInstead =
    "`kiln list --json` prints the settings of functions, and `kiln create NAME DIR --update` with "
    "options changes them";
constexpr std::string_view kResetInstead =
    "end `kiln serve`, and delete its folder of state, which `kiln doctor` names";
constexpr std::string_view kEnvInstead = "`kiln env` prints the variables that AWS's tools need";
constexpr std::string_view kSecretInstead =
    "`kiln create NAME DIR --update --env-file FILE` gives a function its secrets, and `kiln aws "
    "ssm put-parameter` keeps them";
constexpr std::array kFamiliarCommands = {
    FamiliarCommand{"start", kServeInstead},
    FamiliarCommand{"up", kServeInstead},
    FamiliarCommand{"start-api", kServeInstead},
    FamiliarCommand{"start-lambda", kServeInstead},
    FamiliarCommand{"offline", kServeInstead},
    FamiliarCommand{"stop", kStopInstead},
    FamiliarCommand{"down", kStopInstead},
    FamiliarCommand{"kill", kStopInstead},
    FamiliarCommand{"reset", kResetInstead},
    FamiliarCommand{"clean", kResetInstead},
    FamiliarCommand{"prune", kResetInstead},
    FamiliarCommand{"run", kInvokeInstead},
    FamiliarCommand{"call", kInvokeInstead},
    FamiliarCommand{"test", kInvokeInstead},
    FamiliarCommand{"local",
                    "`kiln serve` starts the engine, and `kiln invoke NAME` invokes a function"},
    FamiliarCommand{"remote", kInvokeInstead},
    FamiliarCommand{"ls", kListInstead},
    FamiliarCommand{"get", kListInstead},
    FamiliarCommand{"describe", kListInstead},
    FamiliarCommand{"functions", kListInstead},
    FamiliarCommand{"versions",
                    "`kiln aws lambda list-versions-by-function --function-name NAME` lists a "
                    "function's versions"},
    FamiliarCommand{"metrics", "`kiln top` shows what functions do"},
    FamiliarCommand{"show", kListInstead},
    FamiliarCommand{"inspect", kListInstead},
    FamiliarCommand{"config", kConfigInstead},
    FamiliarCommand{"secret", kSecretInstead},
    FamiliarCommand{"secrets", kSecretInstead},
    FamiliarCommand{"rm", kDeleteInstead},
    FamiliarCommand{"remove", kDeleteInstead},
    FamiliarCommand{"update", kUpdateInstead},
    FamiliarCommand{"add", "`kiln create NAME DIR` makes a function from a folder"},
    FamiliarCommand{"watch", kDevInstead},
    FamiliarCommand{"sync", kDevInstead},
    FamiliarCommand{"build", kBuildInstead},
    FamiliarCommand{"package", kBuildInstead},
    FamiliarCommand{
        "init",
        "`kiln new NAME` makes a project in C++; in Python or JavaScript a folder with a "
        "handler does"},
    FamiliarCommand{"tail", "`kiln logs NAME -f` follows a function's log"},
    FamiliarCommand{"status", kStatusInstead},
    FamiliarCommand{"info", kStatusInstead},
    FamiliarCommand{"validate", "`kiln lint PATH` checks a template"},
    FamiliarCommand{"plan", kPlanInstead},
    FamiliarCommand{"diff", kPlanInstead},
    FamiliarCommand{"apply", "`kiln deploy PATH` deploys a template or a CDK app"},
    FamiliarCommand{"synth", "`cdk synth` writes cdk.out, and `kiln deploy cdk.out` deploys it"},
    FamiliarCommand{"bootstrap", "leave it out: `cdk deploy` needs no bootstrap here"},
    FamiliarCommand{"generate", kEventInstead},
    FamiliarCommand{"generate-event", kEventInstead},
    FamiliarCommand{"shell", "`kiln exec NAME sh` runs a shell in an environment"},
    FamiliarCommand{"configure", kEnvInstead},
    FamiliarCommand{"login", kEnvInstead},
};

// Commands of the AWS CLI.
constexpr std::array<std::string_view, 14> kAwsServices = {"lambda",
                                                           "cloudformation",
                                                           "cloudwatch",
                                                           "s3",
                                                           "s3api",
                                                           "sns",
                                                           "ssm",
                                                           "iam",
                                                           "sts",
                                                           "sqs",
                                                           "events",
                                                           "dynamodb",
                                                           "application-autoscaling",
                                                           "apigateway"};
// What its operations begin with, as in create-function.
constexpr std::array<std::string_view, 14> kAwsVerbs = {
    "create",  "update", "delete", "get",    "list", "put",   "describe",
    "publish", "add",    "remove", "invoke", "tag",  "untag", "set"};

struct AwsThing {
  std::string_view word, service;
};
constexpr std::array kAwsThings = {AwsThing{"stack", "cloudformation"},
                                   AwsThing{"change-set", "cloudformation"},
                                   AwsThing{"alarm", "cloudwatch"},
                                   AwsThing{"metric", "cloudwatch"},
                                   AwsThing{"topic", "sns"},
                                   AwsThing{"log-", "logs"},
                                   AwsThing{"scal", "application-autoscaling"}};

// Of a group of commands: which of its own does what other tools have another word for.
struct FamiliarVerb {
  std::string_view word, ours;
};
constexpr std::array kFamiliarVerbs = {
    FamiliarVerb{"create", "set"},    FamiliarVerb{"create", "publish"},
    FamiliarVerb{"add", "set"},       FamiliarVerb{"add", "publish"},
    FamiliarVerb{"new", "set"},       FamiliarVerb{"new", "publish"},
    FamiliarVerb{"update", "set"},    FamiliarVerb{"update", "publish"},
    FamiliarVerb{"put", "set"},       FamiliarVerb{"ls", "list"},
    FamiliarVerb{"show", "list"},     FamiliarVerb{"get", "list"},
    FamiliarVerb{"describe", "list"}, FamiliarVerb{"rm", "delete"},
    FamiliarVerb{"remove", "delete"}, FamiliarVerb{"destroy", "delete"}};

struct FamiliarOption {
  std::string_view command, word, advice;  // an empty command stands for all
};
constexpr std::string_view kPayloadInstead =
    "write the event after the name: `kiln invoke NAME '{}'`, or @FILE";
constexpr std::string_view kEventFileInstead =
    "a file's event is `kiln invoke NAME @FILE`, and a sample event `--event SOURCE`";
constexpr std::string_view kTemplateInstead = "write the template's path alone: `kiln deploy PATH`";
constexpr std::string_view kYesInstead =
    "without --yes, `kiln deploy PATH` shows its plan and asks";
constexpr std::string_view kCodeInstead =
    "write the folder or the zip archive after the name: `kiln create "
    "NAME DIR_OR_ZIP`";
constexpr std::string_view kJsonInstead = "--json prints JSON, where a command has it";
constexpr std::string_view kThreshold = "--above N or --below N says what alarms";
constexpr std::string_view kYesOption = "--yes leaves the question out, where a command asks one";
constexpr std::string_view kPlanOption = "--plan shows the plan and ends";
constexpr std::string_view kVersionInstead = "--version prints Kiln's version";
constexpr std::string_view kVerboseInstead =
    "`kiln serve --log-level debug` prints every request of the engine";
constexpr std::string_view kVariablesInstead =
    "`kiln create NAME DIR --update --env-file FILE` sets the function's variables";
constexpr std::string_view kDeployFirst =
    "`kiln deploy PATH` makes a template's functions; then invoke one by its name";
constexpr std::string_view kBackground = "`kiln serve --quiet &` runs it in the background";
constexpr std::string_view kCppAlone =
    "kiln new makes projects in C++; in Python or JavaScript, `kiln create NAME DIR` takes a "
    "folder with a handler";
constexpr std::string_view kReserveAfter = "`kiln reserve NAME N` sets it afterwards";
constexpr std::string_view kUrlAfter = "`kiln url NAME` makes a URL afterwards";
constexpr std::string_view kNameAlone = "write the name alone, without an option";
constexpr std::array kFamiliarOptions = {
    FamiliarOption{"invoke", "--payload", kPayloadInstead},
    FamiliarOption{"invoke", "-p", kPayloadInstead},
    FamiliarOption{"invoke", "-d", kPayloadInstead},
    FamiliarOption{"invoke", "--data", kPayloadInstead},
    FamiliarOption{"invoke", "-e", kEventFileInstead},
    FamiliarOption{"invoke", "--path", kEventFileInstead},
    FamiliarOption{"invoke", "--invocation-type", "--async queues the event instead of waiting"},
    FamiliarOption{"invoke", "--log-type", "--tail prints the log"},
    FamiliarOption{"invoke", "--log", "--tail prints the log"},
    FamiliarOption{"invoke", "--qualifier",
                   "write it after the name: `kiln invoke NAME:QUALIFIER`"},
    FamiliarOption{"invoke", "--cli-binary-format",
                   "leave it out: the event is sent as you write it"},
    FamiliarOption{"deploy", "--template-file", kTemplateInstead},
    FamiliarOption{"deploy", "--template", kTemplateInstead},
    FamiliarOption{"deploy", "-t", kTemplateInstead},
    FamiliarOption{"deploy", "--guided", kYesInstead},
    FamiliarOption{"deploy", "--no-confirm-changeset",
                   "--yes carries the plan out without a question"},
    FamiliarOption{"deploy", "--require-approval", "--yes carries the plan out without a question"},
    FamiliarOption{"deploy", "--parameter-overrides",
                   "write `--parameter NAME=VALUE`, once for each"},
    FamiliarOption{"deploy", "--capabilities",
                   "leave it out: Kiln needs no consent to IAM resources"},
    FamiliarOption{"deploy", "--resolve-s3", "leave it out: Kiln has a place for the code"},
    FamiliarOption{"create", "--zip-file", kCodeInstead},
    FamiliarOption{"create", "--code", kCodeInstead},
    FamiliarOption{"create", "--memory-size", "it is --memory here"},
    FamiliarOption{"create", "--environment", "write `--env NAME=VALUE`, once for each"},
    FamiliarOption{"create", "-e", "write `--env NAME=VALUE`, once for each"},
    FamiliarOption{"create", "--layers", "write `--layer ARN`, once for each"},
    FamiliarOption{"create", "--architectures",
                   "leave it out: functions have the machine's architecture"},
    FamiliarOption{"create", "--arch", "leave it out: functions have the machine's architecture"},
    FamiliarOption{"create", "--tags", "`kiln aws lambda tag-resource` tags a function"},
    FamiliarOption{"tune", "--event", "it is --payload here: `--payload @FILE`, or JSON"},
    FamiliarOption{"tune", "-e", "it is --payload here: `--payload @FILE`, or JSON"},
    FamiliarOption{"tune", "--invocations", "it is --num here"},
    FamiliarOption{"tune", "--memory", "it is --sizes here: `--sizes 128,512,1024`"},
    FamiliarOption{"tune", "--power-values", "it is --sizes here: `--sizes 128,512,1024`"},
    FamiliarOption{"simulate", "--function", kNameAlone},
    FamiliarOption{"logs", "--start-time", "--since says how far back: `--since 10m`"},
    FamiliarOption{"logs", "-s", "--since says how far back: `--since 10m`"},
    FamiliarOption{"logs", "--tail", "-f follows the log, and -n N starts with its last N lines"},
    FamiliarOption{"logs", "-t", "-f follows the log, and -n N starts with its last N lines"},
    FamiliarOption{"load", "--duration", "--for says how long: `--for 30s`"},
    FamiliarOption{"load", "--async", "it is --event here"},
    FamiliarOption{"load", "--rps", "--rate says how many a second"},
    FamiliarOption{"serve", "-p", "it is --port here"},
    FamiliarOption{"serve", "-d", kBackground},
    FamiliarOption{"serve", "--detach", kBackground},
    FamiliarOption{"serve", "--daemon", kBackground},
    FamiliarOption{"serve", "--background", kBackground},
    FamiliarOption{"new", "--runtime", kCppAlone},
    FamiliarOption{"new", "-r", kCppAlone},
    FamiliarOption{"new", "--python", kCppAlone},
    FamiliarOption{"new", "--node", kCppAlone},
    FamiliarOption{"new", "--template", kCppAlone},
    FamiliarOption{"new", "--language", kCppAlone},
    FamiliarOption{"create", "--reserved", kReserveAfter},
    FamiliarOption{"create", "--concurrency", kReserveAfter},
    FamiliarOption{"create", "--reserved-concurrency", kReserveAfter},
    FamiliarOption{"create", "--url", kUrlAfter},
    FamiliarOption{"create", "--function-url", kUrlAfter},
    FamiliarOption{"create", "--alias", "`kiln alias set NAME ALIAS VERSION` makes one afterwards"},
    FamiliarOption{"create", "-r", "it is --runtime here"},
    FamiliarOption{"create", "-m", "it is --memory here"},
    FamiliarOption{"create", "-t", "it is --timeout here"},
    FamiliarOption{"serve", "-P", "it is --port here"},
    FamiliarOption{"serve", "--httpPort", "it is --port here"},
    FamiliarOption{"kiln", "-v", kVersionInstead},
    FamiliarOption{"kiln", "-V", kVersionInstead},
    FamiliarOption{"logs", "--grep", "it is --filter here: `kiln logs NAME --filter PATTERN`"},
    FamiliarOption{"logs", "--name", kNameAlone},
    FamiliarOption{"logs", "--function", kNameAlone},
    FamiliarOption{"invoke", "--env-vars", kVariablesInstead},
    FamiliarOption{"invoke", "--template", kDeployFirst},
    FamiliarOption{"invoke", "-t", kDeployFirst},
    FamiliarOption{"invoke", "--no-event", "leave it out: without an event, Kiln sends {}"},
    FamiliarOption{"invoke", "--debug-port", "`kiln debug NAME` starts it under a debugger"},
    FamiliarOption{"deploy", "--all", "leave it out: it deploys all stacks of PATH"},
    FamiliarOption{"deploy", "--app", kTemplateInstead},
    FamiliarOption{"deploy", "-a", kTemplateInstead},
    FamiliarOption{"deploy", "--hotswap", "--hot-reload runs the code from its folders"},
    FamiliarOption{"deploy", "--no-execute-changeset", kPlanOption},
    FamiliarOption{"deploy", "--dry-run", kPlanOption},
    FamiliarOption{"deploy", "--s3-bucket", "leave it out: Kiln has a place for the code"},
    FamiliarOption{"delete", "-f", kYesOption},
    FamiliarOption{"destroy", "-f", kYesOption},
    FamiliarOption{"", "--force", kYesOption},
    FamiliarOption{"", "--no-prompts", kYesOption},
    FamiliarOption{"", "--verbose", kVerboseInstead},
    FamiliarOption{"", "--debug", kVerboseInstead},
    FamiliarOption{"alarm set", "--threshold", kThreshold},
    FamiliarOption{"alarm set", "--comparison-operator", kThreshold},
    FamiliarOption{"alarm set", "--metric-name", "it is --metric here"},
    FamiliarOption{"alarm set", "--evaluation-periods", "it is --periods here"},
    FamiliarOption{"alarm set", "--datapoints-to-alarm", "it is --datapoints here"},
    FamiliarOption{"alarm set", "--treat-missing-data", "it is --missing here"},
    FamiliarOption{"alarm set", "--alarm-actions", "it is --action here"},
    FamiliarOption{"alarm set", "--alarm-description", "it is --description here"},
    FamiliarOption{"alarm set", "--alarm-name", kNameAlone},
    FamiliarOption{"alarm set", "--dimensions",
                   "--function names the function, or one of its aliases"},
    FamiliarOption{"alarm set", "--namespace", "leave it out: it is AWS/Lambda"},
    FamiliarOption{"alarm set", "--extended-statistic", "it is --statistic here"},
    FamiliarOption{"reserve", "--off", "it is none here: `kiln reserve NAME none`"},
    FamiliarOption{"provision", "--off", "it is 0 here: `kiln provision NAME:ALIAS 0`"},
    FamiliarOption{"url", "--off", "it is --delete here"},
    FamiliarOption{"scale", "--delete", "it is --off here"},
    FamiliarOption{"env", "--unset",
                   "`unset AWS_ENDPOINT_URL KILN_ENDPOINT AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY "
                   "AWS_DEFAULT_REGION AWS_REGION` takes them away"},
    FamiliarOption{"env", "--shell", "--form fish prints them for fish"},
    FamiliarOption{"", "--no-color", "NO_COLOR=1 in the environment turns colors off"},
    FamiliarOption{"", "--query", "--json prints JSON, and jq picks from it"},
    FamiliarOption{"", "--function-name", kNameAlone},
    FamiliarOption{"invoke", "-f", kNameAlone},
    FamiliarOption{"", "--endpoint-url", "it is --endpoint here"},
    FamiliarOption{"", "--output", kJsonInstead},
    FamiliarOption{"", "-o", kJsonInstead},
    FamiliarOption{"", "--profile", "leave it out: Kiln takes any credentials"},
};

}  // namespace

std::string aws_command_of(const std::vector<std::string>& words) {
  std::string rest;
  for (const std::string& word : words) rest += " " + shell_word(word);
  const std::string& word = words.front();
  const auto is = [&word](std::string_view other) { return word == other; };
  if (std::any_of(kAwsServices.begin(), kAwsServices.end(), is))
    return "`kiln aws" + rest + "` runs the AWS CLI";
  const auto begins = [&word](std::string_view verb) {
    return word.size() > verb.size() && word.starts_with(verb) && word[verb.size()] == '-';
  };
  if (std::none_of(kAwsVerbs.begin(), kAwsVerbs.end(), begins)) return "";
  const auto thing = std::find_if(
      kAwsThings.begin(), kAwsThings.end(),
      [&word](const AwsThing& one) { return word.find(one.word) != std::string::npos; });
  const std::string service(thing == kAwsThings.end() ? "lambda" : thing->service);
  return "`kiln aws " + service + rest + "` runs the AWS CLI";
}

std::string our_verb(std::string_view word, const std::vector<std::string>& ours) {
  for (const FamiliarVerb& one : kFamiliarVerbs)
    if (one.word == word && std::find(ours.begin(), ours.end(), one.ours) != ours.end())
      return std::string(one.ours);
  return "";
}

std::string advice_for_command(std::string_view word) {
  const auto found = std::find_if(kFamiliarCommands.begin(), kFamiliarCommands.end(),
                                  [word](const FamiliarCommand& one) { return one.word == word; });
  return found == kFamiliarCommands.end() ? "" : std::string(found->advice);
}

std::string advice_for_option(std::string_view command, std::string_view option) {
  const auto found =
      std::find_if(kFamiliarOptions.begin(), kFamiliarOptions.end(),
                   [command, option](const FamiliarOption& one) {
                     return one.word == option && (one.command.empty() || one.command == command);
                   });
  return found == kFamiliarOptions.end() ? "" : std::string(found->advice);
}

}  // namespace kiln::cli
