// Events of the types Api and HttpApi: the integrations that they write into an API's definition.
#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "template/api_security.h"
#include "template/openapi.h"
#include "template/serverless_resource.h"

namespace kiln::cfn {
namespace {

constexpr const char* kRestType = "AWS::Serverless::Api";
constexpr const char* kHttpType = "AWS::Serverless::HttpApi";

// The properties of the API that an event is of; nullptr is told of already.
Node* api_of(SamTemplate& all, const SamEvent& event, const char* id_property) {
  const Node* property = event.find(id_property);
  Node* api = property ? sam::find(all.resources, sam::api_id_of(*property)) : nullptr;
  return api && api->is_map() ? &sam::at(*api, "Properties") : nullptr;
}

// Its definition, where SAM may write into it.
Node* definition_of(SamTemplate& all, const SamEvent& event, const char* id_property,
                    std::string_view type, Node& api) {
  const Node* resource = all.resources.find(sam::api_id_of(*event.find(id_property)));
  const Node* its_type = resource ? resource->find("Type") : nullptr;
  return its_type && its_type->text == type ? sam::find(api, "DefinitionBody") : nullptr;
}

Node invocation_uri(const SamEvent& event, bool streams, const std::string& partition) {
  const std::string arn =
      event.target.ref_is_arn ? "${" + event.target.id + "}" : "${" + event.target.id + ".Arn}";
  return sam::sub("arn:" + partition + ":apigateway:${AWS::Region}:lambda:path/" +
                  (streams ? "2021-11-15" : "2015-03-31") + "/functions/" + arn +
                  (streams ? "/response-streaming-invocations" : "/invocations"));
}

std::string without_end_slash(std::string path) {
  if (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return ascii::upper(c); });
  return text;
}

// Security of one method of a REST API by what its event says.
void add_rest_auth(SamTemplate& all, const SamEvent& event, const Node& api, Node& body,
                   const std::string& path, const std::string& method, const Node* stage) {
  const Node* auth = event.find("Auth");
  if (!sam::truthy(auth)) return;
  Node api_auth = api.find("Auth") ? all.resolved(*api.find("Auth")) : sam::map();
  const Node* authorizers = api_auth.find("Authorizers");
  const auto where = [&] { return "API method [" + method + "] for path [" + path + "]"; };
  const Node* wanted = auth->find("Authorizer");
  const Node* scopes = auth->find("AuthorizationScopes");
  if (sam::truthy(wanted)) {
    const std::string& name = wanted->text;
    const Node* known = authorizers ? authorizers->find(name) : nullptr;
    if (name == "NONE" && !sam::truthy(api_auth.find("DefaultAuthorizer")))
      sam_event_problem(all, event, wanted->place,
                        "Unable to set Authorizer on " + where() +
                            " because 'NONE' is only a valid value when a DefaultAuthorizer on the "
                            "API is specified.");
    else if (name != "NONE" && name != "AWS_IAM" && !known)
      sam_event_problem(all, event, wanted->place,
                        "Unable to set Authorizer [" + name + "] on " + where() +
                            " because it wasn't defined in the API's Authorizers.");
    Node own = sam::list();
    if (known && known->find("AuthorizationScopes")) own = *known->find("AuthorizationScopes");
    if (known && scopes) own = *scopes;
    for (Node* definition : openapi::methods_at(body, path, method)) {
      openapi::add_security(*definition, name, own);
      if (name == "AWS_IAM") add_iam_security(body);
    }
  } else if (scopes) {
    sam_event_problem(all, event, scopes->place,
                      "AuthorizationScopes works only when Authorizer is set");
  }
  if (const Node* key = auth->find("ApiKeyRequired")) {
    if (!sam::truthy(key) && !sam::truthy(api_auth.find("ApiKeyRequired")))
      sam_event_problem(all, event, key->place,
                        "Unable to set ApiKeyRequired [False] on " + where() +
                            " because the related API does not specify any ApiKeyRequired.");
    if (sam::truthy(key)) add_key_security(body);
    for (Node* definition : openapi::methods_at(body, path, method))
      openapi::add_security(*definition, sam::truthy(key) ? "api_key" : "api_key_false",
                            sam::list());
  }
  if (const Node* policy = auth->find("ResourcePolicy"); sam::truthy(policy)) {
    add_resource_policy(all, *policy, body, path, stage ? *stage : sam::text("Prod"));
    add_custom_statements(*policy, body);
  }
}

// What a request must have: models, parameters.
void add_request_checks(SamTemplate& all, const SamEvent& event, const Node& api, Node& body,
                        const std::string& path, const std::string& method) {
  const auto methods = openapi::methods_at(body, path, method);
  if (const Node* model = event.find("RequestModel")) {
    const Node* name = model->find("Model");
    const Node* models = api.find("Models");
    if (name && (!models || !models->find(name->text)))
      return sam_event_problem(all, event, model->place,
                               "Unable to set RequestModel [" + name->text + "] on API method [" +
                                   method + "] for path [" + path +
                                   "] because it wasn't defined in the API's Models.");
    if (name) {
      std::string id = name->text;
      std::transform(id.begin(), id.end(), id.begin(), [](char c) { return ascii::lower(c); });
      for (Node* definition : methods) {
        if (body.find("swagger")) {
          Node& parameters = sam::at(*definition, "parameters");
          if (!parameters.is_list()) parameters = sam::list();
          parameters.list.push_back(
              sam::map({{"in", "body"},
                        {"name", id},
                        {"schema", sam::map({{"$ref", "#/definitions/" + id}})},
                        {"required", model->find("Required")}}));
        } else {
          Node schema = sam::map({{"$ref", "#/components/schemas/" + id}});
          sam::put(*definition, "requestBody",
                   sam::map({{"content", sam::map({{"application/json",
                                                    sam::map({{"schema", std::move(schema)}})}})},
                             {"required", model->find("Required")}}));
        }
      }
      const Node* check_body = model->find("ValidateBody");
      const Node* check_parameters = model->find("ValidateParameters");
      if (check_body || check_parameters) {
        const bool of_body = sam::truthy(check_body), of_parameters = sam::truthy(check_parameters);
        const std::string validator = of_body && of_parameters ? "body-and-params"
                                      : of_body                ? "body-only"
                                      : of_parameters          ? "params-only"
                                                               : "no-validation";
        sam::put(sam::at(body, "x-amazon-apigateway-request-validators"), validator,
                 sam::map({{"validateRequestBody", of_body},
                           {"validateRequestParameters", of_parameters}}));
        for (Node* definition : openapi::methods_at(body, path, method))
          sam::put(*definition, "x-amazon-apigateway-request-validator", sam::text(validator));
      }
    }
  }
  const Node* parameters = event.find("RequestParameters");
  if (!parameters) return;
  for (const Node& parameter : parameters->list) {
    const bool plain = parameter.is_text();
    if (!plain && parameter.map.size() != 1) continue;
    const std::string name = plain ? parameter.text : parameter.map[0].name;
    const Node* settings = plain ? nullptr : &parameter.map[0].value;
    constexpr std::string_view kRequest = "method.request.";
    const size_t dot = name.find('.', kRequest.size());
    std::string location = name.starts_with(kRequest) && dot != std::string::npos
                               ? name.substr(kRequest.size(), dot - kRequest.size())
                               : "";
    if (location != "querystring" && location != "path" && location != "header") {
      sam_event_problem(all, event, parameter.place,
                        "Invalid value for 'RequestParameters' property. Keys must be in the "
                        "format 'method.request.[querystring|path|header].{value}', e.g "
                        "'method.request.header.Authorization'.");
      continue;
    }
    if (location == "querystring") location = "query";
    const Node* required = settings ? settings->find("Required") : nullptr;
    for (Node* definition : openapi::methods_at(body, path, method)) {
      Node& list = sam::at(*definition, "parameters");
      if (!list.is_list()) list = sam::list();
      list.list.push_back(sam::map({{"in", location},
                                    {"name", name.substr(dot + 1)},
                                    {"required", required ? *required : sam::boolean(false)},
                                    {"type", "string"}}));
      if (!settings || !sam::truthy(settings->find("Caching"))) continue;
      Node& keys = sam::at(sam::at(*definition, openapi::kIntegration), "cacheKeyParameters");
      if (!keys.is_list()) keys = sam::list();
      keys.list.push_back(sam::text(name));
    }
  }
}

// The method that MergeDefinitions finds in the definition keeps what it has.
void merge_method(Node& into, Node& from, const std::string& path, const std::string& method) {
  Node& generated = sam::at(sam::at(sam::at(from, "paths"), path), openapi::method_key(method));
  Node& item = sam::at(sam::at(into, "paths"), path);
  Node& own = sam::at(item, method);
  for (const Member& member : generated.map) sam::put(own, member.name, member.value);
}

}  // namespace

