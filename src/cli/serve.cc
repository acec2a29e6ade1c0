#include "cli/serve.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/fence.h"
#include "base/memory_reserve.h"
#include "base/processors.h"
#include "base/stray_signals.h"
#include "cli/api_client.h"
#include "cli/command.h"
#include "cli/supervisor.h"
#include "cli/table_fit.h"
#include "cli/terminal_screen.h"
#include "engine/engine.h"
#include "engine/event_text.h"
#include "engine/event_writer.h"
#include "engine/events.h"
#include "sandbox/descriptors.h"
#include "sandbox/launcher.h"
#include "services/front/api_server.h"
#include "store/data_dir.h"

namespace kiln::cli {
namespace {

constexpr size_t kBelowLabel = 24;  // after an event's time and label

// Of Kiln itself for stderr: on one line, for grep, but as wide as a terminal.
std::string as_wide_as_stderr(const std::string& line, size_t hanging) {
  if (::isatty(STDERR_FILENO) != 1) return line;
  return fitted_lines(line, static_cast<size_t>(TerminalScreen::size().columns), hanging);
}

// As every command says it.
int failed(const Error& error) {
  Console console = process_console();
  return fail(console, error);
}
int failed(std::string message) {
  return failed(Error{ErrorKind::kUnavailable, "ServeFailed", std::move(message)});
}

// One loop serves more than 50,000 invocations a second; the functions need the other cores.
int default_loops() {
  const int wanted = std::max(1, static_cast<int>(usable_processors()) / 4);
  return std::min(wanted, sandbox::loops_for_descriptors());
}

// Of a folder that is there.
std::string canonical(const std::string& path) {
  std::error_code ec;
  const auto p = std::filesystem::canonical(path, ec);
  return ec ? path : p.string();
}

engine::EventWriter::Options writer_options(const ServeOptions& options) {
  using engine::Severity;
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  engine::EventWriter::Options out;
  switch (options.log_level) {
    case LogLevel::kAsTerminal:
      out.least = terminal ? Severity::kInfo : Severity::kWarning;
      break;
    case LogLevel::kDebug:
      out.least = Severity::kDebug;
      break;
    case LogLevel::kInfo:
      out.least = Severity::kInfo;
      break;
    case LogLevel::kWarning:
      out.least = Severity::kWarning;
      break;
    case LogLevel::kError:
      out.least = Severity::kError;
      break;
  }
  if (options.log_format == LogFormat::kJson) out.format = engine::EventFormat::kJson;
  const char* no_color = std::getenv("NO_COLOR");
  if (terminal && (no_color == nullptr || *no_color == '\0'))
    out.colors = engine::EventColors::kYes;
  if (terminal)
    out.shape = [](const std::string& line) { return as_wide_as_stderr(line, kBelowLabel); };
  return out;
}

// Tells defects of Kiln's that ended at a fence to whoever reads the events.
class ToldFences {
 public:
  ToldFences(engine::EventLog& events, const Clock& clock)
      : before_(
            set_fence_listener([&events, &clock](std::string_view where, std::string_view what) {
              const bool is_defect = what != kNoMemory;
              events.write(engine::note_event(engine::Severity::kError,
                                              (is_defect ? "internal error in " : "") +
                                                  std::string(where) + ": " + std::string(what) +
                                                  ". It ended one request or step" +
                                                  (is_defect ? "; please report it" : ""),
                                              clock.wall_now()));
            })) {}
  ~ToldFences() { set_fence_listener(std::move(before_)); }
  ToldFences(const ToldFences&) = delete;
  ToldFences& operator=(const ToldFences&) = delete;

