//! Each fault of the simulated worker fails its check, which passes on the same worker without the fault.

use crate::{PRETEND_BASE, against, against_with};

pub(crate) fn outcome<'r>(report: &'r serde_json::Value, check: &str) -> &'r str {
    let row = report["checks"].as_array().into_iter().flatten().find(|row| row["id"] == check);
    row.and_then(|row| row["outcome"].as_str()).unwrap_or_else(|| panic!("there is no check {check}"))
}

fn catches(fault: &str, check: &str) {
    let scenario = check.split('.').take(2).collect::<Vec<_>>().join(".");
    let (code, report) = against(&[], &[&scenario]);
    assert_eq!((code, outcome(&report, check)), (0, "passed"), "without a fault: {report:#}");
    let (code, report) = against(&["--fault", fault], &[&scenario]);
    assert_eq!((code, outcome(&report, check)), (10, "failed"), "with {fault}: {report:#}");
}

macro_rules! caught {
    ($($name:ident: $fault:literal => $check:literal,)*) => {
        $(#[test] fn $name() { catches($fault, $check); })*
    };
}

caught! {
    crash: "crash@get_status" => "envelopes.get_status.documented.snake.answered",
    crash_instead_of_the_reply: "crash:reply@get_schedulers" => "envelopes.get_schedulers.direct.camel.answered",
    internal: "internal@generate_sdxl" => "effects.chosen-seed.range",
    device_lost: "device_lost@generate_sdxl" => "effects.chosen-seed.range",
    hang: "hang@get_queue_status" => "envelopes.get_queue_status.direct.pascal.answered",
    slow: "slow:1500@get_status" => "ordering.out-of-order.query-within-a-second",
    garbage: "garbage@generate_sdxl" => "framing.written.lines",
    banner: "banner" => "lifecycle.first-words.silent",
    partial_line: "partial_line@get_status" => "envelopes.get_status.documented.snake.answered",
    wrong_id: "wrong_id@get_status" => "envelopes.get_status.documented.snake.request_id",
    double_reply: "double_reply@get_status" => "lifecycle.end-of-input.answered",
    double_reply_of_a_job: "double_reply@generate_sdxl" => "framing.written.pure",
    missing_reply: "missing_reply@get_status" => "envelopes.get_status.direct.snake.answered",
    huge_line: "huge_line@get_status" => "envelopes.get_status.documented.snake.answered",
    nan: "nan@get_performance_metrics" => "envelopes.get_performance_metrics.documented.snake.answered",
    wrong_type: "wrong_type@get_capabilities" => "envelopes.get_capabilities.documented.snake.schema",
    dropped_field: "dropped_field@get_capabilities" => "envelopes.get_capabilities.direct.pascal.schema",
    dropped_families: "dropped_field:families@get_capabilities" => "capabilities.invariants.families",
    dropped_field_is_not_bound: "dropped_field:seed_used@generate_sdxl" => "binding.generate_sdxl.Data-SeedUsed",
    renamed_field: "renamed_field@get_status" => "envelopes.get_status.documented.snake.schema",
    snake_for_pascal: "snake_for_pascal@get_status" => "envelopes.get_status.direct.snake.dialect",
    snake_for_pascal_is_not_bound: "snake_for_pascal@get_capabilities" => "binding.get_capabilities.Data-MaxBatchSize",
    no_picture: "success_without_effect@generate_sdxl" => "effects.size.file",
    nothing_loaded: "success_without_effect@load_model" => "models.loading.listed",
    nothing_unloaded: "success_without_effect@unload_model" => "models.loading.gone",
    out_of_memory: "out_of_memory@generate_sdxl" => "effects.chosen-seed.range",
    ignored_cancel: "ignored_cancel@generate_sdxl" => "ordering.cancel.cancelled",
    duplicate_name: "duplicate_name@get_status" => "envelopes.get_status.documented.snake.answered",
    duplicate_name_in_data: "duplicate_name:data@get_capabilities" => "envelopes.get_capabilities.direct.pascal.answered",
    vague_sentence: "vague_failure@generate_sdxl" => "sentences.numbers.exponent",
    vague_hint: "vague_failure@generate_sdxl" => "sentences.hints.time-span",
    vague_refusal_of_base64: "vague_failure@generate_sdxl" => "sentences.bare-base64.jpeg",
    event_after_reply: "event_after_reply@generate_sdxl" => "events.progress.last-is-the-reply",
    any_type: "any_type" => "models.other-types.base-as-lora",
    blocking_stderr: "blocking_stderr" => "lifecycle.stderr-unread.answered",
    dropped_trace: "dropped_trace" => "traces.worker.repeated",
    jobs_lost_at_the_end_of_input: "lost_at_stop" => "worker-process.queued-at-end-of-input.answered",
    jobs_lost_at_shutdown: "lost_at_stop" => "worker-process.queued-at-shutdown.answered",
    an_estimate_of_nothing: "wrong_number:estimated_vram_usage_mb=0@get_performance_estimate" => "memory.estimate.not-zero",
    an_estimate_unlike_the_report: "wrong_number:estimated_vram_usage_mb=5000@get_performance_estimate" => "memory.estimate.report",
    an_optimization_of_another_job: "wrong_number:estimated_vram_usage_mb=5000@get_performance_estimate" => "memory.estimate.optimization",
    one_estimate_for_all_sizes: "wrong_number:estimated_vram_usage_mb=5000@get_performance_estimate" => "memory.estimate.larger",
    no_memory_used: "wrong_number:memory_used_mb=0@generate_sdxl" => "memory.metrics.job",
    a_peak_below_a_job: "wrong_number:peak_memory_used_mb=1@get_performance_metrics" => "memory.metrics.peak",
    a_job_unlike_its_estimate: "wrong_number:memory_used_mb=9000@generate_sdxl" => "memory.metrics.as-estimated",
    figures_of_an_impossible_job: "baseless_figures" => "memory.impossible.no-such-model-report",
    an_estimate_of_an_impossible_job: "dropped_field:error_details@get_performance_estimate" => "memory.impossible.no-such-model-estimate",
    an_optimization_of_an_impossible_job: "dropped_field:error_details@optimize_request" => "memory.impossible.no-such-model-optimization",
    a_second_id_that_is_not_listed: "success_without_effect@load_model" => "memory.several-ids.both-listed",
    a_file_that_counts_twice: "counts_each_id" => "memory.several-ids.one-copy",
    a_cached_file_that_counts_twice: "counts_each_id" => "memory.several-ids.cached-once",
    an_id_that_frees_a_file_in_use: "wrong_number:freed_bytes=5@unload_model" => "memory.several-ids.first-unloaded",
    the_last_id_that_frees_nothing: "wrong_number:freed_bytes=0@unload_model" => "memory.several-ids.last-unloaded",
    two_sizes_of_a_model: "wrong_number:model_size_bytes=5@load_model" => "memory.stats.one-size",
    a_load_that_uses_nothing: "wrong_number:memory_used_bytes=0@load_model" => "memory.stats.load-used",
    more_freed_than_there_was: "wrong_number:freed_bytes=99000000000@unload_model" => "memory.stats.loaded",
    a_refusal_that_says_no_place: "dropped_field:error_details@load_model" => "fields.load_model.model_type-no-such-value",
    epochs_of_another_training: "wrong_number:total_epochs=9@get_training_status" => "members.training.total_epochs",
    a_batch_that_is_not_the_limit: "wrong_number:max_batch_size=3@get_capabilities" => "members.limits.max_batch_size",
    a_self_test_that_counts_wrong: "wrong_number:passed=1@run_self_test" => "members.reports.passed",
    a_suite_that_is_not_its_parts: "wrong_number:total_size_bytes=5@load_sdxl_suite" => "members.suites.total_size_bytes",
    a_cached_model_of_another_size: "wrong_number:model_size_bytes=5@load_model_to_cache" => "members.caching.model_size_bytes",
    noise_for_pictures: "noise" => "effects.relations.guidance-almost",
    noise_of_other_words: "noise" => "effects.relations.weight-of-one",
    noise_where_nothing_is_repainted: "noise" => "effects.relations.unmasked-stays",
    first_replies_again: "first_reply" => "effects.repeat.own-file",
    a_first_status_again: "first_reply@get_status" => "members.status.last_activity",
    freed_unlike_the_device: "wrong_number:freed_bytes=5@unload_model" => "memory.stats.freed",
}

/// Where the memory takes no job of the largest size, the report and the job must both say so.
#[test]
fn a_report_that_allows_what_does_not_fit() {
    for (fault, check) in [
        (&["--fault", "fits_anyway"][..], "memory.beyond.report"),
        (&["--fault", "dropped_field:error_details@generate_sdxl"], "memory.beyond.job"),
    ] {
        let small = ["--vram-mb", "7000"];
        let (code, report) = against(&small, &["memory.beyond"]);
        assert_eq!((code, outcome(&report, check)), (0, "passed"), "without a fault: {report:#}");
        let (code, report) = against(&[&small, fault].concat(), &["memory.beyond"]);
        assert_eq!((code, outcome(&report, check)), (10, "failed"), "with {fault:?}: {report:#}");
    }
}

/// A worker that takes any file as a model fails the checks of the files that users have.
#[test]
fn a_worker_that_takes_any_file() {
    let folder = tempfile::tempdir().unwrap();
    let scratch = folder.path().to_str().unwrap();
    let flags = ["--scratch-models", scratch, "--base-file", PRETEND_BASE];
    let judge =
        |fault: &[&str]| against_with(&flags, &[&["--model-root", scratch], fault].concat(), &["files"]);
    let (code, report) = judge(&[]);
    // It tells of no file which type it is.
    assert_eq!((code, &report["counts"]["skipped"]), (0, &1.into()), "without a fault: {report:#}");
    assert_eq!(outcome(&report, "files.told.detected_model_type"), "skipped");
    assert_eq!(std::fs::read_dir(scratch).unwrap().count(), 0, "files are left");
    for (fault, checks) in [
        ("any_file", &["files.page.report", "files.page.load", "files.page.job", "files.reserved.job"][..]),
        ("dropped_field:error_details@load_model", &["files.empty.load", "files.empty.alike"]),
        (
            "dropped_field:results@validate_model_files",
            &["files.empty.listed", "files.link-to-itself.listed"],
        ),
        ("crash@generate_sdxl", &["files.pickle.next-job", "files.sound.job"]),
    ] {
        let (code, report) = judge(&["--fault", fault]);
        assert_eq!(code, 10, "with {fault}: {report:#}");
        for check in checks {
            assert_eq!(outcome(&report, check), "failed", "with {fault}: {report:#}");
        }
    }
}

/// A worker that never answers fails one check, and nothing else runs.
#[test]
fn a_worker_that_ends_at_once_ends_the_run() {
    for fault in ["crash_before_ready", "misconfigured"] {
        let (code, report) = against(&["--fault", fault], &["lifecycle.first-words"]);
        assert_eq!(
            (code, outcome(&report, "target.answers"), &report["not_run"]),
            (10, "failed", &2.into()),
            "{report:#}"
        );
    }
}

/// An older worker may refuse the feature: checks of traces are skipped.
#[test]
fn a_worker_without_traces_breaks_nothing() {
    let (code, report) = against(&["--fault", "no_trace"], &["traces.worker", "lifecycle.initialize"]);
    assert_eq!((code, outcome(&report, "traces.worker.repeated")), (0, "skipped"), "{report:#}");
}

/// Ten thousand events are allowed: the tool must skip them and find the reply.
#[test]
fn an_event_storm_is_survived() {
    let storm = ["--fault", "event_storm@generate_sdxl"];
    let (code, report) = against_with(&["--timeout", "60"], &storm, &["events.progress"]);
    assert_eq!(code, 0, "{report:#}");
}
