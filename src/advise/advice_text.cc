// Settings as commands and as lines of templates.
#include <fmt/format.h>

#include "advise/advice.h"

namespace kiln::advise {
namespace {

constexpr const char* kDimension =
    "--service-namespace lambda --scalable-dimension lambda:function:ProvisionedConcurrency";

std::string resource_id(const Where& where, const std::string& qualifier) {
  return "function:" + where.function + ":" + qualifier;
}

}  // namespace

std::string tracking_configuration(const SetTracking& setting, const Where& where) {
  if (setting.statistic == "Average")
    return fmt::format(
        R"({{"TargetValue": {:g}, "PredefinedMetricSpecification": {{"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}}}})",
        setting.target);
  return fmt::format(
      R"({{"TargetValue": {:g}, "CustomizedMetricSpecification": {{"Namespace": "AWS/Lambda", "MetricName": "ProvisionedConcurrencyUtilization", "Dimensions": [{{"Name": "FunctionName", "Value": "{}"}}, {{"Name": "Resource", "Value": "{}:{}"}}], "Statistic": "{}"}}}})",
      setting.target, where.function, where.function, setting.qualifier, setting.statistic);
}

namespace {

struct Commands {
  const Where& where;
  const std::string& aws;
  using Lines = std::vector<std::string>;

  std::string lambda(const std::string& operation) const {
    return aws + " lambda " + operation + " --function-name " + where.function;
  }
  std::string target(const std::string& qualifier, int min, int max) const {
    return fmt::format(
        "{} application-autoscaling register-scalable-target {} --resource-id {} --min-capacity {} "
        "--max-capacity {}",
        aws, kDimension, resource_id(where, qualifier), min, max);
  }

  void unscale(Lines& lines, const std::string& qualifier) const {
    lines.push_back(
        fmt::format("{} application-autoscaling deregister-scalable-target {} --resource-id {}",
                    aws, kDimension, resource_id(where, qualifier)));
  }
  // What $LATEST has now, for those who call the alias.
  void publish(Lines& lines) const {
    if (where.alias.empty()) return;
    if (where.alias.find_first_not_of("0123456789") == where.alias.npos)
      return lines.push_back("# version " + where.alias + " can't be changed; call an alias");
    lines.push_back(lambda("wait function-updated-v2"));
    lines.push_back(lambda("update-alias") + " --name " + where.alias + " --function-version \"$(" +
                    lambda("publish-version") + " --query Version --output text)\"");
  }

  Lines operator()(const SetReserved& setting) const {
    if (!setting.units) return {lambda("delete-function-concurrency")};
    return {lambda("put-function-concurrency") +
            fmt::format(" --reserved-concurrent-executions {}", *setting.units)};
  }
  Lines operator()(const SetProvisioned& setting) const {
    const std::string qualifier = " --qualifier " + setting.qualifier;
    Lines lines;
    if (setting.unscale) unscale(lines, setting.qualifier);
    lines.push_back(setting.units == 0 ? lambda("delete-provisioned-concurrency-config") + qualifier
                                       : lambda("put-provisioned-concurrency-config") + qualifier +
                                             fmt::format(" --provisioned-concurrent-executions {}",
                                                         setting.units));
    return lines;
  }
  Lines operator()(const SetTracking& setting) const {
    Lines lines = (*this)(SetProvisioned{setting.qualifier, setting.min, setting.unscale});
    lines.push_back(target(setting.qualifier, setting.min, setting.max));
    lines.push_back(fmt::format(
        "{} application-autoscaling put-scaling-policy {} --resource-id {} --policy-name {} "
        "--policy-type TargetTrackingScaling --target-tracking-scaling-policy-configuration '{}'",
        aws, kDimension, resource_id(where, setting.qualifier), setting.policy,
        tracking_configuration(setting, where)));
    return lines;
  }
  Lines operator()(const SetSchedule& setting) const {
    Lines lines;
    if (setting.min > 0)
      lines = (*this)(SetProvisioned{setting.qualifier, setting.min, setting.unscale});
    else if (setting.unscale)
      unscale(lines, setting.qualifier);
    lines.push_back(target(setting.qualifier, setting.min, setting.max));
    for (const auto& entry : setting.entries)
      lines.push_back(
          fmt::format("{} application-autoscaling put-scheduled-action {} --resource-id {} "
                      "--scheduled-action-name {} --schedule '{}' --scalable-target-action "
                      "MinCapacity={},MaxCapacity={}",
                      aws, kDimension, resource_id(where, setting.qualifier), entry.name,
                      entry.cron, entry.min, entry.max));
    return lines;
  }
  Lines operator()(const SetMemory& setting) const {
    Lines lines = {lambda("update-function-configuration") +
                   fmt::format(" --memory-size {}", setting.memory_mb)};
    publish(lines);
    return lines;
  }
  Lines operator()(const SetTimeout& setting) const {
    Lines lines = {lambda("update-function-configuration") +
                   fmt::format(" --timeout {}", setting.seconds)};
    publish(lines);
    return lines;
  }
  Lines operator()(const SetIdleAlarm& setting) const {
    return {fmt::format(
        "{} cloudwatch put-metric-alarm --alarm-name {}-{}-idle --namespace AWS/Lambda "
        "--metric-name Invocations --dimensions Name=FunctionName,Value={} "
        "Name=Resource,Value={}:{} --statistic Sum --period 300 --evaluation-periods {} "
        "--threshold 1 --comparison-operator LessThanThreshold --treat-missing-data breaching",
        aws, where.function, setting.qualifier, where.function, where.function, setting.qualifier,
        setting.minutes / 5)};
  }
};

// Below "Properties:" of an AWS::Serverless::Function, unless it says otherwise.
struct Patch {
  const Where& where;

