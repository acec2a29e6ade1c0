// What stands inside of a function or a state machine and becomes resources of its own: its role,
// its destinations.
#include <algorithm>
#include <iterator>

#include "template/serverless_resource.h"

namespace kiln::cfn {
namespace {

// The name or the ARN of a policy of AWS's; the transform knows the ARN of each name.
Node managed_arn(const SamTemplate& all, const Node& policy) {
  if (!policy.is_text() || policy.text.starts_with("arn:") ||
      policy.text.find_first_of("{ ") != std::string::npos)
    return policy;
  constexpr std::string_view kServiceRoles[] = {"AWSLambdaBasicExecutionRole",
                                                "AWSLambdaDynamoDBExecutionRole",
                                                "AWSLambdaKinesisExecutionRole",
                                                "AWSLambdaMSKExecutionRole",
                                                "AWSLambdaRole",
                                                "AWSLambdaSQSQueueExecutionRole",
                                                "AWSLambdaVPCAccessExecutionRole",
                                                "AWSLambdaBasicDurableExecutionRolePolicy"};
  const bool service = std::find(std::begin(kServiceRoles), std::end(kServiceRoles), policy.text) !=
                       std::end(kServiceRoles);
  return sam::text("arn:" + all.partition() + ":iam::aws:policy/" +
                   (service ? "service-role/" : "") + policy.text);
}

// Policies, each into the managed ones or the documents.
class Policies {
 public:
  Policies(SamTemplate& all, const SamResource& owner, std::vector<Node>& managed,
           std::vector<Node>& documents)
      : all_(all), owner_(owner), managed_(managed), documents_(documents) {}

  void add(const Node& policy, size_t number) {
    const std::string name = owner_.id + "RolePolicy" + std::to_string(number);
    if (sam::if_arguments(policy)) return add_choice(policy, name, number);
    if (policy.is_text() || sam::is_function(policy)) return add_managed(managed_arn(all_, policy));
    if (const auto document = document_of(policy)) {
      documents_.push_back(sam::map({{"PolicyName", name}, {"PolicyDocument", *document}}));
      return;
    }
    wrong(policy, number);
  }

 private:
  std::optional<Node> document_of(const Node& policy) const {
    if (policy.find("Statement")) return policy;
    if (policy.map.size() != 1 || sam::is_function(policy)) return std::nullopt;
    return policy_template(all_, owner_, policy.map[0]);
  }
  void add_choice(const Node& policy, const std::string& name, size_t number) {
    const Node& arguments = *sam::if_arguments(policy);
    Node branches[2];
    bool documents = false;
    for (size_t i = 0; i < 2; ++i) {
      const Node& branch = arguments.list[i + 1];
      if (const auto document = document_of(branch)) {
        documents = true;
        branches[i] = sam::map({{"PolicyName", name}, {"PolicyDocument", *document}});
      } else if (sam::is_no_value(branch)) {
        branches[i] = branch;
      } else if (branch.is_text() || sam::is_function(branch)) {
        branches[i] = managed_arn(all_, branch);
      } else {
        return wrong(branch, number);
      }
    }
    Node choice = sam::choose(arguments.list[0].text, branches[0], branches[1]);
    if (documents)
      documents_.push_back(std::move(choice));
    else
      add_managed(std::move(choice));
  }
  void add_managed(Node policy) {
    const auto is_it = [&](const Node& each) { return sam::same(each, policy); };
    if (std::none_of(managed_.begin(), managed_.end(), is_it))
      managed_.push_back(std::move(policy));
  }
  void wrong(const Node& policy, size_t number) {
    sam_problem(all_, owner_, policy.place,
                "Policy at index " + std::to_string(number) +
                    " in the 'Policies' property is not valid: it is the name or the ARN of a "
                    "policy, a map with Statement, or a policy template");
  }

