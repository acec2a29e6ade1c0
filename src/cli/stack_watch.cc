#include "cli/stack_watch.h"

#include "cli/stop_signals.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

constexpr Duration kPollEvery = std::chrono::milliseconds(50);

}  // namespace

Result<StackWatch> StackWatch::start(StackClient& client, const std::string& stack) {
  StackWatch watch(client, stack);
  if (auto done = watch.show_new([](const json&) {}); !done) return done.error();
  return watch;
}

Result<void> StackWatch::show_new(const std::function<void(const json&)>& show) {
  const auto known = [this](const json& event) {
    return seen_.contains(string_at(event, "EventId"));
  };
  const auto fresh =
      client_.pages("DescribeStackEvents", {{"StackName", stack_}}, "StackEvents", known);
  if (!fresh) return fresh.error();
  // The newest come first.
  for (auto event = fresh->rbegin(); event != fresh->rend(); ++event) {
    seen_.insert(string_at(*event, "EventId"));
    show(*event);
  }
  return {};
}

Result<json> StackWatch::until_done(const std::function<void(const json&)>& show) {
  const StopSignals signals;
  do {
    // Looked at before its events, so that none of them is missed at the end.
    const auto stack = client_.find(stack_);
    if (!stack) return stack.error();
    if (auto shown = show_new(show); !shown) return shown.error();
    if (!string_at(*stack, "StackStatus").ends_with("_IN_PROGRESS")) return *stack;
  } while (!signals.stopped_within(kPollEvery));
  return interrupted();
}

Error StackWatch::interrupted() {
  return {ErrorKind::kUnavailable, std::string(kInterrupted),
          "interrupted; the deployment goes on: `kiln stacks` shows how it ends"};
}

}  // namespace kiln::cli
