// AWS::Serverless::Api: the REST API, its deployment and stage.
#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "template/api_security.h"
#include "template/openapi.h"

namespace kiln::cfn {
namespace {

const std::initializer_list<std::string_view> kRestApiProperties = {"Name",
                                                                    "StageName",
                                                                    "Tags",
                                                                    "PropagateTags",
                                                                    "DefinitionBody",
                                                                    "DefinitionUri",
                                                                    "MergeDefinitions",
                                                                    "CacheClusterEnabled",
                                                                    "CacheClusterSize",
                                                                    "Variables",
                                                                    "EndpointConfiguration",
                                                                    "MethodSettings",
                                                                    "BinaryMediaTypes",
                                                                    "MinimumCompressionSize",
                                                                    "Cors",
                                                                    "Auth",
                                                                    "GatewayResponses",
                                                                    "AccessLogSetting",
                                                                    "CanarySetting",
                                                                    "TracingEnabled",
                                                                    "OpenApiVersion",
                                                                    "Models",
                                                                    "Domain",
                                                                    "FailOnWarnings",
                                                                    "Description",
                                                                    "Mode",
                                                                    "DisableExecuteApiEndpoint",
                                                                    "ApiKeySourceType",
                                                                    "AlwaysDeploy",
                                                                    "Policy",
                                                                    "SecurityPolicy",
                                                                    "EndpointAccessMode"};

using ascii::lower;

class RestApi {
 public:
  RestApi(SamTemplate& all, const SamResource& api, Made& made)
      : all_(all), api_(api), made_(made) {}

  void expand() {
    check_properties(all_, api_, kRestApiProperties);
    if (!find("StageName")) return wrong(api_.place, "Missing required property 'StageName'.");
    if (const Node* body = find("DefinitionBody"); sam::truthy(body)) body_ = *body;
    if (const Node* auth = find("Auth")) auth_ = all_.resolved(*auth);
    if (find("DefinitionUri") && body_)
      return wrong(find("DefinitionUri")->place,
                   "Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.");
    write_body();
    Made rest;
    rest.push_back(make_main(all_, api_, "AWS::ApiGateway::RestApi", rest_properties()));
    const std::string stage = add_deployment_and_stage(rest);
    if (sam::truthy(&auth_)) add_authorizer_permissions(all_, api_, auth_, false, rest);
    std::move(rest.begin(), rest.end(), std::back_inserter(made_));
    if (const Node* domain = find("Domain"))
      expand_domain(all_, api_, {false, all_.resolved(*domain)}, made_);
    if (const Node* plan = auth_.find("UsagePlan"); sam::truthy(plan))
      expand_usage_plan(all_, api_, *plan, stage, made_);
  }

 private:
  const Node* find(std::string_view name) const { return api_.find(name); }
  void wrong(Place place, const std::string& message) { sam_problem(all_, api_, place, message); }

  // Whether what a property says can be written into the definition.
  bool has_swagger(const Node& property, const std::string& what) {
    if (!body_) {
      wrong(property.place,
            what + " works only with inline Swagger specified in 'DefinitionBody' property.");
      return false;
    }
    // What AWS::Include brings is not known here.
    if (sam::is_function(*body_)) return false;
    if (openapi::is_swagger(&*body_)) return true;
    wrong(property.place, "Unable to add " + what +
                              " configuration because 'DefinitionBody' does not contain a valid "
                              "Swagger definition.");
    return false;
  }

