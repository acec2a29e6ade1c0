#include "services/ssm/input.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>
#include <tuple>
#include <utility>

#include "base/ascii.h"
#include "base/characters.h"
#include "base/digest.h"
#include "base/system_tags.h"
#include "wire/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr size_t kMaxName = 2048, kMaxLevels = 15, kMaxNames = 10, kMaxTags = 50;

std::string ssm_tag_rule() {
  return std::string("Member must satisfy regular expression pattern: ^(") + kTagCharacter + "*)$";
}

using ascii::lower;

bool starts_with_any_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), text.begin(),
                                                    [](char a, char b) { return a == lower(b); });
}

bool is_name_character(char c) {
  c = lower(c);
  return ascii::is_lower(c) || ascii::is_digit(c) || c == '.' || c == '-' || c == '_' || c == '/';
}

Error malformed_ssm_name() {
  return ssm_validation(
      "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it "
      "can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of "
      "letters, numbers and the following 3 symbols .-_");
}

}  // namespace

Result<void> check_ssm_name_length(const std::string& name) {
  if (!name.empty() && name.size() <= kMaxName) return {};
  return ssm_constraint(name.substr(0, 100), "name",
                        name.empty() ? "Member must have length greater than or equal to 1"
                                     : "Member must have length less than or equal to 2048");
}

std::string ssm_name(const std::string& given) { return std::string(ascii::trim(given, " ")); }

Result<void> check_asked_ssm_name(const std::string& name) {
  const bool is_path = name.find('/') != std::string::npos;
  if (name.find("//") != std::string::npos || (is_path && !name.starts_with('/')) ||
      !std::all_of(name.begin(), name.end(), is_name_character))
    return malformed_ssm_name();
  return {};
}

Error ssm_validation(std::string message) {
  return {ErrorKind::kInvalid, "ValidationException", std::move(message)};
}

Error ssm_constraint(const std::string& value, const std::string& where, const std::string& what) {
  return ssm_validation("1 validation error detected: Value '" + value + "' at '" + where +
                        "' failed to satisfy constraint: " + what);
}

Result<void> check_ssm_name(const std::string& name) {
  if (auto fits = check_ssm_name_length(name); !fits) return fits;
  const std::string_view bare = std::string_view(name).substr(name.front() == '/' ? 1 : 0);
  if (starts_with_any_case(bare, "aws"))
    return Error{ErrorKind::kInvalid, "AccessDeniedException",
                 "No access to reserved parameter name: " + name + "."};
  if (starts_with_any_case(bare, "ssm") ||
      !std::all_of(name.begin(), name.end(), is_name_character) || name.ends_with('/') ||
      name.find("//") != std::string::npos)
    return malformed_ssm_name();
  const auto slashes = static_cast<size_t>(std::count(name.begin(), name.end(), '/'));
  if (slashes > 0 && name.front() != '/')
    return ssm_validation("Parameter name must be a fully qualified name.");
  if (slashes > kMaxLevels)
    return Error{
        ErrorKind::kInvalid, "HierarchyLevelLimitExceededException",
        "Parameter name has too many levels: " + std::to_string(slashes) + "; the most are 15."};
  return {};
}

Result<void> ssm_checked(const InputChecks& checks) {
  const auto checked = checks.result();
  if (checked || checked.error().type != "ValidationError") return checked;
  return ssm_validation(checked.error().message);
}

Result<void> check_ssm_path(const std::string& path) {
  if (path.starts_with('/') && path.find("//") == std::string::npos &&
      std::all_of(path.begin(), path.end(), is_name_character))
    return {};
  return ssm_validation(
      "The parameter doesn't meet the parameter name requirements. The parameter name must begin "
      "with a forward slash \"/\". It can't be prefixed with \"aws\" or \"ssm\" "
      "(case-insensitive). It must use only letters, numbers, or the following symbols: . "
      "(period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, "
      "if specified, must use the forward slash symbol \"/\". Valid example: "
      "/get/parameters2-/by1./path0_.");
}

Result<void> check_put_ssm_members(const json& input) {
  using Need = InputChecks::Need;
  constexpr size_t kMaxText = 1024, kMaxKey = 256, kMaxPolicies = 4096, kMaxDataType = 128;
  InputChecks checks(input);
  (void)checks.text("Name", 1, kMaxName, Need::kRequired);
  (void)checks.text("Description", 0, kMaxText);
  (void)checks.text("Value", 1, std::numeric_limits<size_t>::max(), Need::kRequired);
  (void)checks.one_of("Type", {"SecureString", "StringList", "String"});
  const std::string key = checks.text("KeyId", 1, kMaxKey);
  if (!ascii::all(key, [](char c) { return ascii::is_word(c) || c == ':' || c == '/'; }))
    checks.broken("KeyId", "'" + key + "'",
                  "satisfy regular expression pattern: ^([a-zA-Z0-9:/_-]+)$");
  (void)checks.text("AllowedPattern", 0, kMaxText);
  (void)checks.one_of("Tier", {"Standard", "Intelligent-Tiering", "Advanced"});
  (void)checks.text("Policies", 1, kMaxPolicies);
  (void)checks.text("DataType", 0, kMaxDataType);
  return ssm_checked(checks);
}

