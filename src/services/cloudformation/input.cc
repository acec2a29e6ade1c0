#include "services/cloudformation/input.h"

#include <algorithm>

#include "base/json_access.h"
#include "base/system_tags.h"
#include "stack/validation_error.h"
#include "wire/fields.h"
#include "wire/uri.h"

namespace kiln::services {
namespace {

using nlohmann::json;

// What would change nothing here is refused rather than taken and forgotten.
constexpr const char* kNotHere[] = {"TimeoutInMinutes", "RollbackConfiguration",
                                    "ResourcesToImport", "StackPolicyBody", "StackPolicyURL"};

bool is_given(const json& input, const char* name) {
  const auto found = input.find(name);
  return found != input.end() && !(found->is_string() && json_text(*found).empty());
}

Result<void> read_parameters(const json& input, const stack::Wish* before, stack::Wish& wish) {
  for (const json& item : items_of(input, "Parameters")) {
    wire::Fields in(item);
    const std::string key = in.text("ParameterKey");
    if (key.empty())
      return stack::validation_error("Parameters: a ParameterKey must be given for each");
    if (in.boolean("UsePreviousValue").value_or(false)) {
      if (!in.text("ParameterValue").empty())
        return stack::validation_error("Invalid input for parameter key " + key +
                                       ". Cannot specify usePreviousValue as true and non empty "
                                       "value for a parameter");
      if (!before)
        return stack::validation_error("Invalid input for parameter key " + key +
                                       ". Cannot specify usePreviousValue as true for a parameter "
                                       "key not in the previous template");
      if (const auto old = before->parameters.find(key); old != before->parameters.end())
        wish.parameters[key] = old->second;
      continue;
    }
    if (!in.has("ParameterValue"))
      return stack::validation_error("Invalid input for parameter key " + key +
                                     ". Either ParameterValue or UsePreviousValue must be given");
    wish.parameters[key] = in.text("ParameterValue");
  }
  return {};
}

Result<void> read_tags(const json& input, const stack::Wish* before, stack::Wish& wish) {
  if (!input.contains("Tags") && before) {
    wish.tags = before->tags;
    return {};
  }
  for (const json& item : items_of(input, "Tags")) {
    wire::Fields in(item);
    const std::string key = in.text("Key");
    if (system_tags::is_reserved(key))
      return stack::validation_error(
          "aws: prefixed tag key names are not allowed for external use.");
    wish.tags[key] = in.text("Value");
  }
  return {};
}

std::vector<std::string> texts_of(const json& input, const char* name) {
  std::vector<std::string> out;
  for (const json& item : items_of(input, name))
    if (item.is_string()) out.push_back(json_text(item));
  return out;
}

Result<stack::Wish::OnFailure> read_on_failure(const json& input) {
  using OnFailure = stack::Wish::OnFailure;
  wire::Fields in(input);
  bool disabled = in.boolean("DisableRollback").value_or(false);
  std::string text = in.text("OnFailure");
  if (text.empty()) text = in.text("OnStackFailure");
  if (!in.status()) return in.status().error();
  if (const auto found = input.find("DeploymentConfig"); found != input.end()) {
    wire::Fields config(*found);
    const std::string mode = config.text("Mode");
    const auto no_rollback = config.boolean("DisableRollback");
    if (!config.status()) return config.status().error();
    // Express deployments are not rolled back unless they say so.
    disabled = disabled || no_rollback.value_or(mode == "EXPRESS" && text.empty());
  }
  if (disabled && !text.empty() && text != "DO_NOTHING")
    return stack::validation_error("Either DisableRollback or OnFailure can be given, not both");
  if (disabled || text == "DO_NOTHING") return OnFailure::kDoNothing;
  return text == "DELETE" ? OnFailure::kDelete : OnFailure::kRollback;
}

}  // namespace

const json& items_of(const json& input, const char* name) {
  static const json none = json::array();
  const auto found = input.find(name);
  return found != input.end() && found->is_array() ? *found : none;
}

std::optional<ObjectAddress> object_address(const std::string& url) {
  if (url.starts_with("s3://")) {
    const size_t slash = url.find('/', 5);
    if (slash == std::string::npos || slash == 5 || slash + 1 == url.size()) return std::nullopt;
    return ObjectAddress{url.substr(5, slash - 5), url.substr(slash + 1)};
  }
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos || (!url.starts_with("http://") && !url.starts_with("https://")))
    return std::nullopt;
  const size_t slash = url.find('/', scheme + 3);
  if (slash == std::string::npos) return std::nullopt;
  const std::string host = url.substr(scheme + 3, slash - scheme - 3);
  std::string path = url.substr(slash + 1);
  path = wire::percent_decode(path.substr(0, path.find('?')));
  // The bucket stands before ".s3.", ".s3-" or ".localhost", else in the path.
  for (const char* mark : {".s3.", ".s3-", ".localhost"}) {
    const size_t end = host.find(mark);
    if (end == std::string::npos || end == 0) continue;
    if (path.empty()) return std::nullopt;
    return ObjectAddress{host.substr(0, end), path};
  }
  const size_t next = path.find('/');
  if (next == std::string::npos || next == 0 || next + 1 == path.size()) return std::nullopt;
  return ObjectAddress{path.substr(0, next), path.substr(next + 1)};
}

