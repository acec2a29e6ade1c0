// Handlers that take and return nlohmann::json. Apart from run.h so that a function without JSON
// does not pay for it.
//
//   int main() {
//     return kiln::run([](const nlohmann::json& event, const kiln::Context&) -> nlohmann::json {
//       return {{"hello", event.value("name", "world")}};
//     });
//   }
//
// An event that is not JSON throws nlohmann::json::parse_error before the handler sees it; an empty
// event is `{}`. Text that is not UTF-8 in the answer becomes U+FFFD and never throws.
//
// Threading and ownership: as run.h. Cost: parses and prints once per invocation, by parse_json()
// and print_json(); about 150 KiB of code.
#pragma once

#include <nlohmann/json.hpp>

#include "kiln/json_view.h"
#include "kiln/run.h"

namespace kiln {

// What nlohmann::json::parse(text) and dump() with error_handler_t::replace give, byte by byte and
// with the same exceptions, in a fraction of their time.
nlohmann::json parse_json(std::string_view text);
std::string print_json(const nlohmann::json& value);

// A part of a document as a tree; null for what is absent.
nlohmann::json tree_of(JsonView view);

// An event as a JSON handler gets it: an empty one is {}.
nlohmann::json parse_event(std::string_view payload);

template <class H>
concept JsonHandler = requires(H& handler, const nlohmann::json& event, const Context& context) {
  { handler(event, context) } -> std::same_as<nlohmann::json>;
};

template <class F>
concept JsonHandlerFactory = requires(F& factory) {
  { factory() } -> JsonHandler;
};

// Turns a JSON handler into a plain one, for tests and for layers around handlers.
template <JsonHandler H>
auto json_handler(H handler) {
  return [handler = std::move(handler)](std::string_view payload, const Context& context) mutable {
    return print_json(handler(parse_event(payload), context));
  };
}

template <JsonHandler H>
int run(H handler) {
  return run(json_handler(std::move(handler)));
}

template <JsonHandlerFactory F>
int run(F factory) {
  return run([factory = std::move(factory)]() mutable { return json_handler(factory()); });
}

}  // namespace kiln
