// kiln alarm list, set, state, history, delete: CloudWatch's alarms.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/arn.h"
#include "base/duration_text.h"
#include "base/json_access.h"
#include "base/near_word.h"
#include "base/time_format.h"
#include "cli/command.h"
#include "cli/function_api.h"
#include "cli/named_function.h"
#include "cli/shell.h"
#include "cli/table.h"
#include "cli/usage.h"
#include "cli/usage_error.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

// What docs/metrics.md lists. AWS adds some now and then, so others are a warning only.
constexpr std::array kMetrics = {"Errors",
                                 "Throttles",
                                 "Invocations",
                                 "Duration",
                                 "ConcurrentExecutions",
                                 "UnreservedConcurrentExecutions",
                                 "ClaimedAccountConcurrency",
                                 "ProvisionedConcurrentExecutions",
                                 "ProvisionedConcurrencyInvocations",
                                 "ProvisionedConcurrencySpilloverInvocations",
                                 "ProvisionedConcurrencyUtilization",
                                 "AsyncEventsReceived",
                                 "AsyncEventAge",
                                 "AsyncEventsDropped",
                                 "DeadLetterErrors",
                                 "DestinationDeliveryFailures"};
constexpr int64_t kSecond = 1'000'000'000;

Result<json> call(ApiClient& client, const std::string& operation, const json& input) {
  ApiRequest request{.method = "POST", .body = json_dump(input), .service = "monitoring"};
  request.headers = {{"Content-Type", "application/x-amz-json-1.0"},
                     {"X-Amz-Target", "GraniteServiceVersion20100801." + operation}};
  return client.json(request);
}

// All elements of a list that comes page by page.
Result<json> all_of(ApiClient& client, const std::string& operation, json input, const char* list) {
  json out = json::array();
  while (true) {
    const auto page = call(client, operation, input);
    if (!page) return page.error();
    for (const json& item : json_list(*page, list)) out.push_back(item);
    const std::string token = string_at(*page, "NextToken");
    if (token.empty()) return out;
    input["NextToken"] = token;
  }
}

// The alarm of this name as DescribeAlarms has it; null when there is none.
Result<json> find_alarm(ApiClient& client, const std::string& name) {
  const auto page =
      call(client, "DescribeAlarms",
           {{"AlarmNames", {name}}, {"AlarmTypes", {"MetricAlarm", "CompositeAlarm"}}});
  if (!page) return page.error();
  for (const char* list : {"MetricAlarms", "CompositeAlarms"})
    for (const json& alarm : json_list(*page, list)) return alarm;
  return json();
}

int fail_on_alarm(Console& console, const Error& error, const std::vector<std::string>& names,
                  const ApiOptions& api) {
  if (!error.type.starts_with("ResourceNotFound")) return fail(console, error);
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "'" : ", '") + name + "'";
  return fail(console,
              {error.kind, error.type,
               (names.size() == 1 ? "there is no alarm " : "there are no alarms ") + list + " in " +
                   api.region + "; `kiln alarm list` shows those that are there"});
}

Style state_style(const std::string& state) {
  if (state == "ALARM") return Style::kRed;
  return state == "OK" ? Style::kGreen : Style::kDim;
}

int list_alarms(Console& console, const ClientOptions& options) {
  Result<ApiClient> client = ApiClient::create(options.api);
  if (!client) return fail(console, client.error());
  json alarms = json::array();
  for (const char* kind : {"MetricAlarm", "CompositeAlarm"}) {
    const auto found =
        all_of(*client, "DescribeAlarms", {{"AlarmTypes", {kind}}},
               kind == std::string("MetricAlarm") ? "MetricAlarms" : "CompositeAlarms");
    if (!found) return fail(console, found.error());
    for (const json& alarm : *found) alarms.push_back(alarm);
  }
  if (options.format == OutputFormat::kJson) {
    console.out << json_pretty(alarms) << '\n';
    return kExitOk;
  }
  if (alarms.empty()) {
    note(console, "no alarms in " + options.api.region + "; `kiln alarm set` makes one");
    return kExitOk;
  }
  Table table({{"ALARM"}, {"STATE"}, {"METRIC"}, {"REASON"}});
  for (const json& alarm : alarms)
    table.add({string_at(alarm, "AlarmName"), string_at(alarm, "StateValue"),
               string_at(alarm, "MetricName"), string_at(alarm, "StateReason")});
  console.out << table.format(console);
  return kExitOk;
}

