// The Extensions API (2020-01-01) for what registers from inside a runtime: enough for runtimes
// that do so in order to get SIGTERM (Go, Rust), and for extensions that follow invocations. One of
// these for each sandbox. There are no external extensions, since nothing starts programs of
// /opt/extensions.
//
// Answers are those of AWS's runtime interface emulator. Threading: the sandbox's loop only.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_message.h"
#include "sandbox/runtime_port.h"

namespace kiln::sandbox {

class Extensions {
 public:
  // What an extension is told of its function.
  struct Function {
    std::string name, version, handler, account;
  };
  // Answers a call of event/next, once.
  using Answer = std::function<void(net::Response&&)>;

  explicit Extensions(Function function) : function_(std::move(function)) {}

  // `name`: Lambda-Extension-Name; `features`: Lambda-Extension-Accept-Feature. No more register
  // once the runtime has asked for its first event.
  net::Response register_one(std::string_view name, std::string_view body,
                             std::string_view features = {});
  void close_registration() { closed_ = true; }
  bool any() const { return !registered_.empty(); }

  // event/next: nullopt means that `answer` comes later, or never; an earlier caller with
  // this id gets an error. `caller` is who asks.
  std::optional<net::Response> next(std::string_view id, const void* caller, Answer answer);
  // The caller has gone: it waits under this id no longer.
  void gone(std::string_view id, const void* caller);
  // init/error and exit/error.
  net::Response error(std::string_view id, std::string_view error_type);

  // The runtime was handed this event.
  void invoked(const Event& event);

 private:
  struct Extension {
    std::string name;
    bool wants_invoke = false;
    Answer waiting;
    const void* caller = nullptr;         // who waits
    std::optional<net::Response> missed;  // the last event that came while it did not wait
  };

  Function function_;
  std::map<std::string, Extension, std::less<>> registered_;  // by identifier
  bool closed_ = false;
};

}  // namespace kiln::sandbox
