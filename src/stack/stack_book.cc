#include "stack/stack_book.h"

#include <algorithm>
#include <set>

#include "base/arn.h"
#include "base/fence.h"
#include "base/ids.h"
#include "base/json_access.h"
#include "base/mutex.h"
#include "stack/dynamic_reference.h"
#include "template/evaluate.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

Error no_such_stack(const std::string& name) {
  return {ErrorKind::kInvalid, "ValidationError", "Stack with id " + name + " does not exist"};
}

std::string before_hash(const std::string& key) { return key.substr(0, key.find('#')); }

}  // namespace

StackBook::StackBook(Options options) : options_(std::move(options)) {
  environment_.account = options_.account;
  environment_.api = options_.api;
  for (size_t depth = 0; depth <= kMaxNesting; ++depth)
    deployments_.push_back(
        std::make_unique<WorkerPool>(WorkerPool::Options{"deployment", 0, kMaxDeployments}));
  environment_.provider = options_.provider;
  environment_.fetch = options_.fetch;
  environment_.now = [this] { return options_.clock.wall_now(); };
  environment_.import_value = [this](const std::string& region,
                                     const std::string& name) -> std::optional<std::string> {
    for (const Export& each : exports(region))
      if (each.name == name) return each.value;
    return std::nullopt;
  };
  environment_.dynamic = [this](const std::string& region, const std::string& service,
                                const std::string& reference, Wish::Unsupported unsupported) {
    return resolve_dynamic(service, reference, unsupported, ssm_lookup(region, unsupported));
  };
  environment_.commit_outputs = [this](StackRecord& record, std::vector<StackOutput> outputs,
                                       std::vector<std::string> imports) {
    return commit_outputs(record, std::move(outputs), std::move(imports));
  };
}

cfn::SsmLookup StackBook::ssm_lookup(const std::string& region,
                                     Wish::Unsupported unsupported) const {
  if (!options_.ssm) return with_aws_parameters({}, unsupported);
  return with_aws_parameters(
      [this, region](const std::string& name) { return options_.ssm(region, name); }, unsupported);
}

WorkerPool& StackBook::pool_of(const StackRecord& record) {
  const size_t depth = record.read<size_t>([](const Stack& stack) { return stack.depth; });
  return *deployments_[std::min(depth, kMaxNesting)];
}

StackBook::~StackBook() {
  leave();
  drain();
}

void StackBook::leave() {
  const MutexLock lock(mutex_);
  leaving_ = true;
  for (auto& [id, stop] : running_) stop->leave();
}

void StackBook::drain() {
  MutexLock lock(mutex_);
  ended_.wait(lock, [this]() KILN_REQUIRES(mutex_) { return running_.empty(); });
}

bool StackBook::owns(const std::string& kind) {
  return kind == StackRecord::kStackKind || kind == StackRecord::kResourceKind ||
         kind == StackRecord::kLeftoverKind || kind == StackRecord::kEventKind ||
         kind == kChangeSetKind;
}

Result<void> StackBook::load(const std::string& kind, const std::string&, const std::string& key,
                             const std::string& document) {
  const json parsed = json_parse(document);
  const std::string stack_id = before_hash(key);
  const MutexLock lock(mutex_);
  if (kind == StackRecord::kStackKind) {
    auto stack = stack_of(parsed);
    if (!stack) return stack.error();
    Stack& known = loaded_stacks_[stack_id];
    stack->resources = std::move(known.resources);
    stack->leftovers = std::move(known.leftovers);
    known = std::move(*stack);
  } else if (kind == kChangeSetKind) {
    auto set = change_set_of(parsed);
    if (!set) return set.error();
    sets_[stack_id].emplace(set->id, *set);
  } else if (kind == StackRecord::kEventKind) {
    auto event = event_of(parsed);
    if (!event) return event.error();
    loaded_events_[stack_id].emplace(key, std::move(*event));
  } else {
    auto resource = resource_of(parsed);
    if (!resource) return resource.error();
    Stack& stack = loaded_stacks_[stack_id];
    if (kind == StackRecord::kResourceKind)
      stack.resources[resource->logical_id] = std::move(*resource);
    else
      stack.leftovers.push_back(std::move(*resource));
  }
  return {};
}

