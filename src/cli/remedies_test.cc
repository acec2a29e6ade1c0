// The messages are AWS's own, as Lambda and CloudFormation write them.
#include "cli/remedies.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace kiln::cli {
namespace {

TEST(Remedies, TheNextStepStandsBehindTheProblem) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"Alias with weights can not be used with Provisioned Concurrency",
       "; `kiln alias set shop ALIAS VERSION` points the alias at one version"},
      {"Reserved keys used in this request: AWS_REGION",
       "; leave them out: Lambda sets them for each function"},
      {"Two different versions of the same layer are not allowed to be referenced in the same "
       "function. a and b are versions of the same layer.",
       "; name one version of each layer"},
      {"$LATEST is not supported for an alias pointing to more than 1 version",
       "; `kiln publish shop` publishes a version"},
      {"Specified ReservedConcurrentExecutions for function decreases account's "
       "UnreservedConcurrentExecution below its minimum value of [100].",
       "; of the account's concurrency, 100 stay for functions without a reserve. Ask for less, or "
       "start `kiln serve` with a larger --account-concurrency"},
      {"No snapshot can be made of the function: 2 threads run at the checkpoint; a snapshot can "
       "be "
       "made of one thread only.",
       "; start threads in the handler, or in a hook that runs after the restore"},
      {"Template format error: Unresolved resource dependencies [X] in the Conditions block of the "
       "template",
       "; no parameter is named X: declare it under Parameters, or correct the name"},
      {"Template format error: Unresolved resource dependencies [X] in the Resources block of the "
       "template",
       "; no parameter or resource is named X: declare it, or correct the name"},
      {"Template error: instance of Fn::GetAtt references undefined resource Rol",
       "; declare Rol under Resources, or correct the name"},
      {"Template format error: Unresolved condition dependency C",
       "; declare C under Conditions, or correct the name"},
      {"Template format error: Unresolved condition dependency C in the Fn::If",
       "; declare C under Conditions, or correct the name"},
      {"No export named vpc found.",
       "; deploy the stack that exports it first. `kiln aws cloudformation list-exports` shows "
       "what is exported"},
      {"Parameters: [ssm:/a/b] cannot be found.",
       "; `kiln aws ssm put-parameter --name /a/b --type String --value VALUE` makes it"},
      {"Unable to fetch parameters [/a, /c] from parameter store for this account.",
       "; `kiln aws ssm put-parameter --name /a --type String --value VALUE` makes it"},
      {"Parameters: [A, B] must have values", "; give each with --parameter NAME=VALUE"},
      {"Parameters: [A] do not exist in the template",
       "; the names are those under Parameters of the template"},
      {"Circular dependency between resources: [A, B]",
       "; take out one of the Ref, Fn::GetAtt, Fn::Sub, or DependsOn that join them"},
  };
  for (const auto& [problem, step] : cases) {
    std::string bare = problem;
    if (bare.ends_with('.')) bare.pop_back();
    EXPECT_EQ(with_remedies(problem, "shop"), bare + step);
  }
}

TEST(Remedies, EachLineHasItsOwnAndOthersStay) {
  EXPECT_EQ(with_remedies("Rate Exceeded.\nParameters: [A] must have values\n"),
            "Rate Exceeded.\nParameters: [A] must have values; give each with --parameter "
            "NAME=VALUE\n");
  EXPECT_EQ(with_remedies(""), "");
  EXPECT_EQ(with_remedies("No export named x"), "No export named x") << "the end is missing";
}

TEST(Remedies, PlacesAreThoseOfCompilers) {
  EXPECT_EQ(placed_in("a.yaml", "line 3, column 15: first\nline 4, column 1: second"),
            "a.yaml:3:15: first\na.yaml:4:1: second");
  EXPECT_EQ(placed_in("a.yaml", "without\nOther"), "a.yaml: without\na.yaml: Other");
  EXPECT_EQ(placed_in("a.yaml", "line 2, column 4: YAML not well-formed.\nillegal map value"),
            "a.yaml:2:4: YAML not well-formed.: illegal map value");
  EXPECT_EQ(placed_in("a.yaml", "line 2 is wrong"), "a.yaml: line 2 is wrong");
}

}  // namespace
}  // namespace kiln::cli
