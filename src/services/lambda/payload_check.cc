#include "services/lambda/payload_check.h"

#include <simdjson.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/thread_owned.h"

namespace kiln::services {
namespace {

// Tokens are kept for texts up to this size; larger ones get their own.
constexpr size_t kSharedBytes = 256 * 1024;

// simdjson's first stage: the places at which tokens begin.
class Tokens {
 public:
  // REQUIRES: text.size() <= room. Throws std::bad_alloc.
  bool find(const std::string& text, size_t room) {
    if (!stage_) {
      std::unique_ptr<simdjson::internal::dom_parser_implementation> made;
      if (simdjson::get_active_implementation()->create_dom_parser_implementation(room, 1, made) !=
          simdjson::SUCCESS)
        throw std::bad_alloc();
      stage_ = std::move(made);
    }
    return stage_->stage1(reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                          simdjson::stage1_mode::regular) == simdjson::SUCCESS;
  }
  const uint32_t* begin() const { return stage_->structural_indexes.get(); }
  const uint32_t* end() const { return begin() + stage_->n_structural_indexes; }

 private:
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage_;
};

// What may follow a number or a word.
bool ends_token(const char* at, const char* end) {
  if (at == end) return true;
  switch (*at) {
    case ' ':
    case '\t':
    case '\n':
    case '\r':
    case ',':
    case ']':
    case '}':
      return true;
    default:
      return false;
  }
}

// A zero stands at `end`.
bool is_number(const char* at, const char* end) {
  if (*at == '-') ++at;
  if (!ascii::is_digit(*at)) return false;
  if (*at == '0')
    ++at;
  else
    while (ascii::is_digit(*at)) ++at;
  if (*at == '.') {
    if (!ascii::is_digit(*++at)) return false;
    while (ascii::is_digit(*at)) ++at;
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!ascii::is_digit(*at)) return false;
    while (ascii::is_digit(*at)) ++at;
  }
  return ends_token(at, end);
}

bool is_word(const char* at, const char* end, std::string_view word) {
  return std::string_view(at, static_cast<size_t>(end - at)).starts_with(word) &&
         ends_token(at + word.size(), end);
}

// Where the next backslash is; `end`: there is none. Those of JSON within JSON follow each other
// closely, where a call of memchr for each costs more than the look itself.
const char* next_backslash(const char* at, const char* end) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHighs = kOnes * 0x80;
  for (int words = 0; words < 4 && end - at >= 8; ++words, at += 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    word ^= kOnes * '\\';  // zero where a backslash was
    // The lowest mark is right; those above it may not be.
    if (const uint64_t marks = (word - kOnes) & ~word & kHighs; marks != 0)
      return at + std::countr_zero(marks) / 8;
  }
  const void* const found = std::memchr(at, '\\', static_cast<size_t>(end - at));
  return found == nullptr ? end : static_cast<const char*>(found);
}

// What may follow a backslash, but for `u`.
constexpr auto kEscapes = [] {
  std::array<bool, 256> may{};
  for (const unsigned char c : {'"', '\\', '/', 'b', 'f', 'n', 'r', 't'}) may[c] = true;
  return may;
}();

// Of all strings at once: outside of them a backslash is no token of JSON.
bool are_escapes(std::string_view text) {
  const char* const end = text.data() + text.size();
  for (const char* at = next_backslash(text.data(), end); at != end; at = next_backslash(at, end)) {
    if (end - at < 2) return false;
    if (at[1] == 'u') {
      if (end - at < 6) return false;
      for (int i = 2; i < 6; ++i)
        if (ascii::hex_value(at[i]) < 0) return false;
      at += 6;
    } else {
      if (!kEscapes[static_cast<unsigned char>(at[1])]) return false;
      at += 2;
    }
  }
  return true;
}

class Grammar {
 public:
  Grammar(const std::string& text, const Tokens& tokens)
      : text_(text.data()), end_(text_ + text.size()), next_(tokens.begin()), last_(tokens.end()) {}

  bool holds() {
    bool goes_on = begin_value();
    while (goes_on) {
      if (opened_ != 0)
        goes_on = enter();
      else if (!objects_.empty())
        goes_on = go_on();
      else
        return next_ == last_;
    }
    return false;
  }

 private:
  // Zero: there is none.
  char peek() const { return next_ == last_ ? '\0' : text_[*next_]; }
  char take() { return next_ == last_ ? '\0' : text_[*next_++]; }

  // Behind a bracket that opens.
  bool enter() {
    in_object_ = opened_ == '{';
    objects_.push_back(in_object_);
    if (peek() != closing()) return begin_item();
    ++next_;
    return leave();
  }
  // Behind a whole value in a container.
  bool go_on() {
    const char c = take();
    if (c == ',') return begin_item();
    return c == closing() && leave();
  }
  bool leave() {
    objects_.pop_back();
    opened_ = 0;
    in_object_ = !objects_.empty() && objects_.back();
    return true;
  }
  char closing() const { return in_object_ ? '}' : ']'; }
  bool begin_item() {
    if (in_object_ && (take() != '"' || take() != ':')) return false;
    return begin_value();
  }

  // Takes a value that is no container, or enters one.
  bool begin_value() {
    if (next_ == last_) return false;
    const char* at = text_ + *next_++;
    opened_ = 0;
    switch (*at) {
      case '"':
        return true;
      case '{':
      case '[':
        opened_ = *at;
        return true;
      case 't':
        return is_word(at, end_, "true");
      case 'f':
        return is_word(at, end_, "false");
      case 'n':
        return is_word(at, end_, "null");
      default:
        return is_number(at, end_);
    }
  }

  const char* text_;
  const char* end_;
  const uint32_t* next_;
  const uint32_t* last_;
  char opened_ = 0;  // the bracket that was read last, if nothing else was since
  bool in_object_ = false;
  std::vector<bool> objects_;  // of the containers around, whether they are
};

bool is_json_by(Tokens& tokens, const std::string& text, size_t room) {
  return tokens.find(text, room) && Grammar(text, tokens).holds() && are_escapes(text);
}

}  // namespace

bool is_plain_json(const std::string& text) {
  // Pages exist once they are written.
  static const ThreadOwned<Tokens> shared;
  if (text.size() <= kSharedBytes) return is_json_by(*shared, text, kSharedBytes);
  Tokens own;
  return is_json_by(own, text, text.size());
}

}  // namespace kiln::services
