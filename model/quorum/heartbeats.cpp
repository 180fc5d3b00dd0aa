// Brokers in contact: their heartbeats and sessions (controller/BrokerHeartbeatManager, BrokerHeartbeatTracker). None
// of it is in the log: a new controller begins with what it is told from then on.
#include <algorithm>
#include <limits>

#include "model/quorum/controller.h"
#include "model/rules.h"

namespace model {
namespace {

constexpr std::uint16_t kEveryBroker = 0xffff;  // `about` of the periodic check

Duration session_of(const ControllerContext& c) { return c.context.config.quorum.broker_session_timeout; }

bool checks_at_expiry(const ControllerContext& c) { return c.context.rules.kraft.fence_check == FenceCheck::at_expiry; }

TimerKey expiry_of(NodeId broker) { return {TimerKind::fence_stale_brokers, static_cast<std::uint16_t>(broker)}; }

BrokerContact* find_contact(const ControllerContext& c, NodeId broker) {
  for (BrokerContact& contact : c.controller.contacts) {
    if (contact.broker == broker) return &contact;
  }
  return nullptr;
}

// The session is over when strictly more than its time has passed.
void arm_expiry(const ControllerContext& c, NodeId broker) {
  if (checks_at_expiry(c)) c.context.arm(expiry_of(broker), session_of(c) + microseconds(1));
}

bool has_expired(const ControllerContext& c, const BrokerContact& contact) {
  return contact.tracked && c.context.clock.has_elapsed(contact.contact, session_of(c));
}

void lose_contact(BrokerContact& contact) {
  contact.tracked = false;
  contact.fenced = true;
  contact.controlled_shutdown_at = kUnknownOffset;
}

// --- the broker's next state (BrokerHeartbeatManager.calculateNextBrokerState) ------------------------

enum class ControlState : std::uint8_t { fenced, unfenced, controlled_shutdown, shutdown_now };

ControlState state_of(const BrokerContact& contact) {
  if (contact.controlled_shutdown_at != kUnknownOffset) return ControlState::controlled_shutdown;
  return contact.fenced ? ControlState::fenced : ControlState::unfenced;
}

bool has_caught_up(const ControllerContext& c, const BrokerRegistration& broker, Offset reported) {
  return c.context.rules.kraft.has_caught_up(reported, broker.registered_at, c.controller.stable.offset);
}

// How far the metadata is known to every broker that may lead.
Offset lowest_active_offset(const ControllerContext& c) {
  Offset lowest = std::numeric_limits<Offset>::max();
  for (const BrokerContact& contact : c.controller.contacts) {
    if (state_of(contact) == ControlState::unfenced) lowest = std::min(lowest, contact.metadata_offset);
  }
  return lowest;
}

ControlState next_state(const ControllerContext& c, const BrokerContact& contact, const BrokerRegistration& broker,
                        const BrokerHeartbeatRequest& request) {
  switch (state_of(contact)) {
    case ControlState::fenced:
      if (request.want_shut_down) return ControlState::shutdown_now;
      if (request.want_fence) return ControlState::fenced;
      return has_caught_up(c, broker, request.current_metadata_offset) ? ControlState::unfenced : ControlState::fenced;
    case ControlState::unfenced:
      if (request.want_fence) return request.want_shut_down ? ControlState::shutdown_now : ControlState::fenced;
      if (!request.want_shut_down) return ControlState::unfenced;
      return leads_partitions(c, request.broker) ? ControlState::controlled_shutdown : ControlState::shutdown_now;
    case ControlState::controlled_shutdown:
      if (leads_partitions(c, request.broker)) return ControlState::controlled_shutdown;
      if (!c.context.rules.kraft.shutdown_waits_for_others) return ControlState::shutdown_now;
      return contact.controlled_shutdown_at <= lowest_active_offset(c) ? ControlState::shutdown_now
                                                                       : ControlState::controlled_shutdown;
    case ControlState::shutdown_now:
      break;  // nobody is in it: a broker that was told so is fenced
  }
  return ControlState::shutdown_now;
}

void add_transition(const ControllerContext& c, NodeId broker, ControlState next, Records& records) {
  switch (next) {
    case ControlState::unfenced:
      return add_broker_unfenced(c, broker, records);
    case ControlState::controlled_shutdown:
      return add_controlled_shutdown(c, broker, records);
    case ControlState::fenced:
    case ControlState::shutdown_now:
      return add_broker_fenced(c, broker, records);
  }
}

void touch(BrokerContact& contact, ControlState next, Offset metadata_offset) {
  contact.fenced = next == ControlState::fenced || next == ControlState::shutdown_now;
  contact.metadata_offset = metadata_offset;
  if (contact.fenced) contact.controlled_shutdown_at = kUnknownOffset;
}

// The shutdown is over when the others have read so far as here.
void note_shutdown_offset(const ControllerContext& c, NodeId broker) {
  BrokerContact& contact = *find_contact(c, broker);
  if (contact.controlled_shutdown_at != kUnknownOffset && c.context.rules.kraft.shutdown_offset_is_kept) return;
  contact.controlled_shutdown_at = c.image().offset - 1;
}

// What is known of a broker that is fenced anyway, or of an incarnation that is gone, is only dropped.
void expire(const ControllerContext& c, BrokerContact& contact) {
  const BrokerRegistration* registration = find_broker(c.image(), contact.broker);
  const bool is_current = registration != nullptr && registration->broker_epoch == contact.broker_epoch;
  if (!is_current || registration->fenced) {
    contact.tracked = false;
    return;
  }
  fence_broker(c, contact.broker);
}

// One broker a run, and at once again if there was one. Which of several: they are kept by their hashes.
void check_every_broker(const ControllerContext& c) {
  SmallVec<BrokerContact*, 4> expired;
  for (BrokerContact& contact : c.controller.contacts) {
    if (has_expired(c, contact)) expired.push_back(&contact);
  }
  const bool found = !expired.empty();
  if (found) expire(c, *expired[c.context.choices.below(static_cast<std::uint32_t>(expired.size()))]);
  if (!is_active(c.controller)) return;
  const Duration wait = found ? Duration{} : session_of(c) / 8;
  c.context.arm({TimerKind::fence_stale_brokers, kEveryBroker}, wait);
}

}  // namespace

void seed_contacts(const ControllerContext& c) {
  const KraftRules& rules = c.context.rules.kraft;
  c.controller.contacts.clear();
  for (const BrokerRegistration& broker : c.image().brokers) {
    BrokerContact contact;
    contact.broker = broker.broker;
    contact.broker_epoch = broker.broker_epoch;
    contact.contact = c.context.clock.now();
    contact.tracked = rules.contacts_are_seeded && (!broker.fenced || rules.fenced_contacts_are_seeded);
    contact.fenced = broker.fenced;
    c.controller.contacts.push_back(contact);
  }
}

void arm_fence_checks(const ControllerContext& c) {
  if (!checks_at_expiry(c)) return c.context.arm({TimerKind::fence_stale_brokers, kEveryBroker}, session_of(c) / 8);
  for (const BrokerContact& contact : c.controller.contacts) {
    if (contact.tracked && !contact.fenced) arm_expiry(c, contact.broker);
  }
}

void disarm_fence_checks(const ControllerContext& c) {
  if (!checks_at_expiry(c)) return c.context.disarm({TimerKind::fence_stale_brokers, kEveryBroker});
  for (const BrokerContact& contact : c.controller.contacts) c.context.disarm(expiry_of(contact.broker));
}

// While contact times were kept with the state of fencing a fenced broker had no session (until 3.9).
bool has_valid_session(const ControllerContext& c, NodeId broker) {
  const BrokerContact* contact = find_contact(c, broker);
  const BrokerRegistration* registration = find_broker(c.image(), broker);
  if (contact == nullptr || registration == nullptr || contact->broker_epoch != registration->broker_epoch)
    return false;
  if (!contact->tracked || (checks_at_expiry(c) && contact->fenced)) return false;
  return !has_expired(c, *contact);
}

void begin_contact(const ControllerContext& c, NodeId broker, BrokerEpoch broker_epoch) {
  BrokerContact* known = find_contact(c, broker);
  if (known == nullptr) {
    c.controller.contacts.push_back(BrokerContact{});
    known = &c.controller.contacts.back();
  } else if (checks_at_expiry(c)) {
    c.context.disarm(expiry_of(broker));
  }
  *known = BrokerContact{};
  known->broker = broker;
  known->broker_epoch = broker_epoch;
  std::sort(c.controller.contacts.begin(), c.controller.contacts.end(),
            [](const BrokerContact& a, const BrokerContact& b) { return a.broker < b.broker; });
}

void fence_broker(const ControllerContext& c, NodeId broker) {
  Records records;
  add_broker_fenced(c, broker, records);
  if (BrokerContact* contact = find_contact(c, broker)) lose_contact(*contact);
  write(c, records);
}

void on_fence_check(const ControllerContext& c, std::uint16_t about) {
  if (about == kEveryBroker) return check_every_broker(c);
  BrokerContact* contact = find_contact(c, NodeId(static_cast<std::uint8_t>(about)));
  if (contact == nullptr || !contact->tracked || contact->fenced) return;
  if (has_expired(c, *contact)) return expire(c, *contact);
  arm_expiry(c, contact->broker);
}

void on_broker_heartbeat(const ControllerContext& c, const ConnectionId& via, const BrokerHeartbeatRequest& request) {
  const BrokerHeartbeatResponse stale{ErrorCode::stale_broker_epoch, false, true, false};
  const BrokerRegistration* sender = sender_of(c, via, request.broker, request.broker_epoch, stale);
  if (sender == nullptr) return;
  BrokerContact& contact = *find_contact(c, request.broker);
  contact.contact = c.context.clock.now();
  contact.tracked = true;
  const ControlState next = next_state(c, contact, *sender, request);
  Records records;
  if (next != state_of(contact)) add_transition(c, request.broker, next, records);
  touch(contact, next, request.current_metadata_offset);
  if (!contact.fenced) arm_expiry(c, request.broker);
  const bool caught_up = has_caught_up(c, *sender, request.current_metadata_offset);
  const BrokerHeartbeatResponse heard{ErrorCode::none, caught_up, contact.fenced, next == ControlState::shutdown_now};
  const std::optional<Offset> written = write(c, records);
  answer(c, via, written, heard);
  if (written && next == ControlState::controlled_shutdown) note_shutdown_offset(c, request.broker);
}

}  // namespace model
