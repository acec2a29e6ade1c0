// ScheduleV2, an event of functions and of state machines: a schedule of EventBridge Scheduler.
#include "template/serverless_resource.h"

namespace kiln::cfn {

void expand_scheduler_event(SamTemplate& all, const SamEvent& event, bool machine, Made& made) {
  if (!requires_all(all, event, {"ScheduleExpression"})) return;
  Node properties = sam::map();
  sam::copy(event.properties,
            {"ScheduleExpression", "State", "Description", "StartDate", "EndDate",
             "ScheduleExpressionTimezone", "GroupName", "KmsKeyArn"},
            properties);
  const Node* name = event.find("Name");
  if (!sam::is_true(event.find("OmitName")))
    sam::put(properties, "Name", name ? *name : sam::text(event.id));
  else if (name)
    sam_event_problem(all, event, name->place, "Name cannot be set when OmitName is True");
  const Node* window = event.find("FlexibleTimeWindow");
  sam::put(properties, "FlexibleTimeWindow", window ? *window : sam::map({{"Mode", "OFF"}}));

  std::optional<Node> dead_letters;
  if (const Node* config = event.find("DeadLetterConfig")) {
    const Node* arn = config->find("Arn");
    const bool fine = has_dead_letters(all, event, *config);
    if (fine && arn) {
      dead_letters = *arn;
    } else if (fine) {
      const Node* named = config->find("QueueLogicalId");
      const std::string queue = named ? named->text : event.id + "Queue";
      made.push_back(make_resource(all, event.owner, queue, "AWS::SQS::Queue", sam::map()));
      dead_letters = sam::get_att(queue, "Arn");
    }
  }

  Node role_arn;
  if (const Node* given = event.find("RoleArn")) {
    role_arn = *given;
  } else {
    Node policies = sam::list({one_statement(
        event.id + (machine ? "StartExecutionPolicy" : "LambdaPolicy"),
        machine ? "states:StartExecution" : "lambda:InvokeFunction", event.target.arn())});
    if (dead_letters)
      policies.list.push_back(
          one_statement(event.id + "SQSPolicy", "sqs:SendMessage", *dead_letters));
    made.push_back(
        make_resource(all, event.owner, event.id + "Role", "AWS::IAM::Role",
                      sam::map({{"AssumeRolePolicyDocument", trust_in("scheduler.amazonaws.com")},
                                {"Policies", std::move(policies)},
                                {"PermissionsBoundary", event.find("PermissionsBoundary")}})));
    role_arn = sam::get_att(event.id + "Role", "Arn");
  }
  Node target = sam::map({{"Arn", event.target.arn()}, {"RoleArn", role_arn}});
  sam::copy(event.properties, {"Input", "RetryPolicy"}, target);
  if (dead_letters) sam::put(target, "DeadLetterConfig", sam::map({{"Arn", *dead_letters}}));
  sam::put(properties, "Target", std::move(target));
  made.push_back(
      make_resource(all, event.owner, event.id, "AWS::Scheduler::Schedule", std::move(properties)));
}

}  // namespace kiln::cfn
