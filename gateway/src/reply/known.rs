//! What the gateway knows of a command before its reply comes. A worker's reply repeats some of it, and a reply that says
//! something else is the reply to another command, or from another worker.

use contracts::{Action, Reply};
use serde_json::{Value, json};

use super::ReplyContext;
use crate::{gpu::GpuId, lane::ProtocolBreach};

/// Facts about a command beside the [`ReplyContext`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'k> {
    /// The GPU of the lane that answers.
    pub(crate) gpu: &'k GpuId,
    /// The requests of the batch; 0 if it is none.
    pub(crate) requests: usize,
    /// The training that the command names.
    pub(crate) training_id: Option<&'k str>,
}

impl<'k> Known<'k> {
    /// Of a command that is no batch and names no training.
    pub(crate) fn of(gpu: &'k GpuId) -> Self {
        Self { gpu, requests: 0, training_id: None }
    }

    /// Returns the first member of a reply in snake that contradicts what is known.
    pub(super) fn contradiction(&self, context: &ReplyContext, reply: &Reply) -> Option<ProtocolBreach> {
        let session_id = context.session_id.as_deref();
        if let Some(said) = &reply.session_id
            && session_id != Some(said)
        {
            return Some(breach("/session_id", &json!(said), json!(session_id)));
        }
        let data = reply.outcome.as_ref().ok()?;
        if context.action == Action::BatchGenerate {
            return self.in_batch(&context.request_id, session_id, &data["results"]);
        }
        let models = data["models"].as_array().into_iter().flatten().enumerate();
        self.in_result("/data", session_id, data)
            .or_else(|| unlike("/data/training_id", data.get("training_id"), self.training_id?))
            .or_else(|| {
                models.into_iter().find_map(|(index, model)| {
                    unlike(&format!("/data/models/{index}/gpu_id"), model.get("gpu_id"), self.gpu.as_str())
                })
            })
    }

    /// The results of a batch are those of its requests, each once and in their order.
    fn in_batch(&self, id: &str, session_id: Option<&str>, results: &Value) -> Option<ProtocolBreach> {
        let results = results.as_array()?;
        if results.len() != self.requests {
            let (said, known) = (results.len(), self.requests);
            return Some(breach("/data/results (their number)", &json!(said), json!(known)));
        }
        results.iter().enumerate().find_map(|(index, result)| {
            let at = |member: &str| format!("/data/results/{index}/{member}");
            if result["index"] != index {
                return Some(breach(&at("index"), &result["index"], json!(index)));
            }
            unlike(&at("request_id"), result.get("request_id"), &format!("{id}.{index}"))
                .or_else(|| self.in_result(&at("data"), session_id, &result["data"]))
        })
    }

    fn in_result(&self, at: &str, session_id: Option<&str>, data: &Value) -> Option<ProtocolBreach> {
        unlike(&format!("{at}/gpu_id"), data.get("gpu_id"), self.gpu.as_str()).or_else(|| {
            let said = data.get("session_id").filter(|said| said.as_str() != session_id)?;
            Some(breach(&format!("{at}/session_id"), said, json!(session_id)))
        })
    }
}

/// A breach if the member is there and says something else.
pub(crate) fn unlike(pointer: &str, said: Option<&Value>, known: &str) -> Option<ProtocolBreach> {
    let said = said.filter(|said| *said != known)?;
    Some(breach(pointer, said, known.into()))
}

fn breach(pointer: &str, said: &Value, known: Value) -> ProtocolBreach {
    ProtocolBreach::Contradiction { pointer: pointer.to_owned(), said: said.clone(), known }
}

#[cfg(test)]
mod tests {
    use contracts::{Action, Reply};
    use serde_json::{Value, json};

    use super::{Known, ReplyContext};
    use crate::gpu::GpuId;

    /// The member that contradicts what is known of a command `c` of session `s`, on gpu_1.
    fn wrong(action: Action, session_id: Option<&str>, data: Value) -> Option<String> {
        let context =
            ReplyContext { session_id: Some("s".to_owned()), ..ReplyContext::new(action, "c".into()) };
        let gpu = GpuId::gpu(1);
        let known = Known { requests: 2, training_id: Some("t"), ..Known::of(&gpu) };
        let reply = Reply {
            session_id: session_id.map(str::to_owned),
            ..Reply::succeeded(action, Some("c".to_owned()), data)
        };
        let breach = known.contradiction(&context, &reply)?.to_string();
        Some(breach.split(':').next()?.rsplit(' ').next()?.to_owned())
    }

    #[test]
    fn each_member_that_repeats_what_is_known_is_held_against_it() {
        let job = Action::GenerateSdxl;
        assert_eq!(wrong(job, Some("s"), json!({"gpu_id": "gpu_1", "session_id": "s"})), None);
        assert_eq!(wrong(job, None, json!({})), None, "what is not said contradicts nothing");
        for (action, session_id, data, at) in [
            (job, Some("x"), json!({}), "/session_id"),
            (job, None, json!({"gpu_id": "gpu_0"}), "/data/gpu_id"),
            (job, None, json!({"session_id": "x"}), "/data/session_id"),
            (Action::GetTrainingStatus, None, json!({"training_id": "x"}), "/data/training_id"),
            (Action::GetModelInfo, None, json!({"models": [{"gpu_id": "gpu_0"}]}), "/data/models/0/gpu_id"),
        ] {
            assert_eq!(wrong(action, session_id, data).as_deref(), Some(at));
        }
    }

    #[test]
    fn the_results_of_a_batch_are_those_of_its_requests() {
        let result = |index: usize, id: &str, gpu: &str| json!({"index": index, "request_id": id, "data": {"gpu_id": gpu}});
        let of = |results: &[Value]| wrong(Action::BatchGenerate, None, json!({"results": results}));
        let first = result(0, "c.0", "gpu_1");
        assert_eq!(of(&[first.clone(), result(1, "c.1", "gpu_1")]), None);
        for (second, at) in [
            (result(0, "c.1", "gpu_1"), "/data/results/1/index"),
            (result(1, "c.0", "gpu_1"), "/data/results/1/request_id"),
            (result(1, "c.1", "gpu_0"), "/data/results/1/data/gpu_id"),
        ] {
            assert_eq!(of(&[first.clone(), second]).as_deref(), Some(at));
        }
        assert_eq!(of(&[first]).as_deref(), Some("number)"));
    }
}
