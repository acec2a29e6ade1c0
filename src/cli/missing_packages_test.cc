#include "cli/missing_packages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/cli_folder.h"

namespace kiln::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(MissingPackages, ReadsTheNamesOfRequirements) {
  EXPECT_THAT(required_packages("# what we need\n"
                                "Requests[socks]>=2.31,<3  # http\n"
                                "  python-dateutil ; python_version < '3.12'\r\n"
                                "\n"
                                "-r more.txt\n--index-url https://example.com\n"
                                "./local/package\nlocal/package\n"
                                "https://example.com/a.whl\ngit+https://example.com/b\n"
                                "zope.interface @ https://example.com/zope.whl\n"
                                "numpy==1.26"),
              ElementsAre("requests", "python_dateutil", "zope_interface", "numpy"));
  EXPECT_THAT(required_packages(""), IsEmpty());
}

TEST(MissingPackages, ReadsTheDependenciesOfAPackage) {
  EXPECT_THAT(node_packages(R"({"dependencies": {"express": "^4", "@scope/x": "1"},
                                "devDependencies": {"jest": "1"}})"),
              ElementsAre("@scope/x", "express"));
  for (const char* none : {"", "{", "[]", "{}", R"({"dependencies": ["x"]})"})
    EXPECT_THAT(node_packages(none), IsEmpty()) << none;
}

std::string missing_in(const TestFolder& folder) {
  return missing_packages(folder.path(), *code_entries(folder.path()));
}

TEST(MissingPackages, OfPythonGoWithThePipCommand) {
  const TestFolder folder;
  EXPECT_EQ(missing_packages(folder.path(), {}), "");
  folder.write("requirements.txt",
               "pytest==8\npytest-cov\nmoto[s3]\nmypy_boto3_s3\nTypes-PyYAML\n");
  EXPECT_EQ(missing_packages(folder.path(), *code_entries(folder.path())), "");
  const std::string file = folder.write("requirements.txt", "requests\nboto3\nnumpy\nmine\n");
  folder.write("mine.py", "");
  EXPECT_EQ(missing_in(folder),
            "requirements.txt asks for requests and 1 more, which the folder doesn't have; "
            "`python3 -m pip install --target " +
                folder.path() + " -r " + file + "` puts them there");
  folder.write("numpy-1.26.0.dist-info/METADATA", "");
  EXPECT_EQ(missing_in(folder),
            "requirements.txt asks for requests, which the folder doesn't have; "
            "`python3 -m pip install --target " +
                folder.path() + " -r " + file + "` puts it there");
  folder.write("requests/__init__.py", "");
  EXPECT_EQ(missing_in(folder), "");
}

TEST(MissingPackages, QuoteTheFoldersInTheirCommands) {
  EXPECT_EQ(pip_command("my f", "requests"), "`python3 -m pip install --target 'my f' requests`");
  EXPECT_EQ(npm_command("it's"), "`npm install --prefix 'it'\\''s'`");
  EXPECT_EQ(npm_command("./f", "@aws/x"), "`npm install --prefix ./f @aws/x`");
  const TestFolder folder;
  folder.write("my f/requirements.txt", "requests\n");
  const std::string code = folder.path() + "/my f";
  EXPECT_THAT(missing_packages(code, *code_entries(code)),
              testing::HasSubstr(" --target '" + code + "' -r '" + code + "/requirements.txt'`"));
}

TEST(MissingPackages, OfNodeGoWithTheNpmCommand) {
  const TestFolder folder;
  folder.write("package.json",
               R"({"dependencies": {"express": "1", "@aws-sdk/client-s3": "3", "@a/b": "1"}})");
  folder.write("node_modules/express/index.js", "");
  EXPECT_EQ(missing_in(folder),
            "package.json asks for @a/b, which the folder doesn't have; `npm install --prefix " +
                folder.path() + "` puts it there");
  folder.write("node_modules/@a/b/index.js", "");
  EXPECT_EQ(missing_in(folder), "");
}

}  // namespace
}  // namespace kiln::cli
