#include "store/object_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <set>

#include "store/statement.h"

namespace kiln::store {
namespace {

namespace fs = std::filesystem;

// Keys are blobs: compared byte by byte, whatever is in them.
constexpr std::array kObjectSteps = {
    "CREATE TABLE buckets (name TEXT PRIMARY KEY, region TEXT NOT NULL, created INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE bucket_documents (bucket TEXT NOT NULL, kind TEXT NOT NULL,"
    " document TEXT NOT NULL, PRIMARY KEY (bucket, kind)) WITHOUT ROWID;"
    "CREATE TABLE objects (bucket TEXT NOT NULL, key BLOB NOT NULL, size INTEGER NOT NULL,"
    " modified INTEGER NOT NULL, etag TEXT NOT NULL, document TEXT NOT NULL, file TEXT NOT NULL,"
    " PRIMARY KEY (bucket, key)) WITHOUT ROWID;"
    "CREATE TABLE uploads (id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key BLOB NOT NULL,"
    " created INTEGER NOT NULL, document TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE parts (upload TEXT NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL,"
    " modified INTEGER NOT NULL, etag TEXT NOT NULL, document TEXT NOT NULL, file TEXT NOT NULL,"
    " PRIMARY KEY (upload, number)) WITHOUT ROWID;",  // of an upload, or of an object's file
    // Uploads whose object was written or removed since they began.
    "CREATE TABLE overtaken (upload TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE INDEX uploads_by_key ON uploads (bucket, key);",
};

constexpr const char* kObjectColumns = "key, size, modified, etag, document, file";

// The bucket of `cdk bootstrap` with its default qualifier.
constexpr std::string_view kAssetsPrefix = "cdk-hnb659fds-assets-";

Error no_such_bucket() {
  return {ErrorKind::kNotFound, "NoSuchBucket", "The specified bucket does not exist"};
}

Error no_such_key() {
  return {ErrorKind::kNotFound, "NoSuchKey", "The specified key does not exist."};
}

Error precondition_failed() {
  return {ErrorKind::kPreconditionFailed, "PreconditionFailed",
          "At least one of the pre-conditions you specified did not hold"};
}

Object object_of(const Statement& row) {
  return {row.text(0), row.integer(1), row.integer(2), row.text(3), row.text(4), row.text(5)};
}

Result<void> check(const ObjectCondition& condition, const std::optional<Object>& there) {
  if (condition.if_match) {
    if (!there) return no_such_key();
    if (*condition.if_match != "*" && *condition.if_match != there->etag)
      return precondition_failed();
  }
  if (condition.if_none_match && there &&
      (*condition.if_none_match == "*" || *condition.if_none_match == there->etag))
    return precondition_failed();
  return {};
}

}  // namespace

std::string key_after_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

Result<void> read_file(const UniqueFd& file, int64_t offset, int64_t size,
                       const std::function<Result<void>(std::string_view)>& visit) {
  constexpr int64_t kChunk = int64_t{1024} * 1024;
  std::string buffer(static_cast<size_t>(std::min(size, kChunk)), '\0');
  while (size > 0) {
    const auto want = static_cast<size_t>(std::min(size, kChunk));
    const ssize_t n = ::pread(file.get(), buffer.data(), want, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return object_disk_error("of an object", n < 0 ? errno : EIO);
    if (auto visited = visit({buffer.data(), static_cast<size_t>(n)}); !visited) return visited;
    offset += n;
    size -= n;
  }
  return {};
}

ObjectStore::ObjectStore(std::string root, std::string account, const Clock& clock,
                         std::stop_token ending)
    : root_(std::move(root)),
      account_(std::move(account)),
      clock_(clock),
      ending_(std::move(ending)) {}

ObjectStore::~ObjectStore() = default;

Result<void> ObjectStore::open() {
  if (database_) return {};
  std::error_code ec;
  fs::create_directory(root_, ec);
  if (ec) return object_disk_error(root_, ec.value());
  auto opened = Database::open(root_ + "/objects.db", Schema{kObjectSteps, Schema::Check::kHeader});
  if (!opened) return opened.error();
  database_ = std::move(*opened);
  if (auto swept = sweep(); !swept) {
    database_.reset();
    return swept.error();
  }
  return {};
}

// Removes the files that no row names: what a kill has left.
Result<void> ObjectStore::sweep() {
  std::set<std::string> named;
  Statement select(*database_, "SELECT file FROM objects UNION ALL SELECT file FROM parts");
  while (select.step()) named.insert(select.text(0));
  if (!select.status()) return select.status();
  std::vector<std::string> orphans;
  std::error_code ec;
  for (const auto& folder : fs::directory_iterator(root_, ec)) {
    if (!folder.is_directory(ec)) continue;
    for (const auto& file : fs::directory_iterator(folder.path(), ec)) {
      std::string name = file.path().filename().string();
      if (!named.contains(name)) orphans.push_back(std::move(name));
    }
  }
  remove_files(orphans);
  return {};
}

void ObjectStore::remove_files(const std::vector<std::string>& names) {
  for (const std::string& name : names) ::unlink(object_path(root_, name).c_str());
}

Result<void> ObjectStore::insert_bucket(const Bucket& bucket) {
  Statement insert(*database_, "INSERT INTO buckets (name, region, created) VALUES (?, ?, ?)");
  return insert.bind(1, bucket.name).bind(2, bucket.region).bind(3, bucket.created_ms).run();
}

Result<Bucket> ObjectStore::need_bucket(const std::string& name) {
  Statement select(*database_, "SELECT name, region, created FROM buckets WHERE name = ?");
  select.bind(1, name);
  if (select.step()) return Bucket{select.text(0), select.text(1), select.integer(2)};
  if (!select.status()) return select.status().error();
  const std::string assets = std::string(kAssetsPrefix) + account_ + "-";
  if (!name.starts_with(assets) || name.size() == assets.size()) return no_such_bucket();
  Bucket bucket{name, name.substr(assets.size()), now_ms()};
  if (auto made = insert_bucket(bucket); !made) return made.error();
  return bucket;
}

Result<Bucket> ObjectStore::create_bucket(const std::string& name, const std::string& region) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  auto there = need_bucket(name);
  if (there)
    return Error{ErrorKind::kConflict, "BucketAlreadyOwnedByYou",
                 "Your previous request to create the named bucket succeeded and you already own "
                 "it."};
  if (there.error().type != "NoSuchBucket") return there;
  Bucket bucket{name, region, now_ms()};
  if (auto made = insert_bucket(bucket); !made) return made.error();
  return bucket;
}

Result<Bucket> ObjectStore::find_bucket(const std::string& name) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  return need_bucket(name);
}

