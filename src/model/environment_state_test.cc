// The lifecycle of an execution environment, row by row: from each phase, by each event, to which
// phase and with which effects.
#include "model/environment_state.h"

#include <gtest/gtest.h>

#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace kiln::model {
namespace {

using namespace std::chrono_literals;
using Phase = EnvironmentPhase;
using Event = EnvironmentEvent;
using Effect = EnvironmentEffect;

constexpr Event kEvents[] = {
    Event::kStarted,    Event::kReady,  Event::kWithdrawn, Event::kInvoke,  Event::kRefused,
    Event::kAnswer,     Event::kBroken, Event::kInitError, Event::kExit,    Event::kDue,
    Event::kDueRunning, Event::kRetire, Event::kAbandon,   Event::kUnwanted};

SteadyTime moment(Duration since_start) { return SteadyTime(1h) + since_start; }

EnvironmentLimits limits() {
  EnvironmentLimits l;
  l.init = 10s;
  l.invocation = 3s;
  l.idle = 600s;
  return l;
}

std::string effects_text(const EnvironmentEffects& effects) {
  std::string out;
  for (const Effect effect : effects) {
    if (!out.empty()) out += ' ';
    out += to_text(effect);
  }
  return out;
}

// "Ready 2s" by "2s": an event and the time at which it comes; the time alone is kept for the next.
struct Told {
  EnvironmentState state;
  SteadyTime now = moment(0s);

