// The Extensions API (2020-01-01), for one sandbox: for external extensions, the programs in
// /opt/extensions, which are known before they register, and for internal ones, which register from
// inside a runtime, as those of Go and Rust do in order to get SIGTERM.
//
// A phase ends when the runtime and the extensions have asked for what comes next: all external
// ones in the Init phase, and whoever was told of it in an invocation.
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

// Of one environment, as on AWS.
inline constexpr size_t kMaxExtensions = 10;

// The variables of a function's that its external extensions get: AWS's choice, but for Kiln's own.
std::vector<std::string> extension_environment(const std::vector<std::string>& env);

class Extensions {
 public:
  // What an extension is told of its function.
  struct Function {
    std::string name, version, handler, account;
  };
  // Answers a call of event/next, once.
  using Answer = std::function<void(net::Response&&)>;

  explicit Extensions(Function function) : function_(std::move(function)) {}

  // These programs are started; `on_news` is called whenever registered() or settled() may have
  // become true, or there is a fault(). Once, before all else.
  void expect(const std::vector<std::string>& programs, std::function<void()> on_news);
  bool any_external() const { return !programs_.empty(); }
  // All external ones have.
  bool registered() const;
  // Somebody wants to know of the end: an internal one, or one that is told SHUTDOWN.
  bool want_to_end() const;
  // Nobody is waited for.
  bool settled() const;
  // Those that have registered, by name.
  std::vector<ExternalExtension> external() const;
  // That one has said that it has failed, which ends the environment, as on AWS: the type is
  // Extension.InitError or .ExitError, or "" where none has; `text` is its own type.
  struct Fault {
    std::string type, text;
  };
  const Fault& fault() const { return fault_; }

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
  // init/error, else exit/error.
  net::Response error(std::string_view id, std::string_view error_type, bool init);

  // The runtime was handed this event.
  void invoked(const Event& event);
  // The environment ends: external ones that want to know are told.
  void shut_down(std::string_view reason, int64_t deadline_ms);

 private:
  struct Extension {
    std::string name;
    bool external = false, wants_invoke = false, wants_shutdown = false;
    bool has_failed = false;  // by its own words: nothing more is taken from it
    bool is_busy = false;     // with its Init phase or an event, until it asks for the next one
    Answer waiting;
    const void* caller = nullptr;         // who waits
    std::optional<net::Response> missed;  // the last event that came while it did not wait
  };

  void tell(Extension& extension, net::Response&& event);

  Function function_;
  std::vector<std::string> programs_;  // names of the external ones
  std::function<void()> on_news_;
  Fault fault_;
  bool is_over_ = false;                                      // the environment ends anyway
  std::map<std::string, Extension, std::less<>> registered_;  // by identifier
  bool closed_ = false;
};

}  // namespace kiln::sandbox
