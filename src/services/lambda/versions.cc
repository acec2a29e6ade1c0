// PublishVersion, ListVersionsByFunction.
#include "model/validation.h"
#include "services/lambda/call.h"
#include "services/lambda/documents.h"
#include "services/lambda/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

// The version that $LATEST still is: the last one published, and neither code nor configuration
// changed since. A change that puts back the old value is one, too, as on AWS.
model::ConfigPtr unchanged_version(const model::Function& function) {
  const auto newest = function.versions.find(function.next_version - 1);
  if (newest == function.versions.end()) return nullptr;
  return newest->second->last_modified == function.latest->last_modified ? newest->second : nullptr;
}

}  // namespace

OperationResult publish_version(LambdaCall& call) {
  Fields fields(call.body);
  const auto description = fields.text("Description"), sha = fields.text("CodeSha256");
  const auto revision = fields.text("RevisionId");
  if (auto read = fields.result(); !read) return read.error();
  if (auto valid = model::validate_description(description.value_or("")); !valid)
    return valid.error();
  auto target = find_unqualified_target(call);
  if (!target) return target.error();
  const model::FunctionConfig& latest = *target->function->latest;
  if (auto same = check_revision(revision, latest.revision_id); !same) return same.error();
  if (sha && !sha->empty() && *sha != latest.code.sha256_base64) {
    return invalid_parameter(
        "CodeSHA256 (" + *sha + ") is different from current CodeSHA256 in $LATEST (" +
        latest.code.sha256_base64 + "). Please try again with the CodeSHA256 in $LATEST.");
  }
  if (const auto newest = unchanged_version(*target->function)) {
    return json_response(201, describe(call, *newest, newest->version, StateView::kCurrent));
  }
  auto next = std::make_shared<model::Function>(*target->function);
  const auto version = add_version(*next, description);
  if (auto put = call.registry.put(next); !put) return put.error();
  return json_response(201, describe(call, *version, version->version, StateView::kCurrent));
}

OperationResult list_versions(LambdaCall& call) {
  auto target = find_target(call);
  if (!target) return target.error();
  auto page = read_page(call);
  if (!page) return page.error();
  // A marker is the number that the page before ended with; $LATEST counts as 0.
  int64_t after = -1;
  if (!page->after.empty() && !parse_number(page->after, after)) {
    return invalid_parameter("Marker is not one that this list returned");
  }
  json list = json::array();
  if (after < 0)
    list.push_back(
        describe(call, *target->function->latest, std::string(model::kLatest), StateView::kListed));
  int64_t last = 0;
  json document;
  const auto& versions = target->function->versions;
  for (auto it = versions.upper_bound(after); it != versions.end(); ++it) {
    if (list.size() == page->max_items) {
      document["NextMarker"] = make_marker(std::to_string(last));
      break;
    }
    list.push_back(describe(call, *it->second, it->second->version, StateView::kListed));
    last = it->first;
  }
  document["Versions"] = std::move(list);
  return json_response(200, document);
}

}  // namespace kiln::services
