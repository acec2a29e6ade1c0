// The linter on any template: twice alike, each finding with a rule, a resource and a message that
// a terminal can show.
#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "lint/findings_text.h"
#include "lint/model_builder.h"
#include "lint/rule.h"
#include "template/template.h"

namespace {

std::string lint_text(const kiln::cfn::Template& parsed) {
  using namespace kiln::lint;
  ModelBuilder builder({{"stack", "stack.yaml", "000000000000", "us-east-1"}});
  if (const auto added = builder.add(0, parsed, {}); !added) return added.error().message;
  const Model model = builder.finish();
  const std::vector<Finding> findings = lint(model, {});
  for (const Finding& finding : findings) {
    KILN_CHECK(finding.rule != nullptr && !finding.message.empty());
    KILN_CHECK(std::none_of(finding.message.begin(), finding.message.end(),
                            [](char c) { return static_cast<unsigned char>(c) < 0x20U; }));
  }
  using Handler = nlohmann::json::error_handler_t;
  return sarif_document(model, findings, "1").dump(-1, ' ', false, Handler::replace) +
         json_document(model, findings).dump(-1, ' ', false, Handler::replace);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const kiln::cfn::Reading reading = kiln::cfn::read_template(text);
  if (reading.ok()) KILN_CHECK(lint_text(*reading.parsed) == lint_text(*reading.parsed));
  return 0;
}
