#include "template/api_security.h"

#include <algorithm>
#include <cctype>

#include "base/ascii.h"
#include "template/openapi.h"
#include "template/problem_text.h"

namespace kiln::cfn {
namespace {

constexpr const char* kAuthorizer = "x-amazon-apigateway-authorizer";
constexpr const char* kPolicy = "x-amazon-apigateway-policy";

Node function_uri(const SamTemplate& all, const Node* arn) {
  return sam::sub("arn:" + all.partition() +
                      ":apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
                      "${__FunctionArn__}/invocations",
                  sam::map({{"__FunctionArn__", arn ? *arn : sam::text("")}}));
}

struct Part {
  const char* property;
  const char* prefix;
};
constexpr Part kRestParts[] = {{"Headers", "method.request.header."},
                               {"QueryStrings", "method.request.querystring."},
                               {"StageVariables", "stageVariables."},
                               {"Context", "context."}};
constexpr Part kHttpParts[] = {{"Headers", "$request.header."},
                               {"QueryStrings", "$request.querystring."},
                               {"StageVariables", "$stageVariables."},
                               {"Context", "$context."}};

template <class Parts>
std::vector<std::string> identity_sources(const Node* identity, const Parts& parts) {
  std::vector<std::string> out;
  if (!identity) return out;
  for (const Part& part : parts)
    if (const Node* values = identity->find(part.property))
      for (const Node& value : values->list) out.push_back(part.prefix + value.text);
  return out;
}

Node iam_scheme() {
  return sam::map({{"x-amazon-apigateway-authtype", "awsSigv4"},
                   {"type", "apiKey"},
                   {"name", "Authorization"},
                   {"in", "header"}});
}

const Node* invoke_role(const Node& authorizer) {
  const Node* role = authorizer.find("FunctionInvokeRole");
  return sam::truthy(role) && role->text != "NONE" ? role : nullptr;
}

Node rest_authorizer(const SamTemplate& all, const Node& authorizer) {
  const Node* pool = authorizer.find("UserPoolArn");
  const Node* identity = authorizer.find("Identity");
  const Node* header = identity ? identity->find("Header") : nullptr;
  const Node* payload = authorizer.find("FunctionPayloadType");
  const bool requests = !pool && payload && payload->text == "REQUEST";
  Node out = sam::map({{"type", "apiKey"},
                       {"name", requests              ? sam::text("Unused")
                                : sam::truthy(header) ? *header
                                                      : sam::text("Authorization")},
                       {"in", "header"},
                       {"x-amazon-apigateway-authtype", pool ? "cognito_user_pools" : "custom"}});
  Node inner = sam::map({{"type", pool ? "cognito_user_pools" : requests ? "request" : "token"}});
  if (pool) {
    sam::put(inner, "providerARNs", pool->is_list() ? *pool : sam::list({*pool}));
  } else {
    const Node* arn = authorizer.find("FunctionArn");
    sam::put(inner, "authorizerUri", function_uri(all, arn));
    if (const Node* ttl = identity ? identity->find("ReauthorizeEvery") : nullptr)
      sam::put(inner, "authorizerResultTtlInSeconds", *ttl);
    if (const Node* role = invoke_role(authorizer)) sam::put(inner, "authorizerCredentials", *role);
    if (requests)
      if (const auto sources = identity_sources(identity, kRestParts); !sources.empty())
        sam::put(inner, "identitySource", sam::text(joined(sources)));
  }
  const Node* expression = identity ? identity->find("ValidationExpression") : nullptr;
  if (!requests && sam::truthy(expression))
    sam::put(inner, "identityValidationExpression", *expression);
  sam::put(out, kAuthorizer, std::move(inner));
  return out;
}

Node http_authorizer(const SamTemplate& all, const Node& authorizer) {
  if (const Node* config = authorizer.find("JwtConfiguration"); sam::truthy(config)) {
    Node lower = sam::map();
    for (const Member& member : config->map) {
      std::string name = member.name;
      std::transform(name.begin(), name.end(), name.begin(),
                     [](char c) { return ascii::lower(c); });
      sam::put(lower, name, member.value);
    }
    return sam::map({{"type", "oauth2"},
                     {kAuthorizer, sam::map({{"jwtConfiguration", std::move(lower)},
                                             {"identitySource", authorizer.find("IdentitySource")},
                                             {"type", "jwt"}})}});
  }
  const Node* arn = authorizer.find("FunctionArn");
  Node inner = sam::map({{"type", "request"}, {"authorizerUri", function_uri(all, arn)}});
  if (const Node* role = invoke_role(authorizer)) sam::put(inner, "authorizerCredentials", *role);
  if (const Node* identity = authorizer.find("Identity"); sam::truthy(identity)) {
    if (const Node* ttl = identity->find("ReauthorizeEvery"))
      sam::put(inner, "authorizerResultTtlInSeconds", *ttl);
    Node sources = sam::list();
    for (std::string& source : identity_sources(identity, kHttpParts))
      sources.list.push_back(sam::text(std::move(source)));
    sam::put(inner, "identitySource", std::move(sources));
  }
  if (const Node* version = authorizer.find("AuthorizerPayloadFormatVersion"))
    sam::put(inner, "authorizerPayloadFormatVersion", *version);
  if (const Node* simple = authorizer.find("EnableSimpleResponses"); sam::truthy(simple))
    sam::put(inner, "enableSimpleResponses", *simple);
  return sam::map({{"type", "apiKey"}, {"name", "Unused"}, {"in", "header"}, {kAuthorizer, inner}});
}

Node scopes_of(const Node* authorizers, const std::string& name) {
  const Node* authorizer = authorizers ? authorizers->find(name) : nullptr;
  const Node* scopes = authorizer ? authorizer->find("AuthorizationScopes") : nullptr;
  return scopes ? *scopes : sam::list();
}

bool has_key(const Node& security, std::string_view name) { return security.find(name) != nullptr; }

// Takes the entry that says "none of it" out; false when there is none.
bool take_out_entry(Node& security, std::string_view name) {
  const auto found = std::find_if(security.list.begin(), security.list.end(),
                                  [&](const Node& each) { return has_key(each, name); });
  if (found == security.list.end()) return false;
  security.list.erase(found);
  return true;
}

void set_default_authorizer(const std::string& name, const Node* authorizers, bool preflight,
                            Node& body) {
  const auto is_authorizer = [&](const Node& security) {
    return std::any_of(security.map.begin(), security.map.end(), [&](const Member& member) {
      return member.name == "AWS_IAM" || (authorizers && authorizers->find(member.name));
    });
  };
  bool asks_iam = false;
  for (Member& path : sam::at(body, "paths").map)
    openapi::each_method(path.value, [&](const std::string& key, Node& method) {
      if (key == "options" && !preflight) return;
      Node security = method.find("security") ? *method.find("security") : sam::list();
      const bool none = take_out_entry(security, "NONE");
      if (!none && std::none_of(security.list.begin(), security.list.end(), is_authorizer)) {
        Node entry = sam::map();
        sam::put(entry, name, scopes_of(authorizers, name));
        security.list.push_back(std::move(entry));
      }
      if (!security.list.empty()) {
        asks_iam = asks_iam || has_key(security.list[0], "AWS_IAM");
        sam::put(method, "security", std::move(security));
      }
    });
  if (asks_iam) add_iam_security(body);
}

void require_keys(bool preflight, Node& body) {
  add_key_security(body);
  for (Member& path : sam::at(body, "paths").map)
    openapi::each_method(path.value, [&](const std::string& key, Node& method) {
      Node security = method.find("security") ? *method.find("security") : sam::list();
      const bool none = take_out_entry(security, "api_key_false");
      std::erase_if(security.list, [](const Node& each) { return has_key(each, "api_key"); });
      if (!none && (key != "options" || preflight))
        security.list.push_back(sam::map({{"api_key", sam::list()}}));
      const Node* before = method.find("security");
      if (!before && security.list.empty()) return;
      sam::put(method, "security", std::move(security));
    });
}

// The first one may stand for a list of one.
void add_statement(Node& body, Node statement, bool once, bool alone = false) {
  Node& policy = sam::at(body, kPolicy);
  sam::put(policy, "Version", sam::text("2012-10-17"));
  if (!sam::truthy(policy.find("Statement")) && alone) {
    sam::put(policy, "Statement", std::move(statement));
    return;
  }
  Node& all = sam::at(policy, "Statement");
  if (all.is_map()) all = all.map.empty() ? sam::list() : sam::list({Node(all)});
  const auto is_it = [&](const Node& each) { return sam::same(each, statement); };
  if (once && std::any_of(all.list.begin(), all.list.end(), is_it)) return;
  all.list.push_back(std::move(statement));
}

Node as_list(const Node& node) { return node.is_list() ? node : sam::list({node}); }

}  // namespace

void add_iam_security(Node& body) {
  Node& schemes = sam::at(body, "securityDefinitions");
  if (!schemes.find("AWS_IAM")) sam::put(schemes, "AWS_IAM", iam_scheme());
}

void add_key_security(Node& body) {
  Node& schemes = sam::at(body, "securityDefinitions");
  if (!schemes.find("api_key"))
    sam::put(schemes, "api_key",
             sam::map({{"type", "apiKey"}, {"name", "x-api-key"}, {"in", "header"}}));
}

std::optional<Node> invoke_credentials(const SamTemplate& all, const Node* method_auth,
                                       const Node* api_auth) {
  const Node* own = sam::truthy(method_auth) ? method_auth->find("Authorizer") : nullptr;
  const Node* by_default = api_auth ? api_auth->find("DefaultAuthorizer") : nullptr;
  const bool iam = (own && own->text == "AWS_IAM") ||
                   (by_default && by_default->text == "AWS_IAM" && !sam::truthy(method_auth));
  if (!iam) return std::nullopt;
  const Node* role = sam::truthy(method_auth) ? method_auth->find("InvokeRole") : nullptr;
  if (!role) role = api_auth ? api_auth->find("InvokeRole") : nullptr;
  if (role && role->text == "NONE") return std::nullopt;
  if (sam::truthy(role) && role->text != "CALLER_CREDENTIALS") return *role;
  return sam::text("arn:" + all.partition() + ":iam::*:user/*");
}

void add_resource_policy(SamTemplate& all, const Node& policy, Node& body, const std::string& path,
                         const Node& stage) {
  Node resources = sam::list();
  const std::string pattern = openapi::path_pattern(path, true);
  if (Node* item = sam::find(sam::at(body, "paths"), path))
    for (const Node* each : openapi::contents(*item))
      for (const Member& method : each->map) {
        std::string name = method.name;
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return ascii::upper(c); });
        const bool any = method.name == openapi::kAnyMethod || name == "ANY";
        resources.list.push_back(
            sam::sub("execute-api:/${__Stage__}/" + (any ? "*" : name) + pattern,
                     sam::map({{"__Stage__", stage}})));
      }
  const auto statement = [&](const char* effect, Node principal) {
    return sam::map({{"Effect", effect},
                     {"Action", "execute-api:Invoke"},
                     {"Resource", resources},
                     {"Principal", std::move(principal)}});
  };
  const auto restrict_by = [&](const char* comparison, Node condition) {
    Node deny = statement("Deny", sam::text("*"));
    Node whole = sam::map();
    sam::put(whole, comparison, std::move(condition));
    sam::put(deny, "Condition", std::move(whole));
    spend(all, deny);
    add_statement(body, statement("Allow", sam::text("*")), true);
    add_statement(body, std::move(deny), true);
  };
  const std::pair<const char*, const char*> accounts[] = {{"AwsAccountWhitelist", "Allow"},
                                                          {"AwsAccountBlacklist", "Deny"}};
  for (const auto& [name, effect] : accounts)
    if (const Node* given = policy.find(name); sam::truthy(given)) {
      Node own = statement(effect, sam::map({{"AWS", as_list(*given)}}));
      spend(all, own);
      add_statement(body, std::move(own), false, true);
    }
  const std::pair<const char*, const char*> ranges[] = {{"IpRangeWhitelist", "NotIpAddress"},
                                                        {"IpRangeBlacklist", "IpAddress"}};
  for (const auto& [name, comparison] : ranges)
    if (const Node* given = policy.find(name); sam::truthy(given))
      restrict_by(comparison, sam::map({{"aws:SourceIp", as_list(*given)}}));
  const std::pair<const char*, const char*> sides[] = {{"Blacklist", "StringEquals"},
                                                       {"Whitelist", "StringNotEquals"}};
  for (const auto& [side, comparison] : sides) {
    Node vpcs = sam::list(), endpoints = sam::list();
    const std::string end = side;
    if (const Node* given = policy.find("SourceVpc" + end))
      for (const Node& each : given->list) {
        if (each.text.starts_with("vpce-"))
          endpoints.list.push_back(each);
        else if (each.text.starts_with("vpc-"))
          vpcs.list.push_back(each);
      }
    if (const Node* given = policy.find("IntrinsicVpc" + end))
      vpcs.list.insert(vpcs.list.end(), given->list.begin(), given->list.end());
    if (const Node* given = policy.find("IntrinsicVpce" + end))
      endpoints.list.insert(endpoints.list.end(), given->list.begin(), given->list.end());
    Node condition = sam::map();
    if (!vpcs.list.empty()) sam::put(condition, "aws:SourceVpc", std::move(vpcs));
    if (!endpoints.list.empty()) sam::put(condition, "aws:SourceVpce", std::move(endpoints));
    if (!condition.map.empty()) restrict_by(comparison, std::move(condition));
  }
}

