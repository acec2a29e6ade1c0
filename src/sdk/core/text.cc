#include "sdk/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "sdk/core/string_bytes.h"

namespace kiln::sdk {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

char* put_padded(char* to, int value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
  return to + width;
}

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighs = 0x8080808080808080;

// Nothing when all eight bytes are from `least` to 0x7F and neither `first` nor `second`.
constexpr uint64_t others(uint64_t word, uint64_t least, uint64_t first, uint64_t second) {
  const auto has = [](uint64_t w, uint64_t byte) {
    return ((w ^ kOnes * byte) - kOnes) & ~(w ^ kOnes * byte);
  };
  return (((word - kOnes * least) & ~word) | has(word, first) | has(word, second) | word) & kHighs;
}

// The length of what `text` begins with that needs no look at its characters: from the blank up to
// 0x7F, without `first` and `second`.
size_t plain_prefix(std::string_view text, char first, char second) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const auto f = static_cast<unsigned char>(first);
  const auto s = static_cast<unsigned char>(second);
  size_t at = 0;
  for (; text.size() - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, bytes + at, sizeof word);
    if (others(word, ' ', f, s) != 0) break;
  }
  if (text.size() - at < sizeof(uint64_t) && text.size() >= sizeof(uint64_t)) {
    uint64_t word = 0;  // the last eight
    std::memcpy(&word, bytes + text.size() - sizeof word, sizeof word);
    if (others(word, ' ', f, s) == 0) return text.size();
  }
  while (at < text.size() && bytes[at] >= ' ' && bytes[at] < 0x80 && bytes[at] != f &&
         bytes[at] != s) {
    ++at;
  }
  return at;
}

// What stands behind the backslash for a character below 128 that a string can't have as it is: 'u'
// for those that need their number; 0: it can have it.
constexpr std::array<char, 128> kEscapes = [] {
  std::array<char, 128> table{};
  for (size_t c = 0; c < ' '; ++c) table[c] = 'u';
  constexpr std::string_view kFrom = "\"\\\b\f\n\r\t", kTo = "\"\\bfnrt";
  for (size_t i = 0; i < kFrom.size(); ++i) table[static_cast<size_t>(kFrom[i])] = kTo[i];
  return table;
}();

// Copies what needs no look at its characters, and quotes and backslashes with their escapes, and
// perhaps more behind it, in steps as long as `end` allows; moves both to where the look is due, or
// fewer than a step's bytes are left. There is room for twice as many bytes, and a step.
void copy_plain(const char*& from, const char* end, char*& to) {
#ifdef __SSE2__
  while (end - from >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
    unsigned mask = looks_due(bytes);
    const char* const stop = from + 16;
    if (mask != 0 && end - from >= 32) {
      // Texts with quotes have many: JSON in JSON.
      const char* const step = from;
      while (mask != 0) {
        const char* const at = step + __builtin_ctz(mask);
        if (*at != '"' && *at != '\\') break;
        to += at - from;
        *to++ = '\\';
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                         _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
        ++to;
        from = at + 1;
        mask &= mask - 1;
      }
      if (mask != 0) {
        const char* const at = step + __builtin_ctz(mask);
        to += at - from;
        from = at;
        return;
      }
    } else if (mask != 0) {
      const int plain = __builtin_ctz(mask);
      from += plain;
      to += plain;
      return;
    }
    to += stop - from;
    from = stop;
  }
#else
  (void)from, (void)end, (void)to;
#endif
}

// Writes what `text` begins with, up to the first byte that belongs to no UTF-8 sequence, and takes
// it away from `text`.
void add_json_prefix(TextTail& out, std::string_view& text) {
  constexpr size_t kAtOnce = 512;  // bytes, for which there is room twice
  constexpr size_t kLongest = 16;  // of a step
  if (is_plain(text)) {
    out.add(text);
    text = {};
    return;
  }
  const char* at = text.data();
  const char* const end = at + text.size();
  bool good = true;
  while (good && at != end) {
    const char* const stop = at + std::min(kAtOnce, static_cast<size_t>(end - at));
    char* to = out.room(2 * static_cast<size_t>(stop - at) + kLongest);
    int number = -1;  // a character that is written as one, for which there is too little room
    while (at < stop) {
      copy_plain(at, stop, to);
      if (at == stop) break;
      const auto c = static_cast<unsigned char>(*at);
      if (c >= 0x80) {
        const size_t length = utf8_sequence({at, static_cast<size_t>(end - at)});
        good = length != 0;
        if (!good) break;
        std::memcpy(to, at, length);
        at += length;
        to += length;
        continue;
      }
      ++at;
      const char escape = kEscapes[c];
      if (escape == 'u') {
        number = c;
        break;
      }
      if (escape != '\0') *to++ = '\\';
      *to++ = escape != '\0' ? escape : static_cast<char>(c);
    }
    out.filled(to);
    if (number >= 0) {
      constexpr char kHex[] = "0123456789abcdef";
      out.add("\\u00");
      out.add(kHex[number >> 4]);
      out.add(kHex[number & 15]);
    }
  }
  text.remove_prefix(static_cast<size_t>(at - text.data()));
}

// Whether it was: a number of up to fifteen digits, three of them decimals, whose shortest form is
// those digits. Most numbers that are logged and measured are such.
bool add_short_real(TextTail& out, double value) {
  constexpr double kMost = 1e12;
  const double size = std::fabs(value);
  if (!(size < kMost)) return false;
  double power = 1;
  for (int decimals = 0; decimals <= 3; ++decimals, power *= 10) {
    const double scaled = static_cast<double>(static_cast<uint64_t>(size * power + 0.5));
    // A division of two exact numbers rounds once, as reading the decimal form does.
    if (scaled / power != size) continue;
    const auto digits = static_cast<uint64_t>(scaled);
    const auto whole = static_cast<uint64_t>(power);
    if (std::signbit(value)) out.add('-');
    add_unsigned(out, digits / whole);
    if (decimals == 0) return true;
    out.add('.');
    out.filled(put_padded(out.room(sizeof "123"), static_cast<int>(digits % whole), decimals));
    return true;
  }
  return false;
}

