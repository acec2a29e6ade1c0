#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/json_access.h"
#include "cli/command.h"
#include "cli/function_api.h"
#include "cli/named_function.h"
#include "cli/table.h"
#include "cli/usage.h"
#include "cli/usage_error.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

constexpr const char* kDimension = "lambda:function:ProvisionedConcurrency";
constexpr const char* kMetric = "LambdaProvisionedConcurrencyUtilization";
constexpr int kMostActivities = 5;

struct ScaleOptions {
  std::string target;
  std::optional<int> least, most;
  std::optional<double> utilization;
  bool off = false;
};

// One function's scaling: Application Auto Scaling's operations on its resource.
class Scaling {
 public:
  Scaling(ApiClient& client, const NamedFunction& function)
      : client_(client),
        resource_("function:" + function.text()),
        policy_("kiln-" + function.name + "-" + function.qualifier()) {}

  Result<json> call(const std::string& operation, json input) {
    input["ServiceNamespace"] = "lambda";
    return json_call(client_, "application-autoscaling", "AnyScaleFrontendService." + operation,
                     input);
  }
  Result<json> on_resource(const std::string& operation, json input) {
    input["ResourceId"] = resource_;
    input["ScalableDimension"] = kDimension;
    return call(operation, std::move(input));
  }

  Result<void> set(const ScaleOptions& wish) {
    json limits = json::object();
    if (wish.least) limits["MinCapacity"] = *wish.least;
    if (wish.most) limits["MaxCapacity"] = *wish.most;
    if (!limits.empty())
      if (auto done = on_resource("RegisterScalableTarget", limits); !done) return done.error();
    if (!wish.utilization) return {};
    const auto done =
        on_resource("PutScalingPolicy",
                    {{"PolicyName", policy_},
                     {"PolicyType", "TargetTrackingScaling"},
                     {"TargetTrackingScalingPolicyConfiguration",
                      {{"TargetValue", *wish.utilization},
                       {"PredefinedMetricSpecification", {{"PredefinedMetricType", kMetric}}}}}});
    if (!done) return done.error();
    return {};
  }

  Result<void> remove() {
    if (auto done = on_resource("DeregisterScalableTarget", json::object()); !done)
      return done.error();
    return {};
  }

  // {"target": …, "policies": […], "activities": […]}, as the API names what is in them.
  Result<json> show() {
    const auto targets = call("DescribeScalableTargets",
                              {{"ResourceIds", {resource_}}, {"ScalableDimension", kDimension}});
    if (!targets) return targets.error();
    const auto policies = on_resource("DescribeScalingPolicies", json::object());
    if (!policies) return policies.error();
    const auto activities =
        on_resource("DescribeScalingActivities", {{"MaxResults", kMostActivities}});
    if (!activities) return activities.error();
    const json found = json_list(*targets, "ScalableTargets");
    return json{{"target", found.empty() ? json() : found[0]},
                {"policies", json_list(*policies, "ScalingPolicies")},
                {"activities", json_list(*activities, "ScalingActivities")}};
  }

 private:
  ApiClient& client_;
  std::string resource_;
  std::string policy_;
};

std::string policy_text(const json& policy) {
  const json tracking = json_member(policy, "TargetTrackingScalingPolicyConfiguration");
  if (tracking.contains("TargetValue"))
    return string_at(policy, "PolicyName") + " keeps utilization at " +
           json_dump(tracking["TargetValue"]);
  return string_at(policy, "PolicyName") + " (" + string_at(policy, "PolicyType") + ")";
}

void print_scaling(Console& console, const ScaleOptions& wish, const NamedFunction& function,
                   const json& state) {
  const std::string target = function.text();
  if (state["target"].is_null() && wish.off) {
    console.out << target << " is not scaled any more; `kiln provision " << function.words()
                << "` shows what it keeps\n";
    return;
  }
  if (state["target"].is_null()) {
    console.out << for_console(console, target + " is not scaled; `kiln scale " + function.words() +
                                            " --min 1 --max 10 --target 0.7` does it\n");
    return;
  }
  console.out << target << " scales from " << number_at(state["target"], "MinCapacity") << " to "
              << number_at(state["target"], "MaxCapacity") << '\n';
  for (const json& policy : state["policies"]) console.out << "  " << policy_text(policy) << '\n';
  for (const json& activity : state["activities"])
    console.out << "  " << console.paint(Style::kDim, string_at(activity, "StatusCode")) << "  "
                << string_at(activity, "Description") << '\n';
}

