// What stands inside of an AWS::Serverless::Function and becomes resources of its own: its role,
// its events, its destinations.
#include <algorithm>
#include <iterator>

#include "template/serverless_resource.h"

namespace kiln::cfn {
namespace {

constexpr const char* kPolicyVersion = "2012-10-17";

Node policy_document(const NodeMaker& make, std::vector<Node> statements) {
  return make.map(
      {{"Version", make.text(kPolicyVersion)}, {"Statement", make.list(std::move(statements))}});
}

Node managed_policy(const NodeMaker& make, const std::string& name) {
  return make.text(name.starts_with("arn:") ? name : "arn:aws:iam::aws:policy/" + name);
}

// Policies, each into `managed` or `own`.
class Policies {
 public:
  Policies(const SamResource& function, std::vector<Problem>& problems)
      : function_(function), problems_(problems), make_(function.place) {
    managed.push_back(managed_policy(make_, "service-role/AWSLambdaBasicExecutionRole"));
    if (function.properties.find("Tracing"))
      managed.push_back(managed_policy(make_, "AWSXrayWriteOnlyAccess"));
    if (function.properties.find("VpcConfig"))
      managed.push_back(managed_policy(make_, "service-role/AWSLambdaVPCAccessExecutionRole"));
    const Node* policies = function.properties.find("Policies");
    if (!policies) return;
    if (!policies->is_list()) add(*policies, 0);
    for (size_t i = 0; i < policies->list.size(); ++i) add(policies->list[i], i);
  }

  void add_own(const std::string& suffix, Node document) {
    own.push_back(make_.map({{"PolicyName", make_.text(function_.id + "Role" + suffix)},
                             {"PolicyDocument", std::move(document)}}));
  }

  std::vector<Node> managed, own;

 private:
  void add(const Node& policy, size_t number) {
    if (policy.is_text()) {
      add_managed(managed_policy(NodeMaker(policy.place), policy.text));
    } else if (is_function(policy)) {
      add_managed(policy);
    } else if (policy.find("Statement")) {
      add_own("Policy" + std::to_string(number), policy);
    } else if (!is_policy_template(policy)) {
      sam_problem(function_, policy.place,
                  "Policy at index " + std::to_string(number) +
                      " in the 'Policies' property is not valid: it is the name or the ARN of a "
                      "policy, a map with Statement, or a policy template",
                  problems_);
    }
  }
  void add_managed(Node policy) {
    const auto same = [&](const Node& each) { return each.is_text() && each.text == policy.text; };
    if (policy.is_text() && std::any_of(managed.begin(), managed.end(), same)) return;
    managed.push_back(std::move(policy));
  }
  // {"DynamoDBCrudPolicy": {"TableName": …}}. What it grants is left out of the role: nobody here
  // asks what a role may do.
  static bool is_policy_template(const Node& policy) {
    return policy.map.size() == 1 && policy.map[0].name.ends_with("Policy") &&
           policy.map[0].value.is_map();
  }

