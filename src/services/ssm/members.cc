#include "services/ssm/members.h"

namespace kiln::services {
namespace {

constexpr OperationMembers kMembers[] = {
    {"AddTagsToResource", "ResourceType ResourceId Tags{Key Value}"},
    {"DeleteParameter", "Name"},
    {"DeleteParameters", "Names"},
    {"DescribeParameters",
     "Filters{Key Values} ParameterFilters{Key Option Values} MaxResults NextToken"},
    {"GetParameter", "Name WithDecryption"},
    {"GetParameterHistory", "Name WithDecryption MaxResults NextToken"},
    {"GetParameters", "Names WithDecryption"},
    {"GetParametersByPath",
     "Path Recursive ParameterFilters{Key Option Values} WithDecryption MaxResults"
     " NextToken"},
    {"LabelParameterVersion", "Name ParameterVersion Labels"},
    {"ListTagsForResource", "ResourceType ResourceId"},
    {"PutParameter",
     "Name Description Value Type KeyId Overwrite AllowedPattern Tags{Key Value}"
     " Tier Policies DataType"},
    {"RemoveTagsFromResource", "ResourceType ResourceId TagKeys"},
    {"UnlabelParameterVersion", "Name ParameterVersion Labels"},
};

}  // namespace

std::span<const OperationMembers> ssm_members() { return kMembers; }

}  // namespace kiln::services
