#include "kiln/json_scan.h"

#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace kiln {
namespace {

constexpr size_t kMaxDepth = 512;

enum : unsigned char { kPlain, kQuote, kOpen, kClose };

// What matters inside brackets.
constexpr std::array<unsigned char, 256> kKinds = [] {
  std::array<unsigned char, 256> kinds{};
  kinds['"'] = kQuote;
  kinds['['] = kinds['{'] = kOpen;
  kinds[']'] = kinds['}'] = kClose;
  return kinds;
}();

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

JsonScan::JsonScan(std::string_view text, char open, char close) : text_(text), close_(close) {
  skip_blanks();
  expect(open);
}

void JsonScan::fail(const char* expected) const {
  throw std::invalid_argument("not JSON: " + std::string(expected) + " expected at byte " +
                              std::to_string(at_));
}

void JsonScan::expect(char c) {
  if (at_ >= text_.size() || text_[at_] != c) fail((std::string("'") + c + "'").c_str());
  ++at_;
}

void JsonScan::skip_blanks() {
  while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
}

bool JsonScan::at_next() {
  if (done_) return false;
  skip_blanks();
  if (at_ < text_.size() && text_[at_] == close_) {
    ++at_;
    skip_blanks();
    if (at_ < text_.size()) fail("the end");
    done_ = true;
    return false;
  }
  if (!first_) {
    expect(',');
    skip_blanks();
  }
  first_ = false;
  return true;
}

// REQUIRES: at_ is at a quote.
void JsonScan::skip_string() {
  for (++at_; at_ < text_.size(); ++at_) {
    if (text_[at_] == '"') {
      ++at_;
      return;
    }
    if (text_[at_] == '\\') ++at_;
  }
  at_ = text_.size();
  fail("'\"'");
}

// REQUIRES: at_ is at an opening bracket.
void JsonScan::skip_nested() {
  size_t depth = 0;
  while (at_ < text_.size()) {
    switch (kKinds[static_cast<unsigned char>(text_[at_])]) {
      case kQuote:
        skip_string();
        continue;
      case kOpen:
        if (++depth > kMaxDepth) {
          throw std::invalid_argument("the JSON nests deeper than " + std::to_string(kMaxDepth) +
                                      " levels at byte " + std::to_string(at_));
        }
        break;
      case kClose:
        if (--depth == 0) {
          ++at_;
          return;
        }
        break;
      default:
        break;
    }
    ++at_;
  }
  fail("a closing bracket");
}

std::string_view JsonScan::value() {
  skip_blanks();
  const size_t begin = at_;
  if (at_ >= text_.size()) fail("a value");
  switch (kKinds[static_cast<unsigned char>(text_[at_])]) {
    case kQuote:
      skip_string();
      break;
    case kOpen:
      skip_nested();
      break;
    default:
      while (at_ < text_.size() && !is_blank(text_[at_]) && text_[at_] != ',' &&
             text_[at_] != close_) {
        ++at_;
      }
  }
  if (at_ == begin) fail("a value");
  return text_.substr(begin, at_ - begin);
}

std::optional<JsonMembers::Member> JsonMembers::next() {
  if (!at_next()) return std::nullopt;
  const std::string_view key = value();
  Member member;
  if (key.front() != '"') {
    throw std::invalid_argument("not JSON: the key '" + std::string(key.substr(0, 100)) +
                                "' is not in quotes");
  }
  if (key.find('\\') == std::string_view::npos) {
    member.key = key.substr(1, key.size() - 2);
  } else {
    auto parsed = nlohmann::json::parse(key, nullptr, false);
    if (parsed.is_discarded()) {
      throw std::invalid_argument("not JSON: the key " + std::string(key.substr(0, 100)) +
                                  " has a wrong escape");
    }
    member.key = std::move(parsed.get_ref<std::string&>());
  }
  skip_blanks();
  expect(':');
  member.value = value();
  return member;
}

std::optional<std::string_view> JsonElements::next() {
  if (!at_next()) return std::nullopt;
  return value();
}

}  // namespace kiln
