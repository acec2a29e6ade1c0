// ObjectStore's multipart uploads.
#include <fcntl.h>

#include <cerrno>

#include "base/ids.h"
#include "store/object_store.h"
#include "store/statement.h"

namespace kiln::store {
namespace {

Error no_such_upload() {
  return {ErrorKind::kNotFound, "NoSuchUpload",
          "The specified upload does not exist. The upload ID may be invalid, or the upload may "
          "have been aborted or completed."};
}

Upload upload_of(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2), row.integer(3), row.text(4)};
}

constexpr const char* kUploadColumns = "id, bucket, key, created, document";

}  // namespace

Result<Upload> ObjectStore::create_upload(const std::string& bucket, const std::string& key,
                                          const std::string& document) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  if (auto there = need_bucket(bucket); !there) return there.error();
  Upload upload{new_hex(32), bucket, key, now_ms(), document};
  Statement insert(*database_, std::string("INSERT INTO uploads (") + kUploadColumns +
                                   ") VALUES (?, ?, ?, ?, ?)");
  insert.bind(1, upload.id).bind(2, bucket).bind_bytes(3, key).bind(4, upload.created_ms);
  if (auto done = insert.bind(5, document).run(); !done) return done.error();
  return upload;
}

Result<Upload> ObjectStore::find_upload(const std::string& bucket, const std::string& key,
                                        const std::string& id) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  if (auto there = need_bucket(bucket); !there) return there.error();
  Statement select(*database_, std::string("SELECT ") + kUploadColumns +
                                   " FROM uploads WHERE id = ? AND bucket = ? AND key = ?");
  select.bind(1, id).bind(2, bucket).bind_bytes(3, key);
  if (select.step()) return upload_of(select);
  if (!select.status()) return select.status().error();
  return no_such_upload();
}

Result<std::vector<Upload>> ObjectStore::uploads(const std::string& bucket,
                                                 const std::string& prefix) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  if (auto there = need_bucket(bucket); !there) return there.error();
  Statement select(*database_, std::string("SELECT ") + kUploadColumns +
                                   " FROM uploads WHERE bucket = ? ORDER BY key, created, id");
  select.bind(1, bucket);
  std::vector<Upload> all;
  while (select.step()) {
    Upload upload = upload_of(select);
    if (upload.key.starts_with(prefix)) all.push_back(std::move(upload));
  }
  if (!select.status()) return select.status().error();
  return all;
}

Result<Part> ObjectStore::put_part(const Upload& upload, Part part, ObjectFile&& file) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  part.size = file.size();
  part.file = file.name();
  part.modified_ms = now_ms();
  std::vector<std::string> old_files;
  auto done = database_->transaction([&]() KILN_REQUIRES(mutex_) -> Result<void> {
    // It may have been completed or aborted while the part came.
    Statement there(*database_, "SELECT 1 FROM uploads WHERE id = ?");
    if (!there.bind(1, upload.id).step()) return no_such_upload();
    Statement old(*database_, "SELECT file FROM parts WHERE upload = ? AND number = ?");
    if (old.bind(1, upload.id).bind(2, int64_t{part.number}).step())
      old_files.push_back(old.text(0));
    return insert_part(upload.id, part);
  });
  if (!done) return done.error();
  file.keep();
  remove_files(old_files);
  return part;
}

Result<void> ObjectStore::insert_part(const std::string& of, const Part& part) {
  Statement put(
      *database_,
      "INSERT OR REPLACE INTO parts (upload, number, size, modified, etag, document, file)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)");
  put.bind(1, of).bind(2, int64_t{part.number}).bind(3, part.size).bind(4, part.modified_ms);
  return put.bind(5, part.etag).bind(6, part.document).bind(7, part.file).run();
}

Result<void> ObjectStore::erase_parts(const std::string& of) {
  Statement erase(*database_, "DELETE FROM parts WHERE upload = ?");
  return erase.bind(1, of).run();
}

Result<std::vector<Part>> ObjectStore::parts(const Upload& upload) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  return select_parts(upload.id);
}

Result<std::vector<Part>> ObjectStore::parts_of(const Object& object) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  return select_parts(object.file);
}

Result<std::vector<Part>> ObjectStore::select_parts(const std::string& of) {
  Statement select(*database_,
                   "SELECT number, size, modified, etag, document, file FROM parts"
                   " WHERE upload = ? ORDER BY number");
  select.bind(1, of);
  std::vector<Part> all;
  while (select.step())
    all.push_back({static_cast<int>(select.integer(0)), select.integer(1), select.integer(2),
                   select.text(3), select.text(4), select.text(5)});
  if (!select.status()) return select.status().error();
  return all;
}

Result<UniqueFd> ObjectStore::open_part(const Part& part) {
  const std::string path = object_path(root_, part.file);
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  // Aborted, or put anew, meanwhile.
  if (!file && errno == ENOENT) return no_such_upload();
  if (!file) return object_disk_error(path, errno);
  return file;
}

Result<void> ObjectStore::erase_upload(const Upload& upload, std::vector<std::string>& old_files) {
  Statement there(*database_, "SELECT 1 FROM uploads WHERE id = ?");
  if (!there.bind(1, upload.id).step()) return no_such_upload();
  Statement files(*database_, "SELECT file FROM parts WHERE upload = ?");
  files.bind(1, upload.id);
  while (files.step()) old_files.push_back(files.text(0));
  if (auto erased = erase_parts(upload.id); !erased) return erased;
  for (const char* sql :
       {"DELETE FROM overtaken WHERE upload = ?", "DELETE FROM uploads WHERE id = ?"}) {
    Statement erase(*database_, sql);
    if (auto erased = erase.bind(1, upload.id).run(); !erased) return erased;
  }
  return {};
}

Result<bool> ObjectStore::is_overtaken(const Upload& upload) {
  Statement select(*database_, "SELECT 1 FROM overtaken WHERE upload = ?");
  const bool found = select.bind(1, upload.id).step();
  if (!select.status()) return select.status().error();
  return found;
}

Result<Object> ObjectStore::complete(const Upload& upload, Object object, ObjectFile&& file,
                                     const ObjectCondition& condition,
                                     const std::vector<Part>& told) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  object.key = upload.key;
  object.size = file.size();
  object.file = file.name();
  object.modified_ms = now_ms();
  std::vector<std::string> old_files;
  auto done = database_->transaction([&]() KILN_REQUIRES(mutex_) -> Result<void> {
    const auto late = is_overtaken(upload);
    if (!late) return late.error();
    if (auto erased = erase_upload(upload, old_files); !erased) return erased;
    for (Part part : told) {
      part.file.clear();
      if (auto kept = insert_part(object.file, part); !kept) return kept;
    }
    if (auto written = write_row(upload.bucket, object, condition, old_files); !written)
      return written;
    if (*late && (condition.if_match || condition.if_none_match))
      return Error{ErrorKind::kConflict, "ConditionalRequestConflict",
                   "The conditional request cannot succeed due to a conflicting operation against "
                   "this resource."};
    return overtake_uploads(upload.bucket, object.key);
  });
  if (!done) return done.error();
  file.keep();
  remove_files(old_files);
  return object;
}

Result<void> ObjectStore::abort(const Upload& upload) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  std::vector<std::string> old_files;
  auto done = database_->transaction(
      [&]() KILN_REQUIRES(mutex_) -> Result<void> { return erase_upload(upload, old_files); });
  if (done) remove_files(old_files);
  return done;
}

}  // namespace kiln::store
