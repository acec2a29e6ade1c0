#include "cli/load_run.h"

#include <algorithm>
#include <charconv>
#include <thread>

#include "base/digest.h"
#include "base/json.h"
#include "cli/function_api.h"
#include "cli/json_call.h"
#include "cli/usage.h"
#include "net/client_url.h"

namespace kiln::cli {
namespace {

using load::Answer;
using load::Kind;

// Where requests go, and all of them but the length and the body.
struct Target {
  std::string host;
  uint16_t port = 0;
  std::string head;
};

// Kiln reads the Region from the credential's scope and checks nothing else of it.
std::string authorization(const ApiOptions& api) {
  return "Authorization: AWS4-HMAC-SHA256 Credential=kiln/20260101/" + api.region +
         "/lambda/aws4_request, SignedHeaders=host, Signature=0\r\n";
}

Result<Target> target_of(const ApiOptions& api, const LoadSettings& settings) {
  const bool url = settings.kind == LoadKind::kUrl;
  const Result<net::ClientUrl> parsed = net::ClientUrl::parse(url ? settings.url : api.endpoint);
  if (!parsed) return usage(parsed.error().message);
  if (parsed->scheme != net::ClientUrl::Scheme::kHttp) {
    return usage(
        "kiln load speaks http, not https: it loads a Kiln on this machine or a test server, "
        "not AWS");
  }
  Target target{.host = parsed->host, .port = 0, .head = {}};
  std::from_chars(parsed->port.data(), parsed->port.data() + parsed->port.size(), target.port);
  if (url) {
    target.head = "POST " + parsed->target + " HTTP/1.1\r\nHost: " + parsed->host_header() +
                  "\r\nContent-Type: application/json\r\n";
    return target;
  }
  target.head = "POST /2015-03-31/functions/" + percent_encode(settings.function) + "/invocations";
  if (!settings.qualifier.empty())
    target.head += "?Qualifier=" + percent_encode(settings.qualifier);
  target.head += " HTTP/1.1\r\nHost: " + parsed->host_header() +
                 "\r\nContent-Type: application/json\r\n" + authorization(api);
  target.head += settings.kind == LoadKind::kEvent ? "X-Amz-Invocation-Type: Event\r\n"
                                                   : "X-Amz-Log-Type: Tail\r\n";
  return target;
}

std::optional<logs::Report> report_in(const std::string& log_result) {
  if (log_result.empty()) return std::nullopt;
  const std::optional<std::string> tail = base64_decode(log_result);
  if (!tail) return std::nullopt;
  const size_t at = tail->rfind("REPORT RequestId: ");
  if (at != std::string::npos) return logs::read_report(std::string_view(*tail).substr(at));
  const size_t event = tail->rfind("\n{\"time\"");
  return logs::find_report(std::string_view(*tail).substr(event == std::string::npos ? 0 : event));
}

// Waits for the REPORT lines of requests whose answers don't bring them, and gives them to these.
class Reports {
 public:
  Reports(ApiClient& client, const LoadSettings& settings, int64_t started_ms, LoadOutcome& outcome)
      : client_(client), settings_(settings), started_ms_(started_ms), outcome_(outcome) {
    for (size_t i = 0; i < outcome.requests.size(); ++i) {
      const LoadRequest& request = outcome.requests[i];
      const bool open = request.kind == Kind::kAccepted || request.kind == Kind::kAnswered;
      if (open && !request.request_id.empty()) open_[request.request_id] = i;
    }
    since_ms_ = started_ms;
  }

  Result<void> wait() {
    const SystemClock clock;
    SteadyTime news = clock.steady_now();
    while (!open_.empty() && clock.steady_now() - news < settings_.settle) {
      const size_t before = open_.size();
      if (Result<void> read = poll(); !read) return read;
      if (open_.size() < before)
        news = clock.steady_now();
      else
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    return {};
  }
  size_t missing() const { return open_.size(); }

 private:
  Result<void> poll() {
    if (group_.empty()) {
      const FunctionTarget target{settings_.function, settings_.qualifier};
      group_ = log_group_of(client_, target);
    }
    Json body{{"logGroupName", group_},
              {"filterPattern", R"(?"REPORT RequestId" ?"platform.report")"},
              {"startTime", since_ms_}};
    while (true) {
      ApiRequest request{.method = "POST", .path = "/", .body = body.to_text(), .service = "logs"};
      request.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                         {"X-Amz-Target", "Logs_20140328.FilterLogEvents"}};
      const Result<Json> page = json_call(client_, request);
      if (!page) {
        if (page.error().kind == ErrorKind::kNotFound) return {};  // nothing has run yet
        return page.error();
      }
      for (const Json& event : (*page)["events"]) take(event);
      const std::string next = page->text_or("nextToken", "");
      if (next.empty()) return {};
      body["nextToken"] = next;
    }
  }

  void take(const Json& event) {
    std::optional<logs::Report> report = logs::read_report(event["message"].text());
    if (!report) return;
    const auto time_ms = event.integer_or<int64_t>("timestamp", 0);
    since_ms_ = std::max(since_ms_, time_ms);
    const auto found = open_.find(report->request_id);
    if (found == open_.end()) return;
    LoadRequest& request = outcome_.requests[found->second];
    ++outcome_.completed;
    if (!report->is_good()) ++outcome_.failed_events;
    request.completed_ms =
        static_cast<double>(time_ms - started_ms_) - static_cast<double>(request.due_ns) / 1e6;
    request.report = std::move(report);
    open_.erase(found);
  }

