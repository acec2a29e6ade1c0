#include "store/code_store.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/digest.h"
#include "store/zip_builder.h"
#include "tests/support/test_dir.h"

namespace kiln::store {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kCouldNotUnzip =
    "Could not unzip uploaded file. Please check your file, then try to upload again.";

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

// A compressed archive with one file of zeros.
std::string bomb(size_t bytes) {
  std::string out(bytes / 100 + 4096, '\0');
  size_t used = 0;
  archive* a = archive_write_new();
  archive_write_set_format_zip(a);
  archive_write_set_bytes_in_last_block(a, 1);
  archive_write_open_memory(a, out.data(), out.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, "zeros");
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_size(entry, static_cast<la_int64_t>(bytes));
  archive_write_header(a, entry);
  const std::string zeros(bytes, '\0');
  archive_write_data(a, zeros.data(), zeros.size());
  archive_entry_free(entry);
  archive_write_close(a);
  archive_write_free(a);
  return out.substr(0, used);
}

class CodeStoreTest : public testing::Test {
 protected:
  std::string root() const { return dir_ / "code"; }

  size_t files_in_store() const {
    if (!fs::exists(root())) return 0;
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(root()), fs::directory_iterator()));
  }

  mode_t mode(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(lstat(path.c_str(), &info), 0) << path;
    return info.st_mode & 07777;
  }

  // Adds a good package; returns its folder.
  std::string add(CodeStore& store, const ZipBuilder& zip) {
    auto code = store.add_zip(zip.finish());
    EXPECT_TRUE(code.ok()) << code.error().message;
    return code.ok() ? store.task_dir(*code) : "";
  }

  // The package is refused with a message like `message`, and leaves nothing behind.
  void expect_refused(const std::string& zip, const testing::Matcher<const std::string&>& message,
                      CodeLimits limits = {}) {
    CodeStore store(root(), limits);
    auto code = store.add_zip(zip);
    ASSERT_FALSE(code.ok());
    EXPECT_EQ(code.error().kind, ErrorKind::kInvalid);
    EXPECT_EQ(code.error().type, "InvalidParameterValueException");
    EXPECT_THAT(code.error().message, message);
    EXPECT_EQ(files_in_store(), 0U);
  }

  TestDir dir_;
};

TEST_F(CodeStoreTest, KeepsContentHashAndSize) {
  CodeStore store(root());
  const std::string zip =
      ZipBuilder().file("bootstrap", "#!/bin/sh\n", 0755).file("lib/a.txt", "A").finish();
  auto code = store.add_zip(zip);
  ASSERT_TRUE(code.ok()) << code.error().message;
  EXPECT_EQ(code->sha256_base64, sha256_base64(zip));
  EXPECT_EQ(code->zip_sha_hex, sha256_hex(zip));
  EXPECT_EQ(code->size_bytes, static_cast<int64_t>(zip.size()));
  EXPECT_EQ(content_of(store.task_dir(*code) + "/bootstrap"), "#!/bin/sh\n");
  EXPECT_EQ(content_of(store.task_dir(*code) + "/lib/a.txt"), "A");
  EXPECT_EQ(content_of(store.zip_path(*code)), zip);
  EXPECT_EQ(files_in_store(), 2U);
}

TEST_F(CodeStoreTest, ModesLetAnotherUserReadAndRunAndNoMore) {
  const mode_t before = umask(0077);
  CodeStore store(root());
  const std::string at = add(store, ZipBuilder()
                                        .file("run", "", 0700)
                                        .file("private", "", 0600)
                                        .file("data", "", 0000)
                                        .file("setuid", "", 06755)
                                        .file("shared", "", 0777)
                                        .folder("folder")
                                        .file("implied/file", "x"));
  umask(before);
  EXPECT_EQ(mode(at), 0755U);
  EXPECT_EQ(mode(at + "/run"), 0755U);
  EXPECT_EQ(mode(at + "/private"), 0644U);
  EXPECT_EQ(mode(at + "/data"), 0444U);
  EXPECT_EQ(mode(at + "/setuid"), 0755U);
  EXPECT_EQ(mode(at + "/shared"), 0755U);
  EXPECT_EQ(mode(at + "/folder"), 0755U);
  EXPECT_EQ(mode(at + "/implied"), 0755U);
}

