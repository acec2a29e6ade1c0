// What a template says of a bucket, as the documents that S3's API takes. Pure.
//
//   for (const BucketSetting& setting : bucket_settings())
//     setting.document(properties);  // "<VersioningConfiguration>…", or "" when it says nothing
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

namespace kiln::stack {

struct BucketSetting {
  std::string_view property;  // "VersioningConfiguration"
  const char* query;          // "?versioning"
  const char* root;           // of the document
  // What stands for "not in the template" where it can't be deleted.
  const char* otherwise = nullptr;

  std::string document(const nlohmann::json& properties) const;
};

std::span<const BucketSetting> bucket_settings();

}  // namespace kiln::stack