struct SetAlarm {
  std::string name, metric = "Errors", function, statistic = "Sum", missing = "missing";
  std::string above, below;
  std::string period = "1m";
  int periods = 1, datapoints = 0;
  std::vector<std::string> actions;
  std::string description;
};

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string check_number(const std::string& text) {
  if (number_of(text)) return "";
  std::string said = "is '" + text + "'; it must be a number";
  if (const Result<Duration> time = parse_duration(text))
    said += "; Duration is in milliseconds: " + std::to_string(time->count() / 1'000'000);
  return said;
}

bool is_percentile(std::string_view text) {
  if (!text.starts_with('p')) return false;
  const auto part = number_of(text.substr(1));
  return part && *part >= 0 && *part <= 100;
}

std::string check_statistic(const std::string& text) {
  static const std::vector<std::string> kWords = {"Sum", "Average", "Minimum", "Maximum",
                                                  "SampleCount"};
  if (is_percentile(text) || std::find(kWords.begin(), kWords.end(), text) != kWords.end())
    return "";
  const std::string near = near_word(text, kWords);
  return "is '" + text +
         "'; it must be Sum, Average, Minimum, Maximum, SampleCount, or a percentile such as p99" +
         (near.empty() ? "" : " (did you mean " + near + "?)");
}

std::string check_period(const std::string& text) {
  const Result<Duration> period = parse_duration(text);
  if (!period) return period.error().message;
  const int64_t s = period->count() / kSecond;
  const bool whole = period->count() % kSecond == 0 && s > 0;
  if (whole && (s == 10 || s == 20 || s == 30 || s % 60 == 0)) return "";
  return "is '" + text + "'; it must be 10s, 20s, 30s, or a number of minutes";
}

std::string check_arn(const std::string& text) {
  return text.starts_with("arn:") ? ""
                                  : "is '" + text +
                                        "'; it must be an ARN, such as "
                                        "arn:aws:sns:us-east-1:000000000000:ops";
}

// What the API takes without a word, though nobody will hear of it.
void warn_of_missing_actions(Console& console, ApiClient& client, const SetAlarm& set) {
  const std::string& region = client.options().region;
  for (const std::string& arn : set.actions) {
    const std::string name = arn.substr(arn.rfind(':') + 1);
    if (arn.starts_with(arn_start("sns", region))) {
      const auto there =
          query_call(client, "sns", "2010-03-31", "GetTopicAttributes", {{"TopicArn", arn}});
      if (!there && there.error().type == "NotFound")
        warn(console, "there is no topic '" + name + "' yet; `kiln aws sns create-topic --name " +
                          name + "` makes it");
    } else if (arn.starts_with(arn_start("lambda", region))) {
      const auto there = client.json({.path = function_path(arn) + "/configuration"});
      if (!there && there.error().type == "ResourceNotFoundException")
        warn(console, "there is no function " + arn + " yet; `kiln create` makes one");
    }
  }
}

// Of the function that the alarm is about; null without one.
Result<json> function_of(ApiClient& client, const SetAlarm& set) {
  if (set.function.empty()) return json();
  return client.json({.path = configuration_path(split_target(set.function))});
}

// What the API takes without a word, though no point will ever come.
void warn_of_silence(Console& console, const SetAlarm& set, const Result<json>& function) {
  const std::vector<std::string> known(kMetrics.begin(), kMetrics.end());
  if (std::find(known.begin(), known.end(), set.metric) == known.end()) {
    const std::string near = near_word(set.metric, known);
    std::string text = "AWS/Lambda has no metric '" + set.metric + "'";
    text += near.empty() ? "; known are " : "; did you mean " + near + "? Known are ";
    for (size_t i = 0; i < known.size(); ++i) text += (i == 0 ? "" : ", ") + known[i];
    warn(console, text);
  }
  if (!function)
    warn(console,
         "there is no function '" + set.function + "' yet; the alarm has no data until it runs");
}