TEST_F(CodeStoreTest, NamesBeyondAsciiAndLinksInside) {
  CodeStore store(root());
  const std::string at = add(store, ZipBuilder()
                                        .link("lib/libx.so", "libx.so.1")
                                        .file("lib/libx.so.1", "so")
                                        .link("top", "lib/../lib")
                                        .file("größe/日本.txt", "ok"));
  EXPECT_EQ(content_of(at + "/lib/libx.so"), "so");
  EXPECT_EQ(fs::read_symlink(at + "/lib/libx.so"), "libx.so.1");
  EXPECT_EQ(content_of(at + "/top/libx.so.1"), "so");
  EXPECT_EQ(content_of(at + "/größe/日本.txt"), "ok");
}

TEST_F(CodeStoreTest, TheLaterOfTwoEntriesOfOneNameWins) {
  CodeStore store(root());
  const std::string at = add(store, ZipBuilder().file("a", "first, longer").file("a", "2nd"));
  EXPECT_EQ(content_of(at + "/a"), "2nd");
}

TEST_F(CodeStoreTest, NotAZip) {
  const std::string good = ZipBuilder().file("a", std::string(5000, 'x')).finish();
  std::string damaged = good;
  damaged[1000] ^= 1;  // the checksum no longer fits
  for (const std::string& zip :
       {std::string(), std::string("not a zip"), std::string("PK\x03\x04 begins like one"),
        good.substr(0, good.size() / 2), damaged}) {
    SCOPED_TRACE(zip.size());
    expect_refused(zip, kCouldNotUnzip);
  }
}

TEST_F(CodeStoreTest, AnEmptyZip) {
  expect_refused(ZipBuilder().finish(), "Uploaded file must be a non-empty zip");
}

// Packers on Windows: to Lambda a backslash is a character of a name, not the end of a folder's.
TEST_F(CodeStoreTest, ABackslashIsACharacter) {
  for (const bool dos : {false, true}) {
    CodeStore store(root());
    ZipBuilder zip;
    dos ? zip.dos_file("src\\app.py", "x") : zip.file("src\\app.py", "x");
    const fs::path unpacked = add(store, zip.file("lib/a.py", "y"));
    EXPECT_TRUE(fs::is_regular_file(unpacked / "src\\app.py")) << dos;
    EXPECT_FALSE(fs::exists(unpacked / "src")) << dos;
    EXPECT_TRUE(fs::is_regular_file(unpacked / "lib/a.py")) << dos;
  }
}

