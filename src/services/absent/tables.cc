#include "services/absent/tables.h"

#include <array>

namespace kiln::services::absent {
namespace {

constexpr std::string_view kNoRepository = "RepositoryNotFoundException";
constexpr std::string_view kNoRepositoryText =
    "The repository with name '{}' does not exist in the registry with id '{account}'";
constexpr std::string_view kNoResource = "ResourceNotFoundException";
constexpr std::string_view kNoTable = "Requested resource not found: Table: {} not found";
constexpr std::string_view kNoQueue = "AWS.SimpleQueueService.NonExistentQueue";
constexpr std::string_view kNoQueueText = "The specified queue does not exist.";
constexpr std::string_view kNoRule = "Rule {} does not exist on EventBus default.";
constexpr std::string_view kNoStream = "Stream {} under account {account} not found.";
constexpr std::string_view kNoMachine = "StateMachineDoesNotExist";
constexpr std::string_view kNoMachineText = "State Machine Does Not Exist: '{}'";
constexpr std::string_view kNoSecret = "Secrets Manager can't find the specified secret.";
constexpr std::string_view kNoPool = "User pool {} does not exist.";
constexpr std::string_view kNoApplication = "ApplicationDoesNotExistException";
constexpr std::string_view kNoApplicationText = "No application found for name: {}";

constexpr std::array kQuestions = {
    Question{"ecr", "DescribeRepositories", "repositoryNames", kNoRepository, kNoRepositoryText,
             R"({"repositories":[]})"},
    Question{"ecr", "DescribeImages", "repositoryName", kNoRepository, kNoRepositoryText, {}},
    Question{"ecr", "ListImages", "repositoryName", kNoRepository, kNoRepositoryText, {}},
    Question{"ecr", "BatchGetImage", "repositoryName", kNoRepository, kNoRepositoryText, {}},
    Question{"ecr", "BatchDeleteImage", "repositoryName", kNoRepository, kNoRepositoryText, {}},
    Question{"ecr", "GetRepositoryPolicy", "repositoryName", kNoRepository, kNoRepositoryText, {}},
    Question{"ecr", "GetLifecyclePolicy", "repositoryName", kNoRepository, kNoRepositoryText, {}},
    Question{"ecr", "DeleteRepository", "repositoryName", kNoRepository, kNoRepositoryText, {}},

    Question{"dynamodb", "DescribeTable", "TableName", kNoResource, kNoTable, {}},
    Question{"dynamodb", "DescribeTimeToLive", "TableName", kNoResource, kNoTable, {}},
    Question{"dynamodb",
             "DescribeContinuousBackups",
             "TableName",
             "TableNotFoundException",
             "Table not found: {}",
             {}},
    Question{"dynamodb", "DeleteTable", "TableName", kNoResource, kNoTable, {}},
    Question{"dynamodb", "ListTables", {}, {}, {}, R"({"TableNames":[]})"},
    Question{"dynamodbstreams", "ListStreams", {}, {}, {}, R"({"Streams":[]})"},

    Question{"sqs", "GetQueueUrl", "QueueName", kNoQueue, kNoQueueText, {}},
    Question{"sqs", "GetQueueAttributes", "QueueUrl", kNoQueue, kNoQueueText, {}},
    Question{"sqs", "ListQueueTags", "QueueUrl", kNoQueue, kNoQueueText, {}},
    Question{"sqs", "DeleteQueue", "QueueUrl", kNoQueue, kNoQueueText, {}},
    Question{"sqs", "ListQueues", {}, {}, {}, "{}"},

    Question{"events", "DescribeRule", "Name", kNoResource, kNoRule, {}},
    Question{"events", "ListTargetsByRule", "Rule", kNoResource, kNoRule, {}},
    Question{"events", "RemoveTargets", "Rule", kNoResource, kNoRule, {}},
    Question{"events", "ListRules", {}, {}, {}, R"({"Rules":[]})"},
    Question{"events", "ListRuleNamesByTarget", {}, {}, {}, R"({"RuleNames":[]})"},
    Question{"events", "DescribeEventBus", "Name", kNoResource, "Event bus {} does not exist.",
             R"({"Name":"default","Arn":"{arn}:event-bus/default"})", "default"},
    Question{"events",
             "ListEventBuses",
             {},
             {},
             {},
             R"({"EventBuses":[{"Name":"default","Arn":"{arn}:event-bus/default"}]})"},

    Question{"kinesis", "DescribeStream", "StreamName", kNoResource, kNoStream, {}},
    Question{"kinesis", "DescribeStreamSummary", "StreamName", kNoResource, kNoStream, {}},
    Question{"kinesis",
             "ListStreams",
             {},
             {},
             {},
             R"({"StreamNames":[],"HasMoreStreams":false,"StreamSummaries":[]})"},
    Question{"firehose",
             "DescribeDeliveryStream",
             "DeliveryStreamName",
             kNoResource,
             "Firehose {} under account {account} not found.",
             {}},
    Question{"firehose",
             "ListDeliveryStreams",
             {},
             {},
             {},
             R"({"DeliveryStreamNames":[],"HasMoreDeliveryStreams":false})"},

    Question{
        "stepfunctions", "DescribeStateMachine", "stateMachineArn", kNoMachine, kNoMachineText, {}},
    Question{"stepfunctions", "ListExecutions", "stateMachineArn", kNoMachine, kNoMachineText, {}},
    Question{"stepfunctions", "ListStateMachines", {}, {}, {}, R"({"stateMachines":[]})"},

    Question{"secretsmanager", "DescribeSecret", "SecretId", kNoResource, kNoSecret, {}},
    Question{"secretsmanager", "GetSecretValue", "SecretId", kNoResource, kNoSecret, {}},
    Question{"secretsmanager", "ListSecrets", {}, {}, {}, R"({"SecretList":[]})"},

    Question{"kms", "DescribeKey", "KeyId", "NotFoundException", "Key '{}' does not exist", {}},
    Question{"kms", "ListKeys", {}, {}, {}, R"({"Keys":[],"Truncated":false})"},
    Question{"kms", "ListAliases", {}, {}, {}, R"({"Aliases":[],"Truncated":false})"},

    Question{"cognito-idp", "DescribeUserPool", "UserPoolId", kNoResource, kNoPool, {}},
    Question{"cognito-idp", "ListUserPoolClients", "UserPoolId", kNoResource, kNoPool, {}},
    Question{"cognito-idp", "ListUserPools", {}, {}, {}, R"({"UserPools":[]})"},
    Question{"cognito-identity",
             "DescribeIdentityPool",
             "IdentityPoolId",
             kNoResource,
             "IdentityPool '{}' not found.",
             {}},
    Question{"cognito-identity", "ListIdentityPools", {}, {}, {}, R"({"IdentityPools":[]})"},

    Question{"acm",
             "DescribeCertificate",
             "CertificateArn",
             kNoResource,
             "Could not find certificate {}.",
             {}},
    Question{"acm", "ListCertificates", {}, {}, {}, R"({"CertificateSummaryList":[]})"},

    Question{
        "codedeploy", "GetApplication", "applicationName", kNoApplication, kNoApplicationText, {}},
    Question{"codedeploy",
             "GetDeploymentGroup",
             "applicationName",
             kNoApplication,
             kNoApplicationText,
             {}},
    Question{"codedeploy", "ListApplications", {}, {}, {}, R"({"applications":[]})"},

    Question{"ecs", "ListClusters", {}, {}, {}, R"({"clusterArns":[]})"},
};

constexpr std::string_view kNotFound = "NotFoundException";
constexpr std::string_view kNoApi = "Invalid API identifier specified {account}:{}";
constexpr std::string_view kNoHttpApi = "Invalid API identifier specified {}";
constexpr std::string_view kNoDomain = "Invalid domain name identifier specified";
constexpr std::string_view kItems = R"({"item":[]})";

constexpr std::array kPaths = {
    Path{"apigateway", "/restapis", {}, {}, kItems},
    Path{"apigateway", "/restapis/*", kNotFound, kNoApi, {}},
    Path{"apigateway", "/restapis/*/resources", kNotFound, kNoApi, {}},
    Path{"apigateway", "/restapis/*/deployments", kNotFound, kNoApi, {}},
    Path{"apigateway", "/restapis/*/stages", kNotFound, kNoApi, {}},
    Path{"apigateway", "/usageplans", {}, {}, kItems},
    Path{"apigateway", "/usageplans/*", kNotFound, "Invalid Usage Plan ID specified", {}},
    Path{"apigateway", "/apikeys", {}, {}, kItems},
    Path{"apigateway", "/apikeys/*", kNotFound, "Invalid API Key identifier specified", {}},
    Path{"apigateway", "/domainnames", {}, {}, kItems},
    Path{"apigateway", "/domainnames/*", kNotFound, kNoDomain, {}},
    Path{"apigateway", "/vpclinks", {}, {}, kItems},
    Path{"apigateway", "/v2/apis", {}, {}, R"({"items":[]})"},
    Path{"apigateway", "/v2/apis/*", kNotFound, kNoHttpApi, {}},
    Path{"apigateway", "/v2/apis/*/routes", kNotFound, kNoHttpApi, {}},
    Path{"apigateway", "/v2/apis/*/integrations", kNotFound, kNoHttpApi, {}},
    Path{"apigateway", "/v2/apis/*/stages", kNotFound, kNoHttpApi, {}},
    Path{"apigateway", "/v2/domainnames", {}, {}, R"({"items":[]})"},
    Path{"apigateway", "/v2/domainnames/*", kNotFound, kNoDomain, {}},
    Path{"scheduler", "/schedules", {}, {}, R"({"Schedules":[]})"},
    Path{"scheduler", "/schedules/*", kNoResource, "Schedule {} does not exist.", {}},
    Path{"scheduler", "/schedule-groups", {}, {}, R"({"ScheduleGroups":[]})"},
    Path{"pipes", "/v1/pipes", {}, {}, R"({"Pipes":[]})"},
    Path{"pipes", "/v1/pipes/*", kNotFound, "Pipe {} does not exist.", {}},
    Path{"appsync", "/v1/apis", {}, {}, R"({"graphqlApis":[]})"},
    Path{"appsync", "/v1/apis/*", kNotFound, "GraphQL API {} not found.", {}},
    Path{"elasticfilesystem", "/2015-02-01/file-systems", {}, {}, R"({"FileSystems":[]})"},
};

}  // namespace

std::span<const Question> questions() { return kQuestions; }
std::span<const Path> paths() { return kPaths; }

}  // namespace kiln::services::absent
