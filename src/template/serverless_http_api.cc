// AWS::Serverless::HttpApi: the HTTP API and its stage.
#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "template/api_security.h"
#include "template/openapi.h"

namespace kiln::cfn {
namespace {

const std::initializer_list<std::string_view> kHttpApiProperties = {"Name",
                                                                    "StageName",
                                                                    "Tags",
                                                                    "PropagateTags",
                                                                    "DefinitionBody",
                                                                    "DefinitionUri",
                                                                    "StageVariables",
                                                                    "CorsConfiguration",
                                                                    "AccessLogSettings",
                                                                    "DefaultRouteSettings",
                                                                    "Auth",
                                                                    "RouteSettings",
                                                                    "Domain",
                                                                    "FailOnWarnings",
                                                                    "Description",
                                                                    "DisableExecuteApiEndpoint"};
constexpr const char* kHttpApiCreatedBy = "httpapi:createdBy";

class HttpApi {
 public:
  HttpApi(SamTemplate& all, const SamResource& api, Made& made)
      : all_(all), api_(api), made_(made) {}

  void expand() {
    check_properties(all_, api_, kHttpApiProperties);
    if (const Node* body = find("DefinitionBody"); sam::truthy(body)) body_ = *body;
    if (find("DefinitionUri") && body_)
      return wrong(find("DefinitionUri")->place,
                   "Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.");
    if (const Node* tags = find("Tags")) tags_ = *tags;
    write_body();
    Node properties = sam::map();
    if (const Node* fails = find("FailOnWarnings"); sam::truthy(fails))
      sam::put(properties, "FailOnWarnings", *fails);
    if (const Node* uri = find("DefinitionUri"); sam::truthy(uri))
      sam::put(properties, "BodyS3Location", s3_location(all_, api_, *uri, "DefinitionUri"));
    else if (body_)
      sam::put(properties, "Body", *body_);
    made_.push_back(make_main(all_, api_, "AWS::ApiGatewayV2::Api", std::move(properties)));
    if (const Node* auth = find("Auth"); sam::truthy(auth))
      add_authorizer_permissions(all_, api_, *auth, true, made_);
    if (const Node* domain = find("Domain")) {
      expand_domain(all_, api_, {true, all_.resolved(*domain)}, made_);
      tag_domain();
    }
    add_stage();
  }

 private:
  const Node* find(std::string_view name) const { return api_.find(name); }
  void wrong(Place place, const std::string& message) { sam_problem(all_, api_, place, message); }
  bool has_openapi(const Node& property, const std::string& what) {
    if (!body_) {
      wrong(property.place,
            what + " works only with inline OpenApi specified in the 'DefinitionBody' property.");
      return false;
    }
    if (sam::is_function(*body_)) return false;  // what AWS::Include brings is not known here
    if (openapi::is_openapi(&*body_)) return true;
    wrong(property.place, "Unable to add " + what +
                              " configuration because 'DefinitionBody' does not contain a valid "
                              "OpenApi definition.");
    return false;
  }

  void write_body() {
    if (const Node* cors = find("CorsConfiguration"); cors) {
      const Node value = all_.resolved(*cors);
      if (sam::truthy(&value) && !sam::is_false(&value) && has_openapi(*cors, "Cors"))
        add_cors(value);
    }
    if (const Node* auth = find("Auth"); sam::truthy(auth) && has_openapi(*auth, "Auth"))
      add_http_api_auth(all_, api_, *auth, *body_);
    if (body_ && openapi::is_openapi(&*body_)) add_tags();
    if (const Node* disable = find("DisableExecuteApiEndpoint");
        disable && has_openapi(*disable, "DisableExecuteApiEndpoint")) {
      Node& servers = sam::at(*body_, "servers");
      if (!servers.is_list()) servers = sam::list({sam::map()});
      for (Node& server : servers.list)
        if (server.is_map())
          sam::put(sam::at(server, "x-amazon-apigateway-endpoint-configuration"),
                   "disableExecuteApiEndpoint", *disable);
    }
    if (const Node* name = find("Name"); sam::truthy(name) && has_openapi(*name, "Name")) {
      Node& info = sam::at(*body_, "info");
      const Node* title = info.find("title");
      if (!title || !sam::same(*title, sam::ref("AWS::StackName")))
        wrong(name->place,
              "Unable to set Name because it is already defined within inline OpenAPI "
              "specified in the 'DefinitionBody' property.");
      else
        sam::put(info, "title", *name);
    }
    if (const Node* about = find("Description");
        sam::truthy(about) && has_openapi(*about, "Description")) {
      Node& info = sam::at(*body_, "info");
      if (sam::truthy(info.find("description")))
        wrong(about->place,
              "Unable to set Description because it is already defined within inline OpenAPI "
              "specified in the 'DefinitionBody' property.");
      else
        sam::put(info, "description", *about);
    }
    if (body_ && sam::truthy(find("FailOnWarnings")))
      for (Member& path : sam::at(*body_, "paths").map)
        if (path.name == openapi::kDefaultPath) path.name = "/" + path.name;
  }

