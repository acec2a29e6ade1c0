#include "cli/stack_package.h"

#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "base/arn.h"
#include "base/digest.h"
#include "cli/code_source.h"
#include "cli/dir_zip.h"
#include "cli/missing_packages.h"
#include "cli/placed_json.h"
#include "cli/read_file.h"
#include "template/node_reader.h"
#include "template/template.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;
using cfn::Node;

std::string replaced(std::string text, std::string_view what, const std::string& with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

Error wrong(const StackTemplate& source, cfn::Place place, const std::string& message) {
  std::string where = source.file;
  if (place.line > 0)
    where += ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  // A parser's own words are in a line of theirs.
  return {ErrorKind::kInvalid, "Usage",
          where + ": " + replaced(replaced(message, ".\n", ": "), "\n", ": ")};
}

std::string filled_in(const std::string& text, const PackageTarget& target) {
  return replaced(replaced(replaced(text, "${AWS::AccountId}", target.account), "${AWS::Region}",
                           target.region),
                  "${AWS::Partition}", std::string(partition_of(target.region)));
}

Node text_node(std::string text, cfn::Place place) {
  Node node;
  node.kind = Node::Kind::kText;
  node.text = std::move(text);
  node.place = place;
  return node;
}

Result<std::string> zipped(Result<PackedFolder> packed) {
  if (!packed) return packed.error();
  return std::move(packed->zip);
}

constexpr int kMaxNestedTemplates = 8;

Result<StackPackage> pack(const StackTemplate& source, const PackageTarget& target, int depth);

// Replaces the local paths of a template's tree.
class LocalPaths {
 public:
  LocalPaths(const StackTemplate& source, const PackageTarget& target, int depth, StackPackage& out)
      : source_(source), target_(target), depth_(depth), out_(out) {}

  // Whether anything was replaced.
  Result<bool> replace(Node& root) {
    if (auto done = replace_includes(root); !done) return done.error();
    if (Node* globals = member(root, "Globals"))
      if (Node* function = member(*globals, "Function"))
        if (auto done = replace_in(*function, "CodeUri", Form::kUri); !done) return done.error();
    Node* resources = member(root, "Resources");
    if (!resources) return replaced_;
    for (cfn::Member& resource : resources->map) {
      const Node* type = resource.value.find("Type");
      Node* properties = member(resource.value, "Properties");
      if (!type || !properties) continue;
      if (type->text == "AWS::Serverless::Function") give_code(root, *properties);
      warn_of_build(resource);
      warn_of_handler(root, resource);
      for (const auto& [its_type, name, form] : kPlaces)
        if (type->text == its_type)
          if (auto done = replace_in(*properties, name, form); !done) return done.error();
    }
    return replaced_;
  }

 private:
  enum class Form { kUri, kMap, kTemplate };
  struct Place {
    std::string_view type;
    const char* property;
    Form form;
  };
  static constexpr Place kPlaces[] = {
      {"AWS::Lambda::Function", "Code", Form::kMap},
      {"AWS::Lambda::LayerVersion", "Content", Form::kMap},
      {"AWS::Serverless::Function", "CodeUri", Form::kUri},
      {"AWS::Serverless::LayerVersion", "ContentUri", Form::kUri},
      {"AWS::CloudFormation::Stack", "TemplateURL", Form::kTemplate},
      {"AWS::Serverless::Application", "Location", Form::kTemplate},
  };

  static Node* member(Node& node, const char* name) {
    for (cfn::Member& each : node.map)
      if (each.name == name) return &each.value;
    return nullptr;
  }

  // Of the function, or else of Globals, which SAM has.
  static const Node* setting(const Node& root, const Node& properties, const char* name) {
    if (const Node* own = properties.find(name)) return own;
    const Node* globals = root.find("Globals");
    const Node* shared = globals ? globals->find("Function") : nullptr;
    return shared ? shared->find(name) : nullptr;
  }

  // What is in a folder of code, which several functions may share.
  const Result<std::vector<CodeEntry>>& entries_of(const fs::path& folder) {
    const std::string path = folder.lexically_normal().string();
    const auto known = entries_.find(path);
    return known != entries_.end() ? known->second
                                   : entries_.emplace(path, code_entries(path)).first->second;
  }

  // A handler that the code of a folder lacks, as far as it is sure.
  void warn_of_handler(const Node& root, const cfn::Member& resource) {
    const std::string& type = resource.value.find("Type")->text;
    const bool is_sam = type == "AWS::Serverless::Function";
    if (!is_sam && type != "AWS::Lambda::Function") return;
    const Node& properties = *resource.value.find("Properties");
    for (const char* other : {"InlineCode", "ImageUri", "PackageType"})
      if (setting(root, properties, other)) return;
    const Node* code = setting(root, properties, is_sam ? "CodeUri" : "Code");
    const Node* handler = setting(root, properties, "Handler");
    const Node* runtime = setting(root, properties, "Runtime");
    for (const Node* each : {code, handler, runtime})
      if (!each || !each->is_text()) return;
    // A layer or a build may bring the file.
    if (setting(root, properties, "Layers") || (!is_built_ && resource.value.find("Metadata")))
      return;
    const fs::path folder = (fs::path(source_.folder) / code->text).lexically_normal();
    std::error_code ec;
    if (!fs::is_directory(folder, ec)) return;
    const auto& entries = entries_of(folder);
    if (!entries) return;  // packing it will say why
    CodeSource source;
    source.entries = *entries;
    source.folder = folder.string();
    if (const std::string fault = handler_fault(source, {runtime->text, handler->text});
        !fault.empty())
      out_.warnings.push_back(resource.name + ": " + fault);
  }

  // As `sam package` has it.
  static void give_code(const Node& root, Node& properties) {
    for (const char* code : {"CodeUri", "InlineCode", "ImageUri"})
      if (setting(root, properties, code)) return;
    const Node* package = properties.find("PackageType");
    if (!properties.is_map() || (package && package->text == "Image")) return;
    properties.map.push_back({"CodeUri", properties.place, text_node(".", properties.place)});
  }

  // Sources that a build turns into a package run as they are here.
  void warn_of_build(const cfn::Member& resource) {
    if (is_built_) return;
    const Node* metadata = resource.value.find("Metadata");
    const Node* method = metadata ? metadata->find("BuildMethod") : nullptr;
    const Node* properties = resource.value.find("Properties");
    const Node* uri = nullptr;
    for (const char* name : {"CodeUri", "ContentUri", "Code", "Content"})
      if (!uri) uri = properties->find(name);
    if (!uri || !uri->is_text() || uri->text.starts_with("s3://")) return;
    const fs::path folder = fs::path(source_.folder) / uri->text;
    std::error_code ec;
    if (!fs::is_directory(folder, ec)) return;
    std::string shown = folder.lexically_normal().string();
    if (shown.size() > 1 && shown.ends_with('/')) shown.pop_back();
    const std::string build = "`sam build`, and deploy again: Kiln takes .aws-sam/build";
    if (method && method->is_text()) {
      if (warned_.insert(shown).second)  // several functions may share a folder
        out_.warnings.push_back(resource.name + ": BuildMethod " + method->text +
                                " has not run on " + shown + "; run " + build);
      return;
    }
    const auto& entries = entries_of(folder);
    if (!entries) return;  // packing it will say why
    const std::string missing = missing_packages(shown, *entries);
    if (!missing.empty() && warned_.insert(shown).second)
      out_.warnings.push_back(resource.name + ": " + missing + "; or run " + build);
  }

  Result<void> replace_in(Node& properties, const char* name, Form form) {
    Node* value = member(properties, name);
    if (!value || !value->is_text() || value->text.starts_with("s3://")) return {};
    if (form == Form::kTemplate) return replace_template(*value, name);
    const fs::path path = fs::path(source_.folder) / value->text;
    std::error_code ec;
    const bool folder = fs::is_directory(path, ec);
    if (!folder && !fs::is_regular_file(path, ec)) {
      if (target_.missing == Missing::kLeaveOut) return {};
      return wrong(source_, value->place,
                   std::string(name) + " is '" + value->text + "', but " +
                       nothing_at(path.lexically_normal().string(),
                                  "a path begins at the template's folder"));
    }
    const auto address =
        folder && target_.folders == Folders::kRunInPlace ? in_place(path) : packed(path, folder);
    if (!address) return wrong(source_, value->place, address.error().message);
    const cfn::Place place = value->place;
    Node node;
    if (form == Form::kUri) {
      node = text_node("s3://" + address->first + "/" + address->second, place);
    } else {
      node.kind = Node::Kind::kMap;
      node.map.push_back({"S3Bucket", place, text_node(address->first, place)});
      node.map.push_back({"S3Key", place, text_node(address->second, place)});
    }
    *value = std::move(node);
    replaced_ = true;
    return {};
  }

  // The template of a nested stack, with what it takes from files itself.
  Result<void> replace_template(Node& value, const char* name) {
    if (value.text.find("://") != std::string::npos) return {};
    const std::string file = (fs::path(source_.folder) / value.text).string();
    std::error_code ec;
    if (!fs::is_regular_file(file, ec)) {
      if (target_.missing == Missing::kLeaveOut) return {};
      return wrong(source_, value.place,
                   std::string(name) + " is '" + value.text + "', but " +
                       nothing_at(fs::path(file).lexically_normal().string(),
                                  "a path begins at the template's folder"));
    }
    if (depth_ >= kMaxNestedTemplates)
      return wrong(
          source_, value.place,
          "the templates are nested more than " + std::to_string(kMaxNestedTemplates) + " deep");
    const auto nested = read_template_file(file);
    if (!nested) return wrong(source_, value.place, nested.error().message);
    // What its parameters are is known to the engine alone.
    PackageTarget within = target_;
    within.values = pseudo_values(target_.account, target_.region);
    auto package = pack(*nested, within, depth_ + 1);
    if (!package) return package.error();
    for (const std::string& warning : package->warnings)
      out_.warnings.push_back(file + ": " + warning);
    for (Upload& upload : package->uploads) out_.uploads.push_back(std::move(upload));
    const Address address = text_upload(file, std::move(package->template_text), ".template");
    value.text =
        "https://s3." + target_.region + ".amazonaws.com/" + address.first + "/" + address.second;
    replaced_ = true;
    return {};
  }

  // Files that AWS::Include puts in.
  Result<void> replace_includes(Node& root) {
    Result<void> done;
    cfn::visit_locations(root, [&](Node& location) {
      if (!done || location.text.find("://") != std::string::npos) return;
      const std::string file = (fs::path(source_.folder) / location.text).string();
      auto text = read_file(file);
      if (!text) {
        done = wrong(source_, location.place, text.error().message);
        return;
      }
      const Address address = text_upload(file, std::move(*text), ".include");
      location.text = "s3://" + address.first + "/" + address.second;
      replaced_ = true;
    });
    return done;
  }

  using Address = std::pair<std::string, std::string>;

  Address text_upload(const std::string& file, std::string text, const char* suffix) {
    Upload upload{
        file, AssetPackaging::kFile, deploy_bucket(target_), sha256_hex(text) + suffix, {}};
    upload.content = std::move(text);
    const Address address(upload.bucket, upload.key);
    out_.uploads.push_back(std::move(upload));
    return address;
  }

  Result<Address> in_place(const fs::path& folder) {
    std::error_code ec;
    const fs::path absolute = fs::canonical(folder, ec);
    if (ec) return Error{ErrorKind::kInvalid, "Usage", folder.string() + ": " + ec.message()};
    return Address("hot-reload", absolute.string());
  }

  Result<Address> packed(const fs::path& path, bool folder) {
    auto content =
        folder ? zipped(pack_folder(path.string(), Pick::kCode)) : read_file(path.string());
    if (!content) return content.error();
    // A file that is no archive is one of its own: a handler on its own, a binary.
    if (!folder && !zip_entries(*content)) {
      content = pack_file(path.string());
      if (!content) return content.error();
    }
    Upload upload{path.string(),
                  folder ? AssetPackaging::kZip : AssetPackaging::kFile,
                  deploy_bucket(target_),
                  sha256_hex(*content) + ".zip",
                  {}};
    upload.content = std::move(*content);
    const Address address(upload.bucket, upload.key);
    out_.uploads.push_back(std::move(upload));
    return address;
  }

  const StackTemplate& source_;
  const PackageTarget& target_;
  const int depth_;  // how many templates are around this one
  StackPackage& out_;
  // `sam build` has done it; requirements.txt and the like stay beside what they have brought.
  const bool is_built_ =
      fs::path(source_.folder).lexically_normal().string().find(".aws-sam/build") !=
      std::string::npos;
  std::set<std::string> warned_;                                   // folders of sources
  std::map<std::string, Result<std::vector<CodeEntry>>> entries_;  // by folder
  bool replaced_ = false;
};

Result<StackPackage> pack(const StackTemplate& source, const PackageTarget& target, int depth) {
  const cfn::Reading reading =
      cfn::read_template(source.text, target.values, local_include(source));
  // The engine knows the values that it has and says which are missing.
  if (!reading.ok() && reading.valueless.empty()) {
    std::string message;
    for (const cfn::Problem& problem : reading.problems)
      message +=
          (message.empty() ? "" : "\n") + wrong(source, problem.place, problem.message).message;
    return Error{ErrorKind::kInvalid, "Usage", message};
  }
  StackPackage out;
  for (const cfn::Problem& note : reading.notes) out.warnings.push_back(cfn::text_of(note));
  out.template_text = source.text;
  for (const TemplateAsset& asset : source.assets) {
    std::error_code ec;
    if (asset.path.empty() || !fs::exists(asset.path, ec))
      return wrong(source, {},
                   "its asset " + asset.id + " is missing" +
                       (asset.path.empty() ? std::string() : ": there is no " + asset.path) +
                       "; `cdk synth` makes it anew");
    for (const AssetDestination& to : asset.destinations)
      out.uploads.push_back({asset.path,
                             asset.packaging,
                             filled_in(to.bucket, target),
                             filled_in(to.key, target),
                             {}});
  }
  auto tree = cfn::read_node(source.text);
  Node& root = std::get<Node>(tree);  // it has been read once
  const auto replaced = LocalPaths(source, target, depth, out).replace(root);
  if (!replaced) return replaced.error();
  if (*replaced) out.template_text = placed_json(root);
  return out;
}

}  // namespace

std::map<std::string, std::string> pseudo_values(const std::string& account,
                                                 const std::string& region) {
  return {{"AWS::AccountId", account}, {"AWS::Region", region}};
}

std::string deploy_bucket(const PackageTarget& target) {
  return "kiln-deploy-" + target.account + "-" + target.region;
}

Result<StackPackage> pack_stack(const StackTemplate& source, const PackageTarget& target) {
  return pack(source, target, 0);
}

Result<std::string> read_upload(const Upload& upload) {
  if (!upload.content.empty()) return upload.content;
  if (upload.packaging == AssetPackaging::kZip && fs::is_directory(upload.path))
    return zipped(pack_folder(upload.path, Pick::kEverything));  // as `cdk synth` made it
  return read_file(upload.path);
}

}  // namespace kiln::cli
