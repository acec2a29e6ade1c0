// ChannelTransport: Kiln's direct channel (base/channel_frame.h) over an inherited stream socket,
// or through the shared memory that the engine answers the first message with
// (base/channel_ring.h).
//
// A result and the wait for the next event are one message out and one in. The engine ends the
// environment by closing the channel between two events; the loop then shuts down as after SIGTERM.
//
// Threading: one thread. Ownership: takes the descriptor; events' views point into its buffer.
// Cost: two system calls per invocation for events up to 4 KiB; through memory one while the engine
// is busy.
#pragma once

#include <memory>
#include <string>

#include "base/channel_frame.h"
#include "base/unique_fd.h"
#include "sdk/core/byte_buffer.h"
#include "sdk/core/channel_memory.h"
#include "sdk/core/transport.h"

namespace kiln::sdk {

class ChannelTransport final : public Transport {
 public:
  explicit ChannelTransport(UniqueFd socket) : socket_(std::move(socket)) {}

  // The channel that KILN_CHANNEL_FD names, or null. The variable is removed and the descriptor
  // marked close-on-exec, so that programs which the function starts see nothing of it.
  static std::unique_ptr<ChannelTransport> from_environment();

  Next next(Event& event) override;
  Sent respond(std::string_view request_id, std::string_view payload) override;
  Sent fail(std::string_view request_id, const ErrorReport& report) override;
  // The channel carries whole answers: a streamed one is collected and sent at its end.
  Sent stream_begin(std::string_view request_id, std::string_view content_type) override;
  Sent stream_write(std::string_view bytes) override;
  Sent stream_end(const ErrorReport* failure) override;
  void fail_init(const ErrorReport& report) override;

 private:
  enum class Fill { kDone, kEnd, kLost };

  Sent send(FrameType type, std::string_view body);  // with meta_
  Sent send_frame(FrameType type, std::string_view body);
  // Waits for what the engine answers the first message with. Maps the memory when it is that.
  Fill first_answer();
  Next next_of_memory(Event& event);
  // Reads until the buffer holds `size` bytes.
  Fill fill(size_t size);
  bool parse_meta(std::string_view meta, Event& event);

  UniqueFd socket_;
  ChannelMemory memory_;
  bool ready_sent_ = false;
  std::string meta_;
  std::string stream_id_;
  std::string streamed_;
  ByteBuffer buffer_;
};

}  // namespace kiln::sdk
