"""Which planted bugs a crash point shows, by the story of it, and which cannot show there."""

from __future__ import annotations

_FAIL = "attempts_fail_and_a_dead_task_is_replayed"
_LATER = "attempts_are_put_off_and_leave_partial_results"
_DIE = "an_orchestrator_dies_between_naming_and_claiming"

FOUND: dict[str, str] = {
    "a_claim_does_not_check_the_version": "a_claim_is_not_answered",
    "a_claim_is_taken_from_any_state": "a_job_is_done",
    "a_success_does_not_check_its_attempt": _FAIL,
    "a_late_success_resurrects_the_dead": "a_job_is_done",
    "a_failure_does_not_check_its_attempt": _FAIL,
    "a_snooze_does_not_check_its_attempt": _LATER,
    "a_snoozed_attempt_is_not_forgiven": _LATER,
    "a_snooze_is_taken_from_what_has_ended": _LATER,
    "a_snooze_pays_for_failures_that_came_before": _LATER,
    "a_discarded_task_stays_in_the_line_of_the_dead": "the_dead_are_told_replayed_and_discarded",
    "a_sweep_drops_a_name_without_a_fence": _DIE,
    "a_sweep_fences_after_it_has_dropped": _FAIL,
    "a_sweep_takes_a_running_attempt_for_over": _FAIL,
    "what_was_given_back_does_not_check_its_attempt": "an_invocation_is_refused",
    "a_task_is_tried_once_more_than_its_policy_allows": _FAIL,
    "a_replay_counts_attempts_from_one_again": _FAIL,
    "creating_a_task_overwrites_it": "a_job_is_done",
    "a_job_that_was_begun_is_taken_for_written": "a_job_is_done",
    "nobody_goes_on_with_a_job_that_was_left": "a_scheduler_hands_over",
    "a_scheduler_notes_a_batch_before_it_is_written": "a_job_is_cancelled_while_it_runs",
    "a_sweep_frees_nothing": "the_stream_delivers_nothing",
    "a_sweep_does_not_look_at_leases": _FAIL,
    "a_name_is_taken_for_dead_at_once_and_needs_no_fence": _DIE,
    "a_row_is_written_whatever_its_version": _FAIL,
    "an_orchestrator_acts_on_names_that_another_wrote": "a_job_is_done",
    "evidence_drops_names_of_its_own_version_too": _FAIL,
    "an_unclear_invocation_is_taken_for_refused": "a_job_is_done",
}

_CLOSED, _OPEN = "closed_tasks_are_counted_anew_and_archived", "a_job_is_archived_while_one_of_its_tasks_still_waits"
_DEAD = "the_dead_are_told_replayed_and_discarded"
FOUND_OF_OWN: dict[str, str] = {
    "the_archive_notes_a_job_before_its_lines_are_written": _OPEN,
    "the_archive_leaves_the_dead_out": _CLOSED,
    "the_archive_does_not_look_again_at_a_job_with_dead_tasks": _FAIL,
    "the_archive_does_not_look_again_at_what_was_open": _OPEN,
    "the_archive_goes_by_totals_alone": _FAIL,
    "a_job_is_watched_once_its_tasks_are_written_and_by_no_check": _DIE,
    "deaths_are_marked_before_they_are_told": _DEAD,
    "what_was_told_is_not_marked": _DEAD,
    "deaths_are_looked_for_where_the_stream_tells_of_them_alone": "the_stream_delivers_nothing",
    "a_batch_of_the_stream_is_counted_as_often_as_it_comes": _DIE,
    "totals_are_never_counted_anew": _CLOSED,
    "totals_that_were_right_are_not_checked_when_a_batch_comes_late": _OPEN,
    "a_correction_is_added_as_often_as_it_is_tried": "the_stream_delivers_nothing",
    "a_large_payload_is_written_after_its_task": "large_values_go_through_the_bucket",
    "a_replayed_task_keeps_the_end_of_its_life": _FAIL,
}
"""Those of `own_mutants`: no other checker looks for them."""

_ORDER = "wants two roles between each other's calls: an order of calls, which interleavings and dice look for"
_LIMITS = "wants an Orchestrator that knows an older limit than another one at work"
SURVIVORS: dict[str, str] = {
    "a_discard_is_taken_from_any_state": "an order names the version at which a task was seen dead: no other moves",
    "an_expiry_does_not_ask_whether_the_lease_is_over": _ORDER,
    "a_worker_begins_although_its_lease_may_end_first": "Workers of stories are quick: none outlives its lease",
    "a_lost_write_of_a_row_is_taken_for_done": _ORDER,
    "a_claim_that_another_won_is_taken_for_ours": _ORDER,
    "a_claim_without_a_clear_answer_frees_its_slot": _ORDER,
    "a_failed_claim_is_evidence_against_every_row": _ORDER,
    "a_falling_limit_forgets_what_is_held_above_it": _LIMITS,
    "an_older_limit_sizes_rows_that_a_later_one_has_sized": _LIMITS,
    "a_row_does_not_say_by_which_limit_it_was_sized": _LIMITS,
    "who_lingers_takes_a_running_attempt_for_over": "no time passes while an Orchestrator is at work: nobody lingers",
}
"""Each of them is found by dice in `test_queue`."""