  void add_cors(const Node& cors) {
    Node& written = sam::at(*body_, "x-amazon-apigateway-cors");
    if (cors.kind == Node::Kind::kBool || cors.is_text()) {
      sam::put(written, "allowOrigins", sam::list({sam::text("*")}));
      return;
    }
    const std::pair<const char*, const char*> names[] = {{"AllowOrigins", "allowOrigins"},
                                                         {"AllowHeaders", "allowHeaders"},
                                                         {"AllowMethods", "allowMethods"},
                                                         {"ExposeHeaders", "exposeHeaders"},
                                                         {"MaxAge", "maxAge"},
                                                         {"AllowCredentials", "allowCredentials"}};
    if (sam::is_function(cors)) {
      Node choice = cors;
      rename(choice, names);
      for (Member& member : choice.map) sam::put(written, member.name, std::move(member.value));
      return;
    }
    for (const Member& member : cors.map) {
      const auto known = std::find_if(std::begin(names), std::end(names),
                                      [&](const auto& each) { return each.first == member.name; });
      if (known == std::end(names))
        wrong(member.place, "Invalid key '" + member.name + "' for 'Cors' property.");
      else if (member.name == "MaxAge" ||
               (member.name == "AllowCredentials" ? sam::is_true(&member.value)
                                                  : sam::truthy(&member.value)))
        sam::put(written, known->second, member.value);
    }
  }
  template <class Names>
  static void rename(Node& node, const Names& names) {
    for (Node& item : node.list) rename(item, names);
    for (Member& member : node.map) {
      for (const auto& [from, to] : names)
        if (member.name == from) member.name = to;
      rename(member.value, names);
    }
  }

  void add_tags() {
    sam::put(tags_, kHttpApiCreatedBy, sam::text("SAM"));
    Node& list = sam::at(*body_, "tags");
    if (!list.is_list()) list = sam::list();
    for (const Member& tag : tags_.map) {
      const auto is_it = [&](const Node& each) {
        const Node* name = each.find("name");
        return name && name->text == tag.name;
      };
      const auto known = std::find_if(list.list.begin(), list.list.end(), is_it);
      Node& entry = known != list.list.end()
                        ? *known
                        : list.list.emplace_back(sam::map({{"name", tag.name}}));
      sam::put(entry, "x-amazon-apigateway-tag-value", tag.value);
    }
  }

  // With a definition in the template, the domain has the API's tags.
  void tag_domain() {
    const auto id = all_.names.find(api_.id + ".DomainName");
    Node* domain = id == all_.names.end() ? nullptr : all_.find_shared(id->second);
    if (domain)
      sam::put(sam::at(*domain, "Properties"), "Tags",
               body_ ? tags_ : sam::map({{kHttpApiCreatedBy, "SAM"}}));
  }

  void add_stage() {
    const Node* given = find("StageName");
    const Node name = sam::truthy(given) ? *given : sam::text("$default");
    const std::string plain = name.is_text() ? name.text : "";
    const bool letters = std::all_of(plain.begin(), plain.end(), ascii::is_alnum);
    const std::string id = plain == "$default" ? api_.id + "ApiGatewayDefaultStage"
                           : plain.empty()     ? api_.id + "Stage"
                           : letters           ? api_.id + plain + "Stage"
                                               : api_.id + "Stage" + sam::id_hash(plain);
    Node properties =
        sam::map({{"ApiId", sam::ref(api_.id)}, {"StageName", name}, {"AutoDeploy", true}});
    sam::copy(api_.properties,
              {"StageVariables", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings"},
              properties);
    if (!tags_.map.empty()) sam::put(properties, "Tags", tags_);
    made_.push_back(
        make_resource(all_, api_, id, "AWS::ApiGatewayV2::Stage", std::move(properties)));
    all_.names[api_.id + ".Stage"] = id;
  }

  SamTemplate& all_;
  const SamResource& api_;
  Made& made_;
  std::optional<Node> body_;
  Node tags_ = sam::map();
};

}  // namespace

void expand_http_api(SamTemplate& all, const SamResource& api, Made& made) {
  HttpApi(all, api, made).expand();
}

}  // namespace kiln::cfn