json alarm_input(const SetAlarm& set) {
  json input = {
      {"AlarmName", set.name},
      {"Namespace", "AWS/Lambda"},
      {"MetricName", set.metric},
      {is_percentile(set.statistic) ? "ExtendedStatistic" : "Statistic", set.statistic},
      {"Period", parse_duration(set.period)->count() / kSecond},
      {"EvaluationPeriods", set.periods},
      {"TreatMissingData", set.missing},
      {"Threshold", *number_of(set.above.empty() ? set.below : set.above)},
      {"ComparisonOperator", set.above.empty() ? "LessThanThreshold" : "GreaterThanThreshold"}};
  if (set.datapoints > 0) input["DatapointsToAlarm"] = set.datapoints;
  if (!set.description.empty()) input["AlarmDescription"] = set.description;
  if (!set.actions.empty()) input["AlarmActions"] = set.actions;
  if (!set.function.empty()) {
    const FunctionTarget target = split_target(set.function);
    json dimensions = json::array();
    dimensions.push_back({{"Name", "FunctionName"}, {"Value", plain_name(target)}});
    if (!target.qualifier.empty())
      dimensions.push_back(
          {{"Name", "Resource"}, {"Value", plain_name(target) + ":" + target.qualifier}});
    input["Dimensions"] = std::move(dimensions);
  }
  return input;
}

int print_alarm(Console& console, ApiClient& client, const std::string& name) {
  const auto alarm = find_alarm(client, name);
  if (!alarm) return fail(console, alarm.error());
  console.out << json_pretty(*alarm) << '\n';
  return kExitOk;
}

int set_alarm(Console& console, ClientOptions options, SetAlarm set) {
  if (set.above.empty() && set.below.empty())
    return fail(console,
                usage("the alarm '" + set.name +
                      "' has no threshold; give --above N or --below N: " + "`kiln alarm set " +
                      shell_word(set.name) +
                      (set.function.empty() ? "" : " --function " + shell_word(set.function)) +
                      " --metric " + shell_word(set.metric) + " --above 0`"));
  if (!set.above.empty() && !set.below.empty())
    return fail(console, usage("--above " + set.above + " and --below " + set.below +
                               " are two thresholds, and an alarm has one; set an alarm for each"));
  if (set.datapoints > set.periods)
    return fail(console, usage("--datapoints " + std::to_string(set.datapoints) +
                               " is more than --periods " + std::to_string(set.periods) +
                               "; give --periods " + std::to_string(set.datapoints) + " or more"));
  if (!set.function.empty()) {
    const Result<NamedFunction> function = read_function(set.function, options.api);
    if (!function) return fail(console, function.error());
    set.function = function->text();
    options.api = function->api;
  }
  Result<ApiClient> client = ApiClient::create(options.api);
  if (!client) return fail(console, client.error());
  // A dimension may be any text; a function's name may not.
  const auto there = function_of(*client, set);
  if (!there && there.error().type != "ResourceNotFoundException")
    return fail(console, there.error());
  if (const auto done = call(*client, "PutMetricAlarm", alarm_input(set)); !done)
    return fail(console, done.error());
  warn_of_silence(console, set, there);
  warn_of_missing_actions(console, *client, set);
  if (options.format == OutputFormat::kJson) return print_alarm(console, *client, set.name);
  console.out << "set " << set.name << "  " << set.statistic << " of " << set.metric
              << (set.above.empty() ? " below " + set.below : " above " + set.above) << " in "
              << set.periods << " x " << set.period << '\n';
  return kExitOk;
}