 private:
  FenceListener before_;
};

// What a person needs next, to copy.
void print_banner(const ServeOptions& options, const std::string& authority,
                  const std::string& data_dir) {
  std::printf("\n  kiln " KILN_VERSION ", state in %s", data_dir.c_str());
  if (options.speed != 1) std::printf(", metric time ×%g", options.speed);
  std::printf(
      "\n  In another terminal:\n"
      "    export AWS_ENDPOINT_URL=http://%s\n"
      "    export KILN_ENDPOINT=http://%s\n"
      "    export AWS_ACCESS_KEY_ID=kiln AWS_SECRET_ACCESS_KEY=kiln\n"
      "    export AWS_DEFAULT_REGION=us-east-1\n"
      "  Ctrl-C ends it. Events follow; --quiet leaves them out.\n\n",
      authority.c_str(), authority.c_str());
}

// A sentence of ours, in the format of the events.
void tell(const ServeOptions& options, engine::Severity severity, const std::string& line) {
  if (options.log_format == LogFormat::kJson) {
    const auto event = engine::note_event(severity, line, std::chrono::system_clock::now());
    std::fputs(engine::event_json(event).c_str(), stderr);
  } else {
    failed(line);
  }
}

// The port is taken: by a Kiln, which says so, or by something else.
Error who_listens(const ServeOptions& options, Error error) {
  const std::string host = options.host == "0.0.0.0" ? "127.0.0.1" : options.host;
  const std::string url = "http://" + host + ":" + std::to_string(options.port);
  Result<ApiClient> client = ApiClient::create({.endpoint = url});
  if (!client) return error;
  const Result<nlohmann::json> status =
      client->json({.path = "/_kiln/status", .time_limit = std::chrono::seconds(2)});
  const std::string folder = status ? string_at(*status, "dataDir") : "";
  // Another program may say anything.
  const bool is_path = folder.starts_with('/') &&
                       std::none_of(folder.begin(), folder.end(),
                                    [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (!is_path) return error;
  error.message =
      store::already_running(url, std::to_string(number_at(*status, "process")), folder) +
      ", or start this one on a free port with --port 0.";
  return error;
}

// Returns at a signal that asks for the end, or, with false, when the launcher has ended: no
// function can start then.
bool wait_for_end(const sigset_t& signals, pid_t launcher) {
  for (;;) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal != SIGCHLD) return true;
    siginfo_t ended{};
    const int found =
        ::waitid(P_PID, static_cast<id_t>(launcher), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (found == 0 && ended.si_pid == launcher) return false;
  }
}

int run_engine(const ServeOptions& options, const std::string& data_dir,
               const std::string& runtimes_dir, Supervised& run) {
  // The launcher is forked first, while this process is small and has one thread.
  const int loops = options.threads > 0 ? options.threads : default_loops();
  auto launcher = sandbox::LauncherProcess::start({data_dir, runtimes_dir, loops});
  if (!launcher) return failed(launcher.error());
  run.watch();

  // Blocked before any thread is made: only sigwait below takes them.
  sigset_t signals;
  sigemptyset(&signals);
  add_end_signals(signals);
  sigaddset(&signals, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);

  limit_heaps(loops);
  hold_memory_reserve();
  const SystemClock clock;
  engine::EngineOptions engine_options;
  engine_options.data_dir = data_dir;
  engine_options.account = options.account;
  engine_options.runtimes_dir = runtimes_dir;
  engine_options.loops = loops;
  engine_options.io = options.io;
  engine_options.idle_lifetime = options.idle_lifetime;
  engine_options.starts = static_cast<size_t>(options.starts);
  engine_options.quota.concurrency = options.account_concurrency;
  engine_options.quota.min_unreserved =
      std::min(options.min_unreserved, options.account_concurrency);
  engine_options.provisioning_delay = options.provisioning_delay;
  engine_options.speed = options.speed;
  engine_options.strictness = options.strictness == Strictness::kAsAws
                                  ? engine::Strictness::kAsAws
                                  : engine::Strictness::kPermissive;
  engine_options.forwards = options.forwards;
  engine::EventWriter events(writer_options(options));
  engine_options.events = &events;
  const ToldFences told(events, clock);
  engine::Engine engine(engine_options, **launcher, clock);
  if (auto started = engine.start(); !started) return failed(started.error());
  {
    services::DoorOptions doors{options.allowed_hosts, options.allowed_origins};
    doors.allowed_hosts.push_back(options.host);
    services::ApiServer server(engine, std::move(doors));
    if (options.skip_unsupported) server.skip_unsupported();
    const uint16_t port = run.is_restart() ? run.port() : options.port;
    if (auto listening = server.listen(options.host, port); !listening) {
      engine.stop();
      return failed(listening.error().type == net::kAddressInUse
                        ? who_listens(options, listening.error())
                        : listening.error());
    }
    // Before anybody is told: whoever reads the line below may end the engine at once.
    run.ready(server.port());
    const std::string authority = options.host + ":" + std::to_string(server.port());
    // Functions reach this machine by the loopback address when we listen on all.
    const std::string for_functions =
        options.host == "0.0.0.0" ? "127.0.0.1:" + std::to_string(server.port()) : authority;
    engine.set_endpoint_url("http://" + for_functions);
    server.set_functions_url("http://" + for_functions);
    Console console = process_console();
    for (const auto& warning : engine.warnings()) {
      if (options.log_format == LogFormat::kJson)
        events.write(engine::note_event(engine::Severity::kWarning, warning, clock.wall_now()));
      else
        warn(console, warning);
    }
    if (!run.is_restart()) {
      std::printf("kiln listening on http://%s\n", authority.c_str());
      if (::isatty(STDOUT_FILENO) == 1) print_banner(options, authority, data_dir);
      std::fflush(stdout);
    }
    engine.stock_up();
    const bool lost = !wait_for_end(signals, (*launcher)->pid());
    if (lost)
      events.write(engine::note_event(
          engine::Severity::kError,
          "the process that starts functions has ended, and so does the engine", clock.wall_now()));
    server.close();
    engine.stop();
    if (lost) return options.supervision == Supervision::kOff ? 1 : kStartAgain;
  }
  return 0;
}

}  // namespace

int run_serve(const ServeOptions& options) {
  // Before there is another process, so that all later ones inherit it.
  for (const int stray : kStraySignals) ::signal(stray, SIG_IGN);
  std::error_code ec;
  std::filesystem::create_directories(options.data_dir, ec);
  if (ec)
    return failed("can't make the data folder " + options.data_dir + ": " + ec.message() +
                  "; choose another with --data-dir");
  // Sandboxes have another working folder, so both must be absolute; only a folder that is there
  // has an absolute path that is sure to be right.
  const std::string data_dir = canonical(options.data_dir);
  const std::string runtimes_dir = canonical(options.runtimes_dir);
  if (!std::filesystem::is_directory(runtimes_dir, ec))
    return failed("no runtimes in " + runtimes_dir + "; give their folder with --runtimes");

  const auto engine = [&](Supervised& run) {
    try {
      return run_engine(options, data_dir, runtimes_dir, run);
    } catch (const std::system_error& error) {  // no thread, or no memory for its stack
      if (error.code() != std::errc::resource_unavailable_try_again) throw;
      return failed("the machine gives Kiln too few threads (" + error.code().message() +
                    "); raise the limits of processes and memory (ulimit -u, ulimit -v)");
    }
  };
  if (options.supervision == Supervision::kOff) {
    Supervised alone;
    return engine(alone);
  }
  SupervisorOptions supervisor;
  supervisor.data_dir = data_dir;
  supervisor.tell = [&](const std::string& line) { tell(options, engine::Severity::kError, line); };
  return supervise(supervisor, engine);
}

}  // namespace kiln::cli
