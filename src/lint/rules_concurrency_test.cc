// Reserved, provisioned and scaled concurrency: each rule on both sides of its limit.
#include <gmock/gmock.h>

#include "tests/support/lint_template.h"

namespace kiln::lint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string provisions_live(const std::string& function_properties, int count) {
  return template_of(function_yaml(function_properties) + version_yaml() +
                     alias_yaml(provisioned(count)));
}

TEST(ConcurrencyRules, ProvisionedAboveReserved) {
  const std::string rule = "provisioned-above-reserved";
  EXPECT_THAT(found(rule, provisions_live("ReservedConcurrentExecutions: 20", 21)),
              ElementsAre("provisioned-above-reserved error Live: Orders provisions 21 "
                          "(alias live 21) and reserves 20"));
  EXPECT_THAT(found(rule, provisions_live("ReservedConcurrentExecutions: 20", 20)), IsEmpty());
  EXPECT_THAT(found(rule, provisions_live("", 500)), IsEmpty());
}

TEST(ConcurrencyRules, ProvisionedOfAllVersionsIsSummed) {
  const auto both = [](int of_version, int of_alias) {
    return template_of(function_yaml("ReservedConcurrentExecutions: 20") +
                       version_yaml(provisioned(of_version)) + version_yaml("", "V2") +
                       alias_yaml(provisioned(of_alias), "Live", "live", "!GetAtt V2.Version"));
  };
  EXPECT_THAT(found("provisioned-above-reserved", both(15, 6)),
              ElementsAre(HasSubstr("Orders provisions 21 (version V1 15, alias live 6)")));
  EXPECT_THAT(found("provisioned-above-reserved", both(14, 6)), IsEmpty());
}

TEST(ConcurrencyRules, ProvisionedTakesWholeReserve) {
  const std::string rule = "provisioned-takes-whole-reserve";
  EXPECT_THAT(found(rule, provisions_live("ReservedConcurrentExecutions: 20", 20)),
              ElementsAre(HasSubstr("info Orders")));
  EXPECT_THAT(found(rule, provisions_live("ReservedConcurrentExecutions: 20", 19)), IsEmpty());
  EXPECT_THAT(found(rule, provisions_live("ReservedConcurrentExecutions: 20", 21)), IsEmpty());
}

TEST(ConcurrencyRules, ReservedAboveAccount) {
  const auto reserves = [](int a, int b) {
    return template_of(function_yaml("ReservedConcurrentExecutions: " + std::to_string(a), "A") +
                       function_yaml("ReservedConcurrentExecutions: " + std::to_string(b), "B"));
  };
  const std::string rule = "reserved-above-account";
  EXPECT_THAT(found(rule, reserves(400, 501)),
              ElementsAre("reserved-above-account error B: 901 are reserved in us-east-1 (A 400, B "
                          "501), 900 can be (1000 less 100 that stay unreserved)"));
  EXPECT_THAT(found(rule, reserves(400, 500)), IsEmpty());
  EXPECT_THAT(found(rule, reserves(400, 501), {.account_concurrency = 1001}), IsEmpty());
  EXPECT_THAT(found(rule, reserves(400, 501), {.min_unreserved = 99}), IsEmpty());
}

TEST(ConcurrencyRules, ReservesAreSummedOverStacksOfARegion) {
  const std::string yaml = template_of(function_yaml("ReservedConcurrentExecutions: 500"));
  EXPECT_THAT(lines_of(findings_of({{yaml, "a"}, {yaml, "b"}})),
              ElementsAre(HasSubstr("reserved-above-account error")));
  EXPECT_THAT(lines_of(findings_of({{yaml, "a"}, {yaml, "b", "eu-west-1"}})), IsEmpty());
}

TEST(ConcurrencyRules, ProvisionedAboveUnreserved) {
  const auto beside = [](int count) {
    return template_of(function_yaml("") + version_yaml() + alias_yaml(provisioned(count)) +
                       function_yaml("ReservedConcurrentExecutions: 600", "Other"));
  };
  EXPECT_THAT(found("provisioned-above-unreserved", beside(301)),
              ElementsAre(HasSubstr("provision 301 in us-east-1, and 300 are left")));
  EXPECT_THAT(found("provisioned-above-unreserved", beside(300)), IsEmpty());
}

TEST(ConcurrencyRules, ProvisionedOnLatest) {
  const auto pointing = [](const std::string& version, const std::string& more) {
    return template_of(function_yaml("") + version_yaml() +
                       alias_yaml(more, "Live", "live", version));
  };
  const std::string rule = "provisioned-on-latest";
  EXPECT_THAT(found(rule, pointing("$LATEST", provisioned(2))),
              ElementsAre(HasSubstr("alias live points at $LATEST and provisions 2")));
  EXPECT_THAT(found(rule, pointing("$LATEST", "")), IsEmpty());
  EXPECT_THAT(found(rule, pointing("!GetAtt V1.Version", provisioned(2))), IsEmpty());
}

