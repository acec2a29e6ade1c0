#include "stack/deployment.h"

#include <algorithm>

#include "base/left_out_reason.h"
#include "base/mutex.h"
#include "stack/deployment_steps.h"
#include "stack/plan.h"
#include "stack/skipped_type.h"
#include "stack/validation_error.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

}  // namespace

Deployment::Deployment(StackRecord& record, const Environment& environment, Stop& stop)
    : record_(record),
      environment_(environment),
      stop_(stop),
      before_(record.snapshot()),
      api_(environment.api(before_.region)) {}

Scope Deployment::scope(const StackResource& resource, bool repairing) const {
  Scope out{api_,       environment_.account,  before_.region, before_.name,
            before_.id, resource.logical_id,   resource.type,  stop_.interrupted(),
            repairing,  &environment_.provider};
  (void)record_.read<bool>([&](const Stack& stack) {
    out.capabilities = stack.wish.capabilities;
    out.unsupported = stack.wish.unsupported;
    return true;
  });
  return out;
}

cfn::Surroundings Deployment::surroundings(const cfn::ParameterValues& parameters,
                                           const Wish& wish) const {
  cfn::Surroundings out;
  out.parameters = parameters;
  out.account = environment_.account;
  out.region = before_.region;
  out.stack_name = before_.name;
  out.stack_id = before_.id;
  out.notification_arns = wish.notification_arns;
  out.import_value = [this](const std::string& name) {
    return environment_.import_value(before_.region, name);
  };
  out.dynamic = [this, unsupported = wish.unsupported](const std::string& service,
                                                       const std::string& reference) {
    return environment_.dynamic(before_.region, service, reference, unsupported);
  };
  out.resource = [this](const std::string& id, const std::string& attribute) {
    return record_.read<Result<json>>([&](const Stack& stack) -> Result<json> {
      const auto found = stack.resources.find(id);
      if (found == stack.resources.end())
        return validation_error("Template error: resource " + id + " is not in the stack");
      return value_of(found->second, attribute);
    });
  };
  return out;
}

void Deployment::create(const cfn::Template& parsed, const cfn::ParameterValues& parameters,
                        const Wish& wish) {
  Resolver resolver(parsed, surroundings(parameters, wish), wish, environment_.fetch);
  Result<void> done;
  if (auto graph = resolver.graph(); !graph)
    done = graph.error();
  else
    done = build(resolver, *graph);
  if (leaving()) return;
  if (done)
    (void)record_.set_status("CREATE_COMPLETE");
  else
    roll_back_create(done.error().message,
                     stop_.deletes() ? Wish::OnFailure::kDelete : wish.on_failure);
}

void Deployment::update(const cfn::Template& parsed, const cfn::ParameterValues& parameters,
                        const Wish& wish) {
  Resolver resolver(parsed, surroundings(parameters, wish), wish, environment_.fetch);
  auto graph = resolver.graph();
  const StepGraph::Needs needs = graph ? *graph : StepGraph::Needs();
  const Result<void> done = graph ? build(resolver, needs) : Result<void>(graph.error());
  if (leaving()) return;
  if (!done) {
    if (wish.on_failure == Wish::OnFailure::kDoNothing)
      (void)record_.set_status("UPDATE_FAILED", done.error().message);
    else
      roll_back_update(needs, done.error().message);
    return;
  }
  (void)record_.set_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
  clean_up(needs);
  if (!leaving()) (void)record_.set_status("UPDATE_COMPLETE");
}

Result<void> Deployment::build(Resolver& resolver, const StepGraph::Needs& graph) {
  auto built = StepGraph(graph).run(kAtOnce, OnError::kStop, [&](const std::string& id) {
    auto done = stop_.cancelled() || leaving() ? Result<void>(validation_error("User Initiated"))
                                               : step(resolver, graph, id);
    if (!done) stop_.interrupt();
    return done;
  });
  if (!built) return built;
  if (stop_.cancelled()) return validation_error("User Initiated");
  auto outputs = resolver.outputs();
  if (!outputs) return outputs.error();
  return environment_.commit_outputs(record_, std::move(*outputs), resolver.imports());
}

Result<void> Deployment::step(Resolver& resolver, const StepGraph::Needs& graph,
                              const std::string& id) {
  const cfn::Resource& resource = *resolver.parsed().resource(id);
  StackResource draft;
  draft.logical_id = id;
  draft.type = resource.type;
  draft.deletion_policy = resource.deletion_policy;
  draft.replace_policy = resource.update_replace_policy;
  draft.needs = graph.at(id);
  const auto there = before_.resources.find(id);
  auto wanted = resolver.wanted(id);
  if (!wanted) {
    draft.status = there == before_.resources.end() ? "CREATE_FAILED" : "UPDATE_FAILED";
    record_.log(draft, draft.status, wanted.error().message);
    return wanted.error();
  }
  const StackResource* current = there == before_.resources.end() ? nullptr : &there->second;
  if (current && !current->is_whole()) {
    if (auto settled = settle(*current); !settled) return settled;
    current = nullptr;
  }
  const auto taken_back = take_back(current, id, *wanted);
  if (!taken_back) return taken_back.error();
  if (*taken_back) current = &**taken_back;
  if (!current) return make(draft, *wanted, Makes::kNew);
  return step_from(*current, std::move(draft), *wanted);
}

