// Real sandboxes with small programs in them, and what their owner hears. As root these run in full
// isolation; as anyone else in what there is.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/runtime_api.h"
#include "sandbox/sandbox.h"

namespace kiln::sandbox {

namespace fs = std::filesystem;

class Recorder : public SandboxOwner {
 public:
  void on_ready() override { ++ready; }
  void on_answer(std::string&& payload, std::string_view type) override {
    answers.push_back(payload);
    answer_types.emplace_back(type);
  }
  void on_withdrawn() override { ++withdrawn; }
  std::shared_ptr<AnswerStream> on_stream(std::string_view type) override {
    if (parts) parts->begin("1", type);
    return std::exchange(parts, nullptr);
  }
  void on_stream_end(std::string&& document, std::string_view type) override {
    stream_ends.push_back(std::string(type) + "|" + document);
  }
  void on_too_large_answer() override { bad.emplace_back("Function.ResponseSizeTooLarge"); }
  void on_broken(std::string_view type) override { bad.emplace_back(type); }
  void on_init_error(std::string&& document, std::string_view) override { init_error = document; }
  void on_output(std::string_view bytes) override { output += bytes; }
  void on_exit(const Exit& e) override { exit = e; }

  int ready = 0, withdrawn = 0;
  std::vector<std::string> answers, answer_types, stream_ends, bad;
  std::shared_ptr<AnswerStream> parts;  // of the next answer that is streamed
  std::string init_error, output;
  std::optional<Exit> exit;
};

class SandboxTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/kiln-sandbox-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    dir_ = name;
    ::chmod(name, 0755);
    fs::create_directories(dir_ + "/runtimes");
    fs::create_directories(dir_ + "/task");
    auto launcher = LauncherProcess::start({dir_, dir_ + "/runtimes", 1, mount_fds_});
    ASSERT_TRUE(launcher) << launcher.error().message;
    launcher_ = std::move(*launcher);
    const auto ready = launcher_->get_ready();
    ASSERT_TRUE(ready) << ready.error().message;
    loop_ = std::make_unique<net::IoLoop>(0, clock_);
    client_ = std::make_unique<LauncherClient>(launcher_->take_line(0), *loop_);
    cgroups_ = std::make_unique<CgroupFactory>(
        CgroupFactory::detect(cgroup_paths_, std::to_string(::getpid()) + "-test"));
    api_ = std::make_unique<RuntimeApi>(*loop_);
    ASSERT_TRUE(api_->listen());
    host_.reset(new SandboxHost{*loop_, *client_, *cgroups_, *api_, launcher_->isolation(), 0,
                                std::make_shared<StartShare>(most_starts_)});
  }

  void TearDown() override {
    if (sandbox_ && !recorder_.exit) {
      sandbox_->kill();
      run_until([this] { return recorder_.exit.has_value(); });
    }
    sandbox_.reset();
    api_->close();
    loop_->drain();
    host_.reset();
    fs::remove_all(dir_);
  }

  // Runs the loop until `done`; fails after a minute.
  template <class F>
  void run_until(F done) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up) << "output so far: " << recorder_.output;
      loop_->turn(std::chrono::milliseconds(100));
    }
  }

  void start_script(const std::string& script, int memory_mb = 256, int ephemeral_mb = 512) {
    std::ofstream(dir_ + "/task/bootstrap") << "#!/bin/sh\n" << script << "\n";
    fs::permissions(dir_ + "/task/bootstrap", fs::perms(0755));
    start({launcher_->isolation() == Isolation::kNone ? dir_ + "/task/bootstrap"
                                                      : "/var/task/bootstrap"},
          memory_mb, ephemeral_mb);
  }

  void start(std::vector<std::string> argv, int memory_mb = 256, int ephemeral_mb = 512) {
    sandbox_ = std::make_unique<Sandbox>(*host_, recorder_);
    sandbox_->start(spec_of(std::move(argv), memory_mb, ephemeral_mb));
  }
  SandboxSpec spec_of(std::vector<std::string> argv, int memory_mb = 256,
                      int ephemeral_mb = 512) const {
    SandboxSpec spec;
    spec.argv = std::move(argv);
    spec.env = {"PATH=/usr/bin:/bin"};
    spec.env.insert(spec.env.end(), env_.begin(), env_.end());
    spec.ahead_env = ahead_env_;
    spec.direct_channel = channel_ahead_ || ahead_env_.empty();
    spec.task_dir = dir_ + "/task";
    spec.layers_dir = layers_dir_;
    spec.limits.memory_mb = memory_mb;
    spec.ephemeral_mb = ephemeral_mb;
    return spec;
  }

  void run_to_exit() {
    run_until([this] { return recorder_.exit.has_value(); });
  }

  bool isolated() const { return launcher_->isolation() == Isolation::kFull; }

  SystemClock clock_;
  std::string dir_;
  std::string layers_dir_;
  std::vector<std::string> env_, ahead_env_;
  bool channel_ahead_ = false;  // also for what may be started ahead
  bool mount_fds_ = true;
  size_t most_starts_ = 64;
  CgroupFactory::Paths cgroup_paths_;
  std::unique_ptr<LauncherProcess> launcher_;
  std::unique_ptr<net::IoLoop> loop_;
  std::unique_ptr<LauncherClient> client_;
  std::unique_ptr<CgroupFactory> cgroups_;
  std::unique_ptr<RuntimeApi> api_;
  std::unique_ptr<SandboxHost> host_;
  Recorder recorder_;
  std::unique_ptr<Sandbox> sandbox_;
};

}  // namespace kiln::sandbox
