// Folders made into archives, and what is told from them.
#include "cli/code_source.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <clocale>
#include <filesystem>
#include <map>

#include "cli/dir_zip.h"
#include "tests/support/cli_folder.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;

struct Unpacked {
  int mode = 0;
  std::string content;
  std::string link;
};

// Reads the archive as the engine's unzip would: by its central directory.
std::map<std::string, Unpacked> unpack(const std::string& zip) {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  std::map<std::string, Unpacked> files;
  archive* reader = archive_read_new();
  archive_read_support_format_zip_seekable(reader);
  EXPECT_EQ(archive_read_open_memory(reader, zip.data(), zip.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    Unpacked& file = files[archive_entry_pathname_utf8(entry)];
    file.mode = static_cast<int>(archive_entry_perm(entry));
    if (const char* link = archive_entry_symlink(entry)) file.link = link;
    file.content.resize(static_cast<size_t>(archive_entry_size(entry)));
    if (!file.content.empty()) {
      EXPECT_EQ(archive_read_data(reader, file.content.data(), file.content.size()),
                static_cast<la_ssize_t>(file.content.size()));
    }
  }
  archive_read_free(reader);
  std::setlocale(LC_CTYPE, "C");
  return files;
}

std::string zip_of(const std::string& folder) { return pack_folder(folder, Pick::kCode)->zip; }

TEST(DirZip, KeepsContentRunBitsFoldersHiddenFilesAndLinks) {
  const TestFolder folder;
  folder.write("bootstrap", "#!/bin/sh\n", 0755);
  folder.write("lib/data.txt", std::string(200'000, 'x'), 0640);
  folder.write(".hidden", "h");
  folder.write("empty", "");
  folder.write("lib/ümlaut.txt", "u");
  fs::create_directory(fs::path(folder.path()) / "nothing-in-it");
  fs::create_symlink("lib/data.txt", fs::path(folder.path()) / "link");
  fs::create_symlink("../bootstrap", fs::path(folder.path()) / "lib" / "up");

  const Result<PackedFolder> packed = pack_folder(folder.path(), Pick::kCode);
  ASSERT_TRUE(packed) << packed.error().message;
  EXPECT_LT(packed->zip.size(), 20'000U);  // compressed
  EXPECT_EQ(packed->files, 7U);
  EXPECT_EQ(packed->bytes, 200'012);
  auto files = unpack(packed->zip);
  EXPECT_EQ(files["bootstrap"].mode, 0755);
  EXPECT_EQ(files["bootstrap"].content, "#!/bin/sh\n");
  EXPECT_EQ(files["lib/data.txt"].content, std::string(200'000, 'x'));
  EXPECT_EQ(files["lib/data.txt"].mode, 0640);
  EXPECT_TRUE(files.contains(".hidden"));
  EXPECT_TRUE(files.contains("empty"));
  EXPECT_TRUE(files.contains("lib/ümlaut.txt"));
  EXPECT_TRUE(files.contains("nothing-in-it/"));
  EXPECT_EQ(files["link"].link, "lib/data.txt");
  EXPECT_EQ(files["lib/up"].link, "../bootstrap");
}

TEST(DirZip, SameFilesMakeTheSameBytes) {
  const TestFolder a;
  const TestFolder b;
  for (const TestFolder* folder : {&a, &b}) {
    folder->write("z.py", "z");
    folder->write("a.py", "a");
  }
  fs::last_write_time(fs::path(a.path()) / "a.py",
                      fs::file_time_type::clock::now() - std::chrono::hours(99));
  EXPECT_EQ(zip_of(a.path()), zip_of(b.path()));
  b.write("a.py", "b");
  EXPECT_NE(zip_of(a.path()), zip_of(b.path()));
}

TEST(DirZip, LeavesOutWhatIsNoCodeAndSaysSo) {
  const TestFolder folder;
  folder.write("index.js", "x");
  folder.write(".git/objects/pack", std::string(1000, 'g'));
  folder.write(".kiln/kiln.db", "");
  folder.write(".kiln/lock", "");
  folder.write("build/out.js", "b");
  folder.write("node_modules/x/index.js", "n");
  folder.write(".gitignore", "build/\nnode_modules/\n*.log\n");
  folder.write("a.log", "l");
  const Result<PackedFolder> packed = pack_folder(folder.path(), Pick::kCode);
  ASSERT_TRUE(packed) << packed.error().message;
  std::vector<std::string> names;
  for (const auto& [name, file] : unpack(packed->zip))
    if (!name.ends_with('/')) names.push_back(name);
  EXPECT_THAT(names, testing::ElementsAre(".gitignore", "index.js", "node_modules/x/index.js"));
  std::vector<std::string> left_out;
  for (const LeftOut& item : packed->left_out) left_out.push_back(item.path + ": " + item.why);
  EXPECT_THAT(left_out,
              testing::ElementsAre(".git: version control", ".kiln: the data folder of a Kiln",
                                   "a.log: .gitignore", "build: .gitignore"));
  EXPECT_EQ(pack_folder(folder.path(), Pick::kEverything)->files, 8U);
  // The entries that runtime and handler are inferred from are the same.
  EXPECT_EQ(code_entries(folder.path())->size(), 3U);
}

TEST(DirZip, SaysWhyNothingIsLeft) {
  const TestFolder folder;
  folder.write(".git/HEAD", "x");
  EXPECT_THAT(pack_folder(folder.path(), Pick::kCode).error().message,
              HasSubstr(".git is left out (version control)"));
}

TEST(DirZip, RefusesLinksThatLeaveTheFolder) {
  for (const char* target : {"/etc/passwd", "../outside", "lib/../../outside"}) {
    const TestFolder folder;
    fs::create_symlink(target, fs::path(folder.path()) / "link");
    const Result<PackedFolder> zip = pack_folder(folder.path(), Pick::kCode);
    ASSERT_FALSE(zip) << target;
    EXPECT_THAT(zip.error().message, HasSubstr(target));
  }
}

TEST(DirZip, RefusesPipesEmptyAndMissingFolders) {
  const TestFolder folder;
  EXPECT_THAT(pack_folder(folder.path(), Pick::kCode).error().message, HasSubstr("empty"));
  EXPECT_THAT(pack_folder(folder.path() + "/no", Pick::kCode).error().message, HasSubstr("/no'"));
  ASSERT_EQ(mkfifo((folder.path() + "/pipe").c_str(), 0600), 0);
  EXPECT_THAT(pack_folder(folder.path(), Pick::kCode).error().message, HasSubstr("pipe"));
}

TEST(DirZip, HoldsTheUnpackedLimitToTheByte) {
  const TestFolder folder;
  folder.write("a", std::string(600, 'a'));
  folder.write("b", std::string(400, 'b'));
  EXPECT_TRUE(pack_folder(folder.path(), Pick::kCode, 1000));
  const std::string refusal = pack_folder(folder.path(), Pick::kCode, 999).error().message;
  EXPECT_THAT(refusal, HasSubstr("1000 bytes; unpacked code may have 999 bytes"));
  EXPECT_THAT(refusal, HasSubstr("\n  600 bytes  a\n  400 bytes  b\n"));
  EXPECT_THAT(refusal, HasSubstr(".kilnignore"));
}

TEST(DirZip, AFileAloneIsPackedUnderItsName) {
  const TestFolder folder;
  folder.write("bin/bootstrap", "#!/bin/sh", 0755);
  const Result<std::string> zip = pack_file(folder.path() + "/bin/bootstrap");
  ASSERT_TRUE(zip.ok());
  const auto files = unpack(*zip);
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files.at("bootstrap").content, "#!/bin/sh");
  EXPECT_EQ(files.at("bootstrap").mode, 0755);
  EXPECT_THAT(pack_file(folder.path() + "/bin").error().message, HasSubstr("is not a file"));
  EXPECT_THAT(pack_file(folder.path() + "/none").error().message, HasSubstr("/none'"));
}

TEST(ZipEntries, ListsFilesAndRefusesOtherBytes) {
  const TestFolder folder;
  folder.write("bootstrap", "x", 0755);
  folder.write("d/plain", "x", 0644);
  folder.write("ü", "x", 0644);
  const Result<std::vector<CodeEntry>> entries = zip_entries(zip_of(folder.path()));
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_EQ((*entries)[0].path, "bootstrap");
  EXPECT_TRUE((*entries)[0].executable);
  EXPECT_EQ((*entries)[1].path, "d/plain");
  EXPECT_FALSE((*entries)[1].executable);
  EXPECT_EQ((*entries)[2].path, "ü");
  EXPECT_FALSE(zip_entries("not a zip at all"));
  EXPECT_FALSE(zip_entries(""));
}

TEST(ReadCode, TakesAZipFileByteForByte) {
  const TestFolder folder;
  folder.write("code/bootstrap", "x", 0755);
  const std::string zip = zip_of(folder.path() + "/code");
  const std::string file = folder.write("code.zip", zip);
  const Result<CodeSource> source = read_code(file, CodeForm::kPackage);
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ(source->zip, zip);
  EXPECT_EQ(source->entries.size(), 1U);
}

TEST(ReadCode, HotReloadNeedsAFolderAndGivesItsAbsolutePath) {
  const TestFolder folder;
  const std::string file = folder.write("index.js", "x");
  EXPECT_THAT(read_code(file, CodeForm::kHotReload).error().message, HasSubstr("--hot-reload"));
  const Result<CodeSource> source = read_code(folder.path() + "/./", CodeForm::kHotReload);
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ(source->hot_reload_dir, fs::canonical(folder.path()).string());
  EXPECT_EQ(source->entries.size(), 1U);
}

TEST(ReadCode, NamesWhatIsNotThereOrNotCode) {
  const TestFolder folder;
  const std::string file = folder.write("notes.txt", "hello");
  EXPECT_THAT(read_code(folder.path() + "/no", CodeForm::kPackage).error().message,
              HasSubstr("there is no file"));
  EXPECT_THAT(read_code(file, CodeForm::kPackage).error().message, HasSubstr("zip archive"));
  const std::string handler = folder.write("app.py", "x");
  EXPECT_THAT(read_code(handler, CodeForm::kPackage).error().message,
              HasSubstr("if it is the code, give its folder: " + folder.path()));
}

// Of a place that says nothing of its interpreters.
std::string unknown(const std::string& language) {
  EXPECT_TRUE(language == "python" || language == "nodejs") << language;
  return "";
}

Result<RuntimeChoice> choose(std::vector<CodeEntry> entries, RuntimeChoice wanted,
                             const NewestRuntime& newest) {
  CodeSource source;
  source.entries = std::move(entries);
  return choose_runtime(source, std::move(wanted), newest);
}

TEST(ChooseRuntime, TakesTheOnlyHandlerAndNamesSeveral) {
  const TestFolder folder;
  const auto chosen = [&](const std::string& file, const std::string& text, CodeForm form) {
    folder.write(file, text);
    const std::string top = file.substr(0, file.find('/'));
    const auto source = read_code(folder.path() + "/" + top, form);
    return source ? choose_runtime(*source, {}, unknown) : Result<RuntimeChoice>(source.error());
  };
  const auto said = [&](const std::string& file, const std::string& text, CodeForm form) {
    const auto choice = chosen(file, text, form);
    return choice ? choice->handler : choice.error().message;
  };
  folder.write("main/package.json", R"({"type": "module", "main": "./src/app.js"})");
  folder.write("gone/package.json", R"({"main": "src/app.js"})");
  for (const CodeForm form : {CodeForm::kPackage, CodeForm::kHotReload}) {
    EXPECT_EQ(said("cron/handler.py", "def run(event, context): pass\n", form), "handler.run");
    EXPECT_EQ(said("two/app.py", "def f(a, b): pass\ndef handler(e, c): pass\n", form),
              "app.handler");
    EXPECT_EQ(said("one/app.mjs", "export const run = async () => 1;\n", form), "app.run");
    EXPECT_EQ(said("beside/app.mjs",
                   "export const wrap = f(1);\nexport const handler = async () => 1;\n", form),
              "app.handler");
    EXPECT_EQ(said("lists/app.js", "0 && (module.exports = {\n  handler,\n  other\n});\n", form),
              "app.handler");
    EXPECT_EQ(said("main/src/app.js", "export const run = async () => 1;\n", form), "src/app.run");
    EXPECT_EQ(chosen("main/src/app.js", "exports.a = f\n", form)->runtime, "nodejs22.x");
    EXPECT_THAT(said("gone/lib/app.js", "exports.a = f\n", form),
                EndsWith("there is code in " +
                         (form == CodeForm::kPackage ? folder.path()
                                                     : fs::canonical(folder.path()).string()) +
                         "/gone/lib: give that folder, or --runtime and --handler"));
    EXPECT_THAT(said("rest/handler.js", "exports.a = f\nexports.b = g\n", form),
                EndsWith("; give --handler handler.a, or handler.b"));
    EXPECT_THAT(said("none/app.py", "x = 1\n", form),
                EndsWith("; give --handler app.FUNCTION, such as app.lambda_handler"));
  }
}

TEST(ChooseRuntime, ReadsTheFilesOfAnArchive) {
  const TestFolder folder;
  const auto of_archive = [&](const std::string& name) {
    CodeSource source;
    source.zip = zip_of(folder.path() + "/" + name);
    source.entries = *zip_entries(source.zip);
    return source;
  };
  folder.write("cron/handler.py", std::string(200'000, '#') + "\ndef run(event, context): pass\n");
  EXPECT_EQ(choose_runtime(of_archive("cron"), {}, unknown)->handler, "handler.run");
  folder.write("rest/handler.js", "exports.a = f\nexports.b = g\n");
  EXPECT_THAT(choose_runtime(of_archive("rest"), {}, unknown).error().message,
              EndsWith("; give --handler handler.a, or handler.b"));
  folder.write("main/package.json", R"({"main": "src/app.js"})");
  folder.write("main/src/app.js", "exports.run = f\n");
  EXPECT_EQ(choose_runtime(of_archive("main"), {}, unknown)->handler, "src/app.run");
}

TEST(ChooseRuntime, TakesTheOnlyFunctionOfTheDefaultFile) {
  const TestFolder folder;
  const auto chosen = [&](const std::string& file, const std::string& text) {
    folder.write(file, text);
    const std::string top = folder.path() + "/" + file.substr(0, file.find('/'));
    return choose_runtime(*read_code(top, CodeForm::kPackage), {}, unknown)->handler;
  };
  EXPECT_EQ(chosen("a/lambda_function.py", "def handler(event, context): pass\n"),
            "lambda_function.handler");
  EXPECT_EQ(chosen("b/index.mjs", "export const run = async () => 1;\n"), "index.run");
  // The default one is there, or may be, or it isn't sure which one it is.
  for (const char* text :
       {"def lambda_handler(event, context): pass\ndef other(event, context): pass\n",
        "from app import lambda_handler\ndef other(event, context): pass\n",
        "from app import *\ndef other(event, context): pass\n",
        "def one(event, context): pass\ndef other(event, context): pass\n", "x = 1\n"})
    EXPECT_EQ(chosen("c/lambda_function.py", text), "lambda_function.lambda_handler") << text;
}

TEST(HandlerFault, AFileIsReadOnceForTheChoiceAndTheFault) {
  const TestFolder folder;
  folder.write("lambda_function.py", "def run(event, context): pass\nLIST = []\n");
  for (const CodeForm form : {CodeForm::kHotReload, CodeForm::kPackage}) {
    const CodeSource source = *read_code(folder.path(), form);
    const auto newest = [](const std::string&) { return std::string("python3.13"); };
    EXPECT_EQ(choose_runtime(source, {}, newest)->handler, "lambda_function.run");
    const std::string file = folder.path() + "/lambda_function.py";
    fs::rename(file, file + ".away");
    EXPECT_THAT(handler_fault(source, {"python3.13", "lambda_function.go"}),
                HasSubstr("lambda_function.py has no 'go'"));
    fs::rename(file + ".away", file);
  }
}

TEST(HandlerFault, NamesTheFileOrTheFunctionThatIsNotThere) {
  const TestFolder folder;
  folder.write("app.py", "def run(event, context): pass\nhandler = make()\n");
  folder.write("all.py", "from app import *\n");
  folder.write("src/web.js", "module.exports.get = f\nconst put = 1; module.exports = {put};\n");
  folder.write("pack/__init__.py", "x = 1\n");
  const CodeSource source = *read_code(folder.path(), CodeForm::kPackage);
  const auto said = [&](const char* runtime, const char* handler) {
    return handler_fault(source, {runtime, handler});
  };
  for (const char* fine : {"app.run", "app.handler", "all.anything", "pack.handler"})
    EXPECT_EQ(said("python3.12", fine), "") << fine;
  for (const char* fine : {"src/web.get", "./src/web.put", "src/web.get.inner"})
    EXPECT_EQ(said("nodejs22.x", fine), "") << fine;
  EXPECT_EQ(said("provided.al2023", "anything"), "");
  EXPECT_EQ(said("python3.12", "nope.f"),
            "the handler is 'nope.f', and the code has no nope.py; the code has app.run");
  EXPECT_EQ(said("python3.12", "app.rum"),
            "the handler is 'app.rum', and app.py has no 'rum'; the code has app.run");
  EXPECT_EQ(said("python3.12", "run"),
            "the handler is 'run', and it must be FILE.FUNCTION; the code has app.run");
  EXPECT_EQ(said("nodejs22.x", "web.get"), "the handler is 'web.get', and the code has no web.js");
  EXPECT_EQ(
      said("nodejs22.x", "src/web.post"),
      "the handler is 'src/web.post', and src/web.js has no 'post'; the code has src/web.get");
}

TEST(ChooseRuntime, SaysWhatToDoWhereItCannotTell) {
  const auto said = [](const char* file) { return choose({{file}}, {}, unknown).error().message; };
  EXPECT_THAT(said("app.py"), HasSubstr("give --handler app.FUNCTION, such as app.lambda_handler"));
  EXPECT_THAT(said("app.mjs"), HasSubstr("give --handler app.FUNCTION, such as app.handler"));
  EXPECT_THAT(said("src/index.ts"),
              HasSubstr("`npx esbuild src/index.ts --bundle --platform=node "
                        "--outfile=build/index.js`; then give the folder build"));
  EXPECT_THAT(choose({{"CMakeLists.txt"}, {"build/CMakeFiles/x/compiler_depend.ts"}, {"main.cc"}},
                     {}, unknown)
                  .error()
                  .message,
              HasSubstr("`kiln dev DIR` builds a project with CMake"));
  EXPECT_THAT(
      choose({{"index.ts"}, {"tsconfig.json"}, {"dist/index.js"}}, {}, unknown).error().message,
      HasSubstr("what was built of its .ts files: `kiln create NAME DIR/dist`"));
  EXPECT_THAT(choose({{"index.ts"}, {"dist/a/index.js"}}, {}, unknown).error().message,
              HasSubstr("`npx esbuild index.ts"));
  EXPECT_THAT(said("main.go"), HasSubstr("go build -o build/bootstrap .`"));
  EXPECT_THAT(said("src/main.rs"), HasSubstr("`cargo build --release`"));
  EXPECT_THAT(said("App.java"), HasSubstr("a script bootstrap that starts java"));
  EXPECT_THAT(said("app.rb"), HasSubstr("a script bootstrap that starts ruby"));
  EXPECT_THAT(said("F.cs"), HasSubstr("name it bootstrap"));
  EXPECT_THAT(said("main.cpp"), HasSubstr("`kiln new NAME`"));
  EXPECT_THAT(said("main.f90"), HasSubstr("give --runtime and --handler"));
  // Its configuration is no handler's file.
  EXPECT_THAT(choose({{"jest.config.js"}, {"app.ts"}}, {}, unknown).error().message,
              HasSubstr("esbuild app.ts"));
}

TEST(ChooseRuntime, LeavesThePackagesOfOthersAside) {
  const auto said = [](const std::vector<CodeEntry>& entries) {
    return choose(entries, {}, unknown).error().message;
  };
  const CodeEntry rxjs{"node_modules/rxjs/src/index.ts"};
  EXPECT_THAT(said({rxjs, {"app.js"}}), HasSubstr("give --handler app.FUNCTION"));
  EXPECT_EQ(choose({rxjs, {"app.js"}}, {"", "app.run"}, unknown)->runtime, "nodejs22.x");
  EXPECT_THAT(said({rxjs, {"src/main.go"}}), HasSubstr("go build"));
  for (const char* file :
       {"node_modules/rxjs/src/index.ts", "node_modules/esbuild/main.go", "vendor/x/y.go",
        "node_modules/nan/a.cc", "target/debug/build/out.rs", ".venv/lib/numpy/a.cpp",
        "packages/a/node_modules/b/c.ts", "third_party/a.java"})
    EXPECT_THAT(said({{file}}), testing::EndsWith("; give --runtime and --handler")) << file;
  EXPECT_THAT(said({{"shop/app.py"}}),
              HasSubstr("the code is in its folder shop: zip what is in there"));
  // Only a folder's whole name counts.
  EXPECT_THAT(said({{"vendors/main.go"}}), HasSubstr("go build"));
  EXPECT_THAT(said({{"src/vendor.go"}}), HasSubstr("go build"));
}

TEST(ChooseRuntime, PrefersJavaScriptAtTheTopToTypeScriptBelow) {
  const auto said = [](const std::vector<CodeEntry>& entries) {
    return choose(entries, {}, unknown).error().message;
  };
  EXPECT_THAT(said({{"app.js"}, {"src/index.ts"}}), HasSubstr("give --handler app.FUNCTION"));
  EXPECT_THAT(said({{"app.js"}, {"types.d.ts"}}), HasSubstr("give --handler app.FUNCTION"));
  EXPECT_THAT(said({{"app.js"}, {"app.ts"}}), HasSubstr("esbuild app.ts"));
  EXPECT_THAT(said({{"helper.js"}, {"handler.ts"}, {"src/other.ts"}}), HasSubstr("npx esbuild"));
}

struct RuntimeCase {
  const char* what;
  std::vector<CodeEntry> entries;
  RuntimeChoice wanted;
  std::string runtime;  // empty: an error
  std::string handler;
};

TEST(ChooseRuntime, TellsRuntimeAndHandlerFromTheFiles) {
  const std::vector<RuntimeCase> cases{
      {"bootstrap", {{"bootstrap", true}, {"a.py"}}, {}, "provided.al2023", "bootstrap"},
      {"python", {{"lambda_function.py"}}, {}, "python3.13", "lambda_function.lambda_handler"},
      {"other module", {{"app.py"}}, {}, "", ""},
      {"other module, handler given", {{"app.py"}}, {"", "app.run"}, "python3.13", "app.run"},
      {"node", {{"index.js"}}, {}, "nodejs22.x", "index.handler"},
      {"node module", {{"index.mjs"}}, {}, "nodejs22.x", "index.handler"},
      {"not at the top", {{"src/index.js"}, {"src/bootstrap"}, {"src/a.py"}}, {}, "", ""},
      {"runtime given", {{"x"}}, {"python3.9", ""}, "python3.9", "lambda_function.lambda_handler"},
      {"both given", {{"x"}}, {"nodejs20.x", "a.b"}, "nodejs20.x", "a.b"},
      {"nothing known", {{"readme.txt"}}, {}, "", ""},
  };
  for (const RuntimeCase& c : cases) {
    const Result<RuntimeChoice> choice = choose(c.entries, c.wanted, unknown);
    if (c.runtime.empty()) {
      EXPECT_FALSE(choice) << c.what;
      continue;
    }
    ASSERT_TRUE(choice) << c.what << ": " << choice.error().message;
    EXPECT_EQ(choice->runtime, c.runtime) << c.what;
    EXPECT_EQ(choice->handler, c.handler) << c.what;
  }
}

TEST(ChooseRuntime, TakesTheNewestOfTheMachine) {
  const NewestRuntime debian = [](const std::string& language) {
    return language == "python" ? "python3.11" : "nodejs20.x";
  };
  EXPECT_EQ(choose({{"lambda_function.py"}}, {}, debian)->runtime, "python3.11");
  EXPECT_EQ(choose({{"index.mjs"}}, {}, debian)->runtime, "nodejs20.x");
  const NewestRuntime not_asked = [](const std::string& language) {
    ADD_FAILURE() << language;
    return language;
  };
  EXPECT_EQ(choose({{"index.js"}}, {"nodejs24.x", ""}, not_asked)->runtime, "nodejs24.x");
  EXPECT_EQ(choose({{"bootstrap"}}, {}, not_asked)->runtime, "provided.al2023");
}

}  // namespace
}  // namespace kiln::cli
