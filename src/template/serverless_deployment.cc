// DeploymentPreference: the resources of CodeDeploy that SAM makes of it.
#include <algorithm>
#include <iterator>

#include "template/serverless_resource.h"

namespace kiln::cfn {
namespace {

constexpr const char* kApplication = "ServerlessDeploymentApplication";
constexpr const char* kRole = "CodeDeployServiceRole";
constexpr std::string_view kPredefined[] = {
    "Canary10Percent5Minutes",      "Canary10Percent10Minutes",      "Canary10Percent15Minutes",
    "Canary10Percent30Minutes",     "Linear10PercentEvery1Minute",   "Linear10PercentEvery2Minutes",
    "Linear10PercentEvery3Minutes", "Linear10PercentEvery10Minutes", "AllAtOnce"};

// The name that CodeDeploy has for a type.
Node config_name(const Node& type, bool in_sub) {
  if (type.is_list()) {
    Node out = type;
    for (Node& item : out.list) item = config_name(item, false);
    return out;
  }
  if (sam::is_function(type)) {
    Node out = type;
    for (Member& member : out.map)
      member.value = config_name(member.value, member.name == "Fn::Sub");
    return out;
  }
  if (!type.is_text() ||
      std::find(std::begin(kPredefined), std::end(kPredefined), type.text) == std::end(kPredefined))
    return type;
  Node named = sam::sub("CodeDeployDefault.Lambda${ConfigName}", sam::map({{"ConfigName", type}}));
  return in_sub ? Node(named.map[0].value) : named;
}

// The value of an Fn::FindInMap of texts.
Node mapped(const SamTemplate& all, const Node& value) {
  const Node* names = value.find("Fn::FindInMap");
  const Node* at = names ? all.root.find("Mappings") : nullptr;
  if (!at || names->list.size() < 3) return value;
  for (size_t i = 0; i < 3; ++i) {
    at = names->list[i].is_text() ? at->find(names->list[i].text) : nullptr;
    if (!at) return value;
  }
  return *at;
}

Node alarm_list(const Node& alarms) {
  if (alarms.list.empty() || sam::is_no_value(alarms.list[0])) return sam::map();
  Node names = sam::list();
  for (const Node& alarm : alarms.list) names.list.push_back(sam::map({{"Name", alarm}}));
  return sam::map({{"Enabled", true}, {"Alarms", std::move(names)}});
}

std::optional<Node> alarm_configuration(const Node* alarms) {
  if (!sam::truthy(alarms) || sam::is_no_value(*alarms)) return std::nullopt;
  if (const Node* choice = sam::if_arguments(*alarms))
    return sam::choose(choice->list[0].text, alarm_list(choice->list[1]),
                       alarm_list(choice->list[2]));
  return alarm_list(*alarms);
}

// The one application and its role, without a condition as soon as one function has none.
void share(SamTemplate& all, const SamResource& function, const char* id, const char* type,
           Node properties, const std::string& condition) {
  if (Node* there = all.find_shared(id)) {
    const Node* known = there->find("Condition");
    if (!known) return;
    if (condition.empty())
      sam::erase(*there, "Condition");
    else if (known->text != condition) {
      const std::string combined = "ServerlessCodeDeployCondition";
      if (known->text != combined) {
        all.add_condition(combined,
                          sam::map({{"Fn::Or", sam::list({sam::map({{"Condition", *known}})})}}));
        sam::put(*there, "Condition", sam::text(combined));
      }
      Node& any = sam::at(sam::at(all.conditions, combined), "Fn::Or");
      const Node own = sam::map({{"Condition", condition}});
      if (std::none_of(any.list.begin(), any.list.end(),
                       [&](const Node& each) { return sam::same(each, own); }))
        any.list.push_back(own);
    }
    return;
  }
  Node whole = sam::map({{"Type", type}, {"Properties", std::move(properties)}});
  if (!condition.empty()) sam::put(whole, "Condition", sam::text(condition));
  sam::place_within(whole, function.place);
  all.shared.push_back({id, function.place, std::move(whole)});
}

Node* propagated_tags(SamTemplate& all, const char* id) {
  Node* there = all.find_shared(id);
  return there ? sam::find(sam::at(*there, "Properties"), "Tags") : nullptr;
}

}  // namespace

std::optional<Node> expand_deployment(SamTemplate& all, const SamResource& function, Made& made) {
  const Node* given = function.find("DeploymentPreference");
  if (!given->is_map()) {
    sam_problem(all, function, given->place, "DeploymentPreference must be a map");
    return std::nullopt;
  }
  Node preference = *given;
  for (const char* name : {"Enabled", "Type", "PassthroughCondition"})
    if (Node* value = sam::find(preference, name)) *value = mapped(all, all.resolved(*value));
  if (preference.find("Enabled") && !sam::is_true(preference.find("Enabled"))) return std::nullopt;
  const Node* type = preference.find("Type");
  if (!type) {
    sam_problem(all, function, given->place,
                "'DeploymentPreference' is missing required Property 'Type'");
    return std::nullopt;
  }
  all.notes.push_back({"DeploymentPreference of " + function.id +
                           " is recorded: CodeDeploy is not here, so the alias moves to the new "
                           "version at once, without hooks and alarms",
                       given->place});
  const Node* passes = preference.find("PassthroughCondition");
  const std::string condition = sam::is_true(passes) ? function.condition() : std::string();
  share(all, function, kApplication, "AWS::CodeDeploy::Application",
        sam::map({{"ComputePlatform", "Lambda"}}), condition);
  const Node* role = preference.find("Role");
  if (!sam::truthy(role))
    share(all, function, kRole, "AWS::IAM::Role",
          sam::map({{"AssumeRolePolicyDocument", trust_in("codedeploy.amazonaws.com")},
                    {"ManagedPolicyArns", sam::list({sam::text("arn:" + all.partition() +
                                                               ":iam::aws:policy/service-role/"
                                                               "AWSCodeDeployRoleForLambda")})}}),
          condition);
  const Node* tags = function.find("Tags");
  const bool propagates = sam::is_true(function.find("PropagateTags")) && sam::truthy(tags);
  if (propagates)
    for (const char* id : {kApplication, kRole})
      if (Node* there = all.find_shared(id)) {
        Node& list = sam::at(sam::at(*there, "Properties"), "Tags");
        if (!list.is_list()) list = sam::list();
        for (Node& tag : sam::tag_list(tags).list) {
          const Node* key = tag.find("Key");
          std::erase_if(list.list,
                        [&](const Node& old) { return old.find("Key")->text == key->text; });
          list.list.push_back(tag);
        }
        spend(all, *propagated_tags(all, id));
      }
  const Node events =
      sam::list({sam::text("DEPLOYMENT_FAILURE"), sam::text("DEPLOYMENT_STOP_ON_ALARM"),
                 sam::text("DEPLOYMENT_STOP_ON_REQUEST")});
  Node properties = sam::map(
      {{"AlarmConfiguration", alarm_configuration(preference.find("Alarms"))},
       {"ApplicationName", sam::ref(kApplication)},
       {"AutoRollbackConfiguration", sam::map({{"Enabled", true}, {"Events", events}})},
       {"DeploymentConfigName", config_name(*type, false)},
       {"DeploymentStyle",
        sam::map({{"DeploymentType", "BLUE_GREEN"}, {"DeploymentOption", "WITH_TRAFFIC_CONTROL"}})},
       {"ServiceRoleArn", sam::truthy(role) ? *role : sam::get_att(kRole, "Arn")},
       {"TriggerConfigurations", preference.find("TriggerConfigurations")}});
  if (propagates) sam::put(properties, "Tags", sam::tag_list(tags));
  const std::string id = function.id + "DeploymentGroup";
  Member group =
      make_resource(all, function, id, "AWS::CodeDeploy::DeploymentGroup", std::move(properties));
  for (const char* attribute : {"Condition", "DeletionPolicy", "UpdateReplacePolicy"})
    sam::erase(group.value, attribute);
  if (!condition.empty()) sam::put(group.value, "Condition", sam::text(condition));
  made.push_back(std::move(group));
  const Node* hooks = preference.find("Hooks");
  Node update = sam::map({{"ApplicationName", sam::ref(kApplication)},
                          {"DeploymentGroupName", sam::ref(id)},
                          {"BeforeAllowTrafficHook", hooks ? hooks->find("PreTraffic") : nullptr},
                          {"AfterAllowTrafficHook", hooks ? hooks->find("PostTraffic") : nullptr}});
  return sam::map({{"CodeDeployLambdaAliasUpdate", std::move(update)}});
}

}  // namespace kiln::cfn