void expand_rest_event(SamTemplate& all, const SamEvent& event, Made& made) {
  Node* api = api_of(all, event, "RestApiId");
  if (!api || !requires_all(all, event, {"Path", "Method"})) return;
  const std::string id = sam::api_id_of(*event.find("RestApiId"));
  const std::string path = event.find("Path")->text;
  std::string method = event.find("Method")->text;
  std::transform(method.begin(), method.end(), method.begin(),
                 [](char c) { return ascii::lower(c); });
  const Node* stage = api->find("StageName");
  const std::string suffix = stage && stage->is_text() ? stage->text : "Stage";
  const std::string pattern = openapi::path_pattern(without_end_slash(path), true);
  made.push_back(event_permission(
      all, event, "apigateway.amazonaws.com",
      sam::sub("arn:" + all.partition() +
                   ":execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/${__Stage__}/" +
                   (method == "any" ? "*" : upper(method)) + pattern,
               sam::map({{"__ApiId__", event.find("RestApiId")}, {"__Stage__", "*"}})),
      suffix));
  Node* body = definition_of(all, event, "RestApiId", kRestType, *api);
  const bool merges = sam::is_true(api->find("MergeDefinitions"));
  const Node* auth = event.find("Auth");
  if (!body || !openapi::is_swagger(body)) return;
  const Node suffix_stage = sam::text(suffix);
  if (all.managed_apis.contains(id) || merges) {
    Node skeleton = openapi::swagger_skeleton();
    Node& document = merges ? skeleton : *body;
    if (openapi::has_integration(document, path, method))
      return sam_event_problem(
          all, event, event.place,
          "API method \"" + method + "\" defined multiple times for path \"" + path + "\".");
    const Node* mode = event.find("ResponseTransferMode");
    const bool streams = mode && mode->text == "RESPONSE_STREAM";
    openapi::Integration integration{
        invocation_uri(event, streams, all.partition()), event.owner.condition(),
        sam::map({{"type", "aws_proxy"}, {"httpMethod", "POST"}}), std::nullopt};
    if (streams) sam::put(integration.own, "responseTransferMode", sam::text("STREAM"));
    if (auto credentials = invoke_credentials(all, auth, api->find("Auth")))
      sam::put(integration.own, "credentials", std::move(*credentials));
    openapi::integrate(document, path, method, integration);
    add_rest_auth(all, event, *api, document, path, method, &suffix_stage);
    if (const Node* timeout = event.find("TimeoutInMillis"))
      for (Node* definition : openapi::methods_at(document, path, method))
        sam::put(sam::at(*definition, openapi::kIntegration), "timeoutInMillis", *timeout);
    add_request_checks(all, event, *api, document, path, method);
    if (merges) merge_method(*body, document, path, method);
    sam::place_within(*body, event.place);
  }
  if (auth && sam::is_true(auth->find("OverrideApiAuth")))
    add_rest_auth(all, event, *api, *body, path, method, &suffix_stage);
}

