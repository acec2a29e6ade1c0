// TagResource, UntagResource, ListTagsForResource, and what they were called before.
#include "services/logs/tags.h"

#include <algorithm>

#include "services/logs/errors.h"
#include "services/logs/input.h"
#include "services/logs/operations.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr size_t kMaxTags = 50, kMaxKey = 128, kMaxValue = 256;

size_t characters(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

Result<void> check_log_tags(const std::map<std::string, std::string>& tags) {
  if (tags.size() > kMaxTags) {
    return Error{ErrorKind::kInvalid, "TooManyTagsException",
                 "A log group can have " + std::to_string(kMaxTags) + " tags, not " +
                     std::to_string(tags.size()) + "; remove some with UntagResource first."};
  }
  for (const auto& [key, value] : tags) {
    if (key.empty() || characters(key) > kMaxKey) {
      return constraint_error("'" + key + "'", "tags",
                              "Map keys must have length between 1 and " + std::to_string(kMaxKey));
    }
    if (characters(value) > kMaxValue) {
      return constraint_error(
          "'" + value + "'", "tags",
          "Map values must have length less than or equal to " + std::to_string(kMaxValue));
    }
    if (key.starts_with("aws:"))
      return invalid_parameter_exception("Tag key '" + key + "' begins with aws:, which is AWS's.");
  }
  return {};
}

Result<std::string> LogsOperations::tagged_group(LogsInput& in) const {
  const std::string arn = in.text("resourceArn");
  if (!in.has("resourceArn"))
    in.fail(constraint_error("null", "resourceArn", "Member must not be null"));
  if (!in.status()) return in.status().error();
  if (!arn.starts_with("arn:")) {
    return invalid_parameter_exception("resourceArn '" + arn +
                                       "' is not the ARN of a log group; "
                                       "one looks like " +
                                       group_arn("NAME"));
  }
  auto name = name_of(arn);
  if (!name) return name;
  if (name->empty() || !groups_.has(region_, *name)) {
    return Error{ErrorKind::kNotFound, "ResourceNotFoundException",
                 "The specified resource does not exist."};
  }
  return name;
}

Result<json> LogsOperations::put_tags(const std::string& group,
                                      const std::map<std::string, std::string>& tags) {
  auto found = groups_.find(region_, group);
  if (!found) return no_such_group();
  for (const auto& [key, value] : tags) found->tags[key] = value;
  if (auto valid = check_log_tags(found->tags); !valid) return valid.error();
  if (auto put = groups_.put(region_, group, std::move(*found)); !put) return put.error();
  return json::object();
}

Result<json> LogsOperations::remove_tags(const std::string& group,
                                         const std::vector<std::string>& keys) {
  auto found = groups_.find(region_, group);
  if (!found) return no_such_group();
  for (const std::string& key : keys) found->tags.erase(key);
  if (auto put = groups_.put(region_, group, std::move(*found)); !put) return put.error();
  return json::object();
}

Result<json> LogsOperations::tag_resource(LogsInput& in) {
  const auto group = tagged_group(in);
  if (!group) return group.error();
  const auto tags = in.text_map("tags");
  if (!in.has("tags")) in.fail(constraint_error("null", "tags", "Member must not be null"));
  if (!in.status()) return in.status().error();
  return put_tags(*group, tags);
}

Result<json> LogsOperations::untag_resource(LogsInput& in) {
  const auto group = tagged_group(in);
  if (!group) return group.error();
  const auto keys = in.texts("tagKeys", kMaxTags);
  if (!in.status()) return in.status().error();
  return remove_tags(*group, keys);
}

Result<json> LogsOperations::list_tags_for_resource(LogsInput& in) {
  const auto group = tagged_group(in);
  if (!group) return group.error();
  return json{{"tags", groups_.find(region_, *group).value_or(logs::LogGroup()).tags}};
}

Result<json> LogsOperations::tag_log_group(LogsInput& in) {
  const auto group = named_group(in);
  if (!group) return group.error();
  const auto tags = in.text_map("tags");
  if (!in.status()) return in.status().error();
  return put_tags(*group, tags);
}

Result<json> LogsOperations::untag_log_group(LogsInput& in) {
  const auto group = named_group(in);
  if (!group) return group.error();
  const auto keys = in.texts("tags", kMaxTags);
  if (!in.status()) return in.status().error();
  return remove_tags(*group, keys);
}

Result<json> LogsOperations::list_tags_log_group(LogsInput& in) {
  const auto group = named_group(in);
  if (!group) return group.error();
  return json{{"tags", groups_.find(region_, *group).value_or(logs::LogGroup()).tags}};
}

}  // namespace kiln::services