TEST(ConcurrencyRules, ProvisionedTwice) {
  const auto aliases = [](const std::string& second_version) {
    return template_of(function_yaml("") + version_yaml() + version_yaml("", "V2") +
                       alias_yaml(provisioned(2)) +
                       alias_yaml(provisioned(3), "Next", "next", second_version));
  };
  EXPECT_THAT(found("provisioned-twice", aliases("!GetAtt V1.Version")),
              ElementsAre(HasSubstr("alias next and alias live")));
  EXPECT_THAT(found("provisioned-twice", aliases("!GetAtt V2.Version")), IsEmpty());
}

TEST(ConcurrencyRules, ProvisionedWithRouting) {
  const std::string weights =
      "RoutingConfig: {AdditionalVersionWeights: [{FunctionVersion: !GetAtt V2.Version, "
      "FunctionWeight: 0.1}]}";
  const auto alias = [](const std::string& more) {
    return template_of(function_yaml("") + version_yaml() + version_yaml("", "V2") +
                       alias_yaml(more));
  };
  const std::string rule = "provisioned-with-routing";
  EXPECT_THAT(found(rule, alias(weights + ", " + provisioned(2))),
              ElementsAre(HasSubstr("error Live")));
  EXPECT_THAT(found(rule, alias(weights)), IsEmpty());
  EXPECT_THAT(found(rule, alias(provisioned(2))), IsEmpty());
}

TEST(ConcurrencyRules, ProvisionedWithSnapStart) {
  const std::string rule = "provisioned-with-snapstart";
  EXPECT_THAT(found(rule, provisions_live("SnapStart: {ApplyOn: PublishedVersions}", 2)),
              ElementsAre(HasSubstr("which has SnapStart")));
  EXPECT_THAT(found(rule, provisions_live("SnapStart: {ApplyOn: None}", 2)), IsEmpty());
}

std::string scaled(const std::string& function_properties, int count, const std::string& capacity,
                   const std::string& more = "") {
  return template_of(function_yaml(function_properties) + version_yaml() +
                     alias_yaml(count > 0 ? provisioned(count) : "") + target_yaml(capacity) +
                     more);
}

TEST(ScalingRules, AboveReserved) {
  const std::string rule = "scaling-above-reserved";
  EXPECT_THAT(
      found(rule, scaled("ReservedConcurrentExecutions: 20", 5, "MinCapacity: 5, MaxCapacity: 50")),
      ElementsAre("scaling-above-reserved error Target: scaling of function:Orders:live "
                  "goes up to 50, and Orders reserves 20"));
  EXPECT_THAT(
      found(rule, scaled("ReservedConcurrentExecutions: 20", 5, "MinCapacity: 5, MaxCapacity: 20")),
      IsEmpty());
  const std::string schedule =
      "MinCapacity: 5, MaxCapacity: 20, ScheduledActions: [{ScheduledActionName: s, Schedule: "
      "'rate(1 day)', ScalableTargetAction: {MinCapacity: 21}}]";
  EXPECT_THAT(found(rule, scaled("ReservedConcurrentExecutions: 20", 5, schedule)),
              ElementsAre(HasSubstr("goes up to 21")));
}

TEST(ScalingRules, OtherVersionsCountBesideTheScaledOne) {
  const std::string yaml =
      template_of(function_yaml("ReservedConcurrentExecutions: 20") + version_yaml() +
                  version_yaml(provisioned(4), "V2") + alias_yaml(provisioned(5)) +
                  target_yaml("MinCapacity: 5, MaxCapacity: 17"));
  EXPECT_THAT(found("scaling-above-reserved", yaml),
              ElementsAre(HasSubstr("goes up to 17 (21 with the function's other versions and "
                                    "aliases)")));
}

TEST(ScalingRules, AboveUnreserved) {
  EXPECT_THAT(found("scaling-above-unreserved", scaled("", 5, "MinCapacity: 5, MaxCapacity: 901")),
              ElementsAre(HasSubstr("goes up to 901")));
  EXPECT_THAT(found("scaling-above-unreserved", scaled("", 5, "MinCapacity: 5, MaxCapacity: 900")),
              IsEmpty());
}

TEST(ScalingRules, MinimumAboveMaximum) {
  const std::string rule = "scaling-minimum-above-maximum";
  EXPECT_THAT(found(rule, scaled("", 5, "MinCapacity: 6, MaxCapacity: 5")),
              ElementsAre(HasSubstr("MinCapacity 6 of function:Orders:live is above")));
  EXPECT_THAT(found(rule, scaled("", 5, "MinCapacity: 5, MaxCapacity: 5")), IsEmpty());
}

