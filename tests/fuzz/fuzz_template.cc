// Any template: what is refused has a reason; what is read can be written and read again, and all
// of its functions have the same values twice, while no resource is known.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <variant>

#include "base/check.h"
#include "template/evaluate.h"
#include "template/node_reader.h"
#include "template/template.h"

namespace {

using namespace kiln::cfn;
using nlohmann::json;

// Throws when a text in it isn't UTF-8.
std::string dump(const json& value) { return value.dump(); }

void check_problem(const Problem& problem) {
  KILN_CHECK(!problem.message.empty());
  dump(problem.message);
}

void check_round_trip(std::string_view text) {
  const NodeOrProblem tree = read_node(text);
  if (const Problem* problem = std::get_if<Problem>(&tree)) return check_problem(*problem);
  const json value = to_json(std::get<Node>(tree));
  if (!value.is_object()) return;
  const std::string written = dump(value);
  if (written.size() > kMaxTemplateBytes) return;  // anchors
  const NodeOrProblem again = read_node(written);
  KILN_CHECK(std::holds_alternative<Node>(again));
  KILN_CHECK(to_json(std::get<Node>(again)) == value);
}

template <class T>
void note(const kiln::Result<T>& result, std::string& out) {
  if (!result) {
    KILN_CHECK(!result.error().message.empty());
    out += dump(result.error().message);
  } else if constexpr (std::is_same_v<T, json>) {
    out += dump(*result);
  } else {
    out += *result ? "yes" : "no";
  }
}

std::string evaluate_all(const Template& parsed) {
  std::map<std::string, std::string> given;
  for (const Parameter& parameter : parsed.parameters)
    if (!parameter.default_value) given[parameter.name] = "1";
  const SsmLookup ssm = [](const std::string& name) {
    return std::optional(SsmParameter{"String", name + ",2"});
  };
  const auto parameters = resolve_parameters(parsed, given, ssm);
  if (!parameters) return dump(parameters.error().message);
  Surroundings around;
  around.parameters = *parameters;
  around.account = "000000000000";
  around.region = "us-east-1";
  around.stack_name = "fuzz";
  around.stack_id = "arn:aws:cloudformation:us-east-1:000000000000:stack/fuzz/1";
  around.import_value = [](const std::string& name) { return std::optional(name); };
  around.dynamic = [](const std::string& service, const std::string& reference) {
    return kiln::Result<std::string>(service + reference);
  };
  // Some resources are not made yet, some were left out.
  around.resource = [](const std::string& id, const std::string& attribute) {
    const std::string mark(kLeftOut);
    return kiln::Result<json>(id.size() % 2 ? json(kUnknown)
                                            : json(mark + id + "." + attribute + mark));
  };
  Evaluator evaluator(parsed, around);
  std::string out;
  if (const auto rules = evaluator.check_rules(); !rules) out += dump(rules.error().message);
  for (const auto& [name, condition] : parsed.conditions) note(evaluator.condition(name), out);
  for (const Resource& resource : parsed.resources) {
    note(evaluator.exists(resource.condition), out);
    note(evaluator.value(resource.properties), out);
    note(evaluator.value(resource.metadata), out);
  }
  for (const Output& output : parsed.outputs) {
    note(evaluator.value(output.value), out);
    if (output.export_name) note(evaluator.value(*output.export_name), out);
  }
  for (const auto& [id, needs] : dependencies(parsed)) {
    KILN_CHECK(parsed.resource(id));
    for (const std::string& need : needs) KILN_CHECK(need != id && parsed.resource(need));
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_round_trip(text);
  const Reading reading = read_template(text);
  KILN_CHECK(reading.ok() == reading.problems.empty());
  for (const Problem& problem : reading.problems) check_problem(problem);
  if (reading.ok()) KILN_CHECK(processed_template(text).is_object());
  if (reading.ok()) KILN_CHECK(evaluate_all(*reading.parsed) == evaluate_all(*reading.parsed));
  return 0;
}
