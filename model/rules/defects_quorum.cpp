// Defects of the metadata quorum: who may lead it, what counts as committed. Most of them were Kafka's own once.
#include <array>

#include "model/rules/defects.h"

namespace model {
namespace {

// "Half of us is enough": two halves can be.
std::int32_t half(std::int32_t voters) { return voters < 2 ? 1 : voters / 2; }

constexpr std::array kDefects{
    Defect{"quorum-minority-elects", "Half of the voters elect a leader, and commit records.",
           [](Rules& rules) { rules.quorum.majority = half; }},
    Defect{"votes-twice", "A member gives its vote to whoever asks, also a second time in an epoch.",
           [](Rules& rules) { rules.quorum.votes_once_per_epoch = false; }},
    Defect{"vote-not-written", "A member's vote is not written to disk before it is given.",
           [](Rules& rules) { rules.quorum.votes_are_durable = false; }},
    Defect{"election-state-not-written", "A member writes nothing of elections to disk.",
           [](Rules& rules) { rules.quorum.election_state_is_durable = false; }},
    Defect{"leader-drops-unconfirmed", "A new leader cuts off what it does not know to be committed.",
           [](Rules& rules) { rules.quorum.new_leader_keeps_its_log = false; }},
    Defect{"votes-for-shorter-log", "A member does not ask whether the candidate's log has what its own has.",
           [](Rules& rules) {
             rules.quorum.is_up_to_date = [](const OffsetAndEpoch&, const OffsetAndEpoch&) { return true; };
           }},
    Defect{"votes-by-length-alone", "A member compares the lengths of logs and forgets the epochs of their ends.",
           [](Rules& rules) {
             rules.quorum.is_up_to_date = [](const OffsetAndEpoch& candidate, const OffsetAndEpoch& own) {
               return candidate.offset >= own.offset;
             };
           }},
    Defect{"restarted-leader-leads-on", "A leader that comes back leads on in its epoch (before KAFKA-10527).",
           [](Rules& rules) { rules.quorum.restarted_leader_resigns = false; }},
    Defect{"metadata-follower-does-not-flush", "A voter fetches on before what it has is on disk (before KAFKA-10533).",
           [](Rules& rules) { rules.quorum.voters_flush_before_fetching = false; }},
    Defect{"commits-older-epochs",
           "A leader of the quorum commits what earlier leaders left before a record of its own (before KAFKA-12619).",
           [](Rules& rules) {
             rules.quorum.high_watermark_may_be = [](Offset candidate, Offset epoch_start) {
               return candidate >= epoch_start;
             };
           }},
    Defect{"metadata-never-truncates", "A member keeps what its leader does not have, and appends behind it.",
           [](Rules& rules) { rules.quorum.truncates_when_diverging = false; }},
    Defect{"no-check-quorum", "A leader that no majority fetches from leads on (before KAFKA-15489).",
           [](Rules& rules) { rules.quorum.check_quorum = false; }},
    Defect{"log-starts-anywhere", "Retention deletes records beyond the latest snapshot (before KAFKA-14238).",
           [](Rules& rules) { rules.quorum.log_starts_at_snapshots = false; }},
    Defect{"never-gives-up-leader", "A follower waits for its leader for ever.",
           [](Rules& rules) { rules.quorum.fetch_timeout_ends_following = false; }},
    Defect{"late-answers-count", "A member takes answers to what it asked in an earlier role for new ones.",
           [](Rules& rules) { rules.quorum.drops_answers_of_older_roles = false; }},
    Defect{"pre-votes-always-refused", "A follower refuses every pre-vote (before KAFKA-17641).",
           [](Rules& rules) { rules.quorum.fresh_follower_grants_pre_vote = false; }},
};

}  // namespace

std::span<const Defect> quorum_defects() { return kDefects; }

}  // namespace model
