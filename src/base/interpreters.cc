#include "base/interpreters.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <stop_token>

#include "base/ascii.h"
#include "base/mutex.h"
#include "base/unique_fd.h"

extern char** environ;

namespace kiln {
namespace {

namespace fs = std::filesystem;

enum class Language { kPython, kNode, kNone };

Language language_of(std::string_view runtime) {
  if (runtime.starts_with("python")) return Language::kPython;
  if (runtime.starts_with("nodejs")) return Language::kNode;
  return Language::kNone;
}

bool is_program(const std::string& path) {
  std::error_code ec;
  return ::access(path.c_str(), X_OK) == 0 && fs::is_regular_file(path, ec);
}

// pyenv's and others' stand-ins are scripts that choose by the user's settings.
bool is_shim(const std::string& folder) {
  return folder.ends_with("/shims") || folder.find("/shims/") != std::string::npos;
}

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> out;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(by, at), text.size());
    if (end > at) out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

// The numbers of "v22.11.0" or "cpython-3.12.4-linux": 22,11,0 and 3,12,4.
std::vector<int> numbers_of(std::string_view text) {
  std::vector<int> out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] < '0' || text[i] > '9') {
      if (!out.empty() && text[i] != '.') break;
      ++i;
      continue;
    }
    int value = 0;
    for (; i < text.size() && ascii::is_digit(text[i]); ++i)
      value = std::min(value * 10 + (text[i] - '0'), 100'000);
    out.push_back(value);
  }
  return out;
}

std::string text_of(const std::vector<int>& numbers) {
  std::string out;
  for (const int n : numbers) out += (out.empty() ? "" : ".") + std::to_string(n);
  return out;
}

bool begins_with(const std::vector<int>& version, const std::vector<int>& wanted) {
  return version.size() >= wanted.size() &&
         std::equal(wanted.begin(), wanted.end(), version.begin());
}

// Starts `path --version` in a process group of its own, with its output into `out`. Returns what
// failed, as errno has it, or 0.
int start_asked(const std::string& path, int out, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, out, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  char flag[] = "--version";
  std::string program = path;
  char* argv[] = {program.data(), flag, nullptr};
  const int failed = ::posix_spawn(&pid, path.c_str(), &actions, &attributes, argv, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

// Reads what is there, and keeps the beginning. False: no more comes.
bool read_more(int fd, std::string& text) {
  char chunk[256];
  for (;;) {
    const ssize_t n = ::read(fd, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 && errno == EAGAIN;
    if (text.size() < 4096) text.append(chunk, static_cast<size_t>(n));
  }
}

enum class Cut { kNot, kTooLate, kStopped, kNoMeans };

struct Asked {
  std::string version;  // empty: it says none
  Cut cut = Cut::kNot;  // otherwise nothing is known of its version
};

// What `path --version` says: "3.11.2" of "Python 3.11.2". It has `patience` for that, and until
// `stop`. Then its process group is ended, whether it has ended itself or not.
Asked ask_version(const std::string& path, Duration patience, const std::stop_token& stop) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return {{}, Cut::kNoMeans};
  const UniqueFd in(pipe[0]);
  UniqueFd out(pipe[1]);
  ::fcntl(in.get(), F_SETFL, O_NONBLOCK);
  const UniqueFd stopped(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stopped) return {{}, Cut::kNoMeans};
  pid_t pid = -1;
  const int failed = start_asked(path, out.get(), pid);
  out = UniqueFd();
  if (failed != 0) {
    const bool can_never = failed == ENOEXEC || failed == ENOENT || failed == EACCES;
    return {{}, can_never ? Cut::kNot : Cut::kNoMeans};
  }
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const std::stop_callback on_stop(stop, [fd = stopped.get()] { (void)::eventfd_write(fd, 1); });
  const auto until = std::chrono::steady_clock::now() + patience;
  Cut cut = process ? Cut::kTooLate : Cut::kNoMeans;
  std::string text;
  pollfd all[] = {{process.get(), POLLIN, 0}, {in.get(), POLLIN, 0}, {stopped.get(), POLLIN, 0}};
  while (process) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    const int ready = ::poll(all, 3, static_cast<int>(std::max<int64_t>(0, left.count())));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) break;
    // What has ended has said all before.
    if (all[1].revents != 0 && !read_more(in.get(), text)) all[1].fd = -1;
    if (all[0].revents != 0) cut = Cut::kNot;
    if (all[2].revents != 0 && cut != Cut::kNot) cut = Cut::kStopped;
    if (cut != Cut::kTooLate) break;
  }
  // Until it is waited for, its number is nobody else's.
  ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (cut != Cut::kNot) return {{}, cut};
  const bool fine = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return {fine ? text_of(numbers_of(text)) : std::string(), Cut::kNot};
}

