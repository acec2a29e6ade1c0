// Events of functions that Lambda reads from queues and streams: one event source mapping each, and
// what the function's role needs for it.
#include <algorithm>
#include <iterator>

#include "template/serverless_resource.h"

namespace kiln::cfn {
namespace {

struct Source {
  std::string_view type;
  const char* arn;      // the property with the ARN of what is read; nullptr: none
  const char* policy;   // of AWS's, which the role needs; nullptr: none
  bool starts = false;  // StartingPosition is required
};
constexpr Source kSources[] = {{"Kinesis", "Stream", "AWSLambdaKinesisExecutionRole", true},
                               {"DynamoDB", "Stream", "AWSLambdaDynamoDBExecutionRole", true},
                               {"SQS", "Queue", "AWSLambdaSQSQueueExecutionRole"},
                               {"MSK", "Stream", "AWSLambdaMSKExecutionRole", true},
                               {"MQ", "Broker", nullptr},
                               {"SelfManagedKafka", nullptr, nullptr},
                               {"DocumentDB", "Cluster", nullptr}};

const Source* source_of(std::string_view type) {
  const auto found = std::find_if(std::begin(kSources), std::end(kSources),
                                  [&](const Source& each) { return each.type == type; });
  return found == std::end(kSources) ? nullptr : found;
}

Node statement(std::initializer_list<const char*> actions, Node resource) {
  Node list = sam::list();
  for (const char* action : actions) list.list.push_back(sam::text(action));
  return sam::map(
      {{"Action", std::move(list)}, {"Effect", "Allow"}, {"Resource", std::move(resource)}});
}

const std::initializer_list<const char*> kNetwork = {
    "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface",
    "ec2:DescribeVpcs",           "ec2:DescribeSubnets",           "ec2:DescribeSecurityGroups"};

class PullEvent {
 public:
  PullEvent(SamTemplate& all, const SamEvent& event, const Source& source)
      : all_(all), event_(event), source_(source) {}

  // The policy that the role needs; nullopt for none.
  std::optional<Node> policy() {
    if (source_.type == "MSK") return broker_policy();
    if (source_.type == "MQ") return queue_broker_policy();
    if (source_.type == "SelfManagedKafka") return kafka_policy();
    if (source_.type == "DocumentDB") return document_policy();
    return std::nullopt;
  }

 private:
  const Node* find(const char* name) const { return event_.find(name); }
  void wrong(const std::string& message) { sam_event_problem(all_, event_, event_.place, message); }

  Node named(const std::string& name, std::vector<Node> statements) const {
    return sam::map(
        {{"PolicyName", name},
         {"PolicyDocument", sam::map({{"Statement", sam::list(std::move(statements))}})}});
  }
  // The URI of the one access configuration of this type.
  Node secret(std::string_view wanted) {
    const Node* all = find("SourceAccessConfigurations");
    if (all)
      for (const Node& each : all->list)
        if (const Node* type = each.find("Type"); type && type->text == wanted && each.find("URI"))
          return *each.find("URI");
    wrong("No " + std::string(wanted) + " property specified in SourceAccessConfigurations.");
    return sam::text("");
  }
  void add_key(std::vector<Node>& statements, bool list) const {
    const Node* key = find("SecretsManagerKmsKeyId");
    if (!key) return;
    Node grant = statement(
        {"kms:Decrypt"},
        sam::sub("arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/" + key->text));
    if (!list) sam::put(grant, "Action", sam::text("kms:Decrypt"));
    statements.push_back(std::move(grant));
  }
  void add_registry(std::vector<Node>& statements) const {
    const Node* config = find("SchemaRegistryConfig");
    if (!config) return;
    if (const Node* access = config->find("AccessConfigs"))
      for (const Node& each : access->list)
        if (each.find("URI"))
          statements.push_back(statement({"secretsmanager:GetSecretValue"}, *each.find("URI")));
    const Node* uri = config->find("SchemaRegistryURI");
    if (!uri) return;
    const Node resolved = all_.resolved(*uri);
    const Node* pattern = resolved.find("Fn::Sub");
    const std::string arn = pattern ? pattern->text : resolved.text;
    // arn:aws:glue:REGION:ACCOUNT:registry/NAME
    constexpr std::string_view kRegistry = ":registry/";
    const size_t at = arn.find(kRegistry);
    if (!arn.starts_with("arn") || at == std::string::npos) return;
    statements.push_back(statement({"glue:GetRegistry"}, *uri));
    statements.push_back(statement(
        {"glue:GetSchemaVersion"},
        sam::list({sam::sub("arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:schema/" +
                            arn.substr(at + kRegistry.size()) + "/*")})));
  }

