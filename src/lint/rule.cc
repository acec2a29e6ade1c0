#include "lint/rule.h"

#include <algorithm>
#include <tuple>

#include "lint/rule_functions.h"

namespace kiln::lint {
namespace {

using enum Severity;

// In the order of docs/lint.md.
constexpr Rule kRules[] = {
    {"provisioned-above-reserved", kError, "Provisioned concurrency above the function's reserve",
     "Provisioned concurrency is taken out of the function's reserved concurrency; Lambda refuses "
     "more than that.",
     provisioned_above_reserved},
    {"provisioned-takes-whole-reserve", kInfo, "Provisioned concurrency takes the whole reserve",
     "With all of the reserve provisioned, $LATEST and every other version of the function is "
     "throttled, and nothing is left for bursts.",
     provisioned_takes_whole_reserve},
    {"reserved-above-account", kError, "More is reserved than the account can reserve",
     "Lambda keeps a minimum of the account's concurrency unreserved and refuses reserves that go "
     "below it.",
     reserved_above_account},
    {"provisioned-above-unreserved", kError,
     "Functions without a reserve provision more than is unreserved",
     "What functions without a reserve provision comes out of the account's unreserved "
     "concurrency, "
     "of which a minimum must stay.",
     provisioned_above_unreserved},
    {"provisioned-on-latest", kError, "Provisioned concurrency on $LATEST",
     "Lambda provisions for published versions only.", provisioned_on_latest},
    {"provisioned-twice", kError, "Two provisioned configurations of one version",
     "A version has one configuration of provisioned concurrency: its own, or that of one alias.",
     provisioned_twice},
    {"provisioned-with-routing", kError, "Provisioned concurrency beside weighted routing",
     "While an alias divides requests between versions, its provisioned concurrency can't be "
     "managed.",
     provisioned_with_routing},
    {"provisioned-with-snapstart", kError, "Provisioned concurrency beside SnapStart",
     "SnapStart doesn't support provisioned concurrency.", provisioned_with_snapstart},
    {"scaling-above-reserved", kError, "Scaling goes beyond the function's reserve",
     "Provisioned concurrency may not exceed the reserve, so every change above it fails: the "
     "policy is stuck below its maximum.",
     scaling_above_reserved},
    {"scaling-above-unreserved", kWarning, "Scaling goes beyond what the account has unreserved",
     "Changes of provisioned concurrency that would leave less than the account's unreserved "
     "minimum fail.",
     scaling_above_unreserved},
    {"scaling-minimum-above-maximum", kError, "MinCapacity above MaxCapacity",
     "Application Auto Scaling refuses such a target.", scaling_minimum_above_maximum},
    {"scaling-overrides-provisioned", kWarning,
     "Scaling sets another value than ProvisionedConcurrentExecutions",
     "Registering a scalable target moves the capacity into its limits at once; the value in the "
     "template lasts until then.",
     scaling_overrides_provisioned},
    {"scaling-without-provisioned", kWarning, "Scaling without an initial value",
     "AWS asks for provisioned concurrency to be configured before the target is registered; else "
     "scaling may not work properly.",
     scaling_without_provisioned},
    {"scaling-on-latest", kError, "Scaling of $LATEST or of a function without qualifier",
     "Only published versions and aliases have provisioned concurrency to scale.",
     scaling_on_latest},
    {"step-scaling-unsupported", kWarning, "Step scaling of a Lambda function",
     "AWS documents step scaling as unavailable for Lambda: the deployment fails there.",
     step_scaling_unsupported},
    {"tracking-target-fraction", kWarning, "Target of utilisation that is no fraction",
     "Utilisation of provisioned concurrency is a fraction, with targets from 0.1 to 0.9.",
     tracking_target_fraction},
    {"scaling-idle-trap", kInfo, "Capacity stays up while nothing is invoked",
     "Utilisation is not written while a function is idle, so the alarm that scales in has no data "
     "and never acts.",
     scaling_idle_trap},
    {"duration-alarm-unit", kWarning, "Duration alarm in seconds",
     "Duration is in milliseconds, Timeout in seconds: a threshold as small as the timeout is "
     "always "
     "exceeded.",
     duration_alarm_unit},
    {"duration-alarm-above-timeout", kWarning, "Duration alarm above the timeout",
     "No invocation runs longer than the function's timeout.", duration_alarm_above_timeout},
    {"utilization-alarm-percent", kError, "Utilisation alarm in percent",
     "ProvisionedConcurrencyUtilization is a fraction from 0 to 1.", utilization_alarm_percent},
    {"concurrency-alarm-above-limit", kWarning, "Concurrency alarm that can't fire",
     "Lambda throttles at the limit, so the metric never goes beyond it.",
     concurrency_alarm_above_limit},
    {"alarm-period", kError, "Period that CloudWatch or the metric doesn't have",
     "Alarms take periods of 10, 20, 30 or a multiple of 60 seconds; Lambda writes its metrics "
     "once "
     "a minute.",
     alarm_period},
    {"alarm-window", kError, "Alarm looks back too far",
     "Period times EvaluationPeriods may be a day, or a week from periods of an hour on.",
     alarm_window},
    {"alarm-datapoints", kError, "DatapointsToAlarm above EvaluationPeriods",
     "More points must breach than are looked at.", alarm_datapoints},
    {"alarm-dimensions", kWarning, "Dimensions that Lambda never writes",
     "CloudWatch doesn't aggregate over dimensions: an alarm on a set that nobody writes stays in "
     "INSUFFICIENT_DATA.",
     alarm_dimensions},
    {"error-rate-without-traffic", kInfo, "Error rate has no value without traffic",
     "A division by zero gives no point, so TreatMissingData decides.", error_rate_without_traffic},
    {"missing-data-breaches-when-idle", kWarning, "Alarm fires when nothing is invoked",
     "Metrics of a function have no points while it is idle.", missing_data_breaches_when_idle},
    {"quiet-alarm-never-fires", kWarning, "Alarm for silence that never fires",
     "A metric without points is missing, not 0.", quiet_alarm_never_fires},
    {"time-limit-above-timeout", kWarning, "Time limit in the environment above the Timeout",
     "Lambda ends the invocation first: the function's own limit never takes effect.",
     time_limit_above_timeout},
    {"timeout-above-api", kWarning, "Function may run longer than its API waits",
     "API Gateway gives up after its integration timeout; the function goes on.",
     timeout_above_api},
    {"queue-visibility", kWarning, "Queue shows messages again while they are processed",
     "AWS asks for a visibility timeout of six times the function's, and refuses one below it.",
     queue_visibility},
    {"queue-concurrency-above-reserved", kWarning, "Queue invokes more than is reserved",
     "Invocations beyond the reserve are throttled, and their messages return to the queue.",
     queue_concurrency_above_reserved},
    {"memory-too-small", kWarning, "Invocations use most of the memory",
     "A function that needs more than MemorySize is killed (Runtime.OutOfMemory).",
     memory_too_small},
    {"memory-mostly-unused", kInfo, "Invocations use little of the memory",
     "Duration is billed by MemorySize, used or not.", memory_mostly_unused},
    {"function-not-in-stack", kWarning, "A literal name misses the function",
     "The stack has the function that seems to be meant under another name.",
     function_not_in_stack},
    {"alias-not-in-stack", kWarning, "A literal name misses the alias",
     "The stack has the function, and aliases of it, but none of this name.", alias_not_in_stack},
    {"duplicate-key", kWarning, "A key stands twice in a map",
     "CloudFormation takes the last one and says nothing of those before it.", duplicate_key},
};

// Values of a template in a message may hold anything; a terminal gets no control characters.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7F; }, ' ');
  return text;
}

}  // namespace

std::string_view to_text(Severity severity) {
  switch (severity) {
    case kInfo:
      return "info";
    case kWarning:
      return "warning";
    case kError:
      break;
  }
  return "error";
}

void Report::add(const Origin& origin, cfn::Place place, std::string message, std::string advice) {
  add(rule_.severity, origin, place, std::move(message), std::move(advice));
}

void Report::add(Severity severity, const Origin& origin, cfn::Place place, std::string message,
                 std::string advice) {
  if (origin.ignored.contains(std::string(rule_.id))) return;
  findings_.push_back({&rule_, severity, origin, place.line != 0 ? place : origin.place,
                       printable(std::move(message)), printable(std::move(advice))});
}

std::span<const Rule> rules() { return kRules; }

std::vector<Finding> lint(const Model& model, const Circumstances& circumstances) {
  std::vector<Finding> findings;
  for (const Rule& rule : kRules) {
    Report report(rule, findings);
    rule.check(model, circumstances, report);
  }
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tuple(a.origin.stack, a.place.line, a.place.column) <
           std::tuple(b.origin.stack, b.place.line, b.place.column);
  });
  return findings;
}

}  // namespace kiln::lint