  std::string operator()(const SetReserved& setting) const {
    if (!setting.units) return "# remove ReservedConcurrentExecutions\n";
    return fmt::format("ReservedConcurrentExecutions: {}\n", *setting.units);
  }
  std::string operator()(const SetProvisioned& setting) const {
    if (setting.units == 0) return "# remove ProvisionedConcurrencyConfig\n";
    return fmt::format(
        "AutoPublishAlias: {}\n"
        "ProvisionedConcurrencyConfig:\n"
        "  ProvisionedConcurrentExecutions: {}\n",
        setting.qualifier, setting.units);
  }
  std::string target(const std::string& qualifier, int min, int max) const {
    return fmt::format(
        "# resources of their own; FUNCTION is the logical id of {}\n"
        "ProvisionedTarget:\n"
        "  Type: AWS::ApplicationAutoScaling::ScalableTarget\n"
        "  DependsOn: FUNCTIONAlias{}\n"
        "  Properties:\n"
        "    ServiceNamespace: lambda\n"
        "    ScalableDimension: lambda:function:ProvisionedConcurrency\n"
        "    ResourceId: !Sub function:${{FUNCTION}}:{}\n"
        "    MinCapacity: {}\n"
        "    MaxCapacity: {}\n",
        where.function, qualifier, qualifier, min, max);
  }
  std::string operator()(const SetTracking& setting) const {
    std::string text = target(setting.qualifier, setting.min, setting.max) +
                       fmt::format(
                           "ProvisionedTracking:\n"
                           "  Type: AWS::ApplicationAutoScaling::ScalingPolicy\n"
                           "  Properties:\n"
                           "    PolicyName: {}\n"
                           "    PolicyType: TargetTrackingScaling\n"
                           "    ScalingTargetId: !Ref ProvisionedTarget\n"
                           "    TargetTrackingScalingPolicyConfiguration:\n"
                           "      TargetValue: {:g}\n",
                           setting.policy, setting.target);
    if (setting.statistic == "Average")
      return text +
             "      PredefinedMetricSpecification:\n"
             "        PredefinedMetricType: LambdaProvisionedConcurrencyUtilization\n";
    return text + fmt::format(
                      "      CustomizedMetricSpecification:\n"
                      "        Namespace: AWS/Lambda\n"
                      "        MetricName: ProvisionedConcurrencyUtilization\n"
                      "        Statistic: {}\n"
                      "        Dimensions:\n"
                      "          - {{Name: FunctionName, Value: !Ref FUNCTION}}\n"
                      "          - {{Name: Resource, Value: !Sub \"${{FUNCTION}}:{}\"}}\n",
                      setting.statistic, setting.qualifier);
  }
  std::string operator()(const SetSchedule& setting) const {
    std::string text =
        target(setting.qualifier, setting.min, setting.max) + "    ScheduledActions:\n";
    for (const auto& entry : setting.entries)
      text += fmt::format(
          "      - ScheduledActionName: {}\n"
          "        Schedule: {}\n"
          "        ScalableTargetAction: {{MinCapacity: {}, MaxCapacity: {}}}\n",
          entry.name, entry.cron, entry.min, entry.max);
    return text;
  }
  std::string operator()(const SetMemory& setting) const {
    return fmt::format("MemorySize: {}\n", setting.memory_mb);
  }
  std::string operator()(const SetTimeout& setting) const {
    return fmt::format("Timeout: {}\n", setting.seconds);
  }
  std::string operator()(const SetIdleAlarm& setting) const {
    return fmt::format(
        "# a resource of its own; FUNCTION is the logical id of {}\n"
        "IdleAlarm:\n"
        "  Type: AWS::CloudWatch::Alarm\n"
        "  Properties:\n"
        "    Namespace: AWS/Lambda\n"
        "    MetricName: Invocations\n"
        "    Dimensions:\n"
        "      - {{Name: FunctionName, Value: !Ref FUNCTION}}\n"
        "      - {{Name: Resource, Value: !Sub \"${{FUNCTION}}:{}\"}}\n"
        "    Statistic: Sum\n"
        "    Period: 300\n"
        "    EvaluationPeriods: {}\n"
        "    Threshold: 1\n"
        "    ComparisonOperator: LessThanThreshold\n"
        "    TreatMissingData: breaching\n",
        where.function, setting.qualifier, setting.minutes / 5);
  }
};

}  // namespace

std::string_view kind_of(const Setting& setting) {
  static constexpr std::string_view kKinds[] = {
      "reserved", "provisioned", "targetTracking", "schedule", "memory", "timeout", "idleAlarm"};
  return kKinds[setting.index()];
}

std::vector<std::string> commands(const Setting& setting, const Where& where,
                                  const std::string& aws) {
  return std::visit(Commands{where, aws}, setting);
}

std::string template_patch(const Setting& setting, const Where& where) {
  return std::visit(Patch{where}, setting);
}

}  // namespace kiln::advise