  std::optional<Node> broker_policy() {
    std::vector<Node> statements;
    add_registry(statements);
    if (const Node* access = find("SourceAccessConfigurations"))
      for (const Node& each : access->list)
        if (const Node* type = each.find("Type");
            type && type->text == "CLIENT_CERTIFICATE_TLS_AUTH" && each.find("URI"))
          statements.push_back(statement({"secretsmanager:GetSecretValue"}, *each.find("URI")));
    if (statements.empty()) return std::nullopt;
    return named("MSKExecutionRolePolicy", std::move(statements));
  }

  std::optional<Node> queue_broker_policy() {
    std::vector<Node> statements = {
        statement({"secretsmanager:GetSecretValue"}, secret("BASIC_AUTH")),
        statement({"mq:DescribeBroker"}, *find("Broker"))};
    add_key(statements, false);
    return named(sam::is_true(find("DynamicPolicyName")) ? event_.id + "AMQPolicy"
                                                         : "SamAutoGeneratedAMQPolicy",
                 std::move(statements));
  }

  std::optional<Node> kafka_policy() {
    if (!sam::truthy(find("KafkaBootstrapServers")))
      wrong("No KafkaBootstrapServers provided for self managed kafka as an event source");
    if (!sam::truthy(find("Topics")))
      wrong("No Topics provided for self managed kafka as an event source");
    const Node* access = find("SourceAccessConfigurations");
    if (!sam::truthy(access)) {
      wrong("No SourceAccessConfigurations for self managed kafka event provided.");
      return std::nullopt;
    }
    std::vector<Node> statements;
    bool subnet = false, group = false, certificate = false;
    const Node* authentication = nullptr;
    for (const Node& each : access->list) {
      const Node* type = each.find("Type");
      const std::string name = type ? type->text : "";
      if (name == "VPC_SUBNET")
        subnet = true;
      else if (name == "VPC_SECURITY_GROUP")
        group = true;
      else if (name == "SERVER_ROOT_CA_CERTIFICATE")
        certificate = true;
      else if (name == "SASL_SCRAM_256_AUTH" || name == "SASL_SCRAM_512_AUTH" ||
               name == "BASIC_AUTH" || name == "CLIENT_CERTIFICATE_TLS_AUTH")
        authentication = each.find("URI");
      else
        wrong("Invalid SourceAccessConfigurations Type provided for self managed kafka event.");
    }
    if (subnet != group)
      wrong(
          "VPC_SUBNET and VPC_SECURITY_GROUP in SourceAccessConfigurations for SelfManagedKafka "
          "must be both provided.");
    for (const bool asked : {authentication != nullptr, certificate})
      if (asked && authentication)
        statements.push_back(statement({"secretsmanager:GetSecretValue"}, *authentication));
    if (subnet && group) statements.push_back(statement(kNetwork, sam::text("*")));
    add_key(statements, true);
    add_registry(statements);
    Node policy = named("SelfManagedKafkaExecutionRolePolicy", std::move(statements));
    sam::put(sam::at(policy, "PolicyDocument"), "Version", sam::text("2012-10-17"));
    return policy;
  }

  std::optional<Node> document_policy() {
    const std::string rds = "arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:";
    std::vector<Node> statements = {
        statement({"secretsmanager:GetSecretValue"}, secret("BASIC_AUTH")),
        statement({"rds:DescribeDBClusterParameters"}, sam::sub(rds + "cluster-pg:*")),
        statement({"rds:DescribeDBSubnetGroups"}, sam::sub(rds + "subgrp:*")),
        statement({"rds:DescribeDBClusters"}, *find("Cluster")),
        statement(kNetwork, sam::text("*"))};
    add_key(statements, true);
    return named("SamAutoGeneratedDocumentDBPolicy", std::move(statements));
  }

