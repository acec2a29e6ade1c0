#include "engine/engine.h"

#include <malloc.h>
#include <sys/resource.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <future>
#include <latch>
#include <mutex>
#include <set>

#include "base/check.h"
#include "engine/invoker.h"
#include "engine/log_store.h"
#include "store/data_dir.h"
#include "store/database.h"

namespace kiln::engine {
namespace {

// Each sandbox takes about ten descriptors; the default soft limit is far too small for thousands.
void raise_descriptor_limit() {
  struct rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

constexpr auto kStopPatience = std::chrono::seconds(5);

}  // namespace

struct Engine::Impl {
  Impl(EngineOptions o, sandbox::LauncherProcess& l, const Clock& c)
      : options(std::move(o)), launcher(l), clock(c) {}

  EngineOptions options;
  sandbox::LauncherProcess& launcher;
  const Clock& clock;
  std::unique_ptr<store::DataDir> data_dir;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::FunctionStore> function_store;
  std::unique_ptr<store::CodeStore> code_store;
  std::unique_ptr<LogStore> log_store;
  std::vector<std::unique_ptr<net::IoLoop>> loops;
  std::vector<std::unique_ptr<Invoker>> invokers;
  std::unique_ptr<Registry> registry;
  std::unique_ptr<net::IoLoop> control;  // the control thread
  std::unique_ptr<boost::asio::thread_pool> workers;
  std::vector<std::string> warnings;
  bool loading = true;
  std::vector<std::tuple<std::string, std::string, model::FunctionPtr>> loaded;
  bool running = false;

  // Called on the control thread: returns when every loop has the new value.
  void publish(const std::string& region, const std::string& name, model::FunctionPtr function) {
    if (loading) {
      loaded.emplace_back(region, name, std::move(function));
      return;
    }
    std::latch done(static_cast<ptrdiff_t>(invokers.size()));
    for (auto& invoker : invokers)
      invoker->loop().post([&, target = invoker.get()] {
        target->publish(region, name, function);
        done.count_down();
      });
    done.wait();
  }

  Invoker& here() {
    for (auto& invoker : invokers)
      if (invoker->loop().on_this_loop()) return *invoker;
    KILN_REQUIRE(!"on a loop of this engine");
    return *invokers[0];
  }
};

Engine::Engine(EngineOptions options, sandbox::LauncherProcess& launcher, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), launcher, clock)) {}

Engine::~Engine() { stop(); }

