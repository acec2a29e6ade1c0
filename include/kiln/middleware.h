// Layers around a handler: what every function does beside its own work.
//
//   kiln::run(kiln::with(
//       handler, kiln::log_requests(), kiln::measure("Shop"), kiln::catch_errors()));
//
// The first layer is the outermost: here the log line is written before anything else, and
// `measure` counts an exception before catch_errors makes an answer of it. The result is a handler
// of the same kind, plain or JSON. A layer is any callable (next, event, context) that returns what
// next(event, context) does, or something else in its place:
//
//   auto refuse_empty = [](auto& next, const auto& event, const kiln::Context& context) {
//     return event.empty() ? decltype(next(event, context)){} : next(event, context);
//   };
//
// Around a JSON handler, layers see JSON, and text that is not JSON never gets to them; with
// json_handler(handler) inside, catch_errors answers for that, too.
//
// Threading: as the handler. Ownership: handler and layers are moved in. Cost: calls that the
// compiler can inline, and what the layer does: log_requests one line, measure one line and two
// getrusage(2).
#pragma once

#include <chrono>
#include <concepts>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "kiln/context.h"
#include "kiln/run.h"

namespace kiln {

// A handler inside a layer. Made by with().
template <class Layer, class Next>
class Layered {
 public:
  Layered(Layer layer, Next next) : layer_(std::move(layer)), next_(std::move(next)) {}

  std::string operator()(std::string_view payload,
                         const Context& context) requires EventHandler<Next> {
    return layer_(next_, payload, context);
  }
  auto operator()(const nlohmann::json& event,
                  const Context& context) requires(!EventHandler<Next>) {
    return layer_(next_, event, context);
  }

 private:
  Layer layer_;
  Next next_;
};

template <class Handler>
Handler with(Handler handler) {
  return handler;
}

template <class Handler, class Layer, class... Inner>
auto with(Handler handler, Layer layer, Inner... inner) {
  auto next = with(std::move(handler), std::move(inner)...);
  return Layered<Layer, decltype(next)>(std::move(layer), std::move(next));
}

namespace sdk {

void log_request(const Context& context);
// REQUIRES: an exception is being handled. Logs it and returns the answer for it as JSON text.
std::string failure_answer();

// One invocation as seen by measure(): begins with the constructor, ends with finish().
class Measurement {
 public:
  Measurement();
  enum class Outcome { kAnswered, kFailed };
  enum class Start { kCold, kWarm };
  void finish(std::string_view name_space, const Context& context, Start start,
              Outcome outcome) const;

 private:
  std::chrono::steady_clock::time_point begin_;
  double user_ms_;
  double system_ms_;
};

}  // namespace sdk

// Logs {"message":"request","memory_limit_mb","remaining_time_ms"} at level INFO; the request id is
// part of every line.
inline auto log_requests() {
  return [](auto& next, const auto& event, const Context& context) {
    sdk::log_request(context);
    return next(event, context);
  };
}

// An exception out of the handler, of whatever type, becomes the answer {"statusCode":500,"body":
// "{\"success\":false,\"error\":…}"} and one log line of level ERROR with errorType and
// errorMessage.
inline auto catch_errors() {
  return [](auto& next, const auto& event, const Context& context) {
    using Answer = std::decay_t<decltype(next(event, context))>;
    try {
      return next(event, context);
    } catch (...) {
      if constexpr (std::same_as<Answer, std::string>) {
        return sdk::failure_answer();
      } else {
        return Answer::parse(sdk::failure_answer());
      }
    }
  };
}

// One EMF line per invocation (see metrics.h), with the names of Lambda Insights: duration,
// cpu_user_time, cpu_system_time, cpu_total_time (Milliseconds), used_memory_max, total_memory
// (Megabytes), memory_utilization (Percent), and cold_start and errors (Count, 0 or 1); dimension
// function_name; properties request_id and version. An exception goes through, counted as an error.
inline auto measure(std::string_view name_space) {
  return [name_space = std::string(name_space), start = sdk::Measurement::Start::kCold](
             auto& next, const auto& event, const Context& context) mutable {
    const auto this_start = std::exchange(start, sdk::Measurement::Start::kWarm);
    const sdk::Measurement measurement;
    try {
      auto answer = next(event, context);
      measurement.finish(name_space, context, this_start, sdk::Measurement::Outcome::kAnswered);
      return answer;
    } catch (...) {
      measurement.finish(name_space, context, this_start, sdk::Measurement::Outcome::kFailed);
      throw;
    }
  };
}

}  // namespace kiln
