#include "engine/debug_launch.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/unique_fd.h"
#include "sandbox/sandbox.h"

namespace kiln::engine {
namespace {

constexpr const char* kGdbserver = "/usr/bin/gdbserver";
constexpr const char* kLibraryPath = "LD_LIBRARY_PATH=";
// What an IDE tries first.
constexpr uint16_t kGdbserverPort = 2345;
constexpr uint16_t kInspectorPort = 9229;
constexpr uint16_t kDebugpyPort = 5678;

// The port that 127.0.0.1 lets us have, 0 if none, with errno; `port` 0 takes any.
uint16_t free_port(uint16_t port) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return 0;
  const int yes = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd.get(), generic, size) != 0 || ::listen(fd.get(), 1) != 0 ||
      ::getsockname(fd.get(), generic, &size) != 0)
    return 0;
  return ntohs(address.sin_port);
}

uint16_t usual_port(Debugger debugger) {
  switch (debugger) {
    case Debugger::kGdbserver:
      return kGdbserverPort;
    case Debugger::kInspector:
      return kInspectorPort;
    case Debugger::kDebugpy:
      return kDebugpyPort;
    case Debugger::kProfiler:
      break;
  }
  return 0;
}

// A folder of the machine's packages for Python that holds debugpy.
bool has_debugpy() {
  namespace fs = std::filesystem;
  std::error_code ec;
  if (fs::exists("/usr/lib/python3/dist-packages/debugpy", ec)) return true;
  for (const char* root : {"/usr/local/lib", "/usr/lib", "/opt"})
    for (const auto& entry : fs::directory_iterator(root, ec))
      for (const char* packages : {"site-packages", "dist-packages"})
        if (fs::exists(entry.path() / packages / "debugpy", ec)) return true;
  return false;
}

std::string listen_address(const DebugLaunch& launch) {
  return "127.0.0.1:" + std::to_string(launch.port);
}

void put_under_gdbserver(sandbox::SandboxSpec& spec, const DebugLaunch& launch) {
  std::vector<std::string> argv = {kGdbserver};
  // The function's libraries are not gdbserver's: they are for the program that it starts.
  const auto library_path =
      std::find_if(spec.env.begin(), spec.env.end(),
                   [](const std::string& pair) { return pair.starts_with(kLibraryPath); });
  if (library_path != spec.env.end()) {
    argv.insert(argv.end(), {"--wrapper", "/usr/bin/env", *library_path, "--"});
    spec.env.erase(library_path);
  }
  spec.env.push_back("SHELL=/bin/sh");
  argv.push_back(listen_address(launch));
  argv.insert(argv.end(), spec.argv.begin(), spec.argv.end());
  spec.argv = std::move(argv);
}

// Where the bootstrap of a managed runtime stands in the command.
auto bootstrap_of(sandbox::SandboxSpec& spec, const char* end) {
  return std::find_if(spec.argv.begin(), spec.argv.end(),
                      [end](const std::string& word) { return word.ends_with(end); });
}

std::string folder_of(const std::string& file) { return file.substr(0, file.rfind('/')); }

void put_under_inspector(sandbox::SandboxSpec& spec, const DebugLaunch& launch) {
  const auto bootstrap = bootstrap_of(spec, "/nodejs/bootstrap.mjs");
  if (bootstrap == spec.argv.end()) return;
  std::vector<std::string> options = {"--inspect=" + listen_address(launch)};
  if (launch.wait == DebugWait::kYes)
    options.insert(options.end(), {"--require", folder_of(*bootstrap) + "/wait_for_debugger.cjs"});
  spec.argv.insert(bootstrap, options.begin(), options.end());
}

void put_under_debugpy(sandbox::SandboxSpec& spec, const DebugLaunch& launch) {
  const auto bootstrap = bootstrap_of(spec, "/python/bootstrap.py");
  if (bootstrap == spec.argv.end()) return;
  const std::string starter = folder_of(*bootstrap) + "/debugged.py";
  spec.argv.insert(bootstrap, starter);
  spec.env.push_back("KILN_DEBUG_PORT=" + std::to_string(launch.port));
  spec.env.push_back(std::string("KILN_DEBUG_WAIT=") +
                     (launch.wait == DebugWait::kYes ? "1" : "0"));
}

// Programs on the SDK read the variable themselves.
void put_under_profiler(sandbox::SandboxSpec& spec) {
  spec.env.push_back(std::string("KILN_PROFILE=") + kProfileFile);
  if (const auto python = bootstrap_of(spec, "/python/bootstrap.py"); python != spec.argv.end()) {
    spec.argv.insert(python, std::string(folder_of(*python) + "/profiled.py"));
  } else if (const auto node = bootstrap_of(spec, "/nodejs/bootstrap.mjs");
             node != spec.argv.end()) {
    const std::vector<std::string> options = {"--require", folder_of(*node) + "/profiler.cjs"};
    spec.argv.insert(node, options.begin(), options.end());
  }
}

}  // namespace

const char* to_text(Debugger debugger) {
  switch (debugger) {
    case Debugger::kGdbserver:
      return "gdbserver";
    case Debugger::kInspector:
      return "inspector";
    case Debugger::kDebugpy:
      return "debugpy";
    case Debugger::kProfiler:
      return "profiler";
  }
  return "";
}

Debugger debugger_of(const model::FunctionConfig& config) {
  if (config.runtime.starts_with("python")) return Debugger::kDebugpy;
  if (config.runtime.starts_with("nodejs")) return Debugger::kInspector;
  return Debugger::kGdbserver;
}

Result<uint16_t> debug_port(Debugger debugger, uint16_t wanted) {
  if (debugger == Debugger::kGdbserver && ::access(kGdbserver, X_OK) != 0)
    return Error{ErrorKind::kInvalid, "DebuggerMissing",
                 "there is no /usr/bin/gdbserver on the engine's machine; install the package "
                 "gdbserver"};
  if (debugger == Debugger::kDebugpy && !has_debugpy())
    return Error{
        ErrorKind::kInvalid, "DebuggerMissing",
        "there is no debugpy on the engine's machine; install the package python3-debugpy"};
  if (debugger == Debugger::kProfiler) return uint16_t{0};
  if (wanted != 0) {
    errno = 0;
    if (free_port(wanted) == wanted) return wanted;
    const std::string port = "port " + std::to_string(wanted);
    if (errno == EACCES || errno == EPERM)
      return Error{ErrorKind::kInvalid, "PortRefused",
                   port +
                       " is not for an ordinary user; take one from 1024 on, or leave --port out "
                       "to have a free one"};
    return Error{ErrorKind::kConflict, "PortTaken",
                 port + " is taken; leave --port out to have a free one"};
  }
  if (const uint16_t port = free_port(usual_port(debugger)); port != 0) return port;
  if (const uint16_t port = free_port(0); port != 0) return port;
  return Error{ErrorKind::kUnavailable, "PortTaken", "no port is free on 127.0.0.1"};
}

void put_under_debugger(sandbox::SandboxSpec& spec, const DebugLaunch& launch) {
  spec.limits.memory_mb += kDebuggerMemoryMb;
  switch (launch.debugger) {
    case Debugger::kGdbserver:
      return put_under_gdbserver(spec, launch);
    case Debugger::kInspector:
      return put_under_inspector(spec, launch);
    case Debugger::kDebugpy:
      return put_under_debugpy(spec, launch);
    case Debugger::kProfiler:
      return put_under_profiler(spec);
  }
}

}  // namespace kiln::engine
