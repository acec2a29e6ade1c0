// ValueCounts: how often each text of a column occurs. The texts stay in the event; what is kept
// for each different one are eight bytes, so that a million of them take no more room than the
// event did.
//
//   ValueCounts counts(event);
//   while (…) counts.add(reader.raw_string());
//   counts.finish();
//   counts.size(), counts.most_frequent()
//
// "A" and "\u0041" are one text. Threading: one thread. Ownership: refers to the event. Cost: 20 to
// 150 ns for a text, growing with the number of different ones; most of it is waiting for memory,
// so a text is counted some texts later, when its place has been fetched.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json_reader.h"

namespace optimized_imports {

class ValueCounts {
 public:
  static constexpr size_t kMaxEvent = size_t{1} << 30;  // bytes

  // REQUIRES: the event is not longer than kMaxEvent.
  explicit ValueCounts(std::string_view event);

  // REQUIRES: raw.text lies in the event.
  void add(JsonReader::RawString raw);
  void finish();  // counts what still waits

  // REQUIRES for all below: finish() after the last add().
  size_t size() const { return size_; }  // different texts
  uint64_t count(std::string_view text) const;
  struct Frequent {
    std::string text;
    uint64_t count = 0;
  };
  // Of those that occur equally often the smallest, byte by byte; count 0 when there are no texts.
  Frequent most_frequent() const;

 private:
  struct Slot {
    uint64_t offset : 30;  // of the raw text in the event
    uint64_t escapes : 1;
    uint64_t tag : 5;     // of the hash
    uint64_t count : 28;  // 0: the slot is free
  };
  static_assert(sizeof(Slot) == 8);

  struct Waiting {
    JsonReader::RawString raw{};
    uint64_t hashed = 0;
  };
  static constexpr size_t kWaiting = 8;

  static uint64_t hash(std::string_view text);
  void count_now(const Waiting& waiting);
  // The text of a slot; `scratch` holds it when it has escapes.
  std::string_view text_of(Slot slot, std::string& scratch) const;
  bool holds(Slot slot, std::string_view text) const;
  // Where `text` is, or the free slot for it. REQUIRES: there are slots.
  size_t place_of(std::string_view text, uint64_t hashed) const;
  void grow();

  const std::string_view event_;
  std::vector<Slot> slots_;  // a power of two of them, or none
  size_t size_ = 0;
  std::array<Waiting, kWaiting> waiting_;
  size_t added_ = 0;    // to waiting_, which is a ring
  size_t counted_ = 0;  // from it
  std::string scratch_;
};

}  // namespace optimized_imports
