#include "services/logs/tokens.h"

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "services/logs/input.h"

namespace kiln::services {
namespace {

constexpr size_t kTimeDigits = 20, kOrdinalDigits = 36;  // AWS's tokens have 56

const std::string kLatestFirst = "-";  // before a token; no character of base64

Error bad_token() { return invalid_parameter_exception("The specified nextToken is invalid."); }

std::string padded(const std::string& digits, size_t size) {
  return digits.size() >= size ? digits : std::string(size - digits.size(), '0') + digits;
}

template <class T>
bool read_number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0;
}

// "NUMBER/NUMBER/TEXT" in base64, so that nobody counts on its form.
std::string to_token(int64_t number, size_t ordinal, const std::string& text) {
  return base64_encode(std::to_string(number) + "/" + std::to_string(ordinal) + "/" + text);
}

Result<logs::LogPosition> from_token(const std::string& token) {
  const auto plain = base64_decode(token);
  if (!plain) return bad_token();
  const std::string_view text = *plain;
  const size_t first = text.find('/');
  const size_t second = first == text.npos ? text.npos : text.find('/', first + 1);
  logs::LogPosition position;
  if (second == text.npos || !read_number(text.substr(0, first), position.timestamp_ms) ||
      !read_number(text.substr(first + 1, second - first - 1), position.ordinal))
    return bad_token();
  position.stream = text.substr(second + 1);
  return position;
}

}  // namespace

std::string to_text(const EventToken& token) {
  const logs::LogPosition& at = token.position;
  return (token.order == EventOrder::kLatestFirst ? kLatestFirst : "") +
         to_token(at.timestamp_ms, at.ordinal, at.stream);
}

Result<EventToken> parse_event_token(const std::string& text) {
  EventToken token;
  const bool latest = text.starts_with(kLatestFirst);
  if (latest) token.order = EventOrder::kLatestFirst;
  auto position = from_token(latest ? text.substr(1) : text);
  if (!position) return position.error();
  token.position = std::move(*position);
  return token;
}

std::string list_token(const ListPlace& place) { return to_token(place.number, 0, place.name); }

Result<ListPlace> parse_list_token(const std::string& token) {
  auto position = from_token(token);
  if (!position) return position.error();
  return ListPlace{position->timestamp_ms, std::move(position->stream)};
}

std::string to_text(const StreamToken& token) {
  return (token.direction == StreamToken::Direction::kForward ? "f/" : "b/") +
         padded(std::to_string(token.timestamp_ms), kTimeDigits) +
         padded(std::to_string(token.ordinal), kOrdinalDigits) + "/s";
}

Result<StreamToken> parse_stream_token(const std::string& text) {
  StreamToken token;
  const std::string_view all = text;
  if (all.size() != 2 + kTimeDigits + kOrdinalDigits + 2 || !all.ends_with("/s") ||
      !(all.starts_with("f/") || all.starts_with("b/")) ||
      !read_number(all.substr(2, kTimeDigits), token.timestamp_ms) ||
      !read_number(all.substr(2 + kTimeDigits, kOrdinalDigits), token.ordinal))
    return bad_token();
  if (all.starts_with("b/")) token.direction = StreamToken::Direction::kBackward;
  return token;
}

std::string sequence_token(int64_t number) { return "49" + padded(std::to_string(number), 54); }

}  // namespace kiln::services
