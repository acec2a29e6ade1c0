#include "cli/simulate_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "advise/facts.h"
#include "cli/command.h"
#include "cli/duration_option.h"
#include "cli/named_function.h"
#include "cli/read_file.h"
#include "cli/report_lines.h"
#include "cli/scenario_file.h"
#include "cli/survey_client.h"
#include "cli/traffic_source.h"
#include "cli/tuned_sizes.h"
#include "cli/usage.h"
#include "simulate/study.h"
#include "survey/seen.h"

namespace kiln::cli {
namespace {

using simulate::Scenario;
using simulate::SimulatedFunction;
using traffic::TimeModel;

constexpr Duration kSince = std::chrono::hours(24);
constexpr size_t kLargestTrace = 1U << 30;

std::string plural(size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

class Reading {
 public:
  Reading(const ApiOptions& api, const SimulateArguments& arguments)
      : api_(api), arguments_(arguments) {
    out_.scenario.region = api.region;
  }

  Result<SimulationInput> go() {
    for (const auto step : {&Reading::read_words, &Reading::read_source, &Reading::read_platform,
                            &Reading::read_times, &Reading::read_settings, &Reading::read_traffic,
                            &Reading::read_length})
      if (const Result<void> done = (this->*step)(); !done) return done.error();
    for (const SimulatedFunction& function : out_.scenario.functions)
      if (function.behaviour.init.mean_ms() == 0 && function.of_version.empty()) ++without_init_;
    if (without_init_ > 0)
      out_.notes.push_back(fmt::format("no Init time of {} is known: cold starts take no longer",
                                       without_init_ == 1 && out_.scenario.functions.size() == 1
                                           ? out_.scenario.functions[0].config.name()
                                           : plural(without_init_, "function")));
    for (const SimulatedFunction& function : out_.scenario.functions) {
      const int limit_s = function.config.latest->timeout_s;
      if (arguments_.duration.empty() || function.behaviour.duration.mean_ms() < limit_s * 1000.0)
        continue;
      out_.notes.push_back(fmt::format(
          "an invocation of {} takes {} (--duration), longer than its time limit of {} s: it times "
          "out. --for is the option for the length of the traffic",
          function.config.name(), arguments_.duration, limit_s));
      break;
    }
    return std::move(out_);
  }

 private:
  // What options say, read.
  struct Words {
    std::optional<traffic::Traffic> rate;
    std::optional<TimeModel> duration, init;
    std::optional<double> errors, crashes;
    std::optional<Duration> length, warm_up, since, idle_lifetime;
  };

  // A wrong word is said before a Kiln or a file is asked for anything.
  Result<void> read_words() {
    if (auto read = read_word("--rate", arguments_.rate, traffic::Traffic::parse, words_.rate);
        !read)
      return read;
    for (const auto& [option, text, to] :
         {std::tuple{"--duration", &arguments_.duration, &words_.duration},
          std::tuple{"--init", &arguments_.init, &words_.init}})
      if (auto read = read_word(option, *text, TimeModel::parse, *to); !read) return read;
    for (const auto& [option, text, to] :
         {std::tuple{"--errors", &arguments_.errors, &words_.errors},
          std::tuple{"--crashes", &arguments_.crashes, &words_.crashes}})
      if (auto read = read_word(option, *text, parse_share, *to); !read) return read;
    for (const auto& [option, text, to] :
         {std::tuple{"--for", &arguments_.length, &words_.length},
          std::tuple{"--warm-up", &arguments_.warm_up, &words_.warm_up},
          std::tuple{"--since", &arguments_.since, &words_.since},
          std::tuple{"--idle-lifetime", &arguments_.idle_lifetime, &words_.idle_lifetime}})
      if (auto read = read_word(option, *text, parse_duration, *to); !read) return read;
    return {};
  }
  template <class T, class Parse>
  static Result<void> read_word(const char* option, const std::string& text, const Parse& parse,
                                std::optional<T>& to) {
    if (text.empty()) return {};
    auto parsed = parse(text);
    if (!parsed) return of_option(option, parsed.error());
    to = *std::move(parsed);
    return {};
  }

  // ---- Where the functions come from

  Result<void> read_source() {
    const int sources = !arguments_.scenario_file.empty() + !arguments_.functions.empty();
    if (sources > 1) return usage("name functions, or a --scenario, not both");
    if (!arguments_.scenario_file.empty()) return read_file_scenario();
    if (!arguments_.functions.empty()) return read_engine();
    if (!arguments_.replay_file.empty()) return read_trace();
    if (arguments_.rate.empty())
      return usage(
          "say what to simulate: a function of the running Kiln, --scenario FILE, --replay FILE, "
          "or --rate TRAFFIC with --duration TIME");
    out_.scenario.functions.push_back(make("function"));
    out_.title = "a function";
    return {};
  }

  Result<void> read_file_scenario() {
    Result<ScenarioFile> file = read_scenario_file(arguments_.scenario_file, api_.region);
    if (!file) return file.error();
    out_.scenario = std::move(file->scenario);
    out_.notes = std::move(file->notes);
    out_.title = arguments_.scenario_file;
    return {};
  }

  Result<void> read_engine() {
    std::vector<NamedFunction> functions;
    std::vector<std::string> names;
    for (const std::string& target : arguments_.functions) {
      const Result<NamedFunction> function = read_function(target, api_);
      if (!function) return function.error();
      if (!functions.empty() && function->api.region != functions[0].api.region)
        return usage("'" + functions[0].text() + "' is of " + functions[0].api.region + " and '" +
                     function->text() + "' of " + function->api.region +
                     "; one Region's functions are simulated together");
      functions.push_back(*function);
      names.push_back(function->name);
      qualifiers_.push_back(function->qualifier());
      out_.title += (out_.title.empty() ? "" : ", ") + function->text();
    }
    api_ = functions[0].api;
    out_.scenario.region = api_.region;
    SurveyClient client(api_);
    Result<survey::Settings> settings = survey::read_settings(client, names, api_.region);
    if (!settings) {
      if (settings.error().type != "ResourceNotFoundException") return settings.error();
      for (const std::string& name : names)
        if (settings.error().message.ends_with(":function:" + name))
          return no_such_function(name, api_);
      return settings.error();
    }
    out_.scenario = std::move(settings->scenario);
    out_.notes = std::move(settings->notes);
    for (size_t i = 0; i < functions.size(); ++i) {
      const auto there = survey::qualifiers_of(out_.scenario.functions[i].config);
      const std::string& qualifier = qualifiers_[i];
      if (!qualifier.empty() && qualifier != "$LATEST" &&
          std::find(there.begin(), there.end(), qualifier) == there.end())
        return no_such_target(functions[i].target, api_);
    }
    time_ = survey::metric_time(client, SystemClock().wall_now());
    if (!arguments_.rate.empty() || !arguments_.replay_file.empty())
      if (!arguments_.duration.empty() || !arguments_.reports_file.empty()) return {};
    const Duration since = words_.since.value_or(kSince);
    const survey::Window window = survey::window_of(time_, since);
    std::vector<advise::Observed> all;
    for (size_t i = 0; i < names.size(); ++i) {
      SimulatedFunction& function = out_.scenario.functions[i];
      auto observed = survey::read_observed(client, names[i],
                                            survey::qualifiers_of(function.config), window, time_);
      if (!observed) return observed.error();
      if (!qualifiers_[i].empty()) observed->qualifier = qualifiers_[i];
      if (observed->minutes.empty())
        return Error{ErrorKind::kInvalid, "NoData",
                     fmt::format("nothing called {} within {}; look further back (--since), or "
                                 "give {}",
                                 names[i], arguments_.since,
                                 arguments_.rate.empty() ? "--rate and --duration"
                                                         : "--duration, too: --duration 100ms")};
      all.push_back(*std::move(observed));
    }
    return set_observed(all);
  }

  // All functions from the same moment on.
  Result<void> set_observed(std::vector<advise::Observed>& all) {
    WallTime first = WallTime::max(), last = WallTime::min();
    for (const advise::Observed& observed : all) {
      first = std::min(first, observed.minutes.front().start);
      last = std::max(last, observed.minutes.back().start);
    }
    for (size_t i = 0; i < all.size(); ++i) {
      if (all[i].minutes.front().start != first)
        all[i].minutes.insert(all[i].minutes.begin(), advise::Minute{.start = first});
      if (all[i].minutes.back().start != last)
        all[i].minutes.push_back(advise::Minute{.start = last});
      if (auto set = advise::set_observed(out_.scenario.functions[i], all[i]); !set)
        return Error{set.error().kind, set.error().type,
                     out_.scenario.functions[i].config.name() + ": " + set.error().message};
    }
    const auto span = advise::span_of(all[0]);
    if (!span) return span.error();
    out_.scenario.start = span->start;
    out_.scenario.length = span->length;
    observed_ = true;
    return {};
  }

  Result<void> read_trace() {
    Result<traffic::Trace> trace = read_trace_file(arguments_.replay_file);
    if (!trace) return trace.error();
    if (!arguments_.azure_durations_file.empty()) {
      std::ifstream file;
      if (auto opened = open_file(arguments_.azure_durations_file, file); !opened)
        return opened.error();
      if (auto read = traffic::read_azure_durations(file, arguments_.azure_durations_file, *trace);
          !read)
        return usage(read.error().message);
    }
    out_.title = arguments_.replay_file;
    out_.notes = std::move(trace->notes);
    if (trace->start) out_.scenario.start = *trace->start;
    out_.scenario.length = trace->length;
    const size_t all = trace->functions.size();
    if (all > arguments_.top) {
      out_.notes.push_back(fmt::format(
          "{} functions are in the trace; the {} with most requests are simulated (--top)", all,
          arguments_.top));
      trace->functions.resize(arguments_.top);
    }
    for (traffic::TracedFunction& traced : trace->functions) {
      SimulatedFunction function = make(traced.name.empty() ? "function" : traced.name);
      if (traced.duration)
        function.behaviour.duration = *traced.duration;
      else if (arguments_.duration.empty() && arguments_.reports_file.empty() &&
               arguments_.tune_file.empty())
        return usage(fmt::format("'{}' doesn't say how long {} takes; give --duration",
                                 arguments_.replay_file, function.config.name()));
      add_source(function, std::move(traced.traffic));
      out_.scenario.functions.push_back(std::move(function));
    }
    return {};
  }

  SimulatedFunction make(const std::string& name) const {
    simulate::FunctionShape shape;
    shape.name = name;
    shape.memory_mb = arguments_.memory_mb.value_or(shape.memory_mb);
    // What was recorded is not to be cut off by a default.
    shape.timeout_s = arguments_.timeout_s.value_or(900);
    const bool scaled = arguments_.target && arguments_.most_provisioned;
    shape.provisioned = arguments_.provisioned.value_or(scaled ? 1 : 0);
    SimulatedFunction function = simulate::make_function(shape);
    if (arguments_.arm) function.architecture = cost::Architecture::kArm64;
    return function;
  }

  void add_source(SimulatedFunction& function, traffic::Traffic traffic) const {
    simulate::Source source;
    source.traffic = std::move(traffic);
    source.qualifier = arguments_.qualifier;
    if (source.qualifier.empty() && !function.config.provisioned.empty())
      source.qualifier = function.config.provisioned.begin()->first;
    if (arguments_.event) source.type = simulate::Source::Type::kAsynchronous;
    function.sources.push_back(std::move(source));
  }

  // ---- What the options change

  Result<SimulatedFunction*> only_function(const char* option) {
    if (out_.scenario.functions.size() == 1) return &out_.scenario.functions[0];
    return usage(fmt::format("{} is of one function, and there are {}; say it in a --scenario",
                             option, out_.scenario.functions.size()));
  }
  bool made_here() const {
    return arguments_.scenario_file.empty() && arguments_.functions.empty();
  }

  Result<void> read_platform() {
    simulate::Platform& platform = out_.scenario.platform;
    if (arguments_.platform == "kiln")
      platform =
          arguments_.functions.empty() ? simulate::Platform::kiln() : survey::platform_of(time_);
    else if (arguments_.platform != "aws")
      return usage("--platform is '" + arguments_.platform + "'; it must be aws or kiln");
    else if (time_.speed > 1) {
      // What was seen went so fast; what AWS does in a minute must go as fast.
      const auto faster = [&](Duration time) {
        return Duration(static_cast<int64_t>(static_cast<double>(time.count()) / time_.speed));
      };
      platform.speed = time_.speed;
      platform.idle_lifetime = faster(platform.idle_lifetime);
      platform.allocation.delay = faster(platform.allocation.delay);
    }
    platform.idle_lifetime = words_.idle_lifetime.value_or(platform.idle_lifetime);
    return {};
  }

  Result<void> read_times() {
    std::vector<float> durations, inits;
    if (!arguments_.reports_file.empty()) {
      const Result<std::string> text = read_file(arguments_.reports_file, kLargestTrace);
      if (!text) return text.error();
      const Result<void> read =
          reports_of_export(*text, api_.region, "function", [&](SeenReport&& seen) {
            if (!seen.report.is_good()) return true;
            durations.push_back(static_cast<float>(seen.report.duration_ms));
            if (seen.report.init_ms) inits.push_back(static_cast<float>(*seen.report.init_ms));
            return true;
          });
      if (!read) return usage("'" + arguments_.reports_file + "': " + read.error().message);
    }
    std::optional<std::vector<TunedSize>> sizes;
    if (!arguments_.tune_file.empty()) {
      Result<std::vector<TunedSize>> tuned = read_tuned_sizes(arguments_.tune_file);
      if (!tuned) return tuned.error();
      sizes = *std::move(tuned);
    }
    for (SimulatedFunction& function : out_.scenario.functions) {
      simulate::Behaviour& behaviour = function.behaviour;
      if (!durations.empty()) behaviour.duration = TimeModel::samples(durations);
      if (!inits.empty()) behaviour.init = TimeModel::samples(inits);
      if (words_.duration) behaviour.duration = *words_.duration;
      if (words_.init) behaviour.init = *words_.init;
      behaviour.error_rate = words_.errors.value_or(behaviour.error_rate);
      behaviour.crash_rate = words_.crashes.value_or(behaviour.crash_rate);
      if (sizes)
        if (const auto set = set_tuned_sizes(function, *sizes); !set) return set;
      if (behaviour.duration.mean_ms() == 0 && made_here() && arguments_.duration.empty())
        return usage("how long does it take? --duration, --reports or --tune says it");
    }
    return {};
  }

  // Settings of functions that are there: as a sweep of one value changes them.
  Result<void> vary(simulate::SweepAxis::Setting setting, double value) {
    auto changed = simulate::varied(out_.scenario, {.setting = setting}, value);
    if (!changed) return usage(changed.error().message);
    out_.scenario = *std::move(changed);
    return {};
  }

  Result<void> read_settings() {
    using Setting = simulate::SweepAxis::Setting;
    Scenario& scenario = out_.scenario;
    if (arguments_.account) {
      scenario.quota.concurrency = *arguments_.account;
      scenario.quota.min_unreserved = std::min(scenario.quota.min_unreserved, *arguments_.account);
    }
    if (!arguments_.reserved.empty()) {
      const auto function = only_function("--reserved");
      if (!function) return function.error();
      if (arguments_.reserved == "none") {
        (*function)->config.reserved_concurrency.reset();
      } else {
        char* end = nullptr;
        const long units = std::strtol(arguments_.reserved.c_str(), &end, 10);
        if (*end != '\0' || units < 0 || units > 1'000'000)
          return usage("--reserved is '" + arguments_.reserved +
                       "'; it must be a whole number, or none");
        (*function)->config.reserved_concurrency = static_cast<int>(units);
      }
    }
    if (!made_here()) {
      if (arguments_.memory_mb) {
        if (auto done = only_function("--memory"); !done) return done.error();
        if (auto done = vary(Setting::kMemory, *arguments_.memory_mb); !done) return done;
      }
      if (arguments_.timeout_s) {
        const auto function = only_function("--timeout");
        if (!function) return function.error();
        set_timeout(**function, *arguments_.timeout_s);
      }
      if (arguments_.provisioned) {
        if (auto done = only_function("--provisioned"); !done) return done.error();
        if (auto done = vary(Setting::kProvisioned, *arguments_.provisioned); !done) return done;
      }
    }
    return read_tracking();
  }

  static void set_timeout(SimulatedFunction& function, int timeout_s) {
    const auto with = [&](const model::ConfigPtr& config) {
      auto changed = std::make_shared<model::FunctionConfig>(*config);
      changed->timeout_s = timeout_s;
      return changed;
    };
    function.config.latest = with(function.config.latest);
    for (auto& [number, version] : function.config.versions.change()) version = with(version);
  }

  Result<void> read_tracking() {
    if (!arguments_.target && !arguments_.most_provisioned) return {};
    if (!arguments_.target || !arguments_.most_provisioned)
      return usage(
          "--target and --max go together: provisioned concurrency from --provisioned "
          "to --max, kept at --target of it in use");
    if (*arguments_.target < 0.1 || *arguments_.target > 0.9)
      return usage("--target is a part of the provisioned concurrency, from 0.1 to 0.9");
    const auto found = only_function("--target");
    if (!found) return found.error();
    const model::Function& config = (*found)->config;
    if (config.provisioned.empty())
      return usage("--target needs provisioned concurrency to begin with: --provisioned");
    const auto& [qualifier, provisioned] = *config.provisioned.begin();
    if (*arguments_.most_provisioned < provisioned.requested)
      return usage(fmt::format("--max is {}, less than the {} provisioned",
                               *arguments_.most_provisioned, provisioned.requested));
    Scenario& scenario = out_.scenario;
    scenario.targets.clear();
    scenario.policies.clear();
    scaling::TargetInput target;
    target.resource = {config.name(), qualifier};
    target.min = provisioned.requested;
    target.max = *arguments_.most_provisioned;
    scaling::TrackingPolicy policy;
    policy.target = *arguments_.target;
    scenario.policies.push_back({{target.resource, "tracking", policy}});
    scenario.targets.push_back(std::move(target));
    return {};
  }

  Result<void> read_traffic() {
    if (arguments_.rate.empty() && (made_here() || arguments_.replay_file.empty())) return {};
    if (!arguments_.rate.empty() && !arguments_.replay_file.empty())
      return usage("--rate and --replay can't go together; leave one out");
    const auto function = only_function("--rate");
    if (!function) return function.error();
    std::string qualifier = arguments_.qualifier;
    if (qualifier.empty() && !(*function)->sources.empty())
      qualifier = (*function)->sources[0].qualifier;
    if (qualifier.empty() && !qualifiers_.empty()) qualifier = qualifiers_[0];
    (*function)->sources.clear();
    traffic::Traffic traffic;
    if (words_.rate) {
      traffic = *words_.rate;
      if (!made_here()) out_.scenario.length = 0;
    } else {
      auto part = read_trace_file(arguments_.replay_file, (*function)->config.name());
      if (!part) return part.error();
      traffic = std::move(part->function.traffic);
      out_.scenario.length = part->length;
    }
    add_source(**function, std::move(traffic));
    if (!qualifier.empty()) (*function)->sources[0].qualifier = qualifier;
    return {};
  }

  Result<void> read_length() {
    if (words_.length) {
      if (words_.length->count() <= 0) return usage("--for must be above 0");
      out_.scenario.length = words_.length->count();
    } else if (out_.scenario.length == 0 && arguments_.scenario_file.empty() && !observed_) {
      out_.scenario.length = 24 * 3600 * traffic::kSecond;
    }
    if (words_.warm_up) out_.scenario.warm_up = words_.warm_up->count();
    return {};
  }

  ApiOptions api_;  // with the Region that ARNs name
  const SimulateArguments& arguments_;
  SimulationInput out_;
  Words words_;
  std::vector<std::string> qualifiers_;
  survey::MetricTime time_;
  size_t without_init_ = 0;
  bool observed_ = false;
};

}  // namespace

Result<SimulationInput> read_simulation(const ApiOptions& api, const SimulateArguments& arguments) {
  auto input = Reading(api, arguments).go();
  if (!input) return input;
  if (const auto checked = simulate::check(input->scenario); !checked)
    return usage(checked.error().message);
  return input;
}

}  // namespace kiln::cli
