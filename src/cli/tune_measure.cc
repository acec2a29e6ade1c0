#include "cli/tune_measure.h"

#include <algorithm>
#include <exception>
#include <system_error>
#include <thread>

#include "base/digest.h"
#include "base/json.h"
#include "base/mutex.h"
#include "cli/function_api.h"
#include "cli/next_step.h"
#include "cli/shell.h"
#include "logs/report_line.h"

namespace kiln::cli {

Error tune_interrupted() {
  return {ErrorKind::kUnavailable, std::string(kInterrupted),
          "interrupted; the function is as it was"};
}

namespace {

// The last REPORT of a log's tail.
std::optional<logs::Report> last_report_in(const std::string& log_result) {
  const std::optional<std::string> tail = base64_decode(log_result);
  if (!tail) return std::nullopt;
  std::optional<logs::Report> last;
  for (size_t at = 0; at < tail->size();) {
    const size_t end = std::min(tail->find('\n', at), tail->size());
    if (auto report = logs::read_report(std::string_view(*tail).substr(at, end - at)))
      last = std::move(report);
    at = end + 1;
  }
  return last;
}

// All invocations of one size, by several threads.
class SizeRun {
 public:
  SizeRun(const ApiClient& client, const ShadowFunction& shadow, const TuneSettings& settings,
          const Interrupts& interrupts, tune::Payloads& payloads,
          std::function<void(size_t)> progress)
      : client_(client),
        shadow_(shadow),
        settings_(settings),
        interrupts_(interrupts),
        payloads_(payloads),
        progress_(std::move(progress)) {}

  Result<std::vector<tune::Sample>> run() {
    std::vector<std::jthread> others;
    try {
      for (int64_t i = 1; i < settings_.parallel; ++i) others.emplace_back([this] { work(); });
    } catch (const std::system_error& error) {
      fail({ErrorKind::kUnavailable, "Threads",
            std::to_string(settings_.parallel) + " invocations at once need as many threads, but " +
                std::to_string(others.size() + 1) + " can be started (" + error.code().message() +
                "); give a smaller --parallel"});
    }
    work();
    others.clear();
    const MutexLock lock(mutex_);
    if (failure_) return *failure_;
    if (interrupts_.came()) return tune_interrupted();
    return std::move(samples_);
  }

  // One invocation, whatever the rule says.
  Result<tune::Sample> invoke(ApiClient& client);

