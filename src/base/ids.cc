#include "base/ids.h"

#include <sys/random.h>

#include <array>
#include <cstring>

#include "base/check.h"

namespace kiln {
namespace {

// xoshiro256++, seeded from getrandom(2): identifiers need to be unique, not secret.
class Generator {
 public:
  Generator() { KILN_CHECK(getrandom(s_.data(), sizeof s_, 0) == static_cast<ssize_t>(sizeof s_)); }
  uint64_t next() {
    const uint64_t result = rotl(s_[0] + s_[3], 23) + s_[0];
    const uint64_t t = s_[1] << 17;
    s_[2] ^= s_[0];
    s_[3] ^= s_[1];
    s_[1] ^= s_[2];
    s_[0] ^= s_[3];
    s_[2] ^= t;
    s_[3] = rotl(s_[3], 45);
    return result;
  }

 private:
  static uint64_t rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  std::array<uint64_t, 4> s_;
};

Generator& generator() {
  thread_local Generator g;
  return g;
}

constexpr char kHex[] = "0123456789abcdef";

}  // namespace

uint64_t random_u64() { return generator().next(); }

double random_unit() { return static_cast<double>(random_u64() >> 11) * 0x1.0p-53; }

std::string new_uuid() {
  std::array<uint8_t, 16> b;
  const uint64_t hi = random_u64(), lo = random_u64();
  std::memcpy(b.data(), &hi, 8);
  std::memcpy(b.data() + 8, &lo, 8);
  b[6] = static_cast<uint8_t>((b[6] & 0x0f) | 0x40);
  b[8] = static_cast<uint8_t>((b[8] & 0x3f) | 0x80);
  std::string out(36, '-');
  size_t at = 0;
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) ++at;
    out[at++] = kHex[b[i] >> 4];
    out[at++] = kHex[b[i] & 15];
  }
  return out;
}

void append_hex(std::string& out, int bytes) {
  uint64_t bits = 0;
  for (int i = 0; i < bytes; ++i, bits >>= 8) {
    if (i % 8 == 0) bits = random_u64();
    out += kHex[(bits >> 4) & 15];
    out += kHex[bits & 15];
  }
}

std::string new_hex(int bytes) {
  std::string out;
  out.reserve(static_cast<size_t>(bytes) * 2);
  append_hex(out, bytes);
  return out;
}

void append_trace_id(std::string& out, int64_t epoch_s) {
  out += "Root=1-";
  for (int shift = 28; shift >= 0; shift -= 4) out += kHex[(epoch_s >> shift) & 15];
  out += '-';
  append_hex(out, 12);
}

std::string new_trace_id(int64_t epoch_s) {
  std::string out;
  append_trace_id(out, epoch_s);
  return out;
}

}  // namespace kiln