void expand_machine_api_event(SamTemplate& all, const SamEvent& event, Made& made) {
  Node* api = api_of(all, event, "RestApiId");
  if (!api || !requires_all(all, event, {"Path", "Method"})) return;
  const std::string role = event.id + "Role";
  made.push_back(make_resource(
      all, event.owner, role, "AWS::IAM::Role",
      sam::map(
          {{"AssumeRolePolicyDocument", trust_in("apigateway.amazonaws.com")},
           {"Policies", sam::list({one_statement(role + "StartExecutionPolicy",
                                                 "states:StartExecution", event.target.arn())})},
           {"PermissionsBoundary", event.owner.find("PermissionsBoundary")}})));
  Node* body = definition_of(all, event, "RestApiId", kRestType, *api);
  if (!body || !openapi::is_swagger(body) ||
      !all.managed_apis.contains(sam::api_id_of(*event.find("RestApiId"))))
    return;
  const std::string path = event.find("Path")->text, method = event.find("Method")->text;
  if (openapi::has_integration(*body, path, method))
    return sam_event_problem(
        all, event, event.place,
        "API method \"" + method + "\" defined multiple times for path \"" + path + "\".");
  const bool unescape = sam::is_true(event.find("UnescapeMappingTemplate"));
  const std::string input = "$util.escapeJavaScript($input.json('$'))";
  const std::string request = "{\"input\": \"" + input +
                              (unescape ? R"(.replaceAll("\\'","'"))" : "") +
                              "\", \"stateMachineArn\": \"${" + event.target.id + "}\"}";
  openapi::Integration integration{
      sam::sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/StartExecution"),
      event.owner.condition(),
      sam::map({{"type", "aws"},
                {"httpMethod", "POST"},
                {"responses", sam::map({{"200", sam::map({{"statusCode", "200"}})},
                                        {"400", sam::map({{"statusCode", "400"}})}})},
                {"credentials", sam::get_att(role, "Arn")},
                {"requestTemplates", sam::map({{"application/json", sam::sub(request)}})}}),
      sam::map({{"200", sam::map({{"description", "OK"}})},
                {"400", sam::map({{"description", "Bad Request"}})}})};
  openapi::integrate(*body, path, method, integration);
  const Node* stage = api->find("StageName");
  const Node suffix = sam::text(stage && stage->is_text() ? stage->text : "Stage");
  add_rest_auth(all, event, *api, *body, path, method, &suffix);
  sam::place_within(*body, event.place);
}

