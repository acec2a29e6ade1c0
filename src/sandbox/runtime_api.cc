#include "sandbox/runtime_api.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/ids.h"
#include "net/http_connection.h"
#include "sandbox/peer_uid.h"
#include "sandbox/stream_pace.h"

namespace kiln::sandbox {
namespace {

// The state that an answer leads to.
constexpr std::string_view kResponseSent = "InvocationResponse";
constexpr std::string_view kPrefix = "/2018-06-01/runtime/";
constexpr std::string_view kExtensionPrefix = "/2020-01-01/extension/";
// Of calls that are no answer to the request in hand. More is refused as these are.
constexpr uint64_t kMaxOtherBody = 1024 * 1024;
// Of one environment: a runtime and its extensions need one each, or two. Descriptors are shared by
// all of them.
constexpr size_t kMostConnections = 64;
// A runtime sends Lambda-Runtime-Function-XRay-Error-Cause, of up to 1 MiB, beside the rest.
constexpr uint32_t kMaxHead = (1024 + 64) * 1024;

net::Response accepted() {
  net::Response r;
  r.status = 202;
  r.body = "{\"status\":\"OK\"}\n";
  return r;
}

net::Response refusal(unsigned status, std::string_view type, std::string_view message) {
  net::Response r;
  r.status = status;
  r.body.append("{\"errorMessage\":\"")
      .append(message)
      .append("\",\"errorType\":\"")
      .append(type)
      .append("\"}\n");
  return r;
}

net::Response unknown() { return refusal(404, "InvalidPath", "The Runtime API has no such call"); }

net::Response too_large_answer(uint64_t limit) {
  return refusal(413, "RequestEntityTooLarge",
                 "Exceeded maximum allowed payload size (" + std::to_string(limit) + " bytes).");
}

// `state`: the runtime's; `wanted`: the one that the call leads to.
net::Response answer(Verdict verdict, std::string_view state, std::string_view wanted) {
  switch (verdict) {
    case Verdict::kAccepted:
      return accepted();
    case Verdict::kUnknownRequest:
      return refusal(400, "InvalidRequestID", "Invalid request ID");
    case Verdict::kTooLarge:
      return too_large_answer(kMaxResponseBytes);
    case Verdict::kWrongState:
      break;
  }
  return refusal(403, "InvalidStateTransition",
                 std::string("State transition from ").append(state).append(" to ").append(wanted) +
                     " failed for runtime. Error: State transition is not allowed");
}

// As AWS answers on a machine of one's own, so that whoever subscribes goes on without.
net::Response not_supported(const std::string& api) {
  return refusal(202, api + ".NotSupported", api + " API is not supported");
}

enum class Call {
  kNext,
  kResponse,
  kError,
  kInitError,
  kPing,
  kRegister,
  kExtensionNext,
  kExtensionError,
  kTelemetry,
  kLogs,
  kUnknown
};

struct Route {
  Call call = Call::kUnknown;
  std::string_view request_id;

