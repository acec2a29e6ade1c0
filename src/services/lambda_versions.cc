// PublishVersion, ListVersionsByFunction.
#include <charconv>

#include "services/lambda_call.h"
#include "services/lambda_documents.h"

namespace kiln::services {
namespace {

using nlohmann::json;

// Nothing has changed since the newest version was published.
model::ConfigPtr unchanged_version(const model::Function& function) {
  if (function.versions.empty()) return nullptr;
  const auto& newest = function.versions.rbegin()->second;
  const auto& latest = function.latest;
  const bool same = newest->last_modified == latest->last_modified &&
                    newest->code.sha256_base64 == latest->code.sha256_base64;
  return same ? newest : nullptr;
}

}  // namespace

OperationResult publish_version(LambdaCall& call) {
  auto target = find_target(call, model::Operation::kGet);
  if (!target) return target.error();
  const model::Function& function = *target->function;
  if (auto same = check_revision(call.body, function.latest->revision_id); !same) return same.error();
  const auto sha = call.body.find("CodeSha256");
  if (sha != call.body.end() && sha->is_string() && *sha != function.latest->code.sha256_base64)
    return invalid_parameter("CodeSHA256 (" + sha->get<std::string>() +
                             ") is different from current CodeSHA256 in $LATEST (" +
                             function.latest->code.sha256_base64 +
                             "). Please try again with the CodeSHA256 in $LATEST.");
  if (const auto newest = unchanged_version(function))
    return json_response(201, function_document(*newest, newest->version, StateView::kCurrent));
  std::optional<std::string> description;
  if (const auto d = call.body.find("Description"); d != call.body.end() && d->is_string())
    description = d->get<std::string>();
  auto [next, version] = with_new_version(function, description);
  if (auto put = call.registry.put(next); !put) return put.error();
  return json_response(201, function_document(*version, version->version, StateView::kCurrent));
}

OperationResult list_versions(LambdaCall& call) {
  auto target = find_target(call, model::Operation::kGet);
  if (!target) return target.error();
  auto page = read_page(call);
  if (!page) return page.error();
  int64_t after = -1;  // before $LATEST
  if (!page->after.empty()) {
    const char* end = page->after.data() + page->after.size();
    if (std::from_chars(page->after.data(), end, after).ec != std::errc())
      return invalid_parameter("Marker is not one that this list returned");
  }
  std::vector<std::pair<int64_t, model::ConfigPtr>> all = {{0, target->function->latest}};
  all.insert(all.end(), target->function->versions.begin(), target->function->versions.end());
  json list = json::array();
  json document;
  int64_t last = 0;
  for (const auto& [number, config] : all) {
    if (number <= after) continue;
    if (list.size() == page->max_items) {
      document["NextMarker"] = make_marker(std::to_string(last));
      break;
    }
    list.push_back(function_document(*config, config->version, StateView::kListed));
    last = number;
  }
  document["Versions"] = std::move(list);
  return json_response(200, document);
}

}  // namespace kiln::services
