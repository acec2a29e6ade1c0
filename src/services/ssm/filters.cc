#include "services/ssm/filters.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "base/word_list.h"
#include "services/driver/input_checks.h"
#include "services/ssm/history.h"
#include "services/ssm/input.h"
#include "wire/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr size_t kMaxKey = 132, kMaxOption = 10, kMaxValues = 50, kMaxValue = 1024;
constexpr std::string_view kTag = "tag:";
constexpr const char* kKeys = "Name|Type|KeyId|Path|Label|Tier|DataType";

struct Filter {
  std::string key;
  std::string option;
  std::vector<std::string> values;
  bool has_values = false;
};

bool is_tag(const std::string& key) { return key.starts_with(kTag) && key.size() > kTag.size(); }

// "parameterFilters.1.member.key"
std::string place(const char* list, size_t index, const char* member) {
  return std::string(list) + "." + std::to_string(index + 1) + ".member." + member;
}

// What AWS's model says of one filter.
void check_values(InputChecks& checks, const std::string& where, const Filter& filter) {
  const auto list = [&] {
    std::string text;
    for (const std::string& value : filter.values) text += (text.empty() ? "" : ", ") + value;
    return "'[" + text.substr(0, 500) + "]'";
  };
  if (filter.has_values && filter.values.empty())
    checks.broken(where.c_str(), "'[]'", "have length greater than or equal to 1");
  if (filter.values.size() > kMaxValues)
    checks.broken(where.c_str(), list(),
                  "have length less than or equal to " + std::to_string(kMaxValues));
  if (!std::all_of(filter.values.begin(), filter.values.end(), [](const std::string& value) {
        return !value.empty() && value.size() <= kMaxValue;
      }))
    checks.broken(where.c_str(), list(),
                  "satisfy constraint: [Member must have length less than or equal to 1024, Member "
                  "must have length greater than or equal to 1]");
}

Result<std::vector<Filter>> read_filters(const json& input) {
  std::vector<Filter> filters;
  InputChecks checks(input);
  const json& lists = checks.fields().list("ParameterFilters");
  for (const json& each : lists) {
    constexpr const char* kList = "parameterFilters";
    wire::Fields in(each);
    Filter filter{in.text("Key"), in.text("Option"), in.texts("Values"), in.has("Values")};
    if (!in.status()) return in.status().error();
    const std::string key = place(kList, filters.size(), "key");
    if (!in.has("Key"))
      checks.broken(key.c_str(), "null", "not be null");
    else if (filter.key.size() > kMaxKey)
      checks.broken(key.c_str(), "'" + filter.key.substr(0, kMaxKey) + "'",
                    "have length less than or equal to " + std::to_string(kMaxKey));
    else if (!is_tag(filter.key) && !is_listed(kKeys, "|", filter.key))
      checks.broken(key.c_str(), "'" + filter.key + "'",
                    "satisfy regular expression pattern: tag:.+|" + std::string(kKeys));
    if (in.has("Option") && (filter.option.empty() || filter.option.size() > kMaxOption))
      checks.broken(place(kList, filters.size(), "option").c_str(),
                    "'" + filter.option.substr(0, 100) + "'",
                    filter.option.empty() ? "have length greater than or equal to 1"
                                          : "have length less than or equal to 10");
    check_values(checks, place(kList, filters.size(), "values"), filter);
    filters.push_back(std::move(filter));
  }
  // The older form, whose values are beginnings of names.
  const json& older = checks.fields().list("Filters");
  for (const json& each : older) {
    constexpr const char* kList = "filters";
    wire::Fields in(each);
    Filter filter{in.text("Key"), "", in.texts("Values"), in.has("Values")};
    if (!in.status()) return in.status().error();
    if (filter.key == "Name") filter.option = "BeginsWith";
    const std::string key = place(kList, filters.size(), "key");
    if (!in.has("Key"))
      checks.broken(key.c_str(), "null", "not be null");
    else
      checks.check_value(key.c_str(), filter.key, {"Name", "Type", "KeyId"});
    if (!in.has("Values"))
      checks.broken(place(kList, filters.size(), "values").c_str(), "null", "not be null");
    check_values(checks, place(kList, filters.size(), "values"), filter);
    filters.push_back(std::move(filter));
  }
  if (auto checked = ssm_checked(checks); !checked) return checked.error();
  if (!lists.empty() && !older.empty())
    return ssm_validation("You can use either Filters or ParameterFilters in a single request.");
  return filters;
}

Error filter_error(const char* type, const std::string& message) {
  return {ErrorKind::kInvalid, type, message};
}

Error invalid_option(const char* what, const std::string& given, const char* valid) {
  return filter_error("InvalidFilterOption", std::string("The following filter ") + what +
                                                 " is not valid: " + given + ". Valid " + what +
                                                 "s include: [" + valid + "].");
}

