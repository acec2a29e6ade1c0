// Tells functions where their addresses are in the source: for stack traces, crash reports and the
// memory profiler of the SDK, whose packages carry no symbols. An abstract socket, since all
// sandboxes share the machine's network; who asks is known by the process that connects, and only
// its own files are looked at.
//
// A question is lines PATH \t ADDRESS (of the file, hexadecimal), then an empty line; the answer
// has lines INDEX \t MANGLED \t READABLE \t FILE:LINE, several for inlined calls, none where
// nothing is known. The question "core" makes a core file and answers with its path.
//
// One thread hears all clients at once and answers one after the other: first whose function has
// had no answer for longest. Question and answer have a time each, however they come. A function
// has a few clients at most, of more the newest is sent away; all together have some dozens, and
// more wait to be accepted.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/core_file.h"
#include "engine/symbolizer.h"

namespace kiln::engine {

class SymbolServer {
 public:
  struct Limits {
    size_t clients = 64;
    size_t clients_of_one = 4;
    Duration question = std::chrono::seconds(2);        // from the connection to its last byte
    Duration search = std::chrono::milliseconds(2500);  // for one question
    Duration answer = std::chrono::seconds(2);          // until the client has taken it
    Duration core = std::chrono::seconds(60);
  };
  // `data_dir`: symbols/ and cores/ are made in it when there is something to keep.
  explicit SymbolServer(std::string data_dir) : SymbolServer(std::move(data_dir), Limits()) {}
  SymbolServer(std::string data_dir, const Limits& limits);
  ~SymbolServer();

  // Error: no socket. Functions then have addresses only.
  Result<void> start();
  // What functions connect to; empty before start().
  const std::string& name() const { return name_; }
  std::string symbols_folder() const { return data_dir_ + "/symbols"; }

 private:
  struct Client;
  using Clients = std::list<Client>;

  void serve();
  void turn();
  void take_clients();
  void hear(Client& client);
  void answer_one();
  void follow_core();
  void give(Client& client, std::string answer);
  void send(Client& client);
  // When something is next too late; max(): nothing.
  SteadyTime drop_late(SteadyTime now);

  const std::string data_dir_;
  const Limits limits_;
  std::string name_;
  Symbolizer symbolizer_;
  UniqueFd listener_, wake_;
  Clients clients_;
  std::map<uint64_t, SteadyTime> answered_;  // by Client::asker, lately
  std::optional<CoreFile> core_;             // one at a time
  Client* core_for_ = nullptr;
  SteadyTime accept_at_{};  // there were no descriptors
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace kiln::engine