Result<void> Engine::start() {
  Impl& e = *impl_;
  raise_descriptor_limit();
  auto data_dir = store::DataDir::open(e.options.data_dir);
  if (!data_dir) return data_dir.error();
  e.data_dir = std::make_unique<store::DataDir>(std::move(*data_dir));
  auto database = store::Database::open(e.options.data_dir + "/kiln.db");
  if (!database) return database.error();
  e.database = std::move(*database);
  e.function_store = std::make_unique<store::FunctionStore>(*e.database);
  e.code_store = std::make_unique<store::CodeStore>(e.options.data_dir + "/code");
  e.log_store = std::make_unique<LogStore>(e.options.data_dir + "/logs");
  e.registry = std::make_unique<Registry>(
      *e.function_store, e.clock, e.options.account,
      [&e](const std::string& region, const std::string& name, model::FunctionPtr function) {
        e.publish(region, name, std::move(function));
      });
  if (auto loaded = e.registry->load(); !loaded) return loaded.error();

  // What a killed engine left unfinished or unreferenced.
  std::set<std::string> used;
  for (const auto& function : e.registry->all()) {
    used.insert(function->latest->code.zip_sha_hex);
    for (const auto& [number, version] : function->versions) used.insert(version->code.zip_sha_hex);
  }
  e.code_store->collect(used);

  const sandbox::CgroupFactory::Paths paths;
  sandbox::CgroupFactory::sweep(paths);
  std::vector<Invoker*> all;
  for (int i = 0; i < e.options.loops; ++i) {
    e.loops.push_back(std::make_unique<net::IoLoop>(i, e.clock));
    auto cgroups =
        sandbox::CgroupFactory::detect(paths, std::to_string(::getpid()) + "-" + std::to_string(i));
    if (i == 0 && !cgroups.warning().empty()) e.warnings.push_back(cgroups.warning());
    e.invokers.push_back(std::make_unique<Invoker>(
        Invoker::Setup{*e.loops.back(), e.launcher.take_socket(i), std::move(cgroups),
                       e.launcher.isolation(), *e.log_store, *e.code_store, e.options.account,
                       e.options.runtimes_dir, e.options.endpoint_url, e.options.idle_lifetime}));
    all.push_back(e.invokers.back().get());
  }
  if (!e.launcher.warning().empty()) e.warnings.push_back(e.launcher.warning());
  for (Invoker* invoker : all) {
    if (auto started = invoker->start(all); !started) return started.error();
    for (const auto& [region, name, function] : e.loaded) invoker->publish(region, name, function);
  }
  e.loaded.clear();
  ::malloc_trim(0);  // what reading the store took for a moment
  e.loading = false;
  e.workers = std::make_unique<boost::asio::thread_pool>(2);
  e.control = std::make_unique<net::IoLoop>(-1, e.clock);
  e.control->start();
  for (auto& loop : e.loops) loop->start();
  e.running = true;
  return {};
}

void Engine::stop() {
  Impl& e = *impl_;
  if (!std::exchange(e.running, false)) return;
  // First what makes changes, then what serves.
  e.workers->join();
  e.control->stop();
  e.control->join();
  auto left = std::make_shared<std::atomic<size_t>>(e.invokers.size());
  auto all_down = std::make_shared<std::promise<void>>();
  for (auto& invoker : e.invokers)
    invoker->loop().post([target = invoker.get(), left, all_down] {
      target->shut_down([left, all_down] {
        if (--*left == 0) all_down->set_value();
      });
    });
  all_down->get_future().wait_for(kStopPatience);
  for (auto& loop : e.loops) loop->stop();
  for (auto& loop : e.loops) loop->join();
  // What is still queued holds environments: it goes before the loops' invokers do.
  for (auto& loop : e.loops) {
    loop->context().restart();
    loop->context().poll();
  }
  e.log_store->flush();
  // Environments first: they hold on to their loops.
  e.invokers.clear();
}

void Engine::invoke(InvokeRequest&& request, InvokeDone done) {
  impl_->here().invoke(std::move(request), std::move(done));
}

Result<void> Engine::check_invocable(const std::string& region, const std::string& name,
                                     const std::string& qualifier) {
  auto config = impl_->here().resolve(region, name, qualifier);
  if (!config) return config.error();
  return {};
}

void Engine::post_control(std::function<void()> work) { impl_->control->post(std::move(work)); }
void Engine::post_worker(std::function<void()> work) {
  boost::asio::post(*impl_->workers, std::move(work));
}
Registry& Engine::registry() { return *impl_->registry; }
store::CodeStore& Engine::code_store() { return *impl_->code_store; }
LogStore& Engine::log_store() { return *impl_->log_store; }
const Clock& Engine::clock() const { return impl_->clock; }
const EngineOptions& Engine::options() const { return impl_->options; }
const std::vector<std::string>& Engine::warnings() const { return impl_->warnings; }

void Engine::set_endpoint_url(const std::string& url) {
  for (auto& invoker : impl_->invokers)
    invoker->loop().post([target = invoker.get(), url] { target->set_endpoint_url(url); });
}

std::vector<net::IoLoop*> Engine::loops() {
  std::vector<net::IoLoop*> out;
  for (auto& loop : impl_->loops) out.push_back(loop.get());
  return out;
}

}  // namespace kiln::engine