int set_state(Console& console, const ClientOptions& options, const std::string& name,
              const std::string& state, const std::string& reason) {
  Result<ApiClient> client = ApiClient::create(options.api);
  if (!client) return fail(console, client.error());
  const auto done = call(*client, "SetAlarmState",
                         {{"AlarmName", name}, {"StateValue", state}, {"StateReason", reason}});
  if (!done) return fail_on_alarm(console, done.error(), {name}, options.api);
  if (options.format == OutputFormat::kJson) return print_alarm(console, *client, name);
  console.out << name << " is in " << console.paint(state_style(state), state) << '\n';
  return kExitOk;
}

// Seconds since 1970, as the API's JSON has times.
std::string time_text(const json& item, const char* member) {
  const auto found = item.find(member);
  if (found == item.end() || !found->is_number()) return string_at(item, member);
  return format_iso_ms(
      WallTime(std::chrono::round<Duration>(std::chrono::duration<double>(json_number(*found)))));
}

int show_history(Console& console, const ClientOptions& options, const std::string& name) {
  Result<ApiClient> client = ApiClient::create(options.api);
  if (!client) return fail(console, client.error());
  json input = {{"ScanBy", "TimestampAscending"}};
  if (!name.empty()) input["AlarmName"] = name;
  const auto items = all_of(*client, "DescribeAlarmHistory", input, "AlarmHistoryItems");
  if (!items) return fail(console, items.error());
  if (options.format == OutputFormat::kJson) {
    console.out << json_pretty(*items) << '\n';
    return kExitOk;
  }
  // A deleted alarm keeps its history.
  if (items->empty() && !name.empty()) {
    const auto alarm = find_alarm(*client, name);
    if (!alarm) return fail(console, alarm.error());
    if (alarm->is_null())
      return fail_on_alarm(console, {ErrorKind::kNotFound, "ResourceNotFound", ""}, {name},
                           options.api);
  }
  if (items->empty())
    note(console, "nothing has happened yet" + (name.empty() ? "" : " to an alarm '" + name + "'") +
                      (name.empty() ? "; `kiln alarm list` shows those that are there" : ""));
  Table table({{"TIME"}, {"ALARM"}, {"WHAT"}, {"SUMMARY"}});
  for (const json& item : *items)
    table.add({time_text(item, "Timestamp"), string_at(item, "AlarmName"),
               string_at(item, "HistoryItemType"), string_at(item, "HistorySummary")});
  if (!items->empty()) console.out << table.format(console);
  return kExitOk;
}

int delete_alarms(Console& console, const ClientOptions& options,
                  const std::vector<std::string>& names) {
  Result<ApiClient> client = ApiClient::create(options.api);
  if (!client) return fail(console, client.error());
  std::vector<std::string> missing;  // DeleteAlarms doesn't say
  for (const std::string& name : names) {
    const auto alarm = find_alarm(*client, name);
    if (!alarm) return fail(console, alarm.error());
    if (alarm->is_null()) missing.push_back(name);
  }
  if (!missing.empty())
    return fail_on_alarm(console, {ErrorKind::kNotFound, "ResourceNotFound", ""}, missing,
                         options.api);
  if (const auto done = call(*client, "DeleteAlarms", {{"AlarmNames", names}}); !done)
    return fail(console, done.error());
  if (options.format == OutputFormat::kJson)
    console.out << deleted_document(names);
  else
    for (const std::string& name : names) console.out << "deleted " << name << '\n';
  return kExitOk;
}

