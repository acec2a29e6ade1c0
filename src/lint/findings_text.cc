#include "lint/findings_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ascii.h"

namespace kiln::lint {
namespace {

using nlohmann::json;

const std::string& file_of(const Model& model, const Finding& finding) {
  return model.stacks[finding.origin.stack].file;
}

int64_t count(const std::vector<Finding>& findings, Severity severity) {
  return std::count_if(findings.begin(), findings.end(),
                       [&](const Finding& finding) { return finding.severity == severity; });
}

std::string counted(int64_t number, const std::string& word) {
  return std::to_string(number) + " " + word + (number == 1 ? "" : "s");
}

std::string_view sarif_level(Severity severity) {
  return severity == Severity::kInfo ? "note" : to_text(severity);
}

// A path as a URI reference.
std::string uri_of(const std::string& path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const bool plain =
        ascii::is_alnum(c) || std::string_view("-._~/").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

json sarif_rule(const Rule& rule) {
  return {{"id", rule.id},
          {"shortDescription", {{"text", rule.title}}},
          {"fullDescription", {{"text", rule.why}}},
          {"defaultConfiguration", {{"level", sarif_level(rule.severity)}}}};
}

json sarif_location(const Model& model, const Finding& finding) {
  json physical = {{"artifactLocation", {{"uri", uri_of(file_of(model, finding))}}}};
  if (finding.place.line > 0) {
    physical["region"] = {{"startLine", finding.place.line}};
    if (finding.place.column > 0) physical["region"]["startColumn"] = finding.place.column;
  }
  const std::string full =
      finding.origin.construct.empty()
          ? model.stacks[finding.origin.stack].name + "/" + finding.origin.logical_id
          : finding.origin.construct;
  return {{"physicalLocation", std::move(physical)},
          {"logicalLocations", json::array({{{"name", finding.origin.logical_id},
                                             {"fullyQualifiedName", full},
                                             {"kind", "resource"}}})}};
}

}  // namespace

std::string place_text(const Model& model, const Finding& finding) {
  std::string out = file_of(model, finding);
  if (finding.place.line == 0) return out;
  return out + ":" + std::to_string(finding.place.line) + ":" +
         std::to_string(finding.place.column);
}

std::string summary_text(const Model& model, const std::vector<Finding>& findings) {
  return counted(count(findings, Severity::kError), "error") + ", " +
         counted(count(findings, Severity::kWarning), "warning") + ", " +
         counted(count(findings, Severity::kInfo), "info") + " in " +
         counted(static_cast<int64_t>(model.stacks.size()), "stack");
}

json json_document(const Model& model, const std::vector<Finding>& findings) {
  json list = json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"rule", finding.rule->id},
                    {"severity", to_text(finding.severity)},
                    {"file", file_of(model, finding)},
                    {"line", finding.place.line},
                    {"column", finding.place.column},
                    {"stack", model.stacks[finding.origin.stack].name},
                    {"logicalId", finding.origin.logical_id},
                    {"message", finding.message},
                    {"why", finding.rule->why},
                    {"advice", finding.advice}});
    if (!finding.origin.construct.empty()) list.back()["construct"] = finding.origin.construct;
  }
  return {{"findings", std::move(list)},
          {"errors", count(findings, Severity::kError)},
          {"warnings", count(findings, Severity::kWarning)},
          {"infos", count(findings, Severity::kInfo)}};
}

json sarif_document(const Model& model, const std::vector<Finding>& findings,
                    const std::string& version) {
  json rule_list = json::array();
  for (const Rule& rule : rules()) rule_list.push_back(sarif_rule(rule));
  json results = json::array();
  for (const Finding& finding : findings) {
    results.push_back(
        {{"ruleId", finding.rule->id},
         {"ruleIndex", finding.rule - rules().data()},
         {"level", sarif_level(finding.severity)},
         {"message", {{"text", finding.message + ". To do: " + finding.advice + "."}}},
         {"locations", json::array({sarif_location(model, finding)})}});
  }
  return {
      {"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
      {"version", "2.1.0"},
      {"runs",
       json::array(
           {{{"tool",
              {{"driver",
                {{"name", "kiln lint"}, {"version", version}, {"rules", std::move(rule_list)}}}}},
             {"results", std::move(results)}}})}};
}

}  // namespace kiln::lint
