// Tells functions where their addresses are in the source: for stack traces, crash reports and the
// memory profiler of the SDK, whose packages carry no symbols. An abstract socket, since all
// sandboxes share the machine's network; who asks is known by the process that connects, and only
// its own files are looked at.
//
// A question is lines PATH \t ADDRESS (of the file, hexadecimal), then an empty line; the answer
// has lines INDEX \t MANGLED \t READABLE \t FILE:LINE, several for inlined calls, none where
// nothing is known. The question "core" makes a core file and answers with its path.
//
// One thread, one question after the other, each within seconds.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/symbolizer.h"

namespace kiln::engine {

class SymbolServer {
 public:
  // `data_dir`: symbols/ and cores/ are made in it when there is something to keep.
  explicit SymbolServer(std::string data_dir);
  ~SymbolServer();

  // Error: no socket. Functions then have addresses only.
  Result<void> start();
  // What functions connect to; empty before start().
  const std::string& name() const { return name_; }
  std::string symbols_folder() const { return data_dir_ + "/symbols"; }

 private:
  void serve();
  void answer(int client);

  std::string data_dir_;
  std::string name_;
  Symbolizer symbolizer_;
  UniqueFd listener_, wake_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace kiln::engine
