// The process that snapshot start forks environments of: it has run a version's init, and waits.
//
//   const int control = template_control();            // -1: no template, an ordinary start
//   … init, hooks …
//   if (const char* why = template_obstacle()) …       // threads, shared memory, children
//   EnvironmentFds fds;
//   serve_template(control, fds);                      // returns in process 1 of a new environment
//   const pid_t function = fork();
//   if (function > 0) reap_environment(function, fds); // never returns
//   char order[kMostOrder];
//   become_environment(fds, order, sizeof order);      // waits until it is needed
//
// Each environment gets namespaces of its own (user, mount, PID, IPC, UTS), an empty /tmp with a
// copy of the files that init left there, its own /proc, and no capability. Nothing that is open is
// shared with others: sockets, pipes and the like are replaced by ones that are at their end, files
// are opened again. The callers fork themselves where a language has to know of it.
//
// One message is one packet: a letter, then what belongs to it.
//   control  template → engine  R            initialised, and ready to be forked
//                               E type\0doc  init has failed
//                               X text       it can't be forked
//            engine → template  F            make an environment; with EnvironmentFds. Fu: its user
//                                            is the engine's to choose
//   orders   child → engine     U            it has a user namespace without a user
//            engine → child     G            now it has one
//            process 1 → engine H            it is there; the kernel adds its pid
//            engine → process 1 G            it is in its group: what it takes is its own
//            process 1 → engine R            it is ready
//            either → engine    X text       the system permits no such environment
//            engine → function  O variables  NAME=value with a NUL behind each: serve
//
// Linux only. Threading: one thread. Nothing throws, so that a program in any language can use it
// by the functions at the end of the .cc file.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace kiln::sdk {

inline constexpr size_t kMostOrder = 16 * 1024;

struct EnvironmentFds {
  int orders = -1, log = -1, status = -1, channel = -1;
};

// The descriptor that KILN_TEMPLATE_FD names, which is taken out of the environment; -1: none.
int template_control();
// Why this process can't be forked; nullptr: it can.
const char* template_obstacle();
void say_ready(int control);
void say_init_failed(int control, const char* type, const char* document, size_t size);
void say_unfit(int control, const char* why);

// Serves the engine's requests and ends with the process; returns in process 1 of an environment.
void serve_template(int control, EnvironmentFds& fds);
[[noreturn]] void reap_environment(pid_t function, const EnvironmentFds& fds);
// The size of the variables written to `order`. Without an order the process ends.
size_t become_environment(const EnvironmentFds& fds, char* order, size_t room);

}  // namespace kiln::sdk
