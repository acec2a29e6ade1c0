// ValueCounts: how often each text of a column occurs. The texts stay in the event; what is kept
// for each different one are eight bytes and two to three places of eight in a table (up to six of
// a few thousand), so that a million of them take no more room than the event did.
//
//   ValueCounts counts(event);
//   while (…) counts.add(reader.raw_string());
//   counts.finish();
//   counts.size(), counts.most_frequent()
//
// "A" and "\u0041" are one text. Threading: one thread. Ownership: refers to the event. Cost: 10 to
// 60 ns for a text, growing with the number of different ones; most of it is waiting for memory,
// so a text is counted some texts later, when its place has been fetched.
//
// The table is ordered by hash, so that it grows in one pass from front to back; the texts are in
// the order in which they first came, so that looking at all of them goes through the event from
// front to back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/core/json_reader.h"

namespace optimized_imports {

class ValueCounts {
 public:
  using RawString = kiln::sdk::JsonReader::RawString;

  static constexpr size_t kMaxEvent = size_t{1} << 30;  // bytes

  // REQUIRES: the event is not longer than kMaxEvent.
  explicit ValueCounts(std::string_view event);

  // REQUIRES: raw.text lies in the event.
  void add(RawString raw);
  void finish();  // counts what still waits

  // REQUIRES for all below: finish() after the last add().
  size_t size() const { return texts_.size(); }  // different texts
  uint64_t count(std::string_view text) const;
  struct Frequent {
    std::string text;
    uint64_t count = 0;
  };
  // Of those that occur equally often the smallest, byte by byte; count 0 when there are no texts.
  Frequent most_frequent() const;

 private:
  struct Text {
    uint32_t offset : 30;  // of the raw text in the event
    uint32_t escapes : 1;
    uint32_t : 1;
    uint32_t count;
  };
  static_assert(sizeof(Text) == 8);
  struct Slot {
    uint32_t hashed;  // its first bits are the place, or that of a slot shortly before
    uint32_t text;    // its number from 1; 0: the slot is free
  };
  static_assert(sizeof(Slot) == 8);
  struct Waiting {
    RawString raw{};
    uint32_t hashed = 0;
  };
  static constexpr size_t kWaiting = 16;

  static uint32_t hash(std::string_view text);
  void count_now(const Waiting& waiting);
  // The text of an entry; `scratch` holds it when it has escapes.
  std::string_view text_of(Text text, std::string& scratch) const;
  bool holds(Text entry, std::string_view text) const;
  // Where `text` is, or the free slot for it. REQUIRES: there are slots.
  size_t place_of(std::string_view text, uint32_t hashed) const;
  size_t first_place(uint32_t hashed) const { return hashed >> shift_; }
  void grow();

  const std::string_view event_;
  std::vector<Slot> slots_;  // 2^(32 - shift_) of them, or none
  int shift_ = 0;
  std::deque<Text> texts_;
  std::array<Waiting, kWaiting> waiting_;
  size_t added_ = 0;    // to waiting_, which is a ring
  size_t counted_ = 0;  // from it
  std::string scratch_;
};

}  // namespace optimized_imports
