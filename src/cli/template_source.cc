#include "cli/template_source.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/ascii.h"
#include "cli/read_file.h"
#include "cli/serverless_file.h"
#include "cli/shell.h"
#include "cli/usage.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxTemplateFile = 8 << 20;
constexpr uint64_t kMaxManifestFile = 64 << 20;  // the CDK writes stack traces into it
constexpr int kMaxNesting = 8;                   // stages in stages
constexpr size_t kMaxStackName = 128;

// A name that a stack may have: letters, digits and hyphens, a letter first.
std::string stack_name_of(const fs::path& file) {
  std::string name = file.stem().string();
  if (name == "template") {
    std::error_code ec;
    name = fs::absolute(file, ec).lexically_normal().parent_path().filename().string();
  }
  const auto is_letter = ascii::is_letter;
  for (char& c : name) {
    if (!is_letter(c) && !ascii::is_digit(c)) c = '-';
  }
  if (name.empty() || !is_letter(name.front())) name = "stack-" + name;
  name.resize(std::min(name.size(), kMaxStackName));
  return name;
}

Result<StackTemplate> read_single(const fs::path& file) {
  Result<std::string> text = read_file(file, kMaxTemplateFile);
  if (!text) return text.error();
  StackTemplate stack{.stack_name = stack_name_of(file), .file = file.string()};
  stack.folder = file.has_parent_path() ? file.parent_path().string() : ".";
  stack.text = std::move(*text);
  return stack;
}

Result<std::vector<TemplateAsset>> read_assets(const fs::path& folder, const CdkManifest& manifest,
                                               const CdkStack& stack) {
  std::vector<TemplateAsset> all;
  for (const std::string& dependency : stack.dependencies) {
    const auto found = manifest.asset_files.find(dependency);
    if (found == manifest.asset_files.end()) continue;
    const fs::path file = folder / found->second;
    const Result<std::string> text = read_file(file, kMaxManifestFile);
    if (!text) return text.error();
    Result<std::vector<TemplateAsset>> assets = parse_asset_manifest(*text);
    if (!assets) return usage(file.string() + ": " + assets.error().message);
    for (TemplateAsset& asset : *assets) {
      if (!asset.path.empty()) asset.path = (folder / asset.path).string();
      all.push_back(std::move(asset));
    }
  }
  return all;
}

Result<void> read_assembly(const fs::path& folder, int depth, std::vector<StackTemplate>& stacks) {
  if (depth > kMaxNesting) return usage(folder.string() + ": stages are nested too deeply");
  const fs::path file = folder / "manifest.json";
  const Result<std::string> text = read_file(file, kMaxManifestFile);
  if (!text) return text.error();
  const Result<CdkManifest> manifest = parse_cdk_manifest(*text);
  if (!manifest) return usage(file.string() + ": " + manifest.error().message);
  std::map<std::string, std::string> names;  // artifact id → stack name
  for (const CdkStack& stack : manifest->stacks) names[stack.artifact_id] = stack.stack_name;
  for (const CdkStack& stack : manifest->stacks) {
    Result<StackTemplate> read = read_single(folder / stack.template_file);
    if (!read) return read.error();
    Result<std::vector<TemplateAsset>> assets = read_assets(folder, *manifest, stack);
    if (!assets) return assets.error();
    read->stack_name = stack.stack_name;
    read->account = stack.account;
    read->region = stack.region;
    read->parameters = stack.parameters;
    read->tags = stack.tags;
    read->assets = std::move(*assets);
    for (const std::string& dependency : stack.dependencies) {
      if (const auto found = names.find(dependency); found != names.end())
        read->depends_on.push_back(found->second);
    }
    stacks.push_back(std::move(*read));
  }
  for (const std::string& nested : manifest->nested) {
    Result<void> read = read_assembly(folder / nested, depth + 1, stacks);
    if (!read) return read;
  }
  return {};
}

Result<std::vector<StackTemplate>> in_order(std::vector<StackTemplate> stacks) {
  std::vector<StackTemplate> ordered;
  while (!stacks.empty()) {
    std::set<std::string> waiting;
    for (const StackTemplate& stack : stacks) waiting.insert(stack.stack_name);
    const auto ready = std::find_if(stacks.begin(), stacks.end(), [&](const StackTemplate& stack) {
      return std::none_of(stack.depends_on.begin(), stack.depends_on.end(),
                          [&](const std::string& name) { return waiting.contains(name); });
    });
    if (ready == stacks.end())
      return usage("the stacks depend on each other in a circle: " + stacks.front().stack_name);
    ordered.push_back(std::move(*ready));
    stacks.erase(ready);
  }
  return ordered;
}

Result<std::vector<StackTemplate>> read_cdk(const fs::path& folder) {
  std::vector<StackTemplate> stacks;
  const Result<void> read = read_assembly(folder, 0, stacks);
  if (!read) return read.error();
  if (stacks.empty()) return usage((folder / "manifest.json").string() + " has no stacks");
  return in_order(std::move(stacks));
}

