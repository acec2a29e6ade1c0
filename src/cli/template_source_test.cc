// What a PATH leads to: a cloud assembly, a folder, a file.
#include "cli/template_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/cli_folder.h"

namespace kiln::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string stack_artifact(const std::string& id, const std::string& dependencies,
                           const std::string& more = "") {
  return "\"" + id +
         R"(":{"type":"aws:cloudformation:stack","environment":"aws://unknown-account/)" +
         R"(unknown-region","properties":{"templateFile":")" + id + R"(.template.json")" + more +
         R"(},"dependencies":[)" + dependencies + "]}";
}

std::string manifest(const std::string& artifacts) {
  return R"({"version":"36.0.0","artifacts":{)" + artifacts + "}}";
}

TEST(TemplateSource, CloudAssembly) {
  const TestFolder folder;
  folder.write("manifest.json",
               manifest(R"("A.assets":{"type":"cdk:asset-manifest","properties":{"file":)"
                        R"("A.assets.json"}},"Tree":{"type":"cdk:tree"},)" +
                        stack_artifact("A", R"("B","A.assets")",
                                       R"(,"stackName":"first","parameters":{"P":"1"},)"
                                       R"("tags":{"team":"x"})") +
                        "," + stack_artifact("B", "")));
  folder.write("A.template.json", "{\"a\": 1}");
  folder.write("B.template.json", "{\"b\": 1}");
  folder.write("A.assets.json",
               R"({"files":{"abc":{"source":{"path":"asset.abc","packaging":"zip"},)"
               R"("destinations":{"d":{"bucketName":"b-${AWS::Region}","objectKey":"abc.zip"}}},)"
               R"("prog":{"source":{"executable":["make"]},"destinations":{}}}})");
  const Result<std::vector<StackTemplate>> stacks = read_template_source(folder.path());
  ASSERT_TRUE(stacks.ok()) << stacks.error().message;
  ASSERT_EQ(stacks->size(), 2U);
  EXPECT_EQ((*stacks)[0].stack_name, "B");  // what A depends on comes first
  const StackTemplate& a = (*stacks)[1];
  EXPECT_EQ(a.stack_name, "first");
  EXPECT_EQ(a.text, "{\"a\": 1}");
  EXPECT_EQ(a.file, folder.path() + "/A.template.json");
  EXPECT_EQ(a.folder, folder.path());
  EXPECT_EQ(a.account + a.region, "");
  EXPECT_THAT(a.depends_on, ElementsAre("B"));
  EXPECT_EQ(a.parameters.at("P"), "1");
  EXPECT_EQ(a.tags.at("team"), "x");
  ASSERT_EQ(a.assets.size(), 2U);
  EXPECT_EQ(a.assets[0].id, "abc");
  EXPECT_EQ(a.assets[0].path, folder.path() + "/asset.abc");
  EXPECT_EQ(a.assets[0].packaging, AssetPackaging::kZip);
  ASSERT_EQ(a.assets[0].destinations.size(), 1U);
  EXPECT_EQ(a.assets[0].destinations[0].bucket, "b-${AWS::Region}");
  EXPECT_EQ(a.assets[0].destinations[0].key, "abc.zip");
  EXPECT_EQ(a.assets[1].path, "");  // made by a program
}

TEST(TemplateSource, AnAppsFolderLeadsToItsAssembly) {
  const TestFolder folder;
  folder.write("cdk.out/manifest.json", manifest(stack_artifact("A", "")));
  folder.write("cdk.out/A.template.json", "{}");
  const auto stacks = read_template_source(folder.path());
  ASSERT_TRUE(stacks.ok()) << stacks.error().message;
  EXPECT_EQ(stacks->front().stack_name, "A");
}

TEST(TemplateSource, StagesAreReadToo) {
  const TestFolder folder;
  folder.write("manifest.json",
               manifest(R"("assembly-Prod":{"type":"cdk:cloud-assembly","properties":{)"
                        R"("directoryName":"assembly-Prod"}})"));
  folder.write("assembly-Prod/manifest.json", manifest(stack_artifact("S", "")));
  folder.write("assembly-Prod/S.template.json", "{}");
  const auto stacks = read_template_source(folder.path());
  ASSERT_TRUE(stacks.ok()) << stacks.error().message;
  EXPECT_EQ(stacks->front().folder, folder.path() + "/assembly-Prod");
}

TEST(TemplateSource, EnvironmentsOfStacks) {
  const Result<CdkManifest> read = parse_cdk_manifest(manifest(
      R"("A":{"type":"aws:cloudformation:stack","environment":"aws://123456789012/eu-west-1",)"
      R"("properties":{"templateFile":"a.json"}})"));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->stacks[0].account, "123456789012");
  EXPECT_EQ(read->stacks[0].region, "eu-west-1");
}

