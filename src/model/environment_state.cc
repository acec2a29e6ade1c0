#include "model/environment_state.h"

#include <algorithm>

namespace kiln::model {
namespace {

SteadyTime after(SteadyTime now, Duration duration) {
  if (duration == Duration::max()) return SteadyTime::max();
  return now + std::chrono::duration_cast<SteadyTime::duration>(duration);
}

}  // namespace

std::string_view to_text(EnvironmentPhase phase) {
  constexpr std::string_view kNames[] = {"Init", "InitEnding", "Reinit",   "Idle",   "Away",
                                         "Busy", "Answered",   "Stopping", "Killed", "Gone"};
  return kNames[static_cast<size_t>(phase)];
}

std::string_view to_text(EnvironmentEvent event) {
  constexpr std::string_view kNames[] = {"Started", "Unwanted",   "Ready",  "Withdrawn", "Invoke",
                                         "Refused", "Answer",     "Broken", "InitError", "Exit",
                                         "Due",     "DueRunning", "Retire", "Abandon"};
  return kNames[static_cast<size_t>(event)];
}

std::string_view to_text(EnvironmentEffect effect) {
  constexpr std::string_view kNames[] = {
      "EndInit",        "ReportInit",    "ReportInitEnd", "ReportReinitEnd",
      "TellInitFailed", "StartAgain",    "Begin",         "Send",
      "GiveBack",       "HoldAnswer",    "Deliver",       "Finish",
      "FinishBroken",   "FinishTimeout", "FinishExit",    "FinishAbandoned",
      "Terminate",      "Kill",          "Gone"};
  return kNames[static_cast<size_t>(effect)];
}

EnvironmentState::EnvironmentState(const EnvironmentLimits& limits, EnvironmentCause cause,
                                   SteadyTime now)
    : limits_(limits),
      invocation_(cause == EnvironmentCause::kInvocation),
      started_(limits.start == Duration(0)),
      deadline_(after(now, started_ ? limits.init : limits.start)),
      init_started_(now) {}

EnvironmentEffects EnvironmentState::on(EnvironmentEvent event, SteadyTime now) {
  if (event == Event::kDue || event == Event::kDueRunning) {
    // A time that was asked for and has moved since.
    if (deadline_ == SteadyTime::max() || now < deadline_) return {};
    const bool patient = event == Event::kDueRunning && phase_ == Phase::kAnswered && !delivered_;
    const SteadyTime most = std::min(invocation_deadline_, after(answered_, limits_.hold_most));
    if (patient && now < most) {
      deadline_ = std::min(most, after(now, limits_.hold));
      return {};
    }
    event = Event::kDue;
    deadline_ = SteadyTime::max();
  }
  switch (phase_) {
    case Phase::kInit:
    case Phase::kInitEnding:
      return on_init(event, now);
    case Phase::kReinit:
      return on_reinit(event, now);
    case Phase::kIdle:
      return on_idle(event, now);
    case Phase::kAway:
      return on_away(event, now);
    case Phase::kBusy:
      return on_busy(event, now);
    case Phase::kAnswered:
      return on_answered(event, now);
    case Phase::kStopping:
    case Phase::kKilled:
    case Phase::kGone:
      return on_ending(event);
  }
  return {};
}

EnvironmentEffects EnvironmentState::on_init(Event event, SteadyTime now) {
  Effects effects;
  switch (event) {
    case Event::kStarted:
      if (!starting()) return {};
      started_ = true;
      init_started_ = now;
      deadline_ = after(now, limits_.init);
      return {};
    case Event::kReady:
      if (phase_ == Phase::kInitEnding) return {};
      effects.add(Effect::kEndInit);
      if (!invocation_) return enter_idle(effects.add(Effect::kReportInit), now);
      phase_ = Phase::kBusy;
      begin_invocation(Begin::kWithEvent, now);
      return effects.add(Effect::kSend).add(Effect::kBegin);
    case Event::kInitError:
      if (phase_ == Phase::kInitEnding) return {};
      init_error_ = true;
      deadline_ = std::min(deadline_, after(now, limits_.init_error_grace));
      return {};
    case Event::kExit:
      effects.add(Effect::kReportInitEnd);
      init_error_ = false;
      if (!invocation_) return enter_gone(effects.add(Effect::kTellInitFailed));
      if (limits_.after_failed_init == AfterFailedInit::kRefuse) {
        invocation_ = false;
        return enter_gone(effects.add(Effect::kFinishAbandoned));
      }
      // Lambda initialises again, now within the invocation that waits.
      phase_ = Phase::kReinit;
      begin_invocation(Begin::kBeforeInit, now);
      started_ = limits_.start == Duration(0);
      if (!started_) deadline_ = after(now, limits_.start);
      return effects.add(Effect::kBegin).add(Effect::kStartAgain);
    case Event::kDue:
      if (starting()) {
        effects.add(invocation_ ? Effect::kFinishAbandoned : Effect::kTellInitFailed);
        invocation_ = false;
        return enter_killed(effects);
      }
      init_timed_out_ = !init_error_;
      phase_ = Phase::kInitEnding;
      return effects.add(Effect::kKill);
    case Event::kUnwanted:
      if (!starting() || !invocation_) return {};
      invocation_ = false;
      // It has left the queue when another one may ask for a turn.
      enter_killed(effects);
      return effects.add(Effect::kGiveBack);
    case Event::kRetire:
      retired_ = true;
      return invocation_ ? Effects{} : enter_killed(effects);
    case Event::kAbandon:
      if (invocation_) effects.add(Effect::kFinishAbandoned);
      invocation_ = false;
      return enter_killed(effects);
    default:
      return {};
  }
}

EnvironmentEffects EnvironmentState::on_reinit(Event event, SteadyTime now) {
  Effects effects;
  switch (event) {
    case Event::kStarted:
      if (!starting()) return {};
      started_ = true;
      begin_invocation(Begin::kBeforeInit, now);
      return {};
    case Event::kReady:
      phase_ = Phase::kBusy;
      init_error_ = false;
      deadline_ = invocation_deadline_;
      return effects.add(Effect::kEndInit).add(Effect::kSend);
    case Event::kInitError:
      init_error_ = true;
      deadline_ = std::min(deadline_, after(now, limits_.init_error_grace));
      return {};
    case Event::kExit:
      invocation_ = false;
      return enter_gone(effects.add(Effect::kReportReinitEnd).add(Effect::kFinishExit));
    case Event::kDue:
      // Its exit says the rest.
      if (init_error_) return effects.add(Effect::kKill);
      invocation_ = false;
      if (starting()) return enter_killed(effects.add(Effect::kFinishAbandoned));
      init_timed_out_ = true;
      return enter_killed(effects.add(Effect::kReportReinitEnd).add(Effect::kFinishTimeout));
    case Event::kRetire:
      retired_ = true;
      return {};
    case Event::kAbandon:
      invocation_ = false;
      return enter_killed(effects.add(Effect::kFinishAbandoned));
    default:
      return {};
  }
}

EnvironmentEffects EnvironmentState::on_idle(Event event, SteadyTime now) {
  Effects effects;
  switch (event) {
    case Event::kInvoke:
      phase_ = Phase::kBusy;
      invocation_ = true;
      begin_invocation(Begin::kWithEvent, now);
      return effects.add(Effect::kSend).add(Effect::kBegin);
    case Event::kWithdrawn:
      phase_ = Phase::kAway;
      deadline_ = after(now, limits_.away);
      return {};
    case Event::kExit:
      return enter_gone(effects);
    case Event::kDue:
    case Event::kRetire:
      return enter_stopping(effects, now);
    case Event::kAbandon:
      return enter_killed(effects);
    default:
      return {};
  }
}

EnvironmentEffects EnvironmentState::on_away(Event event, SteadyTime now) {
  Effects effects;
  switch (event) {
    case Event::kReady:
      return enter_idle(effects, now);
    case Event::kExit:
      return enter_gone(effects);
    case Event::kDue:
    case Event::kRetire:
      return enter_stopping(effects, now);
    case Event::kAbandon:
      return enter_killed(effects);
    default:
      return {};
  }
}

EnvironmentEffects EnvironmentState::on_busy(Event event, SteadyTime now) {
  Effects effects;
  switch (event) {
    case Event::kRefused:
      if (begun_) return effects.add(Effect::kKill);  // its exit says the rest
      invocation_ = false;
      if (retired_) return enter_stopping(effects.add(Effect::kGiveBack), now);
      phase_ = Phase::kAway;
      deadline_ = after(now, limits_.away);
      return effects.add(Effect::kGiveBack);
    case Event::kAnswer:
      phase_ = Phase::kAnswered;
      delivered_ = false;
      answered_ = now;
      deadline_ = std::min(invocation_deadline_, after(now, limits_.hold));
      return effects.add(Effect::kHoldAnswer);
    case Event::kBroken:
      invocation_ = false;
      return enter_killed(effects.add(Effect::kFinishBroken));
    case Event::kExit:
      invocation_ = false;
      return enter_gone(effects.add(Effect::kFinishExit));
    case Event::kDue:
      invocation_ = false;
      return enter_killed(effects.add(Effect::kFinishTimeout));
    case Event::kRetire:
      retired_ = true;
      return {};
    case Event::kAbandon:
      invocation_ = false;
      return enter_killed(effects.add(Effect::kFinishAbandoned));
    default:
      return {};
  }
}

EnvironmentEffects EnvironmentState::on_answered(Event event, SteadyTime now) {
  Effects effects;
  switch (event) {
    case Event::kReady:
      invocation_ = false;
      return enter_idle(effects.add(Effect::kFinish), now);
    case Event::kBroken:
      invocation_ = false;
      return enter_killed(effects.add(Effect::kFinish));
    case Event::kExit:
      invocation_ = false;
      return enter_gone(effects.add(Effect::kFinishExit));
    case Event::kDue:
      if (now < invocation_deadline_) {
        delivered_ = true;
        deadline_ = invocation_deadline_;
        return effects.add(Effect::kDeliver);
      }
      invocation_ = false;
      return enter_killed(effects.add(Effect::kFinishTimeout));
    case Event::kRetire:
      retired_ = true;
      return {};
    case Event::kAbandon:
      invocation_ = false;
      return enter_killed(effects.add(Effect::kFinish));
    default:
      return {};
  }
}

EnvironmentEffects EnvironmentState::on_ending(Event event) {
  Effects effects;
  if (phase_ == Phase::kGone) return {};
  if (event == Event::kExit) return enter_gone(effects);
  if (phase_ == Phase::kStopping && (event == Event::kDue || event == Event::kAbandon))
    return enter_killed(effects);
  return {};
}

void EnvironmentState::begin_invocation(Begin begin, SteadyTime now) {
  begun_ = begin == Begin::kBeforeInit;
  invocation_started_ = now;
  deadline_ = invocation_deadline_ = after(now, limits_.invocation);
  delivered_ = false;
}

EnvironmentEffects& EnvironmentState::enter_killed(Effects& effects) {
  phase_ = Phase::kKilled;
  deadline_ = SteadyTime::max();
  return effects.add(Effect::kKill);
}

EnvironmentEffects& EnvironmentState::enter_stopping(Effects& effects, SteadyTime now) {
  phase_ = Phase::kStopping;
  deadline_ = after(now, limits_.shutdown_grace);
  return effects.add(Effect::kTerminate);
}

EnvironmentEffects& EnvironmentState::enter_idle(Effects& effects, SteadyTime now) {
  if (retired_) return enter_stopping(effects, now);
  phase_ = Phase::kIdle;
  idle_since_ = now;
  deadline_ = after(now, limits_.idle);
  return effects;
}

EnvironmentEffects& EnvironmentState::enter_gone(Effects& effects) {
  phase_ = Phase::kGone;
  deadline_ = SteadyTime::max();
  return effects.add(Effect::kGone);
}

}  // namespace kiln::model
