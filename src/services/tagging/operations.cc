#include "services/tagging/operations.h"

#include <algorithm>
#include <set>

#include "base/json_access.h"
#include "services/inventory/inventory.h"
#include "stack/resource_type.h"
#include "wire/fields.h"
#include "wire/key_page.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using stack::text_of;

constexpr size_t kPage = 100;

Error invalid(std::string message) {
  return {ErrorKind::kInvalid, "InvalidParameterException", std::move(message)};
}

// "lambda:function" and "lambda" are both filters for functions.
bool is_wanted(const ThingType& type, const std::vector<std::string>& filters) {
  if (filters.empty()) return true;
  return std::any_of(filters.begin(), filters.end(), [&](const std::string& filter) {
    return filter == type.kind || filter == type.kind.substr(0, type.kind.find(':'));
  });
}

// AWS tags what a stack has made with the stack; those tags are told here.
void add_stack_tags(std::vector<Thing>& things, const stack::AwsApi& api) {
  for (Thing& thing : things) {
    const auto answer = api.query("cloudformation", "DescribeStackResources",
                                  {{"PhysicalResourceId", thing.identifier}});
    if (!answer) continue;
    const json list = json_list(*answer, "StackResources");
    for (const json& resource : list) {
      if (!resource.is_object() || text_of(resource, "PhysicalResourceId") != thing.identifier)
        continue;
      thing.tags["aws:cloudformation:stack-name"] = text_of(resource, "StackName");
      thing.tags["aws:cloudformation:stack-id"] = text_of(resource, "StackId");
      thing.tags["aws:cloudformation:logical-id"] = text_of(resource, "LogicalResourceId");
    }
  }
}

Result<std::vector<Thing>> tagged(const std::vector<std::string>& filters,
                                  const stack::AwsApi& api) {
  std::vector<Thing> out;
  for (const ThingType& type : thing_types()) {
    if (!is_wanted(type, filters)) continue;
    auto some = type.list(api);
    if (!some) return some.error();
    if (type.name != "AWS::CloudFormation::Stack") add_stack_tags(*some, api);
    for (Thing& thing : *some)
      if (!thing.tags.empty()) out.push_back(std::move(thing));
  }
  return out;
}

struct TagFilter {
  std::string key;
  std::vector<std::string> values;

  bool holds(const Thing& thing) const {
    const auto found = thing.tags.find(key);
    if (found == thing.tags.end()) return false;
    return values.empty() || std::find(values.begin(), values.end(), found->second) != values.end();
  }
};

Result<json> get_resources(const json& input, const stack::AwsApi& api) {
  wire::Fields in(input);
  const auto types = in.texts("ResourceTypeFilters"), arns = in.texts("ResourceARNList");
  const std::string token = in.text("PaginationToken");
  const auto most = in.integer("ResourcesPerPage");
  std::vector<TagFilter> filters;
  for (const json& item : in.list("TagFilters")) {
    wire::Fields filter(item);
    filters.push_back({filter.text("Key"), filter.texts("Values")});
    if (!filter.status()) return filter.status().error();
  }
  if (!in.status()) return in.status().error();
  if (most && (*most < 1 || *most > static_cast<int64_t>(kPage)))
    return invalid("ResourcesPerPage must be from 1 to 100, not " + std::to_string(*most));
  auto all = tagged(types, api);
  if (!all) return all.error();
  std::erase_if(*all, [&](const Thing& thing) {
    const bool named = arns.empty() || std::find(arns.begin(), arns.end(), thing.arn) != arns.end();
    return !named || !std::all_of(filters.begin(), filters.end(),
                                  [&](const TagFilter& filter) { return filter.holds(thing); });
  });
  std::sort(all->begin(), all->end(), [](const Thing& a, const Thing& b) { return a.arn < b.arn; });
  std::vector<std::string> keys;
  keys.reserve(all->size());
  for (const Thing& thing : *all) keys.push_back(thing.arn);
  const auto page = wire::key_page(keys, token, static_cast<size_t>(most.value_or(kPage)));
  if (!page)
    return Error{ErrorKind::kInvalid, "PaginationTokenExpiredException",
                 "PaginationToken is not one that this operation gave"};
  json list = json::array();
  for (size_t i = page->from; i < page->to; ++i) {
    json tags = json::array();
    for (const auto& [key, value] : (*all)[i].tags)
      tags.push_back({{"Key", key}, {"Value", value}});
    list.push_back({{"ResourceARN", (*all)[i].arn}, {"Tags", std::move(tags)}});
  }
  return json{{"ResourceTagMappingList", std::move(list)}, {"PaginationToken", page->next}};
}

Result<json> get_tag_keys(const stack::AwsApi& api) {
  const auto all = tagged({}, api);
  if (!all) return all.error();
  std::set<std::string> keys;
  for (const Thing& thing : *all)
    for (const auto& [key, value] : thing.tags) keys.insert(key);
  return json{{"TagKeys", keys}, {"PaginationToken", ""}};
}

Result<json> get_tag_values(const json& input, const stack::AwsApi& api) {
  wire::Fields in(input);
  const std::string wanted = in.text("Key");
  if (!in.status()) return in.status().error();
  if (wanted.empty()) return invalid("Key must be given");
  const auto all = tagged({}, api);
  if (!all) return all.error();
  std::set<std::string> values;
  for (const Thing& thing : *all)
    if (const auto found = thing.tags.find(wanted); found != thing.tags.end())
      values.insert(found->second);
  return json{{"TagValues", values}, {"PaginationToken", ""}};
}

}  // namespace

Result<json> resource_tagging(const std::string& operation, const json& input,
                              const stack::AwsApi& api) {
  if (operation == "GetResources") return get_resources(input, api);
  if (operation == "GetTagKeys") return get_tag_keys(api);
  if (operation == "GetTagValues") return get_tag_values(input, api);
  return Error{ErrorKind::kInvalid, "UnknownOperationException",
               "Kiln's tagging API has no operation " + operation +
                   "; it has GetResources, GetTagKeys and GetTagValues. Tag a resource by its own "
                   "service's API."};
}

}  // namespace kiln::services
