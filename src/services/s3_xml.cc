#include "services/s3_xml.h"

#include <ctime>
#include <map>
#include <optional>

#include "base/time_format.h"
#include "wire/rest_json_error.h"

namespace kiln::services {
namespace {

constexpr std::string_view kNamespace = "http://s3.amazonaws.com/doc/2006-03-01/";
constexpr std::string_view kProlog = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

// Control characters are written as references, as S3 does, although XML 1.0 knows most of them
// not: clients that list such keys ask for encoding-type=url.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
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

// Where S3's status is not that of the error's kind.
unsigned status_of(const Error& error) {
  static const std::map<std::string, unsigned, std::less<>> kStatus = {
      {"InvalidRange", 416}, {"NotImplemented", 501}, {"MethodNotAllowed", 405}};
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
  return format_iso_ms(WallTime(std::chrono::milliseconds(epoch_ms)));
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

net::Response s3_error(const Error& error, std::string_view bucket, std::string_view key) {
  net::Response response;
  response.status = status_of(error);
  response.content_type = "application/xml";
  std::string& out = response.body;
  out = std::string(kProlog) + "<Error>";
  append_element(out, "Code", error.type);
  append_element(out, "Message", error.message);
  if (error.type == "NoSuchBucket" || error.type.starts_with("Bucket") ||
      error.type == "InvalidBucketName")
    append_element(out, "BucketName", bucket);
  if (error.type == "NoSuchKey") append_element(out, "Key", key);
  out += "</Error>";
  return response;
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