void add_custom_statements(const Node& policy, Node& body) {
  const Node* given = policy.find("CustomStatements");
  if (!sam::truthy(given)) return;
  const Node statements = as_list(*given);
  for (const Node& statement : statements.list)
    add_statement(body, statement, true, !given->is_list());
}

void add_rest_api_auth(SamTemplate& all, const SamResource& api, const Node& auth, Node& body) {
  const Node* authorizers = auth.find("Authorizers");
  const Node* by_default = auth.find("DefaultAuthorizer");
  const bool iam = by_default && by_default->text == "AWS_IAM";
  if (authorizers && !authorizers->is_map())
    return sam_problem(all, api, authorizers->place,
                       "Property 'Auth.Authorizers' should be a map.");
  if (iam) {
    Node scheme = iam_scheme();
    sam::put(sam::at(body, "securityDefinitions"), "AWS_IAM", std::move(scheme));
  }
  if (authorizers)
    for (const Member& authorizer : authorizers->map)
      sam::put(sam::at(body, "securityDefinitions"), authorizer.name,
               rest_authorizer(all, authorizer.value));
  const auto unless_false = [&](const char* name) {
    const Node* value = auth.find(name);
    return !value || sam::truthy(value);
  };
  if (sam::truthy(by_default) && (authorizers || iam)) {
    if (!iam && !(authorizers && authorizers->find(by_default->text)))
      return sam_problem(all, api, by_default->place,
                         "Unable to set DefaultAuthorizer because '" + by_default->text +
                             "' was not defined in 'Authorizers'.");
    set_default_authorizer(by_default->text, authorizers,
                           unless_false("AddDefaultAuthorizerToCorsPreflight"), body);
  }
  if (sam::truthy(auth.find("ApiKeyRequired")))
    require_keys(unless_false("AddApiKeyRequiredToCorsPreflight"), body);
  const Node* policy = auth.find("ResourcePolicy");
  if (!sam::truthy(policy)) return;
  const Node* stage = api.find("StageName");
  for (const Member& path : Node(sam::at(body, "paths")).map)
    add_resource_policy(all, *policy, body, path.name, stage ? *stage : sam::text(""));
  add_custom_statements(*policy, body);
}

