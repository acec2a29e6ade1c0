// SAM's policy templates: what each grants.
#include <algorithm>
#include <cctype>
#include <iterator>

#include "base/ascii.h"
#include "template/functions.h"
#include "template/serverless_resource.h"

namespace kiln::cfn {
namespace {

// One statement. Of a template with several there are several. In an ARN @ stands for
// "arn:${AWS::Partition}:" and # for "${AWS::Region}:${AWS::AccountId}"; the other variables are
// the template's parameters, whose names begin with a capital.
struct Grant {
  std::string_view name;
  std::string_view actions;         // = before the one that stands alone
  std::string_view resources;       // [ before a list
  std::string_view condition = {};  // "StringEquals key value"
};
constexpr Grant kGrants[] = {
    {"AMIDescribePolicy", "ec2:DescribeImages", "*"},
    {"AWSSecretsManagerGetSecretValuePolicy", "secretsmanager:GetSecretValue", "${secretArn}"},
    {"AWSSecretsManagerRotationPolicy",
     "secretsmanager:DescribeSecret secretsmanager:GetSecretValue "
     "secretsmanager:PutSecretValue secretsmanager:UpdateSecretVersionStage",
     "@secretsmanager:#:secret:*",
     "StringEquals secretsmanager:resource/AllowRotationLambdaArn "
     "@lambda:#:function:${functionName}"},
    {"AWSSecretsManagerRotationPolicy", "secretsmanager:GetRandomPassword", "*"},
    {"AcmGetCertificatePolicy", "acm:GetCertificate", "${certificateArn}"},
    {"AthenaQueryPolicy",
     "athena:ListWorkGroups athena:GetExecutionEngine athena:GetExecutionEngines "
     "athena:GetNamespace athena:GetCatalogs athena:GetNamespaces athena:GetTables "
     "athena:GetTable",
     "*"},
    {"AthenaQueryPolicy",
     "athena:StartQueryExecution athena:GetQueryResults athena:DeleteNamedQuery "
     "athena:GetNamedQuery athena:ListQueryExecutions athena:StopQueryExecution "
     "athena:GetQueryResultsStream athena:ListNamedQueries athena:CreateNamedQuery "
     "athena:GetQueryExecution athena:BatchGetNamedQuery athena:BatchGetQueryExecution "
     "athena:GetWorkGroup",
     "@athena:#:workgroup/${workgroupName}"},
    {"CloudFormationDescribeStacksPolicy", "cloudformation:DescribeStacks",
     "@cloudformation:#:stack/*"},
    {"CloudWatchDashboardPolicy",
     "cloudwatch:GetDashboard cloudwatch:ListDashboards cloudwatch:PutDashboard "
     "cloudwatch:ListMetrics",
     "*"},
    {"CloudWatchDescribeAlarmHistoryPolicy", "cloudwatch:DescribeAlarmHistory", "*"},
    {"CloudWatchPutMetricPolicy", "cloudwatch:PutMetricData", "*"},
    {"CodeCommitCrudPolicy",
     "codecommit:GitPull codecommit:GitPush codecommit:CreateBranch "
     "codecommit:DeleteBranch codecommit:GetBranch codecommit:ListBranches "
     "codecommit:MergeBranchesByFastForward codecommit:MergeBranchesBySquash "
     "codecommit:MergeBranchesByThreeWay codecommit:UpdateDefaultBranch "
     "codecommit:BatchDescribeMergeConflicts codecommit:CreateUnreferencedMergeCommit "
     "codecommit:DescribeMergeConflicts codecommit:GetMergeCommit "
     "codecommit:GetMergeOptions codecommit:BatchGetPullRequests "
     "codecommit:CreatePullRequest codecommit:DescribePullRequestEvents "
     "codecommit:GetCommentsForPullRequest codecommit:GetCommitsFromMergeBase "
     "codecommit:GetMergeConflicts codecommit:GetPullRequest codecommit:ListPullRequests "
     "codecommit:MergePullRequestByFastForward codecommit:MergePullRequestBySquash "
     "codecommit:MergePullRequestByThreeWay codecommit:PostCommentForPullRequest "
     "codecommit:UpdatePullRequestDescription codecommit:UpdatePullRequestStatus "
     "codecommit:UpdatePullRequestTitle codecommit:DeleteFile codecommit:GetBlob "
     "codecommit:GetFile codecommit:GetFolder codecommit:PutFile "
     "codecommit:DeleteCommentContent codecommit:GetComment "
     "codecommit:GetCommentsForComparedCommit codecommit:PostCommentForComparedCommit "
     "codecommit:PostCommentReply codecommit:UpdateComment codecommit:BatchGetCommits "
     "codecommit:CreateCommit codecommit:GetCommit codecommit:GetCommitHistory "
     "codecommit:GetDifferences codecommit:GetObjectIdentifier codecommit:GetReferences "
     "codecommit:GetTree codecommit:GetRepository codecommit:UpdateRepositoryDescription "
     "codecommit:ListTagsForResource codecommit:TagResource codecommit:UntagResource "
     "codecommit:GetRepositoryTriggers codecommit:PutRepositoryTriggers "
     "codecommit:TestRepositoryTriggers codecommit:GetBranch codecommit:GetCommit "
     "codecommit:UploadArchive codecommit:GetUploadArchiveStatus "
     "codecommit:CancelUploadArchive",
     "@codecommit:#:${repositoryName}"},
    {"CodeCommitReadPolicy",
     "codecommit:GitPull codecommit:GetBranch codecommit:ListBranches "
     "codecommit:BatchDescribeMergeConflicts codecommit:DescribeMergeConflicts "
     "codecommit:GetMergeCommit codecommit:GetMergeOptions "
     "codecommit:BatchGetPullRequests codecommit:DescribePullRequestEvents "
     "codecommit:GetCommentsForPullRequest codecommit:GetCommitsFromMergeBase "
     "codecommit:GetMergeConflicts codecommit:GetPullRequest codecommit:ListPullRequests "
     "codecommit:GetBlob codecommit:GetFile codecommit:GetFolder codecommit:GetComment "
     "codecommit:GetCommentsForComparedCommit codecommit:BatchGetCommits "
     "codecommit:GetCommit codecommit:GetCommitHistory codecommit:GetDifferences "
     "codecommit:GetObjectIdentifier codecommit:GetReferences codecommit:GetTree "
     "codecommit:GetRepository codecommit:ListTagsForResource "
     "codecommit:GetRepositoryTriggers codecommit:TestRepositoryTriggers "
     "codecommit:GetBranch codecommit:GetCommit codecommit:GetUploadArchiveStatus",
     "@codecommit:#:${repositoryName}"},
    {"CodePipelineLambdaExecutionPolicy",
     "codepipeline:PutJobSuccessResult codepipeline:PutJobFailureResult", "*"},
    {"CodePipelineReadOnlyPolicy", "codepipeline:ListPipelineExecutions",
     "@codepipeline:#:${pipelinename}"},
    {"ComprehendBasicAccessPolicy",
     "comprehend:BatchDetectKeyPhrases comprehend:DetectDominantLanguage "
     "comprehend:DetectEntities comprehend:BatchDetectEntities "
     "comprehend:DetectKeyPhrases comprehend:DetectSentiment "
     "comprehend:BatchDetectDominantLanguage comprehend:BatchDetectSentiment",
     "*"},
    {"CostExplorerReadOnlyPolicy",
     "ce:GetCostAndUsage ce:GetDimensionValues ce:GetReservationCoverage "
     "ce:GetReservationPurchaseRecommendation ce:GetReservationUtilization ce:GetTags",
     "*"},
    {"DynamoDBBackupFullAccessPolicy", "dynamodb:CreateBackup dynamodb:DescribeContinuousBackups",
     "@dynamodb:#:table/${tableName}"},
    {"DynamoDBBackupFullAccessPolicy",
     "dynamodb:DeleteBackup dynamodb:DescribeBackup dynamodb:ListBackups",
     "@dynamodb:#:table/${tableName}/backup/*"},
    {"DynamoDBCrudPolicy",
     "dynamodb:GetItem dynamodb:DeleteItem dynamodb:PutItem dynamodb:Scan dynamodb:Query "
     "dynamodb:UpdateItem dynamodb:BatchWriteItem dynamodb:BatchGetItem "
     "dynamodb:DescribeTable dynamodb:ConditionCheckItem",
     "[@dynamodb:#:table/${tableName} @dynamodb:#:table/${tableName}/index/*"},
    {"DynamoDBReadPolicy",
     "dynamodb:GetItem dynamodb:Scan dynamodb:Query dynamodb:BatchGetItem "
     "dynamodb:DescribeTable",
     "[@dynamodb:#:table/${tableName} @dynamodb:#:table/${tableName}/index/*"},
    {"DynamoDBReconfigurePolicy", "dynamodb:UpdateTable", "@dynamodb:#:table/${tableName}"},
    {"DynamoDBRestoreFromBackupPolicy", "dynamodb:RestoreTableFromBackup",
     "@dynamodb:#:table/${tableName}/backup/*"},
    {"DynamoDBRestoreFromBackupPolicy",
     "dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem dynamodb:GetItem "
     "dynamodb:Query dynamodb:Scan dynamodb:BatchWriteItem",
     "@dynamodb:#:table/${tableName}"},
    {"DynamoDBStreamReadPolicy",
     "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator",
     "@dynamodb:#:table/${tableName}/stream/${streamName}"},
    {"DynamoDBStreamReadPolicy", "dynamodb:ListStreams", "@dynamodb:#:table/${tableName}/stream/*"},
    {"DynamoDBWritePolicy", "dynamodb:PutItem dynamodb:UpdateItem dynamodb:BatchWriteItem",
     "[@dynamodb:#:table/${tableName} @dynamodb:#:table/${tableName}/index/*"},
    {"EC2CopyImagePolicy", "ec2:CopyImage", "@ec2:#:image/${imageId}"},
    {"EC2DescribePolicy", "ec2:DescribeRegions ec2:DescribeInstances", "*"},
    {"EFSWriteAccessPolicy", "elasticfilesystem:ClientMount elasticfilesystem:ClientWrite",
     "@elasticfilesystem:#:file-system/${FileSystem}",
     "StringEquals elasticfilesystem:AccessPointArn "
     "@elasticfilesystem:#:access-point/${AccessPoint}"},
    {"EKSDescribePolicy", "eks:DescribeCluster eks:ListClusters", "*"},
    {"EcsRunTaskPolicy", "ecs:RunTask", "@ecs:#:task-definition/${taskDefinition}"},
    {"ElasticMapReduceAddJobFlowStepsPolicy", "=elasticmapreduce:AddJobFlowSteps",
     "@elasticmapreduce:#:cluster/${clusterId}"},
    {"ElasticMapReduceCancelStepsPolicy", "=elasticmapreduce:CancelSteps",
     "@elasticmapreduce:#:cluster/${clusterId}"},
    {"ElasticMapReduceModifyInstanceFleetPolicy",
     "elasticmapreduce:ModifyInstanceFleet elasticmapreduce:ListInstanceFleets",
     "@elasticmapreduce:#:cluster/${clusterId}"},
    {"ElasticMapReduceModifyInstanceGroupsPolicy",
     "elasticmapreduce:ModifyInstanceGroups elasticmapreduce:ListInstanceGroups",
     "@elasticmapreduce:#:cluster/${clusterId}"},
    {"ElasticMapReduceSetTerminationProtectionPolicy", "=elasticmapreduce:SetTerminationProtection",
     "@elasticmapreduce:#:cluster/${clusterId}"},
    {"ElasticMapReduceTerminateJobFlowsPolicy", "=elasticmapreduce:TerminateJobFlows",
     "@elasticmapreduce:#:cluster/${clusterId}"},
    {"ElasticsearchHttpPostPolicy", "es:ESHttpPost es:ESHttpPut", "@es:#:domain/${domainName}/*"},
    {"EventBridgePutEventsPolicy", "=events:PutEvents", "@events:#:event-bus/${eventBusName}"},
    {"FilterLogEventsPolicy", "logs:FilterLogEvents",
     "@logs:#:log-group:${logGroupName}:log-stream:*"},
    {"FirehoseCrudPolicy",
     "firehose:CreateDeliveryStream firehose:DeleteDeliveryStream "
     "firehose:DescribeDeliveryStream firehose:PutRecord firehose:PutRecordBatch "
     "firehose:UpdateDestination",
     "@firehose:#:deliverystream/${deliveryStreamName}"},
    {"FirehoseWritePolicy", "firehose:PutRecord firehose:PutRecordBatch",
     "@firehose:#:deliverystream/${deliveryStreamName}"},
    {"KMSDecryptPolicy", "=kms:Decrypt", "@kms:#:key/${keyId}"},
    {"KMSEncryptPolicy", "=kms:Encrypt", "@kms:#:key/${keyId}"},
    {"KMSEncryptPolicy_v2",
     "kms:Encrypt kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext "
     "kms:GenerateDataKeyPair kms:GenerateDataKeyPairWithoutPlaintext",
     "@kms:#:key/${keyId}"},
    {"KinesisCrudPolicy",
     "kinesis:AddTagsToStream kinesis:CreateStream kinesis:DecreaseStreamRetentionPeriod "
     "kinesis:DeleteStream kinesis:DescribeStream kinesis:DescribeStreamSummary "
     "kinesis:GetShardIterator kinesis:IncreaseStreamRetentionPeriod "
     "kinesis:ListTagsForStream kinesis:MergeShards kinesis:PutRecord kinesis:PutRecords "
     "kinesis:SplitShard kinesis:RemoveTagsFromStream",
     "@kinesis:#:stream/${streamName}"},
    {"KinesisStreamReadPolicy", "kinesis:ListStreams kinesis:DescribeLimits",
     "@kinesis:#:stream/*"},
    {"KinesisStreamReadPolicy",
     "kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords "
     "kinesis:GetShardIterator",
     "@kinesis:#:stream/${streamName}"},
    {"LambdaInvokePolicy", "lambda:InvokeFunction", "@lambda:#:function:${functionName}*"},
    {"MobileAnalyticsWriteOnlyAccessPolicy", "mobileanalytics:PutEvents", "*"},
    {"OrganizationsListAccountsPolicy", "organizations:ListAccounts", "*"},
    {"PinpointEndpointAccessPolicy",
     "mobiletargeting:GetEndpoint mobiletargeting:UpdateEndpoint "
     "mobiletargeting:UpdateEndpointsBatch",
     "@mobiletargeting:#:apps/${pinpointApplicationId}/endpoints/*"},
    {"PollyFullAccessPolicy", "polly:GetLexicon polly:DeleteLexicon",
     "[@polly:#:lexicon/${lexiconName}"},
    {"PollyFullAccessPolicy",
     "polly:DescribeVoices polly:ListLexicons polly:PutLexicon polly:SynthesizeSpeech",
     "[@polly:#:lexicon/*"},
    {"RekognitionDetectOnlyPolicy",
     "rekognition:DetectFaces rekognition:DetectLabels rekognition:DetectModerationLabels "
     "rekognition:DetectText",
     "*"},
    {"RekognitionFacesManagementPolicy",
     "rekognition:IndexFaces rekognition:DeleteFaces rekognition:SearchFaces "
     "rekognition:SearchFacesByImage rekognition:ListFaces",
     "@rekognition:#:collection/${collectionId}"},
    {"RekognitionFacesPolicy", "rekognition:CompareFaces rekognition:DetectFaces", "*"},
    {"RekognitionLabelsPolicy", "rekognition:DetectLabels rekognition:DetectModerationLabels", "*"},
    {"RekognitionNoDataAccessPolicy",
     "rekognition:CompareFaces rekognition:DetectFaces rekognition:DetectLabels "
     "rekognition:DetectModerationLabels",
     "@rekognition:#:collection/${collectionId}"},
    {"RekognitionReadPolicy",
     "rekognition:ListCollections rekognition:ListFaces rekognition:SearchFaces "
     "rekognition:SearchFacesByImage",
     "@rekognition:#:collection/${collectionId}"},
    {"RekognitionWriteOnlyAccessPolicy", "rekognition:CreateCollection rekognition:IndexFaces",
     "@rekognition:#:collection/${collectionId}"},
    {"Route53ChangeResourceRecordSetsPolicy", "route53:ChangeResourceRecordSets",
     "@route53:::hostedzone/${HostedZoneId}"},
    {"S3CrudPolicy",
     "s3:GetObject s3:ListBucket s3:GetBucketLocation s3:GetObjectVersion s3:PutObject "
     "s3:PutObjectAcl s3:GetLifecycleConfiguration s3:PutLifecycleConfiguration "
     "s3:DeleteObject",
     "[@s3:::${bucketName} @s3:::${bucketName}/*"},
    {"S3FullAccessPolicy",
     "s3:GetObject s3:GetObjectAcl s3:GetObjectVersion s3:PutObject s3:PutObjectAcl "
     "s3:DeleteObject s3:DeleteObjectTagging s3:DeleteObjectVersionTagging "
     "s3:GetObjectTagging s3:GetObjectVersionTagging s3:PutObjectTagging "
     "s3:PutObjectVersionTagging",
     "[@s3:::${bucketName}/*"},
    {"S3FullAccessPolicy",
     "s3:ListBucket s3:GetBucketLocation s3:GetLifecycleConfiguration "
     "s3:PutLifecycleConfiguration",
     "[@s3:::${bucketName}"},
    {"S3ReadPolicy",
     "s3:GetObject s3:ListBucket s3:GetBucketLocation s3:GetObjectVersion "
     "s3:GetLifecycleConfiguration",
     "[@s3:::${bucketName} @s3:::${bucketName}/*"},
    {"S3WritePolicy", "s3:PutObject s3:PutObjectAcl s3:PutLifecycleConfiguration",
     "[@s3:::${bucketName} @s3:::${bucketName}/*"},
    {"SESBulkTemplatedCrudPolicy",
     "ses:GetIdentityVerificationAttributes ses:SendEmail ses:SendRawEmail "
     "ses:SendTemplatedEmail ses:SendBulkTemplatedEmail ses:VerifyEmailIdentity",
     "@ses:#:identity/${identityName}"},
    {"SESBulkTemplatedCrudPolicy_v2",
     "ses:SendEmail ses:SendRawEmail ses:SendTemplatedEmail ses:SendBulkTemplatedEmail",
     "[@ses:#:identity/${identityName} @ses:#:template/${templateName}"},
    {"SESBulkTemplatedCrudPolicy_v2",
     "ses:GetIdentityVerificationAttributes ses:VerifyEmailIdentity", "*"},
    {"SESCrudPolicy",
     "ses:GetIdentityVerificationAttributes ses:SendEmail ses:SendRawEmail "
     "ses:VerifyEmailIdentity",
     "@ses:#:identity/${identityName}"},
    {"SESEmailTemplateCrudPolicy",
     "ses:CreateTemplate ses:GetTemplate ses:ListTemplates ses:UpdateTemplate "
     "ses:DeleteTemplate ses:TestRenderTemplate",
     "*"},
    {"SESSendBouncePolicy", "ses:SendBounce", "@ses:#:identity/${identityName}"},
    {"SNSCrudPolicy",
     "sns:ListSubscriptionsByTopic sns:CreateTopic sns:SetTopicAttributes sns:Subscribe "
     "sns:Publish",
     "@sns:#:${topicName}*"},
    {"SNSPublishMessagePolicy", "sns:Publish", "@sns:#:${topicName}"},
    {"SQSPollerPolicy",
     "sqs:ChangeMessageVisibility sqs:ChangeMessageVisibilityBatch sqs:DeleteMessage "
     "sqs:DeleteMessageBatch sqs:GetQueueAttributes sqs:ReceiveMessage",
     "@sqs:#:${queueName}"},
    {"SQSSendMessagePolicy", "sqs:SendMessage*", "@sqs:#:${queueName}"},
    {"SSMParameterReadPolicy", "ssm:DescribeParameters", "*"},
    {"SSMParameterReadPolicy", "ssm:GetParameters ssm:GetParameter ssm:GetParametersByPath",
     "@ssm:#:parameter/${parameterName}"},
    {"SSMParameterWithSlashPrefixReadPolicy", "ssm:DescribeParameters", "*"},
    {"SSMParameterWithSlashPrefixReadPolicy",
     "ssm:GetParameters ssm:GetParameter ssm:GetParametersByPath",
     "@ssm:#:parameter${parameterName}"},
    {"SageMakerCreateEndpointConfigPolicy", "sagemaker:CreateEndpointConfig",
     "@sagemaker:#:endpoint-config/${endpointConfigName}"},
    {"SageMakerCreateEndpointPolicy", "sagemaker:CreateEndpoint",
     "@sagemaker:#:endpoint/${endpointName}"},
    {"ServerlessRepoReadWriteAccessPolicy",
     "serverlessrepo:CreateApplication serverlessrepo:CreateApplicationVersion "
     "serverlessrepo:UpdateApplication serverlessrepo:GetApplication "
     "serverlessrepo:ListApplications serverlessrepo:ListApplicationVersions "
     "serverlessrepo:ListApplicationDependencies",
     "[@serverlessrepo:#:applications/*"},
    {"StepFunctionsCallbackPolicy",
     "states:SendTaskFailure states:SendTaskHeartbeat states:SendTaskSuccess",
     "@states:#:stateMachine:${stateMachineName}"},
    {"StepFunctionsExecutionPolicy", "states:StartExecution",
     "@states:#:stateMachine:${stateMachineName}"},
    {"StepFunctionsExecutionPolicy_v2", "states:StartExecution states:StartSyncExecution",
     "@states:#:stateMachine:${stateMachineName}"},
    {"TextractDetectAnalyzePolicy",
     "textract:DetectDocumentText textract:StartDocumentTextDetection "
     "textract:StartDocumentAnalysis textract:AnalyzeDocument",
     "*"},
    {"TextractGetResultPolicy", "textract:GetDocumentTextDetection textract:GetDocumentAnalysis",
     "*"},
    {"TextractPolicy", "textract:*", "*"},
    {"VPCAccessPolicy",
     "ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeNetworkInterfaces "
     "ec2:DetachNetworkInterface",
     "*"},
};

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find(' ', start), text.size());
    if (end > start) out.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return out;
}

