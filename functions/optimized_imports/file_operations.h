// file_operations: objects in S3 and items in DynamoDB.
//
//   {"type":"s3_upload","bucket","key","content"}  → {"success":true,"bucket","key","size"}
//   {"type":"s3_download","bucket","key"}          → {"success":true,"bucket","key",
//       "content_length","last_modified","content"}; an object that is longer than 1 MiB or is not
//       UTF-8 has no "content" but "content_omitted", which says why
//   {"type":"dynamodb_put","table","item"}         → {"success":true,"table","item_id"}
//   {"type":"dynamodb_get","table","key"}          → {"success":true,"table","item_found","item"}
//
// Lengths are bytes. Numbers of items keep all their digits; in an answer they are JSON numbers
// where that is the same number, else texts (kiln/dynamodb_value.h).
//
// Threading: run() from any thread. Ownership: owns the clients. Cost: a client is made, and
// libcurl loaded, at the first operation that needs it.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "config.h"
#include "kiln/dynamodb.h"
#include "kiln/lazy.h"
#include "kiln/s3.h"

namespace optimized_imports {

// One operation as the event has it. The texts are its own; `item` and an object as `key` are kept
// as JSON, for their numbers.
struct FileOperation {
  std::string type;
  std::string bucket;
  std::string key;  // of S3
  std::string content;
  std::string table;
  std::string item_json;
  std::string key_json;  // of DynamoDB
  std::string problem;   // why it is none; empty when it is one

  // What it is about, without its content: {"type","bucket","key"} or {"type","table"}.
  nlohmann::json summary() const;
};

// The elements of a JSON array, each read by itself: one that makes no sense has a `problem`.
// Throws kiln::sdk::JsonError, and BadRequest when it is no array.
std::vector<FileOperation> read_operations(std::string_view json);

class FileOperations {
 public:
  static constexpr size_t kMaxContent = size_t{1} << 20;  // bytes of an answer's "content"

  explicit FileOperations(const Configuration& configuration);

  // The result. Throws kiln::aws::Error, and std::invalid_argument for an operation that makes no
  // sense.
  nlohmann::json run(const FileOperation& operation);

 private:
  nlohmann::json upload(const FileOperation& operation);
  nlohmann::json download(const FileOperation& operation);
  nlohmann::json put(const FileOperation& operation);
  nlohmann::json get(const FileOperation& operation);

  kiln::Lazy<kiln::s3::Client> s3_;
  kiln::Lazy<kiln::dynamodb::Client> dynamodb_;
};

}  // namespace optimized_imports
