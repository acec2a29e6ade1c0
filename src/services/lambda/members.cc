#include "services/lambda/members.h"

namespace kiln::services {
namespace {

constexpr OperationMembers kMembers[] = {
    {"AddLayerVersionPermission", "StatementId Action Principal OrganizationId"},
    {"AddPermission",
     "StatementId Action Principal SourceArn SourceAccount EventSourceToken"
     " RevisionId PrincipalOrgID FunctionUrlAuthType InvokedViaFunctionUrl"},
    {"CreateAlias", "Name FunctionVersion Description RoutingConfig{AdditionalVersionWeights}"},
    {"CreateFunction",
     "FunctionName Runtime Role Handler Code{ZipFile S3Bucket S3Key S3ObjectVersion"
     " ImageUri} Description Timeout MemorySize Publish VpcConfig{SubnetIds"
     " SecurityGroupIds Ipv6AllowedForDualStack} PackageType"
     " DeadLetterConfig{TargetArn} Environment KMSKeyArn TracingConfig{Mode} Tags"
     " Layers FileSystemConfigs{Arn LocalMountPath} ImageConfig CodeSigningConfigArn"
     " Architectures EphemeralStorage{Size} SnapStart{ApplyOn} LoggingConfig{LogFormat"
     " ApplicationLogLevel SystemLogLevel LogGroup}"},
    {"CreateFunctionUrlConfig",
     "AuthType Cors{AllowCredentials AllowHeaders AllowMethods AllowOrigins"
     " ExposeHeaders MaxAge} InvokeMode"},
    {"DeleteAlias", ""},
    {"DeleteFunction", ""},
    {"DeleteFunctionCodeSigningConfig", ""},
    {"DeleteFunctionConcurrency", ""},
    {"DeleteFunctionEventInvokeConfig", ""},
    {"DeleteFunctionUrlConfig", ""},
    {"DeleteLayerVersion", ""},
    {"DeleteProvisionedConcurrencyConfig", ""},
    {"GetAccountSettings", ""},
    {"GetAlias", ""},
    {"GetFunction", ""},
    {"GetFunctionCodeSigningConfig", ""},
    {"GetFunctionConcurrency", ""},
    {"GetFunctionConfiguration", ""},
    {"GetFunctionEventInvokeConfig", ""},
    {"GetFunctionRecursionConfig", ""},
    {"GetFunctionUrlConfig", ""},
    {"GetLayerVersion", ""},
    {"GetLayerVersionByArn", ""},
    {"GetLayerVersionPolicy", ""},
    {"GetPolicy", ""},
    {"GetProvisionedConcurrencyConfig", ""},
    {"GetRuntimeManagementConfig", ""},
    {"ListAliases", ""},
    {"ListFunctionEventInvokeConfigs", ""},
    {"ListFunctionUrlConfigs", ""},
    {"ListFunctions", ""},
    {"ListLayerVersions", ""},
    {"ListLayers", ""},
    {"ListProvisionedConcurrencyConfigs", ""},
    {"ListTags", ""},
    {"ListVersionsByFunction", ""},
    {"PublishLayerVersion",
     "Description Content{S3Bucket S3Key S3ObjectVersion ZipFile} CompatibleRuntimes"
     " LicenseInfo CompatibleArchitectures"},
    {"PublishVersion", "CodeSha256 Description RevisionId"},
    {"PutFunctionCodeSigningConfig", "CodeSigningConfigArn"},
    {"PutFunctionConcurrency", "ReservedConcurrentExecutions"},
    {"PutFunctionEventInvokeConfig",
     "MaximumRetryAttempts MaximumEventAgeInSeconds"
     " DestinationConfig{OnSuccess{Destination} OnFailure{Destination}}"},
    {"PutFunctionRecursionConfig", "RecursiveLoop"},
    {"PutProvisionedConcurrencyConfig", "ProvisionedConcurrentExecutions"},
    {"PutRuntimeManagementConfig", "UpdateRuntimeOn RuntimeVersionArn"},
    {"RemoveLayerVersionPermission", ""},
    {"RemovePermission", ""},
    {"TagResource", "Tags"},
    {"UntagResource", ""},
    {"UpdateAlias",
     "FunctionVersion Description RoutingConfig{AdditionalVersionWeights} RevisionId"},
    {"UpdateFunctionCode",
     "ZipFile S3Bucket S3Key S3ObjectVersion ImageUri Publish DryRun RevisionId"
     " Architectures"},
    {"UpdateFunctionConfiguration",
     "Role Handler Description Timeout MemorySize VpcConfig{SubnetIds SecurityGroupIds"
     " Ipv6AllowedForDualStack} Environment Runtime"
     " DeadLetterConfig{TargetArn} KMSKeyArn TracingConfig{Mode} RevisionId Layers"
     " FileSystemConfigs{Arn LocalMountPath} ImageConfig EphemeralStorage{Size} SnapStart{ApplyOn}"
     " LoggingConfig{LogFormat ApplicationLogLevel SystemLogLevel LogGroup}"},
    {"UpdateFunctionEventInvokeConfig",
     "MaximumRetryAttempts MaximumEventAgeInSeconds"
     " DestinationConfig{OnSuccess{Destination} OnFailure{Destination}}"},
    {"UpdateFunctionUrlConfig",
     "AuthType Cors{AllowCredentials AllowHeaders AllowMethods AllowOrigins"
     " ExposeHeaders MaxAge} InvokeMode"},
};

constexpr OperationMembers kParameters[] = {
    {"AddLayerVersionPermission", "RevisionId"},
    {"AddPermission", "Qualifier"},
    {"CreateAlias", ""},
    {"CreateFunction", ""},
    {"CreateFunctionUrlConfig", "Qualifier"},
    {"DeleteAlias", ""},
    {"DeleteFunction", "Qualifier"},
    {"DeleteFunctionCodeSigningConfig", ""},
    {"DeleteFunctionConcurrency", ""},
    {"DeleteFunctionEventInvokeConfig", "Qualifier"},
    {"DeleteFunctionUrlConfig", "Qualifier"},
    {"DeleteLayerVersion", ""},
    {"DeleteProvisionedConcurrencyConfig", "Qualifier"},
    {"GetAccountSettings", ""},
    {"GetAlias", ""},
    {"GetFunction", "Qualifier"},
    {"GetFunctionCodeSigningConfig", ""},
    {"GetFunctionConcurrency", ""},
    {"GetFunctionConfiguration", "Qualifier"},
    {"GetFunctionEventInvokeConfig", "Qualifier"},
    {"GetFunctionRecursionConfig", ""},
    {"GetFunctionUrlConfig", "Qualifier"},
    {"GetLayerVersion", ""},
    {"GetLayerVersionByArn", "Arn find~"},
    {"GetLayerVersionPolicy", ""},
    {"GetPolicy", "Qualifier"},
    {"GetProvisionedConcurrencyConfig", "Qualifier"},
    {"GetRuntimeManagementConfig", "Qualifier"},
    {"ListAliases", "FunctionVersion Marker MaxItems"},
    {"ListFunctionEventInvokeConfigs", "Marker MaxItems"},
    {"ListFunctionUrlConfigs", "Marker MaxItems"},
    {"ListFunctions", "MasterRegion~ FunctionVersion Marker MaxItems"},
    {"ListLayerVersions", "CompatibleRuntime Marker MaxItems CompatibleArchitecture"},
    {"ListLayers", "CompatibleRuntime Marker MaxItems CompatibleArchitecture"},
    {"ListProvisionedConcurrencyConfigs", "List~ Marker MaxItems"},
    {"ListTags", ""},
    {"ListVersionsByFunction", "Marker MaxItems"},
    {"PublishLayerVersion", ""},
    {"PublishVersion", ""},
    {"PutFunctionCodeSigningConfig", ""},
    {"PutFunctionConcurrency", ""},
    {"PutFunctionEventInvokeConfig", "Qualifier"},
    {"PutFunctionRecursionConfig", ""},
    {"PutProvisionedConcurrencyConfig", "Qualifier"},
    {"PutRuntimeManagementConfig", "Qualifier"},
    {"RemoveLayerVersionPermission", "RevisionId"},
    {"RemovePermission", "Qualifier RevisionId"},
    {"TagResource", ""},
    {"UntagResource", "tagKeys"},
    {"UpdateAlias", ""},
    {"UpdateFunctionCode", ""},
    {"UpdateFunctionConfiguration", ""},
    {"UpdateFunctionEventInvokeConfig", "Qualifier"},
    {"UpdateFunctionUrlConfig", "Qualifier"},
};

}  // namespace

std::span<const OperationMembers> lambda_members() { return kMembers; }
std::span<const OperationMembers> lambda_parameters() { return kParameters; }

}  // namespace kiln::services