TEST(TemplateSource, FilesAndFolders) {
  const TestFolder folder;
  const std::string file = folder.write("my_orders.v2.yaml", "Resources: {}");
  folder.write("shop/template.yml", "a: 1");
  folder.write("shop/template.json", "{}");
  folder.write("9/template.yaml", "b: 1");
  EXPECT_EQ(read_template_source(file)->front().stack_name, "my-orders-v2");
  EXPECT_EQ(read_template_source(file)->front().folder, folder.path());
  const auto shop = read_template_source(folder.path() + "/shop");
  ASSERT_TRUE(shop.ok()) << shop.error().message;
  EXPECT_EQ(shop->front().stack_name, "shop");
  EXPECT_EQ(shop->front().text, "a: 1");  // YAML comes before JSON
  EXPECT_EQ(read_template_source(folder.path() + "/9")->front().stack_name, "stack-9");
}

TEST(TemplateSource, SaysWhatIsWrong) {
  const TestFolder folder;
  const auto error = [](const std::string& path) {
    const auto stacks = read_template_source(path);
    return stacks.ok() ? std::string("none") : stacks.error().message;
  };
  EXPECT_THAT(error(folder.path() + "/nothing"),
              HasSubstr("/nothing'; give a template, a cdk.out, or a folder with one"));
  std::filesystem::create_symlink("nowhere", folder.path() + "/dangling");
  EXPECT_THAT(error(folder.path() + "/dangling"),
              HasSubstr("/dangling' is a link to 'nowhere', which isn't there; give a template"));
  EXPECT_THAT(error(folder.path()), HasSubstr("neither a template.yaml, template.yml"));
  EXPECT_THAT(
      error(folder.write("sls/serverless.yml", "service: x\n")),
      HasSubstr("is for the Serverless Framework, and Kiln doesn't read it; `kiln create "));
  EXPECT_THAT(error(folder.path() + "/sls"),
              HasSubstr("sls/serverless.yml' is for the Serverless"));
  const std::string many =
      folder.write("many/serverless.yml",
                   "provider: {runtime: nodejs20.x}\n"
                   "functions:\n  hello:\n    handler: src/app.run\n    events: [{http: GET /}]\n"
                   "  other: {handler: '${file(x)}'}\n  b: {handler: b.b, runtime: python3.12}\n  "
                   "c: {handler: c.c}\n"
                   "  d: {handler: d.d}\n  e: {handler: e.e}\n  f: {handler: f.f}\n");
  EXPECT_THAT(error(many),
              HasSubstr("make its functions yourself: `kiln create hello " + folder.path() +
                        "/many --handler src/app.run --runtime nodejs20.x`, `kiln create b "));
  EXPECT_THAT(error(many), HasSubstr("--handler b.b --runtime python3.12`"));
  EXPECT_THAT(error(many), HasSubstr("--handler e.e --runtime nodejs20.x`, and so on for 2 more"));
  EXPECT_THAT(error(folder.write("list/serverless.yml",
                                 "functions:\n  - one: {handler: app.one}\n  - ${file(f.yml)}\n")),
              HasSubstr("--handler app.one`"));
  folder.write("app/cdk.json", "{}");
  EXPECT_THAT(error(folder.path() + "/app"), HasSubstr("has no cdk.out yet; `cdk synth` in it"));

  folder.write("a/manifest.json", "[]");
  EXPECT_THAT(error(folder.path() + "/a"), HasSubstr("not a cloud assembly's"));
  folder.write("b/manifest.json", manifest(stack_artifact("A", "")));
  EXPECT_THAT(error(folder.path() + "/b"), HasSubstr("A.template.json': No such file"));
  folder.write("c/manifest.json", manifest(""));
  EXPECT_THAT(error(folder.path() + "/c"), HasSubstr("has no stacks"));
  folder.write("d/manifest.json",
               manifest(stack_artifact("A", "\"B\"") + "," + stack_artifact("B", "\"A\"")));
  folder.write("d/A.template.json", "{}");
  folder.write("d/B.template.json", "{}");
  EXPECT_THAT(error(folder.path() + "/d"), HasSubstr("in a circle"));
  folder.write("e/manifest.json",
               manifest(R"("S":{"type":"cdk:cloud-assembly","properties":{"directoryName":"."}})"));
  EXPECT_THAT(error(folder.path() + "/e"), HasSubstr("nested too deeply"));
  EXPECT_THAT(error(folder.write("big.yaml", std::string((8 << 20) + 1, ' '))),
              HasSubstr("more than 8 MB, the most that is read"));
}

TEST(CdkManifest, TakesWhateverIsThere) {
  for (const char* text :
       {"", "null", "{}", R"({"version":1,"artifacts":[]})", R"({"version":1,"artifacts":null})",
        R"({"version":"1","artifacts":{"A":{"type":"aws:cloudformation:stack"}}})"}) {
    EXPECT_FALSE(parse_cdk_manifest(text).ok()) << text;
  }
  EXPECT_TRUE(parse_cdk_manifest(R"({"version":1,"artifacts":{"A":3,"B":{"type":[]}}})").ok());
  EXPECT_FALSE(parse_asset_manifest("[").ok());
  EXPECT_FALSE(parse_asset_manifest(R"({"files":7})").ok());
  EXPECT_TRUE(parse_asset_manifest(R"({"files":{"a":1}})").ok());
}

}  // namespace
}  // namespace kiln::cli
