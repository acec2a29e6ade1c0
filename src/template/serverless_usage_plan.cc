// UsagePlan of a REST API: a plan, a key and what joins them, of one API or shared by several.
#include <algorithm>

#include "template/serverless_resource.h"

namespace kiln::cfn {
namespace {

constexpr const char* kPlan = "ServerlessUsagePlan";
constexpr const char* kKey = "ServerlessApiKey";
constexpr const char* kPlanKey = "ServerlessUsagePlanKey";
constexpr const char* kCondition = "SharedUsagePlanCondition";

// The strictest policies of all APIs, and a condition when each has one.
void share_attributes(SamTemplate& all, const SamResource& api, Node& resource, bool first) {
  for (const char* attribute : {"DeletionPolicy", "UpdateReplacePolicy"})
    if (const Node* policy = api.whole.find(attribute)) {
      const Node* known = resource.find(attribute);
      if (!known || policy->text == "Retain" ||
          (policy->text == "Snapshot" && known->text == "Delete"))
        sam::put(resource, attribute, *policy);
    }
  const std::string condition = api.condition();
  if (condition.empty()) {
    sam::erase(resource, "Condition");
    sam::erase(all.conditions, kCondition);
    return;
  }
  const Node* known = resource.find("Condition");
  if (!first && !known) return;
  sam::put(resource, "Condition", sam::text(kCondition));
  Node& definition = sam::at(all.conditions, kCondition);
  const Node own = sam::map({{"Condition", condition}});
  if (definition.map.empty()) {
    definition = own;
    return;
  }
  Node any = definition.find("Fn::Or") ? *definition.find("Fn::Or") : sam::list({Node(definition)});
  const auto is_it = [&](const Node& each) { return sam::same(each, own); };
  if (std::any_of(any.list.begin(), any.list.end(), is_it)) return;
  any.list.push_back(own);
  definition = sam::map({{"Fn::Or", std::move(any)}});
}

Node& shared_resource(SamTemplate& all, const SamResource& api, const char* id, const char* type) {
  Node* there = all.find_shared(id);
  const bool first = there == nullptr;
  if (first) {
    Node whole = sam::map({{"Type", type}, {"Properties", sam::map()}});
    sam::place_within(whole, api.place);
    all.shared.push_back({id, api.place, std::move(whole)});
    there = &all.shared.back().value;
  }
  share_attributes(all, api, *there, first);
  return *there;
}

void add_once(Node& map, const char* name, Node item) {
  Node& all = sam::at(map, name);
  if (!all.is_list()) all = sam::list();
  const auto is_it = [&](const Node& each) { return sam::same(each, item); };
  if (std::none_of(all.list.begin(), all.list.end(), is_it)) all.list.push_back(std::move(item));
}

}  // namespace

void expand_usage_plan(SamTemplate& all, const SamResource& api, const Node& plan,
                       const std::string& stage_id, Made& made) {
  const Node* create = plan.find("CreateUsagePlan");
  const std::string kind = create ? create->text : "";
  if (kind != "SHARED" && kind != "PER_API" && kind != "NONE")
    return sam_problem(all, api, plan.place,
                       create ? "'CreateUsagePlan' accepts one of ['SHARED', 'PER_API', 'NONE']."
                              : "'CreateUsagePlan' is a required field for UsagePlan.");
  if (kind == "NONE") return;
  const bool shared = kind == "SHARED";
  const std::string plan_id = shared ? kPlan : api.id + "UsagePlan";
  const std::string key_id = shared ? kKey : api.id + "ApiKey";
  const std::string join_id = shared ? kPlanKey : api.id + "UsagePlanKey";
  const Node stage = sam::map({{"ApiId", sam::ref(api.id)}, {"Stage", sam::ref(stage_id)}});
  const Node key_stage =
      sam::map({{"RestApiId", sam::ref(api.id)}, {"StageName", sam::ref(stage_id)}});
  const Node* tags = api.find("Tags");
  const auto tag = [&](Node& properties) {
    if (!sam::truthy(tags) || !sam::is_true(api.find("PropagateTags"))) return;
    sam::put(properties, "Tags", sam::tag_list(tags));
    spend(all, *tags);
  };
  const auto fill_plan = [&](Node& resource) {
    Node& properties = sam::at(resource, "Properties");
    add_once(properties, "ApiStages", stage);
    for (const char* name : {"UsagePlanName", "Description", "Quota", "Tags", "Throttle"})
      if (const Node* value = plan.find(name); sam::truthy(value)) {
        sam::put(properties, name, *value);
        spend(all, *value);
      }
    tag(properties);
    add_once(resource, "DependsOn", sam::text(api.id));
    sam::place_within(resource, api.place);
  };
  const auto fill_key = [&](Node& resource) {
    Node& properties = sam::at(resource, "Properties");
    sam::put(properties, "Enabled", sam::boolean(true));
    add_once(properties, "StageKeys", key_stage);
    tag(properties);
    add_once(resource, "DependsOn", sam::text(plan_id));
    sam::place_within(resource, api.place);
  };
  const auto fill_join = [&](Node& resource) {
    sam::put(resource, "Properties",
             sam::map({{"KeyId", sam::ref(key_id)},
                       {"KeyType", "API_KEY"},
                       {"UsagePlanId", sam::ref(plan_id)}}));
    add_once(resource, "DependsOn", sam::text(key_id));
    sam::place_within(resource, api.place);
  };
  all.names[api.id + ".UsagePlan"] = plan_id;
  all.names[api.id + ".ApiKey"] = key_id;
  all.names[api.id + ".UsagePlanKey"] = join_id;
  if (shared) {
    fill_plan(shared_resource(all, api, kPlan, "AWS::ApiGateway::UsagePlan"));
    fill_key(shared_resource(all, api, kKey, "AWS::ApiGateway::ApiKey"));
    fill_join(shared_resource(all, api, kPlanKey, "AWS::ApiGateway::UsagePlanKey"));
    return;
  }
  Member own = make_resource(all, api, plan_id, "AWS::ApiGateway::UsagePlan", sam::map());
  fill_plan(own.value);
  made.push_back(std::move(own));
  own = make_resource(all, api, key_id, "AWS::ApiGateway::ApiKey", sam::map());
  fill_key(own.value);
  made.push_back(std::move(own));
  own = make_resource(all, api, join_id, "AWS::ApiGateway::UsagePlanKey", sam::map());
  fill_join(own.value);
  made.push_back(std::move(own));
}

}  // namespace kiln::cfn
