//! Every bound and every invalid fixture as a real command: it gets one reply with the library's verdict, and the
//! gateway goes on. Over `validate_request` alone no bound of a command that is run would be met.

#[path = "../../../contracts/tests/it/bounds.rs"]
mod commands;
#[path = "../../../contracts/tests/it/mutated/mod.rs"]
mod mutated;

use futures::{StreamExt as _, stream};
use serde_json::json;

use commands::{code, field, id};

use crate::{rig::Rig, stdio::StdioClient};

/// Requests that are on their way together.
const AT_ONCE: usize = 16;
/// Lines that are written before their replies are read; a pipe takes far more.
const AHEAD: usize = 32;
/// Mutants that are sent each way: `CONCORD_MUTANTS_SEED` chooses others.
const MUTANTS: usize = 3000;

#[tokio::test]
async fn stdio_answers_every_bound_once_and_lives() {
    let mut talk = StdioClient::start(&["--sim-arg", "--step-ms", "--sim-arg", "0"]);
    let sent: Vec<_> = commands::commands().into_iter().filter(commands::is_harmless).collect();
    assert!(sent.len() > 3000, "{}", sent.len());
    for some in sent.chunks(AHEAD) {
        for sent in some {
            talk.write(format!("{}\n", sent.frame).as_bytes()).await;
        }
        for sent in some {
            let reply = talk.line().await;
            assert_eq!(id(&reply), &json!(sent.id), "{}: {reply}", sent.frame);
            if let Some(verdict) = commands::verdict(sent.frame.as_bytes()) {
                assert_eq!(code(&reply), Some(verdict), "{}: {reply}", sent.frame);
            }
        }
    }
    for frame in commands::fixtures() {
        talk.write(&[frame.as_slice(), b"\n"].concat()).await;
        let reply = talk.line().await;
        let verdict = commands::verdict(&frame);
        assert_eq!(code(&reply), verdict, "{}: {reply}", String::from_utf8_lossy(&frame));
    }
    let (rest, code, _) = talk.end().await;
    assert_eq!((rest.len(), code), (0, Some(0)), "{rest:?}");
}

#[tokio::test]
async fn http_answers_every_bound_and_lives() {
    let rig = Rig::start(&[]).await;
    let sent: Vec<_> = commands::commands().into_iter().filter(commands::is_harmless).collect();
    let heard = stream::iter(sent).map(|sent| {
        let asked = rig.bytes("/v1/commands", sent.frame.clone());
        async move { (asked.await, sent) }
    });
    let mut heard = heard.buffer_unordered(AT_ONCE);
    while let Some((heard, sent)) = heard.next().await {
        if let Some(verdict) = commands::verdict(sent.frame.as_bytes()) {
            assert_eq!(code(&heard.body), Some(verdict), "{}: {heard:?}", sent.frame);
            assert!(heard.status >= 400, "{}: {heard:?}", sent.frame);
        }
    }
    drop(heard);
    for frame in commands::fixtures() {
        let verdict = commands::verdict(&frame);
        let heard = rig.bytes("/v1/commands", frame.clone()).await;
        assert_eq!(code(&heard.body), verdict, "{}: {heard:?}", String::from_utf8_lossy(&frame));
    }
    rig.goes_on().await;
    rig.stop().await;
}

#[tokio::test]
async fn stdio_refuses_every_mutant_at_its_place_and_lives() {
    let mut talk = StdioClient::start(&["--sim-arg", "--step-ms", "--sim-arg", "0"]);
    let sample = mutated::commands::sent(MUTANTS);
    assert!(sample.commands.len() > MUTANTS / 2, "{}", sample.commands.len());
    for some in sample.commands.chunks(AHEAD) {
        for mutant in some {
            talk.write(format!("{}\n", mutant.frame).as_bytes()).await;
        }
        for mutant in some {
            let reply = talk.line().await;
            let said = (id(&reply).as_str(), code(&reply), field(&reply));
            let wanted = (Some(mutant.id.as_str()), Some(mutant.code), mutant.field.as_deref());
            assert_eq!(said, wanted, "seed {}: {mutant:?}: {reply}", sample.seed);
        }
    }
    let (rest, code, _) = talk.end().await;
    assert_eq!((rest.len(), code), (0, Some(0)), "{rest:?}");
}

#[tokio::test]
async fn http_refuses_every_mutant_at_its_place_and_lives() {
    let rig = Rig::start(&[]).await;
    let sample = mutated::commands::sent(MUTANTS);
    let heard = stream::iter(&sample.commands).map(|mutant| {
        let asked = rig.bytes("/v1/commands", mutant.frame.clone());
        async move { (asked.await, mutant) }
    });
    let mut heard = heard.buffer_unordered(AT_ONCE);
    while let Some((heard, mutant)) = heard.next().await {
        let said = (id(&heard.body).as_str(), code(&heard.body), field(&heard.body));
        let wanted = (Some(mutant.id.as_str()), Some(mutant.code), mutant.field.as_deref());
        assert_eq!(said, wanted, "seed {}: {mutant:?}: {heard:?}", sample.seed);
        assert!(heard.status >= 400, "seed {}: {mutant:?}: {heard:?}", sample.seed);
    }
    drop(heard);
    rig.goes_on().await;
    rig.stop().await;
}
