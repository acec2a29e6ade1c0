// Where templates come from: what a PATH on the command line leads to.
//
//   a folder with manifest.json (cdk.out), or with cdk.out/manifest.json: the CDK's stacks
//   a folder with template.yaml, template.yml or template.json: one stack
//   a file: one stack, a CloudFormation or SAM template in YAML or JSON
//
//   Result<std::vector<StackTemplate>> stacks = read_template_source("cdk.out");
//
// Thread-safe (no state). Cost: the templates' text in memory; assets are named, not read.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/cdk_manifest.h"
#include "template/include.h"

namespace kiln::cli {

struct StackTemplate {
  std::string stack_name = {};  // the CDK's; else from the name of the file or its folder
  std::string file = {};        // as a path that the user can open
  std::string folder = {};      // of the file: relative paths in the template start here
  std::string text = {};
  std::string account = {}, region = {};     // "": the stack may go anywhere
  std::vector<std::string> depends_on = {};  // names of stacks of the same source
  std::vector<TemplateAsset> assets = {};    // paths that can be opened, "" where there is none
  std::map<std::string, std::string> parameters = {}, tags = {};  // that the CDK gives
};

// In an order of deployment: a stack after those that it depends on. Error (kInvalid, type Usage):
// nothing there, unreadable, too large, or stacks in a circle.
Result<std::vector<StackTemplate>> read_template_source(const std::string& path);
// A folder in which nothing of that is, nor a CDK application that could make it.
bool is_folder_without_template(const std::string& path);

// A template file as one stack.
Result<StackTemplate> read_template_file(const std::string& file);

// What AWS::Include puts into a template of this machine: files beside it. What is in S3 is not
// known here.
cfn::Include local_include(const StackTemplate& source);

}  // namespace kiln::cli