// What AWS says of one that fits the model.
Result<void> check_filter(Filter& filter, FilteredBy by, std::set<std::string>& keys) {
  const std::string& key = filter.key;
  if (by == FilteredBy::kDescribe && key == "Label")
    return filter_error("InvalidFilterKey",
                        "The following filter key is not valid: Label. Valid filter keys include: "
                        "[Path, Name, Type, KeyId, Tier].");
  if (by == FilteredBy::kPath && key != "Type" && key != "KeyId" && key != "Label")
    return filter_error("InvalidFilterKey", "The following filter key is not valid: " + key +
                                                ". Valid filter keys include: [Type, KeyId].");
  if (filter.values.empty() && !is_tag(key))
    return filter_error(
        "InvalidFilterValue",
        "The following filter values are missing : null for filter key " + key + ".");
  if (!keys.insert(key).second)
    return filter_error("InvalidFilterKey",
                        "The following filter is duplicated in the request: " + key +
                            ". A request can contain only one occurrence of a specific filter.");
  if (filter.option.empty()) filter.option = key == "Path" ? "OneLevel" : "Equals";
  const std::string& option = filter.option;
  if (key == "Path") {
    if (option != "Recursive" && option != "OneLevel")
      return invalid_option("option", option, "Recursive, OneLevel");
    for (const std::string& path : filter.values)
      if (auto valid = check_ssm_path(path); !valid) return valid;
    return {};
  }
  if (key == "Label" && option != "Equals") return invalid_option("option", option, "Equals");
  if (option != "Equals" && option != "BeginsWith" && !(key == "Name" && option == "Contains"))
    return invalid_option("option", option, "BeginsWith, Equals");
  const char* const valid = key == "Tier"   ? "Standard, Advanced, Intelligent-Tiering"
                            : key == "Type" ? "String, StringList, SecureString"
                                            : nullptr;
  for (const std::string& value : filter.values)
    if (valid && !is_listed(valid, ", ", value)) return invalid_option("value", value, valid);
  return {};
}

// The value of a parameter that a filter's key means.
std::optional<std::string> value_of(const SsmParameter& p, const std::string& key) {
  if (is_tag(key)) {
    const auto tag = p.tags.find(key.substr(kTag.size()));
    return tag == p.tags.end() ? std::nullopt : std::optional(tag->second);
  }
  if (key == "Name") return p.name;
  if (key == "Type") return p.type;
  if (key == "KeyId") return p.key_id;
  if (key == "Tier") return p.tier;
  if (key == "DataType") return p.data_type;
  return std::nullopt;
}

bool is_below(const std::string& name, std::string path, bool recursive) {
  if (!path.ends_with('/')) path += '/';
  return name.starts_with(path) && (recursive || name.find('/', path.size()) == std::string::npos);
}

bool passes(const SsmParameter& p, const Filter& filter) {
  if (filter.key == "Path")
    return std::any_of(filter.values.begin(), filter.values.end(), [&](const auto& path) {
      return is_below(p.name, path, filter.option == "Recursive");
    });
  if (filter.key == "Label")
    return std::any_of(filter.values.begin(), filter.values.end(),
                       [&](const auto& label) { return has_ssm_label(p, label); });
  auto value = value_of(p, filter.key);
  if (!value) return false;
  if (filter.values.empty()) return true;  // a tag that is there
  // "/x" and "x" are one name.
  const bool by_name = filter.key == "Name";
  const auto rooted = [](const std::string& name) {
    return name.starts_with('/') ? name : '/' + name;
  };
  if (by_name) value = rooted(*value);
  return std::any_of(filter.values.begin(), filter.values.end(), [&](const std::string& given) {
    const std::string wanted = by_name && filter.option != "Contains" ? rooted(given) : given;
    return filter.option == "BeginsWith" ? value->starts_with(wanted)
           : filter.option == "Contains" ? value->find(wanted) != std::string::npos
                                         : *value == wanted;
  });
}

}  // namespace

Result<std::vector<SsmParameter>> ssm_filtered(const json& input, FilteredBy by,
                                               std::vector<SsmParameter> all,
                                               const SsmVersionsOf& versions_of) {
  auto filters = read_filters(input);
  if (!filters) return filters.error();
  std::set<std::string> keys;
  for (Filter& filter : *filters)
    if (auto valid = check_filter(filter, by, keys); !valid) return valid.error();
  if (keys.contains("Label")) {
    std::vector<SsmParameter> versions;
    for (const SsmParameter& p : all)
      for (SsmParameter& version : versions_of(p)) versions.push_back(std::move(version));
    all = std::move(versions);
  }
  for (const Filter& filter : *filters) {
    std::erase_if(all, [&](const SsmParameter& p) { return !passes(p, filter); });
  }
  return all;
}

}  // namespace kiln::services
