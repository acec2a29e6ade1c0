// The real sandbox (see sandbox_port.h), made by the launcher.
//
//   starting → ready ⇄ busy → answered → ready …, and gone from any of them.
//
// Threading: its loop only. The owner may destroy it at any time except within a callback;
// destroying it kills it. Cost: 5 descriptors and about 2 KiB here; what the function takes there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/io_loop.h"
#include "sandbox/launcher.h"
#include "sandbox/limits.h"
#include "sandbox/runtime_api.h"
#include "sandbox/runtime_port.h"
#include "sandbox/sandbox_port.h"
#include "sandbox/sandbox_stock.h"
#include "sandbox/start_queue.h"

namespace kiln::sandbox {

class DirectChannel;

// What a loop's sandboxes share.
struct SandboxHost {
  net::IoLoop& loop;
  LauncherClient& launcher;
  CgroupFactory& cgroups;
  RuntimeApi& runtime_api;
  Isolation isolation = Isolation::kFull;
  uint32_t first_slot = 0;  // slots of this loop: first_slot …
  std::shared_ptr<StartShare> start_share = std::make_shared<StartShare>(64);
  SandboxStock stock{loop, launcher, cgroups, isolation, first_slot};
  StartQueue starts{loop, start_share};
};

class Sandbox final : public SandboxPort, private RuntimePort, private StartQueue::Starter {
 public:
  Sandbox(SandboxHost& host, SandboxOwner& owner);
  ~Sandbox() override;

  void start(const SandboxSpec& spec) override;
  bool waits() const override { return waiting_ != nullptr; }
  bool ready() const { return state_ == State::kReady; }
  bool started() const { return state_ != State::kNew && state_ != State::kStarting; }
  bool send(const Event& event) override;
  bool stage(const Event& event) override;
  bool take_back() override;
  bool was_taken_ahead() const override;
  Duration answered_ago() const override;
  void catch_up() override;
  void begin_cpu_quota(const ResourceLimits& limits) override;
  void drain_output() override;
  void pause_output() override;
  void resume_output() override;
  void terminate() override;
  void kill() override;
  uint64_t peak_memory_bytes() override;
  pid_t function_pid() const override;
  std::vector<ExternalExtension> extensions() const override;
  double extensions_ms() const override { return extensions_ms_; }
  uint64_t memory_bytes() const override;
  bool is_running() override;
  uint64_t cpu_ns() override;
  bool freeze() override;

 private:
  // What the Runtime API allows, no more: whether it may have an event is its environment's
  // knowledge.
  enum class State { kNew, kStarting, kReady, kBusy, kAnswered, kGone };
  struct Io;

  // RuntimePort
  Verdict next(EventSink& sink) override;
  void sink_gone(EventSink& sink) override;
  Verdict may_answer(std::string_view request_id) const override;
  Verdict respond(std::string_view request_id, std::string&& payload) override;
  Verdict fail(std::string_view request_id, std::string&& document,
               std::string_view error_type) override;
  Verdict fail_init(std::string&& document, std::string_view error_type) override;
  std::shared_ptr<AnswerStream> stream(std::string_view request_id,
                                       std::string_view content_type) override;
  Verdict end_stream(std::string_view request_id, std::string&& document,
                     std::string_view error_type) override;
  void broke_protocol(std::string_view request_id, std::string_view error_type) override;
  std::string_view state_name() const override;

  // StartQueue::Starter
  void begin() noexcept override;
  bool at_work() override;

  template <class Work>
  void or_fail(Work&& work) noexcept;
  void take_turn(const SandboxSpec& spec);
  void spawn(const SandboxSpec& spec);
  void follow();
  void watch_death();
  void on_settled();
  void settle();
  bool has_external_extensions() const;
  void give_up_orders();
  void runtime_is_back();
  void announce_ready();
  void on_extension_news();
  void begin_start();
  void end_start();
  void finish();
  void await_output(size_t events);
  void shut_doors();
  void give_group_back();
  void give_up_waiting();
  void fail_start(const Error& why);
  void fail_start(std::string reason, bool lacks_room);
  void end_unstarted(Exit exit);
  void tell(const Exit& exit);
  void signal(int number);
  void thaw();
  // The function and what it has started.
  std::vector<pid_t> processes();

  SandboxHost& host_;
  SandboxOwner& owner_;
  State state_ = State::kNew;
  std::shared_ptr<Blank> blank_;          // what this was before
  std::shared_ptr<ForkSource> fork_of_;   // until that has come of it
  bool starting_ = false;                 // the stock counts it so
  uint64_t turn_ = 0;                     // of the host's starts; 0: none
  std::unique_ptr<SandboxSpec> waiting_;  // until that has come
  bool has_answered_ = false;
  std::unique_ptr<Io> io_;
  std::unique_ptr<Cgroup> cgroup_;
  std::unique_ptr<DirectChannel> channel_;
  bool by_channel_ = false;      // the last event went there
  std::shared_ptr<bool> alive_;  // callbacks that outlive this object see false
  RuntimeApi::Address address_;
  Extensions* extensions_ = nullptr;  // the address's
  double extensions_ms_ = -1;
  SteadyTime back_{};  // when the runtime was, with external extensions
  bool held_ = false;  // the runtime is ready, and an extension isn't
  EventSink* sink_ = nullptr;
  // Of the event in hand, or the last one: a second answer to it is a wrong state.
  std::string request_id_;
  int kill_signal_ = 0;  // wanted before the pidfd was there
  bool killed_by_us_ = false;
  bool has_failed_ = false;  // memory ran out on the way
  std::string program_;      // as seen inside
  enum class Frozen { kNo, kByGroup, kBySignal };
  Frozen frozen_ = Frozen::kNo;
};

}  // namespace kiln::sandbox
