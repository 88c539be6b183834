//! The command line: its lists, and the exit codes of mistakes and of failures of the tool.

use crate::{PRETEND_BASE, against, run, simulated_worker, tool};
use std::collections::HashSet;

fn code(args: &[&str]) -> Option<i32> {
    tool(args).status.code()
}

#[test]
fn every_check_has_an_id_of_its_own() {
    for target in ["worker", "gateway"] {
        let listed = tool(&[target, "--list"]);
        assert!(listed.status.success());
        let text = String::from_utf8(listed.stdout).unwrap();
        let (checks, last) = text.trim_end().rsplit_once('\n').unwrap();
        let ids: Vec<&str> = checks.lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(last, format!("{} checks", ids.len()));
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "two checks have one id");
        assert!(ids.len() > 2_000, "only {} checks", ids.len());
    }
}

/// A list has the destination and the form of a report.
#[test]
fn a_list_is_printed_as_it_was_asked_for() {
    let text = String::from_utf8(tool(&["worker", "--list", "--only", "events"]).stdout).unwrap();
    let ids: Vec<_> =
        text.lines().filter_map(|line| line.split_once('\t')).map(|(id, _)| id.to_owned()).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list.json");
    let flags = ["worker", "--list", "--only", "events", "--format", "json", "--output"];
    let output = tool(&[&flags[..], &[file.to_str().unwrap()]].concat());
    assert_eq!((output.status.code(), output.stdout), (Some(0), Vec::new()));
    let list: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let listed: Vec<_> =
        list["checks"].as_array().unwrap().iter().map(|check| check["id"].as_str().unwrap()).collect();
    assert!(!ids.is_empty());
    assert_eq!(listed, ids);
}

/// A user's mistake is reported with its reason before anything runs, and gives no verdict about the target.
#[test]
fn a_wrong_flag_or_folder_is_30_with_a_reason() {
    let worker = simulated_worker();
    for (flags, said) in [
        (&["--output", "/nonexistent/report"][..], &["/nonexistent/report", "No such file"][..]),
        (&["--control-net-type", "bogus"], &["bogus", "canny"]),
        (&["--input-root", "/nonexistent"], &["--input-root /nonexistent", "No such file"]),
        (&["--input-root", "/proc"], &["--input-root /proc"]),
        (
            &["--scratch-models", "/nonexistent", "--base-file", PRETEND_BASE],
            &["--scratch-models /nonexistent", "No such file"],
        ),
        (&["--scratch-models", "/tmp", "--base-file", "/dev/null"], &["--base-file /dev/null", "too short"]),
        (&["--scratch-models", "/tmp"], &["--base-file"]),
        (&["--list", "--format", "junit"], &["--list", "--format json"]),
        (&["--model", ""], &["--model"]),
        (&["--lora", ""], &["--lora"]),
    ] {
        let output =
            tool(&[&["worker"], flags, &["--only", "lifecycle", "--", worker.to_str().unwrap()]].concat());
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(30), "{flags:?}: {stderr}");
        assert!(said.iter().all(|said| stderr.contains(said)), "{flags:?}: {stderr}");
        assert!(output.stdout.is_empty(), "{flags:?}");
    }
}

/// A worker whose first start takes more than half of the time that it has. The time itself is tested, so that no signal can
/// stand for it.
#[test]
fn a_worker_has_the_whole_start_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("slow");
    // Later starts are quick, and fail where the first was given up: they must not hide that.
    let (place, worker) = (folder.path().display(), simulated_worker());
    let slow = format!(
        "if mkdir {place}/begun; then sleep 7; touch {place}/up; fi 2>/dev/null\n[ -e {place}/up ] || exit 9\nexec {}\n",
        worker.display()
    );
    std::fs::write(&script, slow).unwrap();
    let flags = ["worker", "--format", "json", "--timeout", "12", "--start-timeout", "12"];
    let only = ["--only", "readings.dotnet-web", "--", "bash", script.to_str().unwrap()];
    let (code, report) = run(&[&flags[..], &only].concat());
    assert_eq!(code, 0, "{report}");
}