void add_authorizer_permissions(SamTemplate& all, const SamResource& api, const Node& auth,
                                bool http, Made& made) {
  const Node* authorizers = auth.find("Authorizers");
  if (!authorizers) return;
  for (const Member& authorizer : authorizers->map) {
    const Node* arn = authorizer.value.find("FunctionArn");
    const bool asked =
        http ? sam::truthy(authorizer.value.find("EnableFunctionDefaultPermissions"))
             : !sam::truthy(authorizer.value.find("DisableFunctionDefaultPermissions"));
    if (!arn || !asked) continue;
    const std::string partition = http ? "${AWS::Partition}" : all.partition();
    made.push_back(make_resource(
        all, api, api.id + authorizer.name + "AuthorizerPermission", "AWS::Lambda::Permission",
        sam::map({{"Action", "lambda:InvokeFunction"},
                  {"FunctionName", arn},
                  {"Principal", "apigateway.amazonaws.com"},
                  {"SourceArn", sam::sub("arn:" + partition +
                                             ":execute-api:${AWS::Region}:${AWS::AccountId}:"
                                             "${__ApiId__}/authorizers/*",
                                         sam::map({{"__ApiId__", sam::ref(api.id)}}))}})));
  }
}

void add_http_api_auth(SamTemplate& all, const SamResource& api, const Node& auth, Node& body) {
  const Node* authorizers = auth.find("Authorizers");
  const bool iam = sam::is_true(auth.find("EnableIamAuthorizer"));
  Node& components = sam::at(body, "components");
  if (!components.is_map()) components = sam::map();
  Node& schemes = sam::at(components, "securitySchemes");
  if (iam) sam::put(schemes, "AWS_IAM", iam_scheme());
  if (authorizers)
    for (const Member& authorizer : authorizers->map)
      sam::put(schemes, authorizer.name, http_authorizer(all, authorizer.value));
  if (schemes.map.empty()) sam::erase(components, "securitySchemes");
  if (components.map.empty()) sam::erase(body, "components");
  const Node* by_default = auth.find("DefaultAuthorizer");
  if (!sam::truthy(by_default) || sam::is_no_value(*by_default)) return;
  const bool known = (by_default->text == "AWS_IAM" && iam) ||
                     (authorizers && authorizers->find(by_default->text));
  if (!known)
    return sam_problem(all, api, by_default->place,
                       "Unable to set DefaultAuthorizer because '" + by_default->text +
                           "' was not defined in 'Authorizers'.");
  const Node scopes = scopes_of(authorizers, by_default->text);
  for (Member& path : sam::at(body, "paths").map)
    openapi::each_method(path.value, [&](const std::string& key, Node& method) {
      if (key != "options" && !sam::truthy(method.find("security"))) {
        spend(all, scopes);
        openapi::add_security(method, by_default->text, scopes);
      }
    });
}