  void write_body() {
    if (const Node* cors = find("Cors"); sam::truthy(cors) && has_swagger(*cors, "Cors"))
      add_cors(*cors);
    if (sam::truthy(&auth_) && has_swagger(*find("Auth"), "Auth")) {
      add_rest_api_auth(all_, api_, auth_, *body_);
      to_version_3();
    }
    if (const Node* responses = find("GatewayResponses");
        sam::truthy(responses) && has_swagger(*responses, "GatewayResponses"))
      add_gateway_responses(*responses);
    if (const Node* types = find("BinaryMediaTypes"); sam::truthy(types) && body_) {
      Node written = all_.resolved(*types);
      unescape(written);
      sam::put(*body_, "x-amazon-apigateway-binary-media-types", std::move(written));
    }
    if (const Node* models = find("Models");
        sam::truthy(models) && has_swagger(*models, "Models")) {
      for (const Member& model : models->map)
        sam::put(sam::at(*body_, "definitions"), lower(model.name), model.value);
      to_version_3();
    }
    if (const Node* disable = find("DisableExecuteApiEndpoint"); disable && body_)
      disable_endpoint(*disable);
    to_version_3();
  }

  void add_cors(const Node& cors) {
    const bool plain = cors.is_text() || sam::is_function(cors);
    const Node any = sam::text("'*'");
    const auto given = [&](const char* name) { return plain ? nullptr : cors.find(name); };
    const Node* origin = plain ? &cors : given("AllowOrigin");
    if (!origin) origin = &any;
    const bool credentials = sam::is_true(given("AllowCredentials"));
    if (credentials && sam::same(*origin, any))
      return wrong(cors.place,
                   "Unable to add Cors configuration because 'AllowCredentials' can not be true "
                   "when 'AllowOrigin' is \"'*'\" or not set");
    std::set<std::string> done;
    for (Member& path : sam::at(*body_, "paths").map) {
      std::string normal = path.name;
      while (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
      if (!done.insert(normal).second) continue;
      for (Node* item : openapi::contents(path.value)) {
        if (item->find("options")) continue;
        const Node* methods = given("AllowMethods");
        Node allowed =
            sam::truthy(methods) ? *methods : sam::text("'" + allowed_methods(*item) + "'");
        sam::put(
            *item, "options",
            options_method(*origin, given("AllowHeaders"), allowed, given("MaxAge"), credentials));
        spend(all_, *item->find("options"));
      }
    }
  }

  static std::string allowed_methods(const Node& item) {
    if (item.find(openapi::kAnyMethod)) return "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT";
    std::set<std::string> names = {"OPTIONS"};
    for (const Member& member : item.map) {
      std::string name = member.name;
      std::transform(name.begin(), name.end(), name.begin(),
                     [](char c) { return ascii::upper(c); });
      names.insert(name);
    }
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ",") + name;
    return out;
  }

  static Node options_method(const Node& origin, const Node* headers, const Node& methods,
                             const Node* max_age, bool credentials) {
    Node values = sam::map(), types = sam::map();
    const auto add = [&](const std::string& name, const Node& value, const char* type) {
      const std::string header = "Access-Control-" + name;
      sam::put(values, "method.response.header." + header, value);
      sam::put(types, header, sam::map({{"type", type}}));
    };
    add("Allow-Origin", origin, "string");
    if (sam::truthy(headers)) add("Allow-Headers", *headers, "string");
    add("Allow-Methods", methods, "string");
    if (max_age) add("Max-Age", *max_age, "integer");
    if (credentials) add("Allow-Credentials", sam::text("'true'"), "string");
    Node answer = sam::map({{"statusCode", "200"},
                            {"responseParameters", values},
                            {"responseTemplates", sam::map({{"application/json", "{}\n"}})}});
    Node integration = sam::map(
        {{"type", "mock"},
         {"requestTemplates", sam::map({{"application/json", "{\n  \"statusCode\" : 200\n}\n"}})},
         {"responses", sam::map({{"default", answer}})}});
    const Node json = sam::list({sam::text("application/json")});
    return sam::map(
        {{"summary", "CORS support"},
         {"consumes", json},
         {"produces", json},
         {openapi::kIntegration, integration},
         {"responses",
          sam::map({{"200", sam::map({{"description", "Default response for CORS method"},
                                      {"headers", types}})}})}});
  }

