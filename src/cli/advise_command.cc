// kiln advise: what to set for a function or a stack, by simulation of what was seen of it.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/advise_output.h"
#include "cli/duration_option.h"
#include "cli/named_function.h"
#include "cli/output_file.h"
#include "cli/planning_commands.h"
#include "cli/price_source.h"
#include "cli/scenario_file.h"
#include "cli/shell.h"
#include "cli/stack_client.h"
#include "cli/stack_text.h"
#include "cli/survey_client.h"
#include "cli/tuned_sizes.h"
#include "cli/usage.h"
#include "cli/usage_error.h"
#include "simulate/threads.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

struct AdviseArguments {
  std::string target, since = "14d", cold = "1%", throttled = "0.1%", p99, tune_file;
  std::string prices_file, html_file;
  std::vector<std::string> only;
  size_t seeds = 3;
  bool apply = false, patch = false, aws = false, endpoint_given = false, region_given = false;
};

const std::vector<std::string> kKinds = {"memory",         "timeout",  "reserved", "provisioned",
                                         "targetTracking", "schedule", "idleAlarm"};

// A function's name, its ARN, or a stack's name or ID.
Result<void> read_target(AdviseArguments& arguments, ApiOptions& api) {
  if (arguments.target.starts_with("arn:") && arguments.target.find(":stack/") != std::string::npos)
    return {};
  std::error_code ec;
  if (arguments.target.find_first_of("/.") != std::string::npos &&
      std::filesystem::exists(arguments.target, ec))
    return usage("'" + arguments.target +
                 "' is a path, and advice is for a function or a stack that runs; `kiln list` and "
                 "`kiln stacks` show those that are there, and `kiln lint PATH` reads a template");
  const Result<NamedFunction> function = read_function(arguments.target, api);
  if (!function) return function.error();
  if (!function->qualifier().empty())
    return usage("'" + arguments.target +
                 "' is a version or an alias, and advice is for a whole function; `kiln advise " +
                 function->name + region_words(function->api) + "` gives it");
  arguments.target = function->name;
  api = function->api;
  return {};
}

Result<survey::AdviceQuestion> read_question(const ClientOptions& options,
                                             const AdviseArguments& arguments) {
  survey::AdviceQuestion question;
  question.region = options.api.region;
  question.machine_now = SystemClock().wall_now();
  const auto since = duration_of("--since", arguments.since);
  if (!since) return since.error();
  question.since = *since;
  const auto cold = parse_share(arguments.cold), throttled = parse_share(arguments.throttled);
  if (!cold) return of_option("--cold-below", cold.error());
  if (!throttled) return of_option("--throttled-below", throttled.error());
  question.goals.cold_share = *cold;
  question.goals.throttle_share = *throttled;
  if (!arguments.p99.empty()) {
    const auto p99 = duration_of("--p99-below", arguments.p99);
    if (!p99) return p99.error();
    question.goals.p99_ms = to_ms(*p99);
  }
  if (!arguments.tune_file.empty()) {
    const auto sizes = read_tuned_sizes(arguments.tune_file);
    if (!sizes) return sizes.error();
    for (const TunedSize& size : *sizes)
      question.sizes.push_back({size.memory_mb, size.p50_ms, size.init_ms});
  }
  return question;
}

Result<void> check_keys(const AdviseArguments& arguments) {
  if (!arguments.aws) return {};
  for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0')
      return usage(std::string("--aws needs your keys: ") + name + " is not set");
  }
  return {};
}

// The functions that a stack has; nothing when there is no such stack.
Result<std::vector<std::string>> functions_of_stack(const ApiOptions& options, bool aws,
                                                    const std::string& stack) {
  ApiOptions at = options;
  if (aws) at.endpoint = "https://cloudformation." + options.region + ".amazonaws.com";
  Result<ApiClient> client = ApiClient::create(at);
  if (!client) return client.error();
  StackClient stacks(*client);
  const auto found = stacks.find(stack);
  if (!found) return found.error();
  std::vector<std::string> names;
  if (found->is_null()) return names;
  const auto resources =
      stacks.pages("ListStackResources", {{"StackName", stack}}, "StackResourceSummaries");
  if (!resources) return resources.error();
  for (const json& resource : *resources)
    if (string_at(resource, "ResourceType") == "AWS::Lambda::Function" && !is_left_out(resource))
      names.push_back(string_at(resource, "PhysicalResourceId"));
  if (names.empty())
    return Error{ErrorKind::kInvalid, "NoData", "the stack '" + stack + "' has no function"};
  return names;
}

