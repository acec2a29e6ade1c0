#include "stack/inline_code.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/libarchive.h"

namespace kiln::stack {
namespace {

// The modules that answer CloudFormation for a custom resource, with the interface of its own.
constexpr std::string_view kPythonResponse = R"py(import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    body = json.dumps({
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }).encode()
    request = urllib.request.Request(event["ResponseURL"], body, {"Content-Type": ""}, method="PUT")
    try:
        with urllib.request.urlopen(request) as answer:
            print("Status code:", answer.status)
    except OSError as error:
        print("send(..) failed executing the request:", error)
)py";
constexpr std::string_view kNodeResponse = R"js(exports.SUCCESS = 'SUCCESS';
exports.FAILED = 'FAILED';

exports.send = (event, context, responseStatus, responseData, physicalResourceId, noEcho) => {
  const body = JSON.stringify({
    Status: responseStatus,
    Reason: `See the details in CloudWatch Log Stream: ${context.logStreamName}`,
    PhysicalResourceId: physicalResourceId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: responseData,
  });
  const url = new URL(event.ResponseURL);
  const { request } = require(url.protocol === 'http:' ? 'http' : 'https');
  return new Promise((resolve) => {
    const done = (text) => {
      console.log(text);
      resolve();
      if (context.done) context.done();
    };
    const headers = { 'content-type': '', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method: 'PUT', headers }, (answer) => {
      answer.resume();
      answer.on('end', () => done(`Status code: ${answer.statusCode}`));
    });
    sent.on('error', (error) => done(`send(..) failed executing the request: ${error}`));
    sent.end(body);
  });
};
)js";

bool add_file(archive* out, const char* name, std::string_view text) {
  const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                            archive_entry_free);
  archive_entry_set_pathname(entry.get(), name);
  archive_entry_set_size(entry.get(), static_cast<int64_t>(text.size()));
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_mtime(entry.get(), 1577836800, 0);  // 2020-01-01: a fixed day
  return archive_write_header(out, entry.get()) == ARCHIVE_OK &&
         archive_write_data(out, text.data(), text.size()) == static_cast<la_ssize_t>(text.size());
}

}  // namespace

Result<std::string> inline_package(const std::string& runtime, const std::string& code) {
  const bool python = runtime.starts_with("python");
  if (!python && !runtime.starts_with("nodejs"))
    return Error{
        ErrorKind::kInvalid, "InvalidRequest",
        "ZipFile can only be used when Runtime is set to either of nodejs, python; it is " +
            (runtime.empty() ? "not set" : runtime)};
  if (code.size() > kMaxInlineBytes)
    return Error{ErrorKind::kInvalid, "InvalidRequest",
                 "ZipFile has " + std::to_string(code.size()) + " bytes, at most " +
                     std::to_string(kMaxInlineBytes) + " are allowed"};
  std::vector<std::pair<const char*, std::string_view>> files = {
      {python ? "index.py" : "index.js", code}};
  // As CloudFormation, for code that asks for it.
  if (python && code.find("cfnresponse") != std::string::npos)
    files.emplace_back("cfnresponse.py", kPythonResponse);
  if (!python && code.find("cfn-response") != std::string::npos)
    files.emplace_back("cfn-response.js", kNodeResponse);
  if (auto there = archive_library().load(); !there) return there.error();
  const std::unique_ptr<archive, decltype(&archive_write_free)> out(archive_write_new(),
                                                                    archive_write_free);
  std::vector<char> packed(code.size() + 64 * 1024);
  size_t used = 0;
  archive_write_set_format_zip(out.get());
  archive_write_set_options(out.get(), "zip:compression=store");
  archive_write_set_bytes_in_last_block(out.get(), 1);
  bool fine =
      archive_write_open_memory(out.get(), packed.data(), packed.size(), &used) == ARCHIVE_OK;
  for (const auto& [name, text] : files) fine = fine && add_file(out.get(), name, text);
  if (!fine || archive_write_close(out.get()) != ARCHIVE_OK)
    return Error{ErrorKind::kInternal, "InternalFailure",
                 std::string("could not pack the inline code: ") + archive_error_string(out.get())};
  return std::string(packed.data(), used);
}

}  // namespace kiln::stack
