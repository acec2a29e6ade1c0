// TextTail: writes behind a string's end through a pointer, so that a short piece costs its bytes
// and no call.
//
//   TextTail tail(out);
//   tail.add('[');
//   tail.filled(put_digits(tail.room(20), value));
//   tail.add(']');
//   tail.end();
//
// The string is longer than what was written until end(), or the destructor, cuts it off.
//
// Threading: one thread. Ownership: refers to the string, which nobody else uses meanwhile. Cost:
// each byte is written twice, the first time many at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace kiln::sdk {

class TextTail {
 public:
  explicit TextTail(std::string& out)
      : out_(out), at_(out.data() + out.size()), end_(at_), before_(out.size()) {}
  TextTail(const TextTail&) = delete;
  TextTail& operator=(const TextTail&) = delete;
  ~TextTail() { end(); }

  // Where `size` bytes may be written; ends with the next call but filled().
  char* room(size_t size) {
    if (static_cast<size_t>(end_ - at_) < size) grow(size);
    return at_;
  }
  // What was written ends there.
  void filled(char* to) { at_ = to; }

  void add(char c) {
    *room(1) = c;
    ++at_;
  }
  void add(std::string_view text) {
    char* const to = room(text.size());
    // Most pieces are short: two loads and stores, which overlap, rather than a call.
    copy(to, text.data(), text.size());
    at_ = to + text.size();
  }
  // Takes away what was written behind the first `size` bytes of the string.
  void cut(size_t size) { at_ = out_.data() + size; }

  size_t size() const { return static_cast<size_t>(at_ - out_.data()); }
  bool any() const { return size() != before_; }  // whether something was written
  char last() const { return at_[-1]; }           // REQUIRES: any()

  void end() {
    if (at_ != end_) out_.resize(size());
    end_ = at_;
  }

 private:
  static constexpr size_t kMostAhead = 4096;

  static void copy(char* to, const char* from, size_t size) {
    if (size > 16) {
      std::memcpy(to, from, size);
    } else if (size >= 8) {
      copy_ends<8>(to, from, size);
    } else if (size >= 4) {
      copy_ends<4>(to, from, size);
    } else if (size >= 2) {
      copy_ends<2>(to, from, size);
    } else if (size == 1) {
      *to = *from;
    }
  }
  template <size_t kWord>
  static void copy_ends(char* to, const char* from, size_t size) {
    char first[kWord], last[kWord];
    std::memcpy(first, from, kWord);
    std::memcpy(last, from + size - kWord, kWord);
    std::memcpy(to, first, kWord);
    std::memcpy(to + size - kWord, last, kWord);
  }

  void grow(size_t size) {
    const size_t used = this->size();
    const size_t least = used + size;
    if (least > out_.capacity()) out_.reserve(std::max(least, 2 * out_.capacity()));
    out_.resize(std::min(out_.capacity(), std::max(least, used + std::min(used, kMostAhead))));
    at_ = out_.data() + used;
    end_ = out_.data() + out_.size();
  }

  std::string& out_;
  char* at_;
  char* end_;
  const size_t before_;
};

}  // namespace kiln::sdk