  ApiClient& client_;
  const LoadSettings& settings_;
  std::string group_;  // of its log
  int64_t started_ms_, since_ms_ = 0;
  LoadOutcome& outcome_;
  std::unordered_map<std::string, size_t> open_;
};

// An engine with --speed writes the times of its own clock into logs.
bool keeps_machine_time(ApiClient& client) {
  const Result<Json> status = json_call(client, {.method = "GET", .path = "/_kiln/status"});
  return status && status->number_or("speed", 1) == 1;
}

Result<void> collect_reports(const ApiOptions& api, const LoadSettings& settings,
                             int64_t started_ms, LoadOutcome& outcome) {
  Result<ApiClient> client = ApiClient::create(api);
  if (!client) return client.error();
  const bool times = keeps_machine_time(*client);
  Reports reports(*client, settings, times ? started_ms : 0, outcome);
  if (Result<void> waited = reports.wait(); !waited) return waited;
  if (reports.missing() > 0) {
    outcome.notes.push_back(std::to_string(reports.missing()) +
                            " requests have no REPORT line yet: they wait, run, or were dropped");
  }
  if (!times) {
    outcome.notes.emplace_back(
        "the engine's clock is faster than this machine's: completion times are not known");
  }
  for (LoadRequest& request : outcome.requests) {
    if (!request.report) continue;
    if (request.kind == Kind::kAnswered)
      request.kind = request.report->init_ms ? Kind::kCold : Kind::kWarm;
    if (!times) request.completed_ms = 0;
    if (request.kind == Kind::kAccepted && request.completed_ms > 0)
      outcome.completion_ms.push_back(request.completed_ms);
  }
  std::sort(outcome.completion_ms.begin(), outcome.completion_ms.end());
  return {};
}

void add(const LoadRequest& request, load::Results& results) {
  results.add({request.due_ns, request.latency_ms, request.kind, request.reason});
}

}  // namespace

Kind kind_of(LoadKind kind, const Answer& answer, const std::optional<logs::Report>& report) {
  if (!answer.failure.empty()) return Kind::kFailed;
  if (answer.status == 429) return Kind::kThrottled;
  if (kind == LoadKind::kEvent) return answer.status == 202 ? Kind::kAccepted : Kind::kFailed;
  if (kind == LoadKind::kUrl) {
    if (answer.status < 500) return Kind::kAnswered;
    return answer.status == 502 ? Kind::kError : Kind::kFailed;
  }
  if (answer.status != 200) return Kind::kFailed;
  if (!answer.function_error.empty()) return Kind::kError;
  if (!report) return Kind::kAnswered;
  return report->init_ms || report->restore_ms ? Kind::kCold : Kind::kWarm;
}

std::string reason_of(const Answer& answer) {
  if (!answer.failure.empty()) return answer.failure;
  const Json body = Json::parse_or_null(answer.body);
  if (const std::string reason = body.text_or("Reason", ""); !reason.empty()) return reason;
  if (const std::string type = body.text_or("errorType", ""); !type.empty()) return type;
  if (!answer.error_type.empty()) return answer.error_type;
  return "status " + std::to_string(answer.status);
}

Result<LoadOutcome> run_load(const ApiOptions& api, const LoadSettings& settings,
                             const LoadProgress& progress, const LoadInterrupted& interrupted) {
  const Result<Target> target = target_of(api, settings);
  if (!target) return target.error();
  LoadOutcome outcome;
  tune::Payloads payloads(settings.payloads);
  traffic::Arrivals arrivals(settings.traffic, settings.seed);
  load::Plan plan{.host = target->host,
                  .port = target->port,
                  .connections = settings.connections,
                  .time_limit = settings.time_limit,
                  .length_ns = settings.length.count()};
  plan.next_due = [&] { return arrivals.next(); };
  plan.next_request = [&] {
    const std::string& body = payloads.next();
    return target->head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  load::Results live;
  plan.done = [&](const Answer& answer) {
    LoadRequest request{.due_ns = answer.due_ns,
                        .latency_ms = static_cast<double>(answer.done_ns - answer.due_ns) / 1e6,
                        .request_id = answer.request_id};
    request.report = report_in(answer.log_result);
    request.kind = kind_of(settings.kind, answer, request.report);
    const bool why = request.kind == Kind::kThrottled || request.kind == Kind::kFailed ||
                     request.kind == Kind::kError;
    if (why) request.reason = reason_of(answer);
    add(request, live);
    outcome.requests.push_back(std::move(request));
  };
  if (progress) {
    plan.progress = [&](const load::Progress& now) { progress(now, live); };
  }
  plan.interrupted = interrupted;
  const int64_t started_ms = epoch_ms(SystemClock().wall_now());
  Result<load::Progress> end = load::generate(plan);
  if (!end) return end.error();
  outcome.progress = *end;
  outcome.results = std::move(live);
  if (settings.kind == LoadKind::kInvoke || settings.function.empty() || end->interrupted)
    return outcome;
  if (Result<void> collected = collect_reports(api, settings, started_ms, outcome); !collected)
    return collected.error();
  outcome.results = load::Results();  // which were cold is known now
  for (const LoadRequest& request : outcome.requests) add(request, outcome.results);
  return outcome;
}

}  // namespace kiln::cli