#[test]
fn what_cannot_run_is_30() {
    assert_eq!(code(&["worker", "--", "/no/such/worker"]), Some(30));
    assert_eq!(code(&["gateway", "--only", "http", "http://127.0.0.1:1"]), Some(30));
    assert_eq!(code(&["gateway", "no address"]), Some(30));
    assert_eq!(code(&["worker"]), Some(30));
    assert_eq!(code(&["juggle"]), Some(30));
    let worker = simulated_worker();
    let worker = worker.to_str().unwrap();
    assert_eq!(code(&["worker", "--output", "/no/such/folder/report", "--", worker]), Some(30));
    for flags in [
        &["--only", "no-such-suite"][..],
        &["--only", "lifecycle", "--only", "no-such-suite"],
        &["--skip", "lifecyc", "--only", "lifecycle"],
        &["--timeout", "0"],
        &["--start-timeout", "0"],
    ] {
        let output = tool(&[&["worker"], flags, &["--", worker]].concat());
        assert_eq!(output.status.code(), Some(30), "{flags:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains(flags[flags.len() - 1])
                || said.contains("no-such-suite")
                || said.contains("lifecyc"),
            "{said}"
        );
    }
    assert_eq!(code(&["worker", "--list", "--only", "no-such-suite"]), Some(30));
}

/// Another server, or a wrong path, is the user's mistake: one sentence, and no verdict.
#[test]
fn an_address_that_is_no_gateway_is_30_with_one_sentence() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            let read = std::io::Read::read(&mut stream, &mut head).unwrap();
            assert!(read > 0);
            let answer = "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno";
            std::io::Write::write_all(&mut stream, answer.as_bytes()).unwrap();
        }
    });
    for (url, said) in [
        (format!("http://{address}/"), "no gateway at"),
        (format!("http://{address}/v1"), "leave the path off"),
        (format!("http://{address}/v1/commands"), "leave the path off"),
        (format!("http://{address}?dialect=pascal"), "query"),
        (format!("ftp://{address}"), "http://"),
        ("127.0.0.1:1".to_owned(), "no address of a gateway"),
        ("http://127.0.0.1:1".to_owned(), "refused"),
    ] {
        let output = tool(&["gateway", &url]);
        assert_eq!(output.status.code(), Some(30), "{url}");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(stderr.contains(said) && stderr.lines().count() <= 2, "{url}: {stderr}");
        assert!(output.stdout.is_empty(), "{url}");
    }
}

/// SIGINT ends the run and its worker, and removes its unfinished files.
#[test]
fn an_interrupt_leaves_nothing_behind() {
    use nix::{
        sys::signal::{Signal, kill},
        unistd::Pid,
    };
    use std::io::{BufRead as _, BufReader};
    let scratch = tempfile::tempdir().unwrap();
    let told = scratch.path().join("told");
    let output = scratch.path().join("report.json");
    let temporary = scratch.path().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    nix::unistd::mkfifo(&told, nix::sys::stat::Mode::S_IRWXU).unwrap();
    // A worker that writes its process id and then stays silent.
    let script = format!("echo $$ > {}; exec sleep 1000", told.display());
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_conformance"))
        .args(["worker", "--output", output.to_str().unwrap(), "--start-timeout", "60"])
        .args(["--", "sh", "-c", &script])
        .env("TMPDIR", &temporary)
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(std::fs::File::open(&told).unwrap()).read_line(&mut line).unwrap();
    let worker = Pid::from_raw(line.trim().parse().unwrap());
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    std::fs::remove_file(&told).unwrap();
    let left: Vec<_> =
        std::fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, std::slice::from_ref(&temporary), "the report's file is left");
    assert_eq!(std::fs::read_dir(temporary).unwrap().count(), 0, "a folder is left");
    // Its parent is gone, so the worker is a child of init: gone, or not yet reaped. The kernel kills in its own time.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        let state = std::fs::read_to_string(format!("/proc/{worker}/stat")).unwrap_or_default();
        if state.is_empty() || state.contains(") Z ") {
            break;
        }
        assert!(std::time::Instant::now() < until, "the worker is left: {state}");
        std::thread::yield_now();
    }
}

/// A check that needs a model without its option is skipped with the reason, and counted.
#[test]
fn what_the_target_lacks_is_skipped_with_its_reason() {
    let (code, report) = against(&[], &["models.suite", "models.caching"]);
    assert_eq!(code, 0);
    assert_eq!(report["counts"]["skipped"], 4);
    let skipped =
        report["checks"].as_array().unwrap().iter().find(|check| check["outcome"] == "skipped").unwrap();
    assert_eq!(skipped["why"], "needs --refiner and --vae");
}

/// A program that is no worker breaks the contract; the tool does not fail.
#[test]
fn a_program_that_is_no_worker_is_broken() {
    for (command, said) in [
        (&["true"][..], "ended"),
        (&["echo", "hello"], "hello"),
        (&["cat"], "no reply"),
        (&["sleep", "60"], "no answer to get_status within 1.0 s"),
    ] {
        let output = tool(&[&["worker", "--start-timeout", "1", "--"], command].concat());
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(10), "{command:?}: {report}");
        assert!(report.contains(said) && report.lines().count() == 5, "{command:?}: {report}");
    }
}