void StackBook::loaded() {
  std::vector<RecordPtr> interrupted;
  {
    const MutexLock lock(mutex_);
    for (auto& [id, stack] : loaded_stacks_) {
      if (stack.id.empty()) continue;  // parts of a stack that is gone
      for (auto& [key, event] : loaded_events_[id]) stack.events.push_back(std::move(event));
      // One was carried out, whatever could be kept of it; others are about a state that is gone.
      const WallTime changed =
          std::max(stack.updated.value_or(stack.created), stack.deleted.value_or(stack.created));
      if (const auto sets = sets_.find(id); sets != sets_.end())
        for (auto& [set_id, set] : sets->second) {
          if (set_id == stack.change_set_id) set.execution_status = "EXECUTE_COMPLETE";
          if (set.execution_status == "AVAILABLE" && set.created < changed)
            set.execution_status = "OBSOLETE";
        }
      const auto record =
          std::make_shared<StackRecord>(std::move(stack), options_.state, options_.clock);
      records_.emplace(id, record);
      if (record->read<bool>(
              [](const Stack& s) { return s.in_progress() && s.status != "REVIEW_IN_PROGRESS"; }))
        interrupted.push_back(record);
    }
    loaded_stacks_.clear();
    loaded_events_.clear();
  }
  std::set<std::string> regions;
  {
    const MutexLock lock(mutex_);
    for (const auto& [id, record] : records_)
      regions.insert(record->read<std::string>([](const Stack& stack) { return stack.region; }));
  }
  for (const std::string& region : regions) forget_oldest(region);
  for (const RecordPtr& record : interrupted)
    record->cut_short(record->operation(), [](const std::string& status) {
      return "Kiln was stopped during " + status + "; the next deployment of the stack repairs it";
    });
}

StackBook::RecordPtr StackBook::record_of(const std::string& region,
                                          const std::string& name_or_id) const {
  const MutexLock lock(mutex_);
  if (const auto found = records_.find(name_or_id); found != records_.end()) return found->second;
  for (const auto& [id, record] : records_) {
    const bool is_it = record->read<bool>([&](const Stack& stack) {
      return stack.name == name_or_id && stack.region == region && !stack.is_deleted();
    });
    if (is_it) return record;
  }
  return nullptr;
}

Result<StackBook::RecordPtr> StackBook::require(const std::string& region,
                                                const std::string& name_or_id) const {
  auto record = record_of(region, name_or_id);
  if (!record) return no_such_stack(name_or_id);
  return record;
}

std::vector<StackBook::RecordPtr> StackBook::records(const std::string& region) const {
  std::vector<RecordPtr> out;
  const MutexLock lock(mutex_);
  for (const auto& [id, record] : records_)
    if (record->read<bool>([&](const Stack& stack) { return stack.region == region; }))
      out.push_back(record);
  return out;
}

Result<Stack> StackBook::find(const std::string& region, const std::string& name_or_id) const {
  const auto record = require(region, name_or_id);
  if (!record) return record.error();
  return (*record)->snapshot();
}

std::vector<Stack> StackBook::all(const std::string& region) const {
  std::vector<Stack> out;
  for (const RecordPtr& record : records(region)) out.push_back(record->snapshot());
  std::sort(out.begin(), out.end(), [](const Stack& a, const Stack& b) {
    return a.created != b.created ? a.created > b.created : a.id < b.id;
  });
  return out;
}

std::optional<Stack> StackBook::find_owner(const std::string& region,
                                           const std::string& physical_id) const {
  std::optional<std::pair<WallTime, std::string>> newest;
  RecordPtr owner;
  for (const RecordPtr& record : records(region))
    record->read<bool>([&](const Stack& stack) {
      std::pair place(stack.created, stack.id);
      if (newest && place < *newest) return false;
      for (const auto& [logical, resource] : stack.resources)
        if (resource.physical_id == physical_id) {
          newest = std::move(place);
          owner = record;
          return true;
        }
      return false;
    });
  if (!owner) return std::nullopt;
  return owner->snapshot();
}

std::vector<Export> StackBook::exports(const std::string& region) const {
  std::vector<Export> out;
  for (const RecordPtr& record : records(region))
    record->read<bool>([&](const Stack& stack) {
      for (const StackOutput& output : stack.outputs)
        if (!stack.is_deleted() && !output.export_name.empty())
          out.push_back({output.export_name, output.value, stack.id});
      return true;
    });
  std::sort(out.begin(), out.end(),
            [](const Export& a, const Export& b) { return a.name < b.name; });
  return out;
}

std::vector<std::string> StackBook::importers(const std::string& region,
                                              const std::string& name) const {
  std::vector<std::string> out;
  for (const RecordPtr& record : records(region))
    record->read<bool>([&](const Stack& stack) {
      const auto& names = stack.imports;
      if (!stack.is_deleted() && std::find(names.begin(), names.end(), name) != names.end())
        out.push_back(stack.name);
      return true;
    });
  std::sort(out.begin(), out.end());
  return out;
}

// What isn't known yet may be what it is now.
Result<void> StackBook::check_exports(const Stack& stack,
                                      const std::vector<StackOutput>& outputs) const {
  for (const StackOutput& output : outputs) {
    if (output.export_name.empty()) continue;
    for (const Export& each : exports(stack.region)) {
      if (each.name != output.export_name || each.stack_id == stack.id) continue;
      // It may have been deleted meanwhile.
      const auto owner = find(stack.region, each.stack_id);
      if (!owner) continue;
      return Error{ErrorKind::kInvalid, "ValidationError",
                   "Export with name " + each.name + " is already exported by stack " +
                       owner->name + ". Rename this output's export"};
    }
  }
  for (const StackOutput& old : stack.outputs) {
    const bool stays = std::any_of(outputs.begin(), outputs.end(), [&](const StackOutput& now) {
      return now.export_name == old.export_name &&
             (now.value == old.value || cfn::is_unknown(now.value));
    });
    if (old.export_name.empty() || stays) continue;
    if (const auto users = importers(stack.region, old.export_name); !users.empty())
      return Error{
          ErrorKind::kInvalid, "ValidationError",
          "Export " + old.export_name + " cannot be updated as it is in use by " + users.front()};
  }
  return {};
}

