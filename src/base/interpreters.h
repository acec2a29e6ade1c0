// Which of the machine's interpreters runs a managed runtime: the one of the runtime's own version
// where there is one, from what the user named, PATH, pyenv, nvm, fnm, uv, mise, asdf or /opt; else
// the machine's own python3 or node, whatever its version.
//
// Thread-safe. `find` is for threads that may wait: it looks at folders, asks interpreters for
// their versions (some 30 ms; ten seconds for one that says nothing), and waits for the look of
// another thread. What a look finds is kept for as long as the file is there, and costs two system
// calls. `at_hand` is for event loops: it waits for no look and starts no process. Where nothing is
// known it goes by the names of files (0.3 to 3 ms), until a look knows better.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"

namespace kiln {

struct Interpreter {
  std::string path;     // outside; of what should be there where there is none
  std::string prefix;   // the folder to be seen at /var/lang; empty: sandboxes see it where it is
  std::string version;  // "3.12.4"; empty: not known
  bool found = false;
  bool exact = false;  // of the runtime's own version
  bool named = false;  // by the user, whatever its version

  // Its path in a sandbox that sees `prefix` at /var/lang.
  std::string path_inside() const;
};

// The part of a version that a runtime fixes: "3.12" of "python3.12", "22" of "nodejs22.x"; empty:
// no runtime that needs an interpreter.
std::string wanted_version(std::string_view runtime);

class Interpreters {
 public:
  struct Options {
    std::map<std::string, std::string> python;  // "3.12" → program or the folder above its bin
    std::map<std::string, std::string> node;    // "22" → the same
    std::string path;                           // PATH
    std::string home;                           // where pyenv, nvm and others keep theirs
    // Of PYENV_ROOT and NVM_DIR, where they are set.
    std::string pyenv_root, nvm_dir;
    std::string system_root;                         // put before /usr, /opt …: for tests
    Duration patience = std::chrono::seconds(10);    // with a program that is asked for its version
    Duration ask_again = std::chrono::minutes(1);    // one that said nothing in that time
    Duration guess_again = std::chrono::seconds(5);  // where no file had a fitting name
  };
  // With what KILN_PYTHON and KILN_NODE name ("3.12=/opt/py312 3.13=…").
  static Options from_environment();
  static constexpr const char* kPythonVariable = "KILN_PYTHON";
  static constexpr const char* kNodeVariable = "KILN_NODE";
  static constexpr const char* kStrictVariable = "KILN_STRICT_RUNTIMES";
  // Whether functions whose runtime's own version isn't there are refused.
  static bool strict();

  Interpreters() : Interpreters(from_environment()) {}
  explicit Interpreters(Options options) : options_(std::move(options)) {}

  // For threads that may wait. A stop ends the program that is being asked; what it would have said
  // is not known then.
  Interpreter find(const std::string& runtime, const std::stop_token& stop = {}) const;
  // For event loops: what is known, else what the names of files say.
  Interpreter at_hand(const std::string& runtime) const;
  // Whether a look has found one: `at_hand` need not guess.
  bool knows(const std::string& runtime) const;
  // Looks where `at_hand` has guessed, nothing was found, or a program was cut short. For threads
  // that may wait.
  void settle(const std::stop_token& stop = {}) const;
  // All that can be found, each once: for `kiln doctor`.
  std::vector<Interpreter> all() const;

  // What a user should know of `runtime` on this machine; empty: it has its own version. Looks
  // again where that was missing, so it is for threads that may wait.
  std::string remark(const std::string& runtime, const std::stop_token& stop = {}) const;

  // "3.12=/opt/py312/bin/python3.12", as the options of `kiln serve` take it, into `named`.
  static Result<void> parse(std::string_view text, std::map<std::string, std::string>& named);

 private:
  struct Known {
    Interpreter one;
    bool looked = false;                 // else guessed
    SteadyTime since{};                  // when
    SteadyTime due = SteadyTime::max();  // when `find` looks again: a program was cut short
  };
  struct Said {
    std::string version;                   // empty: it says none
    SteadyTime until = SteadyTime::max();  // when it is asked again: it was cut short
  };
  // Looks, and keeps what it finds.
  Interpreter look_again(const std::string& runtime, const std::stop_token& stop) const
      KILN_REQUIRES(looking_);
  Known look(const std::string& runtime, const std::stop_token& stop) const KILN_REQUIRES(looking_);
  Said version_of(const std::string& program, const std::stop_token& stop) const
      KILN_REQUIRES(looking_);
  Interpreter guess(const std::string& runtime) const;
  std::optional<Known> known(const std::string& runtime) const;
  std::optional<Interpreter> looked_for(const std::string& runtime) const;

  Options options_;
  mutable Mutex looking_;  // held while folders are looked at and programs asked: before mutex_
  mutable Mutex mutex_;    // held for no longer than a copy takes
  mutable std::map<std::string, Known> known_ KILN_GUARDED_BY(mutex_);  // by runtime
  // What programs said, by path and the time of the file.
  mutable std::map<std::pair<std::string, std::filesystem::file_time_type>, Said> said_
      KILN_GUARDED_BY(looking_);
};

// Those of this machine, by this process's environment. Looked for when first asked.
const Interpreters& machine_interpreters();

}  // namespace kiln
