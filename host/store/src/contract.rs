//! What every store promises, as tests that run on each of them.

mod commits;
mod connections;
mod consents;
mod deletion;
pub(crate) mod deliveries;
mod delivery_pages;
mod events;
mod fetched_tokens;
mod host;
mod idempotency;
mod inbox;
mod inbox_pages;
mod inbox_room;
pub(crate) mod kept;
mod keys;
mod marks;
mod observed;
mod plugins;
pub(crate) mod subscriptions;
mod timers;
pub(crate) mod world;

/// Makes a test of every promise for every store.
macro_rules! promises {
    ($($room:ident { $($promise:ident)+ })+) => {
        mod memory_store {
            $(mod $room {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    crate::contract::$room::$promise(crate::contract::world::World::in_memory()).await;
                })+
            })+
        }

        mod sqlite_store {
            $(mod $room {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $promise() {
                    crate::contract::$room::$promise(crate::contract::world::World::on_disk()).await;
                })+
            })+
        }
    };
}

promises! {
    commits {
        every_write_happens_when_every_guard_holds
        nothing_happens_when_one_guard_fails
        a_write_that_is_refused_undoes_those_before_it
        a_key_guard_demands_the_revision
        a_key_guard_takes_an_expired_key_for_absent
        guards_do_not_see_the_writes_of_their_own_commit
        of_many_commits_with_one_mark_exactly_one_wins
        of_many_commits_that_read_one_revision_exactly_one_wins
        a_commit_may_have_a_mebibyte_and_no_more
        what_the_host_writes_takes_no_room_from_a_largest_draft
        a_commit_happens_even_if_nobody_waits_for_it
    }
    keys {
        what_was_set_is_read_back
        writes_of_one_commit_happen_in_order
        every_write_gives_a_new_revision_even_after_a_deletion
        a_key_ceases_to_exist_when_its_time_has_come
        setting_a_key_decides_anew_when_it_expires
        an_increment_adds_to_a_number_or_to_nothing
        an_increment_keeps_the_time_to_live
        an_increment_of_an_expired_key_starts_from_nothing
        an_increment_of_anything_else_is_refused
        an_increment_beyond_64_bits_is_refused
        concurrent_increments_all_count
        deleting_an_absent_key_is_no_error
        keys_are_listed_in_byte_order_below_their_prefix
        a_list_of_keys_goes_on_where_its_page_ended
        expired_keys_are_not_listed
        a_page_of_keys_looks_at_a_bounded_number
        connections_do_not_see_each_other
    }
    marks {
        a_mark_is_set_by_its_commit
        setting_a_mark_twice_is_no_error
        a_mark_lasts_for_its_retention_time
        a_mark_survives_a_clock_that_is_set_back
        an_event_with_a_known_dedupe_mark_is_not_appended_again
        events_of_one_commit_with_one_dedupe_mark_count_once
        a_commit_that_is_refused_sets_no_dedupe_mark
        a_dedupe_mark_is_a_mark
    }
    idempotency {
        a_started_record_is_read_back_as_it_was
        an_answer_replaces_it_in_the_commit_of_its_effects
        a_commit_that_is_refused_leaves_the_record_as_it_was
        a_forgotten_record_is_gone
        an_answer_is_never_replaced_nor_forgotten_before_its_time
        records_of_one_commit_are_written_in_order
        a_record_ceases_to_exist_when_its_time_has_come
        a_record_that_is_replaced_expires_when_the_new_one_does
        another_connections_record_is_another_one
        a_largest_answer_fits_beside_a_largest_commit
        an_answer_may_not_be_larger_and_lends_no_room_to_the_rest
    }
    consents {
        a_consent_is_read_back_as_it_was_recorded
        a_consent_replaces_the_one_of_its_connection
        consents_are_listed_and_removed
    }
    plugins {
        a_state_is_read_back_as_it_was_saved
        a_state_replaces_the_one_of_its_plugin
        a_state_that_is_removed_is_gone
        the_newest_contents_stay_held_back_and_files_are_in_order
    }
    connections {
        a_connection_is_read_back_as_it_was_saved
        a_connection_replaces_the_one_with_its_id
        held_contents_replace_those_of_their_connections_and_no_others
    }
    deletion {
        an_id_that_was_never_deleted_is_in_its_first_life
        only_a_connection_of_the_api_is_deleted
        a_connection_that_is_not_being_deleted_keeps_everything
        nothing_is_committed_for_a_connection_that_is_being_deleted
        that_a_connection_is_gone_comes_before_any_guard
        a_connection_that_is_being_deleted_cannot_be_saved
        a_purge_leaves_nothing_but_events
        a_purge_touches_no_other_connection
        what_is_recorded_while_a_connection_is_being_deleted_goes_with_it
        a_purge_takes_so_many_rows_at_a_time
        a_purge_takes_so_many_bytes_at_a_time
        an_id_can_be_used_again_and_knows_nothing_of_before
        each_deletion_begins_another_life
    }
    fetched_tokens {
        a_token_is_read_back_as_it_was_kept
        a_token_takes_the_place_of_the_one_with_its_key
        of_too_many_tokens_the_oldest_goes_and_rotated_ones_last
        a_rotated_token_is_known_of
        a_deleted_connection_leaves_no_tokens_and_gets_none
        a_connection_that_was_never_saved_keeps_tokens_and_is_not_deleted_for_it
        a_closed_store_shows_and_keeps_no_token
    }
    events {
        an_event_is_read_back_as_it_was_appended
        what_the_host_says_in_the_commit_of_a_connection_is_of_no_connection
        offsets_increase_in_the_order_of_commits
        a_page_goes_on_where_the_last_one_ended
        a_page_never_exceeds_its_limits
        a_filter_picks_events_and_the_page_still_moves_on
        a_filter_for_an_unknown_connection_moves_on_to_the_end
        a_page_looks_at_a_bounded_number_of_events
        a_page_ends_when_it_has_enough_bytes
        reading_behind_the_end_stays_there
        the_newest_offset_moves_with_the_commit
        a_commit_without_events_does_not_move_it
        an_event_of_the_host_stands_in_the_log_without_a_connection
        an_event_of_the_host_passes_no_filter_for_connections
    }
    observed {
        a_store_that_works_can_be_written_to
        nothing_waits_once_every_commit_has_returned
        every_commit_counts_in_its_group
        timers_are_counted_by_connection_and_state
    }
    inbox {
        a_kept_webhook_is_read_back_as_it_was_received
        a_standing_is_read_back_as_it_was
        an_id_and_a_place_are_kept_once
        settling_changes_how_it_stands_and_counts_the_change
        what_is_not_there_is_not_settled
        a_webhook_is_settled_by_its_own_connection_only
        a_guard_demands_the_version_of_the_webhook
        of_many_commits_that_settle_one_version_exactly_one_wins
        a_mark_is_known_while_its_webhook_is_pending_or_failed
        what_has_settled_is_known_by_its_mark_alone
        a_webhook_without_a_dedupe_key_is_never_known
        of_several_with_one_mark_a_pending_one_is_known_and_else_the_newest
        a_failed_webhook_is_known_longer_than_any_mark
        of_many_commits_that_keep_one_mark_exactly_one_wins
        what_is_kept_can_be_settled_in_the_same_commit
        a_commit_that_is_refused_keeps_and_settles_nothing
        a_largest_webhook_fits_beside_a_largest_draft_and_no_larger_one
        a_closed_store_shows_no_webhook
    }
    inbox_pages {
        what_waits_is_listed_by_place
        a_list_of_what_waits_goes_on_after_its_last_place
        the_newest_place_counts_whatever_became_of_its_webhook
        pages_go_back_from_the_newest_place
        a_page_begins_below_a_place_whether_it_is_there_or_not
        every_filter_shows_exactly_what_passes_it
        a_page_ends_when_it_has_enough_bytes
        a_page_looks_at_a_bounded_number_of_webhooks
        what_has_settled_is_not_in_the_way_of_what_has_not
        the_depth_counts_what_is_pending_and_failed
    }
    inbox_room {
        a_connection_may_have_so_many_and_others_go_on
        all_together_may_have_so_many
        so_many_bytes_fit_and_no_more
        what_settles_makes_room_and_what_fails_does_not
        what_was_handled_at_once_takes_no_room
        a_replay_of_what_settled_needs_room
        a_commit_that_is_refused_takes_no_room
        a_commit_counts_what_it_keeps_and_settles_itself
        a_deleted_connection_leaves_nothing_in_the_inbox_and_takes_no_room
        a_purge_takes_so_many_bytes_of_webhooks_at_a_time
        what_settled_goes_after_its_time_and_nothing_else_does
        what_settled_again_stays_from_then_on
    }
    timers {
        a_timer_is_read_back_as_it_was_started
        a_start_replaces_the_timer_of_its_name
        a_generation_is_never_given_twice
        a_cancelled_timer_is_gone
        settling_changes_how_a_timer_stands_and_counts_the_change
        what_is_not_there_is_neither_settled_nor_cancelled
        a_guard_demands_the_generation_and_the_version
        a_timer_that_fires_can_start_itself_again
        of_many_commits_that_fire_a_timer_exactly_one_wins
        a_commit_that_is_refused_starts_and_cancels_nothing
        a_connection_may_have_so_many_timers
        a_connection_with_all_its_timers_can_replace_them
        timers_are_listed_by_connection_and_name
        a_list_of_timers_goes_on_where_its_page_ended
        a_list_of_timers_goes_on_after_what_need_not_be_there
        a_page_of_timers_ends_when_it_has_enough_bytes
        a_deleted_connection_leaves_no_timers
        a_closed_store_shows_no_timer
    }
    subscriptions {
        a_subscription_is_read_back_as_it_was_saved
        a_subscription_that_is_saved_again_stays_where_it_stands
        a_position_is_what_the_last_commit_says
        a_position_moves_in_the_commit_of_what_came_of_it
        a_removed_subscription_is_gone_and_stays_so
        the_next_of_a_name_knows_nothing_of_the_one_before
        there_are_only_so_many_subscriptions_of_the_api
        a_closed_store_shows_and_changes_no_subscription
    }
    deliveries {
        a_delivery_is_read_back_as_it_was_kept
        a_delivery_takes_the_place_of_the_one_of_its_event
        a_delivery_of_an_unknown_subscription_is_not_kept
        what_is_pending_is_listed_by_offset
        a_list_of_what_is_pending_goes_on_after_its_last_offset
        what_is_kept_is_known_in_any_state
        what_is_to_be_read_again_is_forgotten
        the_depth_counts_what_is_pending_and_exhausted
        a_hundred_deliveries_with_the_longest_histories_are_one_commit
        what_is_at_rest_goes_after_its_time_and_nothing_else_does
        the_log_is_searched_by_time
        a_closed_store_shows_no_delivery
    }
    delivery_pages {
        the_list_goes_back_from_what_came_last
        a_list_goes_on_where_its_page_ended
        every_filter_shows_exactly_what_passes_it
        a_page_looks_at_a_bounded_number_of_deliveries
        a_page_ends_when_it_has_enough_bytes
    }
    host {
        a_host_key_stays_what_it_was_first
        tokens_are_kept_listed_and_removed
        there_are_only_so_many_tokens
        a_closed_store_commits_nothing
        a_closed_store_changes_no_connection_and_no_plugin
        a_closed_store_reads_nothing
    }
}