TEST_F(CodeStoreTest, HostileEntries) {
  struct Case {
    const char* name;
    ZipBuilder zip;
    const char* named;
  };
  const Case cases[] = {
      {"parent", ZipBuilder().file("../evil", "x"), "'../evil'"},
      {"parent within", ZipBuilder().file("a/../../evil", "x"), "'a/../../evil'"},
      {"absolute", ZipBuilder().file("/etc/evil", "x"), "'/etc/evil'"},
      {"link out", ZipBuilder().link("out", "../.."), "'out'"},
      {"absolute link", ZipBuilder().link("out", "/etc/passwd"), "'out'"},
      {"write through a link", ZipBuilder().link("d", "../x").file("d/f", "x"), "'d'"},
      {"file under a good link", ZipBuilder().folder("e").link("d", "e").file("d/f", "x"), "'d'"},
      {"file over a link", ZipBuilder().link("d", "e").file("d", "x"), "'d'"},
      {"link over a file", ZipBuilder().file("d", "x").link("d", "e"), "'d'"},
      {"link without target", ZipBuilder().link("d", ""), "'d'"},
      {"file under a file", ZipBuilder().file("d", "x").file("d/f", "x"), "'d/f'"},
      {"fifo", ZipBuilder().entry("p", "", S_IFIFO | 0644), "'p'"},
      {"device", ZipBuilder().entry("dev", "", S_IFBLK | 0644), "'dev'"},
      {"character device", ZipBuilder().entry("tty", "", S_IFCHR | 0644), "'tty'"},
      {"socket", ZipBuilder().entry("s", "", S_IFSOCK | 0644), "'s'"},
      {"fifo behind files", ZipBuilder().file("a", "x").entry("p", "", S_IFIFO | 0644), "'p'"},
      {"long name", ZipBuilder().file(std::string(256, 'n'), "x"), "'nnn"},
      {"the folder as a file", ZipBuilder().file(".", "x"), "'.'"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    expect_refused(c.zip.finish(),
                   AllOf(StartsWith("Could not unzip uploaded file ("), HasSubstr(c.named)));
  }
  EXPECT_FALSE(fs::exists(dir_ / "evil"));
}

// However its directory is found: by zip64's records, behind something else, before a comment that
// looks like an end.
TEST_F(CodeStoreTest, HostileEntriesAreFoundInAnyDirectory) {
  const ZipBuilder bad = ZipBuilder().file("a", "x").entry("p", "", S_IFIFO | 0644);
  std::string with_comment = bad.finish();
  const std::string comment = "PK\x05\x06 comment";
  with_comment[with_comment.size() - 2] = static_cast<char>(comment.size());
  for (const std::string& zip :
       {bad.finish(true), "#!/bin/sh\n" + bad.finish(), with_comment + comment})
    expect_refused(zip, HasSubstr("the entry 'p' is neither file, folder nor link"));
  // Of records that libarchive passes over, the ordinary one may name another directory.
  const std::string large = ZipBuilder().file("a/b", "x").finish(true);
  const size_t finder = large.size() - 42, record = finder - 56;
  for (const size_t wrong :
       {finder + 4, finder + 16, record, record + 4, record + 16, record + 20, record + 24}) {
    std::string zip = large;
    zip[wrong] = static_cast<char>(zip[wrong] + 1 + (wrong == record + 4 ? 100 : 0));
    expect_refused(zip, HasSubstr("the zip64 records at its end are damaged"));
  }
  // As here: libarchive would read the pipe, and a look by the records none of it.
  std::string two = bad.finish(true);
  const size_t end = two.size() - 22, first = two.find("PK\x01\x02");
  two[end - 4] = 2;                                   // disks
  two[end - 20 - 8] = static_cast<char>(end & 0xff);  // zip64's directory
  two[end + 8] = two[end + 10] = 2;                   // entries
  two[end + 9] = two[end + 11] = 0;
  two.replace(end + 12, 8, std::string(8, '\0'));
  two[end + 12] = static_cast<char>(end - first);  // size
  two[end + 16] = static_cast<char>(first);        // offset
  expect_refused(two, HasSubstr("the zip64 records at its end are damaged"));
  // Before the last 16 KiB libarchive doesn't look.
  std::string far = large + std::string(16 * 1024 - 22, ' ');
  far[large.size() - 2] = static_cast<char>((16 * 1024 - 22) & 0xff);
  far[large.size() - 1] = static_cast<char>((16 * 1024 - 22) >> 8);
  expect_refused(far, HasSubstr("the zip64 records at its end are damaged"));
  CodeLimits limits;
  limits.max_entries = 1;
  const ZipBuilder deep = ZipBuilder().file("1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h", "x");
  expect_refused(deep.finish(true), HasSubstr("more than 1 files and folders"), limits);
  CodeStore store(root());
  EXPECT_TRUE(store.add_zip(ZipBuilder().file("a/b", "x").finish(true)).ok());
}

TEST_F(CodeStoreTest, ZippedSizeLimit) {
  const std::string zip = ZipBuilder().file("a", std::string(1000, 'x')).finish();
  CodeLimits limits;
  limits.max_zip_bytes = static_cast<int64_t>(zip.size());
  EXPECT_TRUE(CodeStore(root(), limits).add_zip(zip).ok());
  limits.max_zip_bytes -= 1;
  auto refused = CodeStore(root(), limits).add_zip(zip);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(refused.error().type, "RequestEntityTooLargeException");
  // AWS's own limit and words.
  auto large = CodeStore(root()).add_zip(std::string(52'428'801, 'x'));
  EXPECT_EQ(large.error().message, "Zipped size must be smaller than 52428800 bytes");
}

TEST_F(CodeStoreTest, UnzippedSizeLimitCountsAllFiles) {
  const std::string zip =
      ZipBuilder().file("a", std::string(600, 'x')).file("b", std::string(400, 'x')).finish();
  CodeLimits limits;
  limits.max_unzipped_bytes = 999;
  expect_refused(zip, "Unzipped size must be smaller than 999 bytes", limits);
  limits.max_unzipped_bytes = 1000;
  EXPECT_TRUE(CodeStore(root(), limits).add_zip(zip).ok());
}

TEST_F(CodeStoreTest, ABombIsStoppedAtTheLimit) {
  const std::string zip = bomb(270'000'000);
  ASSERT_LT(zip.size(), 1'000'000U);
  expect_refused(zip, "Unzipped size must be smaller than 262144000 bytes");
}

TEST_F(CodeStoreTest, ABombThatLiesAboutItsSizeIsRefused) {
  std::string zip = bomb(5'000'000);
  // The sizes in the central directory: 10 bytes instead of 5 million.
  const size_t central = zip.find("PK\x01\x02");
  ASSERT_NE(central, std::string::npos);
  zip[central + 24] = 10;
  zip[central + 25] = zip[central + 26] = zip[central + 27] = 0;
  CodeLimits limits;
  limits.max_unzipped_bytes = 1'000'000;
  expect_refused(zip, testing::_, limits);
}

// Small to send, and slow to make and to remove.
TEST_F(CodeStoreTest, PathsWithoutEndAreRefusedBeforeTheyAreMade) {
  const auto path = [](int levels, const std::string& top) {
    std::string name = top;
    for (int i = 1; i < levels; ++i) name += "/d";
    return name;
  };
  CodeStore store(root());
  EXPECT_TRUE(store.add_zip(ZipBuilder().file(path(128, "a"), "").finish()).ok());
  fs::remove_all(root());
  expect_refused(ZipBuilder().file(path(129, "a"), "").finish(),
                 HasSubstr("/d/d/…' is more than 128 levels deep)"));
  ZipBuilder many_folders;
  for (int i = 0; i < 1000; ++i) many_folders.file(path(128, std::to_string(i)), "");
  const auto before = std::chrono::steady_clock::now();
  expect_refused(many_folders.finish(), HasSubstr("(it has more than 100000 files and folders)"));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(1));
  // The same folders again and again.
  CodeLimits limits;
  limits.max_entries = 1000;
  ZipBuilder far;
  for (int i = 0; i < 200; ++i) far.file(path(100, "a") + "/" + std::to_string(i), "");
  expect_refused(far.finish(), HasSubstr("have more than 16000 levels together)"), limits);
}