// Folders of which each holds one version: …/versions/3.12.4. A star stands for the version.
struct Shelf {
  std::string folder;
  std::string prefix;  // of the entries' names
  std::string bin;     // below an entry
};

class Search {
 public:
  Search(const Interpreters::Options& options, Language language)
      : options_(options), language_(language) {}

  // The programs that may be the wanted version, best first.
  std::vector<Interpreter> candidates(const std::vector<int>& wanted) const {
    std::vector<Interpreter> out;
    if (const auto named = named_programs().find(text_of(wanted));
        named != named_programs().end()) {
      out.push_back(at(program_in(named->second, wanted)));
      out.back().named = true;
    }
    for (const auto& folder : bin_folders())
      for (const auto& name : names(wanted))
        if (is_program(folder + "/" + name)) out.push_back(at(folder + "/" + name));
    for (const auto& shelf : shelves()) {
      std::vector<std::pair<std::vector<int>, Interpreter>> found;
      for (auto& one : on_shelf(shelf))
        if (const auto version = numbers_of(one.version); begins_with(version, wanted))
          found.emplace_back(version, std::move(one));
      std::sort(found.begin(), found.end(),
                [](const auto& a, const auto& b) { return a.first > b.first; });
      for (auto& [version, one] : found) out.push_back(std::move(one));
    }
    return out;
  }

  // The machine's own, whatever its version; not found: where it should be.
  Interpreter any() const {
    const std::string name = language_ == Language::kPython ? "python3" : "node";
    for (const char* folder : {"/usr/local/bin/", "/usr/bin/"})
      if (const std::string path = options_.system_root + folder + name; is_program(path))
        return at(path);
    for (const auto& folder : bin_folders())
      if (is_program(folder + "/" + name)) return at(folder + "/" + name);
    for (const auto& shelf : shelves())
      for (auto& one : on_shelf(shelf)) return one;
    Interpreter none;
    none.path = options_.system_root + "/usr/bin/" + name;
    return none;
  }

  std::vector<Interpreter> everything() const {
    std::vector<Interpreter> out;
    for (const auto& [version, path] : named_programs())
      out.push_back(at(program_in(path, numbers_of(version))));
    for (const auto& folder : bin_folders()) {
      std::error_code ec;
      for (const auto& entry : fs::directory_iterator(folder, ec))
        if (is_name(entry.path().filename()) && is_program(entry.path()))
          out.push_back(at(entry.path()));
    }
    for (const auto& shelf : shelves())
      for (auto& one : on_shelf(shelf)) out.push_back(std::move(one));
    return out;
  }

 private:
  const std::map<std::string, std::string>& named_programs() const {
    return language_ == Language::kPython ? options_.python : options_.node;
  }

  // Names that a program of that version may have in a bin folder.
  std::vector<std::string> names(const std::vector<int>& wanted) const {
    if (language_ == Language::kPython)
      return {"python" +
                  text_of({wanted.begin(), wanted.begin() + std::min<long>(2, std::ssize(wanted))}),
              "python3"};
    const std::string version = std::to_string(wanted.empty() ? 0 : wanted.front());
    return {"node" + version, "node-" + version, "node", "nodejs"};
  }

  // python3, python3.12, node, node22, node-22; not python3-config.
  bool is_name(const std::string& name) const {
    if (language_ == Language::kNode) {
      const std::string_view version =
          std::string_view(name).substr(std::min<size_t>(4, name.size()));
      return name.starts_with("node") && version != "-" &&
             version.find_first_not_of("0123456789", version.starts_with('-') ? 1 : 0) ==
                 std::string_view::npos;
    }
    return name == "python3" || (name.starts_with("python3.") && name.size() > 8 &&
                                 name.find_first_not_of("0123456789", 8) == std::string::npos);
  }

