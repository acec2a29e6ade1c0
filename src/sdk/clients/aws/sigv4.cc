#include "sdk/clients/aws/sigv4.h"

#include <algorithm>
#include <map>

#include "sdk/clients/aws/crypto.h"

namespace kiln::aws {
namespace {

// Blanks at the ends go, those within become one.
std::string squeezed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// Empty segments and "." go, ".." takes its predecessor along.
std::string normalized(std::string_view path) {
  std::vector<std::string_view> segments;
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
    at = end + 1;
  }
  std::string out;
  for (const std::string_view segment : segments) out.append("/").append(segment);
  const bool folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  if (out.empty() || folder) out += '/';
  return out;
}

// Names in lower case and in order; the values of one name as one.
std::map<std::string, std::string> canonical_headers(const http::Headers& headers) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : headers) {
    const auto [entry, first] = out.try_emplace(lower(name), squeezed(value));
    if (!first) entry->second += "," + squeezed(value);
  }
  return out;
}

std::string signed_names(const std::map<std::string, std::string>& headers) {
  std::string out;
  for (const auto& [name, value] : headers) {
    if (!out.empty()) out += ';';
    out += name;
  }
  return out;
}

std::string canonical_query(const Query& query) {
  Query encoded;
  for (const auto& [name, value] : query) {
    encoded.emplace_back(percent_encode(name), percent_encode(value));
  }
  std::sort(encoded.begin(), encoded.end());
  std::string out;
  for (const auto& [name, value] : encoded) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

}  // namespace

std::string canonical_request(const SignedParts& parts, const http::Headers& headers) {
  const auto canonical = canonical_headers(headers);
  std::string out(parts.method);
  out += '\n';
  if (parts.path_form == PathForm::kAsIs) {
    out += parts.path.empty() ? "/" : parts.path;
  } else {
    out += percent_encode(normalized(parts.path), Slash::kKeep);
  }
  out.append("\n").append(canonical_query(parts.query)).append("\n");
  for (const auto& [name, value] : canonical)
    out.append(name).append(":").append(value).append("\n");
  out.append("\n").append(signed_names(canonical)).append("\n").append(parts.payload_hash);
  return out;
}

void sign(const SignedParts& parts, const Scope& scope, const Credentials& credentials,
          WallTime now, http::Headers& headers) {
  const std::string time = format_basic(now);
  const std::string day = time.substr(0, 8);
  headers.emplace_back("x-amz-date", time);
  if (!credentials.session_token.empty()) {
    headers.emplace_back("x-amz-security-token", credentials.session_token);
  }
  const std::string where =
      day + "/" + std::string(scope.region) + "/" + std::string(scope.service) + "/aws4_request";
  const std::string text = "AWS4-HMAC-SHA256\n" + time + "\n" + where + "\n" +
                           hex(sha256(canonical_request(parts, headers)));
  std::string key = hmac_sha256("AWS4" + credentials.secret_access_key, day);
  key = hmac_sha256(key, scope.region);
  key = hmac_sha256(key, scope.service);
  key = hmac_sha256(key, "aws4_request");
  std::string value = "AWS4-HMAC-SHA256 Credential=" + credentials.access_key_id + "/" + where +
                      ", SignedHeaders=" + signed_names(canonical_headers(headers)) +
                      ", Signature=" + hex(hmac_sha256(key, text));
  headers.emplace_back("authorization", std::move(value));
}

}  // namespace kiln::aws
