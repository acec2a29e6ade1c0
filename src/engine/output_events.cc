#include "engine/output_events.h"

#include <algorithm>
#include <iterator>

namespace kiln::engine {
namespace {

constexpr char kMagic[] = {'\xa5', '\x5a', '\0'};

uint32_t big_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

}  // namespace

std::string_view OutputEvents::take(std::string_view bytes) {
  if (in_frame_) return take_frame(bytes);
  if (text_.empty() && frames_ == OutputFrames::kYes && bytes.front() == kMagic[0]) {
    in_frame_ = true;
    left_ = 0;
    return take_frame(bytes);
  }
  return take_line(bytes);
}

std::string_view OutputEvents::take_line(std::string_view bytes) {
  const size_t newline = std::min(bytes.find('\n'), bytes.size());
  const size_t length = std::min(newline, kMaxEvent - text_.size());
  text_.append(bytes.substr(0, length));
  bytes.remove_prefix(length);
  const bool complete = !bytes.empty() && bytes.front() == '\n';
  if (complete) bytes.remove_prefix(1);
  ready_ = complete || text_.size() >= kMaxEvent;
  return bytes;
}

std::string_view OutputEvents::take_frame(std::string_view bytes) {
  if (left_ == 0) {  // in the header
    while (!bytes.empty() && text_.size() < std::size(kMagic)) {
      if (bytes.front() != kMagic[text_.size()]) {
        in_frame_ = false;  // a line that begins with that byte
        return bytes;
      }
      text_ += bytes.front();
      bytes.remove_prefix(1);
    }
    const size_t wanted = std::min(bytes.size(), kHeader - text_.size());
    text_.append(bytes.substr(0, wanted));
    bytes.remove_prefix(wanted);
    if (text_.size() < kHeader) return bytes;
    left_ = big_endian(std::string_view(text_).substr(4, 4));
    text_.clear();
    in_frame_ = left_ > 0;
    return bytes;
  }
  const size_t length = std::min({bytes.size(), left_, kMaxEvent - text_.size()});
  text_.append(bytes.substr(0, length));
  bytes.remove_prefix(length);
  left_ -= length;
  if (left_ == 0) in_frame_ = false;
  ready_ = left_ == 0 || text_.size() >= kMaxEvent;
  return bytes;
}

}  // namespace kiln::engine