  const SamResource& function_;
  std::vector<Problem>& problems_;
  const NodeMaker make_;
};

struct Destination {
  std::string_view type, action;
};
constexpr Destination kDestinations[] = {{"EventBridge", "events:PutEvents"},
                                         {"Lambda", "lambda:InvokeFunction"},
                                         {"SNS", "sns:Publish"},
                                         {"SQS", "sqs:SendMessage"}};

}  // namespace

Member make_role(const SamResource& function, Node tags, std::vector<Node> more,
                 std::vector<Problem>& problems) {
  const NodeMaker make(function.place);
  Policies policies(function, problems);
  if (!more.empty()) policies.add_own("Destinations", policy_document(make, std::move(more)));
  Node trust = policy_document(
      make,
      {make.map({{"Action", make.list({make.text("sts:AssumeRole")})},
                 {"Effect", make.text("Allow")},
                 {"Principal",
                  make.map({{"Service", make.list({make.text("lambda.amazonaws.com")})}})}})});
  if (const Node* own = function.properties.find("AssumeRolePolicyDocument")) trust = *own;
  Node properties = make.map({{"AssumeRolePolicyDocument", std::move(trust)},
                              {"ManagedPolicyArns", make.list(std::move(policies.managed))},
                              {"Tags", std::move(tags)}});
  if (!policies.own.empty()) make.add(properties, "Policies", make.list(std::move(policies.own)));
  if (const Node* path = function.properties.find("RolePath")) make.add(properties, "Path", *path);
  if (const Node* boundary = function.properties.find("PermissionsBoundary"))
    make.add(properties, "PermissionsBoundary", *boundary);
  return make_resource(function, function.id + "Role", "AWS::IAM::Role", std::move(properties));
}

std::vector<Member> expand_events(const SamResource& function, const std::string& target,
                                  std::vector<Problem>& problems) {
  std::vector<Member> out;
  const Node* events = function.properties.find("Events");
  if (!events) return out;
  if (!events->is_map()) {
    sam_problem(function, events->place, "Events must be a map of names and events", problems);
    return out;
  }
  for (const Member& event : events->map) {
    const auto wrong = [&](Place place, const std::string& message) {
      sam_problem(function, place, "Event with id [" + event.name + "] is invalid. " + message,
                  problems);
    };
    const NodeMaker make(event.place);
    const Node* type = event.value.find("Type");
    if (!type || type->text != "SNS") {
      wrong(type ? type->place : event.place,
            !type ? "It has no Type"
                  : "Events of the type " + type->text +
                        " are not supported here, those of the type SNS are; invoke the function "
                        "yourself, or leave the event out");
      continue;
    }
    const Node* properties = event.value.find("Properties");
    const Node* topic = properties ? properties->find("Topic") : nullptr;
    if (!topic) {
      wrong(event.place, "Missing required property 'Topic'");
      continue;
    }
    Node subscription = make.map(
        {{"Protocol", make.text("lambda")},
         {"Endpoint", target == function.id ? make.get_att(target, "Arn") : make.ref(target)},
         {"TopicArn", *topic}});
    for (const Member& property : properties->map) {
      if (property.name == "Topic") continue;
      if (property.name == "FilterPolicy" || property.name == "FilterPolicyScope" ||
          property.name == "RedrivePolicy" || property.name == "Region")
        subscription.map.push_back(property);
      else if (property.name == "SqsSubscription")
        wrong(property.place, "SqsSubscription needs SQS, which is not supported here");
      else
        wrong(property.place,
              "'" + property.name + "' is not a property of an event of the type SNS");
    }
    const std::string id = function.id + event.name;
    Node permission = make.map({{"Action", make.text("lambda:InvokeFunction")},
                                {"FunctionName", make.ref(target)},
                                {"Principal", make.text("sns.amazonaws.com")},
                                {"SourceArn", *topic}});
    out.push_back(make_resource(function, id, "AWS::SNS::Subscription", std::move(subscription)));
    out.push_back(make_resource(function, id + "Permission", "AWS::Lambda::Permission",
                                std::move(permission)));
  }
  return out;
}

Expansion expand_invoke_config(const SamResource& function, const Node& alias,
                               std::vector<Node>& statements, std::vector<Problem>& problems) {
  const NodeMaker make(function.place);
  const std::string id = function.id + "EventInvokeConfig";
  const Node& config = *function.properties.find("EventInvokeConfig");
  Expansion out;
  Node properties = make.map({{"FunctionName", make.ref(function.id)}, {"Qualifier", alias}});
  for (const Member& member : config.map) {
    if (member.name == "MaximumEventAgeInSeconds" || member.name == "MaximumRetryAttempts") {
      properties.map.push_back(member);
      continue;
    }
    if (member.name != "DestinationConfig") {
      sam_problem(function, member.place,
                  "'" + member.name + "' is not a property of EventInvokeConfig", problems);
      continue;
    }
    Node destinations = make.map();
    for (const Member& on : member.value.map) {
      const Node* type = on.value.find("Type");
      const Node* given = on.value.find("Destination");
      const auto known =
          std::find_if(std::begin(kDestinations), std::end(kDestinations),
                       [&](const Destination& each) { return type && each.type == type->text; });
      if ((on.name != "OnSuccess" && on.name != "OnFailure") || known == std::end(kDestinations)) {
        sam_problem(function, on.place,
                    "DestinationConfig has OnSuccess and OnFailure, each with a Type that is one "
                    "of SQS, SNS, EventBridge and Lambda",
                    problems);
        continue;
      }
      Node arn;
      if (given) {
        arn = *given;
      } else if (known->type == "SNS" || known->type == "SQS") {
        const bool topic = known->type == "SNS";
        const std::string its_id = id + on.name + (topic ? "Topic" : "Queue");
        out.resources.push_back(make_resource(
            function, its_id, topic ? "AWS::SNS::Topic" : "AWS::SQS::Queue", make.map()));
        out.names[function.id + (topic ? ".DestinationTopic" : ".DestinationQueue")] = its_id;
        arn = topic ? make.ref(its_id) : make.get_att(its_id, "Arn");
      } else {
        sam_problem(function, on.place, "Destination is required if Type is not SQS or SNS",
                    problems);
        continue;
      }
      statements.push_back(make.map({{"Action", make.text(std::string(known->action))},
                                     {"Effect", make.text("Allow")},
                                     {"Resource", arn}}));
      destinations.map.push_back({on.name, on.place, make.map({{"Destination", std::move(arn)}})});
    }
    properties.map.push_back({member.name, member.place, std::move(destinations)});
  }
  out.resources.push_back(
      make_resource(function, id, "AWS::Lambda::EventInvokeConfig", std::move(properties)));
  return out;
}

}  // namespace kiln::cfn