  // The state that the call leads to, of those that answer; "": of others.
  std::string_view answer_state() const {
    if (call == Call::kResponse) return kResponseSent;
    if (call == Call::kError) return "InvocationErrorResponse";
    return call == Call::kInitError ? "InitError" : "";
  }
};

Route route(std::string_view method, std::string_view target) {
  if (const size_t query = target.find('?'); query != std::string_view::npos)
    target = target.substr(0, query);
  if (method == "GET" && (target == "/ping" || target == "/2018-06-01/ping"))
    return {Call::kPing, {}};
  if (method == "PUT" && target == "/2022-07-01/telemetry") return {Call::kTelemetry, {}};
  if (method == "PUT" && target == "/2020-08-15/logs") return {Call::kLogs, {}};
  if (target.starts_with(kExtensionPrefix)) {
    target.remove_prefix(kExtensionPrefix.size());
    if (method == "GET" && target == "event/next") return {Call::kExtensionNext, {}};
    if (method != "POST") return {};
    if (target == "register") return {Call::kRegister, {}};
    if (target == "init/error" || target == "exit/error") return {Call::kExtensionError, {}};
    return {};
  }
  if (!target.starts_with(kPrefix)) return {};
  target.remove_prefix(kPrefix.size());
  if (method == "GET" && target == "invocation/next") return {Call::kNext, {}};
  if (method != "POST") return {};
  if (target == "init/error") return {Call::kInitError, {}};
  if (!target.starts_with("invocation/")) return {};
  target.remove_prefix(11);
  const size_t slash = target.find('/');
  if (slash == std::string_view::npos) return {};
  const auto id = target.substr(0, slash), verb = target.substr(slash + 1);
  if (verb == "response") return {Call::kResponse, id};
  if (verb == "error") return {Call::kError, id};
  return {};
}

}  // namespace

// Passes the parts of a streamed answer on, as fast as Lambda does.
class RuntimeApi::PacedParts final : public net::BodySink, private net::Scheduled {
 public:
  PacedParts(std::shared_ptr<AnswerStream> stream, net::IoLoop& loop)
      : stream_(std::move(stream)), loop_(loop) {}
  ~PacedParts() override { loop_.cancel(this); }

  void put(std::string&& part, std::function<void()> more) override {
    const SteadyTime now = loop_.clock().steady_now(), at = pace_.next(part.size(), now);
    if (at <= now) return stream_->put(std::move(part), std::move(more));
    part_ = std::move(part);
    more_ = std::move(more);
    loop_.schedule(this, at);
  }

 private:
  SteadyTime on_time(SteadyTime) override {
    stream_->put(std::move(part_), std::exchange(more_, nullptr));
    return SteadyTime::max();
  }

  const std::shared_ptr<AnswerStream> stream_;
  net::IoLoop& loop_;
  StreamPace pace_;
  std::string part_;  // that has to wait
  std::function<void()> more_;
};

class RuntimeApi::ApiSession final : public net::Session, private EventSink {
 public:
  ApiSession(RuntimeApi& api, net::HttpConnection& connection, uint32_t address)
      : api_(api), connection_(connection), address_(address) {
    api_.entries_.at(address).sessions.push_back(this);
  }
  // However its connection ends: nobody may be left who would hand it an event.
  ~ApiSession() override {
    stop_waiting();
    leave();
  }

  // Whether nobody waits here for an event, and no answer is on its way.
  bool may_go() const { return !waiting_ && extension_.empty() && answering_.empty(); }
  void end() { connection_.drop(); }

  uint64_t body_limit(const net::RequestHeader& header) override {
    const auto r = route(header.method_string(), header.target());
    forget();
    RuntimePort* port = api_.find(address_);
    if (port == nullptr) return kMaxOtherBody;
    if (r.call == Call::kInitError) {
      takes_large_ = port->state_name() == "Started" && !api_.takes_large(address_);
    } else if (r.call == Call::kResponse || r.call == Call::kError) {
      answering_ = std::string(r.request_id);
      if (port->may_answer(r.request_id) != Verdict::kAccepted) return kMaxOtherBody;
      if (r.call == Call::kResponse && is_streamed(header))
        stream_ = port->stream(r.request_id, net::field(header, "Content-Type"));
      if (stream_) return kMaxStreamBytes;
      takes_large_ = !api_.takes_large(address_);
    }
    return takes_large_ ? kMaxBody : kMaxOtherBody;
  }
  uint64_t room_group() override { return address_; }
  bool takes_large() const { return takes_large_; }
  // Its peer has not read the whole event yet.
  bool sends_event() const { return has_event_ && connection_.is_sending(); }

  std::shared_ptr<net::BodySink> body_sink(const net::RequestHeader&) override {
    if (!stream_) return nullptr;
    return std::make_shared<PacedParts>(stream_, connection_.loop());
  }