  void add_gateway_responses(const Node& responses) {
    for (const Member& response : responses.map) {
      Node parameters = sam::map();
      if (const Node* given = response.value.find("ResponseParameters")) {
        const std::pair<const char*, const char*> kinds[] = {
            {"Headers", "header."}, {"Paths", "path."}, {"QueryStrings", "querystring."}};
        for (const auto& [kind, prefix] : kinds)
          if (const Node* values = given->find(kind))
            for (const Member& value : values->map)
              sam::put(parameters, std::string("gatewayresponse.") + prefix + value.name,
                       value.value);
      }
      const Node* templates = response.value.find("ResponseTemplates");
      Node written =
          sam::map({{"responseParameters", std::move(parameters)},
                    {"responseTemplates", sam::truthy(templates) ? *templates : sam::map()}});
      if (const Node* status = response.value.find("StatusCode"); sam::truthy(status))
        sam::put(written, "statusCode", sam::text(status->text));
      sam::put(sam::at(*body_, "x-amazon-apigateway-gateway-responses"), response.name,
               std::move(written));
    }
  }

  // "application~1zip" stands for "application/zip".
  static void unescape(Node& node) {
    for (size_t at; (at = node.text.find("~1")) != std::string::npos;)
      node.text.replace(at, 2, "/");
    for (Node& item : node.list) unescape(item);
    for (Member& member : node.map) {
      for (size_t at; (at = member.name.find("~1")) != std::string::npos;)
        member.name.replace(at, 2, "/");
      unescape(member.value);
    }
  }

  void disable_endpoint(const Node& disable) {
    constexpr const char* kEndpoint = "x-amazon-apigateway-endpoint-configuration";
    if (!openapi::is_version_3(body_->find("openapi"))) {
      sam::put(sam::at(*body_, kEndpoint), "disableExecuteApiEndpoint", disable);
      return;
    }
    Node& servers = sam::at(*body_, "servers");
    if (!servers.is_list()) servers = sam::list({sam::map()});
    for (Node& server : servers.list)
      if (server.is_map())
        sam::put(sam::at(server, kEndpoint), "disableExecuteApiEndpoint", disable);
  }

  // What Swagger 2 has at the top is under components in OpenAPI 3.
  void to_version_3() {
    if (!body_ || body_->find("swagger")) return;
    const Node* version = find("OpenApiVersion");
    if (!version) version = body_->find("openapi");
    if (!openapi::is_version_3(version)) return;
    const std::pair<const char*, const char*> moves[] = {{"securityDefinitions", "securitySchemes"},
                                                         {"definitions", "schemas"}};
    for (const auto& [from, to] : moves)
      if (const Node* found = body_->find(from); sam::truthy(found)) {
        const Node value = *found;
        sam::put(sam::at(*body_, "components"), to, value);
        sam::erase(*body_, from);
      }
    if (!body_->find("paths")) return;
    // AWS does this once more after each of Auth and Models, so that a header's schema may have a
    // schema.
    for (Member& path : sam::at(*body_, "paths").map)
      if (Node* options = sam::find(path.value, "options")) {
        sam::erase(*options, "produces");
        sam::erase(*options, "consumes");
        Node* responses = sam::find(*options, "responses");
        Node* answer = responses ? sam::find(*responses, "200") : nullptr;
        Node* headers = answer ? sam::find(*answer, "headers") : nullptr;
        if (!headers) continue;
        for (Member& header : headers->map)
          header.value = sam::map({{"schema", Node(header.value)}});
      }
  }

