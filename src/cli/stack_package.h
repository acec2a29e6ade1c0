// Makes a template ready to be deployed from anywhere: what it takes from this machine's files goes
// into a bucket, and the template says so.
//
//   Result<StackPackage> package = pack_stack(source, {"000000000000", "eu-west-1"});
//   for (const Upload& upload : package->uploads) read_upload(upload) …
//
// Reads files, changes nothing. Errors are whole messages with file, line and column.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/template_source.h"

namespace kiln::cli {

struct Upload {
  std::string path;
  AssetPackaging packaging = AssetPackaging::kFile;
  std::string bucket, key;
  std::string content = {};  // of a folder that is packed already, to know its key
};

struct StackPackage {
  std::string template_text;
  std::vector<Upload> uploads;
  std::vector<std::string> warnings;  // what will be missing when it runs
};

// What a path that is not there means: an error, or that its function is left out.
enum class Missing { kRefuse, kLeaveOut };

enum class Folders { kPack, kRunInPlace };  // kRunInPlace: the engine's hot-reload

struct PackageTarget {
  std::string account, region;
  Folders folders = Folders::kPack;
  Missing missing = Missing::kRefuse;
  // Values of the template's parameters that are known, and of AWS::Region and AWS::AccountId.
  std::map<std::string, std::string> values = {};
};

// The values of AWS::Region and AWS::AccountId.
std::map<std::string, std::string> pseudo_values(const std::string& account,
                                                 const std::string& region);

// Local paths are Code of AWS::Lambda::Function, Content of AWS::Lambda::LayerVersion, CodeUri and
// ContentUri of AWS::Serverless ones and of Globals, and the CDK's assets. A function of SAM
// without code has the template's folder.
Result<StackPackage> pack_stack(const StackTemplate& source, const PackageTarget& target);

// The bytes that go into the bucket.
Result<std::string> read_upload(const Upload& upload);

// Where packages of local paths and large templates go.
std::string deploy_bucket(const PackageTarget& target);

}  // namespace kiln::cli
