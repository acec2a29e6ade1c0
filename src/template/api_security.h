// Who may call the methods of an API, as SAM writes it into the API's definition.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "template/serverless_resource.h"

namespace kiln::cfn {

// The schemes "AWS_IAM" and "api_key" of a Swagger document.
void add_iam_security(Node& body);
void add_key_security(Node& body);
// What an integration calls the function as; nullopt: as the API itself.
std::optional<Node> invoke_credentials(const SamTemplate& all, const Node* method_auth,
                                       const Node* api_auth);
// x-amazon-apigateway-policy for one path.
void add_resource_policy(SamTemplate& all, const Node& policy, Node& body, const std::string& path,
                         const Node& stage);
void add_custom_statements(const Node& policy, Node& body);
// Auth of a REST API: authorizers, the default one, keys, policy.
void add_rest_api_auth(SamTemplate& all, const SamResource& api, const Node& auth, Node& body);
// The permission of each authorizer that is a function.
void add_authorizer_permissions(SamTemplate& all, const SamResource& api, const Node& auth,
                                bool http, Made& made);
// Auth of an HTTP API, and of one method of it.
void add_http_api_auth(SamTemplate& all, const SamResource& api, const Node& auth, Node& body);
void add_http_auth(SamTemplate& all, const SamEvent& event, const Node& api, Node& body,
                   const std::string& path, const std::string& method);

}  // namespace kiln::cfn