void add_http_auth(SamTemplate& all, const SamEvent& event, const Node& api, Node& body,
                   const std::string& path, const std::string& method) {
  const Node* auth = event.find("Auth");
  if (!sam::truthy(auth)) return;
  const Node none = sam::map();
  const Node& api_auth = api.find("Auth") ? *api.find("Auth") : none;
  const Node* wanted = auth->find("Authorizer");
  if (!sam::truthy(wanted)) wanted = api_auth.find("DefaultAuthorizer");
  if (!sam::truthy(wanted))
    return sam_event_problem(all, event, auth->place,
                             "'Auth' section requires either an explicit 'Authorizer' set or a "
                             "'DefaultAuthorizer' configured on the HttpApi.");
  const Node* authorizers = api_auth.find("Authorizers");
  const Node* known = authorizers ? authorizers->find(wanted->text) : nullptr;
  const std::string where = " on API method [" + method + "] for path [" + path + "] because ";
  if (wanted->text == "NONE" && !sam::truthy(api_auth.find("DefaultAuthorizer")))
    return sam_event_problem(all, event, wanted->place,
                             "Unable to set Authorizer" + where +
                                 "'NONE' is only a valid value when a DefaultAuthorizer on the API "
                                 "is specified.");
  const bool iam = wanted->text == "AWS_IAM" && sam::is_true(api_auth.find("EnableIamAuthorizer"));
  if (wanted->text != "NONE" && !iam && !known)
    return sam_event_problem(all, event, wanted->place,
                             "Unable to set Authorizer [" + wanted->text + "]" + where +
                                 "it wasn't defined in the API's Authorizers.");
  const bool own_scopes = wanted->text != "AWS_IAM" && wanted->text != "NONE";
  Node scopes = own_scopes ? scopes_of(authorizers, wanted->text) : sam::list();
  if (const Node* own = auth->find("AuthorizationScopes"); known && own_scopes && sam::truthy(own))
    scopes = *own;
  for (Node* definition : openapi::methods_at(body, path, method))
    openapi::add_security(*definition, wanted->text, scopes);
}

}  // namespace kiln::cfn