Result<std::vector<Bucket>> ObjectStore::buckets() {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  std::vector<Bucket> all;
  Statement select(*database_, "SELECT name, region, created FROM buckets ORDER BY name");
  while (select.step()) all.push_back({select.text(0), select.text(1), select.integer(2)});
  if (!select.status()) return select.status().error();
  return all;
}

Result<void> ObjectStore::erase_bucket(const std::string& name) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  if (auto there = need_bucket(name); !there) return there.error();
  std::vector<std::string> old_files;
  auto done = database_->transaction([&]() KILN_REQUIRES(mutex_) -> Result<void> {
    Statement any(*database_, "SELECT 1 FROM objects WHERE bucket = ? LIMIT 1");
    if (any.bind(1, name).step())
      return Error{ErrorKind::kConflict, "BucketNotEmpty",
                   "The bucket you tried to delete is not empty"};
    Statement files(*database_,
                    "SELECT file FROM parts WHERE upload IN"
                    " (SELECT id FROM uploads WHERE bucket = ?)");
    files.bind(1, name);
    while (files.step()) old_files.push_back(files.text(0));
    for (const char* sql :
         {"DELETE FROM parts WHERE upload IN (SELECT id FROM uploads WHERE bucket = ?)",
          "DELETE FROM overtaken WHERE upload IN (SELECT id FROM uploads WHERE bucket = ?)",
          "DELETE FROM uploads WHERE bucket = ?", "DELETE FROM bucket_documents WHERE bucket = ?",
          "DELETE FROM buckets WHERE name = ?"}) {
      Statement erase(*database_, sql);
      if (auto erased = erase.bind(1, name).run(); !erased) return erased;
    }
    return {};
  });
  if (done) remove_files(old_files);
  return done;
}

