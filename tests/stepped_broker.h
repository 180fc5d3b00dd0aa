// A broker taken out of a running cluster, under the hands of a test: inputs are given one by one, effects
// are looked at and not carried out.
#pragma once

#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "model/rules.h"
#include "tests/cluster_fixture.h"

namespace sim::test {

class SteppedBroker {
 public:
  SteppedBroker(const Cluster& cluster, model::NodeId id) : SteppedBroker(cluster, id, cluster.plan().rules) {}
  // From now on it decides by other rules than the cluster it was taken from.
  SteppedBroker(const Cluster& cluster, model::NodeId id, const model::Rules& rules)
      : plan_(cluster.plan()), rules_(rules), broker_(cluster.broker(id)), now_{cluster.world().now().us} {}

  model::Broker* operator->() { return &broker_; }
  model::Broker& operator*() { return broker_; }

  // A connection of `client` that nobody has used yet.
  model::ConnectionId accept(model::NodeId client, model::ChannelKind kind) {
    return {client, broker_.id, kind, 0, ++connections_};
  }
  void give(const model::Input& input) {
    out_.clear();
    const model::Clock clock(now_);
    const model::Choices choices;
    model::step(model::Context{rules_, plan_.config, clock, choices, out_}, broker_, input);
  }
  void receive(const model::ConnectionId& via, const model::Body& body) { give(model::Received{via, &body}); }

  // Of the last step.
  const model::Effects& effects() const { return out_; }
  template <typename F>
  std::vector<F> all_told() const {
    std::vector<F> found;
    for (const model::Fact& fact : out_.facts) {
      if (const F* one = std::get_if<F>(&fact)) found.push_back(*one);
    }
    return found;
  }
  template <typename F>
  F told() const {
    const std::vector<F> found = all_told<F>();
    REQUIRE(found.size() == 1);
    return found.front();
  }
  template <typename B>
  std::size_t count_sent() const {
    std::size_t count = 0;
    for (const model::Send& send : out_.sends) count += std::holds_alternative<B>(send.body) ? 1U : 0U;
    return count;
  }
  template <typename B>
  B sent() const {
    REQUIRE(count_sent<B>() == 1);
    for (const model::Send& send : out_.sends) {
      if (const B* body = std::get_if<B>(&send.body)) return *body;
    }
    return {};
  }

 private:
  const Plan& plan_;
  model::Rules rules_;
  model::Broker broker_;
  model::Instant now_;
  model::Effects out_;
  std::uint32_t connections_ = 1'000'000;
};

// Carries what `client`'s last step wants of `server` there and the answer back: opens the connection, or one
// request and its answer. False: it wanted nothing, or the answer does not come at once.
inline bool exchange(SteppedBroker& client, SteppedBroker& server) {
  const model::Effects wanted = client.effects();
  for (const model::ConnectionId& id : wanted.connects) {
    if (id.server != server->id) continue;
    client.give(model::Connected{id});
    return true;
  }
  for (const model::Send& send : wanted.sends) {
    if (send.via.server != server->id) continue;
    server.receive(send.via, send.body);
    const model::Effects answered = server.effects();
    for (const model::Send& answer : answered.sends) {
      if (answer.via != send.via) continue;
      client.receive(answer.via, answer.body);
      return true;
    }
  }
  return false;
}

}  // namespace sim::test
