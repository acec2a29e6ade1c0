#include "engine/symbolizer.h"

#include <cxxabi.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>

#include "base/unique_fd.h"
#include "engine/elf_file.h"

extern char** environ;

namespace kiln::engine {
namespace {

constexpr const char* kAddr2line = "/usr/bin/addr2line";
constexpr size_t kMostKnown = 4096;
constexpr size_t kMostOutput = 1024 * 1024;
constexpr rlim_t kMostMemory = rlim_t{4} << 30;

std::string readable(const std::string& name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
  std::string out = status == 0 ? text : name;
  std::free(text);
  return out;
}

// Same file, same identity, whatever its name is.
std::string identity_of(int file) {
  struct stat st = {};
  ::fstat(file, &st);
  return std::to_string(st.st_dev) + ":" + std::to_string(st.st_ino) + ":" +
         std::to_string(st.st_size) + ":" + std::to_string(st.st_mtim.tv_sec) + "." +
         std::to_string(st.st_mtim.tv_nsec);
}

// What the process prints, up to its end. Nothing: it can't be started, or took too long.
std::optional<std::string> output_of(const std::vector<std::string>& command, int inherited,
                                     const Symbolizer::Patience& patience) {
  pollfd stop = {patience.stop, POLLIN, 0};
  if (patience.until <= std::chrono::steady_clock::now() || ::poll(&stop, 1, 0) > 0)
    return std::nullopt;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  const UniqueFd out(ends[0]);
  UniqueFd in(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, in.get(), 1);
  ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  // The same number on both sides: kept open.
  ::posix_spawn_file_actions_adddup2(&actions, inherited, inherited);
  std::vector<char*> argv;
  for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_t child = -1;
  const int failed = ::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  in.reset();
  if (failed != 0) return std::nullopt;
  const struct rlimit memory = {kMostMemory, kMostMemory};
  ::prlimit(child, RLIMIT_AS, &memory, nullptr);
  std::string text;
  bool in_time = true;
  std::array<char, 16 * 1024> chunk;
  while (text.size() < kMostOutput) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        patience.until - std::chrono::steady_clock::now());
    std::array<pollfd, 2> wait{{{out.get(), POLLIN, 0}, {patience.stop, POLLIN, 0}}};
    in_time = left.count() > 0 &&
              ::poll(wait.data(), wait.size(), static_cast<int>(left.count())) > 0 &&
              wait[1].revents == 0;
    if (!in_time) break;
    const ssize_t n = ::read(out.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    text.append(chunk.data(), static_cast<size_t>(n));
  }
  ::kill(child, SIGKILL);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return std::nullopt;
  return text;
}

}  // namespace

std::vector<std::vector<SourcePlace>> parse_addr2line(const std::string& output, size_t count) {
  std::vector<std::vector<SourcePlace>> out;
  std::istringstream in(output);
  std::string line;
  while (std::getline(in, line)) {
    if (line.starts_with("0x")) {
      if (out.size() == count) break;
      out.emplace_back();
      continue;
    }
    std::string place;
    if (out.empty() || !std::getline(in, place)) break;
    if (line == "??") continue;
    // "FILE:LINE (discriminator 2)", "FILE:?", "??:0".
    place.resize(std::min(place.find(" (discriminator"), place.size()));
    if (place.starts_with("??")) place.clear();
    if (place.ends_with(":?")) place.resize(place.size() - 2);
    out.back().push_back({line, readable(line), place});
  }
  out.resize(count);
  return out;
}

Result<void> Symbolizer::keep(const std::string& folder, const std::string& file) {
  namespace fs = std::filesystem;
  const UniqueFd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat st = {};
  if (!opened || ::fstat(opened.get(), &st) != 0 || !S_ISREG(st.st_mode))
    return Error{ErrorKind::kInvalid, "InvalidParameterValueException",
                 "The engine can't read the file " + file + "."};
  const std::string id = build_id_of(opened.get());
  if (id.empty())
    return Error{ErrorKind::kInvalid, "InvalidParameterValueException",
                 file + " has no build id; link the program with -Wl,--build-id."};
  std::error_code ec;
  fs::create_directories(folder, ec);
  const std::string name = folder + "/" + id + ".debug";
  // Whoever reads it sees the old or the new one.
  const std::string fresh = name + "." + std::to_string(::getpid()) + ".new";
  fs::copy_file("/proc/self/fd/" + std::to_string(opened.get()), fresh,
                fs::copy_options::overwrite_existing, ec);
  if (!ec) fs::rename(fresh, name, ec);
  if (ec)
    return Error{ErrorKind::kUnavailable, "ServiceException",
                 "can't keep the symbols in " + folder + ": " + ec.message()};
  return {};
}

std::vector<std::vector<SourcePlace>> Symbolizer::places(int file, int beside,
                                                         const std::vector<uint64_t>& addresses,
                                                         const Patience& patience) {
  const std::string id = build_id_of(file);
  UniqueFd kept;
  if (!id.empty())
    kept = UniqueFd(
        ::open((folder_ + "/" + id + ".debug").c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const bool beside_is_its = beside >= 0 && (id.empty() || build_id_of(beside) == id);
  const int symbols = kept ? kept.get() : beside_is_its ? beside : file;

  const std::string identity = identity_of(symbols);
  std::vector<uint64_t> missing;
  for (const uint64_t address : addresses)
    if (!known_.contains({identity, address})) missing.push_back(address);
  if (!missing.empty()) {
    if (known_.size() + missing.size() > kMostKnown) {
      known_.clear();
      missing = addresses;
    }
    std::vector<std::string> command = {
        kAddr2line, "-a", "-f", "-i", "-e", "/proc/self/fd/" + std::to_string(symbols)};
    for (const uint64_t address : missing) {
      std::ostringstream text;
      text << "0x" << std::hex << address;
      command.push_back(text.str());
    }
    const auto printed = output_of(command, symbols, patience);
    if (!printed) return std::vector<std::vector<SourcePlace>>(addresses.size());
    auto found = parse_addr2line(*printed, missing.size());
    for (size_t i = 0; i < missing.size(); ++i)
      known_[{identity, missing[i]}] = std::move(found[i]);
  }
  std::vector<std::vector<SourcePlace>> out;
  for (const uint64_t address : addresses) out.push_back(known_[{identity, address}]);
  return out;
}

}  // namespace kiln::engine
