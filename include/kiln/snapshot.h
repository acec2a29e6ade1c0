// Hooks around the snapshot of a version with SnapStart: what init must let go of before it, and
// what each environment must have afresh.
//
//   return kiln::run([] {  // init
//     auto database = std::make_shared<Database>();
//     kiln::before_checkpoint([database] { database->disconnect(); });
//     kiln::after_restore([database] { database->connect(); });
//     return [database](std::string_view event, const kiln::Context&) { return
//     database->answer(event); };
//   });
//
// Lambda runs init once, when the version is published, and makes every environment of it from what
// init left: values that must be unique (ids, seeds, tokens) belong into a hook or the handler.
// Connections and pipes that are open at the snapshot are at their end after it; files are open at
// the same place. What /tmp holds, each environment has for itself.
//
// Kiln forks a waiting process, so one with a second thread, with a child process or with memory
// that it shares can't be made a snapshot of; the version's state says why. AWS has no SnapStart
// for provided.* runtimes: there, and at any ordinary start, no hook runs.
//
// Hooks before the snapshot run in the reverse order of their registration, hooks after it in its
// order. An exception from one before it fails the version; from one after it, the invocation that
// the environment was made for. Those after it have ten seconds.
//
// Threading: register in init, on its thread; hooks run on the same. Cost: nothing without them.
#pragma once

#include <functional>

namespace kiln {

void before_checkpoint(std::function<void()> hook);
void after_restore(std::function<void()> hook);

}  // namespace kiln
