// The CDK's manifests: what is accepted has named stacks with templates; a refusal says why.
#include <cstdint>

#include "base/check.h"
#include "cli/cdk_manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kiln;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto manifest = cli::parse_cdk_manifest(text)) {
    for (const cli::CdkStack& stack : manifest->stacks) {
      KILN_CHECK(!stack.template_file.empty());
      KILN_CHECK(!stack.stack_name.empty() || stack.artifact_id.empty());
    }
  } else {
    KILN_CHECK(!manifest.error().message.empty());
  }
  if (const auto assets = cli::parse_asset_manifest(text); !assets)
    KILN_CHECK(!assets.error().message.empty());
  return 0;
}
