// Which of the machine's interpreters runs a managed runtime: the one of the runtime's own version
// where there is one, from what the user named, PATH, pyenv, nvm, fnm, uv, mise, asdf or /opt; else
// the machine's own python3 or node, whatever its version.
//
// Thread-safe. The first question for a runtime looks at folders, and may ask interpreters for
// their versions (some 30 ms; a second for one that says nothing). The answer is kept for as long
// as the file is there: finding it costs two system calls, and waits for no look of another thread.
// A remark looks again where the runtime's own version was missing.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
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
    std::string system_root;                      // put before /usr, /opt …: for tests
    Duration patience = std::chrono::seconds(1);  // with a program that is asked for its version
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

  Interpreter find(const std::string& runtime) const;
  // All that can be found, each once: for `kiln doctor`.
  std::vector<Interpreter> all() const;

  // What a user should know of `runtime` on this machine; empty: it has its own version.
  std::string remark(const std::string& runtime) const;

  // "3.12=/opt/py312/bin/python3.12", as the options of `kiln serve` take it, into `named`.
  static Result<void> parse(std::string_view text, std::map<std::string, std::string>& named);

 private:
  // Looks, and keeps what it finds.
  Interpreter look_again(const std::string& runtime) const KILN_REQUIRES(looking_);
  Interpreter look(const std::string& runtime) const KILN_REQUIRES(looking_);
  std::string version_of(const std::string& program) const KILN_REQUIRES(looking_);
  std::optional<Interpreter> known(const std::string& runtime) const;

  Options options_;
  mutable Mutex looking_;  // held while folders are looked at and programs asked: before mutex_
  mutable Mutex mutex_;    // held for no longer than a copy takes
  mutable std::map<std::string, Interpreter> known_ KILN_GUARDED_BY(mutex_);  // by runtime
  // What programs said, by path and the time of the file.
  mutable std::map<std::pair<std::string, std::filesystem::file_time_type>, std::string> said_
      KILN_GUARDED_BY(looking_);
};

// Those of this machine, by this process's environment. Looked for when first asked.
const Interpreters& machine_interpreters();

}  // namespace kiln