  SamTemplate& all_;
  const SamResource& owner_;
  std::vector<Node>& managed_;
  std::vector<Node>& documents_;
};

}  // namespace

Node trust_in(const char* service) {
  return sam::map(
      {{"Version", "2012-10-17"},
       {"Statement",
        sam::list({sam::map(
            {{"Action", sam::list({sam::text("sts:AssumeRole")})},
             {"Effect", "Allow"},
             {"Principal", sam::map({{"Service", sam::list({sam::text(service)})}})}})})}});
}

Node one_statement(const std::string& policy_name, const char* action, Node resource) {
  return sam::map(
      {{"PolicyName", policy_name},
       {"PolicyDocument",
        sam::map({{"Statement", sam::list({sam::map({{"Action", action},
                                                     {"Effect", "Allow"},
                                                     {"Resource", std::move(resource)}})})}})}});
}

std::optional<Node> destination_policy(const std::string& type, const std::string& name,
                                       const Node& arn) {
  if (type == "SQS") return one_statement(name + "SQSPolicy", "sqs:SendMessage", arn);
  if (type == "SNS") return one_statement(name + "SNSPolicy", "sns:publish", arn);
  if (type == "EventBridge")
    return one_statement(name + "EventBridgePolicy", "events:PutEvents", arn);
  if (type == "Lambda") return one_statement(name + "LambdaPolicy", "lambda:InvokeFunction", arn);
  if (type != "S3" && type != "S3Bucket") return std::nullopt;
  Node policy = one_statement(
      name + "S3Policy", "s3:PutObject",
      sam::map({{"Fn::Join", sam::list({sam::text("/"), sam::list({arn, sam::text("*")})})}}));
  sam::at(sam::at(policy, "PolicyDocument"), "Statement")
      .list.push_back(
          sam::map({{"Action", "s3:ListBucket"}, {"Effect", "Allow"}, {"Resource", arn}}));
  return policy;
}

Member make_role(SamTemplate& all, const SamResource& owner, Node trust, std::vector<Node> managed,
                 std::vector<Node> documents, const Node* policies, Node tags) {
  Policies sorted(all, owner, managed, documents);
  if (sam::truthy(policies)) {
    if (!policies->is_list()) sorted.add(*policies, 0);
    for (size_t i = 0; i < policies->list.size(); ++i) sorted.add(policies->list[i], i);
  }
  Node properties = sam::map({{"AssumeRolePolicyDocument", std::move(trust)},
                              {"ManagedPolicyArns", sam::list(std::move(managed))},
                              {"Path", owner.find("RolePath")},
                              {"PermissionsBoundary", owner.find("PermissionsBoundary")},
                              {"Tags", std::move(tags)}});
  if (!documents.empty()) sam::put(properties, "Policies", sam::list(std::move(documents)));
  return make_resource(all, owner, owner.id + "Role", "AWS::IAM::Role", std::move(properties));
}

namespace {

class InvokeConfig {
 public:
  InvokeConfig(SamTemplate& all, const SamResource& function, std::vector<Node>& documents,
               Made& made)
      : all_(all), function_(function), documents_(documents), made_(made) {}

  std::optional<Node> destination(const Member& on) {
    const Node* type = on.value.find("Type");
    const std::string kind = type ? type->text : "";
    const Node* given = on.value.find("Destination");
    const std::string name = function_.id + "EventInvokeConfig" + on.name;
    if ((on.name != "OnSuccess" && on.name != "OnFailure") ||
        !destination_policy(kind, name, sam::map())) {
      sam_problem(all_, function_, on.place,
                  "'Type: " + kind +
                      "' must be one of ['SQS', 'SNS', 'EventBridge', 'Lambda', 'S3Bucket']");
      return std::nullopt;
    }
    std::string condition;
    const Node* otherwise = nullptr;  // the other branch of an Fn::If without a value
    if (const Node* choice = given ? sam::if_arguments(*given) : nullptr)
      condition = missing_branch(*choice, otherwise);
    Node arn = given ? *given : sam::map();
    if (!given || otherwise) {
      if (kind != "SQS" && kind != "SNS") {
        sam_problem(all_, function_, on.place,
                    "Destination is required if Type is not ['SQS', 'SNS']");
        return std::nullopt;
      }
      const Node own = make_target(kind, name, condition);
      arn = otherwise ? sam::choose(condition, own, *otherwise) : own;
    }
    if (auto policy = destination_policy(kind, name, arn)) documents_.push_back(std::move(*policy));
    return sam::map({{"Destination", std::move(arn)}});
  }

