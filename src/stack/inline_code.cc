#include "stack/inline_code.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <vector>

namespace kiln::stack {

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
  const std::unique_ptr<archive, decltype(&archive_write_free)> out(archive_write_new(),
                                                                    archive_write_free);
  std::vector<char> packed(code.size() + 64 * 1024);
  size_t used = 0;
  archive_write_set_format_zip(out.get());
  archive_write_set_options(out.get(), "zip:compression=store");
  archive_write_set_bytes_in_last_block(out.get(), 1);
  const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                            archive_entry_free);
  archive_entry_set_pathname(entry.get(), python ? "index.py" : "index.js");
  archive_entry_set_size(entry.get(), static_cast<int64_t>(code.size()));
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_mtime(entry.get(), 1577836800, 0);  // 2020-01-01: a fixed day
  if (archive_write_open_memory(out.get(), packed.data(), packed.size(), &used) != ARCHIVE_OK ||
      archive_write_header(out.get(), entry.get()) != ARCHIVE_OK ||
      archive_write_data(out.get(), code.data(), code.size()) !=
          static_cast<la_ssize_t>(code.size()) ||
      archive_write_close(out.get()) != ARCHIVE_OK)
    return Error{ErrorKind::kInternal, "InternalFailure",
                 std::string("could not pack the inline code: ") + archive_error_string(out.get())};
  return std::string(packed.data(), used);
}

}  // namespace kiln::stack
