#include "engine/function_runner.h"

#include "base/interpreters.h"
#include "engine/events.h"

namespace kiln::engine {

FunctionRunner::FunctionRunner(const Shared& shared, std::string region, std::string name,
                               SandboxPool::FindTask find_task)
    : shared_(shared),
      region_(std::move(region)),
      name_(std::move(name)),
      admission_(shared.account),
      metrics_(region_, name_),
      pool_(shared.environments, static_cast<PoolOwner&>(*this), find_task),
      provisioner_(shared.environments.loop, pool_, admission_, shared.board,
                   shared.provisioning_delay),
      snapshots_(shared.environments, shared.board.snapshots(), shared.turns, shared.events,
                 std::move(find_task), shared.make_room) {}

int64_t FunctionRunner::metric_minute() const {
  const int64_t now_s = epoch_s(shared_.metric_clock.wall_now());
  return now_s - now_s % 60;
}

void FunctionRunner::update(const model::Function& function) {
  provisioned_configured_ = model::provisioned_total(function);
  admission_.configure(function.reserved_concurrency, provisioned_configured_);
  std::vector<model::ConfigPtr> current{function.latest};
  std::map<model::ConfigPtr, Provisioner::Target> targets;
  std::map<std::string, Provisioner::Target> wanted;
  for (const auto& [qualifier, config] : function.provisioned)
    wanted[model::provisioned_version(function, qualifier)] = {config.requested,
                                                               config.last_modified};
  std::vector<model::ConfigPtr> with_snapshots;
  for (const auto& [number, config] : function.versions) {
    current.push_back(config);
    if (model::uses_snapshots(*config)) with_snapshots.push_back(config);
    if (const auto found = wanted.find(config->version); found != wanted.end())
      targets[config] = found->second;
  }
  provisioner_.set_targets(targets);
  snapshots_.set_targets(with_snapshots);
  pool_.keep_only(current);
}

void FunctionRunner::invoke(const model::ConfigPtr& config, Invocation&& invocation) {
  invocation.minute_s = metric_minute();
  FunctionMetrics::Way& way = metrics_.way(invocation.request.qualifier, config->version);
  const model::Admission admission =
      admission_.admit(config->version, shared_.environments.loop.clock().steady_now());
  if (admission.throttle != model::Throttle::kNone)
    return throttle(way, invocation.minute_s, admission.throttle, invocation.done);
  ++way.in_use;
  invocation.ticket = AdmissionTicket(admission_, way, admission);

  FunctionMetrics::Load load;
  load.function_in_use = admission_.in_use();
  load.account_in_use = shared_.account.in_use();
  load.unreserved_in_use = shared_.account.unreserved_in_use();
  load.claimed = shared_.account.claimed();
  if (provisioned_configured_ > 0)
    if (const auto* provisioned = admission_.provisioned(config->version)) {
      load.provisioned_in_use = provisioned->in_use;
      load.provisioned_configured = provisioned->configured;
    }
  metrics_.on_start(way, invocation.minute_s, load);
  if (invocations_ == 0 && load.function_in_use == 1 && shared_.events.wants(Severity::kWarning))
    remark_on(config->runtime);
  pool_.invoke(config, std::move(invocation));
}

// Looking for interpreters takes files and processes, so a worker does.
void FunctionRunner::remark_on(const std::string& runtime) const {
  if (wanted_version(runtime).empty()) return;
  shared_.post_worker([runtime, name = name_, &events = shared_.events,
                       &clock = shared_.environments.loop.clock(), ending = shared_.ending] {
    const std::string remark = machine_interpreters().remark(runtime, ending);
    if (!remark.empty() && !ending.stop_requested())
      events.write(note_event(Severity::kWarning, name + ": " + remark, clock.wall_now()));
  });
}

void FunctionRunner::throttle(FunctionMetrics::Way& way, int64_t minute_s, model::Throttle reason,
                              InvokeDone& done) {
  ++throttles_;
  metrics_.on_throttle(way, minute_s);
  if (shared_.events.wants(Severity::kWarning))
    shared_.events.write(throttle_event(region_, name_, model::to_text(reason),
                                        shared_.environments.loop.clock().wall_now()));
  InvokeReply reply;
  reply.error = model::throttled(reason);
  reply.throttle = reason;
  done(std::move(reply));
}

void FunctionRunner::on_invocation_end(Invocation& invocation, const InvocationEnd& end) {
  ++invocations_;
  if (end.function_error) ++errors_;
  const model::Admission& admission = invocation.ticket.admission();
  metrics_.on_end(
      *invocation.ticket.way(), invocation.minute_s,
      {end.duration_ms, end.function_error, admission.capacity == model::Capacity::kProvisioned,
       admission.spillover, end.extensions_ms});
  if (shared_.events.wants(end.function_error ? Severity::kWarning : Severity::kInfo))
    shared_.events.write(
        invocation_event({region_, name_, std::string(end.version), invocation.request.request_id,
                          end.duration_ms, end.init_ms, end.function_error, end.payload},
                         shared_.environments.loop.clock().wall_now()));
}

void FunctionRunner::on_machine_fault(const std::string& what) {
  if (shared_.events.wants(Severity::kWarning))
    shared_.events.write(
        note_event(Severity::kWarning, what, shared_.environments.loop.clock().wall_now()));
}

bool FunctionRunner::may_start_environment() {
  return admission_.may_start_environment(shared_.environments.loop.clock().steady_now());
}

void FunctionRunner::refuse_environment(Invocation&& invocation) {
  FunctionMetrics::Way& way = *invocation.ticket.way();
  invocation.ticket.release();
  throttle(way, invocation.minute_s, admission_.scaling_throttle(), invocation.done);
}

void FunctionRunner::retire_for_good() {
  provisioner_.set_targets({});
  snapshots_.set_targets({});
  pool_.keep_only({});
}

void FunctionRunner::end_environments() {
  pool_.abandon_all({ErrorKind::kUnavailable, "ServiceException",
                     "The environments of the function were ended while it was at work; invoke it "
                     "again."});
}

void FunctionRunner::abandon_all(const Error& error) {
  provisioner_.close();
  snapshots_.close();
  pool_.abandon_all(error);
}

FunctionStatus FunctionRunner::status() const {
  FunctionStatus out;
  out.region = region_;
  out.name = name_;
  out.in_use = admission_.in_use();
  out.reserved = admission_.reserved();
  out.provisioned_configured = provisioned_configured_;
  out.provisioned_ready = provisioner_.ready();
  out.environments = pool_.size();
  out.idle = pool_.idle_count();
  out.invocations = invocations_;
  out.errors = errors_;
  out.throttles = throttles_;
  out.cold_starts = pool_.cold_starts();
  return out;
}

}  // namespace kiln::engine
