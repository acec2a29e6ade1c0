// What the CDK writes beside its templates: manifest.json of a cloud assembly, and NAME.assets.json
// with the files that a stack's functions are made of. Pure; input may be anything.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kiln::cli {

struct CdkStack {
  std::string artifact_id = {};
  std::string stack_name = {};
  std::string template_file = {};              // relative to the manifest's folder
  std::string account = {}, region = {};       // "": any
  std::vector<std::string> dependencies = {};  // artifact ids, of stacks and others
  std::map<std::string, std::string> parameters = {}, tags = {};
};

struct CdkManifest {
  std::vector<CdkStack> stacks;                    // in the file's order
  std::map<std::string, std::string> asset_files;  // artifact id → NAME.assets.json
  std::vector<std::string> nested;                 // folders of nested assemblies (stages)
};

// Error: kInvalid, no manifest of a cloud assembly.
Result<CdkManifest> parse_cdk_manifest(std::string_view text);

enum class AssetPackaging { kFile, kZip };  // as it is; a folder to be zipped

struct AssetDestination {
  std::string bucket, key;  // ${AWS::AccountId}, ${AWS::Region} and ${AWS::Partition} in them
};

struct TemplateAsset {
  std::string id = {};
  std::string path = {};  // "": made by a program of the CDK app's, which isn't run
  AssetPackaging packaging = AssetPackaging::kFile;
  std::vector<AssetDestination> destinations = {};
};

// File assets; container images are left out. Paths as they are written.
Result<std::vector<TemplateAsset>> parse_asset_manifest(std::string_view text);

}  // namespace kiln::cli
