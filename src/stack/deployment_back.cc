// The ways back of a deployment: rolling back, cleaning up, taking down.
#include <algorithm>

#include "stack/deployment.h"
#include "stack/deployment_steps.h"
#include "stack/skipped_type.h"

namespace kiln::stack {

using nlohmann::json;

std::string reason_of(const StackResource& resource, const Error& error) {
  if (error.type == "Cancelled" || error.type == "AlreadyExists" ||
      error.type == "ValidationError" || error.type == kHalfMade || error.type.empty())
    return error.message;
  return "Resource handler returned message: \"" + error.message +
         "\" (HandlerErrorCode: " + error.type + ", Resource: " + resource.logical_id + ")";
}

const ResourceType& type_of(const StackResource& resource) {
  const ResourceType* type = find_resource_type(resource.type);
  return type && !says_skipped(resource.attributes) ? *type : skipped_type();
}

namespace {

// On disk before a removal begins: what a kill leaves then is no whole resource.
StackResource going(StackResource resource) {
  resource.status = "DELETE_IN_PROGRESS";
  return resource;
}

}  // namespace

void Deployment::roll_back_create(const std::string& reason, Wish::OnFailure on_failure) {
  if (on_failure == Wish::OnFailure::kDoNothing) {
    (void)record_.set_status("CREATE_FAILED", reason);
    return;
  }
  const bool deletes = on_failure == Wish::OnFailure::kDelete;
  // A stack that could not be made counts as one whose removal has begun, as AWS has it.
  (void)record_.change([&](Stack& stack) {
    stack.deleted = environment_.now();
    stack.change_set_id.clear();
  });
  (void)record_.set_status(
      deletes ? "DELETE_IN_PROGRESS" : "ROLLBACK_IN_PROGRESS",
      reason + (deletes ? " Delete requested by user." : " Rollback requested by user."));
  stop_.resume();
  const auto done = take_all_down({}, OnError::kGoOn);
  if (leaving()) return;
  (void)environment_.commit_outputs(record_, {}, {});
  if (!done)
    (void)record_.set_status(deletes ? "DELETE_FAILED" : "ROLLBACK_FAILED", done.error().message);
  else
    (void)record_.set_status(deletes ? "DELETE_COMPLETE" : "ROLLBACK_COMPLETE");
}

void Deployment::roll_back_update(const StepGraph::Needs& graph, const std::string& reason) {
  // The template, parameters and tags are those from before: who continues a rollback that is cut
  // short goes on to them.
  const auto restore = [this](Stack& stack) {
    const std::string token = stack.wish.token;
    stack.wish = before_.wish;
    stack.wish.token = token;
    stack.hidden_parameters = before_.hidden_parameters;
    stack.description = before_.description;
    stack.imports = before_.imports;
  };
  auto kept = record_.set_status("UPDATE_ROLLBACK_IN_PROGRESS", reason, restore);
  stop_.resume();
  std::map<std::string, Touched> changed;
  {
    const MutexLock lock(mutex_);
    changed = touched_;
  }
  StepGraph::Needs touched;
  for (const auto& [id, how] : changed)
    if (const auto needs = graph.find(id); needs != graph.end()) touched.insert(*needs);
  const auto undone = StepGraph(touched).reversed().run(
      kAtOnce, OnError::kGoOn,
      [&](const std::string& id) { return leaving() ? Result<void>() : undo(id, changed.at(id)); });
  if (leaving()) return;
  if (!kept) kept = record_.change(restore);
  if (!undone || !kept) {
    (void)record_.set_status("UPDATE_ROLLBACK_FAILED", (undone ? kept : undone).error().message);
    return;
  }
  (void)record_.set_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS");
  (void)record_.set_status("UPDATE_ROLLBACK_COMPLETE");
}

Result<void> Deployment::undo(const std::string& id, const Touched& touched) {
  const auto now = record_.read<StackResource>([&](const Stack& stack) {
    const auto found = stack.resources.find(id);
    return found == stack.resources.end() ? StackResource() : found->second;
  });
  if (touched.how != Touched::How::kChanged) {
    // What was half made, too: by its name.
    if (!now.handle().empty() && now.handle() != touched.before.physical_id) {
      if (auto kept = record_.put_quietly(going(now)); !kept) return kept;
      record_.log(now, "DELETE_IN_PROGRESS", "");
      const auto gone = type_of(now).remove(scope(now), now.handle(),
                                            now.unsettled() ? now.attempted : now.properties);
      if (!gone) {
        record_.log(now, "DELETE_FAILED", reason_of(now, gone.error()));
        return gone;
      }
      record_.log(now, "DELETE_COMPLETE", "");
    }
    if (touched.how == Touched::How::kMade) return record_.erase(id);
    if (auto kept = record_.put_quietly(touched.before); !kept) return kept;
    return record_.erase_leftover(touched.before);
  }
  // As with a change: what may be set is on disk before it is.
  StackResource open = now;
  if (!open.unsettled()) open.attempted = touched.before.properties;
  open.needs = either(open.needs, touched.before.needs);
  open.status = "UPDATE_IN_PROGRESS";
  open.reason.clear();
  if (auto kept = record_.put(open); !kept) return kept;
  auto result = bring(open, scope(open), touched.before.properties);
  if (!result) {
    open.status = "UPDATE_FAILED";
    open.reason = reason_of(open, result.error());
    (void)record_.put(open);
    return result.error();
  }
  StackResource back = touched.before;
  if (type_of(now).is_custom()) {
    // It may have another id once more: what the change has made then goes, and what was there
    // before it is no leftover any more.
    back.physical_id = result->id;
    if (result->id == touched.before.physical_id)
      if (auto erased = record_.erase_leftover(touched.before); !erased) return erased;
    if (result->id != now.physical_id)
      if (auto gone = take_down(now); !gone && !record_.add_leftover(now)) return gone;
  }
  back.attributes = std::move(result->attributes);
  back.attempted = nullptr;
  back.earlier.clear();
  back.status = "UPDATE_COMPLETE";
  return record_.put(back);
}

void Deployment::clean_up(const StepGraph::Needs& graph) {
  const Stack now = record_.snapshot();
  for (const auto& [id, resource] : now.resources) {
    if (graph.contains(id)) continue;
    if (const auto gone = resource.is_nothing() ? record_.erase(id) : record_.set_aside(resource);
        !gone)
      return;
  }
  // A logical id may be there more than once: each of its leftovers is a step of its own.
  std::map<std::string, StackResource> steps;
  StepGraph::Needs needs;
  const auto key_of = [](const StackResource& r) { return r.logical_id + "#" + r.handle(); };
  const std::vector<StackResource> leftovers = record_.snapshot().leftovers;
  for (const StackResource& resource : leftovers) {
    const std::string key = key_of(resource);
    steps.emplace(key, resource);
    auto& its_needs = needs[key];
    for (const StackResource& other : leftovers)
      if (std::find(resource.needs.begin(), resource.needs.end(), other.logical_id) !=
          resource.needs.end())
        its_needs.push_back(key_of(other));
  }
  (void)StepGraph(needs).reversed().run(kAtOnce, OnError::kGoOn, [&](const std::string& key) {
    if (leaving()) return Result<void>();
    const StackResource& resource = steps.at(key);
    if (is_in_use(resource)) return record_.erase_leftover(resource);
    const auto current = now.resources.find(resource.logical_id);
    const bool replaced = current != now.resources.end() && graph.contains(resource.logical_id);
    const cfn::Policy policy = replaced ? resource.replace_policy : resource.deletion_policy;
    if (policy == cfn::Policy::kRetain || policy == cfn::Policy::kRetainExceptOnCreate) {
      record_.log(resource, "DELETE_SKIPPED", "");
      return record_.erase_leftover(resource);
    }
    if (auto kept = record_.add_leftover(going(resource)); !kept) return kept;
    auto gone = take_down(resource);
    return gone ? record_.erase_leftover(resource) : gone;
  });
}

Result<void> Deployment::take_down(const StackResource& resource) {
  record_.log(resource, "DELETE_IN_PROGRESS", "");
  const auto gone =
      type_of(resource).remove(scope(resource), resource.handle(),
                               resource.unsettled() ? resource.attempted : resource.properties);
  if (!gone) {
    record_.log(resource, "DELETE_FAILED", reason_of(resource, gone.error()));
    return Error{gone.error().kind, gone.error().type,
                 "The following resource(s) failed to delete: [" + resource.logical_id + "]. " +
                     reason_of(resource, gone.error())};
  }
  record_.log(resource, "DELETE_COMPLETE", "");
  return {};
}

Result<void> Deployment::take_all_down(const std::vector<std::string>& retained, OnError on_error) {
  const Stack now = record_.snapshot();
  const bool creating = now.status == "ROLLBACK_IN_PROGRESS";
  StepGraph::Needs needs;
  for (const auto& [id, resource] : now.resources) needs[id] = resource.needs;
  auto done = StepGraph(needs).reversed().run(kAtOnce, on_error, [&](const std::string& id) {
    if (leaving()) return Result<void>();
    const StackResource& resource = now.resources.at(id);
    const bool kept = std::find(retained.begin(), retained.end(), id) != retained.end() ||
                      (resource.deletion_policy == cfn::Policy::kRetain) ||
                      (resource.deletion_policy == cfn::Policy::kRetainExceptOnCreate && !creating);
    if (!kept && !resource.is_nothing())
      if (auto marked = record_.put_quietly(going(resource)); !marked) return marked;
    if (resource.is_nothing()) {
      // Making it has failed.
    } else if (kept) {
      record_.log(resource, "DELETE_SKIPPED", "");
    } else if (auto gone = take_down(resource); !gone) {
      StackResource failed = resource;
      failed.status = "DELETE_FAILED";
      failed.reason = gone.error().message;
      (void)record_.put_quietly(failed);
      return gone;
    }
    return record_.erase(id);
  });
  if (!done) return done;
  for (const StackResource& leftover : now.leftovers) {
    if (leaving()) return {};
    if (auto gone = take_down(leftover); !gone) return gone;
    if (auto erased = record_.erase_leftover(leftover); !erased) return erased;
  }
  return {};
}

void Deployment::remove(const std::vector<std::string>& retained, Deletion deletion) {
  auto done = take_all_down(retained, OnError::kGoOn);
  std::vector<std::string> behind = retained;
  while (!leaving() && !done && deletion == Deletion::kForce) {
    // Resources that can't be deleted stay behind; the next round deletes those they stood on.
    const size_t before = behind.size();
    for (const auto& [id, resource] : record_.snapshot().resources)
      if (resource.status == "DELETE_FAILED") behind.push_back(id);
    if (behind.size() == before) break;
    done = take_all_down(behind, OnError::kGoOn);
  }
  if (leaving()) return;
  if (!done) {
    (void)record_.set_status("DELETE_FAILED", done.error().message);
    return;
  }
  // A deleted stack still says what its outputs were; they export nothing any more.
  (void)environment_.commit_outputs(record_, record_.snapshot().outputs, {});
  (void)record_.set_status("DELETE_COMPLETE");
}

}  // namespace kiln::stack