bool is_wanted(const AdviseArguments& arguments, const advise::Advice& advice) {
  if (arguments.only.empty()) return true;
  return std::find(arguments.only.begin(), arguments.only.end(), advise::kind_of(advice.setting)) !=
         arguments.only.end();
}

Result<AdvisedFunction> advise_one(SurveyClient& client, const AdviseArguments& arguments,
                                   const survey::AdviceQuestion& question,
                                   const simulate::StudyOptions& options) {
  AdvisedFunction out;
  out.found.where = {question.function, question.region};
  auto found = survey::advise_function(client, question, options);
  if (!found) {
    // Of a stack, one that somebody has deleted.
    const bool gone =
        question.function != arguments.target && found.error().type == "ResourceNotFoundException";
    if (found.error().type != "NoData" && !gone) return found.error();
    out.why_not = found.error().message;
    return out;
  }
  out.found = *std::move(found);
  std::erase_if(out.found.advice,
                [&](const advise::Advice& advice) { return !is_wanted(arguments, advice); });
  return out;
}

// In their order: each was found with those before it.
Result<void> apply_all(SurveyClient& client, AdvisedFunction& function) {
  for (size_t i = 0; i < function.found.advice.size(); ++i) {
    const auto set = survey::apply(client, function.found.advice[i].setting, function.found.where);
    if (!set)
      return Error{set.error().kind, set.error().type,
                   function.found.where.function + ": " + function.found.advice[i].title + ": " +
                       set.error().message};
    function.applied.insert(i);
  }
  return {};
}

// So that a command that is copied changes what was asked about: AWS itself only with --aws, and
// what was given by option is given again.
std::string aws_words(const ApiOptions& api, const AdviseArguments& arguments) {
  std::string words = arguments.aws ? "aws" : "kiln aws";
  // This command doesn't ask there, and the AWS CLI would.
  if (arguments.aws && !arguments.endpoint_given && std::getenv("AWS_ENDPOINT_URL") != nullptr)
    words = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true aws";
  if (arguments.endpoint_given) words += " --endpoint-url " + shell_word(api.endpoint);
  if (arguments.region_given || arguments.aws) words += " --region " + shell_word(api.region);
  return words;
}

Result<AdviceResult> find_advice(Console& console, const ClientOptions& options,
                                 const AdviseArguments& arguments, SurveyClient& client) {
  Result<survey::AdviceQuestion> question = read_question(options, arguments);
  if (!question) return question.error();
  const Result<cost::Prices> prices =
      load_prices(console, arguments.prices_file, options.api.region);
  if (!prices) return prices.error();
  simulate::StudyOptions study;
  study.seeds = arguments.seeds;
  study.costing.prices = &*prices;
  study.for_each = simulate::in_threads(0);
  AdviceResult result{.title = arguments.target,
                      .functions = {},
                      .goals = question->goals,
                      .prices_date = prices->date,
                      .aws = aws_words(options.api, arguments)};
  question->function = arguments.target;
  auto one = advise_one(client, arguments, *question, study);
  if (one) {
    result.functions.push_back(*std::move(one));
    return result;
  }
  if (one.error().type != "ResourceNotFoundException") return one.error();
  const auto names =
      functions_of_stack(options.api, arguments.aws && !arguments.endpoint_given, arguments.target);
  if (!names) return names.error();
  if (names->empty())
    return Error{ErrorKind::kNotFound, "ResourceNotFoundException",
                 "no function and no stack '" + arguments.target + "'; `kiln list" +
                     region_words(options.api) + "` and `kiln stacks" + region_words(options.api) +
                     "` show what is there"};
  for (const std::string& name : *names) {
    question->function = name;
    one = advise_one(client, arguments, *question, study);
    if (!one) return one.error();
    result.functions.push_back(*std::move(one));
  }
  return result;
}

