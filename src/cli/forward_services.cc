#include "cli/forward_services.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/near_word.h"

namespace kiln::cli {
namespace {

// Services that a forward can't take away from Kiln, which has them itself.
constexpr std::array kOwnServices = {
    std::string_view("application-autoscaling"),
    std::string_view("cloudformation"),
    std::string_view("cloudwatch"),
    std::string_view("compute-optimizer"),
    std::string_view("lambda"),
    std::string_view("logs"),
    std::string_view("monitoring"),
    std::string_view("sns"),
};

// The names that requests to AWS's services are signed for, in order; botocore has them as
// signingName.
// clang-format off
constexpr std::string_view kSignedNames[] = {
    "IoTSecuredTunneling", "access-analyzer", "account", "acm", "acm-pca", "aco-automation",
    "aidevops", "aiops", "airflow", "airflow-serverless", "amplify", "amplifybackend",
    "amplifyuibuilder", "aoss", "apigateway", "app-integrations", "appconfig", "appfabric",
    "appflow", "application-cost-profiler", "application-signals", "applicationinsights", "appmesh",
    "apprunner", "appstream", "appsync", "aps", "arc-region-switch", "arc-zonal-shift", "artifact",
    "athena", "auditmanager", "autoscaling", "autoscaling-plans", "aws-marketplace", "awsssoportal",
    "b2bi", "backup", "backup-gateway", "backup-search", "batch", "bcm-dashboards",
    "bcm-data-exports", "bcm-pricing-calculator", "bcm-recommended-actions", "bedrock",
    "bedrock-agentcore", "billing", "billingconductor", "braket", "budgets", "cases", "cassandra",
    "ce", "chatbot", "chime", "cleanrooms", "cleanrooms-ml", "cloud9", "cloudcontrolapi",
    "clouddirectory", "cloudfront", "cloudfront-keyvaluestore", "cloudhsm", "cloudsearch",
    "cloudtrail", "cloudtrail-data", "codeartifact", "codebuild", "codecatalyst", "codecommit",
    "codeconnections", "codedeploy", "codeguru-profiler", "codeguru-reviewer", "codeguru-security",
    "codepipeline", "codestar-connections", "codestar-notifications", "cognito-identity",
    "cognito-idp", "cognito-sync", "comprehend", "comprehendmedical", "config", "connect",
    "connect-campaigns", "controlcatalog", "controltower", "cost-optimization-hub", "cur",
    "databrew", "dataexchange", "datapipeline", "datasync", "datazone", "dax", "deadline",
    "detective", "devicefarm", "devops-guru", "directconnect", "discovery", "dlm", "dms",
    "docdb-elastic", "drs", "ds", "ds-data", "dsql", "dynamodb", "ebs", "ec2",
    "ec2-instance-connect", "ecr", "ecr-public", "ecs", "eks", "eks-auth", "elasticache",
    "elasticbeanstalk", "elasticfilesystem", "elasticloadbalancing", "elasticmapreduce",
    "elemental-inference", "emr-containers", "emr-serverless", "entityresolution", "es", "events",
    "evs", "execute-api", "finspace", "finspace-api", "firehose", "fis", "fms", "forecast",
    "frauddetector", "freetier", "fsx", "gamelift", "gameliftstreams", "geo", "geo-maps",
    "geo-places", "geo-routes", "glacier", "globalaccelerator", "glue", "grafana", "greengrass",
    "groundstation", "guardduty", "health", "health-agent", "healthlake", "iam", "identitystore",
    "imagebuilder", "importexport", "inspector", "inspector-scan", "inspector2", "interconnect",
    "internetmonitor", "invoicing", "iot", "iot-jobs-data", "iotdata", "iotdeviceadvisor",
    "iotevents", "ioteventsdata", "iotfleetwise", "iotmanagedintegrations", "iotsitewise",
    "iotthingsgraph", "iottwinmaker", "iotwireless", "ivs", "ivschat", "kafka", "kafkaconnect",
    "kendra", "kendra-ranking", "kinesis", "kinesisanalytics", "kinesisvideo", "kms",
    "lakeformation", "launchwizard", "lex", "license-manager",
    "license-manager-linux-subscriptions", "license-manager-user-subscriptions", "lightsail",
    "lookoutequipment", "m2", "machinelearning", "macie2", "managedblockchain",
    "managedblockchain-query", "marketplacecommerceanalytics", "mediaconnect", "mediaconvert",
    "medialive", "mediapackage", "mediapackage-vod", "mediapackagev2", "mediastore", "mediatailor",
    "medical-imaging", "memorydb", "mgh", "mgn", "migrationhub-orchestrator",
    "migrationhub-strategy", "mobiletargeting", "mpa", "mq", "mturk-requester", "neptune-db",
    "neptune-graph", "network-firewall", "networkflowmonitor", "networkmanager", "networkmonitor",
    "notifications", "notifications-contacts", "nova-act", "oam", "observabilityadmin", "odb",
    "omics", "organizations", "osis", "outposts", "panorama", "partnercentral-account",
    "partnercentral-benefits", "partnercentral-channel", "partnercentral-selling",
    "payment-cryptography", "pca-connector-ad", "pca-connector-scep", "pcs", "personalize", "pi",
    "pipes", "polly", "pricing", "profile", "proton", "qapps", "qbusiness", "quicksight", "ram",
    "rbin", "rds", "rds-data", "redshift", "redshift-data", "redshift-serverless",
    "refactor-spaces", "rekognition", "repostspace", "resiliencehub", "resource-explorer-2",
    "resource-groups", "rolesanywhere", "route53", "route53-recovery-cluster",
    "route53-recovery-control-config", "route53-recovery-readiness", "route53domains",
    "route53globalresolver", "route53profiles", "route53resolver", "rtbfabric", "rum", "s3",
    "s3-outposts", "s3files", "s3tables", "s3vectors", "sagemaker", "sagemaker-geospatial",
    "savingsplans", "scheduler", "schemas", "scn", "sdb", "secretsmanager", "security-ir",
    "securityagent", "securityhub", "securitylake", "serverlessrepo", "servicecatalog",
    "servicediscovery", "servicequotas", "ses", "shield", "signer", "signin", "simspaceweaver",
    "sms-voice", "snow-device-management", "snowball", "social-messaging", "sqs", "ssm",
    "ssm-contacts", "ssm-guiconnect", "ssm-incidents", "ssm-quicksetup", "ssm-sap", "sso",
    "sso-oauth", "states", "storagegateway", "sts", "support", "supportapp", "sustainability",
    "swf", "synthetics", "tagging", "tax", "textract", "thinclient", "timestream",
    "timestream-influxdb", "tnb", "transcribe", "transfer", "translate", "trustedadvisor", "uxc",
    "verifiedpermissions", "voiceid", "vpc-lattice", "waf", "waf-regional", "wafv2",
    "wellarchitected", "wickr", "wisdom", "workdocs", "workmail", "workmailmessageflow",
    "workspaces", "workspaces-instances", "workspaces-web", "xray",
};

struct Alias {
  std::string_view name;
  std::string_view signed_name;
};

// What the AWS CLI calls services that are signed for under another name, in order.
constexpr Alias kAliases[] = {
    Alias{"accessanalyzer", "access-analyzer"}, Alias{"amp", "aps"},
    Alias{"apigatewaymanagementapi", "execute-api"}, Alias{"apigatewayv2", "apigateway"},
    Alias{"appconfigdata", "appconfig"}, Alias{"appintegrations", "app-integrations"},
    Alias{"application-insights", "applicationinsights"},
    Alias{"applicationcostprofiler", "application-cost-profiler"},
    Alias{"backupsearch", "backup-search"}, Alias{"bedrock-agent", "bedrock"},
    Alias{"bedrock-agent-runtime", "bedrock"},
    Alias{"bedrock-agentcore-control", "bedrock-agentcore"},
    Alias{"bedrock-data-automation", "bedrock"},
    Alias{"bedrock-data-automation-runtime", "bedrock"}, Alias{"bedrock-runtime", "bedrock"},
    Alias{"chime-sdk-identity", "chime"}, Alias{"chime-sdk-media-pipelines", "chime"},
    Alias{"chime-sdk-meetings", "chime"}, Alias{"chime-sdk-messaging", "chime"},
    Alias{"chime-sdk-voice", "chime"}, Alias{"cleanroomsml", "cleanrooms-ml"},
    Alias{"cloudcontrol", "cloudcontrolapi"}, Alias{"cloudhsmv2", "cloudhsm"},
    Alias{"cloudsearchdomain", "cloudsearch"}, Alias{"codeguruprofiler", "codeguru-profiler"},
    Alias{"compute-optimizer-automation", "aco-automation"},
    Alias{"connect-contact-lens", "connect"}, Alias{"connectcampaigns", "connect-campaigns"},
    Alias{"connectcampaignsv2", "connect-campaigns"}, Alias{"connectcases", "cases"},
    Alias{"connecthealth", "health-agent"}, Alias{"connectparticipant", "execute-api"},
    Alias{"customer-profiles", "profile"}, Alias{"devops-agent", "aidevops"}, Alias{"docdb", "rds"},
    Alias{"dynamodbstreams", "dynamodb"}, Alias{"efs", "elasticfilesystem"},
    Alias{"elb", "elasticloadbalancing"}, Alias{"elbv2", "elasticloadbalancing"},
    Alias{"elementalinference", "elemental-inference"}, Alias{"emr", "elasticmapreduce"},
    Alias{"eventbridge", "events"}, Alias{"finspace-data", "finspace-api"},
    Alias{"forecastquery", "forecast"}, Alias{"greengrassv2", "greengrass"},
    Alias{"iot-data", "iotdata"}, Alias{"iot-managed-integrations", "iotmanagedintegrations"},
    Alias{"iotevents-data", "ioteventsdata"}, Alias{"iotsecuretunneling", "IoTSecuredTunneling"},
    Alias{"ivs-realtime", "ivs"}, Alias{"keyspaces", "cassandra"},
    Alias{"keyspacesstreams", "cassandra"}, Alias{"kinesis-video-archived-media", "kinesisvideo"},
    Alias{"kinesis-video-media", "kinesisvideo"}, Alias{"kinesis-video-signaling", "kinesisvideo"},
    Alias{"kinesis-video-webrtc-storage", "kinesisvideo"},
    Alias{"kinesisanalyticsv2", "kinesisanalytics"}, Alias{"launch-wizard", "launchwizard"},
    Alias{"lex-models", "lex"}, Alias{"lex-runtime", "lex"}, Alias{"lexv2-models", "lex"},
    Alias{"lexv2-runtime", "lex"}, Alias{"location", "geo"}, Alias{"mailmanager", "ses"},
    Alias{"marketplace-agreement", "aws-marketplace"},
    Alias{"marketplace-catalog", "aws-marketplace"},
    Alias{"marketplace-deployment", "aws-marketplace"},
    Alias{"marketplace-discovery", "aws-marketplace"},
    Alias{"marketplace-entitlement", "aws-marketplace"},
    Alias{"marketplace-reporting", "aws-marketplace"}, Alias{"mediastore-data", "mediastore"},
    Alias{"meteringmarketplace", "aws-marketplace"},
    Alias{"migration-hub-refactor-spaces", "refactor-spaces"}, Alias{"migrationhub-config", "mgh"},
    Alias{"migrationhuborchestrator", "migrationhub-orchestrator"},
    Alias{"migrationhubstrategy", "migrationhub-strategy"}, Alias{"mturk", "mturk-requester"},
    Alias{"mwaa", "airflow"}, Alias{"mwaa-serverless", "airflow-serverless"},
    Alias{"neptune", "rds"}, Alias{"neptunedata", "neptune-db"},
    Alias{"notificationscontacts", "notifications-contacts"}, Alias{"opensearch", "es"},
    Alias{"opensearchserverless", "aoss"}, Alias{"parameterstore", "ssm"},
    Alias{"payment-cryptography-data", "payment-cryptography"},
    Alias{"personalize-events", "personalize"}, Alias{"personalize-runtime", "personalize"},
    Alias{"pinpoint", "mobiletargeting"}, Alias{"pinpoint-email", "ses"},
    Alias{"pinpoint-sms-voice", "sms-voice"}, Alias{"pinpoint-sms-voice-v2", "sms-voice"},
    Alias{"qconnect", "wisdom"}, Alias{"resourcegroupstaggingapi", "tagging"},
    Alias{"s3control", "s3"}, Alias{"s3outposts", "s3-outposts"},
    Alias{"sagemaker-a2i-runtime", "sagemaker"}, Alias{"sagemaker-edge", "sagemaker"},
    Alias{"sagemaker-featurestore-runtime", "sagemaker"}, Alias{"sagemaker-metrics", "sagemaker"},
    Alias{"sagemaker-runtime", "sagemaker"}, Alias{"service-quotas", "servicequotas"},
    Alias{"servicecatalog-appregistry", "servicecatalog"}, Alias{"sesv2", "ses"},
    Alias{"signer-data", "signer"}, Alias{"simpledbv2", "sdb"},
    Alias{"socialmessaging", "social-messaging"}, Alias{"sso-admin", "sso"},
    Alias{"sso-oidc", "sso-oauth"}, Alias{"stepfunctions", "states"}, Alias{"supplychain", "scn"},
    Alias{"support-app", "supportapp"}, Alias{"taxsettings", "tax"},
    Alias{"timestream-query", "timestream"}, Alias{"timestream-write", "timestream"},
    Alias{"voice-id", "voiceid"}, Alias{"workspaces-thin-client", "thinclient"},
};
// clang-format on

bool is_signed_name(std::string_view name) {
  return std::binary_search(std::begin(kSignedNames), std::end(kSignedNames), name);
}

// "" where there is none.
std::string_view aliased(std::string_view name) {
  const Alias* found =
      std::lower_bound(std::begin(kAliases), std::end(kAliases), name,
                       [](const Alias& a, std::string_view wanted) { return a.name < wanted; });
  return found != std::end(kAliases) && found->name == name ? found->signed_name : "";
}

std::string near_service(const std::string& name) {
  std::string lower = name;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::vector<std::string> known(std::begin(kSignedNames), std::end(kSignedNames));
  for (const Alias& alias : kAliases) known.emplace_back(alias.name);
  return near_word(lower, known);
}

}  // namespace

std::string wrong_forward(const std::string& service) {
  if (std::find(kOwnServices.begin(), kOwnServices.end(), service) != kOwnServices.end())
    return "Kiln has " + service + " itself; leave this --forward out";
  if (is_signed_name(service) || !aliased(service).empty()) return "";
  const std::string near = near_service(service);
  return "AWS has no service '" + service + "'" +
         (near.empty() ? "" : "; did you mean " + near + "?") +
         (near.empty() ? "; the names are those of the AWS CLI"
                       : " The names are those of the AWS CLI") +
         ", such as dynamodb, events, kinesis, s3, secretsmanager, sqs, or stepfunctions";
}

std::vector<std::string> forwarded_names(const std::string& service) {
  // The port knows these by their target header, which says more than what they are signed for.
  if (service == "dynamodbstreams") return {service};
  const std::string_view known = aliased(service);
  std::vector<std::string> names = {known.empty() ? service : std::string(known)};
  if (names[0] == "states") names.emplace_back("stepfunctions");
  if (names[0] == "dynamodb") names.emplace_back("dynamodbstreams");
  return names;
}

}  // namespace kiln::cli