  std::string program_in(const std::string& path, const std::vector<int>& wanted) const {
    std::error_code ec;
    if (!fs::is_directory(path, ec)) return path;
    for (const char* bin : {"/bin/", "/"})
      for (const auto& name : names(wanted))
        if (is_program(path + bin + name)) return path + bin + name;
    return path;
  }

  std::vector<std::string> bin_folders() const {
    std::vector<std::string> out;
    const auto add = [&out](const std::string& folder) {
      if (!is_shim(folder) && std::find(out.begin(), out.end(), folder) == out.end())
        out.push_back(folder);
    };
    for (const auto& folder : split(options_.path, ':')) add(folder);
    for (const char* folder : {"/usr/local/bin", "/usr/bin"}) add(options_.system_root + folder);
    return out;
  }

  std::vector<Shelf> shelves() const {
    const std::string& root = options_.system_root;
    const std::string local = options_.home + "/.local/share";
    if (language_ == Language::kPython) {
      const std::string pyenv =
          options_.pyenv_root.empty() ? options_.home + "/.pyenv" : options_.pyenv_root;
      return {{pyenv + "/versions", "", "/bin"},
              {local + "/uv/python", "cpython-", "/bin"},
              {local + "/mise/installs/python", "", "/bin"},
              {options_.home + "/.asdf/installs/python", "", "/bin"},
              {root + "/opt/hostedtoolcache/Python", "", "/x64/bin"},
              {root + "/opt/python", "", "/bin"},
              {root + "/opt", "python", "/bin"}};
    }
    const std::string nvm = options_.nvm_dir.empty() ? options_.home + "/.nvm" : options_.nvm_dir;
    return {{nvm + "/versions/node", "v", "/bin"},
            {local + "/fnm/node-versions", "v", "/installation/bin"},
            {local + "/mise/installs/node", "", "/bin"},
            {options_.home + "/.asdf/installs/nodejs", "", "/bin"},
            {root + "/opt/hostedtoolcache/node", "", "/x64/bin"},
            {root + "/opt", "node", "/bin"}};
  }

  std::vector<Interpreter> on_shelf(const Shelf& shelf) const {
    std::vector<Interpreter> out;
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(shelf.folder, ec)) {
      const std::string name = entry.path().filename();
      const auto version = numbers_of(name);
      if (!name.starts_with(shelf.prefix) || version.empty()) continue;
      if (fs::is_symlink(entry.path(), ec)) continue;  // 3.12 → 3.12.4
      for (const auto& program : names(version)) {
        const std::string path = entry.path().string() + shelf.bin + "/" + program;
        if (!is_program(path)) continue;
        out.push_back(at(path));
        out.back().version = text_of(version);
        break;
      }
    }
    std::sort(out.begin(), out.end(), [](const Interpreter& a, const Interpreter& b) {
      return numbers_of(a.version) > numbers_of(b.version);
    });
    return out;
  }

  Interpreter at(const std::string& path) const {
    Interpreter one;
    one.path = path;
    one.found = is_program(path);
    std::error_code ec;
    const fs::path real = fs::canonical(path, ec);
    if (ec) return one;
    const std::string text = real.string();
    // Sandboxes see /usr as it is.
    if (text.starts_with("/usr/") || text.starts_with("/bin/")) return one;
    // What it needs of its libraries stands beside its bin. Where there are none (~/bin/node), the
    // sandbox is shown no more than the program's own folder.
    one.path = text;
    const fs::path above = real.parent_path().parent_path();
    const bool whole = above != above.root_path() && fs::is_directory(above / "lib", ec);
    one.prefix = (whole ? above : real.parent_path()).string();
    return one;
  }

  const Interpreters::Options& options_;
  Language language_;
};

