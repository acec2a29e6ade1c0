// TagResource, UntagResource, ListTagsForResource, and what they were called before.
#include "services/logs/tags.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/characters.h"
#include "base/system_tags.h"
#include "services/driver/input_checks.h"
#include "services/logs/errors.h"
#include "services/logs/input.h"
#include "services/logs/operations.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr size_t kMaxTags = 50, kMaxKey = 128, kMaxValue = 256;

// `what`: "Member", "Map keys", or "Map values". `times`: "+" or "*".
std::string tag_rule(const std::string& what, size_t least, size_t most, const std::string& times) {
  return what + " must satisfy constraint: [Member must have length less than or equal to " +
         std::to_string(most) + ", Member must have length greater than or equal to " +
         std::to_string(least) + ", Member must satisfy regular expression pattern: ^(" +
         kTagCharacter + times + ")$]";
}
std::string tag_key_rule(const std::string& what) { return tag_rule(what, 1, kMaxKey, "+"); }
std::string tag_value_rule() { return tag_rule("Map values", 0, kMaxValue, "*"); }

void require(LogsInput& in, const char* name) {
  if (!in.has(name)) in.fail(constraint_error("null", name, "Member must not be null"));
}

// The keys of tags that are to go, which must be there.
std::vector<std::string> read_tag_keys(LogsInput& in, const char* name,
                                       LogsInput::ListLimits limits) {
  limits.shortest = 1;
  limits.longest = kMaxKey;
  auto keys = in.texts(name, limits);
  require(in, name);
  for (const std::string& key : keys)
    if (!is_tag_text(key))
      in.fail(constraint_error("'[" + key + "]'", name, tag_key_rule("Member")));
  return keys;
}

}  // namespace

std::map<std::string, std::string> read_log_tags(LogsInput& in) {
  const auto tags = in.text_map("tags");
  if (!in.has("tags")) return tags;
  if (tags.empty())
    in.fail(constraint_error("'{}'", "tags", "Member must have length greater than or equal to 1"));
  if (tags.size() > kMaxTags)
    in.fail(constraint_error("'{" + std::to_string(tags.size()) + " entries}'", "tags",
                             "Member must have length less than or equal to 50"));
  for (const auto& [key, value] : tags) {
    if (key.empty() || characters(key) > kMaxKey || !is_tag_text(key))
      in.fail(constraint_error("'{" + key + "=" + value + "}'", "tags", tag_key_rule("Map keys")));
    if (characters(value) > kMaxValue || !is_tag_text(value))
      in.fail(constraint_error("'{" + key + "=" + value + "}'", "tags", tag_value_rule()));
    if (system_tags::is_reserved(key))
      in.fail(invalid_parameter_exception(
          "aws: prefixed tag key names are not allowed for external use."));
  }
  return tags;
}

Result<std::string> LogsOperations::tagged_group(LogsInput& in) const {
  const std::string arn = in.text("resourceArn");
  require(in, "resourceArn");
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
  if (found->tags.size() > kMaxTags) {
    return Error{ErrorKind::kInvalid, "TooManyTagsException",
                 "A log group can have " + std::to_string(kMaxTags) + " tags, not " +
                     std::to_string(found->tags.size()) +
                     "; remove some with UntagResource first."};
  }
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
  const auto tags = read_log_tags(in);
  require(in, "tags");
  const auto group = tagged_group(in);
  if (!group) return group.error();
  return put_tags(*group, tags);
}

Result<json> LogsOperations::untag_resource(LogsInput& in) {
  const auto keys = read_tag_keys(in, "tagKeys", {.most = kMaxTags});
  const auto group = tagged_group(in);
  if (!group) return group.error();
  return remove_tags(*group, keys);
}

Result<json> LogsOperations::list_tags_for_resource(LogsInput& in) {
  const auto group = tagged_group(in);
  if (!group) return group.error();
  return json{{"tags", groups_.find(region_, *group).value_or(logs::LogGroup()).tags}};
}

Result<json> LogsOperations::tag_log_group(LogsInput& in) {
  const std::string name = in.group_name();
  const auto tags = read_log_tags(in);
  require(in, "tags");
  if (!in.status()) return in.status().error();
  return put_tags(name, tags);
}

Result<json> LogsOperations::untag_log_group(LogsInput& in) {
  const std::string name = in.group_name();
  const auto keys = read_tag_keys(in, "tags", {.least = 1});
  if (!in.status()) return in.status().error();
  return remove_tags(name, keys);
}

Result<json> LogsOperations::list_tags_log_group(LogsInput& in) {
  const auto group = named_group(in);
  if (!group) return group.error();
  return json{{"tags", groups_.find(region_, *group).value_or(logs::LogGroup()).tags}};
}

}  // namespace kiln::services