int run_advise(Console& console, ClientOptions options, AdviseArguments arguments) {
  if (const auto read = read_target(arguments, options.api); !read)
    return fail(console, read.error());
  if (const auto keys = check_keys(arguments); !keys) return fail(console, keys.error());
  for (const std::string& kind : arguments.only)
    if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end())
      return fail(console, usage("--only is '" + kind +
                                 "'; it must be memory, timeout, reserved, provisioned, "
                                 "targetTracking, schedule, or idleAlarm"));
  if (const auto can = check_output_file(arguments.html_file, "--html"); !can)
    return fail(console, can.error());
  SurveyClient client(options.api, arguments.aws && !arguments.endpoint_given
                                       ? SurveyClient::Place::kAws
                                       : SurveyClient::Place::kOneEndpoint);
  Result<AdviceResult> result = find_advice(console, options, arguments, client);
  if (!result) return fail(console, result.error());
  std::optional<Error> error;
  if (arguments.apply)
    for (AdvisedFunction& function : result->functions)
      if (const auto applied = apply_all(client, function); !applied && !error)
        error = applied.error();
  if (!arguments.html_file.empty()) {
    if (auto written =
            write_output_file(arguments.html_file, "--html", report::html(advice_page(*result)));
        !written)
      return fail(console, written.error());
  }
  if (options.format == OutputFormat::kJson)
    console.out << advice_document(*result).to_pretty_text() << '\n';
  else
    console.out << advice_text(console, *result, arguments.patch);
  if (error) return fail(console, *error);
  const bool nothing_known =
      std::all_of(result->functions.begin(), result->functions.end(),
                  [](const AdvisedFunction& function) { return !function.why_not.empty(); });
  return nothing_known ? kExitFailed : kExitOk;
}

}  // namespace

void add_advise_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("advise", "Recommend settings for a function or a stack");
  command->footer(
      "Reads settings, metrics and REPORT lines, tries other settings on the same traffic, and\n"
      "recommends the cheapest ones that meet the goals: reserved and provisioned concurrency,\n"
      "target tracking or a schedule, memory, timeout, an alarm for idle capacity. Exit code 1\n"
      "if there is no data to learn from.\n"
      "\n"
      "Examples:\n"
      "  kiln advise orders\n"
      "  kiln advise orders --cold-below 0.5% --p99-below 300ms --apply\n"
      "  kiln advise shop-stack --patch\n"
      "  kiln tune orders --json > sizes.json && kiln advise orders --tune sizes.json");
  auto arguments = std::make_shared<AdviseArguments>();
  command->add_option("target", arguments->target, "A function, or a stack with functions")
      ->required()
      ->type_name("FUNCTION|STACK");
  command->add_option("--since", arguments->since, "How far back to look")
      ->type_name("TIME")
      ->capture_default_str();
  command->add_option("--cold-below", arguments->cold, "Goal: share of cold starts")
      ->type_name("SHARE")
      ->capture_default_str();
  command->add_option("--throttled-below", arguments->throttled, "Goal: share of throttles")
      ->type_name("SHARE")
      ->capture_default_str();
  command->add_option("--p99-below", arguments->p99, "Goal: latency")->type_name("TIME");
  command
      ->add_option("--tune", arguments->tune_file,
                   "Memory sizes, as kiln tune --json measured them")
      ->type_name("FILE");
  command
      ->add_option("--only", arguments->only,
                   "Kinds of advice: memory, timeout, reserved, provisioned, targetTracking, "
                   "schedule, idleAlarm")
      ->delimiter(',')
      ->type_name("KIND,…");
  command->add_flag("--apply", arguments->apply, "Set everything that it recommends");
  command->add_flag("--patch", arguments->patch, "Lines of a template instead of commands");
  command->add_flag("--aws", arguments->aws, "A function on AWS, with your keys");
  command->add_option("--seeds", arguments->seeds, "Runs of each trial")
      ->check(number_between(1, 100))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--html", arguments->html_file, "Write a page")->type_name("FILE");
  add_prices_option(*command, arguments->prices_file);
  auto client_options = add_client_options(*command);
  command->callback([&invocation, command, arguments, client_options] {
    arguments->endpoint_given = command->count("--endpoint") > 0;
    arguments->region_given = command->count("--region") > 0;
    invocation.exit_code = run_advise(invocation.console, *client_options, *arguments);
  });
}

}  // namespace kiln::cli