TEST_F(CodeStoreTest, EntryLimitCountsImpliedFolders) {
  CodeLimits limits;
  limits.max_entries = 4;
  EXPECT_TRUE(CodeStore(root(), limits).add_zip(ZipBuilder().file("a/b/c/f", "").finish()).ok());
  fs::remove_all(root());
  expect_refused(ZipBuilder().file("a/b/c/d/f", "").finish(),
                 HasSubstr("more than 4 files and folders"), limits);
}

TEST_F(CodeStoreTest, HotReload) {
  CodeStore store(root());
  const std::string folder = dir_ / "fn";
  fs::create_directories(folder);
  std::ofstream(folder + "/file") << "x";
  auto code = store.add_hot_reload(folder + "/");
  ASSERT_TRUE(code.ok()) << code.error().message;
  EXPECT_EQ(code->hot_reload_dir, folder);
  EXPECT_EQ(store.task_dir(*code), folder);
  EXPECT_EQ(store.zip_path(*code), "");
  EXPECT_EQ(code->sha256_base64, sha256_base64(folder));

  for (const std::string& bad :
       {std::string("relative"), dir_ / "none", folder + "/file", std::string()}) {
    SCOPED_TRACE(bad);
    auto refused = store.add_hot_reload(bad);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().type, "InvalidParameterValueException");
    EXPECT_THAT(refused.error().message,
                AllOf(HasSubstr("'" + bad + "'"), HasSubstr("absolute path")));
  }
}

TEST_F(CodeStoreTest, AHotReloadFolderThatFunctionsCantReadIsRefused) {
  const std::string folder = dir_ / "fn";
  fs::create_directories(folder);
  const auto add = [&](unsigned mode, CodeReaders readers) {
    fs::permissions(folder, fs::perms(mode));
    CodeStore store(root());
    store.set_readers(readers);
    const auto added = store.add_hot_reload(folder);
    return added ? std::string() : added.error().message;
  };
  EXPECT_EQ(add(0700, CodeReaders::kOwner), "");
  EXPECT_EQ(add(0705, CodeReaders::kOthers), "");
  EXPECT_EQ(add(0755, CodeReaders::kOthers), "");
  for (const unsigned mode : {0700u, 0771u, 0774u, 0770u})
    EXPECT_THAT(add(mode, CodeReaders::kOthers),
                AllOf(HasSubstr("'" + folder + "' has the mode 07"), HasSubstr("another user"),
                      HasSubstr("chmod o+rx " + folder)))
        << mode;
}

