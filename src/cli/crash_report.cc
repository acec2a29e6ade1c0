#include "cli/crash_report.h"

#include <cxxabi.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

#include "base/failed_check.h"
#include "base/in_hand.h"
#include "base/time_format.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array kFatal = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr int kMostFrames = 64;

// Of the handlers: made before, so that they allocate nothing.
std::array<char, 4096> raw_path_bytes{};

void put(int fd, const char* text) {
  const ssize_t written = ::write(fd, text, std::strlen(text));
  (void)written;
}

void on_fault(int signal) {
  const int fd = ::open(raw_path_bytes.data(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd >= 0) {
    if (const char* check = last_failed_check(); *check != '\0') {
      put(fd, "check: ");
      put(fd, check);
      put(fd, "\n");
    }
    put(fd, "stack:\n");
    std::array<void*, kMostFrames> frames{};
    const int count = ::backtrace(frames.data(), kMostFrames);
    ::backtrace_symbols_fd(frames.data(), count, fd);
    put(fd, "in hand:\n");
    write_in_hand(fd);
    ::close(fd);
  }
  ::raise(signal);  // the handler is reset: now it takes its course
}

std::string read_report(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

void remove_oldest(const std::string& folder) {
  std::error_code ec;
  std::vector<fs::path> reports;
  for (const auto& entry : fs::directory_iterator(folder, ec))
    if (entry.path().extension() == ".txt") reports.push_back(entry.path());
  std::sort(reports.begin(), reports.end());
  while (reports.size() > kMostCrashReports) {
    fs::remove(reports.front(), ec);
    reports.erase(reports.begin());
  }
}

}  // namespace

void watch_for_crashes(const std::string& raw_path) {
  if (raw_path.size() >= raw_path_bytes.size()) return;
  std::copy(raw_path.begin(), raw_path.end(), raw_path_bytes.begin());
  void* frame = nullptr;
  ::backtrace(&frame, 1);  // loads what it needs now, and not in a handler
  struct sigaction action {};
  action.sa_handler = on_fault;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER | SA_ONSTACK);
  for (const int signal : kFatal) ::sigaction(signal, &action, nullptr);
}

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(signal);
}

std::string readable_frame(const std::string& line) {
  const size_t open = line.find('('), plus = line.find('+', open);
  if (open == std::string::npos || plus == std::string::npos || plus == open + 1) return line;
  const std::string mangled = line.substr(open + 1, plus - open - 1);
  int status = -1;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), std::free);
  if (status != 0 || !name) return line;
  return line.substr(0, open + 1) + name.get() + line.substr(plus);
}

Result<std::string> keep_crash_report(const Crash& crash) {
  std::error_code ec;
  fs::create_directories(crash.folder, ec);
  std::string name = format_iso_ms(crash.when);
  std::replace(name.begin(), name.end(), ':', '-');
  const std::string path = crash.folder + "/" + name + ".txt";
  std::ofstream out(path);
  out << "kiln " KILN_VERSION " ended by signal " << crash.signal << " ("
      << signal_name(crash.signal) << ": " << ::strsignal(crash.signal) << ")\n"
      << "at " << format_iso_ms(crash.when) << " after "
      << std::chrono::duration<double>(crash.ran).count() << " s\n";
  std::istringstream raw(read_report(crash.raw_path));
  fs::remove(crash.raw_path, ec);
  bool told = false;
  for (std::string line; std::getline(raw, line); told = true) out << readable_frame(line) << "\n";
  if (!told)
    out << "The engine could write nothing itself: it was killed (SIGKILL is what the system sends "
           "when memory runs out), or the disk is full.\n";
  out.close();
  if (!out) return Error{ErrorKind::kInternal, "Disk", "the report " + path + " can't be written"};
  remove_oldest(crash.folder);
  return path;
}

}  // namespace kiln::cli
