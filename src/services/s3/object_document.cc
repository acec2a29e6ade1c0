#include "services/s3/object_document.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/json_access.h"
#include "base/word_list.h"
#include "services/s3/encoded_words.h"

namespace kiln::services {
namespace {

using ascii::lower;
using nlohmann::json;
using std::string_view_literals::operator""sv;

constexpr size_t kMaxMetadata = 2048;
constexpr std::string_view kMetadata = "x-amz-meta-";

constexpr std::array kKept = {
    "content-type"sv,
    "content-encoding"sv,
    "content-disposition"sv,
    "content-language"sv,
    "cache-control"sv,
    "expires"sv,
    "x-amz-website-redirect-location"sv,
    "x-amz-storage-class"sv,
    "x-amz-server-side-encryption"sv,
    "x-amz-server-side-encryption-aws-kms-key-id"sv,
    "x-amz-server-side-encryption-bucket-key-enabled"sv,
};

// "aws-chunked" says how the request came, not what the object is.
std::string without_aws_chunked(std::string_view encodings) {
  std::string out;
  any_between_commas(encodings, [&out](std::string_view one) {
    one = ascii::trim(one, " ");
    if (!one.empty() && one != "aws-chunked") out.append(out.empty() ? "" : ",").append(one);
    return false;
  });
  return out;
}

bool matches(std::string_view list, const std::string& etag) {
  return any_between_commas(list, [&etag](std::string_view part) {
    const std::string one = without_quotes(part);
    return one == "*" || one == etag;
  });
}

}  // namespace

std::string in_quotes(const std::string& etag) { return '"' + etag + '"'; }

std::string without_quotes(std::string_view etag) {
  constexpr std::string_view kAround = " \t\"";
  const size_t first = etag.find_first_not_of(kAround);
  if (first == std::string_view::npos) return {};
  return std::string(etag.substr(first, etag.find_last_not_of(kAround) - first + 1));
}

ObjectDocument ObjectDocument::parse(const std::string& text) {
  ObjectDocument document;
  const json stored = json_parse(text);
  if (!stored.is_object()) return document;
  if (const auto headers = stored.find("headers"); headers != stored.end() && headers->is_object())
    for (const auto& [name, value] : headers->items())
      if (value.is_string()) document.headers[name] = json_text(value);
  if (const auto tags = stored.find("tags"); tags != stored.end() && tags->is_object())
    for (const auto& [key, value] : tags->items())
      if (value.is_string()) document.tags[key] = json_text(value);
  document.checksum_algorithm = json_text(stored, "checksum_algorithm");
  document.checksum = json_text(stored, "checksum");
  document.checksum_type = json_text(stored, "checksum_type");
  document.checksum_asked = json_flag(stored, "checksum_asked");
  document.upload = json_text(stored, "upload");
  return document;
}

std::string ObjectDocument::text() const {
  json document = {{"headers", headers}};
  if (!tags.empty()) document["tags"] = tags;
  if (!checksum_algorithm.empty()) {
    document["checksum_algorithm"] = checksum_algorithm;
    document["checksum"] = checksum;
    document["checksum_type"] = checksum_type;
    if (checksum_asked) document["checksum_asked"] = true;
  }
  if (!upload.empty()) document["upload"] = upload;
  return json_dump(document);
}

Result<void> ObjectDocument::take_headers(const net::RequestHeader& header) {
  size_t metadata = 0;
  for (const auto& field : header) {
    const auto name = field.name_string(), value = field.value();
    const std::string key = lower({name.data(), name.size()});
    const bool is_metadata = key.starts_with(kMetadata);
    if (!is_metadata && std::find(kKept.begin(), kKept.end(), key) == kKept.end()) continue;
    std::string text(value.data(), value.size());
    if (is_metadata) metadata += key.size() - kMetadata.size() + text.size();
    if (key == "content-encoding") text = without_aws_chunked(text);
    if (key == "x-amz-storage-class" && text == "STANDARD") continue;  // as if it were not there
    if (is_metadata) text = plain_metadata(std::move(text));
    if (!text.empty() || is_metadata) headers[key] = std::move(text);
  }
  if (metadata > kMaxMetadata)
    return s3_invalid("MetadataTooLarge",
                      "Your metadata headers exceed the maximum allowed metadata size");
  const auto tagging = header["x-amz-tagging"];
  const auto given = wire::QueryParams::parse({tagging.data(), tagging.size()});
  const auto odd = [&] {
    return s3_with(
        s3_with(s3_invalid("InvalidArgument",
                           "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded "
                           "URL query parameters without tag name duplicates."),
                "ArgumentName", "x-amz-tagging"),
        "ArgumentValue", {tagging.data(), tagging.size()});
  };
  for (const auto& [key, value] : given.items()) {
    if (key.find(',') != key.npos || value.find(',') != value.npos) return odd();
    if (!tags.emplace(key, value).second) return odd();
  }
  if (auto valid = check_object_tags(tags); !valid) return valid;
  headers.try_emplace("content-type", "binary/octet-stream");
  headers.try_emplace("x-amz-server-side-encryption", "AES256");
  return {};
}

void ObjectDocument::set_checksum(wire::ChecksumAlgorithm algorithm, std::string value,
                                  const char* type) {
  checksum_algorithm = to_text(algorithm);
  checksum = std::move(value);
  checksum_type = type;
}

void add_encryption(const ObjectDocument& document, net::Response& response) {
  const auto found = document.headers.find("x-amz-server-side-encryption");
  response.headers.emplace_back("x-amz-server-side-encryption",
                                found == document.headers.end() ? "AES256" : found->second);
}

void add_checksum_headers(const ObjectDocument& document, net::Response& response) {
  const auto algorithm = wire::checksum_algorithm(document.checksum_algorithm);
  if (!algorithm) return;
  response.headers.emplace_back(wire::checksum_header(*algorithm), document.checksum);
  response.headers.emplace_back("x-amz-checksum-type", document.checksum_type);
}

void add_checksum_elements(const ObjectDocument& document, XmlText& xml) {
  if (document.checksum_algorithm.empty()) return;
  xml.text("Checksum" + document.checksum_algorithm, document.checksum);
  xml.text("ChecksumType", document.checksum_type);
}

void add_object_headers(const store::Object& object, const ObjectDocument& document,
                        net::Response& response) {
  response.headers.emplace_back("ETag", in_quotes(object.etag));
  response.headers.emplace_back("Last-Modified", http_time(object.modified_ms));
  response.headers.emplace_back("Accept-Ranges", "bytes");
  if (!document.tags.empty())
    response.headers.emplace_back("x-amz-tagging-count", std::to_string(document.tags.size()));
  for (const auto& [name, value] : document.headers) {
    if (name == "content-type")
      response.content_type = value;
    else
      response.headers.emplace_back(name, value);
  }
}

Result<store::ObjectCondition> change_condition(const S3Call& call) {
  const auto match = call.header("If-Match"), none = call.header("If-None-Match");
  const auto refused = [](const char* header, const std::string& why) {
    return s3_with(s3_with(s3_invalid("NotImplemented",
                                      "A header you provided implies functionality that is not "
                                      "implemented"),
                           "Header", header),
                   "additionalMessage", why);
  };
  const auto value_of = [](const std::string& header) {
    return "We don't accept the provided value of " + header + " header for this API";
  };
  if (!match.empty() && !none.empty())
    return refused("If-Match,If-None-Match",
                   "Multiple conditional request headers present in the request");
  store::ObjectCondition condition;
  if (!match.empty()) condition.if_match = without_quotes(match);
  if (condition.if_match == "*") return refused("If-Match", value_of("If-Match"));
  if (!none.empty()) condition.if_none_match = without_quotes(none);
  if (!none.empty() && condition.if_none_match != "*")
    return refused("If-None-Match", value_of("If-None-Match"));
  return condition;
}

Error named_condition(const S3Call& call, Error error) {
  const char* condition = call.header("If-Match").empty() ? "If-None-Match" : "If-Match";
  if (error.type == "PreconditionFailed") return precondition_failed(condition);
  if (error.type == "ConditionalRequestConflict")
    return s3_with(s3_with(std::move(error), "Condition", condition), "Key", call.address.key);
  return error;
}

ReadVerdict read_verdict(const S3Call& call, const std::string& prefix,
                         const store::Object& object) {
  const int64_t modified_s = object.modified_ms / 1000;
  const auto time_of = [&](const char* name) -> std::optional<int64_t> {
    const auto ms = parse_http_time(call.header(prefix + name));
    return ms ? std::optional(*ms / 1000) : std::nullopt;
  };
  if (const auto match = call.header(prefix + "If-Match"); !match.empty()) {
    if (!matches(match, object.etag)) return {Verdict::kFailed, prefix + "If-Match"};
  } else if (const auto since = time_of("If-Unmodified-Since"); since && modified_s > *since) {
    return {Verdict::kFailed, prefix + "If-Unmodified-Since"};
  }
  if (const auto none = call.header(prefix + "If-None-Match"); !none.empty()) {
    if (matches(none, object.etag)) return {Verdict::kNotModified, prefix + "If-None-Match"};
  } else if (const auto since = time_of("If-Modified-Since");
             since && modified_s <= *since && *since <= std::time(nullptr)) {
    // A time that is still to come says nothing.
    return {Verdict::kNotModified, prefix + "If-Modified-Since"};
  }
  return {};
}

}  // namespace kiln::services
