// S3's buckets and objects on disk. `root`/objects.db (SQLite) says which object is where; contents
// lie beside it, each in a file of a random name, so that a key may be any bytes. An object's file
// never changes: a new content is a new file, the row that names it is what makes it the object's,
// and after a kill whatever no row names is removed. So a key has its old content or its new one.
//
//   ObjectStore objects(data_dir + "/objects", account, clock);
//   auto zip = objects.read("assets", "app.zip", 50'000'000);
//
// Errors carry S3's codes and texts. The bucket that CDK keeps its assets in is there from the
// first look on. Thread-safe; every call blocks on the disk, so none belongs on an event loop. The
// database is opened by the first call. Not here: versions of objects, who may do what.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "store/database.h"
#include "store/object_file.h"

namespace kiln::store {

struct Bucket {
  std::string name;
  std::string region;
  int64_t created_ms = 0;
};

struct Object {
  std::string key = {};
  int64_t size = 0;
  int64_t modified_ms = 0;
  std::string etag = {};      // without quotes
  std::string document = {};  // what else S3 says of it: the service's business
  std::string file = {};      // name of the content's file; set by the store
};

// What must hold for a change, by ETags; "*" is any.
struct ObjectCondition {
  std::optional<std::string> if_match = {};
  std::optional<std::string> if_none_match = {};
};

struct Upload {
  std::string id = {};
  std::string bucket = {};
  std::string key = {};
  int64_t created_ms = 0;
  std::string document = {};
};

struct Part {
  int number = 0;
  int64_t size = 0;
  int64_t modified_ms = 0;
  std::string etag = {};
  std::string document = {};
  std::string file = {};
};

class ObjectStore {
 public:
  // `ending`: the engine goes down, and no content is written any more.
  ObjectStore(std::string root, std::string account, const Clock& clock,
              std::stop_token ending = {});
  ~ObjectStore();

  // Buckets. Names are unique over all Regions.
  Result<Bucket> create_bucket(const std::string& name, const std::string& region);
  Result<Bucket> find_bucket(const std::string& name);  // NoSuchBucket
  Result<std::vector<Bucket>> buckets();                // by name
  Result<void> erase_bucket(const std::string& name);   // BucketNotEmpty
  // What a bucket was given to keep, by kind: "policy", "tagging". "": nothing.
  Result<std::string> bucket_document(const std::string& bucket, const std::string& kind);
  // An empty document removes it.
  Result<void> set_bucket_document(const std::string& bucket, const std::string& kind,
                                   const std::string& document);

  // Objects.
  Result<ObjectFile> new_file();
  // Makes `file` the content of object.key. Sets modified_ms, size and file.
  Result<Object> put(const std::string& bucket, Object object, ObjectFile&& file,
                     const ObjectCondition& condition = {});
  Result<Object> find(const std::string& bucket, const std::string& key);
  struct Opened {
    Object object;
    UniqueFd file;
  };
  Result<Opened> open(const std::string& bucket, const std::string& key);
  // The whole content. Error: EntityTooLarge beyond `most` bytes.
  Result<std::string> read(const std::string& bucket, const std::string& key, int64_t most);
  // Changes what is said of an object, not its time.
  Result<void> set_document(const std::string& bucket, const std::string& key,
                            const std::string& document);
  // No error when there is none.
  Result<void> erase(const std::string& bucket, const std::string& key);

  // What a walk does after an object: goes on behind it, or at the first key that is not less than
  // `seek`, or ends.
  struct Step {
    enum class Kind { kNext, kSeek, kStop } kind = Kind::kNext;
    std::string seek = {};
  };
  // Visits the objects with `prefix` whose keys are not less than `from`, in the order of bytes.
  // `visit` must not call the store.
  Result<void> walk(const std::string& bucket, const std::string& prefix, const std::string& from,
                    const std::function<Step(const Object&)>& visit);

  // Multipart uploads.
  Result<Upload> create_upload(const std::string& bucket, const std::string& key,
                               const std::string& document);
  Result<Upload> find_upload(const std::string& bucket, const std::string& key,
                             const std::string& id);  // NoSuchUpload
  Result<std::vector<Upload>> uploads(const std::string& bucket, const std::string& prefix);
  // Takes the place of a part with the same number.
  Result<Part> put_part(const Upload& upload, Part part, ObjectFile&& file);
  Result<std::vector<Part>> parts(const Upload& upload);  // by number
  Result<UniqueFd> open_part(const Part& part);
  // Makes `file` the object, and removes the upload with its parts. With a condition it is a
  // ConditionalRequestConflict if the object changed since the upload began. `told`: those that
  // parts_of() gives of the object from now on, without their files.
  Result<Object> complete(const Upload& upload, Object object, ObjectFile&& file,
                          const ObjectCondition& condition, const std::vector<Part>& told = {});
  Result<std::vector<Part>> parts_of(const Object& object);  // by number
  Result<void> abort(const Upload& upload);

 private:
  // Opens the database where that is not done yet.
  Result<void> open() KILN_REQUIRES(mutex_);
  Result<void> sweep() KILN_REQUIRES(mutex_);
  Result<Bucket> need_bucket(const std::string& name) KILN_REQUIRES(mutex_);
  Result<void> insert_bucket(const Bucket& bucket) KILN_REQUIRES(mutex_);
  Result<std::optional<Object>> row(const std::string& bucket, const std::string& key)
      KILN_REQUIRES(mutex_);
  Result<void> write_row(const std::string& bucket, const Object& object,
                         const ObjectCondition& condition, std::vector<std::string>& old_files)
      KILN_REQUIRES(mutex_);
  Result<std::vector<Part>> select_parts(const std::string& of) KILN_REQUIRES(mutex_);
  Result<void> insert_part(const std::string& of, const Part& part) KILN_REQUIRES(mutex_);
  Result<void> erase_parts(const std::string& of) KILN_REQUIRES(mutex_);
  Result<void> erase_upload(const Upload& upload, std::vector<std::string>& old_files)
      KILN_REQUIRES(mutex_);
  // Notes that the object has changed, for the uploads of its key that are under way.
  Result<void> overtake_uploads(const std::string& bucket, const std::string& key)
      KILN_REQUIRES(mutex_);
  Result<bool> is_overtaken(const Upload& upload) KILN_REQUIRES(mutex_);
  void remove_files(const std::vector<std::string>& names);
  int64_t now_ms() const { return epoch_ms(clock_.wall_now()); }

  const std::string root_;
  const std::string account_;
  const Clock& clock_;
  const std::stop_token ending_;
  Mutex mutex_;
  std::unique_ptr<Database> database_ KILN_GUARDED_BY(mutex_);
};

// The least key that is greater than every key with this prefix; "": there is none.
std::string key_after_prefix(std::string prefix);
// Reads `size` bytes from `offset` on, in parts. Error: InternalError.
Result<void> read_file(const UniqueFd& file, int64_t offset, int64_t size,
                       const std::function<Result<void>(std::string_view)>& visit);

}  // namespace kiln::store
