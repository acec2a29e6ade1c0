// Functions and lines for addresses in programs, by addr2line of binutils: the program's symbols
// are not this process's to parse. Debug files that were handed over are kept by build id.
//
// Not thread-safe: one thread. Cost: a process of some ten milliseconds for addresses that weren't
// asked for lately; of those up to 4,096 places are remembered.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace kiln::engine {

struct SourcePlace {
  std::string mangled;   // name of the function
  std::string function;  // readable
  std::string place;     // "/src/handler.cc:12"; empty: not known
};

class Symbolizer {
 public:
  // `folder`: where debug files are kept; made when the first comes.
  explicit Symbolizer(std::string folder) : folder_(std::move(folder)) {}

  // Keeps a copy of a debug file (or of a program with its symbols). Error: it isn't one, or has no
  // build id. Any thread.
  static Result<void> keep(const std::string& folder, const std::string& file);

  struct Patience {
    SteadyTime until;
    int stop = -1;  // a descriptor that is readable when nobody wants the answer any more
  };
  // For each address, which is one of the file: innermost first where calls were inlined; empty
  // where nothing is known. `file`: an open program or library; `beside`: one that may hold its
  // symbols, or -1. What isn't found in time is empty, and looked for again when it is asked for.
  std::vector<std::vector<SourcePlace>> places(int file, int beside,
                                               const std::vector<uint64_t>& addresses,
                                               const Patience& patience);

 private:
  using Key = std::pair<std::string, uint64_t>;  // identity of the file, address

  std::string folder_;
  std::map<Key, std::vector<SourcePlace>> known_;
};

// The output of `addr2line -a -f -i` for `count` addresses. Pure.
std::vector<std::vector<SourcePlace>> parse_addr2line(const std::string& output, size_t count);

}  // namespace kiln::engine
