#include "services/s3/address.h"

#include <algorithm>

#include "base/ascii.h"
#include "services/s3/xml.h"
#include "wire/uri.h"

namespace kiln::services {
namespace {

constexpr size_t kMaxKey = 1024;

bool is_lower_or_digit(char c) { return ascii::is_lower(c) || ascii::is_digit(c); }

// What stands behind the bucket in one of S3's own hosts.
constexpr std::string_view kServices[] = {".s3.", ".s3-"};

// "BUCKET.s3.eu-west-1.amazonaws.com", "BUCKET.s3-…", "BUCKET.localhost": what stands before it.
std::string_view bucket_of_host(std::string_view host) {
  host = host.substr(0, host.rfind(':'));
  for (const std::string_view service : kServices) {
    const size_t at = host.find(service);
    if (at != std::string_view::npos && at > 0) return host.substr(0, at);
  }
  constexpr std::string_view kLocal = ".localhost";
  if (host.ends_with(kLocal) && !host.starts_with("s3."))
    return host.substr(0, host.size() - kLocal.size());
  return {};
}

bool is_ipv4(std::string_view name) {
  return std::count(name.begin(), name.end(), '.') == 3 &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return c == '.' || ascii::is_digit(c); });
}

}  // namespace

bool is_s3_host(std::string_view host) {
  return host.starts_with("s3.") || std::ranges::any_of(kServices, [host](auto service) {
           return host.find(service) != host.npos;
         });
}

S3Address s3_address(std::string_view host, std::string_view raw_path) {
  if (raw_path.starts_with('/')) raw_path.remove_prefix(1);
  if (const std::string_view bucket = bucket_of_host(host); !bucket.empty())
    return {std::string(bucket), wire::percent_decode(raw_path)};
  const size_t slash = raw_path.find('/');
  if (slash == std::string_view::npos) return {wire::percent_decode(raw_path), ""};
  return {wire::percent_decode(raw_path.substr(0, slash)),
          wire::percent_decode(raw_path.substr(slash + 1))};
}

Result<S3Address> copy_source(std::string_view value) {
  value = value.substr(0, value.find("?versionId="));
  if (value.starts_with('/')) value.remove_prefix(1);
  // A plus is a blank here, as in forms.
  std::string encoded(value);
  std::replace(encoded.begin(), encoded.end(), '+', ' ');
  const std::string decoded = wire::percent_decode(encoded);
  const size_t slash = decoded.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == decoded.size())
    return s3_with(s3_with(s3_invalid("InvalidArgument", "Invalid copy source object key"),
                           "ArgumentName", "x-amz-copy-source"),
                   "ArgumentValue", "x-amz-copy-source");
  return S3Address{decoded.substr(0, slash), decoded.substr(slash + 1)};
}

Result<void> check_bucket_name(std::string_view name) {
  const bool characters = std::all_of(name.begin(), name.end(), [](char c) {
    return is_lower_or_digit(c) || c == '-' || c == '.';
  });
  const bool good = name.size() >= 3 && name.size() <= 63 && characters &&
                    is_lower_or_digit(name.front()) && is_lower_or_digit(name.back()) &&
                    name.find("..") == std::string_view::npos && !is_ipv4(name) &&
                    !name.starts_with("xn--") && !name.ends_with("-s3alias");
  if (good) return {};
  return Error{ErrorKind::kInvalid, "InvalidBucketName", "The specified bucket is not valid."};
}

Result<void> check_key(std::string_view key) {
  if (key.size() <= kMaxKey) return {};
  return Error{ErrorKind::kInvalid, "KeyTooLongError", "Your key is too long"};
}

}  // namespace kiln::services
