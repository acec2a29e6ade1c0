// One resource of a SAM template and what becomes of it. Pure.
#pragma once

#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "template/node_maker.h"

namespace kiln::cfn {

// What a resource is expanded with.
struct SamResource {
  const std::string& id;
  Place place;
  const Node& whole;       // with Type, Condition, …
  const Node& properties;  // a map, with what Globals say
  const Node& root;        // the template
};

struct Expansion {
  std::vector<Member> resources;
  // What the template may call them: "Orders.Alias" is "OrdersAliaslive".
  std::map<std::string, std::string> names;
};

Expansion expand_function(const SamResource& function, std::vector<Problem>& problems);
Expansion expand_layer(const SamResource& layer, std::vector<Problem>& problems);

// The resources of Events: a subscription and a permission for each of the type SNS. `target`: the
// function or its alias.
std::vector<Member> expand_events(const SamResource& function, const std::string& target,
                                  std::vector<Problem>& problems);

// The role of a function that names none, with its tags, and the statements of `more` in it.
Member make_role(const SamResource& function, Node tags, std::vector<Node> more,
                 std::vector<Problem>& problems);

// EventInvokeConfig, with the topics and queues that its destinations ask for. The statements that
// the role needs for them are added to `statements`.
Expansion expand_invoke_config(const SamResource& function, const Node& alias,
                               std::vector<Node>& statements, std::vector<Problem>& problems);

// What a function and a layer have in common.

// "Format error, resource Orders: …"
void sam_problem(const SamResource& resource, Place place, const std::string& message,
                 std::vector<Problem>& problems);
// A resource with Condition, DeletionPolicy and UpdateReplacePolicy of what it is made from.
Member make_resource(const SamResource& from, std::string id, const char* type, Node properties);
// Code or Content of CodeUri or ContentUri: a bucket and a key, or a local path as it is.
Node code_location(const SamResource& resource, const Node& uri, std::vector<Problem>& problems);
// The tags of a map as a list, with SAM's own; of the resource's property Tags.
Node tag_list(const SamResource& resource, std::vector<Problem>& problems);
// Ten digits that change with the node.
std::string short_hash(const Node& node);
// Whether a node is a function of CloudFormation.
bool is_function(const Node& node);
// The members of `from` with these names, in this order.
void copy_members(const Node& from, std::span<const std::string_view> names, Node& to);
inline void copy_members(const Node& from, std::initializer_list<std::string_view> names,
                         Node& to) {
  copy_members(from, std::span(names.begin(), names.size()), to);
}

}  // namespace kiln::cfn