TEST_F(CodeStoreTest, CollectRemovesWhatNobodyUses) {
  CodeStore store(root());
  auto kept = store.add_zip(ZipBuilder().file("a", "1").finish());
  auto dropped = store.add_zip(ZipBuilder().file("a", "2").finish());
  ASSERT_TRUE(kept.ok() && dropped.ok());
  fs::create_directories(root() + "/.new-left-by-a-kill/x");
  store.collect({kept->zip_sha_hex}, store.hold_for_collect());
  EXPECT_TRUE(fs::exists(store.task_dir(*kept) + "/a"));
  EXPECT_TRUE(fs::exists(store.zip_path(*kept)));
  EXPECT_EQ(files_in_store(), 2U);
  // A dropped package can come back.
  auto again = store.add_zip(ZipBuilder().file("a", "2").finish());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(content_of(store.task_dir(*again) + "/a"), "2");
}

TEST_F(CodeStoreTest, WhenTheEngineGoesDownNothingIsUnpackedAndNothingLeft) {
  const auto code = CodeStore(root()).add_zip(ZipBuilder().file("a", "1").finish());
  const auto other = CodeStore(root()).add_zip(ZipBuilder().file("a", "2").finish());
  ASSERT_TRUE(code.ok() && other.ok());
  const auto before = files_in_store();
  std::stop_source ending;
  CodeStore store(root(), {}, ending.get_token());
  ending.request_stop();
  const auto refused = store.add_zip(ZipBuilder().file("a", "3").finish());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  const auto apart = store.merge({code->zip_sha_hex, other->zip_sha_hex});
  ASSERT_FALSE(apart.ok());
  EXPECT_EQ(apart.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(files_in_store(), before);
}

TEST_F(CodeStoreTest, CollectSparesWhatAChangeIsAboutToReferTo) {
  CodeStore store(root());
  const std::string zip = ZipBuilder().file("a", "1").finish();
  const auto there = [&] { return files_in_store() > 0; };
  auto change = store.hold();
  ASSERT_TRUE(store.add_zip(zip).ok());
  auto later = store.hold();
  store.collect({}, store.hold_for_collect());
  EXPECT_TRUE(there());
  // Who asked before the change was made doesn't know of it when it is.
  auto asked_before = store.hold_for_collect();
  change.reset();
  auto asked_since = store.hold_for_collect();
  store.collect({}, asked_since);
  EXPECT_TRUE(there());
  store.collect({}, asked_before);
  EXPECT_TRUE(there());
  asked_since.reset();
  asked_before.reset();
  store.collect({}, store.hold_for_collect());
  EXPECT_FALSE(there()) << "the other hold is younger than the package";
  // One that is there is added again.
  ASSERT_TRUE(store.add_zip(zip).ok());
  change = store.hold();
  later.reset();
  ASSERT_TRUE(store.add_zip(zip).ok());
  store.collect({}, store.hold_for_collect());
  EXPECT_TRUE(there());
  // A later process does not know of the addition.
  CodeStore next(root());
  next.collect({}, next.hold_for_collect());
  EXPECT_FALSE(there());
}

TEST_F(CodeStoreTest, CollectSparesWhatASandboxHasMounted) {
  auto code = CodeStore(root()).add_zip(ZipBuilder().file("a", "1").finish());
  ASSERT_TRUE(code.ok());
  CodeStore store(root());
  auto first = store.pin(code->zip_sha_hex);
  auto second = store.pin(code->zip_sha_hex);
  first.reset();
  store.collect({}, store.hold_for_collect());
  EXPECT_TRUE(fs::exists(store.task_dir(*code) + "/a"));
  second.reset();
  store.collect({}, store.hold_for_collect());
  EXPECT_EQ(files_in_store(), 0U);
}

TEST_F(CodeStoreTest, MergeLaysLaterPackagesOverEarlierOnes) {
  CodeStore store(root());
  const auto key = [&](const ZipBuilder& zip) { return store.add_zip(zip.finish())->zip_sha_hex; };
  const std::string first = key(ZipBuilder()
                                    .file("both", "1")
                                    .file("d/only1", "1")
                                    .file("file-then-folder", "1")
                                    .file("folder-then-file/x", "1")
                                    .file("elsewhere/kept", "1")
                                    .link("link-then-folder", "elsewhere")
                                    .link("link-then-file", "both")
                                    .file("run", "1", 0755));
  const std::string second = key(ZipBuilder()
                                     .file("both", "2")
                                     .file("d/only2", "2")
                                     .file("file-then-folder/x", "2")
                                     .file("folder-then-file", "2")
                                     .file("link-then-folder/x", "2")
                                     .file("link-then-file", "2")
                                     .link("link", "d"));
  auto merged = store.merge({first, second});
  ASSERT_TRUE(merged.ok()) << merged.error().message;
  const std::string folder = store.folder(*merged);
  EXPECT_EQ(content_of(folder + "/both"), "2");
  EXPECT_EQ(content_of(folder + "/d/only1") + content_of(folder + "/d/only2"), "12");
  EXPECT_EQ(content_of(folder + "/file-then-folder/x"), "2");
  EXPECT_EQ(content_of(folder + "/folder-then-file"), "2");
  EXPECT_FALSE(fs::is_symlink(folder + "/link-then-folder"));
  EXPECT_EQ(content_of(folder + "/link-then-folder/x"), "2");
  EXPECT_FALSE(fs::exists(folder + "/elsewhere/x"));
  EXPECT_FALSE(fs::is_symlink(folder + "/link-then-file"));
  EXPECT_EQ(fs::read_symlink(folder + "/link"), "d");
  EXPECT_EQ(mode(folder), 0755U);
  EXPECT_EQ(mode(folder + "/d"), 0755U);
  EXPECT_EQ(mode(folder + "/run"), 0755U);
  EXPECT_EQ(fs::hard_link_count(folder + "/run"), 2U) << "nothing is copied";
  // What was merged from is as it was.
  EXPECT_EQ(content_of(store.folder(first) + "/both"), "1");
  EXPECT_EQ(content_of(store.folder(first) + "/folder-then-file/x"), "1");

  EXPECT_EQ(*store.merge({first, second}), *merged);
  EXPECT_NE(*store.merge({second, first}), *merged) << "the order counts";
  EXPECT_EQ(*store.merge({first}), first) << "one package is its own folder";
  auto refused = store.merge({first, "gone"});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("gone"));
}