Result<void> Deployment::step_from(const StackResource& before, StackResource draft,
                                   const Wanted& wanted) {
  const auto difference = compare(before, wanted);
  draft.name = before.name;
  draft.physical_id = before.physical_id;
  draft.attributes = before.attributes;
  if (!difference) {
    draft.properties = before.properties;
    draft.status = before.status;
    draft.reason = before.reason;
    draft.changed = before.changed;
    return record_.put_quietly(draft);
  }
  if (difference->replacement == Change::Replacement::kNo) return change(before, draft, wanted);
  return replace(before, std::move(draft), wanted);
}

void Deployment::touch(const std::string& id, Touched touched) {
  const MutexLock lock(mutex_);
  touched_.emplace(id, std::move(touched));
}

Result<void> Deployment::make(const StackResource& draft, const Wanted& wanted, Makes makes) {
  const std::string verb = makes == Makes::kNew ? "CREATE" : "UPDATE";
  StackResource made = draft;
  made.name = !wanted.given_name.empty()
                  ? wanted.given_name
                  : wanted.type->name_for(before_.name, draft.logical_id, wanted.properties);
  made.attempted = wanted.properties;
  made.status = verb + "_IN_PROGRESS";
  auto kept = makes == Makes::kNew ? record_.put(made) : record_.put_quietly(made);
  if (!kept) return kept;
  touch(draft.logical_id, {Touched::How::kMade, {}});
  const Scope reach = scope(draft, repairs(draft.logical_id));
  auto result = wanted.type->create(reach, made.name, wanted.properties);
  std::string reason = wanted.reason();
  // A provider may need services that are not here.
  const bool may_miss = wanted.type->is_custom() && !leaving() && !stop_.cancelled() &&
                        reach.unsupported == Wish::Unsupported::kSkip;
  if (!result && may_miss && result.error().type != "Cancelled") {
    reason = kLeftOutReason + reason_of(made, result.error());
    result = skipped_type().create(reach, made.name, wanted.properties);
  }
  if (!result) {
    made.status = verb + "_FAILED";
    made.reason = reason_of(made, result.error());
    // What failed has left nothing, and somebody else's thing of that name must stay. But when Kiln
    // ends, nobody knows.
    const bool half = wanted.type->is_removed_later() &&
                      (result.error().type == "Cancelled" || result.error().type == kHalfMade);
    if (!leaving() && !half) made.name.clear();
    (void)record_.put(made);
    return Error{
        result.error().kind, result.error().type,
        "The following resource(s) failed to create: [" + made.logical_id + "]. " + made.reason};
  }
  made.physical_id = result->id;
  made.attributes = std::move(result->attributes);
  made.properties = std::move(made.attempted);
  made.attempted = nullptr;
  record_.log(made, verb + "_IN_PROGRESS", "Resource creation Initiated");
  made.status = verb + "_COMPLETE";
  made.reason = std::move(reason);
  return record_.put(made);
}

Result<void> Deployment::change(const StackResource& before, const StackResource& draft,
                                const Wanted& wanted) {
  StackResource changed = draft;
  changed.properties = before.properties;
  changed.earlier = before.earlier;
  changed.needs = either(before.needs, draft.needs);
  changed.attempted = wanted.properties;
  if (before.unsettled()) changed.earlier.push_back(before.attempted);
  changed.status = "UPDATE_IN_PROGRESS";
  if (auto kept = record_.put(changed); !kept) return kept;
  touch(draft.logical_id, {Touched::How::kChanged, before});
  const Scope reach = scope(draft, before.unsettled());
  auto result = bring(before, reach, wanted.properties);
  if (!result) {
    changed.status = "UPDATE_FAILED";
    changed.reason = reason_of(changed, result.error());
    (void)record_.put(changed);
    return Error{result.error().kind, result.error().type,
                 "The following resource(s) failed to update: [" + changed.logical_id + "]. " +
                     changed.reason};
  }
  // A provider that answers with another id has made another resource: the old one goes at the end.
  if (wanted.type->is_custom() && result->id != before.physical_id)
    if (auto kept = record_.add_leftover(before); !kept) return kept;
  changed.physical_id = result->id;
  changed.attributes = std::move(result->attributes);
  changed.properties = wanted.properties;
  changed.attempted = nullptr;
  changed.earlier.clear();
  changed.needs = draft.needs;
  changed.status = "UPDATE_COMPLETE";
  changed.reason = wanted.reason();
  return record_.put(changed);
}

Result<void> Deployment::replace(const StackResource& before, StackResource draft,
                                 const Wanted& wanted) {
  if (!wanted.given_name.empty() && wanted.given_name == before.name && wanted.type->id_is_name()) {
    record_.log(before, "UPDATE_FAILED",
                "CloudFormation cannot update a stack when a custom-named resource requires "
                "replacing. Rename " +
                    before.name + " and update the stack again.");
    return validation_error(
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
        "Rename " +
        before.name + " and update the stack again.");
  }
  record_.log(before, "UPDATE_IN_PROGRESS",
              "Requested update requires the creation of a new physical resource; hence creating "
              "one.");
  if (auto kept = record_.add_leftover(before); !kept) return kept;
  draft.physical_id.clear();
  draft.attributes = json::object();
  draft.changed = before.changed;
  auto made = make(draft, wanted, Makes::kReplacement);
  const MutexLock lock(mutex_);
  touched_[draft.logical_id] = {Touched::How::kReplaced, before};
  return made;
}

}  // namespace kiln::stack