Result<void> check_ssm_tag_key(const std::string& key, const std::string& where) {
  if (key.empty())
    return ssm_constraint(key, where, "Member must have length greater than or equal to 1");
  if (characters(key) > 128)
    return ssm_constraint(key, where, "Member must have length less than or equal to 128");
  if (!is_tag_text(key)) return ssm_constraint(key, where, ssm_tag_rule());
  if (system_tags::is_reserved(key))
    return ssm_validation("Tag key '" + key +
                          "' begins with 'aws:', which is reserved; use another prefix.");
  return {};
}

Result<std::map<std::string, std::string>> read_ssm_tags(const json& input) {
  std::map<std::string, std::string> tags;
  size_t number = 0;
  wire::Fields fields(input);
  for (const json& each : fields.list("Tags")) {
    wire::Fields tag(each);
    const std::string key = tag.text("Key"), value = tag.text("Value");
    if (!tag.status()) return tag.status().error();
    const std::string where = "tags." + std::to_string(++number) + ".member.";
    if (auto fits = check_ssm_tag_key(key, where + "key"); !fits) return fits.error();
    if (characters(value) > 256)
      return ssm_constraint(value, where + "value",
                            "Member must have length less than or equal to 256");
    if (!is_tag_text(value)) return ssm_constraint(value, where + "value", ssm_tag_rule());
    tags[key] = value;
  }
  if (!fields.status()) return fields.status().error();
  if (tags.size() > kMaxTags)
    return Error{
        ErrorKind::kInvalid, "TooManyTagsError",
        "A parameter has at most 50 tags; the request has " + std::to_string(tags.size()) + "."};
  return tags;
}

Result<std::vector<std::string>> read_ssm_names(const json& input) {
  wire::Fields fields(input);
  auto names = fields.texts("Names");
  if (!fields.status()) return fields.status().error();
  for (std::string& name : names) name = ssm_name(name);
  for (const std::string& name : names)
    if (name.empty() || name.size() > kMaxName)
      return ssm_constraint("[" + name + "]", "names",
                            "Member must satisfy constraint: [Member must have length less than or "
                            "equal to 2048, Member must have length greater than or equal to 1]");
  if (!names.empty() && names.size() <= kMaxNames) return names;
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return ssm_constraint("[" + list.substr(0, 500) + "]", "names",
                        names.empty() ? "Member must have length greater than or equal to 1"
                                      : "Member must have length less than or equal to 10");
}

Result<SsmPage> ssm_page(const json& input, std::vector<SsmParameter> all, int64_t standard,
                         int64_t most) {
  wire::Fields fields(input);
  const int64_t size = fields.integer("MaxResults").value_or(standard);
  const std::string token = fields.text("NextToken");
  if (!fields.status()) return fields.status().error();
  if (size < 1 || size > most)
    return ssm_constraint(
        std::to_string(size), "maxResults",
        size < 1 ? "Member must have value greater than or equal to 1"
                 : "Member must have value less than or equal to " + std::to_string(most));
  if (!token.empty()) {
    const auto after = base64_decode(token).value_or("");
    const size_t colon = after.rfind(':');
    const char* const end = after.data() + after.size();
    int64_t version = 0;
    const char* const number = colon == std::string::npos ? end : after.data() + colon + 1;
    const auto read = std::from_chars(number, end, version);
    if (read.ec != std::errc() || read.ptr != end)
      return Error{ErrorKind::kInvalid, "InvalidNextToken", "The specified token is not valid."};
    const std::string name = after.substr(0, colon);
    std::erase_if(all, [&](const SsmParameter& p) {
      return std::tie(p.name, p.version) <= std::tie(name, version);
    });
  }
  SsmPage page{std::move(all), ""};
  if (page.items.size() > static_cast<size_t>(size)) {
    page.items.resize(static_cast<size_t>(size));
    // Of one name there may be several versions, by their labels.
    const SsmParameter& shown = page.items.back();
    page.next_token = base64_encode(shown.name + ":" + std::to_string(shown.version));
  }
  return page;
}

}  // namespace kiln::services
