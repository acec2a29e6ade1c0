#include "sdk/core/snapshot.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "kiln/snapshot.h"
#include "sdk/core/channel_transport.h"
#include "sdk/core/environment_files.h"
#include "sdk/core/loop.h"
#include "sdk/core/output.h"
#include "sdk/core/template_process.h"
#include "sdk/core/termination.h"

namespace kiln {
namespace {

std::vector<std::function<void()>>& before() {
  static std::vector<std::function<void()>> list;
  return list;
}
std::vector<std::function<void()>>& after() {
  static std::vector<std::function<void()>> list;
  return list;
}

}  // namespace

void before_checkpoint(std::function<void()> hook) { before().push_back(std::move(hook)); }
void after_restore(std::function<void()> hook) { after().push_back(std::move(hook)); }

namespace sdk {
namespace {

// A template has nothing to say but that its init has failed, and is sent nothing.
class TemplateTransport final : public Transport {
 public:
  explicit TemplateTransport(int control) : control_(control) {}
  Next next(Event&) override { return Next::kShutdown; }
  Sent respond(std::string_view, std::string_view) override { return Sent::kLost; }
  Sent fail(std::string_view, const ErrorReport&) override { return Sent::kLost; }
  Sent stream_begin(std::string_view, std::string_view) override { return Sent::kLost; }
  Sent stream_write(std::string_view) override { return Sent::kLost; }
  Sent stream_end(const ErrorReport*) override { return Sent::kLost; }
  void fail_init(const ErrorReport& report) override {
    say_init_failed(control_, std::string(report.category).c_str(), report.document.data(),
                    report.document.size());
  }

 private:
  int control_;
};

void take_over(char* order, size_t size) {
  for (char* at = order; at < order + size;) {
    char* const end =
        static_cast<char*>(std::memchr(at, '\0', static_cast<size_t>(order + size - at)));
    if (end == nullptr) return;
    if (char* equals = std::strchr(at, '=')) {
      *equals = '\0';
      ::setenv(at, equals + 1, 1);
    }
    at = end + 1;
  }
}

}  // namespace

void run_before_checkpoint() {
  for (auto& list = before(); !list.empty();) {
    const auto hook = std::move(list.back());
    list.pop_back();
    hook();
  }
}

void run_after_restore() {
  for (const auto& hook : std::exchange(after(), {})) hook();
}

int run_template(int control, const Function& function) {
  TemplateTransport transport(control);
  if (!init(transport, function)) return 1;
  if (!guarded(transport, run_before_checkpoint)) return 1;
  flush_output();
  if (const char* why = template_obstacle()) {
    say_unfit(control, why);
    return 1;
  }
  say_ready(control);
  EnvironmentFds fds;
  serve_template(control, fds);
  const pid_t child = ::fork();
  if (child != 0) reap_environment(child, fds);
  static char order[kMostOrder];
  copy_memory();
  take_over(order, become_environment(fds, order, sizeof order));
  ChannelTransport channel{UniqueFd(fds.channel)};
  const auto restored = [] {
    run_after_restore();
    Termination::prepare();
  };
  if (!guarded(channel, restored)) return 1;
  return serve_loop(channel, function);
}

}  // namespace sdk
}  // namespace kiln