void expand_http_event(SamTemplate& all, const SamEvent& event, Made& made) {
  Node* api = api_of(all, event, "ApiId");
  if (!api || !requires_all(all, event, {"Path", "Method"})) return;
  const std::string id = sam::api_id_of(*event.find("ApiId"));
  const std::string path = event.find("Path")->text, method = event.find("Method")->text;
  const std::string key = openapi::method_key(method);
  Node* body = definition_of(all, event, "ApiId", kHttpType, *api);
  const std::string default_path(openapi::kDefaultPath);
  std::string route = without_end_slash(path);
  bool covered = false;  // by the permission of this function's default route
  if (path == default_path) {
    route.clear();
  } else if (body && openapi::is_openapi(body)) {
    for (const Node* definition :
         openapi::methods_at(*body, default_path, std::string(openapi::kAnyMethod))) {
      const Node* uri = definition->find(openapi::kIntegration)->find("uri");
      const Node* pattern = uri ? uri->find("Fn::Sub") : nullptr;
      covered = pattern && pattern->text.find(
                               "/"
                               "${" +
                               event.target.id + ".Arn}") != std::string::npos;
    }
  }
  if (!covered) {
    const bool any = key == openapi::kAnyMethod;
    const std::string pattern = openapi::path_pattern(route, false);
    made.push_back(event_permission(
        all, event, "apigateway.amazonaws.com",
        sam::sub("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:"
                 "${__ApiId__}/${__Stage__}" +
                     (any && pattern == "/" + default_path
                          ? pattern
                          : "/" + (any ? "*" : upper(method)) + pattern),
                 sam::map({{"__ApiId__", event.find("ApiId")}, {"__Stage__", "*"}}))));
  }
  if (!body || !openapi::is_openapi(body)) return;
  if (openapi::has_integration(*body, path, method)) {
    if (all.managed_apis.contains(id))
      return sam_event_problem(
          all, event, event.place,
          "API method '" + method + "' defined multiple times for path '" + path + "'.");
  } else {
    const openapi::Integration integration{
        invocation_uri(event, false, "${AWS::Partition}"), event.owner.condition(),
        sam::map({{"type", "aws_proxy"}, {"httpMethod", "POST"}, {"payloadFormatVersion", "2.0"}}),
        std::nullopt};
    openapi::integrate(*body, path, method, integration);
    if (path == default_path && key == openapi::kAnyMethod)
      for (Node* definition : openapi::methods_at(*body, path, method))
        sam::put(*definition, "isDefaultRoute", sam::boolean(true));
  }
  add_http_auth(all, event, *api, *body, path, method);
  for (Node* definition : openapi::methods_at(*body, path, method)) {
    Node& integration = sam::at(*definition, openapi::kIntegration);
    if (const Node* timeout = event.find("TimeoutInMillis"))
      sam::put(integration, "timeoutInMillis", *timeout);
    if (const Node* version = event.find("PayloadFormatVersion"))
      sam::put(integration, "payloadFormatVersion", *version);
    for (size_t at = path.find('{'); at != std::string::npos; at = path.find('{', at + 1)) {
      const size_t end = path.find('}', at);
      if (end == std::string::npos) break;
      const std::string name = path.substr(at + 1, end - at - 1);
      Node& parameters = sam::at(*definition, "parameters");
      if (!parameters.is_list()) parameters = sam::list();
      const auto is_it = [&](const Node& each) {
        const Node* known = each.find("name");
        return known && known->text == name;
      };
      const auto known = std::find_if(parameters.list.begin(), parameters.list.end(), is_it);
      Node& parameter = known != parameters.list.end()
                            ? *known
                            : parameters.list.emplace_back(sam::map({{"name", name}}));
      sam::put(parameter, "in", sam::text("path"));
      sam::put(parameter, "required", sam::boolean(true));
    }
  }
  sam::place_within(*body, event.place);
}

}  // namespace kiln::cfn
