#include "kiln/json_scan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

// One bit for each of 64 bytes, the first byte's lowest.
struct Block {
  uint64_t quotes = 0;
  uint64_t backslashes = 0;
  uint64_t opens = 0;
  uint64_t closes = 0;
};
constexpr size_t kBlock = 64;  // bytes

#ifdef __SSE2__
Block block_at(const char* text) {
  Block block;
  for (size_t i = 0; i < kBlock; i += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + i));
    const auto where = [i](__m128i found) {
      return static_cast<uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(found))) << i;
    };
    const __m128i curly = _mm_or_si128(bytes, _mm_set1_epi8(' '));  // [ as {, ] as }
    block.quotes |= where(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
    block.backslashes |= where(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    block.opens |= where(_mm_cmpeq_epi8(curly, _mm_set1_epi8('{')));
    block.closes |= where(_mm_cmpeq_epi8(curly, _mm_set1_epi8('}')));
  }
  return block;
}
#else
Block block_at(const char* text) {
  Block block;
  for (size_t i = 0; i < kBlock; ++i) {
    const char c = text[i];
    block.quotes |= uint64_t{c == '"'} << i;
    block.backslashes |= uint64_t{c == '\\'} << i;
    block.opens |= uint64_t{(c | ' ') == '{'} << i;
    block.closes |= uint64_t{(c | ' ') == '}'} << i;
  }
  return block;
}
#endif

// The bytes that follow a backslash which is not itself escaped; `first`: the first byte is one, on
// return that of the next block.
uint64_t escaped_by(uint64_t backslashes, bool& first) {
  uint64_t escaped = first ? 1 : 0;
  uint64_t rest = backslashes & ~escaped;
  first = false;
  while (rest != 0) {
    const int at = std::countr_zero(rest);
    if (at == 63) {
      first = true;
      break;
    }
    escaped |= uint64_t{2} << at;
    rest &= ~(uint64_t{3} << at);
  }
  return escaped;
}

// Each bit the parity of those up to it: from a quote on until before the next one.
uint64_t between(uint64_t quotes) {
  for (int i = 1; i < 64; i *= 2) quotes ^= quotes << i;
  return quotes;
}

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
  uint64_t in_string = 0;  // all bits: the block begins within one
  bool escaped = false;    // so is the block's first byte
  std::array<char, kBlock> last;
  for (; at_ < text_.size(); at_ += kBlock) {
    const char* bytes = text_.data() + at_;
    if (text_.size() - at_ < kBlock) {
      last.fill(' ');
      std::memcpy(last.data(), bytes, text_.size() - at_);
      bytes = last.data();
    }
    const Block block = block_at(bytes);
    const uint64_t quotes = block.quotes & ~escaped_by(block.backslashes, escaped);
    const uint64_t strings = between(quotes) ^ in_string;
    in_string = strings >> 63 != 0 ? ~uint64_t{0} : 0;
    const uint64_t opens = block.opens & ~strings;
    for (uint64_t rest = (block.opens | block.closes) & ~strings; rest != 0; rest &= rest - 1) {
      const uint64_t bit = rest & (0 - rest);
      if ((opens & bit) != 0) {
        if (++depth <= kMaxDepth) continue;
        throw std::invalid_argument(
            "the JSON nests deeper than " + std::to_string(kMaxDepth) + " levels at byte " +
            std::to_string(at_ + static_cast<size_t>(std::countr_zero(bit))));
      }
      if (--depth == 0) {
        at_ += static_cast<size_t>(std::countr_zero(bit)) + 1;
        return;
      }
    }
  }
  at_ = text_.size();
  fail(in_string != 0 ? "'\"'" : "a closing bracket");
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
