// The engine's end of the direct channel (base/channel_frame.h): a function built on the SDK picks
// it when it finds it. One message out and one back for an invocation, without HTTP on the way.
//
// The other end is hostile: a frame that is malformed or too large ends the channel, and with it
// the sandbox. Threading: its loop only. Destroyed by its sandbox.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/channel_frame.h"
#include "base/unique_fd.h"
#include "net/io_loop.h"
#include "sandbox/runtime_port.h"

namespace kiln::sandbox {

class DirectChannel final : private EventSink {
 public:
  DirectChannel(UniqueFd socket, net::IoLoop& loop, RuntimePort& port);
  ~DirectChannel();

 private:
  struct State;
  void deliver(const Event& event) override;
  static void read(std::shared_ptr<State> state);
  void take_frames();
  bool take_frame(const FrameHeader& header, std::string_view meta, std::string&& body);
  void broken(const char* why);

  RuntimePort& port_;
  std::shared_ptr<State> state_;
};

}  // namespace kiln::sandbox
