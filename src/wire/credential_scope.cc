#include "wire/credential_scope.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/ascii.h"
#include "wire/uri.h"

namespace kiln::wire {
namespace {

constexpr size_t kMaxPart = 64;

bool is_scope_name(std::string_view part) {
  return !part.empty() && part.size() <= kMaxPart && part.front() != '-' &&
         std::all_of(part.begin(), part.end(),
                     [](char c) { return ascii::is_lower(c) || ascii::is_digit(c) || c == '-'; });
}

bool is_key_id(std::string_view part) {
  return !part.empty() && part.size() <= 128 &&
         std::all_of(part.begin(), part.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// AKID/DATE/REGION/SERVICE/aws4_request. An access key id holds no '/', so the parts count from the
// front.
std::optional<CredentialScope> parse_credential(std::string_view credential) {
  std::array<std::string_view, 5> parts;
  for (size_t i = 0; i < parts.size(); ++i) {
    const size_t slash = credential.find('/');
    if ((slash == std::string_view::npos) != (i == parts.size() - 1)) return std::nullopt;
    parts[i] = credential.substr(0, slash);
    if (slash != std::string_view::npos) credential.remove_prefix(slash + 1);
  }
  if (!is_key_id(parts[0]) || !is_scope_name(parts[2]) || !is_scope_name(parts[3]) ||
      parts[4] != "aws4_request") {
    return std::nullopt;
  }
  return CredentialScope{std::string(parts[0]), std::string(parts[2]), std::string(parts[3])};
}

std::optional<CredentialScope> from_authorization(std::string_view authorization) {
  constexpr std::string_view kScheme = "AWS4-", kKey = "Credential=";
  if (!authorization.starts_with(kScheme)) return std::nullopt;
  const size_t at = authorization.find(kKey);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view credential = authorization.substr(at + kKey.size());
  return parse_credential(credential.substr(0, credential.find_first_of(", ")));
}

}  // namespace

CredentialScope CredentialScope::parse(std::string_view authorization, std::string_view target) {
  if (auto scope = from_authorization(authorization)) return *std::move(scope);
  const size_t question = target.find('?');
  // Most requests carry no such parameter: look before parsing.
  if (question != std::string_view::npos &&
      target.find("X-Amz-Credential", question) != std::string_view::npos) {
    const QueryParams query = QueryParams::parse(target.substr(question + 1));
    if (auto scope = parse_credential(query.get("X-Amz-Credential"))) return *std::move(scope);
  }
  return {};
}

CredentialScope CredentialScope::of(const net::RequestHeader& header) {
  return parse(header["Authorization"], header.target());
}

}  // namespace kiln::wire
