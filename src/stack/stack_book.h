// All stacks: finds them, checks what is asked of them, starts deployments, keeps exports unique.
//
//   StackBook book({account, api, state, clock, ssm});
//   book.load(kind, region, key, document) …; book.loaded();
//   Result<std::string> id = book.create("us-east-1", "orders", wish, {});
//   Stack now = *book.find("us-east-1", "orders");       // CREATE_IN_PROGRESS, later
//   CREATE_COMPLETE
//
// Errors have CloudFormation's types and texts, and change nothing. Thread-safe. Calls read and
// check templates and wait for the disk; deployments run on threads of their own, kMaxDeployments
// at a time. The destructor interrupts them: they leave their stacks for the next deployment to
// repair.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/worker_pool.h"
#include "stack/deployment.h"
#include "stack/plan.h"
#include "stack/stack_record.h"
#include "template/include.h"
#include "template/parameters.h"

namespace kiln::stack {

struct Export {
  std::string name;
  std::string value;
  std::string stack_id;
};

class StackBook {
 public:
  static constexpr const char* kChangeSetKind = "stack-change-set";
  static constexpr size_t kMaxChangeSets = 1000;   // of a stack
  static constexpr size_t kMaxExecutedSets = 10;   // of a stack, the newest
  static constexpr size_t kMaxDeletedStacks = 50;  // of a Region, the newest
  // At a time, of each depth of nested stacks; the others wait in progress.
  static constexpr size_t kMaxDeployments = 64;
  static constexpr size_t kMaxNesting = 8;  // stacks in stacks

  struct Options {
    std::string account;
    std::function<AwsApi(const std::string& region)> api;
    StatePort& state;
    const Clock& clock;
    std::function<std::optional<cfn::SsmParameter>(const std::string& region,
                                                   const std::string& name)>
        ssm;
    AskProvider provider = {};
    // The text at the address of a template, or at an s3:// location. Blocks.
    std::function<Result<std::string>(const std::string& url)> fetch = {};
  };
  explicit StackBook(Options options);
  ~StackBook();

  // From now on deployments leave out what stacks can't hold, also when the request doesn't say it.
  void skip_unsupported() { skips_ = true; }

  static bool owns(const std::string& kind);
  // A document of an earlier run. An error leaves it out.
  Result<void> load(const std::string& kind, const std::string& region, const std::string& key,
                    const std::string& document);
  // After the last load: deployments that were under way have failed.
  void loaded();

  // By name, or by id also after it was deleted. NotFound: "Stack with id X does not exist".
  Result<Stack> find(const std::string& region, const std::string& name_or_id) const;
  std::vector<Stack> all(const std::string& region) const;  // newest first, deleted ones too
  // The newest stack, deleted ones too, that has a resource of this physical id. Cost: a look at
  // each resource; no copy but of that stack.
  std::optional<Stack> find_owner(const std::string& region, const std::string& physical_id) const;
  std::vector<Export> exports(const std::string& region) const;
  std::vector<std::string> importers(const std::string& region, const std::string& name) const;

  struct Terms {
    bool termination_protection = false;
    std::string parent_id;  // of a nested stack
  };
  // The new stack's id.
  Result<std::string> create(const std::string& region, const std::string& name, const Wish& wish,
                             Terms terms);
  // ValidationError "No updates are to be performed."
  Result<std::string> update(const std::string& region, const std::string& name_or_id,
                             const Wish& wish);
  // Success also when there is no such stack.
  Result<void> remove(const std::string& region, const std::string& name_or_id,
                      const std::vector<std::string>& retained, const std::string& token,
                      Deployment::Deletion deletion = Deployment::Deletion::kStandard);
  Result<void> cancel_update(const std::string& region, const std::string& name_or_id);
  // Tries again what a rollback could not do.
  Result<void> continue_rollback(const std::string& region, const std::string& name_or_id);
  Result<std::string> protect(const std::string& region, const std::string& name_or_id, bool on);

  Result<ChangeSet> create_change_set(const std::string& region, const std::string& stack,
                                      ChangeSet wanted);
  // `name_or_id` of the set; `stack` is not needed with an id.
  Result<ChangeSet> find_change_set(const std::string& region, const std::string& stack,
                                    const std::string& name_or_id) const;
  // The stack that a set is for.
  Result<Stack> stack_for(const ChangeSet& set) const;
  // Those that were not executed, oldest first.
  Result<std::vector<ChangeSet>> change_sets(const std::string& region,
                                             const std::string& stack) const;
  Result<void> execute_change_set(const std::string& region, const std::string& stack,
                                  const std::string& name_or_id, const std::string& token,
                                  std::optional<Wish::OnFailure> on_failure);
  Result<void> delete_change_set(const std::string& region, const std::string& stack,
                                 const std::string& name_or_id);

  // The Metadata of a resource of the stack, as JSON, with what its functions come to now; "{}"
  // without any.
  std::string metadata(const Stack& stack, const std::string& logical_id) const;

  // Waits until nothing is under way.
  void drain();
  // Kiln ends: what is under way ends where it stands, for the next deployment.
  void leave();