/// No scenario begins after the whole time of a run: what is left is counted, and the run is not ok.
#[test]
fn a_run_ends_at_its_deadline() {
    let script = format!("sleep 2; exec {} --load-ms 0", simulated_worker().display());
    let flags = ["worker", "--deadline", "1", "--start-timeout", "60", "--only", "envelopes.get_status"];
    let output =
        tool(&[&flags[..], &["--only", "envelopes.get_schedulers", "--", "bash", "-c", &script]].concat());
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(20), "{report}");
    for said in ["the run has taken its whole time, 1.0 s (--deadline)", ": the time of the run was over\n"] {
        assert!(report.contains(said), "{report}");
    }
}

/// A worker that writes without end is judged as fast as a silent one. The tool may use a gigabyte here: a tool that kept all
/// that the worker writes would be killed, and its exit code would not be 10.
#[test]
fn a_worker_that_never_stops_talking_is_broken_within_its_time() {
    const BEAT: &str = r#"{"event":"heartbeat","request_id":null,"state":"ready"}"#;
    let beats = format!("exec yes '{BEAT}'");
    let after = format!("read line; exec yes '{BEAT}'");
    for (script, said) in [
        ("exec yes", "no frame"),
        (&beats, "no reply"),
        (&after, "no reply"),
        ("exec yes ''", "no answer to get_status"),
        ("exec tr '\\0' x < /dev/zero", "over the limit"),
        ("tr '\\0' x < /dev/zero >&2", "no answer to get_status"),
        ("tr '\\0' '\\377' < /dev/zero >&2", "no answer to get_status"),
    ] {
        let output = std::process::Command::new("prlimit")
            .args(["--data=1000000000:", env!("CARGO_BIN_EXE_conformance")])
            .args(["worker", "--start-timeout", "2", "--", "sh", "-c", script])
            .output()
            .unwrap();
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(10), "{script}: {report}{stderr}");
        assert!(report.contains(said) && report.lines().count() == 5, "{script}: {report}");
    }
}

/// A worker that answers well and then writes without end fails every check that waits for another line.
#[test]
fn no_wait_of_a_scenario_is_endless() {
    let worker = simulated_worker();
    let worker = worker.to_str().unwrap();
    const BEAT: &str = r#"{"event":"heartbeat","request_id":null,"state":"ready","last_progress_seconds":0,"memory_used_mb":0}"#;
    // It is a good worker up to the line with this word, and writes heartbeats without end after it.
    let beats = |after: &str| {
        format!("exec 3<&0; sed -u '/\"{after}\"/q' < <(exec {worker} --load-ms 0 <&3); exec yes '{BEAT}'")
    };
    for (after, only) in [
        ("conf-init", "ordering.cancel"),
        ("conf-init", "events.progress"),
        ("bye", "lifecycle.shutdown"),
        ("three", "lifecycle.end-of-input"),
        ("status", "framing.written"),
    ] {
        let flags = ["worker", "--timeout", "3", "--only", only];
        let output = tool(&[&flags[..], &["--", "bash", "-c", &beats(after)]].concat());
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(10), "{only}: {report}");
        assert!(!report.contains("target.answers"), "{only}: {report}");
    }
}

/// stderr may have any bytes: text after bytes that are no UTF-8 is read, too.
#[test]
fn last_words_are_heard_after_bytes_that_are_no_text() {
    let script = "printf '\\377\\n' >&2; echo 'the disk is full' >&2; exit 3";
    let output = tool(&["worker", "--timeout", "5", "--", "sh", "-c", script]);
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(10), "{report}");
    assert!(report.contains("the disk is full"), "{report}");
}

/// An endless body is cut within bounded memory and time, and ends the run.
#[test]
fn a_body_without_an_end_is_told() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        // The request is read first, or the client finds an answer to nothing.
        assert!(std::io::Read::read(&mut stream, &mut [0; 4096]).unwrap() > 0);
        let head = b"HTTP/1.1 200 OK\r\n\r\n";
        let mut left = std::io::Write::write_all(&mut stream, head);
        while left.is_ok() {
            left = std::io::Write::write_all(&mut stream, &[b' '; 1 << 16]);
        }
    });
    let output = tool(&["gateway", "--timeout", "30", &format!("http://{address}")]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(30), "{stderr}");
    assert!(stderr.contains("a body of more than 67108864 bytes"), "{stderr}");
}
