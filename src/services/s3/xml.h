// S3's XML: documents out, error answers, and the elements of documents that come in.
//
//   XmlText xml("ListAllMyBucketsResult");
//   xml.open("Buckets").text("Name", "b").close();
//   reply(xml.answer());
//
// Not thread-safe per object.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/http_message.h"
#include "services/s3/address.h"

namespace kiln::services {

class XmlText {
 public:
  explicit XmlText(std::string_view root);

  // `attributes`: as they stand behind the name.
  XmlText& open(std::string_view name, std::string_view attributes = {});
  XmlText& close();  // what was opened last
  XmlText& text(std::string_view name, std::string_view value);
  XmlText& number(std::string_view name, int64_t value) {
    return text(name, std::to_string(value));
  }
  // Closes everything that is open.
  net::Response answer(unsigned status = 200);

 private:
  std::string text_;
  std::vector<std::string> open_;
};

// "2009-10-12T17:50:30.000Z", as in documents: S3 tells whole seconds.
std::string s3_time(int64_t epoch_ms);
// "Wed, 12 Oct 2009 17:50:00 GMT", as in headers.
std::string http_time(int64_t epoch_ms);
// nullopt: not a date of HTTP.
std::optional<int64_t> parse_http_time(std::string_view text);

net::Response empty_answer(unsigned status);
// `bucket` and `key` are named where S3 names them.
net::Response s3_error(const Error& error, std::string_view bucket, std::string_view key);

// The error with an element beside Code and Message: s3_with(error, "UploadId", id). They travel in
// its message, behind what s3_error() shows; kNull: an element that is there and empty.
Error s3_with(Error error, std::string_view element, std::string_view value);
// What an error says of itself, without those.
std::string_view s3_message(const Error& error);

// The canonical user id: 64 hex digits, the same for every account of a number.
std::string s3_owner_id(const std::string& account);
void add_owner(XmlText& xml, const char* element, const std::string& account);
// Who began an upload has a name, too.
void add_initiator(XmlText& xml, const std::string& account, const std::string& region);

Error precondition_failed(std::string_view condition);
// The error of opening a copy's source: it names the source, not the copy.
Error of_copy_source(const Error& error, const S3Address& source);
Error malformed_xml();
Error s3_invalid(const char* code, std::string message);

}  // namespace kiln::services
