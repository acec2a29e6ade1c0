#include "cli/advise_output.h"

#include <fmt/format.h>

#include <cmath>

#include "cli/cost_output.h"
#include "cli/table.h"
#include "report/markup.h"

namespace kiln::cli {
namespace {

using advise::Advice;
using report::number;

std::string percent(const Estimate& estimate) { return number(estimate.mean * 100) + " %"; }
std::string change(const std::string& now, const std::string& then) {
  return now == then ? now : now + " → " + then;
}

struct Effect {
  const char* what;
  std::string now, then;
};
std::vector<Effect> effects(const Advice& advice) {
  const auto ms = [](const Estimate& estimate) { return number(estimate.mean) + " ms"; };
  return {
      {"cold starts", percent(advice.now.cold_share), percent(advice.then.cold_share)},
      {"throttles", percent(advice.now.throttle_share), percent(advice.then.throttle_share)},
      {"p99", ms(advice.now.p99_ms), ms(advice.then.p99_ms)},
      {"a month", usd_text(advice.now.monthly_cost.mean), usd_text(advice.then.monthly_cost.mean)}};
}

std::string effect_text(const Advice& advice) {
  if (!advice.simulated) return "not simulated: it changes none of what is counted here";
  std::string text;
  for (const Effect& effect : effects(advice))
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", effect.what,
                        change(effect.now, effect.then));
  return text;
}

std::string seen_text(const advise::Observed& observed) {
  const double hours = observed.hours();
  const double requests = std::round(observed.invocations() + observed.throttles());
  return fmt::format("{} {} over {}{}", number(requests), requests == 1 ? "request" : "requests",
                     hours >= 48       ? number(hours / 24) + " days"
                     : hours >= 2      ? number(hours) + " hours"
                     : hours * 60 >= 2 ? number(hours * 60) + " minutes"
                                       : number(std::round(hours * 3600)) + " s",
                     observed.qualifier.empty() ? "" : ", by " + observed.qualifier);
}

std::string function_name(const AdvisedFunction& function) { return function.found.where.function; }

std::string head_of(const AdvisedFunction& function) {
  const size_t count = function.found.advice.size();
  if (!function.why_not.empty())
    return function_name(function) + ": no advice: " + function.why_not;
  if (count == 0)
    return function_name(function) + ": nothing to change (" + seen_text(function.found.observed) +
           ")";
  return fmt::format("{}: {} (of {})", function_name(function),
                     count == 1 ? "one piece of advice" : fmt::format("{} pieces of advice", count),
                     seen_text(function.found.observed));
}

std::string indented(const std::string& text, const char* indent) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    out += indent + text.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return out;
}

Json estimate(const Estimate& estimate) {
  return Json{{"mean", estimate.mean}, {"halfWidth", estimate.half_width}};
}

Json outcome(const advise::Outcome& outcome) {
  return Json{{"coldShare", estimate(outcome.cold_share)},
              {"throttleShare", estimate(outcome.throttle_share)},
              {"p99Ms", estimate(outcome.p99_ms)},
              {"monthlyCost", estimate(outcome.monthly_cost)},
              {"mostInUse", estimate(outcome.most_in_use)}};
}

Json setting_document(const advise::Setting& setting) {
  struct Document {
    Json operator()(const advise::SetReserved& s) const {
      return Json{{"reserved", s.units ? Json(*s.units) : Json()}};
    }
    Json operator()(const advise::SetProvisioned& s) const {
      return Json{{"qualifier", s.qualifier}, {"provisioned", s.units}};
    }
    Json operator()(const advise::SetTracking& s) const {
      return Json{
          {"qualifier", s.qualifier}, {"min", s.min},      {"max", s.max}, {"target", s.target},
          {"statistic", s.statistic}, {"policy", s.policy}};
    }
    Json operator()(const advise::SetSchedule& s) const {
      Json entries = Json::array();
      for (const auto& entry : s.entries)
        entries.push_back(Json{{"name", entry.name},
                               {"schedule", entry.cron},
                               {"min", entry.min},
                               {"max", entry.max}});
      return Json{{"qualifier", s.qualifier},
                  {"min", s.min},
                  {"max", s.max},
                  {"schedules", std::move(entries)}};
    }
    Json operator()(const advise::SetMemory& s) const { return Json{{"memory", s.memory_mb}}; }
    Json operator()(const advise::SetTimeout& s) const { return Json{{"timeout", s.seconds}}; }
    Json operator()(const advise::SetIdleAlarm& s) const {
      return Json{{"qualifier", s.qualifier}, {"minutes", s.minutes}};
    }
  };
  return std::visit(Document{}, setting);
}

}  // namespace

