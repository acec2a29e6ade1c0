#include "wire/uri.h"

#include "base/ascii.h"

namespace kiln::wire {
namespace {

using ascii::hex_value;

bool is_unreserved(char c) {
  return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string percent_decode(std::string_view text, PlusMeans plus) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int hi = hex_value(text[i + 1]), lo = hex_value(text[i + 2]);
      if (hi >= 0 && lo >= 0) {
        out += static_cast<char>(hi * 16 + lo);
        i += 2;
        continue;
      }
    }
    out += text[i] == '+' && plus == PlusMeans::kBlank ? ' ' : text[i];
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

QueryParams QueryParams::parse(std::string_view query) {
  QueryParams params;
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view item = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (item.empty()) continue;
    const size_t equals = item.find('=');
    params.items_.emplace_back(percent_decode(item.substr(0, equals), PlusMeans::kBlank),
                               equals == std::string_view::npos
                                   ? std::string()
                                   : percent_decode(item.substr(equals + 1), PlusMeans::kBlank));
  }
  return params;
}

std::optional<std::string_view> QueryParams::find(std::string_view name) const {
  for (const auto& [key, value] : items_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string_view QueryParams::get(std::string_view name) const {
  return find(name).value_or(std::string_view());
}

std::vector<std::string_view> QueryParams::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : items_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

Uri Uri::parse(std::string_view target) {
  if (!target.empty() && target.front() != '/') {
    const size_t scheme = target.find("://");
    if (scheme != std::string_view::npos) {
      const size_t slash = target.find_first_of("/?", scheme + 3);
      target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
    }
  }
  target = target.substr(0, target.find('#'));
  const size_t question = target.find('?');
  Uri uri;
  uri.raw_path = target.substr(0, question);
  if (question != std::string_view::npos) {
    uri.query = QueryParams::parse(target.substr(question + 1));
  }
  std::string_view rest = uri.raw_path;
  if (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
  while (true) {
    const size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    // Double slashes and a slash at the end make no segment: SDKs disagree about them.
    if (!segment.empty()) uri.segments.push_back(percent_decode(segment));
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  return uri;
}

std::string Uri::path() const {
  std::string out;
  for (const std::string& segment : segments) out += "/" + segment;
  return out.empty() ? "/" : out;
}

}  // namespace kiln::wire
