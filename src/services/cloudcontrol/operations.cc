#include "services/cloudcontrol/operations.h"

#include <algorithm>
#include <charconv>

#include "base/json_access.h"
#include "services/inventory/inventory.h"
#include "wire/fields.h"
#include "wire/key_page.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr size_t kMaxPage = 100;

Error invalid(const char* type, std::string message) {
  return {ErrorKind::kInvalid, type, std::move(message)};
}

json description(const Thing& thing) {
  return {{"Identifier", thing.identifier}, {"Properties", json_dump(thing.properties)}};
}

// All of the type that the input names.
Result<std::vector<Thing>> things(const std::string& type_name, const stack::AwsApi& api) {
  const ThingType* type = find_thing_type(type_name);
  if (!type) {
    std::string known;
    for (const ThingType& each : thing_types())
      known += (known.empty() ? "" : ", ") + std::string(each.name);
    return invalid("TypeNotFoundException", "The type '" + type_name.substr(0, 200) +
                                                "' cannot be found. Kiln has " + known + ".");
  }
  return type->list(api);
}

Result<json> list_resources(const json& input, const stack::AwsApi& api) {
  wire::Fields in(input);
  const std::string type = in.text("TypeName"), token = in.text("NextToken");
  const auto most = in.integer("MaxResults");
  if (!in.status()) return in.status().error();
  auto all = things(type, api);
  if (!all) return all.error();
  std::sort(all->begin(), all->end(),
            [](const Thing& a, const Thing& b) { return a.identifier < b.identifier; });
  std::vector<std::string> keys;
  keys.reserve(all->size());
  for (const Thing& thing : *all) keys.push_back(thing.identifier);
  const size_t count = most && *most > 0 ? static_cast<size_t>(*most) : kMaxPage;
  const auto page = wire::key_page(keys, token, std::min(count, kMaxPage));
  if (!page)
    return invalid("InvalidRequestException", "NextToken is not one that this operation gave");
  json out = {{"TypeName", type}, {"ResourceDescriptions", json::array()}};
  for (size_t i = page->from; i < page->to; ++i)
    out["ResourceDescriptions"].push_back(description((*all)[i]));
  if (!page->next.empty()) out["NextToken"] = page->next;
  return out;
}

Result<json> get_resource(const json& input, const stack::AwsApi& api) {
  wire::Fields in(input);
  const std::string type = in.text("TypeName"), identifier = in.text("Identifier");
  if (!in.status()) return in.status().error();
  const auto all = things(type, api);
  if (!all) return all.error();
  const auto found = std::find_if(
      all->begin(), all->end(), [&](const Thing& thing) { return thing.identifier == identifier; });
  if (found == all->end())
    return invalid("ResourceNotFoundException", "Resource of type '" + type +
                                                    "' with identifier '" +
                                                    identifier.substr(0, 500) + "' was not found.");
  return json{{"TypeName", type}, {"ResourceDescription", description(*found)}};
}

}  // namespace

Result<json> cloud_control(const std::string& operation, const json& input,
                           const stack::AwsApi& api) {
  if (operation == "ListResources") return list_resources(input, api);
  if (operation == "GetResource") return get_resource(input, api);
  if (operation == "ListResourceRequests")
    return json{{"ResourceRequestStatusSummaries", json::array()}};
  if (operation == "GetResourceRequestStatus" || operation == "CancelResourceRequest")
    return invalid("RequestTokenNotFoundException", "There is no request with this token.");
  if (operation == "CreateResource" || operation == "UpdateResource" ||
      operation == "DeleteResource")
    return invalid("UnsupportedActionException",
                   "Kiln's Cloud Control reads: GetResource, ListResources. " + operation +
                       " is done by the service's own API, or by a stack.");
  return invalid("UnknownOperationException",
                 "Kiln's Cloud Control has no operation " + operation + ".");
}

}  // namespace kiln::services
