#include "sdk/letter_case.h"

#include <cstdint>

#include "sdk/text.h"

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

struct Lower {
  static char ascii(char letter, bool) { return static_cast<char>(letter | kCaseBit); }
  static char32_t other(char32_t letter, bool) { return lower_of(letter); }
};

struct Title {
  static char ascii(char letter, bool in_word) {
    return static_cast<char>(in_word ? letter | kCaseBit : letter & ~kCaseBit);
  }
  static char32_t other(char32_t letter, bool in_word) {
    return in_word ? lower_of(letter) : upper_of(letter);
  }
};

// `Change` is given each character that has a case, and whether a letter stands before it.
template <class Change>
std::string changed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool in_word = false;
  while (!text.empty()) {
    // Most text is ASCII.
    if (const char c = text.front(); static_cast<unsigned char>(c) < 0x80) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
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
  return out;
}

}  // namespace

std::string lower_case(std::string_view text) { return changed<Lower>(text); }

std::string title_case(std::string_view text) { return changed<Title>(text); }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace kiln::sdk
