#include "net/asio_thread.h"

#include <pthread.h>
#include <signal.h>

#include <boost/asio/executor_work_guard.hpp>
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
  std::thread([context] {
    begin_thread();
    pthread_setname_np(pthread_self(), "asio");
    const auto work = boost::asio::make_work_guard(*context);
    while (!context->stopped()) fenced("the Asio thread", [context] { context->run(); });
  }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return context;
}

}  // namespace

boost::asio::io_context& asio_thread() {
  static boost::asio::io_context* const context = start();
  return *context;
}

}  // namespace kiln::net
