// What goes over the launcher's sockets: one message with its descriptors, and the three kinds that
// the engine sends.
//
//   make    a blank: a sandbox with nothing of a function in it; answered with its pidfd
//   start   the order of a blank, which comes to it with the folders that it shall see as
//           descriptors of mounts; from the engine, or passed on by the launcher; no answer
//   join    a process that is to be in a group from now on; answered
//
// Everything here is made by this program and trusted: a malformed message is a bug.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/channel_frame.h"
#include "base/unique_fd.h"
#include "sandbox/launcher.h"

namespace kiln::sandbox {

constexpr size_t kMaxMessage = 128 * 1024;

struct Message {
  std::string data;
  std::vector<UniqueFd> fds;
  bool complete = true;  // false: this process had no descriptors left for what came with it
};

// False: the peer has gone (errno is 0), or an error that means the same.
bool receive_message(int socket, int flags, Message& out);
bool send_message(int socket, const void* data, size_t size, const std::vector<int>& fds,
                  int flags = 0);

std::string encode(const BlankRequest& request, const BlankFds& fds);
std::string encode(const StartOrder& order, bool control);

std::string encode_join(pid_t pid, bool cgroup_v2);

enum class MessageKind { kMake, kStart, kJoin };
MessageKind read_kind(MetaReader& in);

// Of a kMake, behind its kind: with what goes with the descriptors.
BlankRequest read_blank(MetaReader& in, BlankFds& fds);
// Of a kStart, behind its kind.
StartOrder read_order(MetaReader& in, bool& control);

// Of a kJoin, behind its kind.
pid_t read_join(MetaReader& in, bool& cgroup_v2);

// What stands before a start that comes to a blank: an error with the step that it ended, or
// where each of the mounts that come with it belongs.
struct OrderHead {
  int error = 0;
  std::string failed_step;
  std::vector<std::string> targets;
};
std::string encode(const OrderHead& head);
// Of a message that comes to a blank: its head, and the order behind it.
OrderHead read_order_behind_head(const Message& message, StartOrder& order, bool& control);

// What a first process says at its end (last_words.h): its number, an ExitStatus and, of
// kSetupFailed, the text of the step that failed, shortened to kMaxStep. One write, and system
// calls only.
constexpr size_t kMaxStep = 512;
constexpr size_t kMostStatus = sizeof(ExitStatus) + kMaxStep;
void send_status(const BlankFds& fds, const ExitStatus& status, std::string_view step);
// False: the text is no such message. Else it goes on behind the number.
bool take_number(std::string_view& text, uint64_t& number);
// Of what stands behind the number; nullopt: it is none. For `failed_at` see LastWords.
std::optional<ExitStatus> read_status(std::string_view text, std::string& failed_at);

}  // namespace kiln::sandbox
