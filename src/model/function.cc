#include "model/function.h"

#include <algorithm>
#include <charconv>

#include "base/arn.h"
#include "base/ascii.h"

namespace kiln::model {

ConfigPtr resolve_qualifier(const Function& function, std::string_view qualifier, double roll) {
  if (qualifier.empty() || qualifier == kLatest) return function.latest;
  const auto published = [&function](std::string_view version) -> ConfigPtr {
    int64_t number = 0;
    const auto [end, ec] = std::from_chars(version.data(), version.data() + version.size(), number);
    if (ec != std::errc() || end != version.data() + version.size()) return nullptr;
    const auto found = function.versions.find(number);
    return found == function.versions.end() ? nullptr : found->second;
  };
  if (std::all_of(qualifier.begin(), qualifier.end(), ascii::is_digit)) return published(qualifier);
  const auto alias = function.aliases.find(std::string(qualifier));
  if (alias == function.aliases.end()) return nullptr;
  const auto& [name, version, additional, description, revision] = alias->second;
  if (additional && roll < additional->second) return published(additional->first);
  return version == kLatest ? function.latest : published(version);
}

std::string provisioned_version(const Function& function, const std::string& qualifier) {
  const auto alias = function.aliases.find(qualifier);
  if (alias != function.aliases.end()) return alias->second.function_version;
  const ConfigPtr version = resolve_qualifier(function, qualifier, 0);
  return version ? version->version : std::string();
}

std::map<std::string, int> provisioned_by_version(const Function& function) {
  std::map<std::string, int> out;
  for (const auto& [qualifier, config] : function.provisioned)
    if (const std::string version = provisioned_version(function, qualifier); !version.empty())
      out[version] = config.requested;
  return out;
}

int provisioned_total(const Function& function) {
  int total = 0;
  for (const auto& [qualifier, config] : function.provisioned) total += config.requested;
  return total;
}

std::string function_arn(std::string_view region, std::string_view account, std::string_view name,
                         std::string_view qualifier) {
  std::string arn;
  arn.reserve(56 + region.size() + account.size() + name.size() + qualifier.size());
  arn.append("arn:")
      .append(partition_of(region))
      .append(":lambda:")
      .append(region)
      .append(":")
      .append(account)
      .append(":function:")
      .append(name);
  if (!qualifier.empty()) arn.append(":").append(qualifier);
  return arn;
}

}  // namespace kiln::model
