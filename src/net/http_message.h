// A request as it came in and a response as it goes out. Values only; not thread-safe.
//
// The head of a request stays one text, and its parts are places in it: a request costs two or
// three allocations, whatever the number of its headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unique_fd.h"

namespace kiln::net {

namespace http {
// NOLINTBEGIN(readability-identifier-naming): as the methods are written, in lower case.
enum class verb : uint8_t {
  unknown,  // a method of another name
  get,
  head,
  post,
  put,
  delete_,
  patch,
  options,
  connect,
  trace,
};
// NOLINTEND(readability-identifier-naming)
// Case-sensitive, as methods are.
verb string_to_verb(std::string_view method);
std::string_view to_string(verb method);
}  // namespace http

// Whether two names of headers are the same: upper and lower case are one.
bool same_name(std::string_view a, std::string_view b);

// Request line and headers.
class RequestHeader {
 public:
  class Field {
   public:
    Field(std::string_view name, std::string_view value) : name_(name), value_(value) {}
    std::string_view name_string() const { return name_; }
    std::string_view value() const { return value_; }

   private:
    std::string_view name_, value_;
  };
  class Iterator {
   public:
    Iterator(const RequestHeader& header, size_t at) : header_(&header), at_(at) {}
    Field operator*() const { return header_->at(at_); }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    const RequestHeader* header_;
    size_t at_;
  };

  RequestHeader() = default;
  RequestHeader(http::verb method, std::string_view target, unsigned version = 11);

  http::verb method() const { return verb_; }
  std::string_view method_string() const { return view(method_); }
  // Path and query, still percent-encoded.
  std::string_view target() const { return view(target_); }
  unsigned version() const { return version_; }  // 10 or 11
  // The first one's value, or "".
  std::string_view operator[](std::string_view name) const;
  size_t count(std::string_view name) const;
  bool has(std::string_view name) const { return count(name) > 0; }
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, fields_.size()}; }
  Field at(size_t i) const { return {view(fields_[i].name), view(fields_[i].value)}; }
  size_t size() const { return fields_.size(); }

  // Replaces all of that name, or adds one.
  void set(std::string_view name, std::string_view value);
  void insert(std::string_view name, std::string_view value);
  void erase(std::string_view name);
  void set_method(std::string_view method);
  void set_target(std::string_view target) { target_ = append(target); }
  // Whether the connection may carry another request after this one (RFC 9112, 9.3).
  bool keep_alive() const;

 private:
  friend class HttpParser;
  struct Place {
    uint32_t at = 0, size = 0;
  };
  struct FieldPlace {
    Place name, value;
  };
  std::string_view view(Place p) const { return std::string_view(text_).substr(p.at, p.size); }
  Place append(std::string_view text);

  std::string text_;
  Place method_, target_;
  http::verb verb_ = http::verb::unknown;
  unsigned version_ = 11;
  std::vector<FieldPlace> fields_;
};

class Request : public RequestHeader {
 public:
  using RequestHeader::RequestHeader;
  Request() = default;
  Request(RequestHeader&& header, std::string&& body)
      : RequestHeader(std::move(header)), body_(std::move(body)) {}

  const RequestHeader& base() const { return *this; }
  RequestHeader& base() { return *this; }
  const std::string& body() const { return body_; }
  std::string& body() { return body_; }

 private:
  std::string body_;
};

// The headers of a response, in order, as one text and places in it: two allocations, whatever
// their number. No name or value can end its line: what would begin another header or the body (CR,
// LF, NUL) becomes a blank. What is read of them lasts until one is added or removed.
class Headers {
 public:
  // NOLINTBEGIN(readability-identifier-naming): as the library's containers call them.
  using value_type = std::pair<std::string_view, std::string_view>;
  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Headers::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = value_type;

    const_iterator(const Headers& headers, size_t at) : headers_(&headers), at_(at) {}
    value_type operator*() const { return headers_->at(at_); }
    const_iterator& operator++() {
      ++at_;
      return *this;
    }
    const_iterator operator++(int) { return {*headers_, at_++}; }
    bool operator==(const const_iterator&) const = default;

   private:
    const Headers* headers_;
    size_t at_;
  };
  // NOLINTEND(readability-identifier-naming)

  Headers() = default;
  Headers(std::initializer_list<value_type> fields) {
    for (const auto& [name, value] : fields) emplace_back(name, value);
  }
  // REQUIRES: neither is of these headers.
  void emplace_back(std::string_view name, std::string_view value);
  void push_back(const value_type& field) { emplace_back(field.first, field.second); }
  void reserve(size_t fields, size_t bytes) {
    fields_.reserve(fields);
    text_.reserve(bytes);
  }
  const_iterator begin() const { return {*this, 0}; }
  const_iterator end() const { return {*this, fields_.size()}; }
  value_type at(size_t i) const { return view(fields_[i]); }
  size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }
  template <class Predicate>
  size_t erase_if(Predicate predicate) {
    return std::erase_if(fields_, [&](const Field& f) { return predicate(view(f)); });
  }
  bool operator==(const Headers& other) const;

 private:
  struct Field {
    uint32_t at, name, value;  // the value follows the name
  };
  value_type view(const Field& f) const {
    return {std::string_view(text_).substr(f.at, f.name),
            std::string_view(text_).substr(f.at + f.name, f.value)};
  }
  std::string text_;
  std::vector<Field> fields_;
};

// A part of a file, sent as a body without being read into memory.
struct FilePart {
  UniqueFd file;  // none: the answer to a HEAD, which is told the size alone
  uint64_t offset = 0;
  uint64_t size = 0;
};

class BodyStream;  // body_stream.h

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";  // empty: no Content-Type
  Headers headers;
  std::string body;
  std::shared_ptr<FilePart> file;      // where set: the body instead of `body`
  std::shared_ptr<BodyStream> stream;  // where set: the body, written while it is sent
  bool close = false;                  // end the connection after this answer
};

// What RFC 9110 calls a status: "Not Found".
std::string_view reason_phrase(unsigned status);
// The head of a response, blank line included. A stream without chunks ends with the connection.
void write_head(std::string& out, const Response& response, bool keep_alive, bool chunks = true);

inline std::string_view field(const RequestHeader& request, std::string_view name) {
  return request[name];
}
inline std::string_view target(const RequestHeader& request) { return request.target(); }

}  // namespace kiln::net
