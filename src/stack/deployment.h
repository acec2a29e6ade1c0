// Carries out one operation on a stack: makes what a template asks for, or takes everything down.
// When something fails, all goes back to what was there.
//
//   Deployment deployment(record, environment, cancelled);
//   deployment.update(parsed, parameters, wish);      // blocks; the outcome is the stack's status
//
// Resources are made several at a time, each after those that it needs. What is about to be done to
// a resource is on disk before it is done, so that after a kill the next deployment knows what it
// can't know: it settles such resources first. One object per operation; not thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "stack/resolve.h"
#include "stack/stack_record.h"
#include "stack/step_graph.h"

namespace kiln::stack {

// What a deployment can reach outside of its stack.
struct Environment {
  std::string account;
  std::function<AwsApi(const std::string& region)> api;
  std::function<std::optional<std::string>(const std::string& region, const std::string& name)>
      import_value;
  // The value of a dynamic reference.
  std::function<Result<std::string>(const std::string& region, const std::string& service,
                                    const std::string& reference, Wish::Unsupported unsupported)>
      dynamic;
  AskProvider provider;  // of custom resources
  Resolver::FetchTemplate fetch;
  std::function<WallTime()> now;
  // Makes the outputs those of the stack, unless an export is another stack's or is in use.
  std::function<Result<void>(StackRecord& record, std::vector<StackOutput> outputs,
                             std::vector<std::string> imports)>
      commit_outputs;
};

// What ends a deployment before its time.
class Stop {
 public:
  // By its user: it rolls back.
  void cancel() {
    cancelled_ = true;
    interrupted_ = true;
  }
  // The same, and what was being made is removed with its stack.
  void cancel_and_delete() {
    deletes_ = true;
    cancel();
  }
  // Kiln ends: all stays as it is, for the next deployment.
  void leave() {
    leaving_ = true;
    interrupted_ = true;
  }
  // A step failed: the others need not wait for what they wait for.
  void interrupt() { interrupted_ = true; }
  // Rolling back waits again.
  void resume() { interrupted_ = leaving_.load(); }

  bool cancelled() const { return cancelled_; }
  bool deletes() const { return deletes_; }
  bool leaving() const { return leaving_; }
  const std::atomic<bool>& interrupted() const { return interrupted_; }

 private:
  std::atomic<bool> cancelled_{false}, deletes_{false}, leaving_{false}, interrupted_{false};
};

class Deployment {
 public:
  Deployment(StackRecord& record, const Environment& environment, Stop& stop);

  // REQUIRES: the wish's template is `parsed`, and a plan of it has succeeded.
  void create(const cfn::Template& parsed, const cfn::ParameterValues& parameters,
              const Wish& wish);
  void update(const cfn::Template& parsed, const cfn::ParameterValues& parameters,
              const Wish& wish);
  // `retained`: logical ids that stay. By force, so does what can't be deleted.
  enum class Deletion { kStandard, kForce };
  void remove(const std::vector<std::string>& retained, Deletion deletion);

 private:
  struct Touched {
    enum class How { kMade, kChanged, kReplaced } how;
    StackResource before;  // of kChanged and kReplaced
  };

  cfn::Surroundings surroundings(const cfn::ParameterValues& parameters, const Wish& wish) const;
  Result<void> build(Resolver& resolver, const StepGraph::Needs& graph);
  Result<void> step(Resolver& resolver, const StepGraph::Needs& graph, const std::string& id);
  Result<void> step_from(const StackResource& before, StackResource draft, const Wanted& wanted);
  // What takes the place of another resource counts as an update of it.
  enum class Makes { kNew, kReplacement };
  Result<void> make(const StackResource& draft, const Wanted& wanted, Makes makes);
  Result<void> change(const StackResource& before, const StackResource& draft,
                      const Wanted& wanted);
  Result<void> replace(const StackResource& before, StackResource draft, const Wanted& wanted);
  // Sets what is wanted. Each property of one that is unsettled has the value of one of those that
  // were tried: each update sets what the ones before took for done.
  Result<Made> bring(const StackResource& resource, const Scope& scope,
                     const nlohmann::json& wanted) const;
  // Removes what a kill has left half made or half removed.
  Result<void> settle(const StackResource& half);
  // What an earlier deployment has put aside and did not remove is taken back, if it can become
  // what is wanted.
  Result<std::optional<StackResource>> take_back(const StackResource* current,
                                                 const std::string& id, const Wanted& wanted);
  // Whether a resource of the stack is the same thing as this leftover.
  bool is_in_use(const StackResource& leftover) const;
  // Whether an earlier deployment was cut short at this resource, so that what is there may be its.
  bool repairs(const std::string& id) const;
  void touch(const std::string& id, Touched touched);

  void roll_back_create(const std::string& reason, Wish::OnFailure on_failure);
  void roll_back_update(const StepGraph::Needs& graph, const std::string& reason);
  Result<void> undo(const std::string& id, const Touched& touched);
  // Removes what was replaced, and what the template no longer has.
  void clean_up(const StepGraph::Needs& graph);
  Result<void> take_down(const StackResource& resource);
  // Takes down all resources but `retained`.
  Result<void> take_all_down(const std::vector<std::string>& retained, OnError on_error);

  Scope scope(const StackResource& resource, bool repairing = false) const;
  bool leaving() const { return stop_.leaving(); }

  StackRecord& record_;
  const Environment& environment_;
  Stop& stop_;
  const Stack before_;
  const AwsApi api_;
  Mutex mutex_;
  std::map<std::string, Touched> touched_ KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::stack
