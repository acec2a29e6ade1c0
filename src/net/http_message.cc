#include "net/http_message.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/word_list.h"

namespace kiln::net {
namespace {

constexpr std::string_view kVerbs[] = {"",       "GET",   "HEAD",    "POST",    "PUT",
                                       "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"};

using ascii::lower;

// Whether `list` (tokens with commas between) has `token`.
bool has_token(std::string_view list, std::string_view token) {
  return any_between_commas(
      list, [token](std::string_view one) { return same_name(ascii::trim(one, " \t"), token); });
}

// What would end a header's line, from `at` on, becomes a blank.
void clean(std::string& text, size_t at) {
  std::replace_if(
      text.begin() + static_cast<std::ptrdiff_t>(at), text.end(),
      [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
}

void append_number(std::string& out, uint64_t n) {
  char digits[24];
  char* p = digits + sizeof digits;
  do {
    *--p = static_cast<char>('0' + n % 10);
    n /= 10;
  } while (n != 0);
  out.append(p, static_cast<size_t>(digits + sizeof digits - p));
}

}  // namespace

namespace http {

verb string_to_verb(std::string_view method) {
  for (size_t i = 1; i < std::size(kVerbs); ++i)
    if (kVerbs[i] == method) return static_cast<verb>(i);
  return verb::unknown;
}

std::string_view to_string(verb method) { return kVerbs[static_cast<size_t>(method)]; }

}  // namespace http

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return x == y || lower(x) == lower(y);
         });
}

RequestHeader::RequestHeader(http::verb method, std::string_view target, unsigned version)
    : version_(version) {
  set_method(http::to_string(method));
  set_target(target);
}

RequestHeader::Place RequestHeader::append(std::string_view text) {
  const Place place{static_cast<uint32_t>(text_.size()), static_cast<uint32_t>(text.size())};
  text_ += text;
  return place;
}

void RequestHeader::set_method(std::string_view method) {
  method_ = append(method);
  verb_ = http::string_to_verb(method);
}

std::string_view RequestHeader::operator[](std::string_view name) const {
  for (const FieldPlace& f : fields_)
    if (f.name.size == name.size() && same_name(view(f.name), name)) return view(f.value);
  return {};
}

size_t RequestHeader::count(std::string_view name) const {
  return static_cast<size_t>(
      std::count_if(fields_.begin(), fields_.end(), [&](const FieldPlace& f) {
        return f.name.size == name.size() && same_name(view(f.name), name);
      }));
}

void RequestHeader::insert(std::string_view name, std::string_view value) {
  const std::string kept_value(value);  // it may be of this header
  const Place n = append(name), v = append(kept_value);
  clean(text_, n.at);
  fields_.push_back({n, v});
}

void RequestHeader::set(std::string_view name, std::string_view value) {
  const std::string kept_name(name), kept_value(value);  // they may be of this header
  erase(kept_name);
  insert(kept_name, kept_value);
}

void RequestHeader::erase(std::string_view name) {
  std::erase_if(fields_, [&](const FieldPlace& f) { return same_name(view(f.name), name); });
}

bool RequestHeader::keep_alive() const {
  bool close = false, keep = false;
  for (const FieldPlace& f : fields_) {
    if (f.name.size != 10 || !same_name(view(f.name), "Connection")) continue;
    close |= has_token(view(f.value), "close");
    keep |= has_token(view(f.value), "keep-alive");
  }
  return !close && (version_ >= 11 || keep);
}

void Headers::emplace_back(std::string_view name, std::string_view value) {
  const size_t at = text_.size();
  text_.append(name).append(value);
  clean(text_, at);
  fields_.push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(name.size()),
                     static_cast<uint32_t>(value.size())});
}

bool Headers::operator==(const Headers& other) const {
  return std::equal(begin(), end(), other.begin(), other.end());
}

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 203:
      return "Non-Authoritative Information";
    case 204:
      return "No Content";
    case 205:
      return "Reset Content";
    case 206:
      return "Partial Content";
    case 207:
      return "Multi-Status";
    case 300:
      return "Multiple Choices";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 407:
      return "Proxy Authentication Required";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Payload Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 418:
      return "I'm a teapot";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Entity";
    case 423:
      return "Locked";
    case 424:
      return "Failed Dependency";
    case 425:
      return "Too Early";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 451:
      return "Unavailable For Legal Reasons";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    case 508:
      return "Loop Detected";
    case 511:
      return "Network Authentication Required";
    default:
      return "Unknown";
  }
}

void write_head(std::string& out, const Response& response, bool keep_alive, bool chunks) {
  out.clear();
  out += "HTTP/1.1 ";
  append_number(out, response.status);
  out += ' ';
  out += reason_phrase(response.status);
  if (!response.content_type.empty()) {
    out += "\r\nContent-Type: ";
    const size_t from = out.size();
    out += response.content_type;
    clean(out, from);
  }
  if (response.status != 204 && response.status != 304 && response.status >= 200) {
    if (!response.stream) {
      out += "\r\nContent-Length: ";
      append_number(out, response.file ? response.file->size : response.body.size());
    } else if (chunks) {
      out += "\r\nTransfer-Encoding: chunked";
    }
  }
  for (const auto& [name, value] : response.headers) {
    out += "\r\n";
    out += name;
    out += ": ";
    out += value;
  }
  if (!keep_alive) out += "\r\nConnection: close";
  out += "\r\n\r\n";
}

}  // namespace kiln::net
