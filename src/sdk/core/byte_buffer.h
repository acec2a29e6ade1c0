// ByteBuffer: bytes that arrive from a socket. Unlike std::string it does not fill the room that
// read(2) is about to fill, and it gives a large event's memory back.
//
// Threading: one thread. Ownership: its memory; views end when it grows or is cleared. Throws
// std::bad_alloc.
#pragma once

#include <cstdlib>
#include <new>
#include <span>
#include <string_view>

namespace kiln::sdk {

class ByteBuffer {
 public:
  ByteBuffer() = default;
  ByteBuffer(const ByteBuffer&) = delete;
  ByteBuffer& operator=(const ByteBuffer&) = delete;
  ~ByteBuffer() { std::free(data_); }

  // Room for at least `size` more bytes, behind those that are there.
  std::span<char> room(size_t size) {
    if (capacity_ - size_ < size) {
      const size_t wanted = size_ + size > 2 * capacity_ ? size_ + size : 2 * capacity_;
      void* grown = std::realloc(data_, wanted);
      if (!grown) throw std::bad_alloc();
      data_ = static_cast<char*>(grown);
      capacity_ = wanted;
    }
    return {data_ + size_, capacity_ - size_};
  }
  // The first `size` bytes of the room are filled now.
  void filled(size_t size) { size_ += size; }

  void clear() {
    size_ = 0;
    if (capacity_ > kKept) {
      std::free(data_);
      data_ = nullptr;
      capacity_ = 0;
    }
  }

  size_t size() const { return size_; }
  std::span<char> bytes() { return {data_, size_}; }
  std::string_view view() const { return {data_, size_}; }

 private:
  static constexpr size_t kKept = 64 * 1024;

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace kiln::sdk
