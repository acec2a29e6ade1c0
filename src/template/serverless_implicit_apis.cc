// The APIs that are there only because events of functions need them, and the paths that events
// have in an API whose definition SAM writes.
#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "template/openapi.h"
#include "template/serverless_resource.h"

namespace kiln::cfn {
namespace {

constexpr size_t kMaxEvents = 2'000;  // each makes a resource, of which a stack has 500

struct ApiKind {
  const char* event;        // its type
  const char* id_property;  // of the event
  const char* implicit_id;
  const char* type;
  Node (*skeleton)();
};
const ApiKind kRest = {"Api", "RestApiId", "ServerlessRestApi", "AWS::Serverless::Api",
                       openapi::swagger_skeleton};
const ApiKind kHttp = {"HttpApi", "ApiId", "ServerlessHttpApi", "AWS::Serverless::HttpApi",
                       openapi::openapi_skeleton};

std::string type_of(const Node& resource) {
  const Node* type = resource.find("Type");
  return type && type->is_text() ? type->text : std::string();
}

std::string path_id(const std::string& path) {
  std::string out;
  for (const char c : path)
    out += c == '/' ? "SLASH" : c == '{' ? "OB" : c == '}' ? "CB" : std::string(1, c);
  return out;
}

class ImplicitApi {
 public:
  ImplicitApi(SamTemplate& all, const ApiKind& kind) : all_(all), kind_(kind) {}

  void add() {
    give_definitions();
    for (size_t i = 0; i < all_.resources.map.size(); ++i) {
      const std::string type = type_of(all_.resources.map[i].value);
      if (type != "AWS::Serverless::Function" && type != "AWS::Serverless::StateMachine") continue;
      Node* properties = sam::find(all_.resources.map[i].value, "Properties");
      Node* events = properties ? sam::find(*properties, "Events") : nullptr;
      if (!events) continue;
      const std::string owner = all_.resources.map[i].name;
      // Adding the API moves the resources: an event is found anew each time.
      for (size_t e = 0; e < events->map.size(); ++e) {
        if (type_of(events->map[e].value) != kind_.event) continue;
        take_event(owner, e);
        events = sam::find(sam::at(all_.resources.map[i].value, "Properties"), "Events");
      }
    }
    give_attributes();
    give_path_conditions();
  }

 private:
  // What has neither definition gets one, which SAM writes.
  void give_definitions() {
    for (Member& resource : all_.resources.map) {
      if (type_of(resource.value) != kind_.type) continue;
      Node& properties = sam::at(resource.value, "Properties");
      if (sam::truthy(properties.find("DefinitionBody")) ||
          sam::truthy(properties.find("DefinitionUri")))
        continue;
      sam::put(properties, "DefinitionBody", kind_.skeleton());
      all_.managed_apis.insert(resource.name);
    }
  }

  Node& implicit_api(Place place) {
    if (!all_.managed_apis.contains(kind_.implicit_id)) {
      sam::erase(all_.resources, kind_.implicit_id);
      Node properties = sam::map({{"DefinitionBody", kind_.skeleton()}});
      if (std::string_view(kind_.event) == "Api")
        sam::put(properties, "StageName", sam::text("Prod"));
      Node resource = sam::map({{"Type", kind_.type}, {"Properties", std::move(properties)}});
      sam::place_within(resource, place);
      all_.resources.map.push_back({kind_.implicit_id, place, std::move(resource)});
      all_.managed_apis.insert(kind_.implicit_id);
    }
    return sam::at(all_.resources, kind_.implicit_id);
  }

  void take_event(const std::string& owner, size_t number) {
    Node& resource = sam::at(all_.resources, owner);
    Member& event = sam::at(sam::at(resource, "Properties"), "Events").map[number];
    const Place place = event.place;
    const std::string name = event.name;
    const auto wrong = [&](const std::string& message) {
      all_.problems.push_back({"Resource with id [" + owner + "] is invalid. Event with id [" +
                                   name + "] is invalid. " + message,
                               place, owner});
    };
    Node& properties = sam::at(event.value, "Properties");
    if (!properties.is_map()) return wrong("Properties should be a map.");
    const bool http = std::string_view(kind_.event) == "HttpApi";
    if (http && !sam::truthy(properties.find("Path")) && !sam::truthy(properties.find("Method"))) {
      sam::put(properties, "Path", sam::text(std::string(openapi::kDefaultPath)));
      sam::put(properties, "Method", sam::text(std::string(openapi::kAnyMethod)));
    }
    for (const char* needed : {"Path", "Method"}) {
      const Node* given = properties.find(needed);
      if (!given || !given->is_text())
        return wrong(given ? "Property '" + std::string(needed) + "' should be a string."
                           : "Property '" + std::string(needed) + "' is required.");
    }
    const bool implicit = !properties.find(kind_.id_property);
    if (implicit) sam::put(properties, kind_.id_property, sam::ref(kind_.implicit_id));
    const std::string id = sam::api_id_of(*properties.find(kind_.id_property));
    const std::string path = properties.find("Path")->text;
    const std::string method = properties.find("Method")->text;
    const Node route_settings =
        properties.find("RouteSettings") ? *properties.find("RouteSettings") : Node();
    const Node* condition = resource.find("Condition");
    const std::string under = condition && condition->is_text() ? condition->text : "";
    const Node whole = resource;  // adding the API moves it
    if (implicit) {
      Node& api = implicit_api(place);
      share_attributes(whole, sam::at(api, "Properties"));
    }
    Node* api = sam::find(all_.resources, id);
    if (!api || (!http && type_of(*api) == kHttp.type))
      return wrong(std::string(kind_.id_property) + " must be a valid reference to an '" +
                   kind_.type + "' resource in same template.");
    // One that isn't SAM's only gets a permission to invoke the function.
    if (type_of(*api) != kind_.type) return;
    all_.path_conditions[id][path].insert(under);
    Node& api_properties = sam::at(*api, "Properties");
    if (all_.managed_apis.contains(id))
      openapi::add_path(sam::at(api_properties, "DefinitionBody"), path, method);
    if (route_settings.is_map()) {
      std::string route = method == openapi::kAnyMethod ? path : method + " " + path;
      if (method != openapi::kAnyMethod)
        std::transform(route.begin(), route.begin() + static_cast<std::ptrdiff_t>(method.size()),
                       route.begin(), [](char c) { return ascii::upper(c); });
      Node& into = sam::at(sam::at(api_properties, "RouteSettings"), route);
      const Node settings = under.empty() ? route_settings : sam::choose(under, route_settings);
      for (const Member& member : settings.map) sam::put(into, member.name, member.value);
    }
  }

