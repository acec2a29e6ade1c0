// What one execution environment may do now: Lambda's lifecycle as a table of phases and events,
// and the only answer to "may this environment take an event?".
//
//   EnvironmentState state(limits, Initialization::kOnDemand, now);
//   for (const Effect effect : state.on(EnvironmentEvent::kReady, now)) carry_out(effect);
//
// Pure: time is an argument, effects are carried out by the caller, in their order. Every event is
// allowed in every phase; one that means nothing there has no effects. on() costs some comparisons.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/clock.h"

namespace kiln::model {

enum class EnvironmentPhase : uint8_t {
  kInit,        // Init phase; an invocation may wait for it
  kInitEnding,  // killed in its Init phase; its exit follows
  kReinit,      // suppressed init: Init again, within the time of the invocation that waits
  kIdle,        // the runtime waits for an event
  kAway,        // without an event, and the runtime does not wait for one: it dropped its call
  kBusy,        // has an event
  kAnswered,    // has answered it and not asked for the next one: the invocation goes on
  kStopping,    // asked to end
  kKilled,      // ended by force; its exit follows
  kGone,        // no processes are left
};
std::string_view to_text(EnvironmentPhase phase);

enum class EnvironmentEvent : uint8_t {
  kStarted,     // its first process is there: the Init phase counts from here
  kUnwanted,    // what it is to start for can be done by another one
  kReady,       // the runtime asks for an event
  kWithdrawn,   // it dropped that call
  kInvoke,      // an invocation. REQUIRES: available()
  kRefused,     // the event could not be handed over: nobody was there to take it
  kAnswer,      // the answer to the event in hand, a result or an error
  kBroken,      // the runtime broke off its answer
  kInitError,   // the runtime reports that its init has failed
  kExit,        // all processes have ended
  kDue,         // deadline() has come
  kDueRunning,  // the same, and the runtime is at work: on a busy machine it needs a little longer
  kRetire,      // no new invocation; end after the one in hand
  kAbandon,     // end now; what is in hand is refused
};
std::string_view to_text(EnvironmentEvent event);

enum class EnvironmentEffect : uint8_t {
  kEndInit,          // the Init phase is over: the CPU quota holds from here on
  kReportInit,       // INIT_REPORT of an Init phase that no invocation waited for
  kReportInitEnd,    // INIT_REPORT of an Init phase that failed or took too long
  kReportReinitEnd,  // the same for the suppressed init
  kTellInitFailed,   // of an environment that no invocation waits for
  kStartAgain,       // start the processes again, for the suppressed init
  kBegin,            // the invocation begins: START, and its time runs
  kSend,             // hand the event over; kRefused when nobody takes it
  kGiveBack,       // the invocation goes to another environment, as if this one had not been chosen
  kHoldAnswer,     // keep the answer until kDeliver or an end
  kDeliver,        // the caller gets the answer; the invocation goes on
  kFinish,         // the invocation ends with the answer of the function
  kFinishBroken,   // … with what the runtime broke off
  kFinishTimeout,  // … because its time is up
  kFinishExit,     // … because the processes have ended
  kFinishAbandoned,  // … because the engine needs it to
  kTerminate,        // SIGTERM
  kKill,             // SIGKILL
  kGone,             // last: the environment has gone
};
std::string_view to_text(EnvironmentEffect effect);

class EnvironmentEffects {
 public:
  EnvironmentEffects& add(EnvironmentEffect effect) {
    effects_[size_++] = effect;
    return *this;
  }
  const EnvironmentEffect* begin() const { return effects_.data(); }
  const EnvironmentEffect* end() const { return effects_.data() + size_; }