  net::Response too_large(const net::RequestHeader& header) override {
    const auto r = route(header.method_string(), header.target());
    RuntimePort* port = api_.find(address_);
    const bool took_large = takes_large_ || stream_;
    const uint64_t limit = stream_ ? kMaxStreamBytes : kMaxResponseBytes;
    forget();
    if (r.call == Call::kUnknown) return unknown();
    if (port == nullptr || r.answer_state().empty()) return too_large_answer(limit);
    // It may not answer now, or another of its connections does.
    Verdict verdict =
        r.call == Call::kInitError ? Verdict::kAccepted : port->may_answer(r.request_id);
    if (verdict == Verdict::kAccepted && !took_large) verdict = Verdict::kWrongState;
    if (verdict != Verdict::kAccepted) return answer(verdict, port->state_name(), r.answer_state());
    if (r.call != Call::kInitError)
      port->broke_protocol(r.request_id, "Function.ResponseSizeTooLarge");
    return too_large_answer(limit);
  }

  // Nothing more comes of this answer: its invocation doesn't wait for its time limit.
  void on_unreadable() override { break_off(); }

  void on_request(net::Request&& request) override {
    forget();
    has_event_ = false;
    RuntimePort* port = api_.find(address_);
    Extensions* extensions = api_.extensions_of(address_);
    if (port == nullptr || extensions == nullptr) return connection_.close();
    const auto r = route(request.method_string(), net::target(request));
    switch (r.call) {
      case Call::kPing: {
        net::Response pong;
        pong.content_type = "text/plain";
        pong.body = "pong";
        return connection_.reply(std::move(pong));
      }
      case Call::kNext: {
        waiting_ = true;
        extensions->close_registration();
        const Verdict verdict = port->next(*this);
        if (verdict == Verdict::kAccepted) return api_.drop_unread(address_, *this);
        waiting_ = false;
        return connection_.reply(answer(verdict, port->state_name(), "Ready"));
      }
      case Call::kResponse:
        return connection_.reply(respond(*port, r.request_id, request));
      case Call::kError: {
        const std::string_view state = port->state_name();
        return connection_.reply(
            answer(port->fail(r.request_id, std::move(request.body()),
                              net::field(request, "Lambda-Runtime-Function-Error-Type")),
                   state, r.answer_state()));
      }
      case Call::kInitError: {
        const std::string_view state = port->state_name();
        return connection_.reply(
            answer(port->fail_init(std::move(request.body()),
                                   net::field(request, "Lambda-Runtime-Function-Error-Type")),
                   state, r.answer_state()));
      }
      case Call::kRegister:
        return connection_.reply(
            extensions->register_one(net::field(request, "Lambda-Extension-Name"), request.body(),
                                     net::field(request, "Lambda-Extension-Accept-Feature")));
      case Call::kTelemetry:
        return connection_.reply(not_supported("Telemetry"));
      case Call::kLogs:
        return connection_.reply(not_supported("Logs"));
      case Call::kExtensionNext: {
        extension_ = net::field(request, "Lambda-Extension-Identifier");
        auto now = extensions->next(extension_, this, [this](net::Response&& response) {
          extension_.clear();
          connection_.reply(std::move(response));
        });
        if (!now) return;
        extension_.clear();
        return connection_.reply(std::move(*now));
      }
      case Call::kExtensionError:
        return connection_.reply(
            extensions->error(net::field(request, "Lambda-Extension-Identifier"),
                              net::field(request, "Lambda-Extension-Function-Error-Type"),
                              net::target(request).ends_with("init/error")));
      case Call::kUnknown:
        return connection_.reply(unknown());
    }
  }

  // What is left of a streamed answer: how it ended.
  void on_sunk_request(net::Request&& request, const std::shared_ptr<net::BodySink>&) override {
    forget();
    RuntimePort* port = api_.find(address_);
    if (port == nullptr) return connection_.close();
    const auto id = route(request.method_string(), net::target(request)).request_id;
    const std::string_view state = port->state_name();
    connection_.reply(
        answer(port->end_stream(id, error_document(request),
                                net::field(request, "Lambda-Runtime-Function-Error-Type")),
               state, kResponseSent));
  }