Result<std::string> ObjectStore::bucket_document(const std::string& bucket,
                                                 const std::string& kind) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  if (auto there = need_bucket(bucket); !there) return there.error();
  Statement select(*database_,
                   "SELECT document FROM bucket_documents WHERE bucket = ? AND kind = ?");
  std::string document;
  if (select.bind(1, bucket).bind(2, kind).step()) document = select.text(0);
  if (!select.status()) return select.status().error();
  return document;
}

Result<void> ObjectStore::set_bucket_document(const std::string& bucket, const std::string& kind,
                                              const std::string& document) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  if (auto there = need_bucket(bucket); !there) return there.error();
  if (document.empty()) {
    Statement erase(*database_, "DELETE FROM bucket_documents WHERE bucket = ? AND kind = ?");
    return erase.bind(1, bucket).bind(2, kind).run();
  }
  Statement put(*database_,
                "INSERT OR REPLACE INTO bucket_documents (bucket, kind, document)"
                " VALUES (?, ?, ?)");
  return put.bind(1, bucket).bind(2, kind).bind(3, document).run();
}

Result<ObjectFile> ObjectStore::new_file() {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  return ObjectFile::create(root_, ending_);
}

Result<std::optional<Object>> ObjectStore::row(const std::string& bucket, const std::string& key) {
  Statement select(*database_, std::string("SELECT ") + kObjectColumns +
                                   " FROM objects WHERE bucket = ? AND key = ?");
  select.bind(1, bucket).bind_bytes(2, key);
  std::optional<Object> found;
  if (select.step()) found = object_of(select);
  if (!select.status()) return select.status().error();
  return found;
}

Result<void> ObjectStore::write_row(const std::string& bucket, const Object& object,
                                    const ObjectCondition& condition,
                                    std::vector<std::string>& old_files) {
  auto there = row(bucket, object.key);
  if (!there) return there.error();
  if (auto holds = check(condition, *there); !holds) return holds;
  if (*there) {
    old_files.push_back((*there)->file);
    if (auto erased = erase_parts((*there)->file); !erased) return erased;
  }
  Statement put(*database_, std::string("INSERT OR REPLACE INTO objects (bucket, ") +
                                kObjectColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?)");
  put.bind(1, bucket).bind_bytes(2, object.key).bind(3, object.size).bind(4, object.modified_ms);
  return put.bind(5, object.etag).bind(6, object.document).bind(7, object.file).run();
}

Result<void> ObjectStore::overtake_uploads(const std::string& bucket, const std::string& key) {
  Statement insert(*database_,
                   "INSERT OR IGNORE INTO overtaken (upload)"
                   " SELECT id FROM uploads WHERE bucket = ? AND key = ?");
  return insert.bind(1, bucket).bind_bytes(2, key).run();
}

Result<Object> ObjectStore::put(const std::string& bucket, Object object, ObjectFile&& file,
                                const ObjectCondition& condition) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  if (auto there = need_bucket(bucket); !there) return there.error();
  object.size = file.size();
  object.file = file.name();
  object.modified_ms = now_ms();
  std::vector<std::string> old_files;
  auto done = database_->transaction([&]() KILN_REQUIRES(mutex_) -> Result<void> {
    if (auto written = write_row(bucket, object, condition, old_files); !written) return written;
    return overtake_uploads(bucket, object.key);
  });
  if (!done) return done.error();
  file.keep();
  remove_files(old_files);
  return object;
}

