#include "cli/stack_package.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "base/digest.h"
#include "cli/dir_zip.h"
#include "cli/placed_json.h"
#include "template/node_reader.h"
#include "template/template.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;
using cfn::Node;

Error wrong(const StackTemplate& source, cfn::Place place, const std::string& message) {
  std::string where = source.file;
  if (place.line > 0)
    where += ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  return {ErrorKind::kInvalid, "Usage", where + ": " + message};
}

std::string replaced(std::string text, std::string_view what, const std::string& with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

std::string filled_in(const std::string& text, const PackageTarget& target) {
  return replaced(replaced(replaced(text, "${AWS::AccountId}", target.account), "${AWS::Region}",
                           target.region),
                  "${AWS::Partition}", "aws");
}

Node text_node(std::string text, cfn::Place place) {
  Node node;
  node.kind = Node::Kind::kText;
  node.text = std::move(text);
  node.place = place;
  return node;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(in), {}};
  if (!in) return Error{ErrorKind::kInvalid, "Usage", path + " can't be read"};
  return content;
}

// Replaces the local paths of a template's tree.
class LocalPaths {
 public:
  LocalPaths(const StackTemplate& source, const PackageTarget& target, StackPackage& out)
      : source_(source), target_(target), out_(out) {}

  // Whether anything was replaced.
  Result<bool> replace(Node& root) {
    if (Node* globals = member(root, "Globals"))
      if (Node* function = member(*globals, "Function"))
        if (auto done = replace_in(*function, "CodeUri", Form::kUri); !done) return done.error();
    Node* resources = member(root, "Resources");
    if (!resources) return replaced_;
    for (cfn::Member& resource : resources->map) {
      const Node* type = resource.value.find("Type");
      Node* properties = member(resource.value, "Properties");
      if (!type || !properties) continue;
      for (const auto& [its_type, name, form] : kPlaces)
        if (type->text == its_type)
          if (auto done = replace_in(*properties, name, form); !done) return done.error();
    }
    return replaced_;
  }

 private:
  enum class Form { kUri, kMap };
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
  };

  static Node* member(Node& node, const char* name) {
    for (cfn::Member& each : node.map)
      if (each.name == name) return &each.value;
    return nullptr;
  }

  Result<void> replace_in(Node& properties, const char* name, Form form) {
    Node* value = member(properties, name);
    if (!value || !value->is_text() || value->text.starts_with("s3://")) return {};
    const fs::path path = fs::path(source_.folder) / value->text;
    std::error_code ec;
    const bool folder = fs::is_directory(path, ec);
    if (!folder && !fs::is_regular_file(path, ec))
      return wrong(source_, value->place,
                   std::string(name) + " is '" + value->text +
                       "', but there is no file or folder " + path.string());
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

  using Address = std::pair<std::string, std::string>;

  Result<Address> in_place(const fs::path& folder) {
    std::error_code ec;
    const fs::path absolute = fs::canonical(folder, ec);
    if (ec) return Error{ErrorKind::kInvalid, "Usage", folder.string() + ": " + ec.message()};
    return Address("hot-reload", absolute.string());
  }

  Result<Address> packed(const fs::path& path, bool folder) {
    auto content = folder ? zip_directory(path.string()) : read_file(path.string());
    if (!content) return content.error();
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
  StackPackage& out_;
  bool replaced_ = false;
};

}  // namespace

std::string deploy_bucket(const PackageTarget& target) {
  return "kiln-deploy-" + target.account + "-" + target.region;
}

Result<StackPackage> pack_stack(const StackTemplate& source, const PackageTarget& target) {
  const cfn::Reading reading = cfn::read_template(source.text);
  if (!reading.ok()) {
    std::string message;
    for (const cfn::Problem& problem : reading.problems)
      message +=
          (message.empty() ? "" : "\n") + wrong(source, problem.place, problem.message).message;
    return Error{ErrorKind::kInvalid, "Usage", message};
  }
  StackPackage out;
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
  const auto replaced = LocalPaths(source, target, out).replace(root);
  if (!replaced) return replaced.error();
  if (*replaced) out.template_text = placed_json(root);
  return out;
}

Result<std::string> read_upload(const Upload& upload) {
  if (!upload.content.empty()) return upload.content;
  if (upload.packaging == AssetPackaging::kZip && fs::is_directory(upload.path))
    return zip_directory(upload.path);
  return read_file(upload.path);
}

}  // namespace kiln::cli