// "3.12" of a program that is python3.12, or a link to it; empty: its name says nothing.
std::string version_by_name(const std::string& path, Language language) {
  std::error_code ec;
  const auto numbers = numbers_of(fs::canonical(path, ec).filename().string());
  const size_t enough = language == Language::kPython ? 2 : 1;
  return numbers.size() >= enough ? text_of(numbers) : std::string();
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

std::string Interpreter::path_inside() const {
  return prefix.empty() ? path : "/var/lang" + path.substr(prefix.size());
}

std::string wanted_version(std::string_view runtime) {
  const auto numbers = numbers_of(runtime);
  if (numbers.empty()) return {};
  switch (language_of(runtime)) {
    case Language::kPython:
      return text_of({numbers.begin(), numbers.begin() + std::min<long>(2, std::ssize(numbers))});
    case Language::kNode:
      return std::to_string(numbers.front());
    case Language::kNone:
      break;
  }
  return {};
}

Interpreters::Options Interpreters::from_environment() {
  Options options;
  options.path = environment("PATH");
  options.home = environment("HOME");
  options.pyenv_root = environment("PYENV_ROOT");
  options.nvm_dir = environment("NVM_DIR");
  for (const auto& one : split(environment(kPythonVariable), ' ')) (void)parse(one, options.python);
  for (const auto& one : split(environment(kNodeVariable), ' ')) (void)parse(one, options.node);
  return options;
}

bool Interpreters::strict() {
  const std::string value = environment(kStrictVariable);
  return !value.empty() && value != "0";
}

const Interpreters& machine_interpreters() {
  static const Interpreters machine;
  return machine;
}

std::optional<Interpreters::Known> Interpreters::known(const std::string& runtime) const {
  const MutexLock lock(mutex_);
  const auto found = known_.find(runtime);
  return found != known_.end() ? std::optional(found->second) : std::nullopt;
}

// What a look has found, while it is there and no new look is due.
std::optional<Interpreter> Interpreters::looked_for(const std::string& runtime) const {
  auto it = known(runtime);
  if (!it || !it->looked || std::chrono::steady_clock::now() >= it->due) return {};
  if (!is_program(it->one.path)) return {};
  return std::move(it->one);
}

bool Interpreters::knows(const std::string& runtime) const {
  const auto it = known(runtime);
  return it && it->looked && it->one.found;
}

Interpreter Interpreters::find(const std::string& runtime, const std::stop_token& stop) const {
  if (language_of(runtime) == Language::kNone) return {};
  if (auto one = looked_for(runtime)) return *std::move(one);
  const MutexLock looking(looking_);
  // Another thread may have looked meanwhile.
  if (auto one = looked_for(runtime)) return *std::move(one);
  return look_again(runtime, stop);
}

Interpreter Interpreters::at_hand(const std::string& runtime) const {
  if (language_of(runtime) == Language::kNone) return {};
  const SteadyTime now = std::chrono::steady_clock::now();
  if (auto it = known(runtime);
      it && (it->one.found ? is_program(it->one.path) : now < it->since + options_.guess_again))
    return std::move(it->one);
  Known guessed{guess(runtime), false, now};
  const MutexLock lock(mutex_);
  Known& kept = known_[runtime];
  // A worker may have looked meanwhile.
  if (!kept.looked || kept.since < now) kept = std::move(guessed);
  return kept.one;
}

void Interpreters::settle(const std::stop_token& stop) const {
  const SteadyTime now = std::chrono::steady_clock::now();
  std::set<std::string> runtimes;
  {
    const MutexLock lock(mutex_);
    for (const auto& [runtime, it] : known_)
      if (!it.looked || !it.one.found || it.due <= now) runtimes.insert(runtime);
  }
  for (const std::string& runtime : runtimes)
    if (!stop.stop_requested()) (void)find(runtime, stop);
}

Interpreter Interpreters::look_again(const std::string& runtime,
                                     const std::stop_token& stop) const {
  Known found = look(runtime, stop);
  const MutexLock lock(mutex_);
  return (known_[runtime] = std::move(found)).one;
}

Interpreters::Known Interpreters::look(const std::string& runtime,
                                       const std::stop_token& stop) const {
  const std::vector<int> wanted = numbers_of(wanted_version(runtime));
  const Search search(options_, language_of(runtime));
  Known out;
  out.looked = true;
  const auto ask = [&](Interpreter& one) KILN_REQUIRES(looking_) {
    if (!one.found || !one.version.empty()) return;
    Said said = version_of(one.path, stop);
    one.version = std::move(said.version);
    out.due = std::min(out.due, said.until);
  };
  std::set<std::string> asked;
  for (auto& one : search.candidates(wanted)) {
    if (!one.found || !asked.insert(one.path).second) continue;
    ask(one);
    one.exact = begins_with(numbers_of(one.version), wanted);
    if (!one.exact && !one.named) continue;
    if (one.exact) out.due = SteadyTime::max();
    out.one = std::move(one);
    break;
  }
  if (!out.one.found) {
    out.one = search.any();
    ask(out.one);
  }
  out.since = std::chrono::steady_clock::now();
  return out;
}

Interpreter Interpreters::guess(const std::string& runtime) const {
  const std::vector<int> wanted = numbers_of(wanted_version(runtime));
  const Language language = language_of(runtime);
  const Search search(options_, language);
  std::optional<Interpreter> perhaps;
  for (auto& one : search.candidates(wanted)) {
    if (!one.found) continue;
    if (one.version.empty()) one.version = version_by_name(one.path, language);
    one.exact = begins_with(numbers_of(one.version), wanted);
    if (one.exact || one.named) return one;
    if (one.version.empty() && !perhaps) perhaps = std::move(one);
  }
  Interpreter other = perhaps ? *std::move(perhaps) : search.any();
  if (other.found && other.version.empty()) other.version = version_by_name(other.path, language);
  return other;
}

Interpreters::Said Interpreters::version_of(const std::string& program,
                                            const std::stop_token& stop) const {
  std::error_code ec;
  const std::pair key{program, fs::last_write_time(program, ec)};
  if (const auto it = said_.find(key);
      it != said_.end() && std::chrono::steady_clock::now() < it->second.until)
    return it->second;
  Asked asked{{}, Cut::kStopped};
  if (!stop.stop_requested()) asked = ask_version(program, options_.patience, stop);
  const SteadyTime now = std::chrono::steady_clock::now();
  switch (asked.cut) {
    case Cut::kNot:
      return said_[key] = {std::move(asked.version)};
    case Cut::kTooLate:
      return said_[key] = {{}, now + options_.ask_again};
    case Cut::kStopped:
    case Cut::kNoMeans:
      break;
  }
  return {{}, now};
}

std::vector<Interpreter> Interpreters::all() const {
  std::vector<Interpreter> out;
  std::set<std::string> seen;
  for (const Language language : {Language::kPython, Language::kNode})
    for (auto& one : Search(options_, language).everything()) {
      std::error_code ec;
      if (!one.found || !seen.insert(fs::canonical(one.path, ec).string()).second) continue;
      if (one.version.empty()) one.version = ask_version(one.path, options_.patience, {}).version;
      out.push_back(std::move(one));
    }
  return out;
}

std::string Interpreters::remark(const std::string& runtime, const std::stop_token& stop) const {
  const bool python = runtime.starts_with("python");
  if (language_of(runtime) == Language::kNone) return {};
  Interpreter one = find(runtime, stop);
  if (!one.exact) {  // what was missing may have come
    const MutexLock looking(looking_);
    one = look_again(runtime, stop);
  }
  if (one.exact) return {};
  const std::string wanted = wanted_version(runtime);
  const std::string option = python ? "--python " + wanted + "=PATH" : "--node " + wanted + "=PATH";
  const std::string name = python ? "Python" : "Node.js";
  if (!one.found)
    return runtime + " can't run here: this machine has no " + name + " that Kiln finds. Install " +
           name + " " + wanted + ", or name it with kiln serve " + option + ".";
  return runtime + " runs on " + name + " " +
         (one.version.empty() ? "of unknown version" : one.version) + " (" + one.path +
         "): this machine has no " + name + " " + wanted +
         ". Install it, or name it "
         "with kiln serve " +
         option + ".";
}

Result<void> Interpreters::parse(std::string_view text, std::map<std::string, std::string>& named) {
  const size_t equals = text.find('=');
  const std::string version(text.substr(0, equals));
  if (equals == std::string_view::npos || equals + 1 == text.size() ||
      text_of(numbers_of(version)) != version)
    return Error{ErrorKind::kInvalid, "UsageError",
                 "'" + std::string(text) +
                     "' names no interpreter: write VERSION=PATH, such as 3.12=/opt/python3.12"};
  std::string path(text.substr(equals + 1));
  std::error_code ec;
  if (!fs::exists(path, ec))
    return Error{
        ErrorKind::kInvalid, "UsageError",
        "there is no interpreter " + path + ": name a program, or the folder above its bin"};
  named[version] = fs::absolute(path, ec).string();
  return {};
}

}  // namespace kiln