TEST_F(CodeStoreTest, AMergedFolderOutlivesItsPackagesAndGoesWhenUnused) {
  std::string merged;
  {
    CodeStore store(root());
    auto a = store.add_zip(ZipBuilder().file("a", "1").finish());
    auto b = store.add_zip(ZipBuilder().file("b", "2").finish());
    merged = *store.merge({a->zip_sha_hex, b->zip_sha_hex});
  }
  CodeStore store(root());
  store.collect({merged}, store.hold_for_collect());
  EXPECT_EQ(files_in_store(), 1U);
  EXPECT_EQ(content_of(store.folder(merged) + "/a") + content_of(store.folder(merged) + "/b"),
            "12");
  auto pin = store.pin(merged);
  store.collect({}, store.hold_for_collect());
  EXPECT_EQ(files_in_store(), 1U) << "a sandbox has it mounted";
  pin.reset();
  store.collect({}, store.hold_for_collect());
  EXPECT_EQ(files_in_store(), 0U);
}

TEST_F(CodeStoreTest, UnpackedBytesAreThoseOfTheFiles) {
  CodeStore store(root());
  const std::string zip =
      ZipBuilder().file("a", "123").file("d/b", "45").link("l", "a").folder("e").finish();
  for (int round = 0; round < 2; ++round) {
    auto code = store.add_zip(zip);
    ASSERT_TRUE(code.ok());
    EXPECT_EQ(code->unpacked_bytes, 5) << "also of a package that is there already";
  }
}

TEST_F(CodeStoreTest, TheSameMergeFromManyThreads) {
  CodeStore store(root());
  auto a = store.add_zip(ZipBuilder().file("a", "1").finish());
  auto b = store.add_zip(ZipBuilder().file("b", "2").finish());
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      good += store.merge({a->zip_sha_hex, b->zip_sha_hex}).ok() ? 1 : 0;
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(good, 8);
  EXPECT_EQ(files_in_store(), 5U) << "two packages with their zips, one folder, nothing unfinished";
}

TEST_F(CodeStoreTest, TheSamePackageFromManyThreads) {
  CodeStore store(root());
  ZipBuilder zip;
  for (int i = 0; i < 50; ++i) zip.file("d/" + std::to_string(i), std::string(100, 'x'));
  const std::string bytes = zip.finish();
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { good += store.add_zip(bytes).ok() ? 1 : 0; });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(good, 8);
  EXPECT_EQ(files_in_store(), 2U);
}

}  // namespace
}  // namespace kiln::store
