// parallel::map: calls a function for each item of a batch, on one thread, on several threads or in
// several processes.
//
//   const std::vector<int> numbers = {1, 2, 3};
//   for (const auto& outcome : kiln::parallel::map(numbers, [](int n) { return n * n; },
//                                                  {kiln::parallel::Mode::kThreads, 2})) {
//     if (outcome.value) use(*outcome.value); else complain(outcome.error);
//   }
//
// Outcomes are in the order of the items. An item whose call throws has an error instead of a
// value; the others go on. Processes protect further: a call that crashes its worker (SIGSEGV,
// exit) fails its own item, and a new worker takes over the rest.
//
// In processes the function runs in a copy of this process: what it changes is lost with the
// worker, and its result crosses a pipe, so the type must be trivially copyable without pointers, a
// std::string, an nlohmann::json, or have a Codec. Other threads don't exist in a worker, and locks
// that they hold stay locked there for ever: use processes only while nothing else runs. For that,
// processes are what helps with code that isn't safe for threads, or that may crash.
//
// Threading: any thread; the function is called by several threads at once in kThreads. Ownership:
// borrows items and function for the call; no thread, process or descriptor outlives it. Cost: a
// thread about 20 µs, a process about 100 µs and more with the memory in use, an item in a process
// two system calls. Neither is worth it for items of a few microseconds.
#pragma once

#include <cstddef>
#include <cstring>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace kiln::parallel {

enum class Mode { kSequential, kThreads, kProcesses };

struct Options {
  Mode mode = Mode::kThreads;
  size_t workers = 0;  // 0: as many as this process may use CPUs
};

template <class R>
struct Outcome {
  std::optional<R> value;
  std::string error;  // when there is no value; never empty then
};

// CPUs that this process may run on; at least 1. A CPU quota does not count: Lambda shows all cores
// to a function and gives it a share of their time.
size_t cpu_count();

// How a result crosses from one process to another. Specialise it for types of your own.
template <class R>
struct Codec;

template <class R>
requires(std::is_trivially_copyable_v<R> && !std::is_pointer_v<R>) struct Codec<R> {
  static std::string encode(const R& value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof value);
  }
  static R decode(std::string_view bytes) {
    if (bytes.size() != sizeof(R)) throw std::length_error("a result came back incomplete");
    alignas(R) char storage[sizeof(R)];
    std::memcpy(storage, bytes.data(), sizeof storage);
    return *reinterpret_cast<const R*>(storage);
  }
};

template <>
struct Codec<std::string> {
  static std::string encode(std::string value) { return value; }
  static std::string decode(std::string_view bytes) { return std::string(bytes); }
};

template <class R>
requires requires(const R& value, std::string& out) { R::to_cbor(value, out); }
struct Codec<R> {
  static std::string encode(const R& value) {
    std::string out;
    R::to_cbor(value, out);
    return out;
  }
  static R decode(std::string_view bytes) { return R::from_cbor(bytes); }
};

namespace detail {

// Calls run(i) for each i below count; what it throws goes to fail(i, message).
using Run = std::function<void(size_t)>;
using Fail = std::function<void(size_t, std::string)>;
void sequentially(size_t count, const Run& run, const Fail& fail);
void on_threads(size_t count, size_t workers, const Run& run, const Fail& fail);

// Calls produce(i) in another process, and accept(i, what it returned) in this one.
using Produce = std::function<std::string(size_t)>;
using Accept = std::function<void(size_t, std::string_view)>;
void in_processes(size_t count, size_t workers, const Produce& produce, const Accept& accept,
                  const Fail& fail);

}  // namespace detail

// `items` is anything with size() and operator[]. Throws std::logic_error when processes are asked
// for and the result has no Codec.
template <class Items, class F>
auto map(const Items& items, F&& fn, Options options = {}) {
  using R = std::decay_t<std::invoke_result_t<F&, decltype(items[0])>>;
  static_assert(!std::is_void_v<R>, "parallel::map needs a function that returns something");
  std::vector<Outcome<R>> outcomes(items.size());
  const size_t workers = options.workers ? options.workers : cpu_count();
  const auto run = [&](size_t i) { outcomes[i].value.emplace(std::invoke(fn, items[i])); };
  const auto fail = [&](size_t i, std::string error) { outcomes[i].error = std::move(error); };
  if (options.mode == Mode::kSequential) {
    detail::sequentially(outcomes.size(), run, fail);
  } else if (options.mode == Mode::kThreads) {
    detail::on_threads(outcomes.size(), workers, run, fail);
  } else if constexpr (requires { Codec<R>::decode(std::string_view()); }) {
    detail::in_processes(
        outcomes.size(), workers,
        [&](size_t i) { return Codec<R>::encode(std::invoke(fn, items[i])); },
        [&](size_t i, std::string_view bytes) {
          outcomes[i].value.emplace(Codec<R>::decode(bytes));
        },
        fail);
  } else {
    throw std::logic_error("parallel::map: a result of this type has no Codec for processes");
  }
  return outcomes;
}

}  // namespace kiln::parallel