// The date and the time up to the point, of seconds since 1970.
void put_second(char* to, int64_t epoch_s) {
  constexpr int64_t kDay = 86'400;
  const int64_t day = (epoch_s >= 0 ? epoch_s : epoch_s - kDay + 1) / kDay;
  const int second = static_cast<int>(epoch_s - day * kDay);
  // Days to a date in the proleptic Gregorian calendar, counting years from 1 March so that the
  // leap day is last.
  const int64_t shifted = day + 719'468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const int64_t day_of_era = shifted - era * 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  const int year = static_cast<int>(year_of_era + era * 400 + (month <= 2 ? 1 : 0));
  to = put_padded(to, year, 4);
  *to++ = '-';
  to = put_padded(to, month, 2);
  *to++ = '-';
  to = put_padded(to, static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1), 2);
  *to++ = 'T';
  to = put_padded(to, second / 3'600, 2);
  *to++ = ':';
  to = put_padded(to, second / 60 % 60, 2);
  *to++ = ':';
  put_padded(to, second % 60, 2);
}

constexpr size_t kSecondText = sizeof "2026-01-02T03:04:05" - 1;

// The last second that the thread wrote: most time stamps follow one of the same second.
struct LastSecond {
  int64_t epoch_s = std::numeric_limits<int64_t>::min();
  char text[kSecondText] = {};
};
thread_local LastSecond t_last_second;

}  // namespace

size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  // The second byte's range depends on the first: that is what excludes overlong forms, surrogates
  // and too large values. (Unicode standard, table 3-7.)
  unsigned char low = 0x80, high = 0xBF;
  size_t length = 0;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

void add_utf8(TextTail& out, std::string_view text) {
  while (!text.empty()) {
    size_t length = plain_prefix(text, '\0', '\0');
    if (length == 0) length = utf8_sequence(text);
    out.add(length ? text.substr(0, length) : kReplacement);
    text.remove_prefix(length ? length : 1);
  }
}

void add_json_string(TextTail& out, std::string_view text) {
  out.add('"');
  while (true) {
    add_json_prefix(out, text);
    if (text.empty()) break;
    out.add(kReplacement);
    text.remove_prefix(1);
  }
  out.add('"');
}

bool add_utf8_json_string(TextTail& out, std::string_view text) {
  out.add('"');
  add_json_prefix(out, text);
  out.add('"');
  return text.empty();
}

size_t text_prefix(std::string_view text) { return plain_prefix(text, '\x7F', '\x7F'); }

void append_base64(std::string& out, std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t j = i; j < i + 3; ++j) {
      bits = bits << 8 | (j < bytes.size() ? static_cast<unsigned char>(bytes[j]) : 0U);
    }
    for (size_t j = 0; j < 4; ++j) {
      out += i + j > bytes.size() ? '=' : kDigits[bits >> (18 - 6 * j) & 63];
    }
  }
}

void add_integer(TextTail& out, int64_t value) {
  if (value < 0) out.add('-');
  add_unsigned(out, value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value));
}

void add_unsigned(TextTail& out, uint64_t value) {
  char digits[20];
  char* begin = digits + sizeof digits;
  do *--begin = static_cast<char>('0' + value % 10);
  while (value /= 10);
  out.add(std::string_view(begin, static_cast<size_t>(digits + sizeof digits - begin)));
}

void add_real(TextTail& out, double value) {
  if (!std::isfinite(value)) return out.add("null");
  if (add_short_real(out, value)) return;
  // std::to_chars would do it in one go; its tables add 100 KiB to a function of 700.
  char digits[32];
  for (const int precision : {15, 16, 17}) {
    std::snprintf(digits, sizeof digits, "%.*g", precision, value);
    if (std::strtod(digits, nullptr) == value) break;
  }
  out.add(digits);
}

void add_timestamp(TextTail& out, int64_t epoch_ms) {
  const int64_t epoch_s = (epoch_ms >= 0 ? epoch_ms : epoch_ms - 999) / 1000;
  LastSecond& last = t_last_second;
  if (last.epoch_s != epoch_s) {
    put_second(last.text, epoch_s);
    last.epoch_s = epoch_s;
  }
  char* to = out.room(kSecondText + sizeof ".678Z");
  std::memcpy(to, last.text, kSecondText);
  to += kSecondText;
  *to++ = '.';
  to = put_padded(to, static_cast<int>(epoch_ms - epoch_s * 1000), 3);
  *to++ = 'Z';
  out.filled(to);
}

void append_json_string(std::string& out, std::string_view text) {
  TextTail tail(out);
  add_json_string(tail, text);
}

void append_utf8(std::string& out, std::string_view text) {
  TextTail tail(out);
  add_utf8(tail, text);
}

void append_integer(std::string& out, int64_t value) {
  TextTail tail(out);
  add_integer(tail, value);
}

void append_unsigned(std::string& out, uint64_t value) {
  TextTail tail(out);
  add_unsigned(tail, value);
}

void append_real(std::string& out, double value) {
  TextTail tail(out);
  add_real(tail, value);
}

void append_timestamp(std::string& out, int64_t epoch_ms) {
  TextTail tail(out);
  add_timestamp(tail, epoch_ms);
}

}  // namespace kiln::sdk
