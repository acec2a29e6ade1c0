#include "cli/serve.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "engine/engine.h"
#include "sandbox/launcher.h"
#include "services/api_server.h"

namespace kiln::cli {
namespace {

int fail(const std::string& message) {
  std::fprintf(stderr, "kiln: %s\n", message.c_str());
  return 1;
}

// One loop serves more than 50,000 invocations a second; the functions need the other cores.
int default_loops() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / 4);
}

std::string absolute(const std::string& path) {
  std::error_code ec;
  const auto p = std::filesystem::weakly_canonical(path, ec);
  return ec ? path : p.string();
}

}  // namespace

int run_serve(const ServeOptions& options) {
  const std::string data_dir = absolute(options.data_dir);
  const std::string runtimes_dir = absolute(options.runtimes_dir);
  std::error_code ec;
  std::filesystem::create_directories(data_dir, ec);
  if (ec)
    return fail("cannot make the data folder " + data_dir + ": " + ec.message() +
                "; choose another --data-dir");
  if (!std::filesystem::is_directory(runtimes_dir, ec))
    return fail("no runtimes in " + runtimes_dir + "; give their folder with --runtimes");

  // The launcher is forked first, while this process is small and has one thread.
  const int loops = options.threads > 0 ? options.threads : default_loops();
  auto launcher = sandbox::LauncherProcess::start({data_dir, runtimes_dir, loops});
  if (!launcher) return fail(launcher.error().message);

  // Blocked before any thread is made: only sigwait below takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);

  const SystemClock clock;
  engine::EngineOptions engine_options;
  engine_options.data_dir = data_dir;
  engine_options.account = options.account;
  engine_options.runtimes_dir = runtimes_dir;
  engine_options.loops = loops;
  engine_options.idle_lifetime = options.idle_lifetime;
  engine_options.quota.concurrency = options.account_concurrency;
  engine_options.quota.min_unreserved =
      std::min(options.min_unreserved, options.account_concurrency);
  engine_options.provisioning_delay = options.provisioning_delay;
  engine_options.speed = options.speed;
  engine_options.strictness = options.strictness == Strictness::kAsAws
                                  ? engine::Strictness::kAsAws
                                  : engine::Strictness::kPermissive;
  engine_options.forwards = options.forwards;
  engine_options.log = [](const std::string& line) {
    std::fprintf(stderr, "kiln: %s\n", line.c_str());
  };
  engine::Engine engine(engine_options, **launcher, clock);
  if (auto started = engine.start(); !started) return fail(started.error().message);
  {
    services::ApiServer server(engine);
    if (auto listening = server.listen(options.host, options.port); !listening) {
      engine.stop();
      return fail(listening.error().message);
    }
    const std::string authority = options.host + ":" + std::to_string(server.port());
    // Functions reach this machine by the loopback address when we listen on all.
    const std::string for_functions =
        options.host == "0.0.0.0" ? "127.0.0.1:" + std::to_string(server.port()) : authority;
    engine.set_endpoint_url("http://" + for_functions);
    for (const auto& warning : engine.warnings())
      std::fprintf(stderr, "kiln: warning: %s\n", warning.c_str());
    std::printf("kiln listening on http://%s\n", authority.c_str());
    std::fflush(stdout);

    int signal = 0;
    sigwait(&signals, &signal);
    if (options.verbosity == Verbosity::kVerbose) std::fprintf(stderr, "kiln: stopping\n");
    server.close();
    engine.stop();
  }
  return 0;
}

}  // namespace kiln::cli
