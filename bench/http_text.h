// How long the HTTP/1.1 message at the start of a buffer is. Content-Length only: the servers under
// test send nothing else. Pure; thread-safe. Cost: one search for the end of the head and one for
// the length.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kiln::bench {

struct MessageSize {
  bool complete = false;
  bool bad = false;  // no Content-Length: its end can't be known
  size_t head = 0;   // with the empty line
  size_t body = 0;
};

inline bool starts_with_lower_case(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  for (size_t i = 0; i < lower.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != lower[i]) return false;
  }
  return true;
}

inline MessageSize measure_message(std::string_view buffer) {
  static constexpr std::string_view kName = "\r\ncontent-length:";
  MessageSize size;
  const size_t end = buffer.find("\r\n\r\n");
  if (end == std::string_view::npos) return size;
  size.head = end + 4;
  size.bad = true;
  for (size_t at = buffer.find("\r\n"); at < end; at = buffer.find("\r\n", at + 2)) {
    if (!starts_with_lower_case(buffer.substr(at), kName)) continue;
    size.bad = false;
    for (size_t i = at + kName.size(); i < end; ++i) {
      if (buffer[i] == ' ') continue;
      if (buffer[i] < '0' || buffer[i] > '9') break;
      size.body = size.body * 10 + static_cast<size_t>(buffer[i] - '0');
    }
    break;
  }
  size.complete = !size.bad && buffer.size() >= size.head + size.body;
  return size;
}

}  // namespace kiln::bench
