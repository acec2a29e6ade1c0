#include "value_counts.h"

#include <cstring>

#include "sdk/random_bits.h"

namespace optimized_imports {
namespace {

constexpr size_t kFirstSlots = 16;
constexpr size_t kAhead = 16;
constexpr uint64_t kMaxCount = (uint64_t{1} << 28) - 1;

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

// The bits of a hash that no place is made of.
uint64_t tag_of(uint64_t hashed) { return hashed >> 59; }

}  // namespace

ValueCounts::ValueCounts(std::string_view event) : event_(event) {}

uint64_t ValueCounts::hash(std::string_view text) {
  uint64_t state = seed() ^ text.size() * 0x9E3779B97F4A7C15;
  const char* at = text.data();
  size_t left = text.size();
  for (; left > 8; left -= 8, at += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    state = mix(state ^ word, 0xA0761D6478BD642F);
  }
  uint64_t last = 0;
  if (left > 0) std::memcpy(&last, at, left);
  return mix(state ^ last, 0xE7037ED1A0B428DB ^ seed());
}

std::string_view ValueCounts::text_of(Slot slot, std::string& scratch) const {
  const char* const start = event_.data() + slot.offset;
  if (slot.escapes == 0) {
    const auto* end = static_cast<const char*>(::rawmemchr(start, '"'));
    return {start, static_cast<size_t>(end - start)};
  }
  const char* end = start;
  for (; *end != '"'; ++end) {
    if (*end == '\\') ++end;
  }
  JsonReader::unescape({start, static_cast<size_t>(end - start)}, scratch);
  return scratch;
}

bool ValueCounts::holds(Slot slot, std::string_view text) const {
  if (slot.escapes == 0) {
    // A text with a quote in it came from escapes and is no other text's beginning.
    const char* const start = event_.data() + slot.offset;
    return text.size() < event_.size() - slot.offset && start[text.size()] == '"' &&
           std::memcmp(start, text.data(), text.size()) == 0 &&
           text.find('"') == std::string_view::npos;
  }
  std::string scratch;
  return text_of(slot, scratch) == text;
}

void ValueCounts::add(JsonReader::RawString raw) {
  std::string_view text = raw.text;
  if (raw.escapes == JsonReader::Escapes::kSome) {
    JsonReader::unescape(raw.text, scratch_);
    text = scratch_;
  }
  const uint64_t hashed = hash(text);
  if (!slots_.empty()) __builtin_prefetch(&slots_[hashed & (slots_.size() - 1)]);
  if (added_ - counted_ == kWaiting) count_now(waiting_[counted_++ % kWaiting]);
  waiting_[added_++ % kWaiting] = {raw, hashed};
}

void ValueCounts::finish() {
  while (counted_ != added_) count_now(waiting_[counted_++ % kWaiting]);
}

void ValueCounts::count_now(const Waiting& waiting) {
  if (size_ >= slots_.size() / 4 * 3) grow();
  const auto& [raw, hashed] = waiting;
  std::string_view text = raw.text;
  if (raw.escapes == JsonReader::Escapes::kSome) {
    JsonReader::unescape(raw.text, scratch_);
    text = scratch_;
  }
  Slot& slot = slots_[place_of(text, hashed)];
  if (slot.count == 0) {
    slot.offset = static_cast<uint64_t>(raw.text.data() - event_.data()) & (kMaxEvent - 1);
    slot.escapes = raw.escapes == JsonReader::Escapes::kSome;
    slot.tag = tag_of(hashed) & 31;
    ++size_;
  }
  if (slot.count < kMaxCount) ++slot.count;
}

size_t ValueCounts::place_of(std::string_view text, uint64_t hashed) const {
  const size_t mask = slots_.size() - 1;
  size_t at = hashed & mask;
  while (slots_[at].count != 0 && !(slots_[at].tag == tag_of(hashed) && holds(slots_[at], text))) {
    at = (at + 1) & mask;
  }
  return at;
}

uint64_t ValueCounts::count(std::string_view text) const {
  return slots_.empty() ? 0 : slots_[place_of(text, hash(text))].count;
}

void ValueCounts::grow() {
  std::vector<Slot> old(slots_.empty() ? kFirstSlots : slots_.size() * 2);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  std::string scratch;
  for (size_t i = 0; i < old.size(); ++i) {
    // The texts lie anywhere in the event: fetch some ahead.
    if (i + kAhead < old.size()) __builtin_prefetch(event_.data() + old[i + kAhead].offset);
    const Slot slot = old[i];
    if (slot.count == 0) continue;
    size_t at = hash(text_of(slot, scratch)) & mask;
    while (slots_[at].count != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

ValueCounts::Frequent ValueCounts::most_frequent() const {
  Frequent best;
  std::string scratch;
  for (const Slot slot : slots_) {
    if (slot.count == 0 || slot.count < best.count) continue;
    const std::string_view text = text_of(slot, scratch);
    if (slot.count > best.count || text < best.text) best.text.assign(text);
    best.count = slot.count;
  }
  return best;
}

}  // namespace optimized_imports