// serverless.yml and its other forms: somebody comes from the Serverless Framework.
bool is_of_serverless(const fs::path& file) {
  return file.stem() == "serverless" &&
         (file.extension() == ".yml" || file.extension() == ".yaml" ||
          file.extension() == ".json" || file.extension() == ".ts" || file.extension() == ".js");
}

Error not_for_serverless(const fs::path& file) {
  constexpr size_t kMostCommands = 5;
  const std::string folder = file.has_parent_path() ? file.parent_path().string() : ".";
  const auto command = [&folder](const std::string& name, const std::string& handler,
                                 const std::string& runtime) {
    return "`kiln create " + name + " " + shell_word(folder) + " --handler " + handler +
           (runtime.empty() ? "" : " --runtime " + shell_word(runtime)) + "`";
  };
  const Result<std::string> text = read_file(file, kMaxTemplateFile);
  std::vector<ServerlessFunction> functions;
  if (text) functions = serverless_functions(*text);
  std::string commands;
  size_t named = 0;
  for (const ServerlessFunction& each : functions) {
    if (each.handler.empty() || named == kMostCommands) continue;
    commands += (named++ == 0 ? "" : ", ") +
                command(shell_word(each.name), shell_word(each.handler), each.runtime);
  }
  if (named > 0 && functions.size() > named)
    commands += ", and so on for " + std::to_string(functions.size() - named) + " more";
  return usage(
      "'" + file.string() + "' is for the Serverless Framework, and Kiln doesn't read it; " +
      (commands.empty() ? command("NAME", "FILE.FUNCTION", "") + " makes one of its functions"
                        : "make its functions yourself: " + commands));
}

constexpr const char* kTemplateNames[] = {"template.yaml", "template.yml", "template.json"};

Error no_template_in(const fs::path& folder) {
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec))
    if (is_of_serverless(entry.path())) return not_for_serverless(entry.path());
  if (fs::exists(folder / "cdk.json", ec))
    return usage("'" + folder.string() + "' has no cdk.out yet; `cdk synth` in it writes one");
  return usage("'" + folder.string() +
               "' has neither a template.yaml, template.yml, or template.json nor a cdk.out, which "
               "`cdk synth` writes; for code without a template, `kiln create NAME " +
               shell_word(folder.string()) + "` makes a function");
}

bool is_code(const fs::path& file) {
  const std::string ending = file.extension().string();
  return ending == ".py" || ending == ".js" || ending == ".mjs" || ending == ".ts" ||
         ending == ".zip";
}

Error no_template(const fs::path& file) {
  const fs::path code = file.extension() == ".zip" ? file : file.parent_path();
  return usage("'" + file.string() + "' is code and no template; `kiln create NAME " +
               shell_word(code.empty() ? "." : code.string()) + "` makes a function of it");
}

}  // namespace

Result<StackTemplate> read_template_file(const std::string& file) { return read_single(file); }

cfn::Include local_include(const StackTemplate& source) {
  return [folder = fs::path(source.folder)](
             const std::string& location) -> std::optional<Result<std::string>> {
    if (location.find("://") != std::string::npos) return std::nullopt;
    return read_file((folder / location).string(), cfn::kMaxIncludedBytes);
  };
}

bool is_folder_without_template(const std::string& path) {
  std::error_code ec;
  const fs::path folder(path);
  const auto has = [&](const char* name) { return fs::exists(folder / name, ec); };
  return fs::is_directory(folder, ec) &&
         std::none_of(std::begin(kTemplateNames), std::end(kTemplateNames), has) &&
         !has("cdk.json") && !has("manifest.json") && !has("cdk.out/manifest.json") &&
         !has(".aws-sam/build/template.yaml");
}

Result<std::vector<StackTemplate>> read_template_source(const std::string& path) {
  std::error_code ec;
  const fs::path given(path);
  if (!fs::exists(given, ec))
    return usage(nothing_at(path, "give a template, a cdk.out, or a folder with one"));
  fs::path file = given;
  if (fs::is_directory(given, ec)) {
    for (const fs::path& folder : {given, given / "cdk.out"}) {
      if (fs::exists(folder / "manifest.json", ec)) return read_cdk(folder);
    }
    file.clear();
    // What `sam build` has made of the template.
    if (const fs::path built = given / ".aws-sam" / "build" / "template.yaml";
        fs::exists(built, ec)) {
      Result<StackTemplate> stack = read_single(built);
      if (!stack) return stack.error();
      stack->stack_name = stack_name_of(given / "template.yaml");
      return std::vector<StackTemplate>{std::move(*stack)};
    }
    for (const char* name : kTemplateNames) {
      if (file.empty() && fs::exists(given / name, ec)) file = given / name;
    }
    if (file.empty()) return no_template_in(given);
  } else if (is_of_serverless(given)) {
    return not_for_serverless(given);
  } else if (is_code(given)) {
    return no_template(given);
  }
  Result<StackTemplate> single = read_single(file);
  if (!single) return single.error();
  std::vector<StackTemplate> stacks;
  stacks.push_back(std::move(*single));
  return stacks;
}

}  // namespace kiln::cli