  Node rest_properties() {
    Node out = sam::map({{"BinaryMediaTypes", resolved("BinaryMediaTypes")},
                         {"MinimumCompressionSize", find("MinimumCompressionSize")}});
    // Only the partition "aws" has the default, endpoints at the edge.
    const Node regional = sam::text("REGIONAL");
    const Node* endpoint = find("EndpointConfiguration");
    if (!sam::truthy(endpoint) && all_.partition() != "aws") endpoint = &regional;
    if (sam::truthy(endpoint)) {
      const Node* type = endpoint->find("Type");
      const Node& kind = type ? *type : *endpoint;
      Node configuration = sam::map({{"Types", sam::list({kind})}});
      for (const char* name : {"VPCEndpointIds", "VpcEndpointIds"})
        if (const Node* ids = type ? endpoint->find(name) : nullptr)
          sam::put(configuration, "VpcEndpointIds", *ids);
      if (const Node* ip = type ? endpoint->find("IpAddressType") : nullptr)
        sam::put(configuration, "IpAddressType", *ip);
      sam::put(out, "EndpointConfiguration", std::move(configuration));
      sam::put(out, "Parameters", sam::map({{"endpointConfigurationTypes", kind}}));
    }
    if (const Node* uri = find("DefinitionUri"); sam::truthy(uri))
      sam::put(out, "BodyS3Location", s3_location(all_, api_, *uri, "DefinitionUri"));
    else if (body_)
      sam::put(out, "Body", *body_);
    for (const char* name : {"FailOnWarnings", "Name", "Description", "Mode", "ApiKeySourceType",
                             "Policy", "SecurityPolicy", "EndpointAccessMode"})
      if (const Node* value = find(name); sam::truthy(value)) sam::put(out, name, *value);
    return out;
  }
  std::optional<Node> resolved(const char* name) const {
    const Node* value = find(name);
    return value ? std::optional(all_.resolved(*value)) : std::nullopt;
  }

  std::string add_deployment_and_stage(Made& rest) {
    const Node& stage_name = *find("StageName");
    const bool versioned = sam::truthy(find("OpenApiVersion"));
    // A new definition is a new deployment.
    Node& properties = sam::at(rest[0].value, "Properties");
    const Node* definition = properties.find("Body");
    if (!definition) definition = properties.find("BodyS3Location");
    std::string deployment = api_.id + "Deployment";
    Node description;
    if (definition) {
      std::string data = sam::compact_text(*definition);
      if (versioned) data += "||" + find("OpenApiVersion")->text;
      if (const Node* domain = find("Domain")) data += "||" + sam::compact_text(*domain);
      const std::string digest = sam::id_hash(data, 40);
      deployment += digest.substr(0, 10);
      description = sam::text("RestApi deployment id: " + digest);
    }
    Node about = sam::map({{"RestApiId", sam::ref(api_.id)}});
    if (description.is_text()) sam::put(about, "Description", description);
    if (!versioned) sam::put(about, "StageName", sam::text("Stage"));
    rest.push_back(
        make_resource(all_, api_, deployment, "AWS::ApiGateway::Deployment", std::move(about)));
    all_.names[api_.id + ".Deployment"] = deployment;

    const std::string plain = stage_name.is_text() ? stage_name.text : "";
    const bool letters = std::all_of(plain.begin(), plain.end(), ascii::is_alnum);
    const std::string stage = plain.empty() ? api_.id + "Stage"
                              : letters     ? api_.id + plain + "Stage"
                                            : api_.id + "Stage" + sam::id_hash(plain);
    Node stage_properties = sam::map({{"DeploymentId", sam::ref(deployment)},
                                      {"RestApiId", sam::ref(api_.id)},
                                      {"StageName", stage_name}});
    sam::copy(api_.properties,
              {"CacheClusterEnabled", "CacheClusterSize", "Variables", "MethodSettings",
               "AccessLogSetting", "CanarySetting", "TracingEnabled"},
              stage_properties);
    if (const Node* tags = find("Tags")) sam::put(stage_properties, "Tags", sam::tag_list(tags));
    rest.push_back(
        make_resource(all_, api_, stage, "AWS::ApiGateway::Stage", std::move(stage_properties)));
    all_.names[api_.id + ".Stage"] = stage;
    return stage;
  }

  SamTemplate& all_;
  const SamResource& api_;
  Made& made_;
  std::optional<Node> body_;
  Node auth_;
};

}  // namespace

void expand_rest_api(SamTemplate& all, const SamResource& api, Made& made) {
  RestApi(all, api, made).expand();
}

}  // namespace kiln::cfn
