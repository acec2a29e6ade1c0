#include "services/driver/known_members.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "wire/query_protocol.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using std::string_view_literals::operator""sv;

constexpr size_t kShownMembers = 200;

constexpr std::array kOfSignatures = {"AWSAccessKeyId"sv,   "Expires"sv,    "SecurityToken"sv,
                                      "Signature"sv,        "Timestamp"sv,  "SignatureMethod"sv,
                                      "SignatureVersion"sv, "ContentType"sv};

// One member of a text of members, and what is inside its braces.
struct Known {
  std::string_view name;
  std::optional<std::string_view> inside;
};

// Takes the first member off the front of `rest`.
Known take(std::string_view& rest) {
  Known known;
  const size_t end = std::min(rest.find_first_of(" {~"), rest.size());
  known.name = rest.substr(0, end);
  rest.remove_prefix(end);
  if (rest.starts_with('{')) {
    size_t at = 0;
    int depth = 0;
    do {
      if (rest[at] == '{') ++depth;
      if (rest[at] == '}') --depth;
    } while (++at < rest.size() && depth > 0);
    known.inside = rest.substr(1, at - 2);
    rest.remove_prefix(at);
  }
  while (rest.starts_with('~') || rest.starts_with(' ')) rest.remove_prefix(1);
  return known;
}

std::optional<Known> find(std::string_view members, std::string_view name) {
  while (!members.empty())
    if (const Known known = take(members); known.name == name) return known;
  return std::nullopt;
}

std::optional<std::string> unknown_in(std::string_view members, const json& value,
                                      const std::string& path) {
  if (value.is_array()) {
    size_t index = 0;
    for (const json& item : value) {
      const std::string at = path + "[" + std::to_string(index++) + "]";
      if (auto unknown = unknown_in(members, item, at)) return unknown;
    }
    return std::nullopt;
  }
  if (!value.is_object()) return std::nullopt;  // whoever reads it says so
  for (const auto& item : value.items()) {
    if (item.value().is_null()) continue;  // as if it weren't there
    const std::string at = path.empty() ? item.key() : path + "." + item.key();
    const auto known = find(members, item.key());
    if (!known) return at;
    if (!known->inside) continue;
    if (auto unknown = unknown_in(*known->inside, item.value(), at)) return unknown;
  }
  return std::nullopt;
}

}  // namespace

bool is_of_signature(std::string_view parameter) {
  return parameter.starts_with("X-Amz-") ||
         std::find(kOfSignatures.begin(), kOfSignatures.end(), parameter) != kOfSignatures.end();
}

json query_input(const wire::QueryRequest& query) {
  json input = query.document();
  std::vector<std::string> signing;
  for (const auto& item : input.items())
    if (is_of_signature(item.key())) signing.push_back(item.key());
  for (const std::string& name : signing) input.erase(name);
  return input;
}

std::optional<std::string> unknown_member(std::span<const OperationMembers> table,
                                          std::string_view operation, const json& input) {
  const auto rule = std::find_if(table.begin(), table.end(), [&](const OperationMembers& one) {
    return one.operation == operation;
  });
  if (rule == table.end()) return std::nullopt;
  return unknown_in(rule->members, input, "");
}

Result<void> check_members(std::span<const OperationMembers> table, std::string_view operation,
                           const json& input, const char* error_type) {
  const auto unknown = unknown_member(table, operation, input);
  if (!unknown) return {};
  return Error{ErrorKind::kInvalid, error_type,
               "Kiln's " + std::string(operation) + " has no member " +
                   unknown->substr(0, kShownMembers) +
                   ", so that it refuses it rather than drop it; leave it out. "
                   "docs/compatibility.md lists what there is."};
}

}  // namespace kiln::services
