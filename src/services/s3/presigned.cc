#include "services/s3/presigned.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "services/s3/xml.h"

namespace kiln::services {
namespace {

constexpr int64_t kMaxExpires = 604'800;    // a week
constexpr int64_t kEndS = 253'402'300'800;  // the year 10000: what lies beyond is no time

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "20260101T120000Z" as seconds since 1970.
std::optional<int64_t> long_time(std::string_view text) {
  std::tm parts = {};
  const std::string owned(text);
  const char* end = ::strptime(owned.c_str(), "%Y%m%dT%H%M%SZ", &parts);
  if (end == nullptr || *end != '\0' || owned.size() != 16) return std::nullopt;
  return static_cast<int64_t>(::timegm(&parts));
}

// "2026-01-01T12:00:00Z"
std::string plain_time(int64_t epoch_s) {
  const std::time_t seconds = epoch_s;
  std::tm parts = {};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

Error denied(std::string message) {
  return {ErrorKind::kForbidden, "AccessDenied", std::move(message)};
}

Error has_expired(std::string_view given, int64_t end_s, int64_t now_s) {
  Error error = denied("Request has expired");
  if (!given.empty()) error = s3_with(std::move(error), "X-Amz-Expires", given);
  return s3_with(s3_with(std::move(error), "Expires", plain_time(end_s)), "ServerTime",
                 plain_time(now_s));
}

bool has_all(const wire::QueryParams& query, std::initializer_list<const char*> names) {
  return std::all_of(names.begin(), names.end(),
                     [&](const char* name) { return query.find(name).has_value(); });
}

Result<void> check_version_4(const wire::QueryParams& query, int64_t now_s) {
  const auto wrong = [](const char* message) {
    return s3_invalid("AuthorizationQueryParametersError", message);
  };
  if (!has_all(query, {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date",
                       "X-Amz-SignedHeaders", "X-Amz-Expires"}))
    return wrong(
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
        "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
  const std::string_view given = query.get("X-Amz-Expires");
  const auto expires = whole_number(given);
  if (!expires) return wrong("X-Amz-Expires should be a number");
  if (*expires < 0) return wrong("X-Amz-Expires must be non-negative");
  if (*expires > kMaxExpires)
    return wrong(
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires "
        "must be less than 604800 seconds");
  const auto start = long_time(query.get("X-Amz-Date"));
  if (!start)
    return wrong("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  if (now_s <= *start + *expires) return {};
  return has_expired(given, *start + *expires, now_s);
}

Result<void> check_version_2(const wire::QueryParams& query, int64_t now_s) {
  if (!has_all(query, {"Signature", "Expires", "AWSAccessKeyId"}))
    return denied(
        "Query-string authentication requires the Signature, Expires and AWSAccessKeyId "
        "parameters");
  const std::string_view given = query.get("Expires");
  const auto end = whole_number(given);
  if (!end || *end < 0 || *end >= kEndS)
    return denied("Invalid date (should be seconds since epoch): " + std::string(given));
  if (now_s <= *end) return {};
  return has_expired("", *end, now_s);
}

}  // namespace

Result<void> check_presigned(const wire::QueryParams& query, int64_t now_s) {
  if (query.find("X-Amz-Algorithm") || query.find("X-Amz-Signature") ||
      query.find("X-Amz-Credential"))
    return check_version_4(query, now_s);
  if (query.find("Signature") || query.find("AWSAccessKeyId")) return check_version_2(query, now_s);
  return {};
}

}  // namespace kiln::services