Result<void> StackBook::commit_outputs(StackRecord& record, std::vector<StackOutput> outputs,
                                       std::vector<std::string> imports) {
  const MutexLock one_at_a_time(exports_mutex_);
  if (auto fine = check_exports(record.snapshot(), outputs); !fine) return fine;
  return record.change([&](Stack& changed) {
    changed.outputs = std::move(outputs);
    changed.imports = std::move(imports);
  });
}

Stack StackBook::new_stack(const std::string& region, const std::string& name) const {
  Stack stack;
  stack.name = name;
  stack.region = region;
  stack.created = options_.clock.wall_now();
  stack.id =
      arn_start("cloudformation", region) + options_.account + ":stack/" + name + "/" + new_uuid();
  return stack;
}

StackBook::RecordPtr StackBook::add(Stack stack) {
  const std::string id = stack.id;
  auto record = std::make_shared<StackRecord>(std::move(stack), options_.state, options_.clock);
  const MutexLock lock(mutex_);
  records_.emplace(id, record);
  return record;
}

// What stays on disk is forgotten after the next start: the stack is deleted, or was never begun.
void StackBook::forget(const RecordPtr& record) {
  (void)record->forget();
  drop_change_sets(record->snapshot());
  const auto id = record->read<std::string>([](const Stack& stack) { return stack.id; });
  const MutexLock lock(mutex_);
  records_.erase(id);
}

Result<void> StackBook::start(const RecordPtr& record,
                              const std::function<Result<void>()>& announce,
                              std::function<void(Deployment&)> work) {
  const std::string id = record->read<std::string>([](const Stack& stack) { return stack.id; });
  // Before anything is promised.
  if (auto able = pool_of(*record).ensure(); !able) return able;
  auto stop = std::make_shared<Stop>();
  auto deployment = std::make_shared<Deployment>(*record, environment_, *stop);
  if (auto announced = announce(); !announced) return announced;
  {
    MutexLock lock(mutex_);
    // An earlier deployment has told its end and is about to leave.
    ended_.wait(lock, [&]() KILN_REQUIRES(mutex_) { return !running_.contains(id); });
    if (leaving_) stop->leave();
    running_.emplace(id, stop);
  }
  pool_of(*record).post([this, id, record, stop, deployment, work = std::move(work)] {
    run(record, *stop, *deployment, work);
    bool deletes = false;
    {
      const MutexLock lock(mutex_);
      running_.erase(id);
      deletes = stop->deletes() && !stop->leaving();
      ended_.notify_all();
    }
    // It was made before it noticed that it should go.
    const auto region = record->read<std::string>([](const Stack& stack) { return stack.region; });
    if (deletes) (void)remove(region, id, {}, "");
  });
  return {};
}

void StackBook::run(const RecordPtr& record, Stop& stop, Deployment& deployment,
                    const std::function<void(Deployment&)>& work) {
  const std::string own = record->operation();
  const bool whole = fenced("a stack's deployment", [&] {
    work(deployment);
    if (stop.leaving()) return;
    // The next one may have been announced since this one's end was told.
    record->cut_short(own, [](const std::string& status) {
      return "Kiln can't keep how " + status +
             " ended; the next deployment of the stack repairs it";
    });
    finished(record);
  });
  if (whole) return;
  fenced("a stack's failed deployment", [&] {
    record->cut_short(own, [](const std::string& status) {
      return "Kiln failed in an unexpected way during " + status +
             "; the next deployment of the stack repairs it";
    });
  });
}

void StackBook::finished(const RecordPtr& record) {
  const bool deleted = record->read<bool>([](const Stack& stack) { return stack.is_deleted(); });
  if (!deleted) return;
  const Stack gone = record->snapshot();
  // Nothing can come of these any more; what was executed can still be looked at by its id.
  if (const auto open = change_sets(gone.region, gone.id))
    for (const ChangeSet& set : *open) (void)drop(gone, set);
  forget_oldest(gone.region);
}

// All that are too many, not only one: deletions that end together see the same ones.
void StackBook::forget_oldest(const std::string& region) {
  const MutexLock one_at_a_time(forget_mutex_);
  std::vector<std::pair<WallTime, RecordPtr>> old;
  for (const RecordPtr& each : records(region))
    if (const auto when = each->read<std::optional<WallTime>>(
            [](const Stack& stack) { return stack.is_deleted() ? stack.deleted : std::nullopt; }))
      old.emplace_back(*when, each);
  std::sort(old.begin(), old.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i + kMaxDeletedStacks < old.size(); ++i) forget(old[i].second);
}

}  // namespace kiln::stack