  // A runtime that waits for an event and sends no more has gone: the event must go elsewhere.
  bool answers_after_end() const override { return may_go(); }

  void on_closed(bool mid_request) override {
    leave();
    stop_waiting();
    RuntimePort* port = api_.find(address_);
    if (port == nullptr) return;
    if (Extensions* extensions = api_.extensions_of(address_); extensions && !extension_.empty())
      extensions->gone(extension_, this);
    if (mid_request) break_off();
  }

 private:
  // The request that was read has ended.
  void forget() {
    answering_.clear();
    stream_ = nullptr;
    takes_large_ = false;
  }
  void break_off() {
    const std::string id = answering_;
    forget();
    RuntimePort* port = api_.find(address_);
    if (port != nullptr && !id.empty()) port->broke_protocol(id, "Runtime.TruncatedResponse");
  }
  void leave() {
    const auto entry = api_.entries_.find(address_);
    if (entry != api_.entries_.end()) std::erase(entry->second.sessions, this);
  }
  void stop_waiting() {
    if (!std::exchange(waiting_, false)) return;
    if (RuntimePort* port = api_.find(address_)) port->sink_gone(*this);
  }

  net::Response respond(RuntimePort& port, std::string_view id, net::Request& request) {
    const auto mode = net::field(request, "Lambda-Runtime-Function-Response-Mode");
    if (!mode.empty() && !is_streamed(request)) {
      port.broke_protocol(id, "Runtime.InvalidResponseModeHeader");
      return refusal(400, "InvalidFunctionResponseMode", "Invalid function response mode");
    }
    const std::string_view state = port.state_name();
    if (const auto type = net::field(request, "Lambda-Runtime-Function-Error-Type"); !type.empty())
      return answer(port.fail(id, error_document(request), type), state, kResponseSent);
    return answer(port.respond(id, std::move(request.body())), state, kResponseSent);
  }

  static bool is_streamed(const net::RequestHeader& header) {
    return ascii::same(net::field(header, "Lambda-Runtime-Function-Response-Mode"), "streaming");
  }
  // A streamed answer that failed on the way says so in its trailers.
  static std::string error_document(const net::RequestHeader& request) {
    auto document = base64_decode(net::field(request, "Lambda-Runtime-Function-Error-Body"));
    return document ? std::move(*document) : std::string();
  }

  void deliver(const Event& event) override {
    waiting_ = false;
    has_event_ = true;
    if (Extensions* extensions = api_.extensions_of(address_); extensions && extensions->any())
      extensions->invoked(event);
    net::Response r;
    auto& h = r.headers;
    h.reserve(7, 512);
    h.emplace_back("Lambda-Runtime-Aws-Request-Id", event.request_id);
    h.emplace_back("Lambda-Runtime-Deadline-Ms", std::to_string(event.deadline_ms));
    h.emplace_back("Lambda-Runtime-Invoked-Function-Arn", event.function_arn);
    if (!event.trace_id.empty()) h.emplace_back("Lambda-Runtime-Trace-Id", event.trace_id);
    if (!event.client_context.empty())
      h.emplace_back("Lambda-Runtime-Client-Context", event.client_context);
    if (!event.cognito_identity.empty())
      h.emplace_back("Lambda-Runtime-Cognito-Identity", event.cognito_identity);
    r.body = event.payload;
    connection_.reply(std::move(r));
  }

