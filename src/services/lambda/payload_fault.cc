#include "services/lambda/payload_fault.h"

#include <cstdint>
#include <vector>

#include "base/ascii.h"

namespace kiln::services {
namespace {

constexpr std::string_view kSource =
    "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: ";
constexpr std::string_view kValues =
    "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
constexpr size_t kMaxToken = 256;

std::string hex(unsigned char byte) {
  constexpr const char* kDigits = "0123456789abcdef";
  return {'0', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
}

// As the parser names a byte that it did not expect.
std::string described(unsigned char byte) {
  const std::string code = "code " + std::to_string(byte) + ")";
  if (byte < 0x20 || (byte >= 0x7f && byte < 0xa0)) return "(CTRL-CHAR, " + code;
  std::string character(1, static_cast<char>(byte));
  if (byte >= 0xa0) {
    character = {static_cast<char>(0xc0 | byte >> 6), static_cast<char>(0x80 | (byte & 0x3f))};
  }
  return "'" + character + "' (" + code;
}

bool is_identifier(unsigned char c) {
  return ascii::is_alnum(static_cast<char>(c)) || c == '_' || c == '$';
}

// Reads one document up to its first fault, which it then has a text for.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  // "" when there is none.
  std::string fault() {
    read();
    return fault_.empty() ? fault_ : "Could not parse payload into json: " + fault_;
  }

 private:
  // Small, since a payload may be nothing but these.
  struct Open {
    uint32_t is_object : 1;
    uint32_t at : 31;
    const char* name() const { return is_object ? "Object" : "Array"; }
  };

  std::string place(size_t at) const {
    size_t line = 1, begin = 0;
    for (size_t i = 0; i < at && i < text_.size(); ++i) {
      if (text_[i] != '\n') continue;
      ++line;
      begin = i + 1;
    }
    return std::string(kSource) + std::to_string(line) +
           ", column: " + std::to_string(at - begin + 1) + "]";
  }
  bool fail(const std::string& what, size_t at) {
    fault_ = what + "\n at " + place(at);
    return false;
  }
  bool unexpected(size_t at, std::string_view comment) {
    return fail("Unexpected character (" + described(byte(at)) + "): " + std::string(comment), at);
  }
  unsigned char byte(size_t at) const { return static_cast<unsigned char>(text_[at]); }
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n'))
      ++at_;
  }

  bool ended() {
    if (open_.empty()) return fail("No content to map due to end-of-input", at_);
    const Open& last = open_.back();
    return fail(std::string("Unexpected end-of-input: expected close marker for ") + last.name() +
                    " (start marker at " + place(last.at) + ")",
                at_);
  }

  // A character of more than one byte at at_; at_ is behind it, or behind the byte at fault.
  bool read_character() {
    const unsigned char first = byte(at_++);
    int more = 0;
    if ((first & 0xe0) == 0xc0)
      more = 1;
    else if ((first & 0xf0) == 0xe0)
      more = 2;
    else if ((first & 0xf8) == 0xf0)
      more = 3;
    else
      return fail("Invalid UTF-8 start byte " + hex(first), at_);
    for (; more > 0; --more) {
      if (at_ == text_.size()) return ended();
      if ((byte(at_) & 0xc0) == 0x80) {
        ++at_;
        continue;
      }
      ++at_;
      return fail("Invalid UTF-8 middle byte " + hex(byte(at_ - 1)), at_);
    }
    return true;
  }

  // A word that is none of JSON's; `from` is where it begins, at_ behind what is known of it.
  bool unknown_token(size_t from) {
    while (at_ < text_.size() && at_ - from < kMaxToken) {
      if (byte(at_) >= 0x80) {
        if (!read_character()) return false;
      } else if (is_identifier(byte(at_++))) {
        continue;
      } else {
        return fail(token_text(from, at_ - 1), at_);
      }
    }
    return fail(token_text(from, at_), at_);
  }
  std::string token_text(size_t from, size_t to) const {
    return "Unrecognized token '" + std::string(text_.substr(from, to - from)) +
           "': was expecting " + std::string(kValues);
  }

  bool read_word(std::string_view word) {
    const size_t from = at_;
    for (const char c : word) {
      if (at_ == text_.size() || text_[at_] != c) return unknown_token(from);
      ++at_;
    }
    if (at_ < text_.size() && (byte(at_) >= 0x80 || is_identifier(byte(at_))))
      return unknown_token(from);
    return true;
  }