bool reads_template(const std::string& operation) {
  static constexpr std::string_view kReaders[] = {
      "ContinueUpdateRollback", "CreateChangeSet",  "CreateStack", "DeleteStack",
      "DescribeStackResource",  "ExecuteChangeSet", "GetTemplate", "UpdateStack",
      "GetTemplateSummary",     "ValidateTemplate"};
  return std::find(std::begin(kReaders), std::end(kReaders), operation) != std::end(kReaders);
}

Result<std::optional<std::string>> read_template_text(const json& input,
                                                      const FetchTemplate& fetch) {
  wire::Fields in(input);
  const std::string body = in.text("TemplateBody"), url = in.text("TemplateURL");
  if (!in.status()) return in.status().error();
  if (!body.empty() && !url.empty())
    return stack::validation_error("You cannot specify both Template URL and Template Body.");
  if (body.size() > kMaxTemplateBodyBytes)
    return stack::validation_error(
        "1 validation error detected: Value at 'templateBody' failed to satisfy "
        "constraint: Member must have length less than or equal to " +
        std::to_string(kMaxTemplateBodyBytes) + "; put a template of " +
        std::to_string(body.size()) + " bytes into a bucket and give its TemplateURL");
  if (!body.empty()) return std::optional(body);
  if (url.empty()) return std::optional<std::string>();
  if (url.starts_with("s3://"))
    return stack::validation_error("S3 error: Domain name specified in " +
                                   url.substr(5, url.find('/', 5) - 5) +
                                   " is not a valid S3 domain");
  const auto address = object_address(url);
  if (!address) return stack::validation_error("TemplateURL must be a supported URL.");
  auto text = fetch(address->bucket, address->key);
  if (!text)
    return stack::validation_error("S3 error: " + text.error().message + " (TemplateURL " + url +
                                   ")");
  return std::optional(std::move(*text));
}

Result<stack::Wish> read_wish(const json& input, const stack::Wish* before,
                              const FetchTemplate& fetch) {
  stack::Wish wish;
  for (const char* name : kNotHere)
    if (is_given(input, name))
      return stack::validation_error(
          std::string(name) + " has no effect on Kiln's stacks, so it is refused; leave it out");
  auto text = read_template_text(input, fetch);
  if (!text) return text.error();
  wire::Fields in(input);
  const bool use_previous = in.boolean("UsePreviousTemplate").value_or(false);
  if (*text && use_previous)
    return stack::validation_error(
        "You cannot specify both usePreviousTemplate and Template Body/Template URL.");
  if (*text) {
    wish.template_text = std::move(**text);
  } else if (before && use_previous) {
    wish.template_text = before->template_text;
  } else {
    return stack::validation_error("Either Template URL or Template Body must be specified.");
  }
  wish.token = in.text("ClientRequestToken", in.text("ClientToken"));
  if (in.boolean("KilnSkipUnsupported").value_or(false))
    wish.unsupported = stack::Wish::Unsupported::kSkip;
  if (!in.status()) return in.status().error();
  if (auto done = read_parameters(input, before, wish); !done) return done.error();
  if (auto done = read_tags(input, before, wish); !done) return done.error();
  wish.capabilities = texts_of(input, "Capabilities");
  wish.notification_arns = texts_of(input, "NotificationARNs");
  auto on_failure = read_on_failure(input);
  if (!on_failure) return on_failure.error();
  wish.on_failure = *on_failure;
  return wish;
}

}  // namespace kiln::services