void add_set(CLI::App& alarm, Invocation& invocation) {
  CLI::App* command =
      alarm.add_subcommand("set", "Create or change an alarm on a metric of Lambda");
  command->footer(
      "Examples:\n"
      "  kiln alarm set errors --function hello --metric Errors --above 0\n"
      "  kiln alarm set slow --function hello --metric Duration --statistic Average \\\n"
      "      --above 2000 --periods 3 --datapoints 2 --action arn:aws:sns:us-east-1:"
      "000000000000:ops");
  auto set = std::make_shared<SetAlarm>();
  command->add_option("name", set->name, "Name of the alarm")->required();
  command->add_option("--function", set->function, "The function, or one of its aliases")
      ->type_name("NAME[:ALIAS]");
  command
      ->add_option("--metric", set->metric,
                   "Errors, Throttles, Invocations, Duration, ConcurrentExecutions, …")
      ->type_name("METRIC")
      ->capture_default_str();
  command
      ->add_option("--statistic", set->statistic,
                   "Sum, Average, Minimum, Maximum, SampleCount, or a percentile such as p99")
      ->type_name("NAME")
      ->check(check_statistic)
      ->capture_default_str();
  command->add_option("--above", set->above, "Alarm when the statistic is greater than this")
      ->type_name("N")
      ->check(check_number);
  command->add_option("--below", set->below, "Alarm when the statistic is less than this")
      ->type_name("N")
      ->check(check_number);
  command->add_option("--period", set->period, "Length of one period, such as 1m or 5m")
      ->type_name("TIME")
      ->check(check_period)
      ->capture_default_str();
  command->add_option("--periods", set->periods, "How many of the last periods count")
      ->type_name("N")
      ->check(number_between(1, 1440))
      ->capture_default_str();
  command
      ->add_option("--datapoints", set->datapoints,
                   "How many of them must be beyond it; default: all")
      ->type_name("M")
      ->check(number_between(1, 1440));
  command
      ->add_option("--missing", set->missing,
                   "A period without data is missing, ignore, breaching, or notBreaching")
      ->type_name("HOW")
      ->check(one_of({"missing", "ignore", "breaching", "notBreaching"}))
      ->capture_default_str();
  command->add_option("--action", set->actions, "ARN to notify when it alarms; can be repeated")
      ->type_name("ARN")
      ->check(check_arn);
  command->add_option("--description", set->description, "Description")->type_name("TEXT");
  auto options = add_client_options(*command);
  command->callback([&invocation, options, set] {
    invocation.exit_code = set_alarm(invocation.console, *options, *set);
  });
}

}  // namespace

void add_alarm_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("alarm", "List, set, and delete alarms; show their history");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n"
      "  kiln alarm set errors --function hello --metric Errors --above 0\n"
      "  kiln alarm list\n"
      "  kiln alarm state errors ALARM            set its state, to try its actions\n"
      "  kiln alarm history errors\n"
      "  kiln alarm delete errors");
  {
    CLI::App* list = command->add_subcommand("list", "List the alarms and their states");
    auto options = add_client_options(*list);
    list->callback([&invocation, options] {
      invocation.exit_code = list_alarms(invocation.console, *options);
    });
  }
  add_set(*command, invocation);
  {
    CLI::App* state = command->add_subcommand("state", "Set the state of an alarm by hand");
    auto name = std::make_shared<std::string>();
    auto value = std::make_shared<std::string>();
    auto reason = std::make_shared<std::string>("set by kiln alarm state");
    state->add_option("name", *name, "Name of the alarm")->required();
    state->add_option("state", *value, "OK, ALARM, or INSUFFICIENT_DATA")
        ->required()
        ->check(one_of({"OK", "ALARM", "INSUFFICIENT_DATA"}));
    state->add_option("--reason", *reason, "Reason, for the history and the actions")
        ->type_name("TEXT")
        ->capture_default_str();
    auto options = add_client_options(*state);
    state->callback([&invocation, options, name, value, reason] {
      invocation.exit_code = set_state(invocation.console, *options, *name, *value, *reason);
    });
  }
  {
    CLI::App* history = command->add_subcommand("history", "Show what alarms did, oldest first");
    auto name = std::make_shared<std::string>();
    history->add_option("name", *name, "Name of the alarm; all without one");
    auto options = add_client_options(*history);
    history->callback([&invocation, options, name] {
      invocation.exit_code = show_history(invocation.console, *options, *name);
    });
  }
  CLI::App* remove = command->add_subcommand("delete", "Delete alarms");
  auto names = std::make_shared<std::vector<std::string>>();
  remove->add_option("name", *names, "Names of alarms")->required();
  auto options = add_client_options(*remove);
  remove->callback([&invocation, options, names] {
    invocation.exit_code = delete_alarms(invocation.console, *options, *names);
  });
}

}  // namespace kiln::cli
