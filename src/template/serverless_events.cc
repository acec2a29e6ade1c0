// Events of functions that call them: schedules, rules, buckets, topics, log groups and the like.
#include <algorithm>

#include "template/serverless_resource.h"

namespace kiln::cfn {
namespace {

constexpr size_t kMaxTargetId = 64;
constexpr const char* kRules = "events.amazonaws.com";

Member event_resource(SamTemplate& all, const SamEvent& event, const char* type, Node properties) {
  return make_resource(all, event.owner, event.id, type, std::move(properties));
}

void expand_schedule(SamTemplate& all, const SamEvent& event, Made& made) {
  if (!requires_all(all, event, {"Schedule"})) return;
  Node properties = sam::map({{"ScheduleExpression", event.find("Schedule")},
                              {"Name", event.find("Name")},
                              {"Description", event.find("Description")}});
  if (Node state = rule_state(all, event); state.is_text() || state.is_map())
    sam::put(properties, "State", std::move(state));
  Node target = rule_target(all, event, "LambdaTarget", made);
  sam::put(properties, "Targets", sam::list({std::move(target)}));
  made.push_back(event_resource(all, event, "AWS::Events::Rule", std::move(properties)));
  made.push_back(event_permission(all, event, kRules, sam::get_att(event.id, "Arn")));
}

void expand_rule(SamTemplate& all, const SamEvent& event, Made& made) {
  Node properties = sam::map({{"EventBusName", event.find("EventBusName")},
                              {"EventPattern", event.find("Pattern")},
                              {"Name", event.find("RuleName")}});
  if (Node state = rule_state(all, event); state.is_text() || state.is_map())
    sam::put(properties, "State", std::move(state));
  Node target = rule_target(all, event, "LambdaTarget", made);
  sam::put(properties, "Targets", sam::list({std::move(target)}));
  made.push_back(event_resource(all, event, "AWS::Events::Rule", std::move(properties)));
  made.push_back(event_permission(all, event, kRules, sam::get_att(event.id, "Arn")));
}

// The resource of the same template that a property refers to.
Node* referred(SamTemplate& all, const SamEvent& event, const char* property,
               const std::string& message, std::string& id) {
  const Node* given = event.find(property);
  const Node* ref = given ? given->find("Ref") : nullptr;
  id = ref && ref->is_text() ? ref->text : "";
  Node* found = id.empty() ? nullptr : sam::find(all.resources, id);
  if (found && found->is_map()) return found;
  sam_event_problem(all, event, given ? given->place : event.place, message);
  return nullptr;
}

void expand_s3(SamTemplate& all, const SamEvent& event, Made& made) {
  if (!requires_all(all, event, {"Bucket", "Events"})) return;
  std::string id;
  Node* bucket = referred(all, event, "Bucket",
                          "S3 events must reference an S3 bucket in the same template.", id);
  if (!bucket) return;
  Member permission = event_permission(all, event, "s3.amazonaws.com", nullptr);
  sam::put(sam::at(permission.value, "Properties"), "SourceAccount", sam::ref("AWS::AccountId"));
  const std::string condition = event.owner.condition();
  sam::at(*bucket, "Properties");
  if (condition.empty()) sam::at(*bucket, "DependsOn");  // from here on the members stay in place
  Node& properties = sam::at(*bucket, "Properties");
  if (condition.empty()) {
    Node& needs = sam::at(*bucket, "DependsOn");
    if (needs.is_text()) needs = sam::list({Node(needs)});
    if (!needs.is_list()) needs = sam::list();
    needs.list.push_back(sam::text(permission.name));
  } else {
    // What a condition takes away can't be depended on; a tag that refers to it has the same
    // effect.
    Node& tags = sam::at(properties, "Tags");
    if (!tags.is_list()) tags = sam::list();
    tags.list.push_back(sam::map({{"Key", "sam:ConditionalDependsOn:" + permission.name},
                                  {"Value", sam::choose(condition, sam::ref(permission.name),
                                                        sam::text("no dependency"))}}));
  }
  made.push_back(std::move(permission));
  if (const Node* own_tags = event.owner.find("Tags");
      sam::truthy(own_tags) && sam::is_true(event.owner.find("PropagateTags"))) {
    sam::put(properties, "Tags", sam::tag_list(own_tags));
    spend(all, *own_tags);
  }
  Node& config = sam::at(properties, "NotificationConfiguration");
  Node& notifications = sam::at(config, "LambdaConfigurations");
  if (!notifications.is_list()) notifications = sam::list();
  std::vector<Node> kinds;
  const Node& events = *event.find("Events");
  if (events.is_list() && !sam::is_function(events))
    kinds = events.list;
  else
    kinds = {events};
  for (const Node& kind : kinds) {
    Node one = sam::map(
        {{"Function", event.target.arn()}, {"Filter", event.find("Filter")}, {"Event", kind}});
    if (!condition.empty()) one = sam::choose(condition, std::move(one));
    spend(all, one);
    sam::place_within(one, event.place);
    const auto is_it = [&](const Node& known) { return sam::same(known, one); };
    if (std::none_of(notifications.list.begin(), notifications.list.end(), is_it))
      notifications.list.push_back(std::move(one));
  }
  sam::place_within(*bucket, event.place);
}

Node queue_policy_document(const Node& queue, const Node& topic) {
  return sam::map(
      {{"Version", "2012-10-17"},
       {"Statement",
        sam::list({sam::map(
            {{"Action", "sqs:SendMessage"},
             {"Effect", "Allow"},
             {"Principal", "*"},
             {"Resource", queue},
             {"Condition", sam::map({{"ArnEquals", sam::map({{"aws:SourceArn", topic}})}})}})})}});
}

bool is_fifo_topic(SamTemplate& all, const Node& topic) {
  const Node* resource = all.resources.find(sam::referred_id(topic));
  const Node* properties = resource ? resource->find("Properties") : nullptr;
  const Node* fifo = properties ? properties->find("FifoTopic") : nullptr;
  if (!fifo) return false;
  const Node value = all.resolved(*fifo);
  return sam::is_true(&value);
}

void expand_sns(SamTemplate& all, const SamEvent& event, Node& role, Made& made) {
  if (!requires_all(all, event, {"Topic"})) return;
  const Node& topic = *event.find("Topic");
  const Node* queueing = event.find("SqsSubscription");
  const bool through_queue = queueing && (queueing->is_map() || sam::is_true(queueing));
  Node subscription =
      sam::map({{"Protocol", through_queue ? "sqs" : "lambda"}, {"TopicArn", topic}});
  sam::copy(event.properties, {"Region", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy"},
            subscription);
  if (!through_queue) {
    sam::put(subscription, "Endpoint", event.target.arn());
    made.push_back(event_permission(all, event, "sns.amazonaws.com", topic));
    made.push_back(event_resource(all, event, "AWS::SNS::Subscription", std::move(subscription)));
    return;
  }
  Node arn, url;
  std::string policy_id = event.id + "QueuePolicy";
  const Node* batch = nullptr;
  if (queueing->is_map() && !sam::is_function(*queueing)) {
    if (!queueing->find("QueueArn") || !queueing->find("QueueUrl"))
      return sam_event_problem(all, event, queueing->place, "No QueueARN or QueueURL provided.");
    arn = *queueing->find("QueueArn");
    url = *queueing->find("QueueUrl");
    batch = queueing->find("BatchSize");
    if (const Node* id = queueing->find("QueuePolicyLogicalId"); id && id->is_text())
      policy_id = id->text;
  } else {
    const std::string queue = event.id + "Queue";
    Node properties = sam::map();
    if (is_fifo_topic(all, topic)) sam::put(properties, "FifoQueue", sam::boolean(true));
    made.push_back(
        make_resource(all, event.owner, queue, "AWS::SQS::Queue", std::move(properties)));
    arn = sam::get_att(queue, "Arn");
    url = sam::ref(queue);
  }
  made.push_back(make_resource(all, event.owner, policy_id, "AWS::SQS::QueuePolicy",
                               sam::map({{"PolicyDocument", queue_policy_document(arn, topic)},
                                         {"Queues", sam::list({url})}})));
  sam::put(subscription, "Endpoint", arn);
  made.push_back(event_resource(all, event, "AWS::SNS::Subscription", std::move(subscription)));
  const SamEvent mapping{
      event.owner,
      event.target,
      event.name,
      event.id + "EventSourceMapping",
      event.place,
      sam::map(
          {{"Queue", arn}, {"BatchSize", batch ? *batch : sam::number(10)}, {"Enabled", true}})};
  expand_pull_event(all, mapping, "SQS", role, made);
}

void expand_alexa(SamTemplate& all, const SamEvent& event, Made& made) {
  Member permission = event_permission(all, event, "alexa-appkit.amazon.com", nullptr);
  if (const Node* skill = event.find("SkillId"))
    sam::put(sam::at(permission.value, "Properties"), "EventSourceToken", *skill);
  made.push_back(std::move(permission));
}

void expand_iot(SamTemplate& all, const SamEvent& event, Made& made) {
  if (!requires_all(all, event, {"Sql"})) return;
  Member permission = event_permission(
      all, event, "iot.amazonaws.com",
      sam::sub("arn:" + all.partition() + ":iot:${AWS::Region}:${AWS::AccountId}:rule/${RuleName}",
               sam::map({{"RuleName", sam::ref(event.id)}})));
  sam::put(sam::at(permission.value, "Properties"), "SourceAccount", sam::sub("${AWS::AccountId}"));
  made.push_back(std::move(permission));
  Node payload = sam::map(
      {{"Sql", event.find("Sql")},
       {"RuleDisabled", false},
       {"Actions",
        sam::list({sam::map({{"Lambda", sam::map({{"FunctionArn", event.target.arn()}})}})})},
       {"AwsIotSqlVersion", event.find("AwsIotSqlVersion")}});
  made.push_back(event_resource(all, event, "AWS::IoT::TopicRule",
                                sam::map({{"TopicRulePayload", std::move(payload)}})));
}

void expand_cognito(SamTemplate& all, const SamEvent& event, Made& made) {
  if (!requires_all(all, event, {"UserPool", "Trigger"})) return;
  std::string id;
  Node* pool =
      referred(all, event, "UserPool",
               "Cognito events must reference a Cognito UserPool in the same template.", id);
  if (!pool) return;
  Member permission = event_permission(all, event, "cognito-idp.amazonaws.com",
                                       sam::get_att(id, "Arn"), "", event.target.id + "Cognito");
  // One for all of a function's triggers.
  const auto is_it = [&](const Member& each) { return each.name == permission.name; };
  if (std::none_of(made.begin(), made.end(), is_it)) made.push_back(std::move(permission));
  Node& config = sam::at(sam::at(*pool, "Properties"), "LambdaConfig");
  const Node& triggers = *event.find("Trigger");
  std::vector<Node> all_triggers = {triggers};
  if (triggers.is_list()) all_triggers = triggers.list;
  for (const Node& trigger : all_triggers) {
    if (config.find(trigger.text))
      return sam_event_problem(all, event, trigger.place,
                               "Cognito trigger \"" + trigger.text + "\" defined multiple times.");
    sam::put(config, trigger.text, event.target.arn());
  }
  sam::place_within(*pool, event.place);
}

void expand_logs(SamTemplate& all, const SamEvent& event, Made& made) {
  if (!requires_all(all, event, {"LogGroupName", "FilterPattern"})) return;
  Member permission = event_permission(
      all, event, "logs.amazonaws.com",
      sam::sub("arn:" + all.partition() +
                   ":logs:${AWS::Region}:${AWS::AccountId}:log-group:${__LogGroupName__}:*",
               sam::map({{"__LogGroupName__", event.find("LogGroupName")}})));
  Member filter = event_resource(all, event, "AWS::Logs::SubscriptionFilter",
                                 sam::map({{"LogGroupName", event.find("LogGroupName")},
                                           {"FilterPattern", event.find("FilterPattern")},
                                           {"DestinationArn", event.target.arn()}}));
  sam::put(filter.value, "DependsOn", sam::list({sam::text(permission.name)}));
  made.push_back(std::move(permission));
  made.push_back(std::move(filter));
}

}  // namespace

Member event_permission(SamTemplate& all, const SamEvent& event, const char* principal,
                        const sam::Value& source_arn, const std::string& suffix,
                        const std::string& prefix) {
  const std::string id = id_with((prefix.empty() ? event.id : prefix) + "Permission", suffix);
  return make_resource(all, event.owner, id, "AWS::Lambda::Permission",
                       sam::map({{"Action", "lambda:InvokeFunction"},
                                 {"FunctionName", event.target.name()},
                                 {"Principal", principal},
                                 {"SourceArn", source_arn}}));
}

Node rule_state(SamTemplate& all, const SamEvent& event) {
  const Node* state = event.find("State");
  const Node* enabled = event.find("Enabled");
  if (state && enabled)
    sam_event_problem(all, event, state->place,
                      "State and Enabled Properties cannot both be specified.");
  if (state) return *state;
  if (!enabled) return {};
  const Node value = all.resolved(*enabled);
  return sam::text(sam::is_false(&value) ? "DISABLED" : "ENABLED");
}

bool has_dead_letters(SamTemplate& all, const SamEvent& event, const Node& config) {
  const Node* arn = config.find("Arn");
  const Node* type = config.find("Type");
  const Node* named = config.find("QueueLogicalId");
  const char* message = nullptr;
  if (arn && type)
    message = "You can either define 'Arn' or 'Type' property of DeadLetterConfig.";
  else if (!arn && !type)
    message = "No 'Arn' or 'Type' property provided for DeadLetterConfig.";
  else if (type && type->text != "SQS")
    message = "The only valid value for 'Type' property of DeadLetterConfig is 'SQS'.";
  else if (type && named && !named->is_text())
    message = "QueueLogicalId must be a string";
  if (message) sam_made_event_problem(all, event, config.place, message);
  return message == nullptr;
}

Node rule_target(SamTemplate& all, const SamEvent& event, const char* suffix, Made& made) {
  const std::string end = suffix;
  const Node* given = event.find("Target");
  const Node* own = given ? given->find("Id") : nullptr;
  Node target = sam::map(
      {{"Arn", event.target.arn()},
       {"Id", own ? *own : sam::text(event.id.substr(0, kMaxTargetId - end.size()) + end)}});
  sam::copy(event.properties, {"Input", "InputPath", "RetryPolicy", "InputTransformer"}, target);
  const Node* dead = event.find("DeadLetterConfig");
  if (!dead) return target;
  if (!has_dead_letters(all, event, *dead)) return target;
  const Node* arn = dead->find("Arn");
  if (arn) {
    sam::put(target, "DeadLetterConfig", sam::map({{"Arn", arn}}));
    return target;
  }
  const Node* named = dead->find("QueueLogicalId");
  const std::string queue = named ? named->text : event.id + "Queue";
  made.push_back(make_resource(all, event.owner, queue, "AWS::SQS::Queue", sam::map()));
  Node document = queue_policy_document(sam::get_att(queue, "Arn"), sam::get_att(event.id, "Arn"));
  sam::put(sam::at(document, "Statement").list[0], "Principal", sam::map({{"Service", kRules}}));
  made.push_back(make_resource(
      all, event.owner, event.id + "QueuePolicy", "AWS::SQS::QueuePolicy",
      sam::map({{"PolicyDocument", document}, {"Queues", sam::list({sam::ref(queue)})}})));
  sam::put(target, "DeadLetterConfig", sam::map({{"Arn", sam::get_att(queue, "Arn")}}));
  return target;
}

void expand_events(SamTemplate& all, const SamResource& function, const EventTarget& target,
                   Node& role, Made& made) {
  const Node* events = function.find("Events");
  if (!events) return;
  if (!events->is_map())
    return sam_problem(all, function, events->place, "Events must be a map of names and events");
  // By path: what a default route allows needs no permission of its own after it.
  std::vector<const Member*> in_order;
  for (const Member& member : events->map) in_order.push_back(&member);
  const auto key = [](const Member* member) -> const std::string& {
    const Node* properties = member->value.find("Properties");
    const Node* path = properties ? properties->find("Path") : nullptr;
    return path && path->is_text() ? path->text : member->name;
  };
  std::stable_sort(in_order.begin(), in_order.end(),
                   [&](const Member* a, const Member* b) { return key(a) < key(b); });
  for (const Member* each : in_order) {
    const Member& member = *each;
    const Node* properties = member.value.find("Properties");
    const SamEvent event{
        function,     target,
        member.name,  function.id + member.name,
        member.place, properties && properties->is_map() ? *properties : sam::map()};
    const Node* type = member.value.find("Type");
    const std::string name = type ? type->text : "";
    check_event_properties(all, event, name, EventOwner::kFunction);
    if (is_pull_event(name)) {
      expand_pull_event(all, event, name, role, made);
      continue;
    }
    if (name == "Api")
      expand_rest_event(all, event, made);
    else if (name == "HttpApi")
      expand_http_event(all, event, made);
    else if (name == "Schedule")
      expand_schedule(all, event, made);
    else if (name == "ScheduleV2")
      expand_scheduler_event(all, event, false, made);
    else if (name == "CloudWatchEvent" || name == "EventBridgeRule")
      expand_rule(all, event, made);
    else if (name == "S3")
      expand_s3(all, event, made);
    else if (name == "SNS")
      expand_sns(all, event, role, made);
    else if (name == "AlexaSkill")
      expand_alexa(all, event, made);
    else if (name == "IoTRule")
      expand_iot(all, event, made);
    else if (name == "Cognito")
      expand_cognito(all, event, made);
    else if (name == "CloudWatchLogs")
      expand_logs(all, event, made);
    else
      unknown_event_type(all, event, type ? type->place : member.place, name);
  }
}

}  // namespace kiln::cfn