  bool read_number() {
    const auto digits = [this] {
      const size_t from = at_;
      while (at_ < text_.size() && ascii::is_digit(text_[at_])) ++at_;
      return at_ - from;
    };
    const auto want = [&](std::string_view comment) {
      if (digits() > 0) return true;
      if (at_ == text_.size()) return ended();
      return fail("Unexpected character (" + described(byte(at_)) +
                      ") in numeric value: " + std::string(comment),
                  at_);
    };
    if (text_[at_] == '-') ++at_;
    const size_t from = at_;
    if (!want("Expected digit (0-9) to follow minus sign, for valid numeric value")) return false;
    if (text_[from] == '0' && at_ - from > 1)
      return fail("Invalid numeric value: Leading zeroes not allowed", from + 1);
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      if (!want("Decimal point not followed by a digit")) return false;
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!want("Exponent indicator not followed by a digit")) return false;
    }
    return true;
  }

  enum class Part { kName, kValue };
  bool read_string(Part part) {
    for (++at_; at_ < text_.size();) {
      const unsigned char c = byte(at_);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c >= 0x80) {
        if (!read_character()) return false;
      } else if (c < 0x20) {
        ++at_;
        return fail("Illegal unquoted character (" + described(c) +
                        "): has to be escaped using backslash to be included in " +
                        (part == Part::kName ? "name" : "string value"),
                    at_);
      } else if (c == '\\') {
        if (!read_escape()) return false;
      } else {
        ++at_;
      }
    }
    return fail(std::string("Unexpected end-of-input in ") +
                    (part == Part::kName ? "field name" : "VALUE_STRING"),
                at_);
  }
  bool read_escape() {
    if (++at_ == text_.size()) return true;  // the end of the text says it
    const char c = text_[at_++];
    if (std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos) return true;
    if (c != 'u')
      return fail("Unrecognized character escape " + described(static_cast<unsigned char>(c)), at_);
    for (int i = 0; i < 4 && at_ < text_.size(); ++i, ++at_)
      if (!ascii::is_hex(text_[at_]))
        return unexpected(at_, "expected a hex-digit for character escape sequence");
    return true;
  }

  bool read_value() {
    const char c = text_[at_];
    if (c == '{' || c == '[') {
      open_.push_back({c == '{', static_cast<uint32_t>(at_++)});
      first_ = true;
      return true;
    }
    first_ = false;
    if (c == '"') return read_string(Part::kValue);
    if (c == '-' || ascii::is_digit(c)) return read_number();
    if (c == 't') return read_word("true");
    if (c == 'f') return read_word("false");
    if (c == 'n') return read_word("null");
    const unsigned char raw = byte(at_);
    if ((is_identifier(raw) && !ascii::is_digit(c))) return unknown_token(at_);
    return unexpected(at_, "expected a valid value " + std::string(kValues));
  }

  bool close() {
    const Open last = open_.back();
    const char wanted = last.is_object ? '}' : ']';
    if (text_[at_] != wanted)
      return fail(std::string("Unexpected close marker '") + text_[at_] + "': expected '" + wanted +
                      "' (for " + last.name() + " starting at " + place(last.at) + ")",
                  at_);
    ++at_;
    open_.pop_back();
    first_ = false;
    return true;
  }

  bool read() {
    skip_space();
    if (at_ == text_.size()) return ended();
    if (!read_value()) return false;
    while (!open_.empty()) {
      skip_space();
      if (at_ == text_.size()) return ended();
      if (text_[at_] == '}' || text_[at_] == ']') {
        if (!close()) return false;
        continue;
      }
      const bool object = open_.back().is_object;
      if (!first_) {
        if (text_[at_] != ',')
          return unexpected(at_, object ? "was expecting comma to separate Object entries"
                                        : "was expecting comma to separate Array entries");
        ++at_;
        skip_space();
        if (at_ == text_.size()) return ended();
      }
      if (object && !read_name()) return false;
      if (!read_value()) return false;
    }
    return true;
  }
  bool read_name() {
    if (text_[at_] != '"') return unexpected(at_, "was expecting double-quote to start field name");
    if (!read_string(Part::kName)) return false;
    skip_space();
    if (at_ == text_.size()) return ended();
    if (text_[at_] != ':')
      return unexpected(at_, "was expecting a colon to separate field name and value");
    ++at_;
    skip_space();
    return at_ < text_.size() || ended();
  }

  std::string_view text_;
  size_t at_ = 0;
  std::vector<Open> open_;
  bool first_ = false;  // the innermost array or object has no entry yet
  std::string fault_;
};

}  // namespace

std::string payload_fault(std::string_view text) { return Reader(text).fault(); }

}  // namespace kiln::services
