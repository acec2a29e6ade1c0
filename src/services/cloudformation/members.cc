#include "services/cloudformation/members.h"

namespace kiln::services {
namespace {

constexpr OperationMembers kMembers[] = {
    {"CancelUpdateStack", "StackName ClientRequestToken"},
    {"ContinueUpdateRollback", "StackName RoleARN~ ClientRequestToken"},
    {"CreateChangeSet",
     "StackName TemplateBody TemplateURL UsePreviousTemplate Parameters{ParameterKey"
     " ParameterValue UsePreviousValue ResolvedValue~} Capabilities ResourceTypes"
     " RoleARN~ RollbackConfiguration{RollbackTriggers{Arn Type}"
     " MonitoringTimeInMinutes} NotificationARNs Tags{Key Value} ChangeSetName"
     " ClientToken Description ChangeSetType ResourcesToImport{ResourceType"
     " LogicalResourceId ResourceIdentifier} IncludeNestedStacks KilnSkipUnsupported"
     " OnStackFailure ImportExistingResources~ DeploymentConfig{Mode DisableRollback}"},
    {"CreateStack",
     "StackName TemplateBody TemplateURL Parameters{ParameterKey ParameterValue"
     " UsePreviousValue ResolvedValue~} DisableRollback"
     " RollbackConfiguration{RollbackTriggers{Arn Type} MonitoringTimeInMinutes}"
     " TimeoutInMinutes NotificationARNs Capabilities ResourceTypes RoleARN~"
     " OnFailure StackPolicyBody StackPolicyURL Tags{Key Value} ClientRequestToken"
     " EnableTerminationProtection KilnSkipUnsupported KilnParentStackId OnStackFailure"
     " DeploymentConfig{Mode DisableRollback}"},
    {"DeleteChangeSet", "ChangeSetName StackName"},
    {"DeleteStack",
     "StackName RetainResources RoleARN~ ClientRequestToken DeletionMode"
     " DeploymentConfig{Mode~ DisableRollback~}"},
    {"DescribeChangeSet", "ChangeSetName StackName NextToken IncludePropertyValues"},
    {"DescribeStackEvents", "StackName NextToken"},
    {"DescribeStackResource", "StackName LogicalResourceId"},
    {"DescribeStackResources", "StackName LogicalResourceId PhysicalResourceId"},
    {"DescribeStacks", "StackName NextToken"},
    {"ExecuteChangeSet", "ChangeSetName StackName ClientRequestToken DisableRollback"},
    {"GetTemplate", "StackName ChangeSetName TemplateStage"},
    {"GetTemplateSummary", "TemplateBody TemplateURL StackName CallAs~ TemplateSummaryConfig~"},
    {"ListChangeSets", "StackName NextToken"},
    {"ListExports", "NextToken"},
    {"ListImports", "ExportName NextToken"},
    {"ListStackResources", "StackName NextToken"},
    {"ListStacks", "NextToken StackStatusFilter"},
    {"UpdateStack",
     "StackName TemplateBody TemplateURL UsePreviousTemplate Parameters{ParameterKey"
     " ParameterValue UsePreviousValue ResolvedValue~} Capabilities ResourceTypes"
     " RoleARN~ RollbackConfiguration{RollbackTriggers{Arn Type}"
     " MonitoringTimeInMinutes} StackPolicyBody StackPolicyURL NotificationARNs"
     " Tags{Key Value} DisableRollback ClientRequestToken KilnSkipUnsupported"
     " DeploymentConfig{Mode DisableRollback}"},
    {"UpdateTerminationProtection", "EnableTerminationProtection StackName"},
    {"ValidateTemplate", "TemplateBody TemplateURL KilnSkipUnsupported"},
};

}  // namespace

std::span<const OperationMembers> cloudformation_members() { return kMembers; }

}  // namespace kiln::services