int refused(Console& console, const NamedFunction& function, const Error& error) {
  const std::string name = function.text();
  if (error.message.find("must be specified when registering") != std::string::npos)
    return fail(console, usage("'" + name + "' is not scaled yet; give --min and --max together"));
  if (error.type == "ObjectNotFoundException")
    return fail(console, {error.kind, error.type,
                          "'" + name + "' is not scaled; `kiln scale " + function.words() +
                              " --min 1 --max 10 --target 0.7` does it"});
  return fail(console, error_on(function, error), function.name);
}

int run_scale(Console& console, const ClientOptions& options, const ScaleOptions& wish) {
  const auto function = read_qualified_function(
      wish.target, options.api, "scaling changes the provisioned concurrency of one");
  if (!function) return fail(console, function.error());
  if (wish.least && wish.most && *wish.least > *wish.most)
    return fail(console, usage("--min " + std::to_string(*wish.least) + " is more than --max " +
                               std::to_string(*wish.most)));
  Result<ApiClient> client = ApiClient::create(function->api);
  if (!client) return fail(console, client.error());
  Scaling scaling(*client, *function);
  if (const auto done = wish.off ? scaling.remove() : scaling.set(wish); !done)
    return refused(console, *function, done.error());
  const auto state = scaling.show();
  if (!state) return fail(console, state.error());
  // Of what isn't there, the API says that it isn't scaled.
  if ((*state)["target"].is_null() && !wish.off)
    if (const auto there = configuration_of(*client, *function); !there)
      return fail(console, there.error());
  if (options.format == OutputFormat::kJson)
    console.out << json_pretty(*state) << '\n';
  else
    print_scaling(console, wish, *function, *state);
  return kExitOk;
}

std::string check_utilization(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stop == end && value >= 0.1 && value <= 0.9) return "";
  return "is '" + text + "'; it must be a fraction from 0.1 to 0.9";
}

}  // namespace

void add_scale_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "scale", "Show or set how an alias's provisioned concurrency follows load");
  command->footer(
      "Registers the alias with Application Auto Scaling. A target of 0.7 adds environments when\n"
      "more than 70 % of them are in use over three metric minutes, and removes them when the\n"
      "load goes down.\n"
      "\n"
      "Examples:\n"
      "  kiln scale hello:live --min 1 --max 10 --target 0.7\n"
      "  kiln scale hello:live                  limits, policies, and the last activities\n"
      "  kiln scale hello:live --off");
  auto wish = std::make_shared<ScaleOptions>();
  command->add_option("target", wish->target, "The version or alias")
      ->required()
      ->type_name("NAME:QUALIFIER");
  CLI::Option* least = command->add_option("--min", wish->least, "The least that stays provisioned")
                           ->type_name("N")
                           ->check(number_between(0, 1'000'000));
  CLI::Option* most = command->add_option("--max", wish->most, "The most that is provisioned")
                          ->type_name("N")
                          ->check(number_between(0, 1'000'000));
  CLI::Option* utilization =
      command->add_option("--target", wish->utilization, "The utilization to keep, 0.1 to 0.9")
          ->type_name("FRACTION")
          ->check(check_utilization);
  command->add_flag("--off", wish->off, "Stop scaling; the provisioned concurrency stays as it is")
      ->excludes(least)
      ->excludes(most)
      ->excludes(utilization);
  auto options = add_client_options(*command);
  command->callback([&invocation, options, wish] {
    invocation.exit_code = run_scale(invocation.console, *options, *wish);
  });
}

}  // namespace kiln::cli
