// The direct channel between the engine and a function built on the SDK: frames over an inherited
// SOCK_STREAM unix socket, whose number stands in KILN_CHANNEL_FD. One message in, one message out,
// per invocation.
//
//   function → engine   kReady                          initialised; waits for the first event
//   engine → function   kEvent   meta, payload          one invocation
//   function → engine   kResult  meta, payload          its answer; also means: waits for the next
//   event
//                       kError   meta, error document   the same, failed
//                       kInitError meta, error document initialisation failed; the process ends
//                       next
//
// A frame is a FrameHeader, then meta_size bytes of meta, then body_size bytes of body. Both ends
// run on one machine: numbers are little-endian as in memory.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace kiln {

enum class FrameType : uint32_t {
  kReady = 1,
  kEvent = 2,
  kResult = 3,
  kError = 4,
  kInitError = 5,
  kRing = 6,  // engine → function, see base/channel_ring.h
};

struct FrameHeader {
  FrameType type;
  uint32_t meta_size;
  uint64_t body_size;
};
static_assert(sizeof(FrameHeader) == 16);

inline constexpr uint32_t kMaxFrameMeta = 64 * 1024;
inline constexpr const char* kChannelFdVariable = "KILN_CHANNEL_FD";

// Meta is a list of strings, each with its size before it.
//   kEvent:  request id, deadline (epoch ms, decimal), invoked function ARN, trace id, client
//   context, cognito identity kResult: request id kError, kInitError: request id (empty for
//   kInitError), error type
class MetaWriter {
 public:
  explicit MetaWriter(std::string& out) : out_(out) {}
  MetaWriter& add(std::string_view value) {
    const auto size = static_cast<uint32_t>(value.size());
    out_.append(reinterpret_cast<const char*>(&size), sizeof size);
    out_.append(value);
    return *this;
  }

 private:
  std::string& out_;
};

class MetaReader {
 public:
  explicit MetaReader(std::string_view meta) : rest_(meta) {}
  // nullopt: the meta ends early.
  std::optional<std::string_view> next() {
    uint32_t size = 0;
    if (rest_.size() < sizeof size) return std::nullopt;
    std::memcpy(&size, rest_.data(), sizeof size);
    rest_.remove_prefix(sizeof size);
    if (rest_.size() < size) return std::nullopt;
    const auto value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return value;
  }

 private:
  std::string_view rest_;
};

}  // namespace kiln
