// Lints templates given as YAML. Only for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lint/model_builder.h"
#include "lint/rule.h"
#include "template/template.h"

namespace kiln::lint {

struct TestStack {
  std::string yaml;
  std::string name = "stack";
  std::string region = "us-east-1";
};

inline Model model_of(const std::vector<TestStack>& stacks,
                      const std::map<std::string, std::string>& parameters = {}) {
  std::vector<StackInfo> infos;
  infos.reserve(stacks.size());
  for (const TestStack& stack : stacks)
    infos.push_back({stack.name, stack.name + ".yaml", "000000000000", stack.region});
  ModelBuilder builder(infos);
  for (size_t i = 0; i < stacks.size(); ++i) {
    const cfn::Reading reading = cfn::read_template(stacks[i].yaml);
    for (const cfn::Problem& problem : reading.problems)
      ADD_FAILURE() << cfn::text_of(problem) << "\n" << stacks[i].yaml;
    if (!reading.ok()) continue;
    const Result<void> added = builder.add(i, *reading.parsed, parameters);
    EXPECT_TRUE(added.ok()) << added.error().message;
    builder.add_notes(i, *reading.parsed, reading.notes);
  }
  return builder.finish();
}

// "RULE SEVERITY LOGICALID: message" of each finding.
inline std::vector<std::string> lines_of(const std::vector<Finding>& findings) {
  std::vector<std::string> lines;
  lines.reserve(findings.size());
  for (const Finding& finding : findings) {
    lines.push_back(std::string(finding.rule->id) + " " + std::string(to_text(finding.severity)) +
                    " " + finding.origin.logical_id + ": " + finding.message);
  }
  return lines;
}

inline std::vector<Finding> findings_of(const std::vector<TestStack>& stacks,
                                        const Circumstances& circumstances = {},
                                        const std::map<std::string, std::string>& parameters = {}) {
  return lint(model_of(stacks, parameters), circumstances);
}

// The same, of one template and one rule.
inline std::vector<std::string> found(const std::string& rule, const std::string& yaml,
                                      const Circumstances& circumstances = {}) {
  std::vector<Finding> findings = findings_of({{yaml}}, circumstances);
  std::erase_if(findings, [&](const Finding& finding) { return finding.rule->id != rule; });
  return lines_of(findings);
}

// Resources as YAML, with the properties (flow style) that a case is about.
inline std::string function_yaml(const std::string& properties, const std::string& id = "Orders") {
  return "  " + id + ":\n    Type: AWS::Lambda::Function\n    Properties: " +
         "{Runtime: python3.12, Handler: a.b, Role: r, Code: {ZipFile: x}" +
         (properties.empty() ? "" : ", ") + properties + "}\n";
}
inline std::string resource_yaml(const std::string& id, const std::string& type,
                                 const std::string& properties) {
  return "  " + id + ":\n    Type: AWS::" + type + "\n    Properties: {" + properties + "}\n";
}
inline std::string version_yaml(const std::string& more = "", const std::string& id = "V1") {
  return resource_yaml(id, "Lambda::Version",
                       "FunctionName: !Ref Orders" + (more.empty() ? "" : ", " + more));
}
inline std::string alias_yaml(const std::string& more = "", const std::string& id = "Live",
                              const std::string& name = "live",
                              const std::string& version = "!GetAtt V1.Version") {
  return resource_yaml(id, "Lambda::Alias",
                       "FunctionName: !Ref Orders, Name: " + name +
                           ", FunctionVersion: " + version + (more.empty() ? "" : ", " + more));
}
inline std::string provisioned(int count) {
  return "ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: " +
         std::to_string(count) + "}";
}
inline std::string target_yaml(const std::string& capacity,
                               const std::string& resource_id = "!Sub 'function:${Orders}:live'") {
  return resource_yaml("Target", "ApplicationAutoScaling::ScalableTarget",
                       "ServiceNamespace: lambda, ScalableDimension: "
                       "'lambda:function:ProvisionedConcurrency', ResourceId: " +
                           resource_id + ", " + capacity);
}
inline std::string tracking_yaml(const std::string& value) {
  return resource_yaml("Tracking", "ApplicationAutoScaling::ScalingPolicy",
                       "PolicyName: p, PolicyType: TargetTrackingScaling, ScalingTargetId: !Ref "
                       "Target, TargetTrackingScalingPolicyConfiguration: {TargetValue: " +
                           value +
                           ", PredefinedMetricSpecification: {PredefinedMetricType: "
                           "LambdaProvisionedConcurrencyUtilization}}");
}
// An alarm over one metric of Lambda.
inline std::string alarm_yaml(
    const std::string& metric, const std::string& properties,
    const std::string& dimensions = "[{Name: FunctionName, Value: !Ref Orders}]") {
  return resource_yaml("Alarm", "CloudWatch::Alarm",
                       "Namespace: AWS/Lambda, MetricName: " + metric +
                           ", Dimensions: " + dimensions + ", " + properties);
}

inline std::string template_of(const std::string& resources) { return "Resources:\n" + resources; }

}  // namespace kiln::lint
