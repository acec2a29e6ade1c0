#include "sdk/core/letter_case.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "sdk/core/text.h"

namespace kiln::sdk {
namespace {

struct Range {
  char32_t first_upper;
  char32_t last_upper;
  char32_t distance;  // 1: upper and lower alternate, upper first
};

constexpr Range kRanges[] = {
    {U'A', U'Z', 32},    {0xC0, 0xD6, 32},   {0xD8, 0xDE, 32},   {0x100, 0x12E, 1},
    {0x132, 0x136, 1},   {0x139, 0x147, 1},  {0x14A, 0x176, 1},  {0x179, 0x17D, 1},
    {0x386, 0x386, 38},  {0x388, 0x38A, 37}, {0x38C, 0x38C, 64}, {0x38E, 0x38F, 63},
    {0x391, 0x3A1, 32},  {0x3A3, 0x3AB, 32}, {0x400, 0x40F, 80}, {0x410, 0x42F, 32},
    {0x460, 0x480, 1},   {0x48A, 0x4BE, 1},  {0x4D0, 0x52E, 1},  {0x1E00, 0x1E94, 1},
    {0x1EA0, 0x1EFE, 1},
};

bool starts_pair(char32_t c, const Range& range) {
  return range.distance != 1 || (c - range.first_upper) % 2 == 0;
}

char32_t lower_of(char32_t c) {
  if (c == 0x178) return 0xFF;
  for (const Range& range : kRanges) {
    if (c >= range.first_upper && c <= range.last_upper && starts_pair(c, range)) {
      return c + range.distance;
    }
  }
  return c;
}

char32_t upper_of(char32_t c) {
  if (c == 0xFF) return 0x178;
  if (c == 0x3C2) return 0x3A3;  // the sigma at the end of a word
  for (const Range& range : kRanges) {
    const char32_t upper = c - range.distance;
    if (upper >= range.first_upper && upper <= range.last_upper && starts_pair(upper, range)) {
      return upper;
    }
  }
  return c;
}

// Has a case, though maybe no single letter for the other one.
bool is_letter(char32_t c) {
  constexpr char32_t kAlone[] = {0xAA,  0xB5,  0xBA,  0xDF,  0x130, 0x131,
                                 0x138, 0x149, 0x17F, 0x390, 0x3B0};
  for (const char32_t alone : kAlone) {
    if (c == alone) return true;
  }
  return lower_of(c) != c || upper_of(c) != c;
}

char32_t decode(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return first;
  char32_t c = first & (0xFFU >> (sequence.size() + 1));
  for (const char byte : sequence.substr(1))
    c = c << 6 | (static_cast<unsigned char>(byte) & 0x3FU);
  return c;
}

// REQUIRES: c < 0x10000, as all letters here are.
void encode(std::string& out, char32_t c) {
  const auto byte = [&out](char32_t value) { out += static_cast<char>(value); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) {
    byte(0xC0 | c >> 6);
  } else {
    byte(0xE0 | c >> 12);
    byte(0x80 | (c >> 6 & 0x3F));
  }
  byte(0x80 | (c & 0x3F));
}

constexpr char kCaseBit = 'a' ^ 'A';

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighs = 0x8080808080808080;

// The high bit of each byte that is a letter. REQUIRES: all bytes are ASCII.
constexpr uint64_t letters_of(uint64_t word) {
  const uint64_t lower = word | kOnes * kCaseBit;
  return (lower + kOnes * (0x80 - 'a')) & ~(lower + kOnes * (0x80 - 'z' - 1)) & kHighs;
}

// How characters that have a case change. `in_word`: a letter stands before. Of eight bytes,
// `letters` has the high bits of those that are letters, `in_word` of those that a letter precedes.
struct Lower {
  static uint64_t word(uint64_t word, uint64_t letters, uint64_t) { return word | letters >> 2; }
  static char ascii(char letter, bool) { return static_cast<char>(letter | kCaseBit); }
  static char32_t other(char32_t letter, bool) { return lower_of(letter); }
};

struct Title {
  static uint64_t word(uint64_t word, uint64_t letters, uint64_t in_word) {
    return (word | letters >> 2) ^ (letters & ~in_word) >> 2;
  }
  static char ascii(char letter, bool in_word) {
    return static_cast<char>(in_word ? letter | kCaseBit : letter & ~kCaseBit);
  }
  static char32_t other(char32_t letter, bool in_word) {
    return in_word ? lower_of(letter) : upper_of(letter);
  }
};

uint64_t little_endian(uint64_t word) {
  if constexpr (std::endian::native == std::endian::big) return __builtin_bswap64(word);
  return word;
}

// Changes the eight bytes at `from` into those at `to`, unless one is not ASCII. `before`: a letter
// stands before them, in the high bit of the first byte; on return so for what follows.
template <class Change>
bool change_eight(const char* from, char* to, uint64_t& before) {
  uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  word = little_endian(word);
  if ((word & kHighs) != 0) return false;
  const uint64_t letters = letters_of(word);
  word = little_endian(Change::word(word, letters, letters << 8 | before));
  std::memcpy(to, &word, sizeof word);
  before = letters >> 56;
  return true;
}

bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The ASCII that `text` begins with, changed, in `out`; `in_word` as it is after it. The last bytes
// of a long text are changed with some before them once more.
template <class Change>
void change_ascii(std::string_view text, std::string& out, bool& in_word) {
  out.resize(text.size());
  const char* const from = text.data();
  char* const to = out.data();
  uint64_t before = 0;
  size_t done = 0;
  while (text.size() - done >= 8 && change_eight<Change>(from + done, to + done, before)) done += 8;
  in_word = before != 0;
  if (done >= 8 && done < text.size() && text.size() - done < 8) {
    const size_t last = text.size() - 8;
    before = last > 0 && is_ascii_letter(from[last - 1]) ? 0x80 : 0;
    if (change_eight<Change>(from + last, to + last, before)) {
      in_word = before != 0;
      return;
    }
  }
  for (; done < text.size() && static_cast<unsigned char>(from[done]) < 0x80; ++done) {
    const bool letter = is_ascii_letter(from[done]);
    to[done] = letter ? Change::ascii(from[done], in_word) : from[done];
    in_word = letter;
  }
  out.resize(done);
}

template <class Change>
void change(std::string_view text, std::string& out) {
  bool in_word = false;
  change_ascii<Change>(text, out, in_word);
  text.remove_prefix(out.size());
  while (!text.empty()) {
    // Most text is ASCII.
    if (const char c = text.front(); static_cast<unsigned char>(c) < 0x80) {
      const bool letter = is_ascii_letter(c);
      out += letter ? Change::ascii(c, in_word) : c;
      in_word = letter;
      text.remove_prefix(1);
      continue;
    }
    const size_t length = utf8_sequence(text);
    const std::string_view sequence = text.substr(0, length ? length : 1);
    text.remove_prefix(sequence.size());
    const char32_t c = length ? decode(sequence) : 0;
    const bool letter = length != 0 && is_letter(c);
    if (letter) {
      encode(out, Change::other(c, in_word));
    } else {
      out += sequence;
    }
    in_word = letter;
  }
}

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

void lower_case(std::string_view text, std::string& out) { change<Lower>(text, out); }

std::string lower_case(std::string_view text) {
  std::string out;
  lower_case(text, out);
  return out;
}

void title_case(std::string_view text, std::string& out) { change<Title>(text, out); }

std::string title_case(std::string_view text) {
  std::string out;
  title_case(text, out);
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace kiln::sdk