 private:
  // The condition under which an Fn::If gives nothing.
  std::string missing_branch(const Node& choice, const Node*& otherwise) {
    const std::string& condition = choice.list[0].text;
    const bool yes = sam::is_no_value(choice.list[1]), no = sam::is_no_value(choice.list[2]);
    if (yes == no) return {};
    otherwise = &choice.list[yes ? 2 : 1];
    if (yes) return condition;
    const std::string negated =
        "NOT" + condition + sam::id_hash(function_.id + "EventInvokeConfig");
    all_.add_condition(negated,
                       sam::map({{"Fn::Not", sam::list({sam::map({{"Condition", condition}})})}}));
    return negated;
  }

  Node make_target(const std::string& kind, const std::string& name, const std::string& condition) {
    const bool topic = kind == "SNS";
    const std::string id = name + (topic ? "Topic" : "Queue");
    Member made = make_resource(all_, function_, id, topic ? "AWS::SNS::Topic" : "AWS::SQS::Queue",
                                sam::map());
    const std::string own = function_.condition();
    if (!condition.empty() && !own.empty()) {
      const std::string both = own + "AND" + condition + sam::id_hash(function_.id);
      all_.add_condition(
          both, sam::map({{"Fn::And", sam::list({sam::map({{"Condition", own}}),
                                                 sam::map({{"Condition", condition}})})}}));
      sam::put(made.value, "Condition", sam::text(both));
    } else if (!condition.empty()) {
      sam::put(made.value, "Condition", sam::text(condition));
    }
    made_.push_back(std::move(made));
    all_.names[function_.id + (topic ? ".DestinationTopic" : ".DestinationQueue")] = id;
    return topic ? sam::ref(id) : sam::get_att(id, "Arn");
  }

  SamTemplate& all_;
  const SamResource& function_;
  std::vector<Node>& documents_;
  Made& made_;
};

}  // namespace

void expand_invoke_config(SamTemplate& all, const SamResource& function, const Node& qualifier,
                          const std::string& alias, std::vector<Node>& documents, Made& made) {
  const Node config = all.resolved(*function.find("EventInvokeConfig"));
  InvokeConfig parts(all, function, documents, made);
  Node destinations = sam::map();
  if (const Node* given = config.find("DestinationConfig"))
    for (const Member& on : given->map)
      if (auto one = parts.destination(on)) sam::put(destinations, on.name, std::move(*one));
  for (const Member& member : config.map)
    if (member.name != "DestinationConfig" && member.name != "MaximumEventAgeInSeconds" &&
        member.name != "MaximumRetryAttempts")
      sam_problem(all, function, member.place,
                  "'" + member.name + "' is not a property of EventInvokeConfig");
  Member made_config = make_resource(
      all, function, function.id + "EventInvokeConfig", "AWS::Lambda::EventInvokeConfig",
      sam::map({{"FunctionName", sam::ref(function.id)},
                {"Qualifier", qualifier},
                {"DestinationConfig", std::move(destinations)},
                {"MaximumEventAgeInSeconds", config.find("MaximumEventAgeInSeconds")},
                {"MaximumRetryAttempts", config.find("MaximumRetryAttempts")}}));
  if (!alias.empty()) sam::put(made_config.value, "DependsOn", sam::list({sam::text(alias)}));
  sam::copy(function.whole, {"Metadata", "UpdatePolicy"}, made_config.value);
  made.push_back(std::move(made_config));
}

}  // namespace kiln::cfn