std::string advice_text(const Console& console, const AdviceResult& result, bool patch) {
  std::string out;
  // Sentences are as wide as the terminal; commands and templates stay whole, to be copied.
  const auto say = [&](const std::string& text) { out += for_console(console, text + "\n"); };
  for (const AdvisedFunction& function : result.functions) {
    say(console.paint(Style::kBold, head_of(function)));
    const auto& all = function.found.advice;
    for (size_t i = 0; i < all.size(); ++i) {
      const Advice& advice = all[i];
      say(fmt::format("\n{}. {}{}", i + 1, advice.title,
                      function.applied.contains(i) ? " (set)" : ""));
      say("   " + advice.reason);
      say("   effect: " + effect_text(advice));
      say(fmt::format("   confidence: {} ({})", advise::to_text(advice.confidence),
                      advice.confidence_reason));
      if (!advice.trap.empty()) say("   mind: " + advice.trap);
      if (!advice.simple_rule.empty()) say("   simple rules: " + advice.simple_rule);
      if (patch)
        out += indented(advise::template_patch(advice.setting, function.found.where), "     ");
      else if (!function.applied.contains(i))
        for (const std::string& command :
             advise::commands(advice.setting, function.found.where, result.aws))
          out += "     " + command + "\n";
    }
    for (const std::string& note : function.found.notes) say(note);
    out += "\n";
  }
  say(fmt::format("goals: at most {} % cold starts, {} % throttles{}; prices from {}",
                  number(result.goals.cold_share * 100), number(result.goals.throttle_share * 100),
                  result.goals.p99_ms ? ", p99 " + number(*result.goals.p99_ms) + " ms" : "",
                  result.prices_date));
  return out;
}

Json advice_document(const AdviceResult& result) {
  Json functions = Json::array();
  for (const AdvisedFunction& function : result.functions) {
    const survey::FunctionAdvice& found = function.found;
    Json list = Json::array();
    for (size_t i = 0; i < found.advice.size(); ++i) {
      const Advice& advice = found.advice[i];
      Json one{{"kind", advise::kind_of(advice.setting)},
               {"title", advice.title},
               {"reason", advice.reason},
               {"setting", setting_document(advice.setting)},
               {"simulated", advice.simulated},
               {"now", outcome(advice.now)},
               {"then", outcome(advice.then)},
               {"confidence", advise::to_text(advice.confidence)},
               {"confidenceReason", advice.confidence_reason}};
      if (!advice.trap.empty()) one["trap"] = advice.trap;
      if (!advice.simple_rule.empty()) one["simpleRules"] = advice.simple_rule;
      one["commands"] = Json(advise::commands(advice.setting, found.where, result.aws));
      one["template"] = advise::template_patch(advice.setting, found.where);
      one["applied"] = function.applied.contains(i);
      list.push_back(std::move(one));
    }
    Json document{{"function", function_name(function)},
                  {"qualifier", found.observed.qualifier},
                  {"requests", found.observed.invocations() + found.observed.throttles()},
                  {"hours", found.observed.hours()},
                  {"advice", std::move(list)},
                  {"notes", Json(found.notes)}};
    if (!function.why_not.empty()) document["why"] = function.why_not;
    functions.push_back(std::move(document));
  }
  Json goals{{"coldShare", result.goals.cold_share},
             {"throttleShare", result.goals.throttle_share}};
  if (result.goals.p99_ms) goals["p99Ms"] = *result.goals.p99_ms;
  return Json{{"goals", std::move(goals)}, {"functions", std::move(functions)}};
}

report::Page advice_page(const AdviceResult& result) {
  report::Page page{.title = result.title + ": what to set"};
  size_t count = 0;
  for (const AdvisedFunction& function : result.functions) count += function.found.advice.size();
  page.lead = fmt::format(
      "{} for {}", count == 1 ? "one piece of advice" : fmt::format("{} pieces of advice", count),
      result.functions.size() == 1 ? "one function"
                                   : fmt::format("{} functions", result.functions.size()));
  for (const AdvisedFunction& function : result.functions) {
    page.sections.emplace_back(report::Text{function_name(function), head_of(function)});
    for (const Advice& advice : function.found.advice) {
      std::string text = advice.reason;
      for (const std::string& more : {advice.trap, advice.simple_rule})
        if (!more.empty()) text += "\n\n" + more;
      text += fmt::format("\n\nConfidence: {} ({}).", advise::to_text(advice.confidence),
                          advice.confidence_reason);
      for (const std::string& command :
           advise::commands(advice.setting, function.found.where, result.aws))
        text += "\n\n" + command;
      page.sections.emplace_back(report::Text{advice.title, text});
      if (!advice.simulated) continue;
      report::Table table{
          .title = "Effect",
          .columns = {
              {"WHAT"}, {"NOW", report::Align::kRight}, {"WITH IT", report::Align::kRight}}};
      for (const Effect& effect : effects(advice))
        table.rows.push_back({effect.what, effect.now, effect.then});
      page.sections.emplace_back(std::move(table));
    }
  }
  page.foot = "Made by kiln advise, by simulation of the traffic that was seen.";
  return page;
}

}  // namespace kiln::cli