TEST(ScalingRules, OverridesProvisioned) {
  const std::string rule = "scaling-overrides-provisioned";
  EXPECT_THAT(found(rule, scaled("", 4, "MinCapacity: 5, MaxCapacity: 9")),
              ElementsAre(HasSubstr("warning Target: alias live provisions 4, its scaling goes "
                                    "from 5 to 9: registering the target sets 5")));
  EXPECT_THAT(found(rule, scaled("", 10, "MinCapacity: 5, MaxCapacity: 9")),
              ElementsAre(HasSubstr("registering the target sets 9")));
  EXPECT_THAT(found(rule, scaled("", 6, "MinCapacity: 5, MaxCapacity: 9")),
              ElementsAre(HasSubstr("info Target")));
  EXPECT_THAT(found(rule, scaled("", 5, "MinCapacity: 5, MaxCapacity: 9")), IsEmpty());
}

TEST(ScalingRules, WithoutProvisioned) {
  const std::string rule = "scaling-without-provisioned";
  EXPECT_THAT(found(rule, scaled("", 0, "MinCapacity: 5, MaxCapacity: 9")),
              ElementsAre(HasSubstr("alias live is scaled")));
  EXPECT_THAT(found(rule, scaled("", 5, "MinCapacity: 5, MaxCapacity: 9")), IsEmpty());
}

TEST(ScalingRules, OnLatest) {
  const auto target = [](const std::string& id) {
    return template_of(function_yaml("") + target_yaml("MinCapacity: 1, MaxCapacity: 2", id));
  };
  const std::string rule = "scaling-on-latest";
  EXPECT_THAT(found(rule, target("!Sub 'function:${Orders}:$LATEST'")),
              ElementsAre(HasSubstr("names $LATEST")));
  EXPECT_THAT(found(rule, target("!Sub 'function:${Orders}'")),
              ElementsAre(HasSubstr("names neither version nor alias")));
  EXPECT_THAT(found(rule, target("!Sub 'function:${Orders}:7'")), IsEmpty());
}

TEST(ScalingRules, StepScaling) {
  const auto policy = [](const std::string& type) {
    return scaled(
        "", 1, "MinCapacity: 1, MaxCapacity: 2",
        resource_yaml("Policy", "ApplicationAutoScaling::ScalingPolicy",
                      "PolicyName: p, PolicyType: " + type + ", ScalingTargetId: !Ref Target"));
  };
  EXPECT_THAT(found("step-scaling-unsupported", policy("StepScaling")),
              ElementsAre(HasSubstr("warning Policy: step scaling of function:Orders:live")));
  EXPECT_THAT(found("step-scaling-unsupported", policy("TargetTrackingScaling")), IsEmpty());
}

TEST(ScalingRules, StepScalingOfOtherServicesIsNoneOfIts) {
  const std::string yaml = template_of(
      resource_yaml("Policy", "ApplicationAutoScaling::ScalingPolicy",
                    "PolicyName: p, PolicyType: StepScaling, ServiceNamespace: ecs, ResourceId: "
                    "service/a/b, ScalableDimension: 'ecs:service:DesiredCount'"));
  EXPECT_THAT(lines_of(findings_of({{yaml}})), IsEmpty());
}

TEST(ScalingRules, TargetIsAFraction) {
  const auto tracking = [](const std::string& value) {
    return scaled("", 1, "MinCapacity: 1, MaxCapacity: 2", tracking_yaml(value));
  };
  const std::string rule = "tracking-target-fraction";
  EXPECT_THAT(found(rule, tracking("70")), ElementsAre(HasSubstr("error Tracking")));
  EXPECT_THAT(found(rule, tracking("0.91")), ElementsAre(HasSubstr("warning Tracking")));
  EXPECT_THAT(found(rule, tracking("0.09")), ElementsAre(HasSubstr("warning Tracking")));
  EXPECT_THAT(found(rule, tracking("0.9")), IsEmpty());
  EXPECT_THAT(found(rule, tracking("0.1")), IsEmpty());
}

TEST(ScalingRules, IdleTrap) {
  const std::string rule = "scaling-idle-trap";
  EXPECT_THAT(found(rule, scaled("", 1, "MinCapacity: 1, MaxCapacity: 9", tracking_yaml("0.7"))),
              ElementsAre(HasSubstr("info Tracking")));
  EXPECT_THAT(found(rule, scaled("", 9, "MinCapacity: 9, MaxCapacity: 9", tracking_yaml("0.7"))),
              IsEmpty());
  const std::string schedule =
      "MinCapacity: 1, MaxCapacity: 9, ScheduledActions: [{ScheduledActionName: s, Schedule: "
      "'rate(1 day)', ScalableTargetAction: {MaxCapacity: 1}}]";
  EXPECT_THAT(found(rule, scaled("", 1, schedule, tracking_yaml("0.7"))), IsEmpty());
}

}  // namespace
}  // namespace kiln::lint
