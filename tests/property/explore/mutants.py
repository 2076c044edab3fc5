"""Which planted bugs an exploration shows, and which cannot show in it."""

from __future__ import annotations

from sosw.domain.report import COMPLETE, FAIL, HEARTBEAT, SNOOZE
from tests.property.explore.outside import GIVE_UP
from tests.property.explore.system import Bounds

CRASH = Bounds(tasks=2, orchestrators=2, sweeps=1, crashes=1)
DECEIVED = Bounds(tasks=1, orchestrators=2, sweeps=1, deceptions=1, answers=(COMPLETE, FAIL))
REFUSED = Bounds(tasks=1, orchestrators=1, sweeps=0, minutes=0, deceptions=1)
SNOOZED = Bounds(tasks=1, orchestrators=2, sweeps=1, minutes=2, answers=(COMPLETE, FAIL, SNOOZE))
BEATING = Bounds(tasks=1, orchestrators=1, sweeps=1, minutes=2, answers=(COMPLETE, HEARTBEAT))
DISCARDED = Bounds(tasks=1, orchestrators=2, sweeps=1, answers=(COMPLETE, GIVE_UP), is_discarding=True)

FOUND: dict[str, Bounds] = {
    "a_claim_does_not_check_the_version": CRASH,
    "a_claim_is_taken_from_any_state": CRASH,
    "a_success_does_not_check_its_attempt": CRASH,
    "a_late_success_resurrects_the_dead": CRASH,
    "a_failure_does_not_check_its_attempt": DECEIVED,
    "a_sweep_drops_a_name_without_a_fence": CRASH,
    "a_sweep_fences_after_it_has_dropped": CRASH,
    "a_sweep_takes_a_running_attempt_for_over": CRASH,
    "a_task_is_tried_once_more_than_its_policy_allows": CRASH,
    "a_sweep_frees_nothing": CRASH,
    "a_sweep_does_not_look_at_leases": CRASH,
    "a_name_is_taken_for_dead_at_once_and_needs_no_fence": CRASH,
    "a_row_is_written_whatever_its_version": CRASH,
    "an_orchestrator_acts_on_names_that_another_wrote": CRASH,
    "a_lost_write_of_a_row_is_taken_for_done": CRASH,
    "a_claim_that_another_won_is_taken_for_ours": CRASH,
    "evidence_drops_names_of_its_own_version_too": CRASH,
    "an_unclear_invocation_is_taken_for_refused": REFUSED,
    "a_claim_without_a_clear_answer_frees_its_slot": DECEIVED,
    "a_snooze_does_not_check_its_attempt": SNOOZED,
    "a_snoozed_attempt_is_not_forgiven": SNOOZED,
    "a_snooze_is_taken_from_what_has_ended": SNOOZED,
    "a_snooze_pays_for_failures_that_came_before": SNOOZED,
    "an_expiry_does_not_ask_whether_the_lease_is_over": BEATING,
    "a_discard_is_taken_from_any_state": DISCARDED,
    "a_discarded_task_stays_in_the_line_of_the_dead": DISCARDED,
}

_JOBS = "no Scheduler is at work in these systems: the tasks are there from the beginning"
_LIMITS = "the limit does not change in these systems"
SURVIVORS: dict[str, str] = {
    "what_was_given_back_does_not_check_its_attempt": "an invocation is refused at once here, never after its lease",
    "a_worker_begins_although_its_lease_may_end_first": "Workers answer here, and do nothing else",
    "a_replay_counts_attempts_from_one_again": "nobody replays here",
    "creating_a_task_overwrites_it": _JOBS,
    "a_job_that_was_begun_is_taken_for_written": _JOBS,
    "nobody_goes_on_with_a_job_that_was_left": _JOBS,
    "a_scheduler_notes_a_batch_before_it_is_written": _JOBS,
    "a_failed_claim_is_evidence_against_every_row": "shows beyond the first 500,000 states of two slots, if at all",
    "a_falling_limit_forgets_what_is_held_above_it": _LIMITS,
    "an_older_limit_sizes_rows_that_a_later_one_has_sized": _LIMITS,
    "a_row_does_not_say_by_which_limit_it_was_sized": _LIMITS,
    "who_lingers_takes_a_running_attempt_for_over": "nobody lingers here",
}
"""Each of them is found by dice in `test_queue`."""
