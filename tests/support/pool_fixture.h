// A pool of environments on sandboxes whose runtimes the test plays, and the answers that it gave.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/sandbox_pool.h"
#include "tests/support/sandbox_double.h"

namespace kiln::tests {

class PoolTest : public testing::Test, public engine::PoolOwner {
 protected:
  // Logs go to a folder of their own, or to `logs`.
  explicit PoolTest(std::filesystem::path logs = std::filesystem::temp_directory_path() /
                                                 ("kiln-pool-test-" + std::to_string(::getpid())))
      : root_(std::move(logs)),
        store_(root_.string()),
        host_{loop_,
              [this](sandbox::SandboxOwner& owner) {
                puppets_.push_back(std::make_shared<SandboxPuppet>());
                puppets_.back()->starts_late = starts_late_;
                return std::make_unique<SandboxDouble>(puppets_.back(), owner);
              },
              store_} {
    host_.idle_lifetime = std::chrono::seconds(60);
    pool_ = std::make_unique<engine::SandboxPool>(host_, *this, [](const model::FunctionConfig&) {
      return engine::TaskFolder{"/code", nullptr};
    });
    config_ = make_config();
  }
  ~PoolTest() override {
    pool_->abandon_all({});
    for (const auto& puppet : puppets_)
      if (puppet->owner && !puppet->exited) puppet->exit();
    loop_.turn();
    pool_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  static model::ConfigPtr make_config() {
    auto config = std::make_shared<model::FunctionConfig>();
    config->region = "us-east-1";
    config->name = "f";
    config->runtime = "provided.al2023";
    config->timeout_s = 3;
    return config;
  }

  // Invokes and notes the answer under the request's id.
  void invoke(const std::string& id, const std::string& payload = "{}", bool tail = false) {
    engine::Invocation invocation;
    invocation.request.want_log_tail = tail;
    invocation.request.request_id = id;
    invocation.request.payload = payload;
    invocation.done = [this, id](engine::InvokeReply&& reply) {
      answers_[id].push_back(std::move(reply));
    };
    pool_->invoke(config_, std::move(invocation));
  }
  SandboxPuppet& puppet(size_t n) { return *puppets_.at(n); }
  std::string answer(const std::string& id) {
    const auto found = answers_.find(id);
    if (found == answers_.end()) return "none";
    EXPECT_EQ(found->second.size(), 1u) << id;
    const engine::InvokeReply& reply = found->second.front();
    return reply.error.type.empty() ? reply.payload : reply.error.type;
  }
  // A first environment that has served "first" and is idle.
  SandboxPuppet& idle_one() {
    invoke("first");
    puppet(0).ready();
    puppet(0).answer("1");
    puppet(0).ready();
    EXPECT_EQ(answer("first"), "1");
    return puppet(0);
  }

  void on_invocation_end(engine::Invocation&, const engine::InvocationEnd& end) override {
    ++ended_;
    last_duration_ms_ = end.duration_ms;
  }
  bool may_start_environment() override { return may_start_; }
  void refuse_environment(engine::Invocation&& invocation) override {
    engine::refuse(invocation, {ErrorKind::kThrottled, "TooManyRequestsException", ""});
  }
  void on_ahead_ready(engine::Environment& environment) override {
    ++ahead_ready_;
    if (serve_ahead_) pool_->serve_ahead(environment);
  }
  void on_ahead_failed(engine::Environment&) override { ++ahead_failed_; }
  void on_ahead_gone(engine::Environment&) override { ++ahead_gone_; }
  void on_machine_fault(const std::string&) override { ++machine_faults_; }
  // In the same pool, as if each version were another function.
  void make_room(const model::ConfigPtr& wanted, std::function<void(bool)> then) override {
    loop_.post([this, wanted, then = std::move(then)] {
      if (!pool_->longest_idle(wanted.get())) return then(false);
      pool_->end_longest_idle(wanted.get(), [then] { then(true); });
    });
  }

  std::filesystem::path root_;
  LoopDouble loop_;
  logs::LogStore store_;
  std::vector<std::shared_ptr<SandboxPuppet>> puppets_;
  bool starts_late_ = false;
  engine::EnvironmentHost host_;
  std::unique_ptr<engine::SandboxPool> pool_;
  model::ConfigPtr config_;
  std::map<std::string, std::vector<engine::InvokeReply>> answers_;
  int ended_ = 0, ahead_ready_ = 0, ahead_failed_ = 0, ahead_gone_ = 0, machine_faults_ = 0;
  double last_duration_ms_ = 0;
  bool may_start_ = true, serve_ahead_ = true;
};

}  // namespace kiln::tests
