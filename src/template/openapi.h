// Swagger 2 and OpenAPI 3 documents as SAM edits them: paths, methods, integrations, security.
// Where a path or a method is an Fn::If, its branches are edited. What is no map is passed over.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "template/sam_node.h"

namespace kiln::cfn::openapi {

inline constexpr std::string_view kIntegration = "x-amazon-apigateway-integration";
inline constexpr std::string_view kAnyMethod = "x-amazon-apigateway-any-method";
inline constexpr std::string_view kDefaultPath = "$default";

Node swagger_skeleton();
Node openapi_skeleton();
// A document that SAM can edit for a REST API, and for an HTTP API.
bool is_swagger(const Node* document);
bool is_openapi(const Node* document);
bool is_version_3(const Node* version);

// "get" of "GET", "x-amazon-apigateway-any-method" of "ANY".
std::string method_key(std::string_view method);
// The part of an ARN for a path: {proxy+} is *.
std::string path_pattern(std::string path, bool any_plus);

// The maps that an item stands for: itself, or the branches of its Fn::If.
std::vector<Node*> contents(Node& item);
bool has_integration(Node& document, const std::string& path, const std::string& method);
void add_path(Node& document, const std::string& path, const std::string& method);
// The definitions of one method that have an integration.
std::vector<Node*> methods_at(Node& document, const std::string& path, const std::string& method);
// Every method with an integration of a path, by its key.
void each_method(Node& path_item,
                 const std::function<void(const std::string& key, Node& method)>& visit);

// What a method is integrated with.
struct Integration {
  Node uri;
  std::string condition;          // of what is invoked; "": none
  Node own;                       // further members of the integration
  std::optional<Node> responses;  // of the method; an empty map without
};
void integrate(Node& document, const std::string& path, const std::string& method,
               const Integration& integration);

// Security of a method: adds {name: scopes} to the end.
void add_security(Node& method, const std::string& name, Node scopes);

}  // namespace kiln::cfn::openapi