  SamTemplate& all_;
  const SamEvent& event_;
  const Source& source_;
};

void add_document(Node& role, Node policy) {
  Node& all = sam::at(role, "Policies");
  if (!all.is_list()) all = sam::list();
  const Node& document = *policy.find("PolicyDocument");
  const auto is_it = [&](const Node& each) {
    const Node* known = each.find("PolicyDocument");
    return known && sam::same(*known, document);
  };
  if (std::none_of(all.list.begin(), all.list.end(), is_it)) all.list.push_back(std::move(policy));
}

// Type of a destination is SAM's own; the role gets what it needs.
Node destinations(SamTemplate& all, const SamEvent& event, const Node& config,
                  std::optional<Node>& policy) {
  Node out = config;
  Node* failure = sam::find(out, "OnFailure");
  if (!failure || !failure->is_map()) {
    sam_event_problem(all, event, config.place, "DestinationConfig.OnFailure must be a map");
    return out;
  }
  const Node* type = failure->find("Type");
  const Node* arn = failure->find("Destination");
  if (!type) return out;
  const std::string name = type->text;
  if (name != "SQS" && name != "SNS" && name != "S3" && name != "Kafka")
    sam_event_problem(all, event, type->place,
                      "The only valid values for 'Type' are 'SQS', 'SNS', 'S3', and 'Kafka'");
  else if (arn)
    policy = destination_policy(name, event.id, *arn);
  sam::erase(*failure, "Type");
  return out;
}

}  // namespace

bool is_pull_event(std::string_view type) { return source_of(type) != nullptr; }

void expand_pull_event(SamTemplate& all, const SamEvent& event, const std::string& type, Node& role,
                       Made& made) {
  const Source& source = *source_of(type);
  if (source.arn && !requires_all(all, event, {source.arn})) return;
  if (source.starts && !requires_all(all, event, {"StartingPosition"})) return;
  Node properties = sam::map({{"FunctionName", event.target.name()},
                              {"EventSourceArn", source.arn ? event.find(source.arn) : nullptr}});
  sam::copy(event.properties,
            {"StartingPosition",
             "StartingPositionTimestamp",
             "BatchSize",
             "Enabled",
             "MaximumBatchingWindowInSeconds",
             "MaximumRetryAttempts",
             "BisectBatchOnFunctionError",
             "MaximumRecordAgeInSeconds",
             "ParallelizationFactor",
             "Topics",
             "Queues",
             "SourceAccessConfigurations",
             "TumblingWindowInSeconds",
             "FunctionResponseTypes",
             "FilterCriteria",
             "KmsKeyArn",
             "ScalingConfig",
             "ProvisionedPollerConfig",
             "MetricsConfig",
             "LoggingConfig"},
            properties);
  if (const Node* servers = event.find("KafkaBootstrapServers"))
    sam::put(properties, "SelfManagedEventSource",
             sam::map({{"Endpoints", sam::map({{"KafkaBootstrapServers", servers}})}}));
  Node kafka = sam::map();
  sam::copy(event.properties, {"ConsumerGroupId", "SchemaRegistryConfig"}, kafka);
  if (!kafka.map.empty() && (type == "MSK" || type == "SelfManagedKafka"))
    sam::put(
        properties,
        type == "MSK" ? "AmazonManagedKafkaEventSourceConfig" : "SelfManagedKafkaEventSourceConfig",
        std::move(kafka));
  if (type == "DocumentDB") {
    if (!requires_all(all, event, {"DatabaseName"})) return;
    Node config = sam::map();
    sam::copy(event.properties, {"DatabaseName", "CollectionName", "FullDocument"}, config);
    sam::put(properties, "DocumentDBEventSourceConfig", std::move(config));
  }
  std::optional<Node> of_destination;
  if (const Node* config = event.find("DestinationConfig"))
    sam::put(properties, "DestinationConfig", destinations(all, event, *config, of_destination));
  if (source.policy) {
    const Node arn = sam::text("arn:" + all.partition() + ":iam::aws:policy/service-role/" +
                               std::string(source.policy));
    Node& managed = sam::at(role, "ManagedPolicyArns");
    if (std::none_of(managed.list.begin(), managed.list.end(),
                     [&](const Node& each) { return sam::same(each, arn); }))
      managed.list.push_back(arn);
  }
  if (auto policy = PullEvent(all, event, source).policy()) add_document(role, std::move(*policy));
  if (of_destination) add_document(role, std::move(*of_destination));
  sam::place_within(role, event.place);
  made.push_back(make_resource(all, event.owner, event.id, "AWS::Lambda::EventSourceMapping",
                               std::move(properties)));
}

}  // namespace kiln::cfn
