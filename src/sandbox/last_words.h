// How the main process of a sandbox ended, as the sandbox's first process says it.
//
// Those that the launcher makes say it over one socket for all of a loop, so that none of them
// costs the engine a descriptor. Programs don't get that socket; where there are no namespaces, one
// could take it from its first process, and might as well end that. An environment that is forked
// of a template has a pipe of its own, since its first process comes of the template's program and
// could speak for others.
//
// Threading: its loop only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "base/unique_fd.h"
#include "net/io_loop.h"
#include "net/watch.h"
#include "sandbox/launcher.h"

namespace kiln::sandbox {

class WordsLine;

// Of one sandbox.
class LastWords {
 public:
  // By a pipe of its own.
  explicit LastWords(UniqueFd pipe) : pipe_(std::move(pipe)) {}
  ~LastWords();
  LastWords(const LastWords&) = delete;

  // What was said until now; null: nothing.
  const std::optional<ExitStatus>& read();
  // What stands before the reason of a program that was not started: "sandbox set-up: mounting /a
  // at /var/task: ", "exec: ".
  const std::string& failed_at() const { return failed_at_; }
  // Called by the loop once it has been said, also if it was before. REQUIRES: it has no pipe.
  void when_said(std::function<void()> told);

 private:
  friend class WordsLine;
  LastWords(std::weak_ptr<WordsLine> line, uint64_t number)
      : line_(std::move(line)), number_(number) {}

  UniqueFd pipe_;
  std::weak_ptr<WordsLine> line_;
  uint64_t number_ = 0;
  std::optional<ExitStatus> status_;
  std::string failed_at_;
  std::function<void()> told_;
};

// The socket for all. Owned by a shared_ptr.
class WordsLine : public std::enable_shared_from_this<WordsLine> {
 public:
  explicit WordsLine(net::IoLoop& loop) : loop_(loop) {}

  struct Speaker {
    std::shared_ptr<LastWords> words;
    int socket = -1;      // where its first process writes; stays the line's
    uint64_t number = 0;  // it says so, too
  };
  // Error: there are no descriptors left.
  Result<Speaker> add();

 private:
  friend class LastWords;
  Result<void> open();
  void take_all();
  void tell(LastWords& words);

  net::IoLoop& loop_;
  UniqueFd ours_, theirs_;
  std::optional<net::Watch> watch_;  // after the descriptors: it goes first
  uint64_t last_number_ = 0;
  std::unordered_map<uint64_t, LastWords*> speakers_;  // that may still say something
};

}  // namespace kiln::sandbox