  explicit Told(EnvironmentCause cause) : state(limits(), cause, moment(0s)) {}
  std::string on(Event event) {
    if (event == Event::kDue || event == Event::kDueRunning) now = std::max(now, state.deadline());
    return effects_text(state.on(event, now));
  }
  std::string phase() const { return std::string(to_text(state.phase())); }
};

// A path to each phase, by which the table below starts. "provisioned": no invocation waits.
struct Start {
  const char* name;
  EnvironmentCause cause;
  std::vector<Event> path;
};

const std::vector<Start>& starts() {
  using E = Event;
  constexpr auto kCall = EnvironmentCause::kInvocation;
  constexpr auto kAhead = EnvironmentCause::kProvisioning;
  static const std::vector<Start> kAll = {
      {"Init", kCall, {}},
      {"Init ahead", kAhead, {}},
      {"InitEnding", kCall, {E::kDue}},
      {"InitEnding ahead", kAhead, {E::kDue}},
      {"Reinit", kCall, {E::kExit}},
      {"Idle", kAhead, {E::kReady}},
      {"Away", kAhead, {E::kReady, E::kWithdrawn}},
      {"Busy", kCall, {E::kReady}},
      {"Busy after Reinit", kCall, {E::kExit, E::kReady}},
      {"Answered", kCall, {E::kReady, E::kAnswer}},
      {"Answered delivered", kCall, {E::kReady, E::kAnswer, E::kDue}},
      {"Busy retired", kCall, {E::kReady, E::kRetire}},
      {"Answered retired", kCall, {E::kReady, E::kAnswer, E::kRetire}},
      {"Stopping", kAhead, {E::kReady, E::kRetire}},
      {"Killed", kCall, {E::kReady, E::kDue}},
      {"Gone", kCall, {E::kReady, E::kExit}},
  };
  return kAll;
}

Told told(const std::string& name) {
  for (const Start& start : starts()) {
    if (start.name != name) continue;
    Told t(start.cause);
    for (const Event event : start.path) t.on(event);
    return t;
  }
  ADD_FAILURE() << name;
  return Told(EnvironmentCause::kInvocation);
}

TEST(EnvironmentState, Table) {
  struct Row {
    const char* from;
    Event event;
    const char* to;
    const char* effects;
  };
  const Row rows[] = {
      // The Init phase, with an invocation that waits for it.
      {"Init", Event::kReady, "Busy", "EndInit Send Begin"},
      {"Init", Event::kInitError, "Init", ""},
      {"Init", Event::kExit, "Reinit", "ReportInitEnd Begin StartAgain"},
      {"Init", Event::kDue, "InitEnding", "Kill"},
      {"Init", Event::kAbandon, "Killed", "FinishAbandoned Kill"},
      // Without one.
      {"Init ahead", Event::kReady, "Idle", "EndInit ReportInit"},
      {"Init ahead", Event::kInitError, "Init", ""},
      {"Init ahead", Event::kExit, "Gone", "ReportInitEnd TellInitFailed Gone"},
      {"Init ahead", Event::kDue, "InitEnding", "Kill"},
      {"Init ahead", Event::kRetire, "Killed", "Kill"},
      {"Init ahead", Event::kAbandon, "Killed", "Kill"},
      // Killed in it: what still comes from the runtime is too late.
      {"InitEnding", Event::kExit, "Reinit", "ReportInitEnd Begin StartAgain"},
      {"InitEnding", Event::kAbandon, "Killed", "FinishAbandoned Kill"},
      {"InitEnding ahead", Event::kExit, "Gone", "ReportInitEnd TellInitFailed Gone"},
      {"InitEnding ahead", Event::kRetire, "Killed", "Kill"},
      {"InitEnding ahead", Event::kAbandon, "Killed", "Kill"},
      // The suppressed init.
      {"Reinit", Event::kReady, "Busy", "EndInit Send"},
      {"Reinit", Event::kExit, "Gone", "ReportReinitEnd FinishExit Gone"},
      {"Reinit", Event::kDue, "Killed", "ReportReinitEnd FinishTimeout Kill"},
      {"Reinit", Event::kAbandon, "Killed", "FinishAbandoned Kill"},
      // Idle.
      {"Idle", Event::kInvoke, "Busy", "Send Begin"},
      {"Idle", Event::kWithdrawn, "Away", ""},
      {"Idle", Event::kExit, "Gone", "Gone"},
      {"Idle", Event::kDue, "Stopping", "Terminate"},
      {"Idle", Event::kRetire, "Stopping", "Terminate"},
      {"Idle", Event::kAbandon, "Killed", "Kill"},
      // The runtime dropped its call: it is no candidate for an event until it asks again.
      {"Away", Event::kReady, "Idle", ""},
      {"Away", Event::kExit, "Gone", "Gone"},
      {"Away", Event::kDue, "Stopping", "Terminate"},
      {"Away", Event::kRetire, "Stopping", "Terminate"},
      {"Away", Event::kAbandon, "Killed", "Kill"},
      // With an event.
      {"Busy", Event::kRefused, "Away", "GiveBack"},
      {"Busy", Event::kAnswer, "Answered", "HoldAnswer"},
      {"Busy", Event::kBroken, "Killed", "FinishBroken Kill"},
      {"Busy", Event::kExit, "Gone", "FinishExit Gone"},
      {"Busy", Event::kDue, "Killed", "FinishTimeout Kill"},
      {"Busy", Event::kAbandon, "Killed", "FinishAbandoned Kill"},
      // Its invocation began with the suppressed init: it can't go elsewhere.
      {"Busy after Reinit", Event::kRefused, "Busy", "Kill"},
      {"Busy after Reinit", Event::kAnswer, "Answered", "HoldAnswer"},
      {"Busy after Reinit", Event::kBroken, "Killed", "FinishBroken Kill"},
      {"Busy after Reinit", Event::kExit, "Gone", "FinishExit Gone"},
      {"Busy after Reinit", Event::kDue, "Killed", "FinishTimeout Kill"},
      {"Busy after Reinit", Event::kAbandon, "Killed", "FinishAbandoned Kill"},
      {"Busy retired", Event::kRefused, "Stopping", "GiveBack Terminate"},
      {"Busy retired", Event::kAnswer, "Answered", "HoldAnswer"},
      {"Busy retired", Event::kBroken, "Killed", "FinishBroken Kill"},
      {"Busy retired", Event::kExit, "Gone", "FinishExit Gone"},
      {"Busy retired", Event::kDue, "Killed", "FinishTimeout Kill"},
      {"Busy retired", Event::kAbandon, "Killed", "FinishAbandoned Kill"},
      // Answered; the invocation lasts until the runtime asks again.
      {"Answered", Event::kReady, "Idle", "Finish"},
      {"Answered", Event::kBroken, "Killed", "Finish Kill"},
      {"Answered", Event::kExit, "Gone", "FinishExit Gone"},
      {"Answered", Event::kDue, "Answered", "Deliver"},
      {"Answered", Event::kAbandon, "Killed", "Finish Kill"},
      {"Answered delivered", Event::kReady, "Idle", "Finish"},
      {"Answered delivered", Event::kBroken, "Killed", "Finish Kill"},
      {"Answered delivered", Event::kExit, "Gone", "FinishExit Gone"},
      {"Answered delivered", Event::kDue, "Killed", "FinishTimeout Kill"},
      {"Answered delivered", Event::kAbandon, "Killed", "Finish Kill"},
      {"Answered retired", Event::kReady, "Stopping", "Finish Terminate"},
      {"Answered retired", Event::kBroken, "Killed", "Finish Kill"},
      {"Answered retired", Event::kExit, "Gone", "FinishExit Gone"},
      {"Answered retired", Event::kDue, "Answered", "Deliver"},
      {"Answered retired", Event::kAbandon, "Killed", "Finish Kill"},
      // On the way to the end.
      {"Stopping", Event::kExit, "Gone", "Gone"},
      {"Stopping", Event::kDue, "Killed", "Kill"},
      {"Stopping", Event::kAbandon, "Killed", "Kill"},
      {"Killed", Event::kExit, "Gone", "Gone"},
  };
  for (const Start& start : starts())
    for (const Event event : kEvents) {
      Told t = told(start.name);
      std::string to = t.phase(), effects;  // what is not in the table changes nothing
      // A runtime at work is waited for only while its answer is held.
      const bool patient = std::string_view(start.name).starts_with("Answered") &&
                           std::string_view(start.name) != "Answered delivered";
      const Event as = event == Event::kDueRunning && !patient ? Event::kDue : event;
      for (const Row& row : rows)
        if (std::string_view(row.from) == start.name && row.event == as) {
          to = row.to;
          effects = row.effects;
        }
      EXPECT_EQ(t.on(event), effects) << start.name << " by " << to_text(event);
      EXPECT_EQ(t.phase(), to) << start.name << " by " << to_text(event);
    }
}

TEST(EnvironmentState, OnlyAnIdleOneIsAvailable) {
  for (const Start& start : starts()) {
    const Told t = told(start.name);
    EXPECT_EQ(t.state.available(), start.name == std::string_view("Idle")) << start.name;
    EXPECT_EQ(t.state.returning(), start.name == std::string_view("Answered") ||
                                       start.name == std::string_view("Answered delivered"))
        << start.name;
  }
}

TEST(EnvironmentState, LimitsHoldToTheirEnds) {
  struct Row {
    const char* from;
    Duration limit;  // from the moment in which the phase was entered
  };
  for (const Row& row : {Row{"Init", 10s}, Row{"Reinit", 3s}, Row{"Idle", 600s}, Row{"Away", 3s},
                         Row{"Busy", 3s}, Row{"Answered", 10ms}, Row{"Stopping", 500ms}}) {
    Told t = told(row.from);
    EXPECT_EQ(t.state.deadline(), t.now + row.limit) << row.from;
    EXPECT_EQ(effects_text(t.state.on(Event::kDue, t.now + row.limit - 1ns)), "") << row.from;
    EXPECT_NE(effects_text(t.state.on(Event::kDue, t.now + row.limit)), "") << row.from;
  }
  EXPECT_EQ(told("Killed").state.deadline(), SteadyTime::max());
}

// On AWS an invocation lasts until the runtime asks for the next event; Timeout covers all of it.
TEST(EnvironmentState, ARuntimeThatAnswersAndDoesNotComeBackTimesOut) {
  Told t(EnvironmentCause::kInvocation);
  t.on(Event::kReady);
  t.now = moment(1s);
  t.on(Event::kAnswer);
  EXPECT_EQ(t.on(Event::kDue), "Deliver");
  EXPECT_EQ(t.now, moment(1010ms));
  EXPECT_EQ(t.on(Event::kDue), "FinishTimeout Kill");
  EXPECT_EQ(t.now, moment(3s));
}

TEST(EnvironmentState, AnAnswerIsHeldLongerForARuntimeAtWork) {
  Told t(EnvironmentCause::kInvocation);
  t.on(Event::kReady);
  t.on(Event::kAnswer);
  for (int looks = 0; looks < 9; ++looks) {
    EXPECT_EQ(t.on(Event::kDueRunning), "");
    EXPECT_EQ(t.now, moment((looks + 1) * 10ms));
  }
  EXPECT_EQ(t.on(Event::kDueRunning), "Deliver");
  EXPECT_EQ(t.now, moment(100ms));
  // It may be at work for as long as the invocation may last.
  EXPECT_EQ(t.on(Event::kDueRunning), "FinishTimeout Kill");
  EXPECT_EQ(t.now, moment(3s));
}

TEST(EnvironmentState, AnAnswerJustBeforeTheTimeoutIsHeldNoLongerThanThat) {
  Told t(EnvironmentCause::kInvocation);
  t.on(Event::kReady);
  t.now = moment(2995ms);
  t.on(Event::kAnswer);
  EXPECT_EQ(t.state.deadline(), moment(3s));
  EXPECT_EQ(t.on(Event::kDue), "FinishTimeout Kill");
}

TEST(EnvironmentState, AnInitErrorShortensWhatIsLeft) {
  Told t(EnvironmentCause::kInvocation);
  t.now = moment(1s);
  t.on(Event::kInitError);
  EXPECT_EQ(t.state.deadline(), moment(1500ms));
  EXPECT_EQ(t.on(Event::kDue), "Kill");
  EXPECT_FALSE(t.state.init_timed_out());

  Told late(EnvironmentCause::kInvocation);
  late.now = moment(9900ms);
  late.on(Event::kInitError);
  EXPECT_EQ(late.state.deadline(), moment(10s));
}

// init/error and then next, within the suppressed init: what ends the invocation later is its time.
TEST(EnvironmentState, AReinitThatRecoversFromItsErrorTimesOutAsAnyOther) {
  Told t(EnvironmentCause::kInvocation);
  t.on(Event::kExit);
  t.on(Event::kInitError);
  EXPECT_EQ(t.on(Event::kReady), "EndInit Send");
  EXPECT_EQ(t.state.deadline(), moment(3s));
  EXPECT_EQ(t.on(Event::kDue), "FinishTimeout Kill");
}

TEST(EnvironmentState, AReinitWithAnErrorIsKilledAndItsExitTellsTheError) {
  Told t(EnvironmentCause::kInvocation);
  t.on(Event::kExit);
  t.on(Event::kInitError);
  EXPECT_EQ(t.on(Event::kDue), "Kill");
  EXPECT_EQ(t.on(Event::kExit), "ReportReinitEnd FinishExit Gone");
}

TEST(EnvironmentState, ProvisionedOnesNeverEndByIdleness) {
  EnvironmentLimits l = limits();
  l.idle = Duration::max();
  EnvironmentState state(l, EnvironmentCause::kProvisioning, moment(0s));
  state.on(Event::kReady, moment(1s));
  EXPECT_EQ(state.deadline(), SteadyTime::max());
}

// Whatever comes in whatever order: each invocation is sent once at most while the environment is
// available, ends exactly once, and nothing happens after the end.
TEST(EnvironmentState, AnySequenceEndsEachInvocationOnce) {
  std::mt19937 random(1);
  for (int sequence = 0; sequence < 20'000; ++sequence) {
    const bool call = random() % 2 == 0;
    Told t(call ? EnvironmentCause::kInvocation : EnvironmentCause::kProvisioning);
    int open = call ? 1 : 0, gone = 0;
    for (int step = 0; step < 40; ++step) {
      Event event = kEvents[random() % std::size(kEvents)];
      if (event == Event::kInvoke) {
        if (!t.state.available()) continue;
        ++open;
      }
      if (event == Event::kRefused && t.state.phase() != Phase::kBusy) continue;
      if (event == Event::kDue || event == Event::kDueRunning) {
        if (t.state.deadline() == SteadyTime::max()) continue;
        t.now = t.state.deadline();
      }
      const auto effects = t.state.on(event, t.now);
      for (const Effect effect : effects) {
        ASSERT_EQ(gone, 0);
        switch (effect) {
          case Effect::kFinish:
          case Effect::kFinishBroken:
          case Effect::kFinishTimeout:
          case Effect::kFinishExit:
          case Effect::kFinishAbandoned:
          case Effect::kGiveBack:
            --open;
            break;
          case Effect::kSend:
            ASSERT_EQ(open, 1);
            break;
          case Effect::kGone:
            ++gone;
            break;
          default:
            break;
        }
      }
      ASSERT_GE(open, 0);
      ASSERT_LE(open, 1);
      ASSERT_EQ(t.state.has_invocation(), open == 1);
    }
    t.on(Event::kAbandon);
    t.on(Event::kExit);
    t.on(Event::kExit);
    ASSERT_TRUE(t.phase() == "Gone" || t.phase() == "Reinit") << t.phase();
  }
}

TEST(EnvironmentState, ARestoreThatFailsRefusesItsInvocation) {
  EnvironmentLimits restored = limits();
  restored.after_failed_init = AfterFailedInit::kRefuse;
  for (const bool late : {false, true}) {
    EnvironmentState state(restored, EnvironmentCause::kInvocation, moment(0s));
    if (late) {
      EXPECT_EQ(effects_text(state.on(Event::kDue, moment(10s))), "Kill");
    }
    EXPECT_EQ(effects_text(state.on(Event::kExit, moment(11s))),
              "ReportInitEnd FinishAbandoned Gone");
    EXPECT_EQ(state.init_timed_out(), late);
    EXPECT_FALSE(state.has_invocation());
  }
}

// A machine on which many start at once makes them late, which is no fault of the function.
TEST(EnvironmentState, TheWaitForItsStartIsNoPartOfInit) {
  EnvironmentLimits late = limits();
  late.start = 120s;
  EnvironmentState state(late, EnvironmentCause::kInvocation, moment(0s));
  EXPECT_TRUE(state.starting());
  EXPECT_EQ(effects_text(state.on(Event::kDue, moment(10s))), "");
  EXPECT_EQ(effects_text(state.on(Event::kStarted, moment(119s))), "");
  EXPECT_FALSE(state.starting());
  EXPECT_EQ(state.init_started(), moment(119s));
  EXPECT_EQ(state.deadline(), moment(129s));
  EXPECT_EQ(effects_text(state.on(Event::kStarted, moment(120s))), "");
  EXPECT_EQ(effects_text(state.on(Event::kDue, moment(129s) - 1ms)), "");
  EXPECT_EQ(effects_text(state.on(Event::kDue, moment(129s))), "Kill");
  EXPECT_TRUE(state.init_timed_out());
}

TEST(EnvironmentState, TheWaitForASuppressedInitIsNoPartOfItsInvocation) {
  EnvironmentLimits late = limits();
  late.start = 120s;
  EnvironmentState state(late, EnvironmentCause::kInvocation, moment(0s));
  state.on(Event::kStarted, moment(0s));
  EXPECT_EQ(effects_text(state.on(Event::kExit, moment(1s))), "ReportInitEnd Begin StartAgain");
  EXPECT_TRUE(state.starting());
  EXPECT_EQ(effects_text(state.on(Event::kDue, moment(60s))), "");
  state.on(Event::kStarted, moment(61s));
  EXPECT_EQ(state.invocation_started(), moment(61s));
  EXPECT_EQ(state.deadline(), moment(64s));
}

TEST(EnvironmentState, OneThatWaitsToStartGivesItsInvocationBack) {
  EnvironmentLimits late = limits();
  late.start = 120s;
  EnvironmentState state(late, EnvironmentCause::kInvocation, moment(0s));
  EXPECT_EQ(effects_text(state.on(Event::kUnwanted, moment(1s))), "Kill GiveBack");
  EXPECT_FALSE(state.has_invocation());
}

TEST(EnvironmentState, AStartThatNeverComesEnds) {
  EnvironmentLimits late = limits();
  late.start = 120s;
  for (const auto cause : {EnvironmentCause::kInvocation, EnvironmentCause::kProvisioning}) {
    const bool waits = cause == EnvironmentCause::kInvocation;
    EnvironmentState state(late, cause, moment(0s));
    EXPECT_EQ(effects_text(state.on(Event::kDue, moment(120s) - 1ms)), "");
    EXPECT_EQ(effects_text(state.on(Event::kDue, moment(120s))),
              waits ? "FinishAbandoned Kill" : "TellInitFailed Kill");
    EXPECT_FALSE(state.has_invocation());
    EXPECT_FALSE(state.init_timed_out());
    EXPECT_EQ(effects_text(state.on(Event::kStarted, moment(121s))), "");
    EXPECT_EQ(effects_text(state.on(Event::kExit, moment(122s))), "Gone");
  }
}

}  // namespace
}  // namespace kiln::model
