#include "async_tasks.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/http_double.h"
#include "tests/support/server_process.h"

namespace cpu_optimized {
namespace {

using kiln::testing::HttpDouble;
using nlohmann::json;
using std::chrono::milliseconds;

class AsyncTasksTest : public ::testing::Test {
 protected:
  AsyncTasksTest() : tasks_(Config{}) {}
  json run(const json& tasks, milliseconds limit = milliseconds(60'000)) {
    return tasks_.run(tasks, limit);
  }
  std::string error_of(const json& task) {
    const json answer = run(json::array({task}));
    EXPECT_EQ(answer["successful_results"], json::array()) << answer;
    return answer["errors"].at(0).at("error");
  }
  json result_of(const json& task) {
    const json answer = run(json::array({task}));
    EXPECT_EQ(answer["errors"], json::array()) << answer;
    return answer["successful_results"].at(0);
  }
  static json file(const char* operation, const std::string& path) {
    return {{"type", "file_operation"}, {"operation", operation}, {"file_path", path}};
  }
  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }

  kiln::testing::TemporaryFolder folder_;  // below /tmp
  AsyncTasks tasks_;
};

TEST_F(AsyncTasksTest, NoTasks) {
  const json answer = run(json::array());
  EXPECT_EQ(answer["total_tasks"], 0);
  EXPECT_EQ(answer["successful_results"], json::array());
  EXPECT_EQ(answer["errors"], json::array());
}

TEST_F(AsyncTasksTest, EachErrorHasItsOwnIndex) {
  const json answer = run({{{"type", "nonsense"}},
                           file("stat", "/tmp"),
                           5,
                           file("stat", folder_.path()),
                           json::object(),
                           {{"type", "http_request"}},
                           {{"type", 5}},
                           {{"type", "database_query"}, {"query", "SELECT 1"}}});
  EXPECT_EQ(answer["total_tasks"], 8);
  ASSERT_EQ(answer["successful_results"].size(), 1u);
  EXPECT_EQ(answer["successful_results"][0]["task_index"], 3);
  std::vector<size_t> indices;
  for (const json& error : answer["errors"]) indices.push_back(error["task_index"]);
  EXPECT_EQ(indices, (std::vector<size_t>{0, 1, 2, 4, 5, 6, 7}));
  EXPECT_NE(answer["errors"][0]["error"].get<std::string>().find("unknown task type 'nonsense'"),
            std::string::npos);
  EXPECT_NE(answer["errors"][6]["error"].get<std::string>().find("DATABASE_URL"),
            std::string::npos);
}

TEST_F(AsyncTasksTest, Requests) {
  HttpDouble server([](const HttpDouble::Request& request) {
    if (request.head.find("GET /moved ") != std::string::npos) {
      return HttpDouble::Reply{HttpDouble::response(302, "Location: /page\r\n", "")};
    }
    if (request.head.find("GET /none ") != std::string::npos) {
      return HttpDouble::Reply{HttpDouble::response(404, "", "nothing")};
    }
    return HttpDouble::Reply{HttpDouble::response(200, "", std::string(3'000'000, 'x'))};
  });
  const std::string url = "http://" + server.address();
  EXPECT_EQ(result_of({{"type", "http_request"}, {"url", url + "/page"}}),
            (json{{"task_type", "http_request"},
                  {"url", url + "/page"},
                  {"status_code", 200},
                  {"response_size", 3'000'000},
                  {"task_index", 0}}));
  EXPECT_EQ(result_of({{"type", "http_request"}, {"url", url + "/moved"}})["status_code"], 200);
  const json none = result_of({{"type", "http_request"}, {"url", url + "/none"}, {"timeout", 5}});
  EXPECT_EQ(none["status_code"], 404);
  EXPECT_EQ(none["response_size"], 7);
  EXPECT_NE(error_of({{"type", "http_request"}, {"url", "file:///etc/passwd"}}), "");
  EXPECT_NE(error_of({{"type", "http_request"}, {"url", "no url"}}), "");
}

TEST_F(AsyncTasksTest, TimeoutsAreNumbersAboveZero) {
  for (const json& bad : {json(0), json(-1), json("5"), json(nullptr), json(true)}) {
    json task = file("stat", folder_.path());
    task["timeout"] = bad;
    EXPECT_NE(error_of(task).find("'timeout'"), std::string::npos) << bad;
  }
  for (const json& good : {json(0.5), json(1e300)}) {
    json task = file("stat", folder_.path());
    task["timeout"] = good;
    result_of(task);
  }
}

TEST_F(AsyncTasksTest, AServerThatIsSilentIsAnError) {
  // A listener that nobody serves: connections are made and never answered.
  const kiln::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 4), 0);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  const json task = {{"type", "http_request"},
                     {"url", "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port))},
                     {"timeout", 60}};
  const json answer = run({task, file("stat", folder_.path())}, milliseconds(200));
  EXPECT_EQ(answer["errors"].at(0)["task_index"], 0);
  EXPECT_EQ(answer["successful_results"].at(0)["task_index"], 1);
  EXPECT_LT(answer["processing_time"], 30.0);
}

TEST_F(AsyncTasksTest, Files) {
  json write = file("write", path("a"));
  write["content"] = "one";
  json written = result_of(write);
  EXPECT_EQ(written, (json{{"task_type", "file_operation"},
                           {"operation", "write"},
                           {"file_path", path("a")},
                           {"status", "completed"},
                           {"size", 3},
                           {"bytes_written", 3},
                           {"task_index", 0}}));
  write["operation"] = "append";
  EXPECT_EQ(result_of(write)["size"], 6);
  const json read = result_of(file("read", path("a")));
  EXPECT_EQ(read["content"], "oneone");
  EXPECT_EQ(read["status"], "completed");
  EXPECT_EQ(result_of(file("stat", path("a")))["type"], "file");
}

TEST_F(AsyncTasksTest, FilesStayBelowTmp) {
  ASSERT_EQ(::symlink("/etc/passwd", path("link").c_str()), 0);
  ASSERT_EQ(::symlink("/etc", path("folder").c_str()), 0);
  for (const std::string& bad :
       {std::string("/etc/passwd"), std::string("/tmp/../etc/passwd"), path("../../etc/passwd"),
        path("link"), path("folder/passwd"), std::string("passwd"), std::string("/tmp"),
        std::string("/tmpx/a"), path("none")}) {
    for (const char* operation : {"read", "stat"}) EXPECT_NE(error_of(file(operation, bad)), "");
  }
  json write = file("write", path("link"));
  write["content"] = "x";
  EXPECT_NE(error_of(write), "");
}

TEST_F(AsyncTasksTest, WrongFileTasks) {
  EXPECT_NE(error_of(file("delete", path("a"))).find("unknown operation 'delete'"),
            std::string::npos);
  EXPECT_NE(error_of(file("write", path("a"))).find("'content'"), std::string::npos);
  EXPECT_NE(error_of({{"type", "file_operation"}, {"operation", "read"}}).find("'file_path'"),
            std::string::npos);
  json write = file("write", path("a"));
  write["content"] = std::string((size_t{4} << 20) + 1, 'x');
  result_of(write);
  EXPECT_NE(error_of(file("read", path("a"))).find("longer than"), std::string::npos);
  write["content"] = std::string(size_t{4} << 20, 'x');
  result_of(write);
  EXPECT_EQ(result_of(file("read", path("a")))["size"], 4 << 20);
}

TEST(AsyncTasksDatabase, ADatabaseThatIsDownIsAnError) {
  AsyncTasks tasks(Config{.timeout_seconds = 5, .db_host = "127.0.0.1:1"});
  const json answer = tasks.run({{{"type", "database_query"}, {"query", "SELECT 1"}},
                                 {{"type", "database_query"}, {"query", std::string("a\0b", 3)}}},
                                milliseconds(10'000));
  EXPECT_EQ(answer["errors"].size(), 2u);
  EXPECT_NE(answer["errors"][1]["error"].get<std::string>().find("NUL"), std::string::npos);
}

}  // namespace
}  // namespace cpu_optimized