  // What transforms of a template may go by before it is evaluated: parameters, Region, account.
  std::map<std::string, std::string> known_values(const std::string& region,
                                                  const Wish& wish) const;
  // How AWS::Include is carried out.
  cfn::Include include() const;

 private:
  using RecordPtr = std::shared_ptr<StackRecord>;
  // A template that was read, checked and planned.
  struct Prepared {
    std::shared_ptr<const cfn::Template> parsed;
    cfn::ParameterValues parameters;
    Plan plan;

    // What the parameters that name one of SSM's came to.
    std::map<std::string, std::string> resolved_parameters() const;
  };
  enum class Macros { kNeedCapability, kExpand };

  // What parameters that name one of SSM's come to.
  cfn::SsmLookup ssm_lookup(const std::string& region, Wish::Unsupported unsupported) const;
  // With what the options say.
  Wish completed(Wish wish) const;
  // `depth`: how many stacks are around this one.
  Result<Prepared> prepare(const Stack& now, const Wish& wish, Macros macros,
                           size_t depth = 0) const;
  // Why a change set fails that AWS creates all the same; "": there is no such reason.
  std::string processing_failure(const Stack& now, const Wish& wish) const;
  // Gives it a status, and changes or the reason why there are none.
  Result<void> plan_change_set(const Stack& now, ChangeSet& set) const;
  Result<cfn::ParameterValues> values_of_parameters(const Stack& now, const cfn::Template& parsed,
                                                    const Wish& wish) const;
  // Without `resource`. Refers to `now` and `wish`.
  cfn::Surroundings surroundings_of(const Stack& now, const Wish& wish,
                                    const cfn::ParameterValues& parameters) const;
  // The templates of the nested stacks that a plan makes or changes, as far as these are known.
  Result<void> check_nested(const Stack& now, const Wish& wish, const Plan& plan,
                            size_t depth) const;
  // Whether the APIs would take what the plan makes or changes.
  Result<void> check_values(const Stack& now, const cfn::Template& parsed, const Plan& plan,
                            const PlannedResources& planned) const;
  RecordPtr record_of(const std::string& region, const std::string& name_or_id) const;
  Result<RecordPtr> require(const std::string& region, const std::string& name_or_id) const;
  std::vector<RecordPtr> records(const std::string& region) const;
  Stack new_stack(const std::string& region, const std::string& name) const;
  RecordPtr add(Stack stack);
  void forget(const RecordPtr& record);
  // Of the deleted stacks of a Region, the newest stay.
  void forget_oldest(const std::string& region);
  // Creates the stack, if it is new or only reviewed so far, else updates it.
  // `change_set_id`: the set that is carried out; "": none.
  Result<std::string> begin(const RecordPtr& record, const Wish& wish, Prepared prepared,
                            const std::string& change_set_id);
  static bool changes_nothing(const Stack& now, const Wish& wish, const Prepared& prepared);
  // `announce` changes the stack's status; the deployment knows the stack as it was before.
  Result<void> start(const RecordPtr& record, const std::function<Result<void>()>& announce,
                     std::function<void(Deployment&)> work);
  // Not under way any more, and not before.
  void run(const RecordPtr& record, Stop& stop, Deployment& deployment,
           const std::function<void(Deployment&)>& work);
  void finished(const RecordPtr& record);
  WorkerPool& pool_of(const StackRecord& record);
  // Whether no other stack exports what this one will, and nobody uses what it won't any more.
  Result<void> check_exports(const Stack& stack, const std::vector<StackOutput>& outputs) const;
  Result<void> commit_outputs(StackRecord& record, std::vector<StackOutput> outputs,
                              std::vector<std::string> imports);
  Result<void> keep(const Stack& stack, const ChangeSet& set);
  Result<void> drop(const Stack& stack, const ChangeSet& set);
  void drop_change_sets(const Stack& stack);
  void drop_old_executed_sets(const Stack& stack);

  const Options options_;
  std::atomic<bool> skips_{false};
  Environment environment_;

  mutable Mutex mutex_;
  std::map<std::string, RecordPtr> records_ KILN_GUARDED_BY(mutex_);  // by id
  std::map<std::string, std::map<std::string, ChangeSet>> sets_
      KILN_GUARDED_BY(mutex_);  // by stack id and set id
  std::map<std::string, std::shared_ptr<Stop>> running_ KILN_GUARDED_BY(mutex_);  // by stack id
  Condition ended_;                                                               // one of running_
  bool leaving_ KILN_GUARDED_BY(mutex_) = false;
  // What load() has gathered of each stack until loaded().
  std::map<std::string, std::map<std::string, StackEvent>> loaded_events_;
  std::map<std::string, Stack> loaded_stacks_;
  Mutex exports_mutex_;  // over the check of an export and its commitment
  Mutex forget_mutex_;   // over the choice of deleted stacks to forget and their end
  Mutex begin_mutex_;    // over the check of a stack's state and the change of it
  // By how deep their stacks are nested: those that wait for others never hold these up.
  std::vector<std::unique_ptr<WorkerPool>> deployments_;
};

}  // namespace kiln::stack
