//! Commands that wait for their worker's start: as many as `held_max`, in their order, and no cancel is lost.

use std::{sync::Arc, time::Duration};

use contracts::Action;
use gateway::lane::{Cancelled, LaneError, LaneState, Order};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;
use tokio::time::Instant;

use crate::rig::{Rig, flags, job, within};

/// Starts when `$DIR/up` exists.
const WAITS: &str = "until [ -e $DIR/up ]; do sleep 0.02; done\nexec $SIM \"$@\"\n";

fn come_up(rig: &Rig) {
    std::fs::write(rig.dir.path().join("up"), "").unwrap();
}

pub(crate) fn order(action: Action, id: &str, exclusive: bool) -> Order {
    let frame = json!({"action": action, "request_id": id, "attempt": 1, "payload": {}}).to_string() + "\n";
    let timeout = Duration::from_secs(60);
    Order {
        action,
        request_id: id.into(),
        attempt: 1,
        frame: frame.into_bytes(),
        trace: None,
        deadline: Some((Instant::now() + timeout, timeout)),
        exclusive,
        compiles: false,
        events: None,
        requests: 0,
        guard: None,
    }
}

#[tokio::test]
async fn all_that_a_lane_holds_reaches_its_worker_and_the_refusal_tells_the_true_number() {
    let rig = Rig::scripted("", WAITS).await;
    let lane = rig.dispatcher.pool().lanes()[0].clone();
    let asks = (0..1100).map(|index| {
        let lane = lane.clone();
        async move {
            if index % 100 == 0 {
                // Lets the lane's task read its mailbox.
                tokio::task::yield_now().await;
            }
            lane.run(order(Action::GetControlnetTypes, &format!("q{index}"), false)).await
        }
    });
    let asks = futures::future::join_all(asks);
    let up = async {
        // The last ones are refused when all have been read; the others wait for the start.
        rig.lane(|view| view.starts == 1).await;
        come_up(&rig);
    };
    let (answers, ()) = within(async { tokio::join!(asks, up) }).await;
    let (mut answered, mut refused) = (0, 0);
    for answer in answers {
        match answer {
            Ok(_) => answered += 1,
            Err(LaneError::Full { capacity }) => {
                assert_eq!(capacity, 1024);
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(answered >= 1024, "{answered} answered, {refused} refused");
    assert_eq!(answered + refused, 1100);
    rig.stop().await;
}

#[tokio::test]
async fn a_cancel_finds_what_waits_for_the_workers_start() {
    let rig = Rig::scripted("", WAITS).await;
    let lane = rig.dispatcher.pool().lanes()[0].clone();
    let id: Arc<str> = "early".into();
    let run = lane.run(order(Action::GenerateSdxl, &id, true));
    let cancel = async {
        tokio::task::yield_now().await;
        lane.cancel(id.clone(), id.clone()).await
    };
    let (ran, cancelled) = within(async { tokio::join!(run, cancel) }).await;
    assert!(matches!(ran, Err(LaneError::CancelledEarly)), "{ran:?}");
    assert!(matches!(cancelled, Cancelled::Waiting), "{cancelled:?}");
    let nobody: Arc<str> = "nobody".into();
    assert!(matches!(within(lane.cancel(nobody.clone(), nobody)).await, Cancelled::NotHere));
    come_up(&rig);
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn a_worker_that_closes_its_stdout_and_stays_is_told_so() {
    let config = "[restart]\ndeaths_max = 1\nopen_min_seconds = 200\n";
    let rig = Rig::scripted(config, "exec 1>&-\nexec sleep 1000\n").await;
    rig.lane(|view| matches!(view.state, LaneState::Open(_))).await;
    let reason = rig.dispatcher.pool().lanes()[0].unready().unwrap();
    assert!(reason.contains("it closed its stdout and stayed"), "{reason}");
    rig.stop().await;
}

#[tokio::test]
async fn a_worker_that_closes_its_stdin_and_stays_is_told_so() {
    // It shakes hands, sends heartbeats, and reads no more.
    let script = "mkfifo $DIR/in\n$SIM \"$@\" <$DIR/in &\nexec 3>$DIR/in\nIFS= read -r line\n\
                  printf '%s\\n' \"$line\" >&3\nexec 0<&-\necho closed >&2\nwait\n";
    let rig = Rig::scripted("[restart]\ndeaths_max = 1\nopen_min_seconds = 200\n", script).await;
    within(rig.dispatcher.pool().settled()).await;
    let response = rig.get("/v1/schedulers").await;
    assert_eq!((response.status, response.code()), (502, "worker_crashed"), "{response:?}");
    assert!(
        response.body["error"].as_str().unwrap().contains("it closed its stdin and stayed"),
        "{response:?}"
    );
    rig.stop().await;
}

fn kill_worker(rig: &Rig) {
    let pid = rig.dispatcher.pool().lanes()[0].view().facts.as_ref().unwrap().pid;
    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).unwrap();
}

/// A rest so long that no worker starts again within a test.
const RESTS: &str = "[restart]\nbackoff_min_seconds = 200\nbackoff_max_seconds = 200\n";

#[tokio::test]
async fn a_lane_that_rests_gives_back_what_is_done_alone_and_nothing_else() {
    let rig = Rig::with(1, RESTS, &[]).await;
    kill_worker(&rig);
    rig.lane(|view| matches!(view.state, LaneState::Resting(_))).await;
    let lane = rig.dispatcher.pool().lanes()[0].clone();
    let given = within(lane.run(order(Action::GenerateSdxl, "alone", true))).await;
    assert!(matches!(given, Err(LaneError::Resting { .. })), "{given:?}");
    // A query waits for the next worker, within its own timeout.
    let id: Arc<str> = "query".into();
    let ask = lane.run(order(Action::GetSchedulers, &id, false));
    let cancel = async {
        tokio::task::yield_now().await;
        lane.cancel(id.clone(), id.clone()).await
    };
    let (asked, cancelled) = within(async { tokio::join!(ask, cancel) }).await;
    assert!(matches!(asked, Err(LaneError::CancelledEarly)), "{asked:?}");
    assert!(matches!(cancelled, Cancelled::Waiting), "{cancelled:?}");
    rig.stop().await;
}

#[tokio::test]
async fn jobs_that_come_while_a_worker_is_buried_run_on_another_lane() {
    // A process that left the group of the worker holds its pipes, so that reaping takes a while.
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("held-open");
    let script = format!("#!/bin/bash\nsetsid sleep 5 &\nexec {} \"$@\"\n", crate::rig::GATEWAY);
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut flags = flags(dir.path(), 2, RESTS, &[]);
    flags.sim_program = Some(program);
    let rig = Rig::of(dir, &flags).await;
    within(rig.dispatcher.pool().settled()).await;
    kill_worker(&rig);
    let rests = |rig: &Rig| matches!(rig.dispatcher.pool().lanes()[0].view().state, LaneState::Resting(_));
    // Every other job would go to the lane that has been idle longest.
    let mut done = 0;
    while !rests(&rig) || done < 4 {
        let response = rig.command(&job("generate_sdxl")).await;
        assert_eq!(response.body["success"], true, "{response:?}");
        done += 1;
    }
    rig.stop().await;
}