  RuntimeApi& api_;
  net::HttpConnection& connection_;
  uint32_t address_;
  bool waiting_ = false;
  bool has_event_ = false;    // the last that went out is one
  std::string extension_;     // the identifier under which it waits for an extension's event
  std::string answering_;     // request id of the answer that is being read
  bool takes_large_ = false;  // it, or the error of an init, may be a large one
  std::shared_ptr<AnswerStream> stream_;  // whom its parts go to
};

RuntimeApi::RuntimeApi(net::IoLoop& loop)
    : loop_(loop),
      server_(
          {&loop},
          // A frozen or idle runtime keeps its connection for ever; its sandbox's end closes it.
          net::HttpLimits{kMaxHead, std::chrono::hours(24 * 365), std::chrono::hours(1),
                          std::chrono::hours(24 * 365)},
          [this](net::HttpConnection& connection) -> std::unique_ptr<net::Session> {
            const uint32_t address = connection.local_ipv4();
            const auto entry = entries_.find(address);
            if (entry == entries_.end()) return nullptr;
            if (peer_uid(connection.descriptor()) != entry->second.uid) return nullptr;
            if (!make_room(entry->second)) return nullptr;
            return std::make_unique<ApiSession>(*this, connection, address);
          }) {}

RuntimeApi::~RuntimeApi() { close(); }

// Of one environment's connections the newest goes that waits for nothing: the first is the
// runtime's own.
bool RuntimeApi::make_room(Entry& entry) {
  if (entry.sessions.size() < kMostConnections) return true;
  const auto newest = std::find_if(entry.sessions.rbegin(), entry.sessions.rend(),
                                   [](const ApiSession* session) { return session->may_go(); });
  if (newest == entry.sessions.rend()) return false;
  (*newest)->end();
  return true;
}

// Whether one of its connections sends what may be large.
bool RuntimeApi::takes_large(uint32_t ipv4) const {
  const auto entry = entries_.find(ipv4);
  return entry != entries_.end() &&
         std::any_of(entry->second.sessions.begin(), entry->second.sessions.end(),
                     [](const ApiSession* session) { return session->takes_large(); });
}

// Who asks for the next event has read the last one, or never will.
void RuntimeApi::drop_unread(uint32_t ipv4, const ApiSession& asks) {
  const auto entry = entries_.find(ipv4);
  if (entry == entries_.end()) return;
  std::vector<ApiSession*>& sessions = entry->second.sessions;
  for (size_t i = sessions.size(); i-- > 0;)
    if (i < sessions.size() && sessions[i] != &asks && sessions[i]->sends_event())
      sessions[i]->end();  // it leaves them
}

Result<void> RuntimeApi::listen() {
  return server_.listen("0.0.0.0", 0, net::Reach::kLoopbackDevice);
}

void RuntimeApi::close() { server_.close(); }

RuntimeApi::Address RuntimeApi::add(RuntimePort& port, uint32_t uid,
                                    const Extensions::Function& function) {
  Address address;
  do {
    // 127.1.0.1 to 127.254.255.254: 127.0.0.x stays free for other uses.
    const auto r = static_cast<uint32_t>(random_u64());
    address.ipv4 = 0x7f000000U | ((1 + (r & 0xff) % 254) << 16) | (((r >> 8) & 0xff) << 8) |
                   (1 + ((r >> 16) & 0xff) % 254);
  } while (entries_.contains(address.ipv4));
  entries_.emplace(address.ipv4, Entry{&port, uid, std::make_unique<Extensions>(function), {}});
  for (int shift = 24; shift >= 0; shift -= 8)
    address.text += std::to_string((address.ipv4 >> shift) & 0xff) + (shift > 0 ? "." : ":");
  address.text += std::to_string(server_.port());
  return address;
}

void RuntimeApi::remove(const Address& address) { entries_.erase(address.ipv4); }

Extensions* RuntimeApi::extensions_of(uint32_t ipv4) const {
  const auto entry = entries_.find(ipv4);
  return entry == entries_.end() ? nullptr : entry->second.extensions.get();
}

RuntimePort* RuntimeApi::find(uint32_t ipv4) const {
  const auto entry = entries_.find(ipv4);
  return entry == entries_.end() ? nullptr : entry->second.port;
}

}  // namespace kiln::sandbox