std::string written_out(std::string_view arn) {
  std::string out;
  for (const char c : arn) {
    if (c == '@')
      out += "arn:${AWS::Partition}:";
    else if (c == '#')
      out += "${AWS::Region}:${AWS::AccountId}";
    else
      out += c;
  }
  return out;
}

std::string parameter_of(const std::string& variable) {
  if (variable == "workgroupName") return "WorkGroupName";
  if (variable == "pipelinename") return "PipelineName";
  std::string out = variable;
  out[0] = ascii::upper(out[0]);
  return out;
}

class Filler {
 public:
  Filler(SamTemplate& all, const SamResource& owner, const Member& policy)
      : all_(all), owner_(owner), policy_(policy) {}

  Node statement(const Grant& grant) {
    const bool alone = grant.actions.starts_with('=');
    Node actions = sam::list();
    for (std::string& action : words(grant.actions.substr(alone ? 1 : 0)))
      actions.list.push_back(sam::text(std::move(action)));
    const bool list = grant.resources.starts_with('[');
    Node resources = sam::list();
    for (const std::string& one : words(grant.resources.substr(list ? 1 : 0)))
      resources.list.push_back(resource(one));
    Node out = sam::map({{"Action", alone ? Node(actions.list[0]) : actions},
                         {"Effect", "Allow"},
                         {"Resource", list ? resources : Node(resources.list[0])}});
    if (const auto condition = words(grant.condition); condition.size() == 3) {
      Node key = sam::map();
      sam::put(key, condition[1], resource(condition[2]));
      Node whole = sam::map();
      sam::put(whole, condition[0], std::move(key));
      sam::put(out, "Condition", std::move(whole));
    }
    return out;
  }

