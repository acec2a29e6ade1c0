#include "value_counts.h"

#include <algorithm>
#include <cstring>

#include "sdk/core/random_bits.h"

namespace optimized_imports {
namespace {

constexpr int kFirstShift = 32 - 5;  // 32 slots
constexpr int kLargeShift = 32 - 13;
constexpr uint32_t kMaxCount = ~uint32_t{0};

// Of this process, so that nobody can choose texts that all fall into one place.
uint64_t seed() {
  static const uint64_t value = kiln::sdk::random_bits() | 1;
  return value;
}

uint64_t mix(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

ValueCounts::ValueCounts(std::string_view event) : event_(event) {}

uint32_t ValueCounts::hash(std::string_view text) {
  uint64_t state = seed() ^ text.size() * 0x9E3779B97F4A7C15;
  const char* at = text.data();
  size_t left = text.size();
  for (; left > 8; left -= 8, at += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    state = mix(state ^ word, 0xA0761D6478BD642F);
  }
  uint64_t last = 0;
  if (left == 8) {
    std::memcpy(&last, at, 8);
  } else if (left >= 4) {  // two words that overlap
    uint32_t low, high;
    std::memcpy(&low, at, 4);
    std::memcpy(&high, at + left - 4, 4);
    last = static_cast<uint64_t>(high) << 32 | low;
  } else {
    for (size_t i = 0; i < left; ++i) last = last << 8 | static_cast<unsigned char>(at[i]);
  }
  return static_cast<uint32_t>(mix(state ^ last, 0xE7037ED1A0B428DB ^ seed()) >> 32);
}

std::string_view ValueCounts::text_of(Text text, std::string& scratch) const {
  const char* const start = event_.data() + text.offset;
  if (text.escapes == 0) {
    const auto* end = static_cast<const char*>(::rawmemchr(start, '"'));
    return {start, static_cast<size_t>(end - start)};
  }
  const char* end = start;
  for (; *end != '"'; ++end) {
    if (*end == '\\') ++end;
  }
  kiln::sdk::JsonReader::unescape({start, static_cast<size_t>(end - start)}, scratch);
  return scratch;
}

bool ValueCounts::holds(Text entry, std::string_view text) const {
  if (entry.escapes == 0) {
    // A text with a quote in it came from escapes and is no other text's beginning.
    const char* const start = event_.data() + entry.offset;
    return text.size() < event_.size() - entry.offset && start[text.size()] == '"' &&
           std::memcmp(start, text.data(), text.size()) == 0 &&
           text.find('"') == std::string_view::npos;
  }
  std::string scratch;
  return text_of(entry, scratch) == text;
}

void ValueCounts::add(RawString raw) {
  std::string_view text = raw.text;
  if (raw.escapes == kiln::sdk::JsonReader::Escapes::kSome) {
    kiln::sdk::JsonReader::unescape(raw.text, scratch_);
    text = scratch_;
  }
  const uint32_t hashed = hash(text);
  if (!slots_.empty()) __builtin_prefetch(&slots_[first_place(hashed)], 1);
  if (added_ - counted_ == kWaiting) count_now(waiting_[counted_++ % kWaiting]);
  waiting_[added_++ % kWaiting] = {raw, hashed};
}

void ValueCounts::finish() {
  while (counted_ != added_) count_now(waiting_[counted_++ % kWaiting]);
}

void ValueCounts::count_now(const Waiting& waiting) {
  if (texts_.size() >= slots_.size() / 8 * 5) grow();
  const auto& [raw, hashed] = waiting;
  std::string_view text = raw.text;
  const bool escapes = raw.escapes == kiln::sdk::JsonReader::Escapes::kSome;
  if (escapes) {
    kiln::sdk::JsonReader::unescape(raw.text, scratch_);
    text = scratch_;
  }
  Slot& slot = slots_[place_of(text, hashed)];
  if (slot.text == 0) {
    const auto offset = static_cast<size_t>(raw.text.data() - event_.data());
    texts_.push_back({.offset = static_cast<uint32_t>(offset & (kMaxEvent - 1)),
                      .escapes = escapes,
                      .count = 1});
    slot = {hashed, static_cast<uint32_t>(texts_.size())};
    return;
  }
  uint32_t& count = texts_[slot.text - 1].count;
  if (count < kMaxCount) ++count;
}

size_t ValueCounts::place_of(std::string_view text, uint32_t hashed) const {
  const size_t mask = slots_.size() - 1;
  size_t at = first_place(hashed);
  while (slots_[at].text != 0 &&
         !(slots_[at].hashed == hashed && holds(texts_[slots_[at].text - 1], text))) {
    at = (at + 1) & mask;
  }
  return at;
}

uint64_t ValueCounts::count(std::string_view text) const {
  if (slots_.empty()) return 0;
  const Slot slot = slots_[place_of(text, hash(text))];
  return slot.text == 0 ? 0 : texts_[slot.text - 1].count;
}

// The first slots, or four times as many, as each growth places all texts anew; twice as many where
// these take memory.
void ValueCounts::grow() {
  shift_ = slots_.empty() ? kFirstShift : shift_ - (shift_ > kLargeShift ? 2 : 1);
  std::vector<Slot> old(size_t{1} << (32 - shift_));
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot slot : old) {
    if (slot.text == 0) continue;
    size_t at = first_place(slot.hashed);
    while (slots_[at].text != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

ValueCounts::Frequent ValueCounts::most_frequent() const {
  Frequent best;
  std::string scratch;
  for (const Text entry : texts_) {
    if (entry.count < best.count) continue;
    const std::string_view text = text_of(entry, scratch);
    if (entry.count > best.count || text < best.text) best.text.assign(text);
    best.count = entry.count;
  }
  return best;
}

}  // namespace optimized_imports
