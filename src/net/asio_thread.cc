#include "net/asio_thread.h"

#include <pthread.h>
#include <signal.h>

#include <boost/asio/executor_work_guard.hpp>
#include <system_error>
#include <thread>

#include "base/fence.h"
#include "base/thread_start.h"

namespace kiln::net {
namespace {

boost::asio::io_context* start() {
  // Never destroyed: its thread runs until the process ends.
  auto* const context = new boost::asio::io_context(1);
  // Signals are the main thread's affair; a thread takes its mask from the one that starts it.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto run = [context] {
    begin_thread();
    pthread_setname_np(pthread_self(), "asio");
    const auto work = boost::asio::make_work_guard(*context);
    while (!context->stopped()) fenced("the Asio thread", [context] { context->run(); });
  };
  try {
    std::thread(run).detach();
  } catch (const std::system_error&) {  // the next one who asks tries again
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    delete context;
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return context;
}

}  // namespace

Result<boost::asio::io_context*> asio_thread() {
  try {
    static boost::asio::io_context* const context = start();
    return context;
  } catch (const std::system_error& error) {
    return Error{ErrorKind::kUnavailable, "Threads",
                 "no thread can be started that looks up names and sends requests: " +
                     error.code().message()};
  }
}

}  // namespace kiln::net