Result<Object> ObjectStore::find(const std::string& bucket, const std::string& key) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  if (auto there = need_bucket(bucket); !there) return there.error();
  auto found = row(bucket, key);
  if (!found) return found.error();
  if (!*found) return no_such_key();
  return std::move(**found);
}

Result<ObjectStore::Opened> ObjectStore::open(const std::string& bucket, const std::string& key) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  if (auto there = need_bucket(bucket); !there) return there.error();
  auto found = row(bucket, key);
  if (!found) return found.error();
  if (!*found) return no_such_key();
  const std::string path = object_path(root_, (*found)->file);
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return object_disk_error(path, errno);
  return Opened{std::move(**found), std::move(file)};
}

Result<std::string> ObjectStore::read(const std::string& bucket, const std::string& key,
                                      int64_t most) {
  auto opened = open(bucket, key);
  if (!opened) return opened.error();
  if (opened->object.size > most)
    return Error{ErrorKind::kInvalid, "EntityTooLarge",
                 "The object has " + std::to_string(opened->object.size) + " bytes; at most " +
                     std::to_string(most) + " are taken."};
  std::string content;
  content.reserve(static_cast<size_t>(opened->object.size));
  auto done =
      read_file(opened->file, 0, opened->object.size, [&](std::string_view part) -> Result<void> {
        content += part;
        return {};
      });
  if (!done) return done.error();
  return content;
}

Result<void> ObjectStore::set_document(const std::string& bucket, const std::string& key,
                                       const std::string& document) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  auto found = row(bucket, key);
  if (!found) return found.error();
  if (!*found) return no_such_key();
  Statement update(*database_, "UPDATE objects SET document = ? WHERE bucket = ? AND key = ?");
  return update.bind(1, document).bind(2, bucket).bind_bytes(3, key).run();
}

Result<void> ObjectStore::erase(const std::string& bucket, const std::string& key) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  if (auto there = need_bucket(bucket); !there) return there.error();
  auto found = row(bucket, key);
  if (!found) return found.error();
  if (!*found) return {};
  auto done = database_->transaction([&]() KILN_REQUIRES(mutex_) -> Result<void> {
    Statement erase(*database_, "DELETE FROM objects WHERE bucket = ? AND key = ?");
    if (auto erased = erase.bind(1, bucket).bind_bytes(2, key).run(); !erased) return erased;
    if (auto parts = erase_parts((*found)->file); !parts) return parts;
    return overtake_uploads(bucket, key);
  });
  if (!done) return done;
  remove_files({(*found)->file});
  return {};
}

Result<void> ObjectStore::walk(const std::string& bucket, const std::string& prefix,
                               const std::string& from,
                               const std::function<Step(const Object&)>& visit) {
  const MutexLock lock(mutex_);
  if (auto opened = open(); !opened) return opened.error();
  if (auto there = need_bucket(bucket); !there) return there.error();
  std::string at = std::max(prefix, from);
  while (true) {
    Statement select(*database_, std::string("SELECT ") + kObjectColumns +
                                     " FROM objects WHERE bucket = ? AND key >= ? ORDER BY key");
    select.bind(1, bucket).bind_bytes(2, at);
    bool moved = false;
    while (!moved && select.step()) {
      const Object object = object_of(select);
      if (!object.key.starts_with(prefix)) return {};
      Step step = visit(object);
      if (step.kind == Step::Kind::kStop) return {};
      moved = step.kind == Step::Kind::kSeek;
      // A seek to "" is one behind the last key there can be.
      if (moved && step.seek.empty()) return {};
      if (moved) at = std::move(step.seek);
    }
    if (!select.status()) return select.status();
    if (!moved) return {};
  }
}

}  // namespace kiln::store