  // Once all statements are made.
  void tell_missing() const {
    if (missing_.empty()) return;
    std::string names;
    for (const std::string& name : missing_) names += (names.empty() ? "'" : ", '") + name + "'";
    sam_problem(all_, owner_, policy_.place,
                "Following required parameters of template '" + policy_.name +
                    "' don't have values: [" + names + "]");
  }

 private:
  Node resource(const std::string& arn) {
    if (arn == "*") return sam::text(arn);
    std::string whole = written_out(arn);
    Node variables = sam::map();
    for (const SubPart& part : sub_parts(whole)) {
      if (part.kind != SubPart::Kind::kVariable || part.text.starts_with("AWS::")) continue;
      const std::string parameter = parameter_of(part.text);
      const Node* value = policy_.value.find(parameter);
      if (!value) {
        if (std::find(missing_.begin(), missing_.end(), parameter) == missing_.end())
          missing_.push_back(parameter);
        continue;
      }
      sam::put(variables, part.text, *value);
    }
    return variables.map.empty() ? sam::sub(std::move(whole))
                                 : sam::sub(std::move(whole), std::move(variables));
  }

  SamTemplate& all_;
  const SamResource& owner_;
  const Member& policy_;
  std::vector<std::string> missing_;
};

}  // namespace

std::optional<Node> policy_template(SamTemplate& all, const SamResource& owner,
                                    const Member& policy) {
  Filler filler(all, owner, policy);
  Node statements = sam::list();
  for (const Grant& grant : kGrants)
    if (grant.name == policy.name) statements.list.push_back(filler.statement(grant));
  filler.tell_missing();
  if (statements.list.empty()) return std::nullopt;
  return sam::map({{"Statement", std::move(statements)}});
}

}  // namespace kiln::cfn