 private:
  void work() try {
    Result<ApiClient> client = ApiClient::create(client_.options());
    if (!client) return fail(client.error());
    while (begin_one()) {
      Result<tune::Sample> sample = invoke(*client);
      if (!sample) return fail(sample.error());
      const bool throttled = sample->outcome == tune::Outcome::kThrottled;
      end_one(*std::move(sample));
      if (throttled) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  } catch (const std::exception& error) {
    fail({ErrorKind::kInternal, "Internal", error.what()});
  }

  // Whether one more is wanted, those under way included.
  bool begin_one() {
    const MutexLock lock(mutex_);
    if (failure_ || interrupts_.came()) return false;
    const size_t begun = samples_.size() + under_way_;
    const bool plenty =
        settings_.rule.number && static_cast<int64_t>(begun - throttled_) >= *settings_.rule.number;
    if (plenty || tune::is_enough(samples_, settings_.rule)) return false;
    ++under_way_;
    return true;
  }
  void end_one(tune::Sample sample) {
    const MutexLock lock(mutex_);
    --under_way_;
    if (sample.outcome == tune::Outcome::kThrottled) ++throttled_;
    samples_.push_back(std::move(sample));
    progress_(samples_.size());
  }
  void fail(Error error) {
    const MutexLock lock(mutex_);
    if (!failure_) failure_ = std::move(error);
  }
  std::string next_payload() {
    const MutexLock lock(mutex_);
    return payloads_.next();
  }

  const ApiClient& client_;
  const ShadowFunction& shadow_;
  const TuneSettings& settings_;
  const Interrupts& interrupts_;
  tune::Payloads& payloads_;
  std::function<void(size_t)> progress_;
  Mutex mutex_;
  std::vector<tune::Sample> samples_ KILN_GUARDED_BY(mutex_);
  size_t under_way_ KILN_GUARDED_BY(mutex_) = 0;
  size_t throttled_ KILN_GUARDED_BY(mutex_) = 0;
  std::optional<Error> failure_ KILN_GUARDED_BY(mutex_);
};

Result<tune::Sample> SizeRun::invoke(ApiClient& client) {
  std::string payload = next_payload();
  if (!settings_.before.empty()) {
    Result<std::string> changed = run_shell(settings_.before, payload);
    if (!changed) return changed.error();
    if (!changed->empty()) payload = *std::move(changed);
  }
  constexpr int64_t kMargin = 15;
  ApiRequest request{.method = "POST", .path = function_path(shadow_.name()) + "/invocations"};
  request.body = std::move(payload);
  request.headers = {{"Content-Type", "application/json"}, {"X-Amz-Log-Type", "Tail"}};
  request.time_limit =
      std::chrono::seconds(shadow_.original().integer_or<int64_t>("Timeout", 3) + kMargin);
  request.given_up = [this] { return interrupts_.came(); };
  const Result<ApiResponse> response = client.send(request);
  if (interrupts_.came()) return tune_interrupted();
  if (!response) return response.error();
  if (!settings_.after.empty()) {
    if (const Result<std::string> done = run_shell(settings_.after, response->body); !done)
      return done.error();
  }
  return sample_of(*response);
}

}  // namespace

Result<tune::Sample> sample_of(const ApiResponse& response) {
  tune::Sample sample;
  if (response.status == 429) {
    sample.outcome = tune::Outcome::kThrottled;
    return sample;
  }
  if (response.status != 200) {
    const Error error = error_of(response);
    return Error{error.kind, error.type, error.type + ": " + error.message};
  }
  const std::optional<logs::Report> report = last_report_in(response.header("x-amz-log-result"));
  if (!report) {
    return Error{ErrorKind::kInternal, "BadAnswer",
                 "the invocation's log has no REPORT line; is the log level of the system WARN? "
                 "Set SystemLogLevel to INFO"};
  }
  sample.duration_ms = report->duration_ms;
  sample.init_ms = report->init_ms;
  sample.max_memory_mb = report->max_memory_mb;
  const bool failed = !response.header("x-amz-function-error").empty() || !report->is_good();
  if (!failed) return sample;
  sample.error = describe_function_error(response.body);
  sample.outcome = report->status == "timeout"                   ? tune::Outcome::kTimeout
                   : report->error_type == "Runtime.OutOfMemory" ? tune::Outcome::kOutOfMemory
                                                                 : tune::Outcome::kError;
  return sample;
}

Result<std::vector<SizeSamples>> measure_sizes(ApiClient& client, ShadowFunction& shadow,
                                               const TuneSettings& settings,
                                               const Interrupts& interrupts,
                                               const TuneProgress& progress) {
  std::vector<SizeSamples> all;
  for (const int64_t memory_mb : settings.sizes) {
    if (interrupts.came()) return tune_interrupted();
    progress(memory_mb, 0);
    if (Result<void> resized = shadow.resize(client, memory_mb); !resized) return resized.error();
    tune::Payloads payloads(settings.payloads);  // the same ones at each size
    SizeRun run(client, shadow, settings, interrupts, payloads,
                [&](size_t count) { progress(memory_mb, count); });
    Result<std::vector<tune::Sample>> samples = run.run();
    if (!samples) return samples.error();
    const bool works = std::any_of(
        samples->begin(), samples->end(),
        [](const tune::Sample& sample) { return sample.outcome == tune::Outcome::kOk; });
    for (int64_t i = 1; works && i < settings.colds; ++i) {
      if (interrupts.came()) return tune_interrupted();
      if (Result<void> renewed = shadow.renew(client); !renewed) return renewed.error();
      Result<tune::Sample> sample = run.invoke(client);
      if (!sample) return sample.error();
      samples->push_back(*std::move(sample));
      progress(memory_mb, samples->size());
    }
    all.push_back({memory_mb, *std::move(samples)});
  }
  return all;
}

}  // namespace kiln::cli
