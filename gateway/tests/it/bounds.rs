//! Sends every bound and every invalid fixture as a real command: each gets one reply with the verdict of `contracts`,
//! and the gateway serves on. `validate_request` alone would test no bound of a command that runs.

#[path = "../../../contracts/tests/it/bounds.rs"]
mod commands;
#[path = "../../../contracts/tests/it/mutated/mod.rs"]
mod mutated;

use futures::{StreamExt as _, stream};
use serde_json::json;

use commands::{code, field, id};

use crate::{rig::Rig, stdio_client::StdioClient};

/// Requests that are in flight at the same time.
const AT_ONCE: usize = 16;
/// Lines that are written before their replies are read. A pipe holds far more.
const AHEAD: usize = 32;
/// Mutants that are sent each way. `CONCORD_MUTANTS_SEED` chooses others.
const MUTANTS: usize = 3000;

#[tokio::test]
async fn stdio_answers_every_bound_once_and_lives() {
    let mut client = StdioClient::start(&["--sim-arg", "--step-ms", "--sim-arg", "0"]);
    let sent: Vec<_> = commands::commands().into_iter().filter(commands::is_harmless).collect();
    assert!(sent.len() > 3000, "{}", sent.len());
    for some in sent.chunks(AHEAD) {
        for sent in some {
            client.write(format!("{}\n", sent.frame).as_bytes()).await;
        }
        for sent in some {
            let reply = client.line().await;
            assert_eq!(id(&reply), &json!(sent.id), "{}: {reply}", sent.frame);
            if let Some(verdict) = commands::verdict(sent.frame.as_bytes()) {
                assert_eq!(code(&reply), Some(verdict), "{}: {reply}", sent.frame);
            }
        }
    }
    for frame in commands::fixtures() {
        client.write(&[frame.as_slice(), b"\n"].concat()).await;
        let reply = client.line().await;
        let verdict = commands::verdict(&frame);
        assert_eq!(code(&reply), verdict, "{}: {reply}", String::from_utf8_lossy(&frame));
    }
    let (rest, code, _) = client.end().await;
    assert_eq!((rest.len(), code), (0, Some(0)), "{rest:?}");
}

#[tokio::test]
async fn http_answers_every_bound_and_lives() {
    let rig = Rig::start(&[]).await;
    let sent: Vec<_> = commands::commands().into_iter().filter(commands::is_harmless).collect();
    let response = stream::iter(sent).map(|sent| {
        let asked = rig.bytes("/v1/commands", sent.frame.clone());
        async move { (asked.await, sent) }
    });
    let mut response = response.buffer_unordered(AT_ONCE);
    while let Some((response, sent)) = response.next().await {
        if let Some(verdict) = commands::verdict(sent.frame.as_bytes()) {
            assert_eq!(code(&response.body), Some(verdict), "{}: {response:?}", sent.frame);
            assert!(response.status >= 400, "{}: {response:?}", sent.frame);
        }
    }
    drop(response);
    for frame in commands::fixtures() {
        let verdict = commands::verdict(&frame);
        let response = rig.bytes("/v1/commands", frame.clone()).await;
        assert_eq!(code(&response.body), verdict, "{}: {response:?}", String::from_utf8_lossy(&frame));
    }
    rig.assert_makes_pictures().await;
    rig.stop().await;
}

#[tokio::test]
async fn stdio_refuses_every_mutant_at_its_place_and_lives() {
    let mut client = StdioClient::start(&["--sim-arg", "--step-ms", "--sim-arg", "0"]);
    let sample = mutated::commands::sent(MUTANTS);
    assert!(sample.commands.len() > MUTANTS / 2, "{}", sample.commands.len());
    for some in sample.commands.chunks(AHEAD) {
        for mutant in some {
            client.write(format!("{}\n", mutant.frame).as_bytes()).await;
        }
        for mutant in some {
            let reply = client.line().await;
            let text = (id(&reply).as_str(), code(&reply), field(&reply));
            let wanted = (Some(mutant.id.as_str()), Some(mutant.code), mutant.field.as_deref());
            assert_eq!(text, wanted, "seed {}: {mutant:?}: {reply}", sample.seed);
        }
    }
    let (rest, code, _) = client.end().await;
    assert_eq!((rest.len(), code), (0, Some(0)), "{rest:?}");
}

#[tokio::test]
async fn http_refuses_every_mutant_at_its_place_and_lives() {
    let rig = Rig::start(&[]).await;
    let sample = mutated::commands::sent(MUTANTS);
    let response = stream::iter(&sample.commands).map(|mutant| {
        let asked = rig.bytes("/v1/commands", mutant.frame.clone());
        async move { (asked.await, mutant) }
    });
    let mut response = response.buffer_unordered(AT_ONCE);
    while let Some((response, mutant)) = response.next().await {
        let text = (id(&response.body).as_str(), code(&response.body), field(&response.body));
        let wanted = (Some(mutant.id.as_str()), Some(mutant.code), mutant.field.as_deref());
        assert_eq!(text, wanted, "seed {}: {mutant:?}: {response:?}", sample.seed);
        assert!(response.status >= 400, "seed {}: {mutant:?}: {response:?}", sample.seed);
    }
    drop(response);
    rig.assert_makes_pictures().await;
    rig.stop().await;
}
