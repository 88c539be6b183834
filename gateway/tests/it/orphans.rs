//! Workers and their children end with the gateway, however it ends, and leave no zombies behind.

use std::{collections::BTreeMap, path::Path, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::rig::{GATEWAY, job, within};

/// A process in `/proc`.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    parent: u32,
    state: char,
    command: String,
}

fn processes() -> BTreeMap<u32, Seen> {
    let mut seen = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // A process that ends meanwhile is left out.
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        let (_, rest) = stat.rsplit_once(')').unwrap();
        let mut fields = rest.split_whitespace();
        let state = fields.next().unwrap().chars().next().unwrap();
        let parent = fields.next().unwrap().parse().unwrap();
        seen.insert(pid, Seen { parent, state, command });
    }
    seen
}

/// All descendants of a process, without itself.
pub(crate) fn descendants(of: u32) -> BTreeMap<u32, Seen> {
    let all = processes();
    let mut found: BTreeMap<u32, Seen> = BTreeMap::new();
    loop {
        let more: Vec<(u32, Seen)> = all
            .iter()
            .filter(|(pid, seen)| {
                !found.contains_key(pid) && (seen.parent == of || found.contains_key(&seen.parent))
            })
            .map(|(pid, seen)| (*pid, seen.clone()))
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// Polls until a condition holds. Processes and files send no signal when they change.
async fn until<T>(mut condition: impl FnMut() -> Option<T>) -> T {
    within(async {
        loop {
            if let Some(seen) = condition() {
                return seen;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await
}

/// Starts `gateway serve` with this script as its worker. Returns it and its address.
async fn serve(dir: &Path, script: &str) -> (Child, String) {
    let worker = dir.join("worker");
    let head = format!("#!/bin/bash\nSIM=\"{GATEWAY} worker-sim --load-ms 0\"\nshift\n");
    std::fs::write(&worker, head + script).unwrap();
    std::fs::set_permissions(&worker, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    std::fs::write(dir.join("main.py"), "").unwrap();
    let mut child = Command::new(GATEWAY)
        .args(["serve", "--listen", "127.0.0.1:0", "--workers", "python", "--device", "cpu", "--python"])
        .arg(&worker)
        .arg("--worker-main")
        .arg(dir.join("main.py"))
        .arg("--output-dir")
        .arg(dir.join("out"))
        .env_remove("CUDA_VISIBLE_DEVICES")
        .env_remove("GPU_ID")
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = within(async {
        loop {
            let line = lines.next_line().await.unwrap().expect("it says its address");
            if let Some((_, address)) = line.split_once("listening on http://") {
                return address.trim().to_owned();
            }
        }
    })
    .await;
    // Its later output is read and dropped, because a full pipe would block it.
    tokio::task::spawn_local(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, address)
}

async fn ready(address: &str) {
    let client = reqwest::Client::new();
    within(async {
        loop {
            let ready = client.get(format!("http://{address}/health/ready")).send().await;
            if ready.is_ok_and(|ready| ready.status() == 200) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
}

/// Kills a gateway with SIGKILL when its process tree meets a condition, and waits until the whole tree is gone.
async fn all_end_with_it(
    script: &str,
    mut reply_reader: impl FnMut(&BTreeMap<u32, Seen>) -> bool,
    runs_a_job: bool,
) {
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            let dir = tempfile::tempdir().unwrap();
            let (mut gateway, address) = serve(dir.path(), script).await;
            let pid = gateway.id().unwrap();
            if runs_a_job {
                ready(&address).await;
                let url = format!("http://{address}/v1/commands");
                let request = reqwest::Client::new().post(url).header("prefer", "respond-async");
                let accepted = within(request.json(&job("generate_sdxl")).send()).await.unwrap();
                assert_eq!(accepted.status(), 202);
            }
            let tree = until(|| Some(descendants(pid)).filter(|tree| reply_reader(tree))).await;
            gateway.kill().await.unwrap();
            until(|| {
                let now = processes();
                // A zombie that its new parent has not reaped yet counts as gone, and so does another process of that
                // number.
                let lives = |(pid, seen): (&u32, &Seen)| {
                    now.get(pid).is_some_and(|now| now.state != 'Z' && now.command == seen.command)
                };
                (!tree.iter().any(lives)).then_some(())
            })
            .await;
        })
        .await;
}

fn count(tree: &BTreeMap<u32, Seen>, command: &str) -> usize {
    tree.values().filter(|seen| seen.command.starts_with(command)).count()
}

#[tokio::test]
async fn a_hung_worker_and_its_children_end_with_a_gateway_that_is_killed() {
    let script = "sleep 3600 &\nsleep 3601 &\nexec $SIM \"$@\" --fault hang:all@generate_sdxl\n";
    all_end_with_it(script, |tree| count(tree, "sleep 360") == 2, true).await;
}

#[tokio::test]
async fn a_worker_that_ignores_the_end_of_its_stdin_and_every_signal_ends_with_it() {
    let script = "trap '' TERM INT HUP PIPE\n(trap '' TERM INT HUP; exec sleep 3602) &\nexec 0<&-\nwhile :; do sleep 3603; done\n";
    // A shell that is the leader, and two of its children.
    all_end_with_it(script, |tree| count(tree, "sleep 360") == 2, false).await;
}

#[tokio::test]
async fn a_worker_that_is_killed_while_it_starts_ends_with_it() {
    all_end_with_it("exec sleep 3604\n", |tree| count(tree, "sleep 3604") == 1, false).await;
}

#[tokio::test]
async fn what_a_worker_leaves_behind_is_reaped() {
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            let dir = tempfile::tempdir().unwrap();
            // Its parent exits at once, so that the kernel gives it to the gateway; then it ends.
            let script = format!(
                "(setsid bash -c 'echo $$ > {0}/orphan; until [ -e {0}/end ]; do sleep 0.02; done' & )\nexec $SIM \"$@\"\n",
                dir.path().display()
            );
            let (mut gateway, address) = serve(dir.path(), &script).await;
            ready(&address).await;
            let pid = gateway.id().unwrap();
            let file = dir.path().join("orphan");
            let orphan: u32 =
                until(|| std::fs::read_to_string(&file).ok()?.trim().parse().ok()).await;
            until(|| (processes().get(&orphan)?.parent == pid).then_some(())).await;
            std::fs::write(dir.path().join("end"), "").unwrap();
            until(|| (!processes().contains_key(&orphan)).then_some(())).await;
            let zombies: Vec<Seen> =
                descendants(pid).into_values().filter(|seen| seen.state == 'Z').collect();
            assert!(zombies.is_empty(), "{zombies:?}");
            gateway.kill().await.unwrap();
        })
        .await;
}
