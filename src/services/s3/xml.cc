#include "services/s3/xml.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <optional>
#include <set>

#include "base/arn.h"
#include "base/digest.h"
#include "base/json_text.h"
#include "base/time_format.h"
#include "wire/fault_code.h"
#include "wire/rest_json_error.h"

namespace kiln::services {
namespace {

constexpr std::string_view kNamespace = "http://s3.amazonaws.com/doc/2006-03-01/";
constexpr std::string_view kProlog = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

// Control characters are written as references, as S3 does, although XML 1.0 knows most of them
// not: clients that list such keys ask for encoding-type=url. Bytes that are no UTF-8 would end the
// document for its reader.
void append_escaped(std::string& out, std::string_view text) {
  std::string utf8;
  append_utf8(utf8, text);
  for (const char c : utf8) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      static constexpr char kHex[] = "0123456789abcdef";
      out += "&#x";
      if (c >= 0x10) out += kHex[c >> 4];
      out += kHex[c & 15];
      out += ';';
    } else {
      out += c;
    }
  }
}

void append_element(std::string& out, std::string_view name, std::string_view value) {
  out.append("<").append(name).append(">");
  append_escaped(out, value);
  out.append("</").append(name).append(">");
}

// Between an error's text and its details, and between a detail's name and value.
constexpr char kDetail = '\x1e', kValue = '\x1f';

void append_details(std::string& out, std::string_view details) {
  while (!details.empty()) {
    details.remove_prefix(1);
    const size_t end = std::min(details.find(kDetail), details.size());
    const std::string_view one = details.substr(0, end);
    const size_t value = one.find(kValue);
    if (value != one.npos) append_element(out, one.substr(0, value), one.substr(value + 1));
    details.remove_prefix(end);
  }
}

// What says that something of the bucket is missing.
const std::set<std::string, std::less<>> kNamesBucket = {
    "NoSuchTagSet",       "NoSuchLifecycleConfiguration",         "NoSuchCORSConfiguration",
    "NoSuchBucketPolicy", "NoSuchPublicAccessBlockConfiguration", "OwnershipControlsNotFoundError"};

// Where S3's status is not that of the error's kind.
unsigned status_of(const Error& error) {
  static const std::map<std::string, unsigned, std::less<>> kStatus = {
      {"InvalidRange", 416},     {"InvalidPartNumber", 416},  {"NotImplemented", 501},
      {"MethodNotAllowed", 405}, {"InvalidObjectState", 403}, {"ConditionalRequestConflict", 409}};
  const auto found = kStatus.find(error.type);
  return found == kStatus.end() ? wire::http_status(error.kind) : found->second;
}

}  // namespace

XmlText::XmlText(std::string_view root) : text_(kProlog) {
  text_.append("<").append(root).append(" xmlns=\"").append(kNamespace).append("\">");
  open_.emplace_back(root);
}

XmlText& XmlText::open(std::string_view name, std::string_view attributes) {
  text_.append("<").append(name).append(attributes).append(">");
  open_.emplace_back(name);
  return *this;
}

XmlText& XmlText::close() {
  text_.append("</").append(open_.back()).append(">");
  open_.pop_back();
  return *this;
}

XmlText& XmlText::text(std::string_view name, std::string_view value) {
  append_element(text_, name, value);
  return *this;
}

net::Response XmlText::answer(unsigned status) {
  while (!open_.empty()) close();
  net::Response response;
  response.status = status;
  response.content_type = "application/xml";
  response.body = std::move(text_);
  return response;
}

std::string s3_time(int64_t epoch_ms) {
  return format_iso_ms(WallTime(std::chrono::seconds(epoch_ms / 1000)));
}

std::string http_time(int64_t epoch_ms) {
  const std::time_t seconds = epoch_ms / 1000;
  std::tm parts = {};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

std::optional<int64_t> parse_http_time(std::string_view text) {
  std::tm parts = {};
  const std::string owned(text);
  const char* end = ::strptime(owned.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return static_cast<int64_t>(::timegm(&parts)) * 1000;
}

net::Response empty_answer(unsigned status) {
  net::Response response;
  response.status = status;
  response.content_type.clear();
  return response;
}

Error s3_with(Error error, std::string_view element, std::string_view value) {
  error.message.append(1, kDetail).append(element).append(1, kValue);
  // What a client said could have the separators, too.
  for (const char c : value) error.message += c == kDetail || c == kValue ? '?' : c;
  return error;
}

std::string_view s3_message(const Error& error) {
  return std::string_view(error.message).substr(0, error.message.find(kDetail));
}

std::string s3_owner_id(const std::string& account) {
  return sha256_hex("kiln account " + account);
}

void add_owner(XmlText& xml, const char* element, const std::string& account) {
  xml.open(element).text("ID", s3_owner_id(account)).close();
}

void add_initiator(XmlText& xml, const std::string& account, const std::string& region) {
  xml.open("Initiator").text("ID", global_arn_start("iam", region) + account + ":root");
  xml.text("DisplayName", "root").close();
}

net::Response s3_error(const Error& error, std::string_view bucket, std::string_view key) {
  net::Response response;
  response.status = status_of(error);
  response.content_type = "application/xml";
  std::string& out = response.body;
  out = std::string(kProlog) + "<Error>";
  append_element(out, "Code", wire::fault_code(error, "InternalError"));
  append_element(out, "Message", s3_message(error));
  const auto says = [&](const char* element) {
    return error.message.find(kDetail + std::string(element) + kValue) != std::string::npos;
  };
  const bool is_of_bucket = error.type == "NoSuchBucket" || error.type.starts_with("Bucket") ||
                            error.type == "InvalidBucketName" || kNamesBucket.contains(error.type);
  if (is_of_bucket && !says("BucketName")) append_element(out, "BucketName", bucket);
  if (error.type == "NoSuchKey" && !says("Key")) append_element(out, "Key", key);
  append_details(out, std::string_view(error.message).substr(s3_message(error).size()));
  out += "</Error>";
  return response;
}

Error of_copy_source(const Error& error, const S3Address& source) {
  if (error.type == "NoSuchKey") return s3_with(error, "Key", source.key);
  if (error.type == "NoSuchBucket") return s3_with(error, "BucketName", source.bucket);
  return error;
}

Error precondition_failed(std::string_view condition) {
  return s3_with({ErrorKind::kPreconditionFailed, "PreconditionFailed",
                  "At least one of the pre-conditions you specified did not hold"},
                 "Condition", condition);
}

Error malformed_xml() {
  return s3_invalid("MalformedXML",
                    "The XML you provided was not well-formed or did not validate against our "
                    "published schema");
}

Error s3_invalid(const char* code, std::string message) {
  return {ErrorKind::kInvalid, code, std::move(message)};
}

}  // namespace kiln::services