  // Tags that go with the function, and the strictest policies.
  void share_attributes(const Node& owner, Node& api) {
    const Node* properties = owner.find("Properties");
    const Node* globals = all_.root.find("Globals");
    const Node* section =
        globals ? globals->find(type_of(owner).substr(std::string_view("AWS::Serverless::").size()))
                : nullptr;
    const auto value = [&](const char* name) {
      const Node* own = properties->find(name);
      return sam::truthy(own) ? own : section ? section->find(name) : nullptr;
    };
    const Node* tags = value("Tags");
    if (sam::truthy(tags) && tags->is_map() && sam::is_true(value("PropagateTags"))) {
      Node& all_tags = sam::at(api, "Tags");
      for (const Member& tag : tags->map) sam::put(all_tags, tag.name, tag.value);
      spend(all_, *tags);
      sam::put(api, "PropagateTags", sam::boolean(true));
    }
    for (const char* attribute : {"DeletionPolicy", "UpdateReplacePolicy"})
      if (const Node* policy = owner.find(attribute)) policies_[attribute].insert(policy->text);
  }

  void give_attributes() {
    if (!all_.managed_apis.contains(kind_.implicit_id)) return;
    Node& api = sam::at(all_.resources, kind_.implicit_id);
    for (const auto& [attribute, values] : policies_)
      for (const char* strictest : {"Retain", "Snapshot", "Delete"})
        if (values.contains(strictest)) {
          sam::put(api, attribute, sam::text(strictest));
          break;
        }
    std::set<std::string> conditions;
    for (const auto& [path, under] : all_.path_conditions[kind_.implicit_id])
      conditions.insert(under.begin(), under.end());
    if (const auto name = combined(conditions, std::string(kind_.implicit_id) + "Condition");
        !name.empty())
      sam::put(api, "Condition", sam::text(name));
  }

  // A path whose functions all have conditions is there under any of them.
  void give_path_conditions() {
    for (Member& resource : all_.resources.map) {
      if (type_of(resource.value) != kind_.type || !all_.managed_apis.contains(resource.name))
        continue;
      Node& body = sam::at(sam::at(resource.value, "Properties"), "DefinitionBody");
      for (Member& path : sam::at(body, "paths").map) {
        const auto name = combined(all_.path_conditions[resource.name][path.name],
                                   resource.name + path_id(path.name) + "PathCondition");
        if (!name.empty()) path.value = sam::choose(name, Node(path.value));
      }
    }
  }

  // "" when something is there without a condition.
  std::string combined(const std::set<std::string>& conditions, const std::string& name) {
    if (conditions.empty() || conditions.contains("")) return {};
    if (conditions.size() == 1) return *conditions.begin();
    // Ten at a time; the name of each group goes to the end of what is left.
    constexpr size_t kMostOfOr = 10;
    std::vector<std::string> left(conditions.begin(), conditions.end());
    size_t groups = 0;
    for (size_t size = left.size(); size > 1; ++groups)
      size = size <= kMostOfOr ? 1 : size - kMostOfOr + 1;
    while (left.size() > 1) {
      const std::string group = --groups > 0 ? name + std::to_string(groups) : name;
      const size_t count = std::min(kMostOfOr, left.size());
      Node any = sam::list();
      for (size_t i = 0; i < count; ++i) any.list.push_back(sam::map({{"Condition", left[i]}}));
      left.erase(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(count));
      left.push_back(group);
      all_.add_condition(group, sam::map({{"Fn::Or", std::move(any)}}));
    }
    return name;
  }

  SamTemplate& all_;
  const ApiKind& kind_;
  std::map<std::string, std::set<std::string>> policies_;
};

}  // namespace

void add_implicit_apis(SamTemplate& all) {
  size_t events = 0;
  for (const Member& resource : all.resources.map)
    if (const Node* properties = resource.value.find("Properties"))
      if (const Node* own = properties->find("Events")) events += own->map.size();
  if (events > kMaxEvents) throw SamTooLarge{};
  ImplicitApi(all, kRest).add();
  ImplicitApi(all, kHttp).add();
}

}  // namespace kiln::cfn