 private:
  std::array<EnvironmentEffect, 6> effects_{};
  size_t size_ = 0;
};

// What an invocation that waits for an Init phase which fails gets.
enum class AfterFailedInit : uint8_t {
  kAgain,   // the suppressed init
  kRefuse,  // an error: the environment was restored from a snapshot
};

struct EnvironmentLimits {
  Duration init;        // of the Init phase, or the Restore phase
  Duration invocation;  // the function's Timeout
  Duration idle;        // after so long without an event it ends; max(): never
  // After its init error a runtime may still print; then it is ended.
  Duration init_error_grace = std::chrono::milliseconds(500);
  // An answer waits this long for the runtime to come back, so that whoever has the answer finds
  // the environment free, the log complete and the metrics counted.
  Duration hold = std::chrono::milliseconds(10);
  // … and up to this for a runtime that is at work whenever it is looked at.
  Duration hold_most = std::chrono::milliseconds(100);
  // A runtime that has dropped its call asks again within this time, or is ended.
  Duration away = std::chrono::seconds(3);
  // SIGTERM to SIGKILL, with internal extensions alone; without extensions there is no SIGTERM.
  Duration shutdown_grace = std::chrono::milliseconds(500);
  AfterFailedInit after_failed_init = AfterFailedInit::kAgain;
  // How long it may wait for kStarted, which is no part of its Init phase, nor, before a suppressed
  // init, of its invocation. Zero: these count from the beginning.
  Duration start = Duration(0);
};

// Whether an invocation caused it.
enum class EnvironmentCause : uint8_t { kInvocation, kProvisioning };

class EnvironmentState {
 public:
  // It is to start, and its Init phase begins.
  EnvironmentState(const EnvironmentLimits& limits, EnvironmentCause cause, SteadyTime now);

  EnvironmentEffects on(EnvironmentEvent event, SteadyTime now);

  // It has more to end than is usual: the time from SIGTERM to SIGKILL.
  void allow_for_end(Duration grace) { limits_.shutdown_grace = grace; }

  EnvironmentPhase phase() const { return phase_; }
  // It may take an event now.
  bool available() const { return phase_ == EnvironmentPhase::kIdle; }
  // It has answered its event and is expected back.
  bool returning() const { return phase_ == EnvironmentPhase::kAnswered && !retired_; }
  bool has_invocation() const { return invocation_; }
  // The caller of the invocation in hand has its answer already.
  bool delivered() const { return delivered_; }
  bool init_timed_out() const { return init_timed_out_; }
  // Nothing of it runs yet; at deadline() it is given up.
  bool starting() const {
    return !started_ && (phase_ == Phase::kInit || phase_ == Phase::kReinit);
  }
  // When kDue is wanted; SteadyTime::max(): never.
  SteadyTime deadline() const { return deadline_; }
  // When the phase that counts for durations began: Init, or the invocation.
  SteadyTime init_started() const { return init_started_; }
  SteadyTime invocation_started() const { return invocation_started_; }
  SteadyTime invocation_deadline() const { return invocation_deadline_; }
  // REQUIRES: available()
  SteadyTime idle_since() const { return idle_since_; }

 private:
  using Phase = EnvironmentPhase;
  using Event = EnvironmentEvent;
  using Effect = EnvironmentEffect;
  using Effects = EnvironmentEffects;

  Effects on_init(Event event, SteadyTime now);
  Effects on_reinit(Event event, SteadyTime now);
  Effects on_idle(Event event, SteadyTime now);
  Effects on_away(Event event, SteadyTime now);
  Effects on_busy(Event event, SteadyTime now);
  Effects on_answered(Event event, SteadyTime now);
  Effects on_ending(Event event);

  enum class Begin : uint8_t { kWithEvent, kBeforeInit };
  void begin_invocation(Begin begin, SteadyTime now);
  Effects& enter_killed(Effects& effects);
  Effects& enter_stopping(Effects& effects, SteadyTime now);
  // Without an event from here on: idle, or on its way to the end.
  Effects& enter_idle(Effects& effects, SteadyTime now);
  Effects& enter_gone(Effects& effects);

  EnvironmentLimits limits_;
  Phase phase_ = Phase::kInit;
  bool invocation_;
  bool retired_ = false;
  bool delivered_ = false;
  bool begun_ = false;  // the invocation in hand has begun: it can't be given back any more
  bool started_;
  bool init_error_ = false;
  bool init_timed_out_ = false;
  SteadyTime deadline_;
  SteadyTime init_started_;
  SteadyTime invocation_started_{};
  SteadyTime invocation_deadline_{};
  SteadyTime answered_{};
  SteadyTime idle_since_{};
};

}  // namespace kiln::model
